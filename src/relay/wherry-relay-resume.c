/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "relay/wherry-relay-hub-private.h"
#include "relay/wherry-resume-record.h"

/* Members whose connection is gone and who may come back (protocol.md section 1, resume). Such a
 * member stays in its room, with its id, its place on each topic and what it would have published;
 * what it misses is kept by the topics. A new connection takes its place only when the peer of the
 * one before is finished, so that all that one had acknowledged is published, and counted, first.
 */

static gboolean
on_away_limit (gpointer data)
{
  wherry_relay_member_end (data, WHERRY_LEAVE_FAILED, TRUE);
  return G_SOURCE_REMOVE;
}

/* It has no connection from now on: out of every snapshot, but each topic knows of it. */
static void
cut (WherryRelayMember *self)
{
  self->stage = WHERRY_STAGE_CUT;
  self->connected = FALSE;
  self->disconnected = FALSE;
  wherry_clock_clear_source (&self->connect_timer);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  self->candidates_ended = FALSE;
  if (self->port != NULL)
    wherry_outbox_set_close (wherry_member_port_get_set (self->port)); /* who waits goes on */
  wherry_relay_room_pause_topics (self->room, self);
  if (self->peer != NULL)
    wherry_peer_post_close (self->peer);
}

gboolean
wherry_relay_member_may_be_away (WherryRelayMember *self)
{
  return self->resumable && self->was_connected && !self->relay->shutting_down;
}

void
wherry_relay_member_go_away (WherryRelayMember *self)
{
  const WherryLogContext context = wherry_relay_member_log_context (self);
  const WherryMemberEvents *events = self->events;
  gpointer user_data = self->user_data;
  WherryRelayHub *relay = self->relay;
  gboolean told;

  if (!wherry_relay_member_is_cut (self))
    cut (self);
  if (self->away_timer != NULL)
    return;
  told = self->stage == WHERRY_STAGE_AWAY; /* who was to take its place is gone, too */
  self->stage = WHERRY_STAGE_AWAY;
  self->events = NULL;
  self->away_timer = wherry_clock_add (relay->clock, relay->context,
                                       relay->config->resume_window_us, on_away_limit, self);
  if (!told)
    {
      wherry_message (&context, "member away");
      wherry_counter_inc (WHERRY_COUNTER_MEMBERS_AWAY);
      wherry_relay_room_tell_away (self->room, self, TRUE);
    }
  if (events != NULL) /* it comes back by another socket */
    events->left (user_data, WHERRY_LEAVE_FAILED);
  wherry_relay_hub_tell_changed (relay, self);
}

/* ---- coming back ---- */

static WherryRelayMember *
refuse (WherrySignalError *code, GError **error)
{
  *code = WHERRY_SIGNAL_ERROR_RESUME_REFUSED;
  wherry_counter_inc (WHERRY_COUNTER_RESUMES_REFUSED);
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE,
                       "there is nothing to resume: join anew");
  return NULL;
}

/* Of another room, of somebody else, unknown: all the same to who asks. */
static WherryRelayMember *
find (WherryRelayHub *self, const WherryJoin *join)
{
  guint64 key = wherry_resume_table_lookup (self->resumes, join->resume);
  WherryRelayMember *member = key != 0 ? g_hash_table_lookup (self->members, &key) : NULL;

  if (member == NULL || !wherry_relay_member_is_present (member)
      || !g_str_equal (member->room->name, join->room)
      || g_strcmp0 (member->subject, wherry_grant_get_subject (join->grant)) != 0)
    return NULL;
  return member;
}

/* Whether all that it missed is there; then where it goes on. */
static gboolean
take_places (WherryRelayMember *self, const GPtrArray *places)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->room->topics);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      WherryRoomTopic *topic = value;
      WherryTopicEntry *entry = g_hash_table_lookup (topic->entries, self);
      const char *label = wherry_topic_get_label (topic->topic);

      if (entry == NULL)
        continue;
      entry->resumes = TRUE;
      entry->seen = entry->direct = 0;
      for (guint i = 0; places != NULL && i < places->len; i++)
        {
          const WherrySignalPlace *place = g_ptr_array_index (places, i);

          if (!g_str_equal (place->topic, label))
            continue;
          entry->seen = place->seen;
          entry->direct = place->direct;
        }
      if (!wherry_topic_can_resume (topic->topic, self->key, entry->seen, entry->direct))
        return FALSE;
    }
  return TRUE;
}

static void
take_grant (WherryRelayMember *self, WherryGrant *grant)
{
  wherry_clock_clear_source (&self->expiry_timer);
  g_clear_pointer (&self->grant, wherry_grant_unref);
  wherry_relay_member_set_grant (self, grant);
}

WherryRelayMember *
wherry_relay_hub_resume (WherryRelayHub *self, const WherryJoin *join,
                         const WherryMemberEvents *events, gpointer user_data,
                         WherrySignalError *code, GError **error)
{
  g_autoptr (WherryRelayMember) member = find (self, join);
  const WherryMemberEvents *old_events;
  gpointer old_data;

  if (member == NULL)
    return refuse (code, error);
  wherry_relay_member_ref (member);
  wherry_resume_table_use (self->resumes, join->resume, member->token_hash);
  if (!wherry_relay_member_is_cut (member))
    cut (member);
  if (!take_places (member, join->places))
    {
      wherry_relay_member_end (member, WHERRY_LEAVE_SLOW, TRUE);
      return refuse (code, error);
    }

  old_events = member->events;
  old_data = member->user_data;
  member->events = events;
  member->user_data = user_data;
  wherry_relay_hub_count_address (self, member->address, -1);
  g_free (member->address);
  member->address = g_strdup (join->address);
  wherry_relay_hub_count_address (self, member->address, 1);
  member->mirror = join->mirror;
  wherry_mirror_expect (member, join->opens);
  wherry_clock_clear_source (&member->away_timer);
  take_grant (member, join->grant);
  wherry_relay_member_renew_presence (member, join);
  if (old_events != NULL)
    old_events->left (old_data, WHERRY_LEAVE_REPLACED);
  if (member->peer == NULL)
    wherry_relay_member_come_back (member);
  return wherry_relay_member_is_present (member) ? member : refuse (code, error);
}

/* It is told who is here now, and from then on what happens. */
static void
make_ready (WherryRelayMember *self)
{
  if (self->stage != WHERRY_STAGE_WAITING || self->n_records > 0)
    return;
  self->stage = WHERRY_STAGE_HERE;
  if (self->events != NULL && self->events->ready != NULL)
    self->events->ready (self->user_data);
}

void
wherry_relay_member_come_back (WherryRelayMember *self)
{
  const WherryLogContext context = wherry_relay_member_log_context (self);
  gboolean told = self->stage == WHERRY_STAGE_AWAY;

  wherry_message (&context, "member back");
  wherry_counter_inc (WHERRY_COUNTER_RESUMES);
  self->stage = WHERRY_STAGE_WAITING;
  self->resumed = TRUE;
  self->described = FALSE;
  if (self->port != NULL)
    {
      g_clear_pointer (&self->last_set, wherry_outbox_set_unref);
      self->last_set = wherry_outbox_set_ref (wherry_member_port_get_set (self->port));
    }
  g_clear_pointer (&self->port, wherry_member_port_unref);
  g_clear_pointer (&self->closed_labels, g_hash_table_unref);
  wherry_relay_member_start_connect_timer (self, self->relay->config->connect_limit_us);
  if (told)
    wherry_relay_room_tell_away (self->room, self, FALSE);
  wherry_relay_hub_tell_changed (self->relay, self);
  if (self->stage != WHERRY_STAGE_WAITING) /* who was told of it had it leave */
    return;
  if (wherry_resume_record_begin (self))
    self->n_records++;
  make_ready (self);
}

void
wherry_relay_member_recorded (WherryRelayMember *self, gboolean committed)
{
  if (--self->n_records > 0) /* what it will be told comes later */
    return;
  if (!committed) /* it may be told none that is not on disk */
    g_clear_pointer (&self->token, g_free);
  make_ready (self);
}

gboolean
wherry_relay_member_is_ready (WherryRelayMember *self)
{
  return self->stage == WHERRY_STAGE_HERE;
}

gboolean
wherry_relay_member_is_resumed (WherryRelayMember *self)
{
  return self->resumed;
}

char *
wherry_relay_member_issue_resume (WherryRelayMember *self)
{
  char *token;

  WHERRY_ASSERT_OWNER (self->relay);
  if (!self->resumable || self->relay->store != NULL)
    return g_steal_pointer (&self->token);
  token = wherry_resume_table_issue (self->relay->resumes, self->key, NULL);
  if (self->connected) /* nothing can be lost on the way */
    wherry_resume_table_confirm (self->relay->resumes, self->key);
  return token;
}

GPtrArray *
wherry_relay_member_list_accepted (WherryRelayMember *self)
{
  GPtrArray *places = wherry_signal_places_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->room->topics);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      WherryTopic *topic = ((WherryRoomTopic *) value)->topic;
      guint64 own, sequence;

      wherry_topic_get_accepted (topic, self->key, &own, &sequence);
      if (own > 0)
        wherry_signal_places_get (places, wherry_topic_get_label (topic))->accepted = own;
    }
  return places;
}
