/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include <gio/gio.h>

#include "base/wherry-limits.h"
#include "signaling/wherry-join-limit.h"
#include "base/wherry-token-bucket.h"

struct _WherryJoinLimit
{
  /* hub thread only */
  guint rate;
  GHashTable *buckets; /* of an address's bytes (GBytes) to WherryTokenBucket */
};

WherryJoinLimit *
wherry_join_limit_new (guint rate)
{
  WherryJoinLimit *self = g_new0 (WherryJoinLimit, 1);

  self->rate = rate;
  self->buckets
      = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, g_free);
  return self;
}

void
wherry_join_limit_free (WherryJoinLimit *self)
{
  g_hash_table_unref (self->buckets);
  g_free (self);
}

/* A full bucket is as good as none. */
static gboolean
is_full (gpointer key, gpointer value, gpointer user_data)
{
  WherryTokenBucket *bucket = value;

  return wherry_token_bucket_has (bucket, bucket->burst, *(gint64 *) user_data);
}

/* (transfer none): a new one may push out another that is not full: with so many addresses at once
 * it is not by address that we are attacked. */
static WherryTokenBucket *
get_bucket (WherryJoinLimit *self, GInetAddress *address, gint64 now_us)
{
  gsize size = g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6
                   ? 8 /* RFC 6177: at least a /64 for each site */
                   : g_inet_address_get_native_size (address);
  GBytes *key = g_bytes_new (g_inet_address_to_bytes (address), size);
  WherryTokenBucket *bucket = g_hash_table_lookup (self->buckets, key);

  if (bucket != NULL)
    {
      g_bytes_unref (key);
      return bucket;
    }
  if (g_hash_table_size (self->buckets) >= WHERRY_JOIN_ADDRESSES_MAX)
    g_hash_table_foreach_remove (self->buckets, is_full, &now_us);
  if (g_hash_table_size (self->buckets) >= WHERRY_JOIN_ADDRESSES_MAX)
    {
      GHashTableIter iter;

      g_hash_table_iter_init (&iter, self->buckets);
      if (g_hash_table_iter_next (&iter, NULL, NULL))
        g_hash_table_iter_remove (&iter);
    }
  bucket = g_new (WherryTokenBucket, 1);
  wherry_token_bucket_init (bucket, self->rate, self->rate, now_us);
  g_hash_table_insert (self->buckets, key, bucket);
  return bucket;
}

/* A socket for both families shows IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). (transfer
 * full) (nullable) */
static GInetAddress *
parse_address (const char *text)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  g_autoptr (GInetAddress) address = text != NULL ? g_inet_address_new_from_string (text) : NULL;
  const guint8 *bytes;

  if (address == NULL || g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return g_steal_pointer (&address);
  bytes = g_inet_address_to_bytes (address);
  if (memcmp (bytes, mapped, sizeof mapped) != 0)
    return g_steal_pointer (&address);
  return g_inet_address_new_from_bytes (bytes + sizeof mapped, G_SOCKET_FAMILY_IPV4);
}

gboolean
wherry_join_limit_take (WherryJoinLimit *self, const char *address, gint64 now_us)
{
  g_autoptr (GInetAddress) inet = parse_address (address);

  if (self->rate == 0 || inet == NULL || g_inet_address_get_is_loopback (inet))
    return TRUE;
  return wherry_token_bucket_take (get_bucket (self, inet, now_us), 1, now_us);
}

guint
wherry_join_limit_get_n (WherryJoinLimit *self)
{
  return g_hash_table_size (self->buckets);
}
