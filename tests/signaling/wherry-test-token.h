/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keys and tokens for tests. */

#include <glib.h>

G_BEGIN_DECLS

/* 32 bytes, and in base64url as in TEST_SECRET_JWK */
#define TEST_SECRET "0123456789abcdef0123456789abcdef"
#define TEST_SECRET_JWK                                                                            \
  "{\"kty\":\"oct\",\"kid\":\"h\",\"alg\":\"HS256\","                                              \
  "\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}"
/* of the private number that is those same bytes */
#define TEST_POINT_JWK                                                                             \
  "{\"kty\":\"EC\",\"kid\":\"e\",\"alg\":\"ES256\",\"crv\":\"P-256\","                             \
  "\"x\":\"b3gggohAfpEqPtDOi8xMHgwtuaDX7hNnLdqq4PCwWMA\","                                         \
  "\"y\":\"iYf1NQZxQSeifxh3qKvCfKMVddEb6ZyrS2J-9Zi-5Fg\"}"
#define TEST_POINT_PEM                                                                             \
  "-----BEGIN PUBLIC KEY-----\n"                                                                   \
  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEb3gggohAfpEqPtDOi8xMHgwtuaDX\n"                             \
  "7hNnLdqq4PCwWMCJh/U1BnFBJ6J/GHeoq8J8oxV10RvpnKtLYn71mL7kWA==\n"                                 \
  "-----END PUBLIC KEY-----\n"

/* Of a header and claims, as JSON: with a code by this secret. (transfer full) */
char *test_token_hs256 (const char *header, const char *claims, const char *secret);
/* The same with a signature by the private half of TEST_POINT_JWK. */
char *test_token_es256 (const char *header, const char *claims);
/* With the signature given, in base64url. */
char *test_token_with (const char *header, const char *claims, const char *signature);

G_END_DECLS
