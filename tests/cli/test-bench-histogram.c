/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "cli/bench/wherry-bench-histogram.h"

static void
test_empty (void)
{
  g_autofree WherryBenchHistogram *self = g_new0 (WherryBenchHistogram, 1);

  g_assert_cmpint (wherry_bench_histogram_get (self, 0.5), ==, 0);
  g_assert_cmpint (wherry_bench_histogram_get (self, 1), ==, 0);
}

/* Every time comes back, at most 1/32 larger. */
static void
test_one (void)
{
  for (gint64 us = 0; us < G_GINT64_CONSTANT (1) << 40; us += us / 7 + 1)
    {
      g_autofree WherryBenchHistogram *self = g_new0 (WherryBenchHistogram, 1);
      gint64 larger = us * 3 + 100;
      gint64 got;

      wherry_bench_histogram_add (self, us);
      g_assert_cmpint (wherry_bench_histogram_get (self, 0.5), ==, us);
      if (larger >= G_GINT64_CONSTANT (1) << 40)
        break;
      wherry_bench_histogram_add (self, larger);
      got = wherry_bench_histogram_get (self, 0.5);
      g_assert_cmpint (got, >=, us);
      g_assert_cmpint (got, <=, us + us / 32);
      g_assert_cmpint (wherry_bench_histogram_get (self, 1), ==, larger);
    }
}

static void
test_parts (void)
{
  g_autofree WherryBenchHistogram *self = g_new0 (WherryBenchHistogram, 1);

  for (gint64 us = 1; us <= 1000; us++)
    wherry_bench_histogram_add (self, us);
  g_assert_cmpuint (self->n, ==, 1000);
  g_assert_cmpint (self->max_us, ==, 1000);
  g_assert_cmpint (wherry_bench_histogram_get (self, 0.5), >=, 500);
  g_assert_cmpint (wherry_bench_histogram_get (self, 0.5), <=, 516);
  g_assert_cmpint (wherry_bench_histogram_get (self, 0.99), >=, 990);
  g_assert_cmpint (wherry_bench_histogram_get (self, 0), ==, 1);
  g_assert_cmpint (wherry_bench_histogram_get (self, 1), ==, 1000);
}

/* A clock that goes back, and one that stood for weeks. */
static void
test_extremes (void)
{
  g_autofree WherryBenchHistogram *self = g_new0 (WherryBenchHistogram, 1);

  wherry_bench_histogram_add (self, -5);
  g_assert_cmpint (wherry_bench_histogram_get (self, 1), ==, 0);
  wherry_bench_histogram_add (self, G_MAXINT64);
  g_assert_cmpint (wherry_bench_histogram_get (self, 1), <=, G_MAXINT64);
  g_assert_cmpint (self->max_us, ==, G_MAXINT64);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bench-histogram/empty", test_empty);
  g_test_add_func ("/bench-histogram/one", test_one);
  g_test_add_func ("/bench-histogram/parts", test_parts);
  g_test_add_func ("/bench-histogram/extremes", test_extremes);
  return g_test_run ();
}
