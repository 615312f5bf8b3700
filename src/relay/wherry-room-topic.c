/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-log.h"
#include "relay/wherry-outbox-rules.h"
#include "relay/wherry-planted.h"
#include "relay/wherry-relay-hub-private.h"
#include "relay/wherry-relay-rules.h"

/* Members' own channels: who publishes on which topic, and by that who subscribes. */

static void
entry_free (gpointer data)
{
  WherryTopicEntry *entry = data;

  if (entry->mirror != NULL)
    wherry_outbox_retire (entry->mirror);
  g_clear_pointer (&entry->mirror, wherry_outbox_unref);
  g_free (entry);
}

WherryTopicEntry *
wherry_topic_entry (WherryRoomTopic *topic, WherryRelayMember *member)
{
  WherryTopicEntry *entry = g_hash_table_lookup (topic->entries, member);

  if (entry == NULL)
    {
      entry = g_new0 (WherryTopicEntry, 1);
      entry->member = member;
      g_hash_table_insert (topic->entries, member, entry);
    }
  return entry;
}

WherryRoomTopic *
wherry_room_topic_new (WherryRelayRoom *room, const char *label)
{
  WherryRoomTopic *topic = g_new0 (WherryRoomTopic, 1);

  topic->room = room;
  topic->topic = wherry_topic_new (label, FALSE);
  topic->owns = g_ptr_array_new ();
  topic->entries = g_hash_table_new_full (NULL, NULL, NULL, entry_free);
  g_hash_table_insert (room->topics, (char *) wherry_topic_get_label (topic->topic), topic);
  wherry_topic_set_base (topic->topic, room->sequence_base);
  wherry_room_topic_keep (topic, FALSE);
  return topic;
}

void
wherry_room_topic_free (gpointer data)
{
  WherryRoomTopic *topic = data;

  wherry_relay_hub_count_topic (topic->room->relay, topic->begun_by, -1);
  g_ptr_array_unref (topic->owns);
  g_hash_table_unref (topic->entries);
  g_clear_pointer (&topic->mirror_init, wherry_port_init_free);
  if (topic->gate != NULL)
    wherry_gate_close (topic->gate);
  g_clear_pointer (&topic->gate, wherry_gate_unref);
  topic->room->sequence_base
      = MAX (topic->room->sequence_base, wherry_topic_get_highest (topic->topic));
  wherry_topic_close_store (topic->topic, !topic->room->relay->shutting_down);
  /* who still holds the topic publishes to nobody; retired mirrors see that the last is out */
  wherry_topic_set_snapshot (topic->topic, wherry_snapshot_new (NULL));
  wherry_topic_unref (topic->topic);
  g_free (topic);
}

GPtrArray *
wherry_relay_room_list_topics (WherryRelayRoom *self)
{
  GPtrArray *topics = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->topics);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (topics, value);
  return topics;
}

void
wherry_own_channel_free (gpointer data)
{
  WherryOwnChannel *own = data;

  wherry_port_init_free (own->init);
  wherry_outbox_unref (own->outbox);
  g_free (own);
}

/* All who publish on it have closed their channels; what they had said is still to be heard. */
static gboolean
is_left (WherryRoomTopic *topic)
{
  for (guint i = 0; i < topic->owns->len; i++)
    if (!((WherryOwnChannel *) g_ptr_array_index (topic->owns, i))->gone)
      return FALSE;
  return topic->owns->len > 0;
}

/* Nobody's any more: who opens it now begins it. */
static void
release_if_left (WherryRoomTopic *topic)
{
  if (!is_left (topic))
    return;
  wherry_relay_hub_count_topic (topic->room->relay, topic->begun_by, -1);
  topic->begun_by = 0;
}

void
wherry_relay_room_subscribe (WherryRelayRoom *self, WherryRelayMember *member, guint64 token,
                             const WherryChannelInit *init)
{
  const WherryLogContext context = { member->id, self->name, init->label };
  WherryRoomTopic *topic = g_hash_table_lookup (self->topics, init->label);
  WherryRelayHub *relay = self->relay;
  gboolean begins = topic == NULL || is_left (topic);
  WherryOwnChannel *own;

  if (member->peer == NULL)
    return;
  if (topic == NULL
      && g_hash_table_size (self->topics)
             >= wherry_relay_config_topics_per_room (relay->config, self->name))
    {
      wherry_info (&context, "topic refused: the room has %u", g_hash_table_size (self->topics));
      wherry_counter_inc (WHERRY_COUNTER_TOPICS_REFUSED);
      wherry_member_port_post_refuse (member->port, member->peer, token,
                                      WHERRY_SIGNAL_ERROR_ROOM_FULL,
                                      "the room has too many topics");
      return;
    }
  if (begins && wherry_relay_member_has_topics (member))
    {
      wherry_info (&context, "topic refused: the member began %u", member->n_topics);
      wherry_counter_inc (WHERRY_COUNTER_TOPICS_REFUSED);
      wherry_member_port_post_refuse (member->port, member->peer, token,
                                      WHERRY_SIGNAL_ERROR_FORBIDDEN, "you began too many topics");
      return;
    }
  if (topic == NULL)
    topic = wherry_room_topic_new (self, init->label);
  if (begins)
    {
      topic->begun_by = member->key;
      wherry_relay_hub_count_topic (relay, member->key, 1);
    }

  own = g_new0 (WherryOwnChannel, 1);
  own->member = member;
  own->token = token;
  own->topic = topic;
  own->init = wherry_port_init_copy (init);
  own->outbox = wherry_outbox_new_by_rules (wherry_member_port_get_set (member->port),
                                            relay->config, self->name, init);
  if (wherry_outbox_is_addressed (own->outbox))
    wherry_room_topic_seat (topic, member);
  own->may_publish = wherry_grant_may_publish (member->grant, init->label);
  own->may_subscribe = wherry_grant_may_subscribe (member->grant, init->label);
  g_hash_table_insert (member->owns, &own->token, own);
  g_ptr_array_add (topic->owns, own);
  if (wherry_relay_member_is_served (member) && own->may_subscribe)
    {
      WherryTopicEntry *entry = wherry_topic_entry (topic, member);

      entry->served = own;
      entry->own_again = FALSE;
    }
  if (member->closed_labels != NULL)
    g_hash_table_remove (member->closed_labels, init->label); /* it wants this one after all */
  if (member->opens != NULL)
    g_hash_table_remove (member->opens, init->label);

  wherry_mirror_update (topic);
  /* published: now the channel may be acknowledged */
  wherry_member_port_post_attach (member->port, member->peer, token, topic->topic, own->outbox);
}

/* Of a topic that goes on or, without publishers, ends. */
static void
remove_own (WherryRelayMember *member, WherryOwnChannel *own)
{
  WherryRoomTopic *topic = own->topic;
  WherryTopicEntry *entry = g_hash_table_lookup (topic->entries, member);

  g_ptr_array_remove (topic->owns, own);
  release_if_left (topic);
  if (entry != NULL && entry->served == own)
    {
      entry->served = NULL;
      for (guint i = 0; i < topic->owns->len; i++)
        {
          WherryOwnChannel *other = g_ptr_array_index (topic->owns, i);

          if (other->member == member && other->may_subscribe)
            entry->served = other; /* the newest that is left */
        }
    }
  g_hash_table_remove (member->owns, &own->token);
  wherry_mirror_update (topic);
}

void
wherry_relay_room_disown (WherryRelayRoom *self, WherryRelayMember *member, guint64 token)
{
  WherryOwnChannel *own = g_hash_table_lookup (member->owns, &token);

  if (own == NULL)
    return;
  own->gone = TRUE;
  release_if_left (own->topic);
}

void
wherry_relay_room_unsubscribe (WherryRelayRoom *self, WherryRelayMember *member, guint64 token)
{
  WherryOwnChannel *own = g_hash_table_lookup (member->owns, &token);

  if (own == NULL)
    return;
  if (wherry_relay_member_is_present (member))
    wherry_mirror_unwanted (member, own->init->label);
  remove_own (member, own);
  if (wherry_relay_member_is_present (member))
    wherry_mirror_retry (self, member);
}

void
wherry_relay_room_flush (WherryRelayRoom *self, WherryRelayMember *member, guint64 token,
                         GPtrArray *messages)
{
  WherryOwnChannel *own = g_hash_table_lookup (member->owns, &token);

  if (WHERRY_PLANT (FLUSH_LOST))
    return;
  for (guint i = 0; own != NULL && i < messages->len; i++)
    {
      WherryPublished published;
      WherryPost post;

      if (wherry_port_make_post (own->init, member->key, g_ptr_array_index (messages, i), &post,
                                 NULL))
        wherry_topic_publish_post (own->topic->topic, wherry_member_port_get_set (member->port),
                                   &post, NULL, &published);
      else
        wherry_counter_inc (WHERRY_COUNTER_BAD_FRAMES);
    }
}

void
wherry_relay_room_leave_topics (WherryRelayRoom *self, WherryRelayMember *member)
{
  g_autoptr (GPtrArray) topics = wherry_relay_room_list_topics (self);

  for (guint i = 0; i < topics->len; i++)
    {
      WherryRoomTopic *topic = g_ptr_array_index (topics, i);

      g_hash_table_remove (topic->entries, member);
      wherry_mirror_update (topic);
    }
}

void
wherry_relay_room_pause_topics (WherryRelayRoom *self, WherryRelayMember *member)
{
  g_autoptr (GPtrArray) topics = wherry_relay_room_list_topics (self);

  for (guint i = 0; i < topics->len; i++)
    {
      WherryRoomTopic *topic = g_ptr_array_index (topics, i);
      WherryTopicEntry *entry = g_hash_table_lookup (topic->entries, member);

      if (entry == NULL)
        continue;
      entry->own_again |= entry->served != NULL;
      entry->served = NULL;
      entry->away = TRUE;
      wherry_topic_set_away (topic->topic, member->key, TRUE);
      wherry_mirror_update (topic);
    }
}

void
wherry_relay_room_finish_topics (WherryRelayRoom *self, WherryRelayMember *member)
{
  GHashTableIter iter;
  gpointer value;

  for (;;)
    {
      g_hash_table_iter_init (&iter, member->owns);
      if (!g_hash_table_iter_next (&iter, NULL, &value))
        break;
      remove_own (member, value);
    }
}

void
wherry_relay_room_unseat (WherryRelayRoom *self, WherryRelayMember *member)
{
  GHashTableIter iter;
  gpointer value;

  if (self->relay->shutting_down) /* it may come back to the next process */
    return;
  g_hash_table_iter_init (&iter, self->topics);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    wherry_topic_unseat (((WherryRoomTopic *) value)->topic, member->key);
}
