/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/bench/wherry-bench-histogram.h"

#define STEP_BITS 5u

/* Below 32 each microsecond has its own; from there on the five bits behind the first one count. */
static guint
bucket_of (guint64 us)
{
  guint shift;
  guint bucket;

  if (us < WHERRY_BENCH_STEPS)
    return (guint) us;
  shift = g_bit_storage (us) - 1 - STEP_BITS;
  bucket = (shift + 1) * WHERRY_BENCH_STEPS + (guint) (us >> shift) - WHERRY_BENCH_STEPS;
  return MIN (bucket, WHERRY_BENCH_BUCKETS - 1);
}

/* The largest that is in it. */
static gint64
end_of (guint bucket)
{
  guint shift;

  if (bucket < WHERRY_BENCH_STEPS)
    return bucket;
  shift = bucket / WHERRY_BENCH_STEPS - 1;
  return (gint64) (((guint64) (bucket % WHERRY_BENCH_STEPS + WHERRY_BENCH_STEPS + 1) << shift) - 1);
}

void
wherry_bench_histogram_add (WherryBenchHistogram *self, gint64 us)
{
  us = MAX (us, 0);
  self->buckets[bucket_of ((guint64) us)]++;
  self->n++;
  self->max_us = MAX (self->max_us, us);
}

gint64
wherry_bench_histogram_get (const WherryBenchHistogram *self, double part)
{
  guint64 wanted = (guint64) (part * (double) self->n + 0.5);
  guint64 seen = 0;

  for (guint i = 0; i < WHERRY_BENCH_BUCKETS && self->n > 0; i++)
    {
      seen += self->buckets[i];
      if (seen >= MAX (wanted, 1))
        return MIN (end_of (i), self->max_us);
    }
  return self->max_us;
}
