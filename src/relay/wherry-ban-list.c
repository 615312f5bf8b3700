/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-ban-list.h"

#include "base/wherry-address-key.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"

/* Ways to know somebody again. */
#define N_WAYS 3u

struct _WherryBanList
{
  /* hub thread only */
  GHashTable *until_us; /* key() to gint64 */
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

/* A room's name has no '/' and is not empty, so no two of these are the same. (transfer full)
 * (nullable): who is not known that way. */
static char *
make_key (const WherryBanned *who, const char *room, guint way)
{
  WherryAddressKey key;
  GString *text;

  if (room == NULL)
    room = "";
  if (way == 0)
    return who->subject != NULL ? g_strconcat ("s", room, "/", who->subject, NULL) : NULL;
  if (way == 1)
    return who->name != NULL ? g_strconcat ("n", room, "/", who->name, NULL) : NULL;
  if (!wherry_address_key_parse (who->address, &key))
    return NULL;
  text = g_string_new ("a");
  g_string_append_printf (text, "%s/", room);
  for (guint i = 0; i < sizeof key.bytes; i++)
    g_string_append_printf (text, "%02x", key.bytes[i]);
  return g_string_free (text, FALSE);
}

static gboolean
is_over (gpointer key, gpointer value, gpointer user_data)
{
  return *(gint64 *) value <= *(gint64 *) user_data;
}

gboolean
wherry_ban_list_add (WherryBanList *self, const WherryBanned *who, gint64 now_us, gint64 until_us,
                     GError **error)
{
  WherryAddressKey ignored;

  if ((who->address == NULL && who->subject == NULL && who->name == NULL)
      || (who->address != NULL && !wherry_address_key_parse (who->address, &ignored)))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                           who->address != NULL
                               ? "banning an address: it is none"
                               : "banning nobody: a ban needs a subject or an address");
      return FALSE;
    }
  g_hash_table_foreach_remove (self->until_us, is_over, &now_us);
  if (g_hash_table_size (self->until_us) + N_WAYS > WHERRY_BANS_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                   "banning somebody: %u bans are in force already", WHERRY_BANS_MAX);
      return FALSE;
    }
  for (guint way = 0; way < N_WAYS; way++)
    {
      char *key = make_key (who, who->room, way);

      if (key != NULL)
        g_hash_table_replace (self->until_us, key, g_memdup2 (&until_us, sizeof until_us));
    }
  return TRUE;
}

gboolean
wherry_ban_list_lift (WherryBanList *self, const WherryBanned *who)
{
  gboolean lifted = FALSE;

  for (guint way = 0; way < N_WAYS; way++)
    {
      g_autofree char *key = make_key (who, who->room, way);

      if (key != NULL)
        lifted |= g_hash_table_remove (self->until_us, key);
    }
  return lifted;
}

static gboolean
is_in_force (WherryBanList *self, const WherryBanned *who, const char *room, gint64 now_us)
{
  for (guint way = 0; way < N_WAYS; way++)
    {
      g_autofree char *key = make_key (who, room, way);
      const gint64 *until_us = key != NULL ? g_hash_table_lookup (self->until_us, key) : NULL;

      if (until_us != NULL && *until_us > now_us)
        return TRUE;
    }
  return FALSE;
}

gboolean
wherry_ban_list_covers (WherryBanList *self, const WherryBanned *who, gint64 now_us)
{
  WherryBanned known = *who;
  WherryAddressKey key;

  if (g_hash_table_size (self->until_us) == 0)
    return FALSE;
  if (wherry_address_key_parse (who->address, &key) && !wherry_address_key_is_loopback (&key))
    known.name = NULL;
  return is_in_force (self, &known, NULL, now_us)
         || (who->room != NULL && is_in_force (self, &known, who->room, now_us));
}

guint
wherry_ban_list_get_n (WherryBanList *self)
{
  return g_hash_table_size (self->until_us);
}
