/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay/wherry-relay-hub-private.h"
#include "relay/wherry-resume-record.h"

/* A member on the hub. It is present from its join to its left event; the structure, and what its
 * channels still publish, last until its peer is finished. */

WherryLogContext
wherry_relay_member_log_context (WherryRelayMember *self)
{
  return (WherryLogContext){ self->id, self->room->name, NULL };
}

/* ---- life ---- */

static gboolean
on_connect_limit (gpointer data)
{
  wherry_relay_member_leave (data, WHERRY_LEAVE_TIMEOUT);
  return G_SOURCE_REMOVE;
}

void
wherry_relay_member_start_connect_timer (WherryRelayMember *self, gint64 limit_us)
{
  WherryRelayHub *relay = self->relay;

  wherry_clock_clear_source (&self->connect_timer);
  self->connect_by_us = wherry_clock_now_us (relay->clock) + limit_us;
  self->connect_timer
      = wherry_clock_add (relay->clock, relay->context, limit_us, on_connect_limit, self);
}

static guint64
new_key (WherryRelayHub *relay)
{
  guint64 key;

  do
    key = (guint64) g_random_int () << 32 | g_random_int ();
  while (key == 0 || g_hash_table_contains (relay->members, &key));
  return key;
}

WherryRelayMember *
wherry_relay_member_new (WherryRelayHub *relay, WherryRelayRoom *room, const WherryJoin *join,
                         const WherryMemberEvents *events, gpointer user_data)
{
  WherryRelayMember *self = g_new0 (WherryRelayMember, 1);
  const char *name;

  self->ref_count = 1;
  self->relay = relay;
  self->room = wherry_relay_room_ref (room);
  self->key = new_key (relay);
  g_snprintf (self->id, sizeof self->id, "%016" G_GINT64_MODIFIER "x", self->key);
  name = wherry_grant_get_name (join->grant);
  self->name = g_strdup (name != NULL ? name : join->name);
  self->address = g_strdup (join->address);
  self->mirror = join->mirror;
  self->attributes = g_strdup (wherry_relay_join_attributes (join));
  if (join->will != NULL)
    {
      self->will = wherry_message_ref (join->will);
      self->will_topic = g_strdup (join->will_topic);
    }
  self->history = join->history;
  self->resumable = join->resumable && join->transport == NULL && !room->echo
                    && relay->config->resume_window_us > 0;
  self->addressed = join->addressed || join->resumable;
  wherry_mirror_expect (self, join->opens);
  self->transport = join->transport;
  self->transport_data = join->transport_data;
  self->events = events;
  self->user_data = user_data;
  self->owns = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, wherry_own_channel_free);
  g_hash_table_insert (relay->members, &self->key, self);
  relay->n_present++;
  wherry_relay_hub_count_address (relay, self->address, 1);
  wherry_relay_member_start_connect_timer (self, relay->config->connect_limit_us);
  wherry_relay_member_set_grant (self, join->grant);
  return self;
}

WherryRelayMember *
wherry_relay_member_restore (WherryRelayHub *relay, WherryRelayRoom *room, const WherryJoin *join,
                             guint64 key, const char *subject, GVariant *topics)
{
  WherryRelayMember *self = wherry_relay_member_new (relay, room, join, NULL, NULL);

  g_hash_table_steal (relay->members, &self->key);
  self->key = key;
  g_snprintf (self->id, sizeof self->id, "%016" G_GINT64_MODIFIER "x", key);
  g_hash_table_insert (relay->members, &self->key, self);
  self->subject = g_strdup (subject);
  self->restored = g_variant_ref (topics);
  self->was_connected = TRUE;
  wherry_relay_room_add (room, self);
  wherry_relay_member_go_away (self);
  return self;
}

WherryRelayMember *
wherry_relay_member_ref (WherryRelayMember *self)
{
  self->ref_count++;
  return self;
}

void
wherry_relay_member_unref (WherryRelayMember *self)
{
  if (--self->ref_count > 0)
    return;
  g_assert (self->peer == NULL && self->connect_timer == NULL);
  g_hash_table_unref (self->owns);
  g_clear_pointer (&self->closed_labels, g_hash_table_unref);
  g_clear_pointer (&self->opens, g_hash_table_unref);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_clear_pointer (&self->port, wherry_member_port_unref);
  g_clear_pointer (&self->last_set, wherry_outbox_set_unref);
  g_clear_pointer (&self->room, wherry_relay_room_unref);
  g_clear_pointer (&self->grant, wherry_grant_unref);
  g_free (self->name);
  g_clear_pointer (&self->will, wherry_message_unref);
  g_free (self->will_topic);
  g_free (self->subject);
  g_free (self->token);
  g_clear_pointer (&self->restored, g_variant_unref);
  g_free (self->attributes);
  g_free (self->address);
  g_free (self->path);
  g_free (self);
}

static void
count_leave (WherryLeaveReason reason)
{
  switch (reason)
    {
    case WHERRY_LEAVE_SLOW:
      wherry_counter_inc (WHERRY_COUNTER_LEFT_SLOW);
      break;
    case WHERRY_LEAVE_TIMEOUT:
      wherry_counter_inc (WHERRY_COUNTER_LEFT_TIMEOUT);
      break;
    case WHERRY_LEAVE_FAILED:
      wherry_counter_inc (WHERRY_COUNTER_LEFT_FAILED);
      break;
    case WHERRY_LEAVE_KICKED:
      wherry_counter_inc (WHERRY_COUNTER_LEFT_KICKED);
      break;
    case WHERRY_LEAVE_BANNED:
      wherry_counter_inc (WHERRY_COUNTER_LEFT_BANNED);
      break;
    case WHERRY_LEAVE_EXPIRED:
      wherry_counter_inc (WHERRY_COUNTER_LEFT_EXPIRED);
      break;
    case WHERRY_LEAVE_LEFT:
    case WHERRY_LEAVE_REPLACED:
    case WHERRY_LEAVE_SHUTDOWN:
    default:
      break;
    }
}

void
wherry_relay_member_end (WherryRelayMember *self, WherryLeaveReason reason, gboolean told)
{
  G_GNUC_UNUSED g_autoptr (WherryRelayMember) keep = wherry_relay_member_ref (self);
  const WherryLogContext context = wherry_relay_member_log_context (self);
  const WherryMemberEvents *events = self->stage != WHERRY_STAGE_JOINING ? self->events : NULL;

  if (!wherry_relay_member_is_present (self))
    return;
  wherry_message (&context, "member left: %s", wherry_leave_reason_to_string (reason));
  count_leave (reason);
  self->stage = WHERRY_STAGE_LEFT;
  self->reason = reason;
  self->events = NULL;
  self->relay->n_present--;
  wherry_relay_hub_count_address (self->relay, self->address, -1);
  wherry_clock_clear_source (&self->connect_timer);
  wherry_clock_clear_source (&self->expiry_timer);
  wherry_clock_clear_source (&self->away_timer);
  wherry_resume_table_forget (self->relay->resumes, self->key);
  if (reason != WHERRY_LEAVE_SHUTDOWN) /* it may come back to the next process */
    wherry_resume_record_delete (self);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  if (events != NULL && events->leaving != NULL)
    events->leaving (self->user_data, reason);
  if (self->port != NULL)
    wherry_outbox_set_close (wherry_member_port_get_set (self->port)); /* who waits goes on */
  if (self->peer == NULL) /* otherwise when that is finished: it may still have something to say */
    wherry_relay_member_publish_will (self, reason);
  wherry_relay_room_remove (self->room, self, reason, told);
  if (self->peer != NULL)
    wherry_peer_post_close (self->peer);
  if (events != NULL) /* of one that is joining, its join fails */
    events->left (self->user_data, reason);
  wherry_relay_hub_tell_left (self->relay, self, reason);
  if (self->peer == NULL)
    wherry_relay_hub_member_gone (self->relay, self);
}

void
wherry_relay_member_leave (WherryRelayMember *self, WherryLeaveReason reason)
{
  WHERRY_ASSERT_OWNER (self->relay);
  wherry_relay_member_end (self, reason, TRUE);
}

void
wherry_relay_member_detach (WherryRelayMember *self)
{
  gint64 left_us = self->connect_by_us - wherry_clock_now_us (self->relay->clock);

  WHERRY_ASSERT_OWNER (self->relay);
  self->events = NULL;
  if (self->tunnel && self->peer != NULL)
    wherry_peer_post_tunnel_lost (self->peer);
  if (!wherry_relay_member_is_present (self) || (self->connected && !self->disconnected))
    return;
  if (wherry_relay_member_is_cut (self)
      || (wherry_relay_member_may_be_away (self) && (self->disconnected || !self->described)))
    wherry_relay_member_go_away (self);
  else if (self->disconnected)
    wherry_relay_member_end (self, WHERRY_LEAVE_FAILED, TRUE);
  else if (self->peer == NULL || !self->described)
    wherry_relay_member_end (self, WHERRY_LEAVE_LEFT, TRUE);
  else
    wherry_relay_member_start_connect_timer (self, CLAMP (left_us, 0, WHERRY_DETACHED_LIMIT_US));
}

/* ---- what its port says ---- */

void
wherry_relay_member_handle (WherryRelayMember *self, WherryPortRequest *request)
{
  const WherryLogContext context = wherry_relay_member_log_context (self);
  WherryRelayRoom *room = self->room;

  switch (request->type)
    {
    case WHERRY_PORT_CONNECTED:
      if (!wherry_relay_member_is_served (self))
        break;
      wherry_message (&context, "member connected");
      self->connected = self->was_connected = TRUE;
      wherry_resume_record_confirm (self);
      wherry_clock_clear_source (&self->connect_timer);
      wherry_relay_hub_tell_changed (self->relay, self);
      if (!room->echo)
        wherry_mirror_connected (room, self);
      break;
    case WHERRY_PORT_SUBSCRIBE:
      wherry_relay_room_subscribe (room, self, request->token, request->init);
      break;
    case WHERRY_PORT_GONE:
      wherry_relay_room_disown (room, self, request->token);
      break;
    case WHERRY_PORT_UNSUBSCRIBE:
      wherry_relay_room_unsubscribe (room, self, request->token);
      break;
    case WHERRY_PORT_FLUSH:
      wherry_relay_room_flush (room, self, request->token, request->messages);
      break;
    case WHERRY_PORT_MIRROR_SENT:
      wherry_mirror_sent (room, self, request->token);
      break;
    case WHERRY_PORT_MIRROR_CLOSED:
      wherry_mirror_closed (room, self, request->token, request->by_member, request->init->label);
      break;
    case WHERRY_PORT_MIRROR_FAILED:
      wherry_mirror_failed (room, self, request->token);
      break;
    case WHERRY_PORT_NOTICES_OPEN:
      if (self->events != NULL && self->events->notices_open != NULL)
        self->events->notices_open (self->user_data);
      break;
    case WHERRY_PORT_RECORDED:
      wherry_relay_member_recorded (self, request->by_member);
      break;
    case WHERRY_PORT_LOST:
      wherry_relay_member_end (self, WHERRY_LEAVE_SLOW, TRUE);
      break;
    case WHERRY_PORT_OFFENDED:
      wherry_relay_member_offended (self, request->code);
      break;
    case WHERRY_PORT_WATCH:
    default:
      wherry_bug ("request %d is not a member's", (int) request->type);
      break;
    }
}
