/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-join-limit.h"

#include "base/wherry-address-key.h"
#include "base/wherry-limits.h"
#include "base/wherry-token-bucket.h"

struct _WherryJoinLimit
{
  /* hub thread only */
  guint rate;
  GHashTable *buckets; /* WherryAddressKey to WherryTokenBucket */
};

WherryJoinLimit *
wherry_join_limit_new (guint rate)
{
  WherryJoinLimit *self = g_new0 (WherryJoinLimit, 1);

  self->rate = rate;
  self->buckets
      = g_hash_table_new_full (wherry_address_key_hash, wherry_address_key_equal, g_free, g_free);
  return self;
}

void
wherry_join_limit_free (WherryJoinLimit *self)
{
  g_hash_table_unref (self->buckets);
  g_free (self);
}

/* (transfer none): a new one may push out another that is not full: with so many addresses at once
 * it is not by address that we are attacked. */
static WherryTokenBucket *
get_bucket (WherryJoinLimit *self, const WherryAddressKey *key, gint64 now_us)
{
  WherryTokenBucket *bucket = g_hash_table_lookup (self->buckets, key);

  if (bucket != NULL)
    return bucket;
  if (g_hash_table_size (self->buckets) >= WHERRY_JOIN_ADDRESSES_MAX)
    wherry_token_bucket_forget_full (self->buckets, now_us);
  if (g_hash_table_size (self->buckets) >= WHERRY_JOIN_ADDRESSES_MAX)
    {
      GHashTableIter iter;

      g_hash_table_iter_init (&iter, self->buckets);
      if (g_hash_table_iter_next (&iter, NULL, NULL))
        g_hash_table_iter_remove (&iter);
    }
  bucket = g_new (WherryTokenBucket, 1);
  wherry_token_bucket_init (bucket, self->rate, self->rate, now_us);
  g_hash_table_insert (self->buckets, g_memdup2 (key, sizeof *key), bucket);
  return bucket;
}

gboolean
wherry_join_limit_take (WherryJoinLimit *self, const char *address, gint64 now_us)
{
  WherryAddressKey key;

  if (self->rate == 0 || !wherry_address_key_parse (address, &key)
      || wherry_address_key_is_loopback (&key))
    return TRUE;
  return wherry_token_bucket_take (get_bucket (self, &key, now_us), 1, now_us);
}

guint
wherry_join_limit_get_n (WherryJoinLimit *self)
{
  return g_hash_table_size (self->buckets);
}
