/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-token-bucket.h"

#define MICRO G_GINT64_CONSTANT (1000000)

void
wherry_token_bucket_init (WherryTokenBucket *self, guint64 rate, guint64 burst, gint64 now_us)
{
  g_assert (rate > 0 && burst > 0 && rate <= (G_GUINT64_CONSTANT (1) << 40)
            && burst <= (G_GUINT64_CONSTANT (1) << 40));

  self->rate = rate;
  self->burst = burst;
  self->level = (gint64) burst * MICRO;
  self->last_us = now_us;
}

static void
refill (WherryTokenBucket *self, gint64 now_us)
{
  gint64 full = (gint64) self->burst * MICRO;
  gint64 missing = full - self->level;
  gint64 elapsed = now_us - self->last_us;

  if (elapsed <= 0)
    return;

  self->last_us = now_us;
  /* elapsed * rate may overflow after a long silence: compare before multiplying */
  if (elapsed > missing / (gint64) self->rate)
    self->level = full;
  else
    self->level += elapsed * (gint64) self->rate;
}

gboolean
wherry_token_bucket_has (WherryTokenBucket *self, guint64 amount, gint64 now_us)
{
  refill (self, now_us);
  return amount <= self->burst && self->level >= (gint64) amount * MICRO;
}

gboolean
wherry_token_bucket_take (WherryTokenBucket *self, guint64 amount, gint64 now_us)
{
  if (!wherry_token_bucket_has (self, amount, now_us))
    return FALSE;

  self->level -= (gint64) amount * MICRO;
  return TRUE;
}

void
wherry_token_bucket_charge (WherryTokenBucket *self, guint64 amount, gint64 now_us)
{
  gint64 floor = -(gint64) self->burst * MICRO;

  refill (self, now_us);
  amount = MIN (amount, 2 * self->burst);
  self->level = MAX (self->level - (gint64) amount * MICRO, floor);
}

gint64
wherry_token_bucket_wait_us (WherryTokenBucket *self, gint64 now_us)
{
  refill (self, now_us);
  if (self->level >= 0)
    return 0;
  return -self->level / (gint64) self->rate + 1;
}

static gboolean
is_full (gpointer key, gpointer value, gpointer user_data)
{
  WherryTokenBucket *bucket = value;

  return wherry_token_bucket_has (bucket, bucket->burst, *(gint64 *) user_data);
}

void
wherry_token_bucket_forget_full (GHashTable *buckets, gint64 now_us)
{
  g_hash_table_foreach_remove (buckets, is_full, &now_us);
}
