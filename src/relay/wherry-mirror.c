/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <string.h>

#include "relay/wherry-outbox-rules.h"
#include "relay/wherry-planted.h"
#include "relay/wherry-relay-hub-private.h"
#include "relay/wherry-relay-rules.h"
#include "wire/wherry-frame.h"

/* Mirrors (protocol.md section 3): the channels that the relay opens towards members that have none
 * of their own on a topic. Their tokens have the highest bit set; those of the members' own
 * channels are counted by the port, without. */
#define MIRROR_TOKEN (G_GUINT64_CONSTANT (1) << 63)

/* Labels that a member closed are remembered until it leaves; no honest one closes more. */
#define CLOSED_LABELS_MAX 1024u

static gboolean
is_lossy (const WherryChannelInit *init)
{
  return init->reliability != WHERRY_RELIABLE;
}

/* What a mirror opened now is made of: the oldest publisher's label, protocol and priority;
 * reliable and ordered unless the configuration or every publisher says lossy. Without a
 * publisher's channel (somebody speaks on a mirror) it stays as it was. */
static void
choose_init (WherryRoomTopic *topic)
{
  WherryRelayHub *relay = topic->room->relay;
  int rule = wherry_relay_config_mirror (relay->config, wherry_topic_get_label (topic->topic));
  gboolean all_lossy = TRUE;
  gboolean any_ordered = FALSE;
  const WherryOwnChannel *oldest = NULL;
  WherryChannelInit *init;

  for (guint i = 0; i < topic->owns->len; i++)
    {
      const WherryOwnChannel *own = g_ptr_array_index (topic->owns, i);

      if (!own->may_publish) /* it only listens */
        continue;
      if (oldest == NULL)
        oldest = own;
      all_lossy &= is_lossy (own->init);
      any_ordered |= own->init->ordered;
    }
  if (oldest == NULL)
    return;
  init = wherry_port_init_copy (oldest->init);
  init->negotiated = FALSE;
  init->id = WHERRY_CHANNEL_ID_NONE;
  if (rule == 1 || (rule != 2 && !all_lossy))
    {
      init->ordered = TRUE;
      init->reliability = WHERRY_RELIABLE;
      init->reliability_value = 0;
    }
  else if (!all_lossy) /* by the configuration: late is as good as lost */
    {
      init->ordered = FALSE;
      init->reliability = WHERRY_MAX_RETRANSMITS;
      init->reliability_value = 0;
    }
  else
    init->ordered = any_ordered;
  g_clear_pointer (&topic->mirror_init, wherry_port_init_free);
  topic->mirror_init = init;
}

static gboolean
wants_mirror (WherryRoomTopic *topic, WherryRelayMember *member, const WherryTopicEntry *entry)
{
  const char *label = wherry_topic_get_label (topic->topic);

  return member->mirror && member->connected && member->peer != NULL
         && (entry == NULL || !entry->mirror_failed)
         && (member->closed_labels == NULL || !g_hash_table_contains (member->closed_labels, label))
         && (member->opens == NULL || !g_hash_table_contains (member->opens, label))
         && (entry == NULL || (entry->served == NULL && !entry->own_again))
         && wherry_grant_may_subscribe (member->grant, label);
}

/* It is in no snapshot from now on; the port closes it behind what is queued. */
static void
drop_mirror (WherryTopicEntry *entry)
{
  wherry_outbox_retire (entry->mirror);
  g_clear_pointer (&entry->mirror, wherry_outbox_unref);
  entry->mirror_sent = FALSE;
}

/* Headers are for those who said that they understand them: who may come back misses nothing only
 * where messages have numbers, and whoever did not ask sees messages as they are. */
static WherryChannelInit
init_for (const WherryRoomTopic *topic, const WherryRelayMember *member)
{
  WherryChannelInit init = *topic->mirror_init;

  if (*init.protocol == '\0' || strcmp (init.protocol, WHERRY_FRAME_PROTOCOL) == 0)
    init.protocol = member->addressed || WHERRY_PLANT (HEADERS_TO_ALL) ? WHERRY_FRAME_PROTOCOL : "";
  return init;
}

static void
make_mirror (WherryRoomTopic *topic, WherryRelayMember *member)
{
  WherryTopicEntry *entry = wherry_topic_entry (topic, member);
  WherryRelayRoom *room = topic->room;
  const WherryChannelInit init = init_for (topic, member);

  entry->mirror = wherry_outbox_new_by_rules (wherry_member_port_get_set (member->port),
                                              room->relay->config, room->name, &init);
  if (wherry_outbox_is_addressed (entry->mirror))
    wherry_room_topic_seat (topic, member);
  entry->mirror_token = MIRROR_TOKEN | ++member->last_token;
  entry->mirror_lossy = is_lossy (topic->mirror_init);
  entry->mirror_sent = FALSE;
}

static gboolean
is_alive (WherryRoomTopic *topic)
{
  GHashTableIter iter;
  gpointer value;

  if (topic->owns->len > 0 || topic->gate != NULL || wherry_topic_has_history (topic->topic))
    return TRUE;
  g_hash_table_iter_init (&iter, topic->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const WherryTopicEntry *entry = value;

      if (entry->mirror_sent || entry->away)
        return TRUE;
    }
  return FALSE;
}

/* Publishing the snapshot comes between deciding and telling: what the new outboxes get is complete
 * from the moment in which anybody can know of them, and retired ones get no more. */
void
wherry_mirror_update (WherryRoomTopic *topic)
{
  WherryRelayRoom *room = topic->room;
  g_autoptr (GPtrArray) opened = g_ptr_array_new ();
  int rule
      = wherry_relay_config_mirror (room->relay->config, wherry_topic_get_label (topic->topic));
  gboolean alive = is_alive (topic);

  choose_init (topic);
  for (guint i = 0; i < room->members->len; i++)
    {
      WherryRelayMember *member = g_ptr_array_index (room->members, i);
      WherryTopicEntry *entry = g_hash_table_lookup (topic->entries, member);
      gboolean wanted
          = alive && rule != 0 && topic->mirror_init != NULL && wants_mirror (topic, member, entry);

      if (entry != NULL && entry->mirror != NULL
          && (!wanted || entry->mirror_lossy != is_lossy (topic->mirror_init)))
        drop_mirror (entry);
      if (wanted && (entry == NULL || entry->mirror == NULL))
        {
          make_mirror (topic, member);
          g_ptr_array_add (opened, member);
        }
    }
  wherry_room_topic_publish_snapshot (topic);
  for (guint i = 0; i < opened->len; i++)
    {
      WherryRelayMember *member = g_ptr_array_index (opened, i);
      WherryTopicEntry *entry = g_hash_table_lookup (topic->entries, member);
      const WherryChannelInit init = init_for (topic, member);

      wherry_member_port_post_mirror (member->port, member->peer, entry->mirror_token, topic->topic,
                                      entry->mirror, &init);
    }
  if (!alive)
    g_hash_table_remove (room->topics, wherry_topic_get_label (topic->topic));
}

void
wherry_mirror_connected (WherryRelayRoom *self, WherryRelayMember *member)
{
  g_autoptr (GPtrArray) topics = wherry_relay_room_list_topics (self);

  for (guint i = 0; i < topics->len; i++)
    {
      WherryRoomTopic *topic = g_ptr_array_index (topics, i);

      if (wants_mirror (topic, member, g_hash_table_lookup (topic->entries, member)))
        wherry_mirror_update (topic);
    }
}

static WherryTopicEntry *
find_mirror (WherryRelayRoom *self, WherryRelayMember *member, guint64 token,
             WherryRoomTopic **topic)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->topics);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      WherryTopicEntry *entry = g_hash_table_lookup (((WherryRoomTopic *) value)->entries, member);

      if (entry != NULL && entry->mirror != NULL && entry->mirror_token == token)
        {
          *topic = value;
          return entry;
        }
    }
  return NULL; /* it was dropped meanwhile */
}

void
wherry_mirror_sent (WherryRelayRoom *self, WherryRelayMember *member, guint64 token)
{
  WherryRoomTopic *topic = NULL;
  WherryTopicEntry *entry = find_mirror (self, member, token, &topic);

  if (entry != NULL)
    entry->mirror_sent = TRUE;
}

void
wherry_mirror_unwanted (WherryRelayMember *member, const char *label)
{
  if (member->closed_labels == NULL)
    member->closed_labels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (g_hash_table_size (member->closed_labels) >= CLOSED_LABELS_MAX)
    g_hash_table_remove_all (member->closed_labels);
  g_hash_table_add (member->closed_labels, g_strdup (label));
}

void
wherry_mirror_expect (WherryRelayMember *member, const char *const *labels)
{
  g_clear_pointer (&member->opens, g_hash_table_unref);
  if (labels == NULL)
    return;
  member->opens = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; labels[i] != NULL; i++)
    g_hash_table_add (member->opens, g_strdup (labels[i]));
}

void
wherry_mirror_closed (WherryRelayRoom *self, WherryRelayMember *member, guint64 token,
                      gboolean by_member, const char *label)
{
  WherryRoomTopic *topic = NULL;
  WherryTopicEntry *entry = find_mirror (self, member, token, &topic);

  /* also when it was dropped meanwhile: the topic may come again */
  if (by_member)
    wherry_mirror_unwanted (member, label);
  if (entry != NULL)
    drop_mirror (entry);
  else if (by_member)
    topic = g_hash_table_lookup (self->topics, label);
  if (topic != NULL)
    wherry_mirror_update (topic);
  wherry_mirror_retry (self, member);
}

void
wherry_mirror_failed (WherryRelayRoom *self, WherryRelayMember *member, guint64 token)
{
  WherryRoomTopic *topic = NULL;
  WherryTopicEntry *entry = find_mirror (self, member, token, &topic);

  if (entry == NULL)
    return;
  entry->mirror_failed = TRUE;
  drop_mirror (entry);
  wherry_mirror_update (topic);
}

void
wherry_mirror_retry (WherryRelayRoom *self, WherryRelayMember *member)
{
  g_autoptr (GPtrArray) topics = wherry_relay_room_list_topics (self);

  for (guint i = 0; i < topics->len; i++)
    {
      WherryRoomTopic *topic = g_ptr_array_index (topics, i);
      WherryTopicEntry *entry = g_hash_table_lookup (topic->entries, member);

      if (entry == NULL || !entry->mirror_failed)
        continue;
      entry->mirror_failed = FALSE;
      wherry_mirror_update (topic);
    }
}
