/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "signaling/wherry-backoff.h"

static void
test_grows (void)
{
  WherryBackoff backoff = { .min_us = 500, .max_us = 3000 };

  g_assert_cmpint (wherry_backoff_next_us (&backoff, 0), ==, 250);
  g_assert_cmpint (wherry_backoff_next_us (&backoff, 0.5), ==, 750);
  g_assert_cmpint (wherry_backoff_next_us (&backoff, 0), ==, 1000);
  for (guint i = 0; i < 100; i++)
    {
      g_assert_cmpint (wherry_backoff_next_us (&backoff, 0), ==, 1500);
      g_assert_cmpint (wherry_backoff_next_us (&backoff, 0.999), <=, 3000);
    }
}

static void
test_begins_anew (void)
{
  WherryBackoff backoff = { .min_us = 500, .max_us = 3000 };

  wherry_backoff_next_us (&backoff, 0);
  wherry_backoff_lost (&backoff, WHERRY_BACKOFF_STABLE_US - 1);
  g_assert_cmpint (wherry_backoff_next_us (&backoff, 0), ==, 500);
  wherry_backoff_lost (&backoff, WHERRY_BACKOFF_STABLE_US);
  g_assert_cmpint (wherry_backoff_next_us (&backoff, 0), ==, 250);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/backoff/grows", test_grows);
  g_test_add_func ("/backoff/begins-anew", test_begins_anew);
  return g_test_run ();
}
