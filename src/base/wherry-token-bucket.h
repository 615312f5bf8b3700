/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A token bucket: so many units a second, so many at once. A plain value without a clock of its
 * own: the caller says what time it is (microseconds, monotonic). Thread: any, one at a time. */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint64 rate;   /* units a second */
  guint64 burst;  /* units that it holds at most, and at the start */
  gint64 level;   /* millionths of a unit; below zero: in debt */
  gint64 last_us; /* when level was true */
} WherryTokenBucket;

/* rate and burst: 1 to 2^40. */
void wherry_token_bucket_init (WherryTokenBucket *self, guint64 rate, guint64 burst, gint64 now_us);
/* Takes amount if that much is there. FALSE: nothing was taken. */
gboolean wherry_token_bucket_take (WherryTokenBucket *self, guint64 amount, gint64 now_us);
/* The same without taking. */
gboolean wherry_token_bucket_has (WherryTokenBucket *self, guint64 amount, gint64 now_us);
/* Takes amount whatever is there; the debt is at most one burst. */
void wherry_token_bucket_charge (WherryTokenBucket *self, guint64 amount, gint64 now_us);
/* How long until it is out of debt; 0: it is not in debt. */
gint64 wherry_token_bucket_wait_us (WherryTokenBucket *self, gint64 now_us);
/* buckets: a table whose values are buckets. A full one is as good as none: it goes. */
void wherry_token_bucket_forget_full (GHashTable *buckets, gint64 now_us);

G_END_DECLS
