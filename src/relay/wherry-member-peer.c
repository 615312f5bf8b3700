/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "relay/wherry-relay-hub-private.h"

/* A member's peer: what it says, and what signaling says to it. */

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
  const WherryLogContext context = wherry_relay_member_log_context (self);

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

/* While there is signaling the connection can be found anew. */
static void
lose_path (WherryRelayMember *self, const char *why)
{
  const WherryLogContext context = wherry_relay_member_log_context (self);

  wherry_info (&context, "%s: %s", why,
               self->events != NULL ? "ICE is to be restarted" : "there is no signaling to say so");
  if (self->events != NULL)
    self->events->path_lost (self->user_data);
  else if (self->disconnected && wherry_relay_member_may_be_away (self))
    wherry_relay_member_go_away (self);
  else if (self->disconnected)
    wherry_relay_member_leave (self, WHERRY_LEAVE_FAILED);
}

static void
on_state (gpointer user_data, WherryPeerState state, const WherryPeerPath *path)
{
  WherryRelayMember *self = user_data;
  const WherryLogContext context = wherry_relay_member_log_context (self);

  self->disconnected = state == WHERRY_PEER_DISCONNECTED;
  if (self->disconnected)
    lose_path (self, "it no longer answers");
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
  WherryLeaveReason reason
      = end == WHERRY_PEER_END_REMOTE ? WHERRY_LEAVE_LEFT : WHERRY_LEAVE_FAILED;
  const WherryLogContext context = wherry_relay_member_log_context (self);
  WherryRelayHub *relay = self->relay;

  if (error != NULL)
    wherry_info (&context, "connection ended: %s", error->message);
  /* What its port posted was posted before: have all of it first. */
  wherry_inbox_drain (relay->inbox);
  self->connected = FALSE;
  g_clear_pointer (&self->peer, wherry_peer_unref);
  if (wherry_relay_member_is_served (self) && end != WHERRY_PEER_END_REMOTE
      && wherry_relay_member_may_be_away (self))
    wherry_relay_member_go_away (self);
  if (!wherry_relay_member_is_cut (self))
    wherry_relay_member_publish_will (self, wherry_relay_member_is_present (self) ? reason
                                                                                  : self->reason);
  wherry_relay_room_finish_topics (self->room, self);
  wherry_relay_member_release_streams (self);
  wherry_relay_hub_count_peer (relay, -1);
  relay->fds_freed = TRUE;
  if (wherry_relay_member_is_cut (self))
    {
      if (self->events != NULL)
        wherry_relay_member_come_back (self);
    }
  else if (wherry_relay_member_is_present (self))
    wherry_relay_member_end (self, reason, TRUE);
  else
    wherry_relay_hub_member_gone (relay, self);
}

static void
on_addresses_changed (gpointer user_data, gboolean lost)
{
  lose_path (user_data, "our address is gone");
}

static void
on_tunnel_output (gpointer user_data, GBytes *frames)
{
  WherryRelayMember *self = user_data;

  /* the last words of a connection that was replaced are not for the socket of the next */
  if (!wherry_relay_member_is_cut (self) && self->events != NULL
      && self->events->tunnel_output != NULL)
    self->events->tunnel_output (self->user_data, frames);
}

static const WherryPeerHubEvents hub_events = {
  .description = on_description,
  .candidate = on_candidate,
  .refused = on_refused,
  .answered = on_answered,
  .state = on_state,
  .finished = on_finished,
  .addresses_changed = on_addresses_changed,
  .tunnel_output = on_tunnel_output,
};

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
    .limited = wherry_relay_member_is_limited (self),
    .grant = self->grant,
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
    .ice_grace_us = WHERRY_ICE_GRACE_US,
    .threads = relay->threads,
    .shares_certificate = TRUE,
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
  if (self->last_set != NULL)
    wherry_outbox_set_adopt_counts (wherry_member_port_get_set (self->port), self->last_set);
  g_clear_pointer (&self->last_set, wherry_outbox_set_unref);
  wherry_relay_hub_count_peer (relay, 1);
  if (self->transport == NULL)
    relay->fds_used += WHERRY_FDS_PER_PEER;
  wherry_relay_member_start_connect_timer (self, relay->config->connect_limit_us);
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
wherry_relay_member_tunnel (WherryRelayMember *self, WherrySignalError *code, GError **error)
{
  WHERRY_ASSERT_OWNER (self->relay);
  if (!self->relay->config->tunnel)
    {
      *code = WHERRY_SIGNAL_ERROR_FORBIDDEN;
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_FORBIDDEN,
                           "this server carries no channels on its signaling socket");
      return FALSE;
    }
  if (self->peer == NULL && !make_peer (self, code, error))
    return FALSE;
  self->tunnel = TRUE;
  wherry_peer_post_tunnel (self->peer, TRUE);
  return TRUE;
}

gboolean
wherry_relay_member_tunnel_input (WherryRelayMember *self, GBytes *frames)
{
  WHERRY_ASSERT_OWNER (self->relay);
  return self->peer == NULL || wherry_peer_post_tunnel_input (self->peer, frames);
}

gboolean
wherry_relay_member_restart (WherryRelayMember *self, WherrySignalError *code, GError **error)
{
  WHERRY_ASSERT_OWNER (self->relay);
  if (!ensure_peer (self, NULL, 0, code, error))
    return FALSE;
  wherry_peer_post_create_offer (self->peer, TRUE, NULL, 0);
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
