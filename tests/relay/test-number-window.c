/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "relay/wherry-number-window.h"

static void
test_in_order (void)
{
  WherryNumberWindow window = { 0 };

  for (guint64 n = 1; n < 5000; n++)
    {
      g_assert_false (wherry_number_window_has (&window, n));
      wherry_number_window_take (&window, n);
      g_assert_true (wherry_number_window_has (&window, n));
      g_assert_cmpuint (window.all, ==, n);
    }
}

static void
test_gap (void)
{
  WherryNumberWindow window = { 0 };

  wherry_number_window_take (&window, 1);
  wherry_number_window_take (&window, 3);
  wherry_number_window_take (&window, 4);
  g_assert_cmpuint (window.all, ==, 1);
  g_assert_false (wherry_number_window_has (&window, 2));
  g_assert_true (wherry_number_window_has (&window, 4));
  wherry_number_window_take (&window, 2);
  g_assert_cmpuint (window.all, ==, 4);
  g_assert_false (wherry_number_window_has (&window, 5));
}

/* One that never comes holds up nothing for ever. */
static void
test_given_up (void)
{
  WherryNumberWindow window = { 0 };

  for (guint64 n = 2; n <= WHERRY_NUMBERS_AHEAD; n++)
    wherry_number_window_take (&window, n);
  g_assert_cmpuint (window.all, ==, 0);
  wherry_number_window_take (&window, WHERRY_NUMBERS_AHEAD + 1);
  g_assert_cmpuint (window.all, ==, WHERRY_NUMBERS_AHEAD + 1);
  g_assert_true (wherry_number_window_has (&window, 1));
  wherry_number_window_take (&window, G_MAXUINT64);
  g_assert_cmpuint (window.all, ==, G_MAXUINT64 - WHERRY_NUMBERS_AHEAD);
  g_assert_false (wherry_number_window_has (&window, G_MAXUINT64 - 1));
  wherry_number_window_take (&window, G_MAXUINT64 - 1);
  g_assert_true (wherry_number_window_has (&window, G_MAXUINT64 - 1));
  for (guint64 n = window.all + 1; n < G_MAXUINT64 - 1; n++)
    wherry_number_window_take (&window, n);
  g_assert_cmpuint (window.all, ==, G_MAXUINT64); /* there is none behind it */
}

/* Against a plain list of all that was taken. */
static void
test_random (void)
{
  guint32 seed = g_test_rand_int_range (0, G_MAXINT32);
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autofree gboolean *taken = g_new0 (gboolean, 20001);
  WherryNumberWindow window = { 0 };
  guint64 highest = 0;

  g_test_message ("seed %u", seed);
  for (guint i = 0; i < 30000 && highest < 19000; i++)
    {
      guint64 n = 1 + (highest > 900 ? highest - 900 : 0) + (guint) g_rand_int_range (rand, 0, 910);

      g_assert_cmpint (wherry_number_window_has (&window, n), ==, taken[n] || n <= window.all);
      if (wherry_number_window_has (&window, n))
        continue;
      wherry_number_window_take (&window, n);
      taken[n] = TRUE;
      highest = MAX (highest, n);
    }
  g_assert_cmpuint (highest, >, 1000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/number-window/in-order", test_in_order);
  g_test_add_func ("/number-window/gap", test_gap);
  g_test_add_func ("/number-window/given-up", test_given_up);
  g_test_add_func ("/number-window/random", test_random);
  return g_test_run ();
}
