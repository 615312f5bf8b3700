/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-relay-hub-private.h"
#include "relay/wherry-relay-rules.h"
#include "relay/wherry-resume-record.h"

/* Who is in a topic's snapshot, what a subscriber that is new in it gets first, and what the topic
 * keeps for that. */

/* Whether what is published from now on may have to be numbered and kept: for the history that is
 * configured, and, once an addressed channel of a member that may come back is there, for that. */
void
wherry_room_topic_keep (WherryRoomTopic *topic, gboolean resumes)
{
  WherryRelayRoom *room = topic->room;
  WherryRelayHub *relay = room->relay;
  WherryKeep keep;

  topic->resumes |= resumes;
  wherry_relay_config_keep (relay->config, room->name, wherry_topic_get_label (topic->topic),
                            &keep);
  keep.resume_bytes = topic->resumes ? relay->config->resume_bytes : 0;
  if (keep.messages > 0 || keep.retain || keep.resume_bytes > 0)
    {
      wherry_topic_set_keep (topic->topic, &keep, relay->logs, relay->clock);
      if (relay->store != NULL)
        wherry_topic_set_store (topic->topic, relay->store, room->name);
    }
}

/* A member's addressed channel on it, its own or a mirror. */
void
wherry_room_topic_seat (WherryRoomTopic *topic, WherryRelayMember *member)
{
  wherry_topic_set_numbered (topic->topic);
  if (member->resumable)
    wherry_room_topic_keep (topic, TRUE);
  wherry_topic_seat (topic->topic, member->key);
  wherry_resume_record_update (member);
}

static void
add_replay (WherryTopicEntry *entry, WherryOutbox *outbox, GArray *replays)
{
  const WherryReplay replay = {
    .outbox = outbox,
    .member = entry->member->key,
    .resumes = entry->resumes && wherry_outbox_is_addressed (outbox),
    .seen = entry->seen,
    .direct = entry->direct,
    .history = entry->member->history,
  };

  g_array_append_val (replays, replay);
  entry->resumes = FALSE;
}

/* What it missed is gone: it cannot be what it was. The hub ends it, once nobody is in the middle
 * of a topic. */
static void
post_lost (WherryRelayHub *relay, guint64 member)
{
  WherryPortRequest *request = g_new0 (WherryPortRequest, 1);

  request->type = WHERRY_PORT_LOST;
  request->member = member;
  wherry_inbox_post_urgent (relay->inbox, request);
}

void
wherry_room_topic_publish_snapshot (WherryRoomTopic *topic)
{
  WherryRelayRoom *room = topic->room;
  g_autoptr (GPtrArray) outboxes = g_ptr_array_sized_new (room->members->len);
  g_autoptr (GPtrArray) back = g_ptr_array_new ();
  g_autoptr (GArray) replays = g_array_new (FALSE, FALSE, sizeof (WherryReplay));

  for (guint i = 0; i < room->members->len; i++)
    {
      WherryRelayMember *member = g_ptr_array_index (room->members, i);
      WherryTopicEntry *entry = g_hash_table_lookup (topic->entries, member);
      WherryOutbox *outbox = NULL;

      if (entry != NULL)
        outbox = entry->served != NULL ? entry->served->outbox : entry->mirror;
      if (outbox != NULL && !entry->subscribed)
        add_replay (entry, outbox, replays);
      if (entry != NULL)
        entry->subscribed = outbox != NULL;
      if (outbox != NULL && entry->away)
        g_ptr_array_add (back, entry);
      if (outbox != NULL)
        g_ptr_array_add (outboxes, outbox);
    }
  wherry_topic_set_snapshot_replaying (topic->topic, wherry_snapshot_new (outboxes),
                                       (WherryReplay *) (gpointer) replays->data, replays->len);
  for (guint i = 0; i < back->len; i++)
    {
      WherryTopicEntry *entry = g_ptr_array_index (back, i);

      entry->away = FALSE;
      wherry_topic_set_away (topic->topic, entry->member->key, FALSE);
    }
  for (guint i = 0; i < replays->len; i++)
    {
      const WherryReplay *replay = &g_array_index (replays, WherryReplay, i);

      if (replay->lost)
        post_lost (room->relay, replay->member);
    }
}
