/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-limits.h"
#include "signaling/wherry-guess-limit.h"

static guint
guess (WherryGuessLimit *limit, const char *address, guint n, gint64 now_us)
{
  guint looked_at = 0;

  for (guint i = 0; i < n; i++)
    if (wherry_guess_limit_may_try (limit, address, now_us))
      {
        looked_at++;
        wherry_guess_limit_note (limit, address, now_us);
      }
  return looked_at;
}

static void
test_one (void)
{
  g_autoptr (WherryGuessLimit) limit = wherry_guess_limit_new ();

  g_assert_cmpuint (guess (limit, "192.0.2.1", 1000, 0), ==, WHERRY_GUESSES_BURST);
  g_assert_cmpuint (guess (limit, "::ffff:192.0.2.1", 1000, 0), ==, 0);
  g_assert_cmpuint (guess (limit, "192.0.2.2", 1000, 0), ==, WHERRY_GUESSES_BURST);
  g_assert_cmpuint (guess (limit, "192.0.2.1", 1000, 5 * G_USEC_PER_SEC), ==,
                    5 * WHERRY_GUESSES_RATE);
  g_assert_cmpuint (guess (limit, NULL, 1000, 0), ==, 1000);
}

static void
test_site (void)
{
  g_autoptr (WherryGuessLimit) limit = wherry_guess_limit_new ();
  guint looked_at = 0;

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *address = g_strdup_printf ("2001:db8:1:2::%x", i);

      looked_at += guess (limit, address, 1, 0);
    }
  g_assert_cmpuint (looked_at, ==, WHERRY_GUESSES_BURST);
}

/* A million addresses get no more memory than some thousand, and no more guesses than those. */
static void
test_bounded (void)
{
  g_autoptr (WherryGuessLimit) limit = wherry_guess_limit_new ();
  guint looked_at = 0;

  for (guint i = 0; i < 1000000; i++)
    {
      g_autofree char *address = g_strdup_printf ("10.%u.%u.%u", i >> 16, i >> 8 & 0xff, i & 0xff);

      looked_at += guess (limit, address, 1, 0);
    }
  g_assert_cmpuint (wherry_guess_limit_get_n (limit), <=, WHERRY_GUESSERS_MAX);
  g_assert_cmpuint (looked_at, <=, WHERRY_GUESSERS_MAX + 16 * WHERRY_GUESSES_BURST);
  /* once it is over, strangers are told apart again */
  g_assert_cmpuint (guess (limit, "192.0.2.1", 1000, 60 * G_USEC_PER_SEC), ==,
                    WHERRY_GUESSES_BURST);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guess-limit/one", test_one);
  g_test_add_func ("/guess-limit/site", test_site);
  g_test_add_func ("/guess-limit/bounded", test_bounded);
  return g_test_run ();
}
