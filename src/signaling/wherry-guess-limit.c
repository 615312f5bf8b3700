/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-guess-limit.h"

#include "base/wherry-address-key.h"
#include "base/wherry-limits.h"
#include "base/wherry-token-bucket.h"

/* What strangers share when too many networks are remembered: that of so many. */
#define SHARED_NETWORKS 16u

struct _WherryGuessLimit
{
  /* hub thread only */
  GHashTable *buckets; /* WherryAddressKey to WherryTokenBucket */
  WherryTokenBucket shared;
  gboolean has_shared;
};

WherryGuessLimit *
wherry_guess_limit_new (void)
{
  WherryGuessLimit *self = g_new0 (WherryGuessLimit, 1);

  self->buckets
      = g_hash_table_new_full (wherry_address_key_hash, wherry_address_key_equal, g_free, g_free);
  return self;
}

void
wherry_guess_limit_free (WherryGuessLimit *self)
{
  g_hash_table_unref (self->buckets);
  g_free (self);
}

static WherryTokenBucket *
get_shared (WherryGuessLimit *self, gint64 now_us)
{
  if (!self->has_shared)
    wherry_token_bucket_init (&self->shared, SHARED_NETWORKS * WHERRY_GUESSES_RATE,
                              SHARED_NETWORKS * WHERRY_GUESSES_BURST, now_us);
  self->has_shared = TRUE;
  return &self->shared;
}

/* (transfer none) (nullable): it has guessed nothing lately */
static WherryTokenBucket *
find_bucket (WherryGuessLimit *self, const WherryAddressKey *key, gint64 now_us)
{
  WherryTokenBucket *bucket = g_hash_table_lookup (self->buckets, key);

  if (bucket != NULL || g_hash_table_size (self->buckets) < WHERRY_GUESSERS_MAX)
    return bucket;
  return get_shared (self, now_us);
}

gboolean
wherry_guess_limit_may_try (WherryGuessLimit *self, const char *address, gint64 now_us)
{
  WherryTokenBucket *bucket;
  WherryAddressKey key;

  if (!wherry_address_key_parse (address, &key))
    return TRUE;
  bucket = find_bucket (self, &key, now_us);
  return bucket == NULL || wherry_token_bucket_has (bucket, 1, now_us);
}

void
wherry_guess_limit_note (WherryGuessLimit *self, const char *address, gint64 now_us)
{
  WherryTokenBucket *bucket;
  WherryAddressKey key;

  if (!wherry_address_key_parse (address, &key))
    return;
  if (g_hash_table_size (self->buckets) >= WHERRY_GUESSERS_MAX
      && !g_hash_table_contains (self->buckets, &key))
    wherry_token_bucket_forget_full (self->buckets, now_us);
  bucket = find_bucket (self, &key, now_us);
  if (bucket == NULL)
    {
      bucket = g_new (WherryTokenBucket, 1);
      wherry_token_bucket_init (bucket, WHERRY_GUESSES_RATE, WHERRY_GUESSES_BURST, now_us);
      g_hash_table_insert (self->buckets, g_memdup2 (&key, sizeof key), bucket);
    }
  wherry_token_bucket_take (bucket, 1, now_us);
}

guint
wherry_guess_limit_get_n (WherryGuessLimit *self)
{
  return g_hash_table_size (self->buckets);
}
