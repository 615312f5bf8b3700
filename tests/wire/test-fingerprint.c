/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "fixtures/wherry-mutate.h"
#include "wire/wherry-fingerprint.h"

/* The digest of the empty string, and a SHA-1 one. */
#define SHA_256_EMPTY                                                                              \
  "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:"  \
  "55"
#define SHA_1 "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB"

static gboolean
parse (WherryFingerprint *fingerprint, const char *value, GError **error)
{
  g_autofree guint8 *exact = wherry_exact_copy (value, strlen (value));

  return wherry_fingerprint_parse (fingerprint, (const char *) exact, strlen (value), error);
}

static void
assert_refused (const char *value, WherryError code)
{
  const WherryFingerprint zero = { 0 };
  g_autoptr (GError) error = NULL;
  WherryFingerprint fingerprint;

  g_assert_false (parse (&fingerprint, value, &error));
  g_assert_error (error, WHERRY_ERROR, (int) code);
  g_assert_cmpmem (&fingerprint, sizeof fingerprint, &zero, sizeof zero);
}

static void
test_parse (void)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GError) error = NULL;
  g_autofree char *string = NULL;
  WherryFingerprint fingerprint;
  guint8 digest[32];
  gsize length = sizeof digest;

  g_checksum_get_digest (checksum, digest, &length);
  g_assert_true (parse (&fingerprint, "sha-256 " SHA_256_EMPTY, &error));
  g_assert_no_error (error);
  g_assert_cmpint (fingerprint.hash, ==, WHERRY_HASH_SHA_256);
  g_assert_cmpmem (fingerprint.bytes, fingerprint.length, digest, length);
  string = wherry_fingerprint_to_string (&fingerprint);
  g_assert_cmpstr (string, ==, "sha-256 " SHA_256_EMPTY);
}

static void
test_either_case (void)
{
  g_autofree char *lower = g_ascii_strdown ("SHA-256 " SHA_256_EMPTY, -1);
  WherryFingerprint a, b;

  g_assert_true (parse (&a, "SHA-256 " SHA_256_EMPTY, NULL));
  g_assert_true (parse (&b, lower, NULL));
  g_assert_true (wherry_fingerprint_equal (&a, &b));
}

static void
test_every_hash (void)
{
  for (WherryHash hash = WHERRY_HASH_SHA_1; hash <= WHERRY_HASH_SHA_512; hash++)
    {
      const guint8 bytes[WHERRY_HASH_LENGTH_MAX] = { 1, 2, 3, 0xff };
      WherryFingerprint ours, parsed;
      g_autofree char *string = NULL;

      g_assert_true (wherry_fingerprint_init (&ours, hash, bytes, wherry_hash_get_length (hash)));
      string = wherry_fingerprint_to_string (&ours);
      g_assert_true (g_str_has_prefix (string, wherry_hash_get_name (hash)));
      if (hash < WHERRY_HASH_SHA_256)
        {
          assert_refused (string, WHERRY_ERROR_UNSUPPORTED);
          continue;
        }
      g_assert_true (parse (&parsed, string, NULL));
      g_assert_true (wherry_fingerprint_equal (&ours, &parsed));
    }
}

static void
test_refused (void)
{
  assert_refused ("", WHERRY_ERROR_PROTOCOL);
  assert_refused (" ", WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-256", WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-256 ", WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-256  " SHA_256_EMPTY, WHERRY_ERROR_PROTOCOL);
  assert_refused (" sha-256 " SHA_256_EMPTY, WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-256 " SHA_256_EMPTY ":", WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-256 " SHA_256_EMPTY ":00", WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-256 " SHA_256_EMPTY " ", WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-256 " SHA_1, WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-1 " SHA_256_EMPTY, WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-256 E3B0C442", WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-256 GG:00", WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-512 " SHA_256_EMPTY ":" SHA_256_EMPTY ":00", WHERRY_ERROR_PROTOCOL);
  assert_refused ("sha-1 " SHA_1, WHERRY_ERROR_UNSUPPORTED);
  assert_refused ("md5 00:11", WHERRY_ERROR_UNSUPPORTED);
  assert_refused ("none " SHA_256_EMPTY, WHERRY_ERROR_UNSUPPORTED);
}

static void
test_every_prefix (void)
{
  const char *good = "sha-256 " SHA_256_EMPTY;

  for (gsize n = 0; n < strlen (good); n++)
    {
      g_autofree char *prefix = g_strndup (good, n);

      assert_refused (prefix, WHERRY_ERROR_PROTOCOL);
    }
}

static void
test_equal (void)
{
  WherryFingerprint a, b;
  guint8 bytes[48] = { 0 };

  g_assert_true (parse (&a, "sha-256 " SHA_256_EMPTY, NULL));
  for (gsize i = 0; i < a.length * 8; i++)
    {
      b = a;
      g_assert_true (wherry_fingerprint_equal (&a, &b));
      b.bytes[i / 8] ^= (guint8) (1 << (i % 8));
      g_assert_false (wherry_fingerprint_equal (&a, &b));
    }
  /* the same bytes of another hash */
  memcpy (bytes, a.bytes, 32);
  g_assert_true (wherry_fingerprint_init (&b, WHERRY_HASH_SHA_384, bytes, sizeof bytes));
  g_assert_false (wherry_fingerprint_equal (&a, &b));
  /* nothing equals nothing */
  memset (&a, 0, sizeof a);
  memset (&b, 0, sizeof b);
  g_assert_false (wherry_fingerprint_equal (&a, &b));
  g_assert_false (wherry_fingerprint_init (&a, WHERRY_HASH_SHA_256, bytes, 20));
  g_assert_false (wherry_fingerprint_init (&a, WHERRY_HASH_NONE, bytes, 0));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fingerprint/parse", test_parse);
  g_test_add_func ("/fingerprint/parse/either-case", test_either_case);
  g_test_add_func ("/fingerprint/parse/every-hash", test_every_hash);
  g_test_add_func ("/fingerprint/parse/refused", test_refused);
  g_test_add_func ("/fingerprint/parse/every-prefix-is-refused", test_every_prefix);
  g_test_add_func ("/fingerprint/equal", test_equal);
  return g_test_run ();
}
