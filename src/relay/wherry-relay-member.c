/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "relay/wherry-relay-hub-private.h"

/* A member on the hub. It is present from its join to its left event; the structure, and what its
 * channels still publish, last until its peer is finished. */

static WherryLogContext
log_context (WherryRelayMember *self)
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

static void
start_connect_timer (WherryRelayMember *self, gint64 limit_us)
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

  self->ref_count = 1;
  self->relay = relay;
  self->room = wherry_relay_room_ref (room);
  self->key = new_key (relay);
  g_snprintf (self->id, sizeof self->id, "%016" G_GINT64_MODIFIER "x", self->key);
  self->name = g_strdup (join->name);
  self->address = g_strdup (join->address);
  self->mirror = join->mirror;
  self->transport = join->transport;
  self->transport_data = join->transport_data;
  self->events = events;
  self->user_data = user_data;
  self->present = TRUE;
  self->owns = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, wherry_own_channel_free);
  g_hash_table_insert (relay->members, &self->key, self);
  relay->n_present++;
  start_connect_timer (self, relay->config->connect_limit_us);
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
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_clear_pointer (&self->port, wherry_member_port_unref);
  g_clear_pointer (&self->room, wherry_relay_room_unref);
  g_free (self->name);
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
    case WHERRY_LEAVE_LEFT:
    case WHERRY_LEAVE_KICKED:
    case WHERRY_LEAVE_BANNED:
    case WHERRY_LEAVE_EXPIRED:
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
  const WherryLogContext context = log_context (self);
  const WherryMemberEvents *events = self->events;

  if (!self->present)
    return;
  wherry_message (&context, "member left: %s", wherry_leave_reason_to_string (reason));
  count_leave (reason);
  self->present = FALSE;
  self->events = NULL;
  self->relay->n_present--;
  wherry_clock_clear_source (&self->connect_timer);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  if (self->port != NULL)
    wherry_outbox_set_close (wherry_member_port_get_set (self->port)); /* who waits goes on */
  wherry_relay_room_remove (self->room, self, reason, told);
  if (self->peer != NULL)
    wherry_peer_post_close (self->peer);
  if (events != NULL && !self->joining) /* its join fails otherwise */
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
  if (!self->present || self->connected)
    return;
  if (self->peer == NULL || !self->described)
    wherry_relay_member_end (self, WHERRY_LEAVE_LEFT, TRUE);
  else
    start_connect_timer (self, CLAMP (left_us, 0, WHERRY_DETACHED_LIMIT_US));
}

/* ---- what its peer says ---- */

static void
on_description (gpointer user_data, WherrySdpType type, const char *sdp)
{
  WherryRelayMember *self = user_data;

  wherry_relay_member_settle_streams (self, TRUE);
  self->described |= type == WHERRY_SDP_ANSWER && self->events != NULL;
  if (self->events != NULL)
    self->events->description (self->user_data, type, sdp);
}

static void
on_candidate (gpointer user_data, const char *candidate, const char *mid, guint mline_index,
              const char *ufrag)
{
  WherryRelayMember *self = user_data;

  if (self->events != NULL)
    self->events->candidate (self->user_data, candidate, mid, mline_index, ufrag);
}

static void
on_refused (gpointer user_data, WherryPeerRequest request, const GError *error)
{
  WherryRelayMember *self = user_data;
  const WherryLogContext context = log_context (self);

  /* until it is connected, what was asked for may yet be part of its association */
  wherry_relay_member_settle_streams (self, !self->connected);
  if (g_error_matches (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES))
    {
      wherry_warning (&context, "not connected: %s", error->message);
      wherry_counter_inc (WHERRY_COUNTER_JOINS_REFUSED);
    }
  if (self->events != NULL)
    self->events->refused (self->user_data, request, error);
}

static void
on_answered (gpointer user_data)
{
  WherryRelayMember *self = user_data;

  wherry_relay_member_settle_streams (self, TRUE);
  if (self->events != NULL)
    self->events->answered (self->user_data);
}

static void
on_state (gpointer user_data, WherryPeerState state, const WherryPeerPath *path)
{
  WherryRelayMember *self = user_data;
  const WherryLogContext context = log_context (self);

  if (state != WHERRY_PEER_CONNECTED || path == NULL)
    return;
  g_free (self->path);
  self->path
      = g_strdup_printf ("%s to %s over %s", path->local_type, path->remote_type, path->protocol);
  wherry_info (&context, "connected: %s", self->path);
  wherry_relay_hub_tell_changed (self->relay, self);
}

static void
on_finished (gpointer user_data, WherryPeerEnd end, const GError *error)
{
  g_autoptr (WherryRelayMember) self = user_data; /* the peer's reference */
  const WherryLogContext context = log_context (self);
  WherryRelayHub *relay = self->relay;

  if (error != NULL)
    wherry_info (&context, "connection ended: %s", error->message);
  /* What its port posted was posted before: have all of it first. */
  wherry_inbox_drain (relay->inbox);
  self->connected = FALSE;
  wherry_relay_room_finish_topics (self->room, self);
  g_clear_pointer (&self->peer, wherry_peer_unref);
  wherry_relay_member_release_streams (self);
  wherry_relay_hub_count_peer (relay, -1);
  relay->fds_freed = TRUE;
  if (self->present)
    wherry_relay_member_end (self,
                             end == WHERRY_PEER_END_REMOTE ? WHERRY_LEAVE_LEFT
                                                           : WHERRY_LEAVE_FAILED,
                             TRUE);
  else
    wherry_relay_hub_member_gone (relay, self);
}

static const WherryPeerHubEvents hub_events = {
  .description = on_description,
  .candidate = on_candidate,
  .refused = on_refused,
  .answered = on_answered,
  .state = on_state,
  .finished = on_finished,
};

/* ---- what its port says ---- */

void
wherry_relay_member_handle (WherryRelayMember *self, WherryPortRequest *request)
{
  const WherryLogContext context = log_context (self);
  WherryRelayRoom *room = self->room;

  switch (request->type)
    {
    case WHERRY_PORT_CONNECTED:
      if (!self->present)
        break;
      wherry_message (&context, "member connected");
      self->connected = TRUE;
      wherry_clock_clear_source (&self->connect_timer);
      wherry_relay_hub_tell_changed (self->relay, self);
      if (!room->echo)
        wherry_mirror_connected (room, self);
      break;
    case WHERRY_PORT_SUBSCRIBE:
      wherry_relay_room_subscribe (room, self, request->token, request->init);
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
      wherry_mirror_closed (room, self, request->token, request->by_member);
      break;
    case WHERRY_PORT_MIRROR_FAILED:
      wherry_mirror_failed (room, self, request->token);
      break;
    case WHERRY_PORT_WATCH:
    default:
      wherry_bug ("request %d is not a member's", (int) request->type);
      break;
    }
}

/* ---- signaling ---- */

/* What came before there was a peer. */
static void
post_candidates (WherryRelayMember *self)
{
  g_autoptr (GPtrArray) candidates = g_steal_pointer (&self->candidates);

  while (candidates != NULL && candidates->len > 0)
    wherry_peer_post_remote_candidate (self->peer, g_ptr_array_steal_index (candidates, 0));
  if (self->candidates_ended)
    wherry_peer_post_remote_candidate (self->peer, NULL);
  self->candidates_ended = FALSE;
}

static gboolean
make_peer (WherryRelayMember *self, WherrySignalError *code, GError **error)
{
  WherryRelayHub *relay = self->relay;
  WherryPortSettings settings = {
    .id = self->key,
    .name = self->id,
    .room = self->room->name,
    .echo = self->room->echo,
    .config = relay->config,
    .hub = relay->inbox,
    .budget = relay->budget,
    .watch = relay->watch,
    .clock = relay->clock,
  };
  WherryPeerConfig config = {
    .id = self->id,
    .room = self->room->name,
    .ice = relay->config->ice,
    .clock = relay->clock,
    .budget = relay->budget,
    .max_message_size = relay->config->max_message_size,
    /* wherry:notices, and one that the port refuses with a notice */
    .max_channels = relay->config->channels_per_member + 2,
  };

  *code = WHERRY_SIGNAL_ERROR_SERVER_FULL;
  if (self->transport == NULL && !wherry_relay_hub_has_room_for_peer (relay, 1))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES,
                   "the server has no file descriptors left for one more peer");
      return FALSE;
    }
  if (self->transport != NULL) /* its other end is on this thread too */
    {
      config.transport = self->transport;
      config.transport_data = self->transport_data;
      config.context = relay->context;
    }
  else if (relay->peer_hook != NULL)
    relay->peer_hook (self, &config, relay->peer_hook_data);
  self->port = wherry_member_port_new (&settings);
  self->peer = wherry_member_port_start (self->port, &config, relay->context, &hub_events,
                                         wherry_relay_member_ref (self), error);
  if (self->peer == NULL)
    {
      g_clear_pointer (&self->port, wherry_member_port_unref);
      wherry_relay_member_unref (self);
      return FALSE;
    }
  wherry_relay_hub_count_peer (relay, 1);
  if (self->transport == NULL)
    relay->fds_used += WHERRY_FDS_PER_PEER;
  start_connect_timer (self, relay->config->connect_limit_us);
  post_candidates (self);
  return TRUE;
}

/* A peer that may have these channels. */
static gboolean
ensure_peer (WherryRelayMember *self, const WherryChannelInit *channels, guint n,
             WherrySignalError *code, GError **error)
{
  if (!wherry_relay_member_reserve_streams (self, channels, n, code, error))
    return FALSE;
  if (self->peer != NULL || make_peer (self, code, error))
    return TRUE;
  wherry_relay_member_release_streams (self);
  return FALSE;
}

gboolean
wherry_relay_member_start (WherryRelayMember *self, WherrySignalError *code, GError **error)
{
  WHERRY_ASSERT_OWNER (self->relay);
  g_assert (self->transport != NULL && self->peer == NULL);
  return make_peer (self, code, error);
}

gboolean
wherry_relay_member_call (WherryRelayMember *self, const WherryChannelInit *channels, guint n,
                          WherrySignalError *code, GError **error)
{
  WHERRY_ASSERT_OWNER (self->relay);
  if (!ensure_peer (self, channels, n, code, error))
    return FALSE;
  wherry_peer_post_create_offer (self->peer, FALSE, channels, n);
  return TRUE;
}

gboolean
wherry_relay_member_remote_description (WherryRelayMember *self, WherrySdp *sdp,
                                        const WherryChannelInit *channels, guint n,
                                        WherrySignalError *code, GError **error)
{
  WHERRY_ASSERT_OWNER (self->relay);
  if (!ensure_peer (self, channels, n, code, error))
    {
      wherry_sdp_free (sdp);
      return FALSE;
    }
  self->described |= sdp->type == WHERRY_SDP_ANSWER;
  wherry_peer_post_remote_description (self->peer, sdp, channels, n);
  return TRUE;
}

void
wherry_relay_member_remote_candidate (WherryRelayMember *self, WherryCandidate *candidate)
{
  WHERRY_ASSERT_OWNER (self->relay);
  if (self->peer != NULL)
    wherry_peer_post_remote_candidate (self->peer, candidate);
  else if (candidate == NULL)
    self->candidates_ended = TRUE;
  else
    {
      if (self->candidates == NULL)
        self->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_candidate_free);
      if (self->candidates->len < WHERRY_CANDIDATES_MAX)
        g_ptr_array_add (self->candidates, candidate);
      else
        {
          wherry_counter_inc (WHERRY_COUNTER_ICE_BAD_CANDIDATES);
          wherry_candidate_free (candidate);
        }
    }
}
