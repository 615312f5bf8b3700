/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Times, as many as there are, in a fixed room: 32 steps for each power of two, so that what is
 * read back is at most 1/32 above what was put in. */

#include <glib.h>

G_BEGIN_DECLS

#define WHERRY_BENCH_STEPS 32u
#define WHERRY_BENCH_BUCKETS (WHERRY_BENCH_STEPS * 36u) /* up to 2^40 us: twelve days */

typedef struct
{
  guint64 buckets[WHERRY_BENCH_BUCKETS];
  guint64 n;
  gint64 max_us;
} WherryBenchHistogram;

void wherry_bench_histogram_add (WherryBenchHistogram *self, gint64 us);
/* The time that this part (0 to 1) of them does not exceed; 0 if there are none. */
gint64 wherry_bench_histogram_get (const WherryBenchHistogram *self, double part);

G_END_DECLS
