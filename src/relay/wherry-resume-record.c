/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-resume-record.h"

#include <string.h>

#include "base/wherry-counters.h"

/* name, attributes, subject, topic of the will, will (kind, bytes), mirror, history, the hash of
 * the token before (empty: it is worth nothing), and the labels of the topics that it is on, each
 * with the number before the first that it may have missed. */
#define BLOB_FORMAT "(msmsmsms(uay)buaya(st))"

/* The process is the same machine's and the record our own: but what comes from a disk is looked at
 * like anything else that comes. */
static GVariant *
read_blob (GBytes *bytes)
{
  g_autoptr (GVariant) blob
      = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (BLOB_FORMAT), bytes, FALSE));

  return g_variant_is_normal_form (blob) ? g_steal_pointer (&blob) : NULL;
}

static void
add_topics (const WherryRelayMember *member, GVariantBuilder *builder)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, member->room->topics);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const WherryRoomTopic *topic = value;
      guint64 since;

      if (wherry_topic_get_seat (topic->topic, member->key, &since))
        g_variant_builder_add (builder, "(st)", wherry_topic_get_label (topic->topic), since);
    }
}

static GBytes *
write_blob (const WherryRelayMember *member)
{
  g_autoptr (GVariant) blob = NULL;
  GVariantBuilder topics;
  const guint8 *will = NULL;
  gsize length = 0;

  g_variant_builder_init (&topics, G_VARIANT_TYPE ("a(st)"));
  add_topics (member, &topics);
  if (member->will != NULL)
    will = wherry_message_get_data (member->will, &length);
  blob = g_variant_ref_sink (
      g_variant_new ("(msmsmsms(u@ay)bu@aya(st))", member->name, member->attributes,
                     member->subject, member->will_topic,
                     member->will != NULL ? (guint) wherry_message_get_kind (member->will) : 0u,
                     g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, will, length, 1),
                     member->mirror, member->history,
                     g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, member->hash_before,
                                                member->has_before ? sizeof member->hash_before : 0,
                                                1),
                     &topics));
  return g_variant_get_data_as_bytes (blob);
}

/* Unix time; a token's end, if it has one. */
static gint64
until_us (const WherryRelayMember *member)
{
  gint64 expires_us = wherry_grant_get_expires_us (member->grant);

  return expires_us == WHERRY_GRANT_FOREVER ? G_MAXINT64 : expires_us;
}

typedef struct
{
  WherryInbox *hub;
  guint64 member;
} Recorded;

static void
on_recorded (gboolean committed, gpointer user_data)
{
  Recorded *recorded = user_data;
  WherryPortRequest *request = g_new0 (WherryPortRequest, 1);

  request->type = WHERRY_PORT_RECORDED;
  request->member = recorded->member;
  request->by_member = committed;
  wherry_inbox_post_urgent (recorded->hub, request);
  wherry_inbox_unref (recorded->hub);
  g_free (recorded);
}

static gboolean
put (WherryRelayMember *member, gboolean wait)
{
  g_autoptr (GBytes) blob = write_blob (member);
  const WherryStoreResume record = {
    .room = member->room->name,
    .member = member->key,
    .hash = member->token_hash,
    .until_us = until_us (member),
    .blob = blob,
  };
  Recorded *recorded;

  if (!wait)
    return wherry_store_put_resume (member->relay->store, &record, NULL, NULL);
  recorded = g_new0 (Recorded, 1);
  recorded->hub = wherry_inbox_ref (member->relay->inbox);
  recorded->member = member->key;
  if (wherry_store_put_resume (member->relay->store, &record, on_recorded, recorded))
    return TRUE;
  wherry_inbox_unref (recorded->hub);
  g_free (recorded);
  return FALSE;
}

gboolean
wherry_resume_record_begin (WherryRelayMember *member)
{
  WherryRelayHub *relay = member->relay;

  if (relay->store == NULL || !member->resumable)
    return FALSE;
  g_free (member->token);
  member->has_before = member->has_token;
  memcpy (member->hash_before, member->token_hash, sizeof member->hash_before);
  member->token = wherry_resume_table_issue (relay->resumes, member->key, member->token_hash);
  member->has_token = member->token != NULL;
  if (member->has_token && put (member, TRUE))
    return TRUE;
  g_clear_pointer (&member->token, g_free); /* it cannot come back */
  return FALSE;
}

void
wherry_resume_record_confirm (WherryRelayMember *member)
{
  wherry_resume_table_confirm (member->relay->resumes, member->key);
  if (!member->has_before)
    return;
  member->has_before = FALSE;
  wherry_resume_record_update (member);
}

void
wherry_resume_record_update (WherryRelayMember *member)
{
  if (member->relay->store != NULL && member->resumable && wherry_relay_member_is_present (member))
    put (member, FALSE);
}

void
wherry_resume_record_delete (WherryRelayMember *member)
{
  if (member->relay->store != NULL && member->resumable)
    wherry_store_delete_resume (member->relay->store, member->room->name, member->key);
}

/* ---- after a start ---- */

static gboolean
may_be_restored (WherryRelayHub *relay, const WherryStoreResume *record)
{
  return relay->config->resume_window_us > 0 && record->until_us > g_get_real_time ()
         && wherry_signal_room_is_valid (record->room) && record->member != 0
         && !g_hash_table_contains (relay->members, &record->member);
}

gboolean
wherry_resume_restore (WherryRelayHub *relay, const WherryStoreResume *record)
{
  g_autoptr (WherryRelayRoom) room = NULL;
  g_autoptr (WherryMessage) will = NULL;
  g_autoptr (GVariant) blob = read_blob (record->blob);
  g_autoptr (GVariant) will_bytes = NULL;
  g_autoptr (GVariant) topics = NULL;
  g_autoptr (GVariant) before = NULL;
  const char *subject;
  guint will_kind;
  WherryJoin join = { .room = record->room, .resumable = TRUE };
  WherryRelayMember *member;
  gconstpointer data;
  gsize length;

  if (blob == NULL || !may_be_restored (relay, record))
    return FALSE;
  g_variant_get (blob, "(m&sm&sm&sm&s(u@ay)bu@ay@a(st))", &join.name, &join.attributes, &subject,
                 &join.will_topic, &will_kind, &will_bytes, &join.mirror, &join.history, &before,
                 &topics);
  data = g_variant_get_fixed_array (will_bytes, &length, 1);
  if (join.will_topic != NULL)
    join.will = will = wherry_message_new (will_kind == WHERRY_MESSAGE_TEXT ? WHERRY_MESSAGE_TEXT
                                                                            : WHERRY_MESSAGE_BINARY,
                                           data, length, relay->budget);
  room = wherry_relay_room_get (relay, record->room);
  member = wherry_relay_member_restore (relay, room, &join, record->member, subject, topics);
  member->has_token = TRUE;
  memcpy (member->token_hash, record->hash, sizeof member->token_hash);
  data = g_variant_get_fixed_array (before, &length, 1);
  if (length == WHERRY_RESUME_HASH_BYTES)
    {
      member->has_before = TRUE;
      memcpy (member->hash_before, data, length);
      wherry_resume_table_add (relay->resumes, record->member, data);
    }
  wherry_resume_table_add (relay->resumes, record->member, record->hash);
  return TRUE;
}

static void
restore_seat (WherryRoomTopic *topic, WherryRelayMember *member)
{
  const char *label = wherry_topic_get_label (topic->topic);
  GVariantIter iter;
  const char *name;
  guint64 since;

  g_variant_iter_init (&iter, member->restored);
  while (g_variant_iter_next (&iter, "(&st)", &name, &since))
    {
      if (!g_str_equal (name, label))
        continue;
      wherry_topic_entry (topic, member)->away = TRUE;
      wherry_room_topic_seat (topic, member);
      wherry_topic_restore_seat (topic->topic, member->key, since);
      wherry_topic_set_away (topic->topic, member->key, TRUE);
      return;
    }
}

void
wherry_resume_restore_topic (WherryRoomTopic *topic)
{
  WherryRelayRoom *room = topic->room;

  for (guint i = 0; i < room->members->len; i++)
    {
      WherryRelayMember *member = g_ptr_array_index (room->members, i);

      if (member->restored != NULL)
        restore_seat (topic, member);
    }
}
