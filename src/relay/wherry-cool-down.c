/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <gio/gio.h>

#include "base/wherry-limits.h"
#include "relay/wherry-cool-down.h"

struct _WherryCoolDown
{
  /* hub thread only */
  GHashTable *until_us; /* of who (string) to gint64 */
};

WherryCoolDown *
wherry_cool_down_new (void)
{
  WherryCoolDown *self = g_new0 (WherryCoolDown, 1);

  self->until_us = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
wherry_cool_down_free (WherryCoolDown *self)
{
  g_hash_table_unref (self->until_us);
  g_free (self);
}

/* (transfer full) (nullable): nobody that we would know again. A room's name has no '/'. */
static char *
who (const char *room, const char *address, const char *name)
{
  g_autoptr (GInetAddress) inet = NULL;

  if (address == NULL)
    return NULL;
  inet = g_inet_address_new_from_string (address);
  if (inet == NULL || !g_inet_address_get_is_loopback (inet))
    return g_strconcat (room, "/", address, NULL);
  return name != NULL ? g_strconcat (room, "/", address, "/", name, NULL) : NULL;
}

static gboolean
is_over (gpointer key, gpointer value, gpointer user_data)
{
  return *(gint64 *) value <= *(gint64 *) user_data;
}

void
wherry_cool_down_add (WherryCoolDown *self, const char *room, const char *address, const char *name,
                      gint64 now_us, gint64 until_us)
{
  char *key = who (room, address, name);

  if (key == NULL)
    return;
  g_hash_table_foreach_remove (self->until_us, is_over, &now_us);
  if (g_hash_table_size (self->until_us) >= WHERRY_COOL_DOWNS_MAX)
    g_hash_table_remove_all (self->until_us); /* more were slow at once than are worth keeping */
  g_hash_table_replace (self->until_us, key, g_memdup2 (&until_us, sizeof until_us));
}

gint64
wherry_cool_down_left_us (WherryCoolDown *self, const char *room, const char *address,
                          const char *name, gint64 now_us)
{
  g_autofree char *key = NULL;
  const gint64 *until_us;

  if (g_hash_table_size (self->until_us) == 0)
    return 0;
  key = who (room, address, name);
  until_us = key != NULL ? g_hash_table_lookup (self->until_us, key) : NULL;
  return until_us != NULL ? MAX (0, *until_us - now_us) : 0;
}
