/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "peer/wherry-peer-core-private.h"
#include "peer/wherry-peer-private.h"

/* The way of a peer that has no other: binary messages that somebody else carries, until its own
 * association is connected. What is posted is bounded by the credit that the other side has; one
 * that does not heed it is ended before it grows us. */

/* Several windows: credit that was given may be on its way. */
#define INPUT_MAX (4u * WHERRY_TUNNEL_WINDOW)

/* ---- Thread: peer ---- */

static void
on_output (gpointer user_data, GBytes *frames)
{
  WherryPeerCore *self = user_data;
  WherryPeerEvent *event = wherry_peer_event_new (WHERRY_PEER_EVENT_TUNNEL_OUTPUT);

  event->frames = frames;
  wherry_peer_take_event (self->peer, event);
}

static void
on_moved (gpointer user_data, gboolean tunneled)
{
  WherryPeerCore *self = user_data;
  WherryPeerEvent *event = wherry_peer_event_new (WHERRY_PEER_EVENT_TUNNEL_MOVED);

  event->tunneled = tunneled;
  wherry_peer_take_event (self->peer, event);
  if (tunneled)
    wherry_counter_inc (WHERRY_COUNTER_TUNNELS);
  else if (self->connected)
    {
      wherry_peer_core_tell_layer (self, WHERRY_PEER_LAYER_SCTP, WHERRY_TRANSPORT_CONNECTED, NULL);
      wherry_peer_core_tell_state (self, WHERRY_PEER_CONNECTED);
    }
}

static const WherrySwitchStreamCarrier carrier = {
  .output = on_output,
  .moved = on_moved,
};

WherryStreamTransport *
wherry_peer_core_get_transport (WherryPeerCore *self)
{
  return self->ways != NULL ? WHERRY_STREAM_TRANSPORT (self->ways)
                            : wherry_peer_stack_get_transport (self->stack);
}

gboolean
wherry_peer_core_is_tunneled (WherryPeerCore *self)
{
  return self->ways != NULL && wherry_switch_stream_is_tunneled (self->ways);
}

gboolean
wherry_peer_core_offer_direct (WherryPeerCore *self, WherryStreamTransport *association,
                               gboolean is_client)
{
  if (self->ways == NULL)
    return FALSE;
  /* with the other role streams would be made twice: it stays where it is */
  if (is_client == self->ways_client)
    wherry_switch_stream_set_direct (self->ways, association);
  return TRUE;
}

void
wherry_peer_core_begin_tunnel (WherryPeerCore *self, gboolean is_client)
{
  WherryStreamTransport *association = NULL;

  WHERRY_ASSERT_OWNER (self);
  if (self->ending || self->connected || self->ways != NULL || self->settings->transport != NULL)
    return;
  association = wherry_peer_stack_get_transport (self->stack);
  self->ways_client = self->negotiation.has_role ? self->negotiation.is_client : is_client;
  self->ways = wherry_switch_stream_new (self->settings->max_message_size, self->settings->budget,
                                         &carrier, self);
  wherry_channel_set_replace (self->set, WHERRY_STREAM_TRANSPORT (self->ways), self->ways_client);
  if (association != NULL)
    wherry_switch_stream_set_direct (self->ways, association);
}

void
wherry_peer_core_tunnel_input (WherryPeerCore *self, GBytes *frames)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (frames, &length);

  WHERRY_ASSERT_OWNER (self);
  if (self->ways != NULL && !self->ending)
    wherry_frame_stream_input (wherry_switch_stream_get_tunnel (self->ways), data, length);
}

void
wherry_peer_core_lose_tunnel (WherryPeerCore *self)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                                  "the socket that carried the channels is gone");

  WHERRY_ASSERT_OWNER (self);
  if (self->ways != NULL && !self->ending)
    wherry_frame_stream_end (wherry_switch_stream_get_tunnel (self->ways), WHERRY_TRANSPORT_FAILED,
                             error);
}

void
wherry_peer_core_close_tunnel (WherryPeerCore *self)
{
  if (self->ways != NULL)
    wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (self->ways));
}

static void
begin (WherryPeer *self, gpointer data)
{
  wherry_peer_core_begin_tunnel (self->core, GPOINTER_TO_INT (data));
}

typedef struct
{
  WherryPeer *peer; /* borrowed: its inbox holds this */
  GBytes *frames;
} Input;

static void
take_input (WherryPeer *self, gpointer data)
{
  wherry_peer_core_tunnel_input (self->core, ((Input *) data)->frames);
}

static void
input_free (gpointer data)
{
  Input *input = data;

  g_atomic_int_add (&input->peer->tunnel_bytes, -(gint) g_bytes_get_size (input->frames));
  g_bytes_unref (input->frames);
  g_free (input);
}

static void
lose (WherryPeer *self, gpointer data)
{
  wherry_peer_core_lose_tunnel (self->core);
}

/* ---- Thread: any ---- */

void
wherry_peer_post_tunnel (WherryPeer *self, gboolean is_client)
{
  wherry_peer_post_call (self, begin, GINT_TO_POINTER (is_client), NULL);
}

gboolean
wherry_peer_post_tunnel_input (WherryPeer *self, GBytes *frames)
{
  gint size = (gint) g_bytes_get_size (frames);
  Input *input;

  if (g_atomic_int_get (&self->tunnel_bytes) > (gint) INPUT_MAX - size)
    {
      wherry_counter_inc (WHERRY_COUNTER_TUNNEL_BAD_FRAMES);
      return FALSE;
    }
  g_atomic_int_add (&self->tunnel_bytes, size);
  input = g_new0 (Input, 1);
  input->peer = self;
  input->frames = g_bytes_ref (frames);
  wherry_peer_post_call (self, take_input, input, input_free);
  return TRUE;
}

void
wherry_peer_post_tunnel_lost (WherryPeer *self)
{
  wherry_peer_post_call (self, lose, NULL, NULL);
}
