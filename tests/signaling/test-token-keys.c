/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "base/wherry-error.h"
#include "fixtures/wherry-virtual-clock.h"
#include "signaling/wherry-admission.h"
#include "signaling/wherry-test-token.h"

/* Who signed a token: keys, their one algorithm, their files; and who comes in. */

#define BOTH "{\"keys\":[" TEST_SECRET_JWK "," TEST_POINT_JWK "]}"
#define SECRET_ONLY "{\"keys\":[" TEST_SECRET_JWK "]}"
#define HS256(kid) "{\"alg\":\"HS256\",\"kid\":\"" kid "\"}"
#define ES256(kid) "{\"alg\":\"ES256\",\"kid\":\"" kid "\"}"
#define ES256_TOKENS 200

typedef struct
{
  char *directory;
  char *path;
  WherryTokenKeys *keys;
} Fixture;

static void
write_file (Fixture *f, const char *text)
{
  g_assert_true (g_file_set_contents (f->path, text, -1, NULL));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = g_dir_make_tmp ("wherry-XXXXXX", NULL);
  f->path = g_build_filename (f->directory, "keys.json", NULL);
  f->keys = wherry_token_keys_new ();
  g_chmod (f->directory, 0700);
  write_file (f, data != NULL ? data : BOTH);
  g_chmod (f->path, 0600);
  g_assert_true (wherry_token_keys_add_file (f->keys, f->path, NULL));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  wherry_token_keys_free (f->keys);
  g_unlink (f->path);
  g_rmdir (f->directory);
  g_free (f->path);
  g_free (f->directory);
}

/* text: (transfer full) */
static gboolean
verifies (Fixture *f, char *text)
{
  g_autofree char *owned = text;
  g_autoptr (WherryToken) token = wherry_token_parse (owned, NULL);

  g_assert_nonnull (token);
  return wherry_token_keys_verify (f->keys, token);
}

static void
test_hs256 (Fixture *f, gconstpointer data)
{
  g_autofree char *good = test_token_hs256 (HS256 ("h"), "{\"exp\":1}", TEST_SECRET);
  gsize last = strlen (good) - 2; /* the very last byte carries bits that are not used */

  g_assert_true (verifies (f, g_strdup (good)));
  g_assert_false (verifies (f, test_token_hs256 (HS256 ("h"), "{}", "wrong")));
  g_assert_false (verifies (f, test_token_with (HS256 ("h"), "{\"exp\":1}", "")));
  g_assert_false (verifies (f, test_token_with (HS256 ("h"), "{\"exp\":1}", "AAAA")));
  good[last] = good[last] == 'A' ? 'B' : 'A';
  g_assert_false (verifies (f, g_steal_pointer (&good)));
}

/* Numbers that begin with zeros or a high bit among them. */
static void
test_es256 (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < ES256_TOKENS; i++)
    {
      g_autofree char *claims = g_strdup_printf ("{\"n\":%u}", i);

      g_assert_true (verifies (f, test_token_es256 (ES256 ("e"), claims)));
    }
  g_assert_false (verifies (f, test_token_with (ES256 ("e"), "{}", "")));
  g_assert_false (verifies (f, test_token_with (ES256 ("e"), "{}", "AAAA")));
  {
    g_autofree char *zeros = g_strnfill (86, 'A');

    g_assert_false (verifies (f, test_token_with (ES256 ("e"), "{}", zeros)));
  }
}

/* The public key is no secret: what is signed with it as one is by anybody. */
static void
test_swapped (Fixture *f, gconstpointer data)
{
  g_assert_false (verifies (f, test_token_hs256 (HS256 ("e"), "{}", TEST_POINT_PEM)));
  g_assert_false (verifies (f, test_token_es256 (ES256 ("h"), "{}")));
  g_assert_false (verifies (f, test_token_hs256 (ES256 ("e"), "{}", TEST_POINT_PEM)));
  g_assert_false (verifies (f, test_token_es256 (HS256 ("e"), "{}")));
}

static void
test_key_ids (Fixture *f, gconstpointer data)
{
  g_assert_false (verifies (f, test_token_hs256 (HS256 ("unknown"), "{}", TEST_SECRET)));
  g_assert_false (verifies (f, test_token_hs256 ("{\"alg\":\"HS256\"}", "{}", TEST_SECRET)));
  write_file (f, SECRET_ONLY);
  g_assert_true (wherry_token_keys_reload (f->keys, NULL));
  g_assert_true (verifies (f, test_token_hs256 ("{\"alg\":\"HS256\"}", "{}", TEST_SECRET)));
  g_assert_false (verifies (f, test_token_hs256 (HS256 ("unknown"), "{}", TEST_SECRET)));
}

static void
test_rotation (Fixture *f, gconstpointer data)
{
  write_file (f, "{\"keys\":[" TEST_POINT_JWK "]}");
  wherry_token_keys_refresh (f->keys);
  g_assert_cmpuint (wherry_token_keys_get_n (f->keys), ==, 1);
  g_assert_false (verifies (f, test_token_hs256 (HS256 ("h"), "{}", TEST_SECRET)));
  g_assert_true (verifies (f, test_token_es256 (ES256 ("e"), "{}")));

  /* half a file: what there was stays, and the other half is seen */
  write_file (f, "{\"keys\":[");
  wherry_token_keys_refresh (f->keys);
  wherry_token_keys_refresh (f->keys);
  g_assert_true (verifies (f, test_token_es256 (ES256 ("e"), "{}")));
  write_file (f, BOTH);
  wherry_token_keys_refresh (f->keys);
  g_assert_cmpuint (wherry_token_keys_get_n (f->keys), ==, 2);
  g_unlink (f->path);
  wherry_token_keys_refresh (f->keys);
  g_assert_cmpuint (wherry_token_keys_get_n (f->keys), ==, 2);
}

static void
test_bad_files (Fixture *f, gconstpointer data)
{
  static const char *const files[] = {
    "",
    "[]",
    "{\"keys\":[]}",
    "{\"keys\":[{}]}",
    "{\"keys\":[{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}]}",
    "{\"keys\":[{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"c2hvcnQ\"}]}",
    "{\"keys\":[{\"kty\":\"oct\",\"alg\":\"none\",\"k\":\"\"}]}",
    "{\"keys\":[{\"kty\":\"EC\",\"alg\":\"HS256\",\"k\":\"AAAA\"}]}",
    "{\"keys\":[{\"kty\":\"EC\",\"alg\":\"ES256\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}]}",
    "{\"keys\":[{\"kty\":\"EC\",\"alg\":\"ES256\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}",
    "{\"keys\":[" TEST_SECRET_JWK "," TEST_SECRET_JWK "]}",
    "{\"keys\":[" TEST_SECRET_JWK ",{\"kty\":\"oct\",\"alg\":\"HS256\","
    "\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}]}",
    /* the private half */
    "{\"keys\":[{\"kty\":\"EC\",\"alg\":\"ES256\",\"crv\":\"P-256\",\"d\":\"AA\","
    "\"x\":\"b3gggohAfpEqPtDOi8xMHgwtuaDX7hNnLdqq4PCwWMA\","
    "\"y\":\"iYf1NQZxQSeifxh3qKvCfKMVddEb6ZyrS2J-9Zi-5Fg\"}]}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", files[i]);
      write_file (f, files[i]);
      g_assert_false (wherry_token_keys_reload (f->keys, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, i >= 10 && i < 12 ? "kid" : f->path));
      g_assert_null (strstr (error->message, "MDEy"));
      g_assert_cmpuint (wherry_token_keys_get_n (f->keys), ==, 2);
    }
}

/* ---- who comes in ---- */

static const WherryOrigin local = { .address = "127.0.0.1", .is_local = TRUE };
static const WherryOrigin far = { .address = "192.0.2.1" };

static gboolean
comes_in (WherryAdmission *admission, const WherryOrigin *origin, const char *token,
          WherrySignalError expected, const char **text)
{
  g_autoptr (WherryGrant) grant = NULL;
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;

  if (wherry_admission_check (admission, origin, token, &grant, &code, text))
    return TRUE;
  g_assert_null (grant);
  g_assert_cmpint (code, ==, expected);
  return FALSE;
}

static void
test_open (void)
{
  g_autoptr (WherryAdmission) closed = wherry_admission_new (&(WherryAdmissionConfig){ 0 });
  g_autoptr (WherryAdmission) open
      = wherry_admission_new (&(WherryAdmissionConfig){ .is_open = TRUE });
  const char *text;

  g_assert_true (comes_in (closed, &local, NULL, 0, &text));
  g_assert_false (comes_in (closed, &far, NULL, WHERRY_SIGNAL_ERROR_UNAUTHORIZED, &text));
  g_assert_true (comes_in (open, &far, NULL, 0, &text));
  g_assert_false (comes_in (open, &local, "x", WHERRY_SIGNAL_ERROR_UNAUTHORIZED, &text));
}

/* None, wrong, unknown key, over: one answer. */
static void
test_one_text (Fixture *f, gconstpointer data)
{
  const WherryAdmissionConfig config = { .keys = f->keys, .is_open = TRUE };
  g_autoptr (WherryAdmission) admission = wherry_admission_new (&config);
  g_autofree char *good = test_token_hs256 (HS256 ("h"), "{\"exp\":4e9}", TEST_SECRET);
  g_autofree char *over = test_token_hs256 (HS256 ("h"), "{\"exp\":1}", TEST_SECRET);
  g_autofree char *wrong = test_token_hs256 (HS256 ("h"), "{\"exp\":4e9}", "wrong");
  g_autofree char *unknown = test_token_hs256 (HS256 ("x"), "{\"exp\":4e9}", TEST_SECRET);
  g_autofree char *none = test_token_with ("{\"alg\":\"none\"}", "{\"exp\":4e9}", "");
  const char *const bad[] = { over, wrong, unknown, none, "", "sesame" };
  const char *first, *text;

  g_assert_true (comes_in (admission, &far, good, 0, &text));
  g_assert_false (comes_in (admission, &far, NULL, WHERRY_SIGNAL_ERROR_UNAUTHORIZED, &first));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_false (comes_in (admission, &far, bad[i], WHERRY_SIGNAL_ERROR_UNAUTHORIZED, &text));
      g_assert_cmpstr (text, ==, first);
    }
}

/* Once too many were wrong, a right one is not looked at either; elsewhere it is, and here. */
static void
test_guesses (Fixture *f, gconstpointer data)
{
  g_autoptr (WherryClock) clock = wherry_virtual_clock_new ();
  const WherryAdmissionConfig config = { .keys = f->keys, .clock = clock };
  g_autoptr (WherryAdmission) admission = wherry_admission_new (&config);
  g_autofree char *good = test_token_hs256 (HS256 ("h"), "{\"exp\":4e9}", TEST_SECRET);
  g_autofree char *over = test_token_hs256 (HS256 ("h"), "{\"exp\":1}", TEST_SECRET);
  const WherryOrigin other = { .address = "192.0.2.2" };
  const char *text;

  /* that is no guess: somebody signed it */
  for (guint i = 0; i < 100; i++)
    g_assert_false (comes_in (admission, &far, over, WHERRY_SIGNAL_ERROR_UNAUTHORIZED, &text));
  for (guint i = 0; i < 20; i++)
    g_assert_false (comes_in (admission, &far, "no", WHERRY_SIGNAL_ERROR_UNAUTHORIZED, &text));
  g_assert_false (comes_in (admission, &far, good, WHERRY_SIGNAL_ERROR_RATE_LIMITED, &text));
  g_assert_true (comes_in (admission, &other, good, 0, &text));
  for (guint i = 0; i < 100; i++)
    g_assert_false (comes_in (admission, &local, "no", WHERRY_SIGNAL_ERROR_UNAUTHORIZED, &text));
  g_assert_true (comes_in (admission, &local, good, 0, &text));
  wherry_virtual_clock_advance (clock, G_USEC_PER_SEC);
  g_assert_true (comes_in (admission, &far, good, 0, &text));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK
                          | G_LOG_LEVEL_CRITICAL); /* files that are bad: warnings */
#define ADD(name, func) g_test_add ("/token-keys/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("hs256", test_hs256);
  ADD ("es256", test_es256);
  ADD ("swapped-algorithm", test_swapped);
  ADD ("ids", test_key_ids);
  ADD ("rotation", test_rotation);
  ADD ("bad-files", test_bad_files);
  g_test_add_func ("/admission/open", test_open);
  g_test_add ("/admission/one-text", Fixture, NULL, set_up, test_one_text, tear_down);
  g_test_add ("/admission/guesses", Fixture, NULL, set_up, test_guesses, tear_down);
  return g_test_run ();
}
