/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-relay-hub-private.h"

/* What an administrator sees and does. */

static void
view_room (const WherryRelayRoom *room, WherryRoomView *out)
{
  *out = (WherryRoomView){ .name = room->name, .members = room->members->len };
  out->topics = g_hash_table_size (room->topics);
  for (guint i = 0; i < room->members->len; i++)
    {
      const WherryRelayMember *member = g_ptr_array_index (room->members, i);

      out->connected += member->connected;
    }
}

static gboolean
is_there (const WherryRelayRoom *room)
{
  return room->members->len > 0 || room->kept;
}

/* (nullable): one that only waits for its last peers to end is not there */
static WherryRelayRoom *
find_room (WherryRelayHub *self, const char *name)
{
  WherryRelayRoom *room = g_hash_table_lookup (self->rooms, name);

  WHERRY_ASSERT_OWNER (self);
  return room != NULL && is_there (room) ? room : NULL;
}

typedef void (*RoomFunc) (const WherryRoomView *view, gpointer data);

/* all: those too that only wait for their last peers to end. */
static void
foreach_room (WherryRelayHub *self, gboolean all, RoomFunc func, gpointer data)
{
  GHashTableIter iter;
  gpointer value;

  WHERRY_ASSERT_OWNER (self);
  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      WherryRoomView view;

      if (!all && !is_there (value))
        continue;
      view_room (value, &view);
      func (&view, data);
    }
}

void
wherry_relay_hub_foreach_room (WherryRelayHub *self, RoomFunc func, gpointer data)
{
  foreach_room (self, FALSE, func, data);
}

static void
count_room (const WherryRoomView *view, gpointer data)
{
  WherryRelayStats *stats = data;

  stats->rooms += view->members > 0;
  stats->topics += view->topics;
  stats->connected += view->connected;
}

void
wherry_relay_hub_get_stats (WherryRelayHub *self, WherryRelayStats *out)
{
  GHashTableIter iter;
  gpointer value;

  *out = (WherryRelayStats){ .members = self->n_present, .peers = self->n_peers };
  foreach_room (self, TRUE, count_room, out);
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const WherryRelayMember *member = value;

      if (member->port != NULL)
        out->outbox_bytes
            += wherry_outbox_set_get_bytes (wherry_member_port_get_set (member->port));
    }
  out->budget_used = wherry_budget_get_used (self->budget);
}

gboolean
wherry_relay_hub_get_room (WherryRelayHub *self, const char *name, WherryRoomView *out)
{
  const WherryRelayRoom *room = find_room (self, name);

  if (room == NULL)
    return FALSE;
  view_room (room, out);
  return TRUE;
}

void
wherry_relay_hub_foreach_member (WherryRelayHub *self, const char *name,
                                 void (*func) (WherryRelayMember *member, gpointer data),
                                 gpointer data)
{
  const WherryRelayRoom *room = find_room (self, name);

  for (guint i = 0; room != NULL && i < room->members->len; i++)
    func (g_ptr_array_index (room->members, i), data);
}

void
wherry_relay_hub_foreach_topic (WherryRelayHub *self, const char *name,
                                void (*func) (const WherryTopicView *view, gpointer data),
                                gpointer data)
{
  const WherryRelayRoom *room = find_room (self, name);
  GHashTableIter iter;
  gpointer value;

  if (room == NULL)
    return;
  g_hash_table_iter_init (&iter, room->topics);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const WherryRoomTopic *topic = value;
      g_autoptr (WherrySnapshot) snapshot = wherry_topic_ref_snapshot (topic->topic);
      const WherryTopicView view = {
        .label = wherry_topic_get_label (topic->topic),
        .publishers = topic->owns->len,
        .subscribers = wherry_snapshot_get_length (snapshot),
      };

      func (&view, data);
    }
}
