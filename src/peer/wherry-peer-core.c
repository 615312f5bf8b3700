/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "peer/wherry-peer-core.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "base/wherry-owner.h"
#include "channel/wherry-channel-set.h"
#include "peer/wherry-peer-negotiation.h"
#include "peer/wherry-peer-stack.h"

struct _WherryPeerCore
{
  /* peer thread only */
  WherryOwner owner;
  WherryPeer *peer; /* our reference goes with the finished event */
  const WherryPeerSettings *settings;
  WherryPeerStack *stack; /* NULL when it could not be made */
  WherryPeerNegotiation negotiation;
  WherryChannelSet *set;
  GPtrArray *held; /* of WherryPeerEvent: candidates found before their description went out */
  gboolean connected;
  gboolean ending;
  WherryPeerEnd end;
  GError *end_error;
};

/* ---- events to the hub ---- */

static WherryPeerEvent *
event_new (WherryPeerEventType type)
{
  WherryPeerEvent *event = g_new0 (WherryPeerEvent, 1);

  event->type = type;
  return event;
}

static void
tell_state (WherryPeerCore *self, WherryPeerState state)
{
  WherryPeerEvent *event = event_new (WHERRY_PEER_EVENT_STATE);

  event->state = state;
  if (state == WHERRY_PEER_CONNECTED && !wherry_peer_stack_get_path (self->stack, &event->path))
    event->path = (WherryPeerPath){ "host", "host", "none" };
  wherry_peer_take_event (self->peer, event);
}

static void
tell_refused (WherryPeerCore *self, WherryPeerRequest request, GError *error)
{
  WherryPeerEvent *event = event_new (WHERRY_PEER_EVENT_REFUSED);

  event->request = request;
  event->error = error;
  wherry_peer_take_event (self->peer, event);
}

static void
tell_description (WherryPeerCore *self, const WherrySdp *sdp)
{
  WherryPeerEvent *event = event_new (WHERRY_PEER_EVENT_DESCRIPTION);

  event->sdp_type = sdp->type;
  event->text = wherry_sdp_to_string (sdp);
  wherry_peer_take_event (self->peer, event);
}

static void
on_local_candidate (gpointer user_data, const char *line)
{
  WherryPeerCore *self = user_data;
  const WherrySdp *local = self->negotiation.local;
  WherryPeerEvent *event = event_new (WHERRY_PEER_EVENT_CANDIDATE);
  const char *mid = NULL;

  wherry_sdp_get_candidate_target (local, &mid, &event->mline_index);
  event->text = g_strdup (line);
  event->mid = g_strdup (mid);
  event->ufrag = g_strdup (local->ice_ufrag);
  if (self->held != NULL)
    g_ptr_array_add (self->held, event);
  else
    wherry_peer_take_event (self->peer, event);
}

/* ---- events of the channels ---- */

static void
on_set_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  WherryPeerCore *self = user_data;

  switch (state)
    {
    case WHERRY_TRANSPORT_CONNECTED:
      self->connected = TRUE;
      tell_state (self, WHERRY_PEER_CONNECTED);
      self->settings->delegate->connected (self->settings->delegate_data);
      break;
    case WHERRY_TRANSPORT_FAILED:
      wherry_peer_core_end (self, WHERRY_PEER_END_FAILED, error);
      break;
    case WHERRY_TRANSPORT_CLOSED:
      wherry_peer_core_end (self, WHERRY_PEER_END_REMOTE, error);
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

  wherry_channel_set_attach (self->set, transport, is_client);
}

static const WherryPeerStackEvents stack_events = {
  .candidate = on_local_candidate,
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
  self->negotiation.session_id = new_session_id ();
  self->set = wherry_channel_set_new (settings->max_channels, &set_events, self);
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
  WherryPeerEvent *event = event_new (WHERRY_PEER_EVENT_FINISHED);

  WHERRY_ASSERT_OWNER (self);
  event->end = self->end;
  event->error = g_steal_pointer (&self->end_error);

  self->settings->delegate->ended (self->settings->delegate_data);
  g_clear_object (&self->set);
  g_clear_pointer (&self->stack, wherry_peer_stack_free);
  wherry_peer_negotiation_clear (&self->negotiation);
  g_free (self);
  wherry_peer_take_finished (peer, event);
}

void
wherry_peer_core_end (WherryPeerCore *self, WherryPeerEnd end, const GError *error)
{
  WherryStreamTransport *transport = NULL;

  WHERRY_ASSERT_OWNER (self);
  if (self->ending)
    return;
  self->ending = TRUE;
  self->end = end;
  self->end_error = error != NULL ? g_error_copy (error) : NULL;

  if (self->stack == NULL)
    {
      finish (self);
      return;
    }
  transport = wherry_peer_stack_get_transport (self->stack);
  if (end == WHERRY_PEER_END_LOCAL && self->connected && transport != NULL)
    wherry_stream_transport_set_paused (transport, FALSE); /* delivers what was acknowledged */
  wherry_channel_set_close (self->set);
  tell_state (self, WHERRY_PEER_CLOSED);
  wherry_peer_stack_close (self->stack, finish, self);
}

/* ---- requests ---- */

/* Before anything is changed, so that what is refused leaves no trace. That no two have one id was
 * seen to when they were read. */
static gboolean
check_channels (WherryPeerCore *self, GPtrArray *channels, GError **error)
{
  for (guint i = 0; channels != NULL && i < channels->len; i++)
    if (!wherry_channel_set_check (self->set, g_ptr_array_index (channels, i), error))
      return FALSE;
  return TRUE;
}

static void
want_streams (WherryPeerCore *self, GPtrArray *channels)
{
  for (guint i = 0; channels != NULL && i < channels->len; i++)
    {
      const WherryChannelInit *init = g_ptr_array_index (channels, i);

      if (init->negotiated)
        wherry_peer_stack_want_streams (self->stack, init->id + 1u);
    }
}

/* On a living association they open at once, and the delegate may close what it does not want. */
static void
make_channels (WherryPeerCore *self, GPtrArray *channels)
{
  for (guint i = 0; channels != NULL && i < channels->len; i++)
    wherry_channel_set_create (self->set, g_ptr_array_index (channels, i), NULL);
}

/* The local description goes out before its candidates, and only if there is a port to reach us
 * at. */
static void
describe_and_gather (WherryPeerCore *self, WherryPeerRequest request, gboolean gather)
{
  g_autoptr (GPtrArray) held = g_ptr_array_new_with_free_func (wherry_peer_event_free);
  GError *error = NULL;
  gboolean gathers = TRUE;

  self->held = held; /* without a STUN server all of them are found in the call */
  if (gather)
    gathers = wherry_peer_stack_gather (self->stack, &error);
  self->held = NULL;
  if (!gathers)
    {
      g_autoptr (GError) copy = g_error_copy (error);

      tell_refused (self, request, error);
      wherry_peer_core_end (self, WHERRY_PEER_END_FAILED, copy);
      return;
    }
  tell_description (self, self->negotiation.local);
  while (held->len > 0)
    wherry_peer_take_event (self->peer, g_ptr_array_steal_index (held, 0));
}

void
wherry_peer_core_create_offer (WherryPeerCore *self, gboolean ice_restart, GPtrArray *channels)
{
  GError *error = NULL;
  gboolean gather = FALSE;

  WHERRY_ASSERT_OWNER (self);
  if (self->ending)
    return;
  if (!check_channels (self, channels, &error)
      || !wherry_peer_negotiation_offer (&self->negotiation, self->stack, ice_restart, &gather,
                                         &error))
    {
      tell_refused (self, WHERRY_PEER_CALL, error);
      return;
    }
  want_streams (self, channels);
  make_channels (self, channels);
  describe_and_gather (self, WHERRY_PEER_CALL, gather);
}

void
wherry_peer_core_set_remote_description (WherryPeerCore *self, WherrySdp *sdp, GPtrArray *channels)
{
  GError *error = NULL;
  gboolean is_first = self->negotiation.remote == NULL;
  gboolean is_offer = sdp->type == WHERRY_SDP_OFFER;
  gboolean gather = FALSE;
  gboolean refused;

  WHERRY_ASSERT_OWNER (self);
  if (self->ending || !check_channels (self, channels, &error))
    {
      wherry_sdp_free (sdp);
      refused = !self->ending;
    }
  else
    {
      want_streams (self, channels); /* the association may be made now */
      refused
          = !wherry_peer_negotiation_remote (&self->negotiation, self->stack, sdp, &gather, &error);
    }
  if (refused)
    tell_refused (self, is_offer ? WHERRY_PEER_OFFER : WHERRY_PEER_ANSWER, error);
  if (refused || self->ending)
    return;

  make_channels (self, channels);
  if (is_first)
    tell_state (self, WHERRY_PEER_CONNECTING);
  if (is_offer)
    describe_and_gather (self, WHERRY_PEER_OFFER, gather);
  else
    wherry_peer_take_event (self->peer, event_new (WHERRY_PEER_EVENT_ANSWERED));
}

void
wherry_peer_core_add_remote_candidate (WherryPeerCore *self, const WherryCandidate *candidate)
{
  const WherrySdp *remote = self->negotiation.remote;
  g_autofree char *line = NULL;

  WHERRY_ASSERT_OWNER (self);
  if (self->ending)
    return;
  if (candidate != NULL && candidate->ufrag != NULL && remote != NULL
      && strcmp (candidate->ufrag, remote->ice_ufrag) != 0)
    {
      wherry_debug (NULL, "candidate of another ICE generation ignored");
      return;
    }
  if (candidate != NULL)
    line = wherry_candidate_to_string (candidate);
  wherry_peer_stack_add_remote_candidate (self->stack, line);
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
  transport = wherry_peer_stack_get_transport (self->stack);
  if (transport != NULL)
    wherry_stream_transport_set_paused (transport, paused);
}

gboolean
wherry_peer_core_is_connected (WherryPeerCore *self)
{
  WHERRY_ASSERT_OWNER (self);
  return self->connected && !self->ending;
}

gsize
wherry_peer_core_get_remote_max_message_size (WherryPeerCore *self)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->negotiation.remote == NULL)
    return self->settings->transport != NULL ? G_MAXSIZE : WHERRY_MAX_MESSAGE_SIZE_ABSENT;
  return MIN (wherry_sdp_get_max_message_size (self->negotiation.remote), G_MAXSIZE);
}

void
wherry_peer_core_cork (WherryPeerCore *self)
{
  WherryStreamTransport *transport = wherry_peer_stack_get_transport (self->stack);

  if (transport != NULL)
    wherry_stream_transport_cork (transport);
}

void
wherry_peer_core_uncork (WherryPeerCore *self)
{
  WherryStreamTransport *transport = wherry_peer_stack_get_transport (self->stack);

  if (transport != NULL)
    wherry_stream_transport_uncork (transport);
}
