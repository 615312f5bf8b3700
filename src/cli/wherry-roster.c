/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/wherry-cli-limits.h"
#include "cli/wherry-roster.h"
#include "cli/wherry-terminal.h"

struct _WherryRoster
{
  WherryClient *client;
  const WherryRosterEvents *events;
  gpointer user_data;
  GHashTable *members; /* id -> WherryMember */
  GQueue departed;     /* of WherryMember: what they said may come after they left */
  guint idle;
  gboolean is_known;
};

static void
forget_oldest (WherryRoster *self)
{
  while (self->departed.length > WHERRY_CLI_DEPARTED_MAX)
    g_object_unref (g_queue_pop_tail (&self->departed));
}

static void
tell_left (WherryRoster *self, GHashTable *present)
{
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer id, member;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, &id, &member))
    if (!g_hash_table_contains (present, id))
      g_ptr_array_add (gone, g_object_ref (member));
  for (guint i = 0; i < gone->len; i++)
    {
      const char *reason = wherry_member_get_leave_reason (g_ptr_array_index (gone, i));

      member = g_ptr_array_index (gone, i);
      g_hash_table_remove (self->members, wherry_member_get_id (member));
      g_queue_push_head (&self->departed, g_object_ref (member));
      if (self->events->left != NULL)
        self->events->left (self->user_data, member, reason != NULL ? reason : "");
    }
  forget_oldest (self);
}

static void
tell_joined (WherryRoster *self, GPtrArray *present)
{
  for (guint i = 0; i < present->len; i++)
    {
      WherryMember *member = g_ptr_array_index (present, i);
      const char *id = wherry_member_get_id (member);
      gboolean was_there = g_hash_table_contains (self->members, id);

      /* the key is the object's own */
      g_hash_table_replace (self->members, (gpointer) id, g_object_ref (member));
      if (!was_there && self->events->joined != NULL)
        self->events->joined (self->user_data, member);
    }
}

void
wherry_roster_compare (WherryRoster *self)
{
  GListModel *list = wherry_client_get_members (self->client);
  g_autoptr (GPtrArray) present = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);

  if (wherry_client_get_state (self->client) != WHERRY_CLIENT_STATE_CONNECTED)
    return;
  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      WherryMember *member = g_list_model_get_item (list, i);

      g_ptr_array_add (present, member);
      g_hash_table_add (ids, (gpointer) wherry_member_get_id (member));
    }
  tell_left (self, ids);
  tell_joined (self, present);
  self->is_known = TRUE;
}

static gboolean
on_idle (gpointer data)
{
  WherryRoster *self = data;

  self->idle = 0;
  wherry_roster_compare (self);
  return G_SOURCE_REMOVE;
}

/* The client empties its list when it is cut off, and fills it when it is back. */
static void
compare_soon (WherryRoster *self)
{
  if (self->idle == 0)
    self->idle = g_idle_add_full (G_PRIORITY_DEFAULT, on_idle, self, NULL);
}

static void
on_changed (WherryRoster *self, WherryMember *member)
{
  if (self->events->changed != NULL
      && g_hash_table_contains (self->members, wherry_member_get_id (member)))
    self->events->changed (self->user_data, member);
}

WherryRoster *
wherry_roster_new (WherryClient *client, const WherryRosterEvents *events, gpointer user_data)
{
  WherryRoster *self = g_new0 (WherryRoster, 1);

  self->client = g_object_ref (client);
  self->events = events;
  self->user_data = user_data;
  self->members = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  g_queue_init (&self->departed);
  g_signal_connect_swapped (wherry_client_get_members (client), "items-changed",
                            G_CALLBACK (compare_soon), self);
  g_signal_connect_swapped (client, "notify::state", G_CALLBACK (compare_soon), self);
  g_signal_connect_swapped (client, "member-changed", G_CALLBACK (on_changed), self);
  return self;
}

void
wherry_roster_free (WherryRoster *self)
{
  g_signal_handlers_disconnect_by_data (wherry_client_get_members (self->client), self);
  g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_handle_id (&self->idle, g_source_remove);
  g_queue_clear_full (&self->departed, g_object_unref);
  g_hash_table_unref (self->members);
  g_object_unref (self->client);
  g_free (self);
}

gboolean
wherry_roster_is_known (WherryRoster *self)
{
  return self->is_known;
}

guint
wherry_roster_get_size (WherryRoster *self)
{
  return g_hash_table_size (self->members);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  WherryMember *first = *(WherryMember *const *) a, *second = *(WherryMember *const *) b;
  int by_name = g_strcmp0 (wherry_member_get_name (first), wherry_member_get_name (second));

  return by_name != 0 ? by_name
                      : strcmp (wherry_member_get_id (first), wherry_member_get_id (second));
}

GPtrArray *
wherry_roster_list (WherryRoster *self)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer member;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &member))
    g_ptr_array_add (list, member);
  g_ptr_array_sort (list, compare_names);
  return list;
}

WherryMember *
wherry_roster_lookup (WherryRoster *self, const char *id)
{
  return g_hash_table_lookup (self->members, id);
}

WherryMember *
wherry_roster_find (WherryRoster *self, const char *who, GError **error)
{
  WherryMember *found = g_hash_table_lookup (self->members, who);
  guint n = found != NULL ? 1 : 0;
  g_autofree char *safe = NULL;
  GHashTableIter iter;
  gpointer member;

  if (found != NULL)
    return found;
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &member))
    if (g_strcmp0 (wherry_member_get_name (member), who) == 0
        || (strlen (who) >= WHERRY_CLI_SHORT_ID
            && g_str_has_suffix (wherry_member_get_id (member), who)))
      {
        found = member;
        n++;
      }
  if (n == 1)
    return found;
  safe = wherry_terminal_safe (who);
  if (n == 0)
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_NOT_FOUND, _ ("nobody here is called “%s”"),
                 safe);
  else
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                 _ ("more than one here is called “%s”: give the id"), safe);
  return NULL;
}

static WherryMember *
look_back (WherryRoster *self, const char *id)
{
  WherryMember *member = g_hash_table_lookup (self->members, id);

  for (GList *link = self->departed.head; member == NULL && link != NULL; link = link->next)
    if (g_str_equal (wherry_member_get_id (link->data), id))
      member = link->data;
  return member;
}

const char *
wherry_roster_peek_name (WherryRoster *self, const char *id)
{
  WherryMember *member = look_back (self, id);
  const char *name = member != NULL ? wherry_member_get_name (member) : NULL;

  return name != NULL && *name != '\0' ? name : NULL;
}

char *
wherry_roster_name (WherryRoster *self, const char *id)
{
  const char *name = wherry_roster_peek_name (self, id);
  gsize length = strlen (id);
  g_autofree char *safe = NULL;

  if (name != NULL)
    return wherry_terminal_safe (name);
  safe = wherry_terminal_safe (length > WHERRY_CLI_SHORT_ID ? id + length - WHERRY_CLI_SHORT_ID
                                                            : id);
  return g_strdup_printf (_ ("Guest %s"), safe);
}
