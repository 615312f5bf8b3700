/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <gio/gio.h>

#include "base/wherry-limits.h"
#include "relay/wherry-ban-list.h"

#define IPV6_NETWORK_BYTES 8

struct _WherryBanList
{
  /* hub thread only */
  GHashTable *until_us; /* of who (string) to gint64 */
};

WherryBanList *
wherry_ban_list_new (void)
{
  WherryBanList *self = g_new0 (WherryBanList, 1);

  self->until_us = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
wherry_ban_list_free (WherryBanList *self)
{
  g_hash_table_unref (self->until_us);
  g_free (self);
}

/* (transfer full) (nullable): nobody that we would know again. A room's name has no '/'. */
static char *
who (const char *room, const char *address, const char *name)
{
  g_autoptr (GInetAddress) inet = address != NULL ? g_inet_address_new_from_string (address) : NULL;
  const guint8 *bytes;

  if (inet == NULL || g_inet_address_get_is_loopback (inet))
    return name != NULL ? g_strconcat (room, "/name/", name, NULL) : NULL;
  if (g_inet_address_get_family (inet) != G_SOCKET_FAMILY_IPV6)
    return g_strconcat (room, "/address/", address, NULL);

  bytes = g_inet_address_to_bytes (inet);
  {
    GString *key = g_string_new (room);

    g_string_append (key, "/network/");
    for (guint i = 0; i < IPV6_NETWORK_BYTES; i++)
      g_string_append_printf (key, "%02x", bytes[i]);
    return g_string_free (key, FALSE);
  }
}

static gboolean
is_over (gpointer key, gpointer value, gpointer user_data)
{
  return *(gint64 *) value <= *(gint64 *) user_data;
}

gboolean
wherry_ban_list_add (WherryBanList *self, const char *room, const char *address, const char *name,
                     gint64 now_us, gint64 until_us)
{
  g_autofree char *key = who (room, address, name);

  if (key == NULL)
    return FALSE;
  g_hash_table_foreach_remove (self->until_us, is_over, &now_us);
  if (g_hash_table_size (self->until_us) >= WHERRY_BANS_MAX
      && !g_hash_table_contains (self->until_us, key))
    return FALSE;
  g_hash_table_replace (self->until_us, g_steal_pointer (&key),
                        g_memdup2 (&until_us, sizeof until_us));
  return TRUE;
}

gboolean
wherry_ban_list_has (WherryBanList *self, const char *room, const char *address, const char *name,
                     gint64 now_us)
{
  g_autofree char *key = NULL;
  const gint64 *until_us;

  if (g_hash_table_size (self->until_us) == 0)
    return FALSE;
  key = who (room, address, name);
  until_us = key != NULL ? g_hash_table_lookup (self->until_us, key) : NULL;
  return until_us != NULL && *until_us > now_us;
}
