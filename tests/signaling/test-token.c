/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "signaling/wherry-test-token.h"
#include "signaling/wherry-token.h"

/* What is taken for a token, and what it grants. Who signed it: test-token-keys.c. */

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define NOW_S 2000000000
#define NOW_US (NOW_S * G_GINT64_CONSTANT (1000000))

static void
refuse_text (const char *text, int code)
{
  g_autoptr (WherryToken) token = NULL;
  g_autoptr (GError) error = NULL;

  token = wherry_token_parse (text, &error);
  g_assert_null (token);
  if (error->code != code)
    g_test_message ("%s: %s", text, error->message);
  g_assert_error (error, WHERRY_ERROR, code);
}

static void
refuse_header (const char *header, int code)
{
  g_autofree char *text = test_token_with (header, "{}", "AAAA");

  refuse_text (text, code);
}

static void
test_headers (void)
{
  g_autofree char *long_header = NULL;
  g_autofree char *id = g_strnfill (WHERRY_TOKEN_HEADER_MAX, 'a');

  refuse_header ("{\"alg\":\"none\"}", WHERRY_ERROR_UNSUPPORTED);
  refuse_header ("{\"alg\":\"None\"}", WHERRY_ERROR_UNSUPPORTED);
  refuse_header ("{\"alg\":\"\"}", WHERRY_ERROR_UNSUPPORTED);
  refuse_header ("{\"alg\":\"HS384\"}", WHERRY_ERROR_UNSUPPORTED);
  refuse_header ("{\"alg\":\"RS256\"}", WHERRY_ERROR_UNSUPPORTED);
  refuse_header ("{\"alg\":\"hs256\"}", WHERRY_ERROR_UNSUPPORTED);
  refuse_header ("{\"alg\":null}", WHERRY_ERROR_PROTOCOL);
  refuse_header ("{\"alg\":7}", WHERRY_ERROR_PROTOCOL);
  refuse_header ("{}", WHERRY_ERROR_PROTOCOL);
  refuse_header ("[\"HS256\"]", WHERRY_ERROR_PROTOCOL);
  /* twice: who reads the first and who reads the last would not agree */
  refuse_header ("{\"alg\":\"HS256\",\"alg\":\"none\"}", WHERRY_ERROR_PROTOCOL);
  refuse_header ("{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", WHERRY_ERROR_UNSUPPORTED);
  refuse_header ("{\"alg\":\"HS256\",\"typ\":\"JWE\"}", WHERRY_ERROR_UNSUPPORTED);
  refuse_header ("{\"alg\":\"HS256\",\"kid\":7}", WHERRY_ERROR_PROTOCOL);
  long_header = g_strdup_printf ("{\"alg\":\"HS256\",\"x\":\"%s\"}", id);
  refuse_header (long_header, WHERRY_ERROR_TOO_LARGE);
}

static void
test_parts (void)
{
  g_autofree char *good = test_token_with (HEADER, "{}", "AAAA");
  g_autofree char *padded = g_strconcat (good, "==", NULL);
  g_autofree char *fourth = g_strconcat (good, ".AAAA", NULL);
  g_autofree char *left_over = test_token_with (HEADER, "{}", "AB");
  g_autofree char *spaced = g_strconcat (good, "\n", NULL);
  g_autofree char *filler = g_strnfill (WHERRY_TOKEN_MAX, 'A');
  g_autofree char *huge = g_strconcat (good, filler, NULL);
  g_autofree char *array = test_token_with (HEADER, "[]", "AAAA");
  g_autofree char *twice = test_token_with (HEADER, "{\"exp\":1,\"exp\":2}", "AAAA");
  g_autoptr (WherryToken) token = wherry_token_parse (good, NULL);

  g_assert_nonnull (token);
  g_assert_null (wherry_token_get_key_id (token));
  refuse_text ("", WHERRY_ERROR_PROTOCOL);
  refuse_text ("..", WHERRY_ERROR_PROTOCOL);
  refuse_text ("sesame", WHERRY_ERROR_PROTOCOL);
  refuse_text (padded, WHERRY_ERROR_PROTOCOL);
  refuse_text (fourth, WHERRY_ERROR_PROTOCOL);
  refuse_text (left_over, WHERRY_ERROR_PROTOCOL);
  refuse_text (spaced, WHERRY_ERROR_PROTOCOL);
  refuse_text (huge, WHERRY_ERROR_TOO_LARGE);
  refuse_text (array, WHERRY_ERROR_PROTOCOL);
  refuse_text (twice, WHERRY_ERROR_PROTOCOL);
}

/* (transfer full) (nullable) */
static WherryGrant *
grant_of (const char *claims, const char *audience, gint64 skew_us, GError **error)
{
  const WherryTokenRules rules = { .now_us = NOW_US, .skew_us = skew_us, .audience = audience };
  g_autofree char *text = test_token_with (HEADER, claims, "AAAA");
  g_autoptr (WherryToken) token = wherry_token_parse (text, NULL);

  g_assert_nonnull (token);
  return wherry_token_to_grant (token, &rules, error);
}

static void
refuse_claims (const char *claims, const char *audience, int code)
{
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", claims);
  g_assert_null (grant_of (claims, audience, 0, &error));
  g_assert_error (error, WHERRY_ERROR, code);
}

static void
test_claims (void)
{
  g_autoptr (WherryGrant) grant
      = grant_of ("{\"exp\":2000000001.5,\"sub\":\"ann\",\"name\":\"Ann\",\"rooms\":[\"a\",\"b*\"],"
                  "\"publish\":[\"chat/*\"],\"subscribe\":[\"**\"],\"admin\":true,"
                  "\"attributes\":{ \"n\":1e2 },\"iss\":[1],\"more\":{}}",
                  NULL, 0, NULL);

  g_assert_nonnull (grant);
  g_assert_cmpstr (wherry_grant_get_subject (grant), ==, "ann");
  g_assert_cmpstr (wherry_grant_get_name (grant), ==, "Ann");
  g_assert_true (wherry_grant_may_join (grant, "bc"));
  g_assert_true (wherry_grant_may_publish (grant, "chat/x"));
  g_assert_false (wherry_grant_may_publish (grant, "x"));
  g_assert_true (wherry_grant_may_subscribe (grant, "x/y"));
  g_assert_true (wherry_grant_is_admin (grant));
  g_assert_cmpstr (wherry_grant_get_attributes (grant), ==, "{ \"n\":1e2 }");
  g_assert_cmpint (wherry_grant_get_expires_us (grant), ==, NOW_US + 1500000);
}

static void
test_bad_claims (void)
{
  refuse_claims ("{}", NULL, WHERRY_ERROR_PROTOCOL);
  refuse_claims ("{\"exp\":null}", NULL, WHERRY_ERROR_PROTOCOL);
  refuse_claims ("{\"exp\":\"2000000001\"}", NULL, WHERRY_ERROR_PROTOCOL);
  refuse_claims ("{\"exp\":-1}", NULL, WHERRY_ERROR_PROTOCOL);
  refuse_claims ("{\"exp\":1e300}", NULL, WHERRY_ERROR_PROTOCOL);
  refuse_claims ("{\"exp\":2000000001,\"rooms\":\"*\"}", NULL, WHERRY_ERROR_PROTOCOL);
  refuse_claims ("{\"exp\":2000000001,\"publish\":[1]}", NULL, WHERRY_ERROR_PROTOCOL);
  refuse_claims ("{\"exp\":2000000001,\"attributes\":[]}", NULL, WHERRY_ERROR_PROTOCOL);
  refuse_claims ("{\"exp\":2000000001,\"admin\":\"yes\"}", NULL, WHERRY_ERROR_PROTOCOL);
  refuse_claims ("{\"exp\":2000000001,\"sub\":5}", NULL, WHERRY_ERROR_PROTOCOL);
  refuse_claims ("{\"exp\":2000000001,\"nbf\":\"1\"}", NULL, WHERRY_ERROR_PROTOCOL);
}

static void
check_time (const char *claims, gint64 skew_s, gboolean good)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherryGrant) grant = grant_of (claims, NULL, skew_s * G_USEC_PER_SEC, &error);

  g_test_message ("%s", claims);
  g_assert_cmpint (grant != NULL, ==, good);
  if (!good)
    g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED);
}

static void
test_times (void)
{
  check_time ("{\"exp\":2000000001}", 0, TRUE);
  check_time ("{\"exp\":2000000000}", 0, FALSE);
  check_time ("{\"exp\":1999999971}", 30, TRUE);
  check_time ("{\"exp\":1999999970}", 30, FALSE);
  check_time ("{\"exp\":2000000001,\"nbf\":2000000000}", 0, TRUE);
  check_time ("{\"exp\":2000000001,\"nbf\":2000000000.5}", 0, FALSE);
  check_time ("{\"exp\":2000000001,\"nbf\":2000000030}", 30, TRUE);
  check_time ("{\"exp\":2000000001,\"nbf\":2000000031}", 30, FALSE);
  check_time ("{\"exp\":2000000001,\"iat\":2000000001}", 0, FALSE);
  check_time ("{\"exp\":2000000001,\"iat\":1}", 0, TRUE);
}

static void
test_audience (void)
{
  g_autoptr (WherryGrant) one = grant_of ("{\"exp\":2e9,\"aud\":\"us\"}", "us", 1, NULL);
  g_autoptr (WherryGrant) some = grant_of ("{\"exp\":2e9,\"aud\":[\"a\",\"us\"]}", "us", 1, NULL);

  g_assert_nonnull (one);
  g_assert_nonnull (some);
  refuse_claims ("{\"exp\":2000000001}", "us", WHERRY_ERROR_UNVERIFIED);
  refuse_claims ("{\"exp\":2000000001,\"aud\":\"them\"}", "us", WHERRY_ERROR_UNVERIFIED);
  refuse_claims ("{\"exp\":2000000001,\"aud\":[]}", "us", WHERRY_ERROR_UNVERIFIED);
  refuse_claims ("{\"exp\":2000000001,\"aud\":7}", "us", WHERRY_ERROR_PROTOCOL);
  /* RFC 7519 section 4.1.3: one that is for somebody is not for who does not know who it is */
  refuse_claims ("{\"exp\":2000000001,\"aud\":\"us\"}", NULL, WHERRY_ERROR_UNVERIFIED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/token/headers", test_headers);
  g_test_add_func ("/token/parts", test_parts);
  g_test_add_func ("/token/claims", test_claims);
  g_test_add_func ("/token/claims/bad", test_bad_claims);
  g_test_add_func ("/token/times", test_times);
  g_test_add_func ("/token/audience", test_audience);
  return g_test_run ();
}
