/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "signaling/wherry-test-token.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "wire/wherry-base64url.h"

#define X "b3gggohAfpEqPtDOi8xMHgwtuaDX7hNnLdqq4PCwWMA"
#define Y "iYf1NQZxQSeifxh3qKvCfKMVddEb6ZyrS2J-9Zi-5Fg"
#define D "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"

static char *
signed_part (const char *header, const char *claims)
{
  g_autofree char *first = wherry_base64url_encode ((const guint8 *) header, strlen (header));
  g_autofree char *second = wherry_base64url_encode ((const guint8 *) claims, strlen (claims));

  return g_strconcat (first, ".", second, NULL);
}

char *
test_token_with (const char *header, const char *claims, const char *signature)
{
  g_autofree char *part = signed_part (header, claims);

  return g_strconcat (part, ".", signature, NULL);
}

char *
test_token_hs256 (const char *header, const char *claims, const char *secret)
{
  g_autofree char *part = signed_part (header, claims);
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, (const guint8 *) secret, strlen (secret));
  g_autofree char *code = NULL;
  guint8 digest[32];
  gsize length = sizeof digest;

  g_hmac_update (hmac, (const guint8 *) part, -1);
  g_hmac_get_digest (hmac, digest, &length);
  code = wherry_base64url_encode (digest, length);
  return g_strconcat (part, ".", code, NULL);
}

static gnutls_datum_t
decode (const char *text)
{
  gsize length = 0;
  guint8 *data = wherry_base64url_decode (text, strlen (text), &length);

  return (gnutls_datum_t){ .data = data, .size = (unsigned) length };
}

/* 32 bytes, whatever is in front */
static void
copy_number (guint8 *out, const gnutls_datum_t *number)
{
  unsigned skip = number->size > 32 ? number->size - 32 : 0;
  unsigned n = number->size - skip;

  memset (out, 0, 32 - n);
  memcpy (out + 32 - n, number->data + skip, n);
}

char *
test_token_es256 (const char *header, const char *claims)
{
  g_autofree char *part = signed_part (header, claims);
  g_autofree char *signature = NULL;
  gnutls_datum_t x = decode (X), y = decode (Y), d = decode (D);
  gnutls_datum_t data = { .data = (guint8 *) part, .size = (unsigned) strlen (part) };
  gnutls_datum_t sequence, r, s;
  gnutls_privkey_t key;
  guint8 numbers[64];

  g_assert_cmpint (gnutls_privkey_init (&key), ==, 0);
  g_assert_cmpint (gnutls_privkey_import_ecc_raw (key, GNUTLS_ECC_CURVE_SECP256R1, &x, &y, &d), ==,
                   0);
  g_assert_cmpint (gnutls_privkey_sign_data (key, GNUTLS_DIG_SHA256, 0, &data, &sequence), ==, 0);
  g_assert_cmpint (gnutls_decode_rs_value (&sequence, &r, &s), ==, 0);
  copy_number (numbers, &r);
  copy_number (numbers + 32, &s);
  signature = wherry_base64url_encode (numbers, sizeof numbers);
  gnutls_free (r.data);
  gnutls_free (s.data);
  gnutls_free (sequence.data);
  gnutls_privkey_deinit (key);
  g_free (x.data);
  g_free (y.data);
  g_free (d.data);
  return g_strconcat (part, ".", signature, NULL);
}
