/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "peer/wherry-peer-core-private.h"

/* ---- events of the channels ---- */

void
wherry_peer_core_end_channels (WherryPeerCore *self, WherryTransportState state, WherryPeerEnd end,
                               const GError *error)
{
  self->connected = FALSE;
  wherry_channel_set_close (self->set);
  wherry_peer_core_tell_layer (self, WHERRY_PEER_LAYER_SCTP, state, error);
  if (!self->settings->outlives_failure)
    wherry_peer_core_end (self, end, error);
}

static void
end_grace (WherryPeerCore *self)
{
  wherry_clock_clear_source (&self->grace);
  g_clear_error (&self->grace_error);
}

static gboolean
on_grace_over (gpointer data)
{
  WherryPeerCore *self = data;
  g_autoptr (GError) error = g_steal_pointer (&self->grace_error);

  end_grace (self);
  wherry_peer_core_end (self, WHERRY_PEER_END_FAILED, error);
  return G_SOURCE_REMOVE;
}

/* Before the first connection it is the hub's limit that counts. */
static void
watch_ice (WherryPeerCore *self, WherryTransportState before, WherryTransportState state,
           const GError *error)
{
  if (state == WHERRY_TRANSPORT_CONNECTED && self->grace != NULL)
    {
      end_grace (self);
      wherry_peer_core_tell_state (self, WHERRY_PEER_CONNECTED);
    }
  /* the tunnel is another way, and ICE may be restarted */
  if (state != WHERRY_TRANSPORT_FAILED || self->grace != NULL
      || wherry_peer_core_is_tunneled (self))
    return;
  if (self->connected)
    {
      self->grace_error = error != NULL ? g_error_copy (error) : NULL;
      self->grace = wherry_clock_add (self->settings->clock, wherry_peer_get_context (self->peer),
                                      self->settings->ice_grace_us, on_grace_over, self);
      wherry_peer_core_tell_state (self, WHERRY_PEER_DISCONNECTED);
    }
  else if (before == WHERRY_TRANSPORT_CONNECTED)
    wherry_peer_core_end (self, WHERRY_PEER_END_FAILED, error);
}

static void
on_layer (gpointer user_data, WherryPeerLayer layer, WherryTransportState state,
          const GError *error)
{
  WherryPeerCore *self = user_data;
  WherryTransportState before = self->layers[layer];

  wherry_peer_core_tell_layer (self, layer, state, error);
  if (layer == WHERRY_PEER_LAYER_ICE && self->settings->ice_grace_us > 0 && !self->ending)
    watch_ice (self, before, state, error);
}

static void
on_set_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  WherryPeerCore *self = user_data;

  switch (state)
    {
    case WHERRY_TRANSPORT_CONNECTED:
      self->connected = TRUE;
      wherry_peer_take_n_streams (self->peer, wherry_stream_transport_get_n_streams (
                                                  wherry_peer_core_get_transport (self)));
      if (!wherry_peer_core_is_tunneled (self))
        wherry_peer_core_tell_layer (self, WHERRY_PEER_LAYER_SCTP, state, NULL);
      wherry_peer_core_tell_state (self, WHERRY_PEER_CONNECTED);
      self->settings->delegate->connected (self->settings->delegate_data);
      break;
    case WHERRY_TRANSPORT_FAILED:
      wherry_peer_core_end_channels (self, state, WHERRY_PEER_END_FAILED, error);
      break;
    case WHERRY_TRANSPORT_CLOSED:
      wherry_peer_core_end_channels (self, state, WHERRY_PEER_END_REMOTE, error);
      break;
    case WHERRY_TRANSPORT_NEW:
    case WHERRY_TRANSPORT_CONNECTING:
    case WHERRY_TRANSPORT_DISCONNECTED:
    default:
      break;
    }
}

static void
on_incoming (gpointer user_data, WherryChannel *channel)
{
  WherryPeerCore *self = user_data;

  self->settings->delegate->incoming (self->settings->delegate_data, channel);
}

static void
on_open (gpointer user_data, WherryChannel *channel)
{
  WherryPeerCore *self = user_data;

  self->settings->delegate->open (self->settings->delegate_data, channel);
}

static void
on_message (gpointer user_data, WherryChannel *channel, WherryMessage *message)
{
  WherryPeerCore *self = user_data;

  self->settings->delegate->message (self->settings->delegate_data, channel, message);
}

static void
on_flushed (gpointer user_data, WherryChannel *channel)
{
  WherryPeerCore *self = user_data;

  if (self->settings->delegate->flushed != NULL)
    self->settings->delegate->flushed (self->settings->delegate_data, channel);
}

static void
on_closed (gpointer user_data, WherryChannel *channel)
{
  WherryPeerCore *self = user_data;

  self->settings->delegate->closed (self->settings->delegate_data, channel);
}

static void
on_writable (gpointer user_data)
{
  wherry_peer_core_wake (user_data);
}

static const WherryChannelSetEvents set_events = {
  .state = on_set_state,
  .incoming = on_incoming,
  .open = on_open,
  .message = on_message,
  .flushed = on_flushed,
  .closed = on_closed,
  .writable = on_writable,
};

static void
on_transport (gpointer user_data, WherryStreamTransport *transport, gboolean is_client)
{
  WherryPeerCore *self = user_data;

  wherry_peer_core_tell_layer (self, WHERRY_PEER_LAYER_SCTP, WHERRY_TRANSPORT_CONNECTING, NULL);
  if (!wherry_peer_core_offer_direct (self, transport, is_client))
    wherry_channel_set_attach (self->set, transport, is_client);
}

static void
on_candidate (gpointer user_data, const char *line)
{
  WherryPeerCore *self = user_data;

  wherry_peer_negotiation_found (&self->negotiation, self->stack, line);
  wherry_peer_core_tell_candidates (self);
}

static void
on_pair (gpointer user_data)
{
  wherry_peer_core_tell (user_data, WHERRY_PEER_EVENT_PAIR);
}

static void
on_candidate_error (gpointer user_data, const WherryIceCandidateError *error)
{
  wherry_peer_core_tell_candidate_error (user_data, error);
}

static void
on_addresses_changed (gpointer user_data, gboolean lost)
{
  wherry_peer_core_tell_addresses_changed (user_data, lost);
}

static const WherryPeerStackEvents stack_events = {
  .candidate = on_candidate,
  .pair = on_pair,
  .candidate_error = on_candidate_error,
  .addresses_changed = on_addresses_changed,
  .layer = on_layer,
  .transport = on_transport,
};

/* ---- life ---- */

static guint64
new_session_id (void)
{
  /* RFC 8829 section 5.2.1: 63 random bits; not a secret */
  return ((guint64) g_random_int () << 32 | g_random_int ()) & G_MAXINT64;
}

WherryPeerCore *
wherry_peer_core_new (WherryPeer *peer, const WherryPeerSettings *settings)
{
  WherryPeerCore *self = g_new0 (WherryPeerCore, 1);

  wherry_owner_init (&self->owner);
  self->peer = peer;
  self->settings = settings;
  wherry_peer_negotiation_init (&self->negotiation, new_session_id ());
  self->negotiation.preferred = settings->setup;
  self->set = wherry_channel_set_new (settings->max_channels, &set_events, self);
  if (settings->long_names)
    wherry_channel_set_allow_long_names (self->set);
  if (settings->leaves_ids)
    wherry_channel_set_leave_ids (self->set);
  return self;
}

void
wherry_peer_core_start (WherryPeerCore *self, GMainContext *context)
{
  g_autoptr (GError) error = NULL;

  WHERRY_ASSERT_OWNER (self);
  self->stack = wherry_peer_stack_new (self->settings, context, &stack_events, self, &error);
  if (self->stack != NULL)
    wherry_peer_stack_start (self->stack);
  else
    wherry_peer_core_end (self, WHERRY_PEER_END_FAILED, error);
}

static void
finish (gpointer user_data)
{
  WherryPeerCore *self = user_data;
  WherryPeer *peer = self->peer;
  WherryPeerEvent *event = wherry_peer_event_new (WHERRY_PEER_EVENT_FINISHED);

  WHERRY_ASSERT_OWNER (self);
  event->end = self->end;
  event->error = g_steal_pointer (&self->end_error);

  self->settings->delegate->ended (self->settings->delegate_data);
  g_clear_object (&self->set);
  g_clear_object (&self->ways);
  g_clear_pointer (&self->stack, wherry_peer_stack_free);
  wherry_peer_negotiation_clear (&self->negotiation);
  g_free (self);
  wherry_peer_take_finished (peer, event);
}

/* What was acknowledged is delivered, whoever ends it: the other side has no reason to say it
 * again. What came through the tunnel is older than what came past it. */
static void
drain (WherryPeerCore *self)
{
  WherryStreamTransport *association = wherry_peer_stack_get_transport (self->stack);

  if (self->ways != NULL)
    wherry_stream_transport_drain (WHERRY_STREAM_TRANSPORT (self->ways));
  if (association != NULL)
    wherry_stream_transport_drain (association);
}

void
wherry_peer_core_end (WherryPeerCore *self, WherryPeerEnd end, const GError *error)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->ending)
    return;
  self->ending = TRUE;
  self->end = end;
  end_grace (self);
  self->end_error = error != NULL ? g_error_copy (error) : NULL;

  if (self->stack == NULL)
    {
      finish (self);
      return;
    }
  if (self->connected)
    drain (self);
  wherry_channel_set_close (self->set);
  wherry_peer_core_close_tunnel (self);
  wherry_peer_core_tell_state (self, WHERRY_PEER_CLOSED);
  wherry_peer_stack_close (self->stack, finish, self);
}

void
wherry_peer_core_wake (WherryPeerCore *self)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->ending)
    return;
  wherry_peer_core_cork (self);
  self->settings->delegate->wake (self->settings->delegate_data);
  wherry_peer_core_uncork (self);
}

/* ---- for the delegate ---- */

WherryChannel *
wherry_peer_core_create_channel (WherryPeerCore *self, const WherryChannelInit *init,
                                 GError **error)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->ending)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                   "creating channel “%s”: the peer is ending", init->label);
      return NULL;
    }
  return wherry_channel_set_create (self->set, init, error);
}

void
wherry_peer_core_set_paused (WherryPeerCore *self, gboolean paused)
{
  WherryStreamTransport *transport = NULL;

  WHERRY_ASSERT_OWNER (self);
  /* At the end what was acknowledged is delivered, whoever would like to wait. */
  if (self->ending)
    return;
  transport = wherry_peer_core_get_transport (self);
  if (transport != NULL)
    wherry_stream_transport_set_paused (transport, paused);
}

gboolean
wherry_peer_core_is_connected (WherryPeerCore *self)
{
  WHERRY_ASSERT_OWNER (self);
  return self->connected && !self->ending && !wherry_channel_set_is_closed (self->set);
}

gsize
wherry_peer_core_get_remote_max_message_size (WherryPeerCore *self)
{
  const WherrySdp *remote = wherry_peer_negotiation_get_applied (&self->negotiation);
  gsize described
      = remote != NULL ? MIN (wherry_sdp_get_max_message_size (remote), G_MAXSIZE) : G_MAXSIZE;

  WHERRY_ASSERT_OWNER (self);
  /* what waits may have to go the other way in the end */
  if (wherry_peer_core_is_tunneled (self))
    return MIN (described, wherry_frame_stream_get_remote_max_message_size (
                               wherry_switch_stream_get_tunnel (self->ways)));
  if (remote == NULL)
    return self->settings->transport != NULL ? G_MAXSIZE : WHERRY_MAX_MESSAGE_SIZE_ABSENT;
  return described;
}

void
wherry_peer_core_cork (WherryPeerCore *self)
{
  WherryStreamTransport *transport = wherry_peer_core_get_transport (self);

  if (transport != NULL)
    wherry_stream_transport_cork (transport);
}

void
wherry_peer_core_uncork (WherryPeerCore *self)
{
  WherryStreamTransport *transport = wherry_peer_core_get_transport (self);

  if (transport != NULL)
    wherry_stream_transport_uncork (transport);
}
