/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-transport"

#include "config.h"

#include "transport/wherry-switch-stream.h"

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "base/wherry-owner.h"

typedef enum
{
  WAY_NONE, /* nothing is connected */
  WAY_TUNNEL,
  WAY_LEAVING, /* the mark is out: nothing may be sent before its answer */
  WAY_DIRECT,
} Way;

struct _WherrySwitchStream
{
  GObject parent_instance;

  /* owner's thread only */
  WherryOwner owner;
  const WherrySwitchStreamCarrier *carrier;
  gpointer carrier_data;
  const WherryStreamTransportEvents *events;
  gpointer user_data;
  WherryFrameStream *frames;
  WherryStreamTransport *tunnel; /* the same */
  WherryStreamTransport *direct; /* NULL: none yet */
  WherryTransportState state;
  Way way;
  gboolean blocked;   /* somebody waits for the answer to the mark */
  gboolean they_left; /* their mark came */
  gboolean tunnel_ended;
  guint marks; /* of ours that were not answered */
  guint corked;
  guint n_streams; /* that are in use, at most */
  gboolean paused;
  GArray *resets; /* of guint16: they wait for the answer to the mark */
};

static void iface_init (WherryStreamTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherrySwitchStream, wherry_switch_stream, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WHERRY_TYPE_STREAM_TRANSPORT, iface_init))

static gboolean
is_ended (WherrySwitchStream *self)
{
  return self->state == WHERRY_TRANSPORT_FAILED || self->state == WHERRY_TRANSPORT_CLOSED;
}

static gboolean
is_direct_usable (WherrySwitchStream *self)
{
  return self->direct != NULL
         && wherry_stream_transport_get_state (self->direct) == WHERRY_TRANSPORT_CONNECTED
         && wherry_stream_transport_get_n_streams (self->direct) >= self->n_streams;
}

static void
tell_state (WherrySwitchStream *self, WherryTransportState state, const GError *error)
{
  if (is_ended (self) || self->state == state)
    return;
  self->state = state;
  if (self->events != NULL && self->events->state != NULL)
    self->events->state (self->user_data, state, error);
}

static void
tell_writable (WherrySwitchStream *self)
{
  if (!self->blocked)
    return;
  self->blocked = FALSE;
  if (self->events != NULL && self->events->writable != NULL)
    self->events->writable (self->user_data);
}

/* ---- which way ---- */

/* To begin with, or the mark was answered, or is in vain. */
static void
go (WherrySwitchStream *self, Way way)
{
  g_autoptr (GArray) resets = g_steal_pointer (&self->resets);
  gboolean moved = self->way == WAY_NONE || way == WAY_DIRECT;

  self->way = way;
  for (guint i = 0; resets != NULL && i < resets->len; i++)
    wherry_stream_transport_reset_stream (WHERRY_STREAM_TRANSPORT (self),
                                          g_array_index (resets, guint16, i));
  if (self->carrier->moved != NULL && moved)
    self->carrier->moved (self->carrier_data, way == WAY_TUNNEL);
  tell_state (self, WHERRY_TRANSPORT_CONNECTED, NULL);
  tell_writable (self);
}

static void
choose (WherrySwitchStream *self)
{
  if (is_ended (self))
    return;
  if (self->way == WAY_NONE && is_direct_usable (self))
    go (self, WAY_DIRECT);
  else if (self->way == WAY_NONE
           && wherry_stream_transport_get_state (self->tunnel) == WHERRY_TRANSPORT_CONNECTED)
    go (self, WAY_TUNNEL);
  else if (self->way == WAY_TUNNEL && is_direct_usable (self))
    {
      self->way = WAY_LEAVING;
      self->marks++;
      wherry_frame_stream_switch (self->frames);
    }
}

static void
on_switching (gpointer user_data)
{
  WherrySwitchStream *self = user_data;

  self->they_left = TRUE;
  wherry_frame_stream_acknowledge_switch (self->frames);
}

static void
on_switched (gpointer user_data)
{
  WherrySwitchStream *self = user_data;

  /* the answer to a mark whose way was lost meanwhile is none to the next one */
  if (self->marks == 0 || --self->marks > 0 || self->way != WAY_LEAVING)
    return;
  wherry_counter_inc (WHERRY_COUNTER_TUNNEL_SWITCHES);
  go (self, WAY_DIRECT);
}

static void
on_output (gpointer user_data, GBytes *frames)
{
  WherrySwitchStream *self = user_data;

  self->carrier->output (self->carrier_data, frames);
}

static const WherryFrameStreamCarrier frames_carrier = {
  .output = on_output,
  .switching = on_switching,
  .switched = on_switched,
};

/* ---- what both say ---- */

static void
on_message (gpointer user_data, guint16 stream, WherryMessage *message)
{
  WherrySwitchStream *self = user_data;

  if (self->events != NULL && self->events->message != NULL)
    self->events->message (self->user_data, stream, message);
}

static void
on_incoming_reset (gpointer user_data, guint16 stream)
{
  WherrySwitchStream *self = user_data;

  if (self->events != NULL && self->events->incoming_reset != NULL)
    self->events->incoming_reset (self->user_data, stream);
}

static void
on_outgoing_reset (gpointer user_data, guint16 stream)
{
  WherrySwitchStream *self = user_data;

  if (self->events != NULL && self->events->outgoing_reset != NULL)
    self->events->outgoing_reset (self->user_data, stream);
}

static void
on_writable (gpointer user_data)
{
  WherrySwitchStream *self = user_data;

  if (self->way != WAY_LEAVING)
    tell_writable (self);
}

static void
on_direct_streams (gpointer user_data, guint n)
{
  WherrySwitchStream *self = user_data;

  if (self->way == WAY_DIRECT && self->events != NULL && self->events->streams != NULL)
    self->events->streams (self->user_data, n);
  choose (self);
}

static void
on_tunnel_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  WherrySwitchStream *self = user_data;

  if (state == WHERRY_TRANSPORT_CONNECTED)
    choose (self);
  else if (state == WHERRY_TRANSPORT_FAILED || state == WHERRY_TRANSPORT_CLOSED)
    {
      gboolean needed = wherry_switch_stream_needs_tunnel (self);

      self->tunnel_ended = TRUE;
      if (needed)
        tell_state (self, state, error);
    }
}

static void
on_direct_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  WherrySwitchStream *self = user_data;

  if (state == WHERRY_TRANSPORT_CONNECTED)
    choose (self);
  else if (state != WHERRY_TRANSPORT_FAILED && state != WHERRY_TRANSPORT_CLOSED)
    return;
  else if (self->way == WAY_DIRECT || self->they_left)
    tell_state (self, state, error);
  else if (self->way == WAY_LEAVING)
    go (self, WAY_TUNNEL);
}

static const WherryStreamTransportEvents tunnel_events = {
  .state = on_tunnel_state,
  .message = on_message,
  .incoming_reset = on_incoming_reset,
  .outgoing_reset = on_outgoing_reset,
  .writable = on_writable,
};

static const WherryStreamTransportEvents direct_events = {
  .state = on_direct_state,
  .message = on_message,
  .incoming_reset = on_incoming_reset,
  .outgoing_reset = on_outgoing_reset,
  .writable = on_writable,
  .streams = on_direct_streams,
};

/* ---- the stream transport ---- */

static void
set_events (WherryStreamTransport *transport, const WherryStreamTransportEvents *events,
            gpointer user_data)
{
  WherrySwitchStream *self = WHERRY_SWITCH_STREAM (transport);

  WHERRY_ASSERT_OWNER (self);
  self->events = events;
  self->user_data = user_data;
  wherry_stream_transport_set_events (self->tunnel, events != NULL ? &tunnel_events : NULL, self);
  if (self->direct != NULL)
    wherry_stream_transport_set_events (self->direct, events != NULL ? &direct_events : NULL, self);
  if (events != NULL)
    choose (self);
}

static WherryTransportState
get_state (WherryStreamTransport *transport)
{
  return WHERRY_SWITCH_STREAM (transport)->state;
}

static WherryStreamTransport *
get_current (WherrySwitchStream *self)
{
  return self->way == WAY_DIRECT ? self->direct : self->tunnel;
}

/* (nullable): nothing may be sent now */
static WherryStreamTransport *
get_way (WherrySwitchStream *self)
{
  return self->way == WAY_TUNNEL || self->way == WAY_DIRECT ? get_current (self) : NULL;
}

static WherrySendResult
send_message (WherryStreamTransport *transport, guint16 stream, const WherrySendOptions *options,
              WherryMessage *message)
{
  WherrySwitchStream *self = WHERRY_SWITCH_STREAM (transport);
  WherryStreamTransport *way = get_way (self);
  WherrySendResult result = WHERRY_SEND_BLOCKED;

  WHERRY_ASSERT_OWNER (self);
  if (self->state != WHERRY_TRANSPORT_CONNECTED)
    return WHERRY_SEND_FAILED;
  self->n_streams = MAX (self->n_streams, stream + 1u);
  if (way != NULL)
    result = wherry_stream_transport_send (way, stream, options, message);
  self->blocked |= result == WHERRY_SEND_BLOCKED;
  return result;
}

static guint
get_n_streams (WherryStreamTransport *transport)
{
  WherrySwitchStream *self = WHERRY_SWITCH_STREAM (transport);

  if (self->state != WHERRY_TRANSPORT_CONNECTED)
    return 0;
  return wherry_stream_transport_get_n_streams (get_current (self));
}

static gboolean
ensure_streams (WherryStreamTransport *transport, guint n)
{
  WherrySwitchStream *self = WHERRY_SWITCH_STREAM (transport);

  self->n_streams = MAX (self->n_streams, MIN (n, WHERRY_SCTP_STREAMS_MAX));
  return wherry_stream_transport_ensure_streams (get_current (self), n)
         && self->state == WHERRY_TRANSPORT_CONNECTED;
}

static void
reset_stream (WherryStreamTransport *transport, guint16 stream)
{
  WherrySwitchStream *self = WHERRY_SWITCH_STREAM (transport);
  WherryStreamTransport *way = get_way (self);

  if (way != NULL)
    wherry_stream_transport_reset_stream (way, stream);
  else if (self->way == WAY_LEAVING)
    {
      if (self->resets == NULL)
        self->resets = g_array_new (FALSE, FALSE, sizeof (guint16));
      g_array_append_val (self->resets, stream);
    }
}

static void
set_paused (WherryStreamTransport *transport, gboolean paused)
{
  WherrySwitchStream *self = WHERRY_SWITCH_STREAM (transport);

  self->paused = paused;
  wherry_stream_transport_set_paused (self->tunnel, paused);
  if (self->direct != NULL)
    wherry_stream_transport_set_paused (self->direct, paused);
}

static gsize
get_buffered (WherryStreamTransport *transport)
{
  return wherry_stream_transport_get_buffered (get_current (WHERRY_SWITCH_STREAM (transport)));
}

static gboolean
is_interleaving (WherryStreamTransport *transport)
{
  WherryStreamTransport *way = get_way (WHERRY_SWITCH_STREAM (transport));

  return way != NULL && wherry_stream_transport_is_interleaving (way);
}

static void
cork (WherryStreamTransport *transport)
{
  WherrySwitchStream *self = WHERRY_SWITCH_STREAM (transport);

  self->corked++;
  wherry_stream_transport_cork (self->tunnel);
  if (self->direct != NULL)
    wherry_stream_transport_cork (self->direct);
}

static void
uncork (WherryStreamTransport *transport)
{
  WherrySwitchStream *self = WHERRY_SWITCH_STREAM (transport);

  self->corked--;
  wherry_stream_transport_uncork (self->tunnel);
  if (self->direct != NULL)
    wherry_stream_transport_uncork (self->direct);
}

static void
close_stream (WherryStreamTransport *transport)
{
  WherrySwitchStream *self = WHERRY_SWITCH_STREAM (transport);

  WHERRY_ASSERT_OWNER (self);
  self->state = WHERRY_TRANSPORT_CLOSED;
  self->events = NULL;
  wherry_stream_transport_close (self->tunnel);
  if (self->direct != NULL)
    wherry_stream_transport_set_events (self->direct, NULL, NULL);
}

static void
iface_init (WherryStreamTransportInterface *iface)
{
  iface->set_events = set_events;
  iface->get_state = get_state;
  iface->send = send_message;
  iface->get_n_streams = get_n_streams;
  iface->ensure_streams = ensure_streams;
  iface->reset_stream = reset_stream;
  iface->set_paused = set_paused;
  iface->get_buffered = get_buffered;
  iface->is_interleaving = is_interleaving;
  iface->cork = cork;
  iface->uncork = uncork;
  iface->close = close_stream;
}

/* ---- life ---- */

void
wherry_switch_stream_set_direct (WherrySwitchStream *self, WherryStreamTransport *direct)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->direct != NULL || is_ended (self))
    return;
  self->direct = g_object_ref (direct);
  wherry_stream_transport_ensure_streams (direct, self->n_streams);
  for (guint i = 0; i < self->corked; i++)
    wherry_stream_transport_cork (direct);
  wherry_stream_transport_set_paused (direct, self->paused);
  if (self->events == NULL)
    return;
  wherry_stream_transport_set_events (direct, &direct_events, self);
  choose (self);
}

WherryFrameStream *
wherry_switch_stream_get_tunnel (WherrySwitchStream *self)
{
  return self->frames;
}

gboolean
wherry_switch_stream_needs_tunnel (WherrySwitchStream *self)
{
  if (self->tunnel_ended || self->way == WAY_NONE)
    return FALSE;
  /* who was direct from the beginning may never hear of the other side's tunnel */
  return self->way != WAY_DIRECT
         || (!self->they_left
             && wherry_stream_transport_get_state (self->tunnel) == WHERRY_TRANSPORT_CONNECTED);
}

gboolean
wherry_switch_stream_is_tunneled (WherrySwitchStream *self)
{
  return self->way == WAY_TUNNEL || self->way == WAY_LEAVING;
}

static void
wherry_switch_stream_dispose (GObject *object)
{
  WherrySwitchStream *self = WHERRY_SWITCH_STREAM (object);

  if (self->direct != NULL)
    wherry_stream_transport_set_events (self->direct, NULL, NULL);
  g_clear_object (&self->direct);
  g_clear_object (&self->frames);
  g_clear_pointer (&self->resets, g_array_unref);
  G_OBJECT_CLASS (wherry_switch_stream_parent_class)->dispose (object);
}

static void
wherry_switch_stream_class_init (WherrySwitchStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = wherry_switch_stream_dispose;
}

static void
wherry_switch_stream_init (WherrySwitchStream *self)
{
  wherry_owner_init (&self->owner);
  self->state = WHERRY_TRANSPORT_CONNECTING;
}

WherrySwitchStream *
wherry_switch_stream_new (gsize max_message_size, WherryBudget *budget,
                          const WherrySwitchStreamCarrier *carrier, gpointer carrier_data)
{
  WherrySwitchStream *self = g_object_new (WHERRY_TYPE_SWITCH_STREAM, NULL);

  self->carrier = carrier;
  self->carrier_data = carrier_data;
  self->frames = wherry_frame_stream_new (max_message_size, budget, &frames_carrier, self);
  self->tunnel = WHERRY_STREAM_TRANSPORT (self->frames);
  return self;
}
