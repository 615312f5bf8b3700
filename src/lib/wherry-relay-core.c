/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-relay-core-private.h"

#include "base/wherry-lock.h"
#include "base/wherry-owner.h"
#include "ice/wherry-ice-network.h"
#include "lib/wherry-member-private.h"
#include "lib/wherry-room-private.h"
#include "signaling/wherry-bind-policy.h"

struct _WherryRelayCore
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  GMainContext *context;

  /* hub thread only */
  WherryOwner owner;
  WherryRelayHub *hub;
  GListStore *rooms;
  GHashTable *by_name;    /* name to WherryRoom, borrowed from the list */
  WherryMember *expected; /* NULL: any that joins is from elsewhere */
  WherryIceConfig *ice;   /* NULL: the addresses were chosen */
  GPtrArray *listen;      /* of GInetSocketAddress */
  gboolean closing;
  gboolean closed;
  GPtrArray *tasks; /* of GTask: who waits for the end */
};

static void
post (WherryRelayCore *self, GSourceFunc func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
}

/* ---- what the hub shows ---- */

static void
on_joined (gpointer user_data, WherryRelayMember *relay_member)
{
  WherryRelayCore *self = user_data;
  g_autoptr (WherryMember) member = g_steal_pointer (&self->expected);
  const char *name = wherry_relay_member_get_room (relay_member);
  g_autoptr (WherryRoom) room = g_hash_table_lookup (self->by_name, name);
  gboolean is_new = room == NULL;

  if (member == NULL)
    member = wherry_member_new (name, wherry_relay_member_get_name (relay_member));
  wherry_member_set_id (member, wherry_relay_member_get_id (relay_member), self);
  wherry_member_take_attributes (member, wherry_relay_member_get_attributes (relay_member));
  if (is_new)
    {
      room = wherry_room_new (name);
      g_hash_table_insert (self->by_name, (gpointer) wherry_room_get_name (room), room);
    }
  else
    g_object_ref (room);
  /* a room that is shown has somebody in it */
  wherry_room_add (room, member);
  if (is_new)
    g_list_store_append (self->rooms, room);
}

static WherryMember *
find (WherryRelayCore *self, WherryRelayMember *member, WherryRoom **room)
{
  *room = g_hash_table_lookup (self->by_name, wherry_relay_member_get_room (member));
  return *room != NULL ? wherry_room_lookup_member (*room, wherry_relay_member_get_id (member))
                       : NULL;
}

static void
on_changed (gpointer user_data, WherryRelayMember *relay_member)
{
  WherryRelayCore *self = user_data;
  WherryRoom *room;
  WherryMember *member = find (self, relay_member, &room);

  if (member == NULL)
    return;
  g_object_freeze_notify (G_OBJECT (member));
  wherry_member_update (member,
                        wherry_relay_member_is_connected (relay_member)
                            ? WHERRY_MEMBER_STATE_CONNECTED
                            : WHERRY_MEMBER_STATE_JOINED,
                        wherry_relay_member_get_path (relay_member));
  wherry_member_take_attributes (member, wherry_relay_member_get_attributes (relay_member));
  g_object_thaw_notify (G_OBJECT (member));
}

static void
on_left (gpointer user_data, WherryRelayMember *relay_member, WherryLeaveReason reason)
{
  g_autoptr (WherryRelayCore) self = wherry_relay_core_ref (user_data);
  g_autoptr (WherryMember) member = NULL;
  g_autoptr (WherryRoom) room = NULL;
  guint position;

  member = find (self, relay_member, &room);
  if (member == NULL)
    return;
  g_object_ref (member);
  g_object_ref (room);
  /* first the lists, so that who hears of the end does not find it there */
  if (!wherry_room_remove (room, member))
    {
      g_hash_table_remove (self->by_name, wherry_room_get_name (room));
      if (g_list_store_find (self->rooms, room, &position))
        g_list_store_remove (self->rooms, position);
    }
  wherry_member_set_left (member, reason);
}

static const WherryRelayObserver observer = {
  .joined = on_joined,
  .changed = on_changed,
  .left = on_left,
};

/* The right ones to be reached at, while nobody else has chosen. */
static void
choose_addresses (gpointer user_data)
{
  WherryRelayCore *self = user_data;
  WherryIceConfig *ice;

  if (self->ice == NULL || self->listen->len == 0)
    return;
  ice = wherry_ice_config_copy (self->ice);
  wherry_bind_policy_apply (ice, self->listen);
  wherry_relay_hub_set_ice (self->hub, ice);
}

/* ---- life ---- */

WherryRelayCore *
wherry_relay_core_new (WherryRelayConfig *config, gboolean can_bind, GMainContext *context,
                       GListStore *rooms)
{
  WherryRelayCore *self = g_new0 (WherryRelayCore, 1);

  wherry_ref_init (&self->ref_count);
  wherry_owner_init (&self->owner);
  self->context = g_main_context_ref (context);
  self->rooms = g_object_ref (rooms);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->listen = g_ptr_array_new_with_free_func (g_object_unref);
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  if (can_bind)
    self->ice = wherry_ice_config_copy (config->ice);
  self->hub = wherry_relay_hub_new (config, self->context, NULL);
  wherry_relay_hub_set_observer (self->hub, &observer, self);
  wherry_relay_hub_watch_network (self->hub, wherry_ice_network_get_system (), choose_addresses,
                                  self);
  return self;
}

WherryRelayCore *
wherry_relay_core_ref (WherryRelayCore *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

static void
core_free (WherryRelayCore *self)
{
  wherry_relay_hub_free (self->hub);
  g_hash_table_unref (self->by_name);
  g_object_unref (self->rooms);
  g_clear_pointer (&self->ice, wherry_ice_config_free);
  g_ptr_array_unref (self->listen);
  g_ptr_array_unref (self->tasks);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
on_closed (gpointer user_data)
{
  WherryRelayCore *self = user_data;
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->tasks);

  self->closed = TRUE;
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
  wherry_relay_core_unref (self); /* the hub's */
}

void
wherry_relay_core_close (WherryRelayCore *self, GTask *task)
{
  WHERRY_ASSERT_OWNER (self);
  if (task != NULL && self->closed)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
  else if (task != NULL)
    g_ptr_array_add (self->tasks, task);
  if (self->closing)
    return;
  self->closing = TRUE;
  wherry_relay_hub_shutdown (self->hub, on_closed, wherry_relay_core_ref (self));
}

static gboolean
on_post_close (gpointer data)
{
  g_autoptr (WherryRelayCore) self = data;

  wherry_relay_core_close (self, NULL);
  return G_SOURCE_REMOVE;
}

void
wherry_relay_core_post_close (WherryRelayCore *self)
{
  post (wherry_relay_core_ref (self), on_post_close);
}

/* Nobody else has a reference. */
static gboolean
on_last (gpointer data)
{
  WherryRelayCore *self = data;

  if (self->closed)
    core_free (self);
  else
    {
      wherry_ref_init (&self->ref_count);
      wherry_relay_core_close (self, NULL);
      wherry_relay_core_unref (self);
    }
  return G_SOURCE_REMOVE;
}

void
wherry_relay_core_unref (WherryRelayCore *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  /* a hub that is closed has nobody who could be calling from it */
  if (wherry_owner_is_current (&self->owner) && self->closed)
    core_free (self);
  else
    post (self, on_last);
}

/* ---- what it is asked ---- */

WherryRelayHub *
wherry_relay_core_get_hub (WherryRelayCore *self)
{
  return self->hub;
}

GMainContext *
wherry_relay_core_get_context (WherryRelayCore *self)
{
  return self->context;
}

WherryRoom *
wherry_relay_core_lookup_room (WherryRelayCore *self, const char *name)
{
  return g_hash_table_lookup (self->by_name, name);
}

void
wherry_relay_core_expect (WherryRelayCore *self, WherryMember *member)
{
  g_set_object (&self->expected, member);
}

gboolean
wherry_relay_core_is_closing (WherryRelayCore *self)
{
  return self->closing;
}

void
wherry_relay_core_add_listen (WherryRelayCore *self, GInetSocketAddress *address)
{
  WHERRY_ASSERT_OWNER (self);
  g_ptr_array_add (self->listen, g_object_ref (address));
  choose_addresses (self);
}
