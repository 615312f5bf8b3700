/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-transport"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "transport/wherry-frame-stream-private.h"

static void iface_init (WherryStreamTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryFrameStream, wherry_frame_stream, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WHERRY_TYPE_STREAM_TRANSPORT, iface_init))

static void
let_go (WherryFrameStream *self)
{
  self->events = NULL;
  wherry_frame_stream_queue_clear (self);
}

void
wherry_frame_stream_write (WherryFrameStream *self, const WherryTunnelFrame *frame)
{
  if (!wherry_frame_stream_is_ended (self))
    wherry_frame_sender_write (self->sender, frame);
}

void
wherry_frame_stream_write_plain (WherryFrameStream *self, WherryTunnelType type, guint16 stream)
{
  const WherryTunnelFrame frame = { .type = type, .stream = stream };

  wherry_frame_stream_write (self, &frame);
}

/* ---- the end ---- */

void
wherry_frame_stream_tell_end (WherryFrameStream *self, WherryTransportState state,
                              const GError *error)
{
  const WherryStreamTransportEvents *events = self->events;
  gpointer user_data = self->user_data;

  if (wherry_frame_stream_is_ended (self))
    return;
  self->state = state;
  let_go (self);
  if (events != NULL && events->state != NULL)
    events->state (user_data, state, error);
}

/* Takes error. */
static void
fail (WherryFrameStream *self, GError *error)
{
  g_autoptr (GError) owned = error;

  wherry_counter_inc (WHERRY_COUNTER_TUNNEL_BAD_FRAMES);
  wherry_frame_stream_write_plain (self, WHERRY_TUNNEL_CLOSE, 0);
  wherry_frame_stream_tell_end (self, WHERRY_TRANSPORT_FAILED, owned);
}

void
wherry_frame_stream_violated (WherryFrameStream *self, const char *what)
{
  fail (self,
        g_error_new (WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "the other end of the tunnel %s", what));
}

/* ---- in: as it comes ---- */

static const char *
take_hello (WherryFrameStream *self, const WherryTunnelFrame *frame)
{
  if (self->state != WHERRY_TRANSPORT_CONNECTING)
    return "greeted twice";
  if (frame->credit < WHERRY_TUNNEL_WINDOW_MIN)
    return "has too small a window";
  self->remote_max_message_size = frame->max_message_size;
  wherry_frame_sender_take_credit (self->sender, frame->credit);
  self->state = WHERRY_TRANSPORT_CONNECTED;
  if (self->events != NULL && self->events->state != NULL)
    self->events->state (self->user_data, self->state, NULL);
  return NULL;
}

static const char *
take_credit (WherryFrameStream *self, const WherryTunnelFrame *frame)
{
  if (!wherry_frame_sender_take_credit (self->sender, frame->credit))
    return "gave more credit than there is";
  if (self->events != NULL && self->events->writable != NULL
      && wherry_frame_sender_became_writable (self->sender))
    self->events->writable (self->user_data);
  return NULL;
}

/* What is wrong with it; NULL: nothing. */
static const char *
account (WherryFrameStream *self, const WherryTunnelFrame *frame)
{
  gsize cost = WHERRY_TUNNEL_FRAME_COST + frame->length;

  if (frame->type == WHERRY_TUNNEL_DATA)
    {
      if (cost > self->allowed)
        return "sent more than it had credit for";
      self->allowed -= cost;
    }
  else if (frame->type == WHERRY_TUNNEL_RESET
           && ++self->n_incoming_resets > WHERRY_TUNNEL_RESETS_MAX)
    return "reset too many streams at once";
  else if (frame->type == WHERRY_TUNNEL_RESET_DONE && self->n_resets == 0)
    return "answered what was not asked";
  return NULL;
}

static const char *
take_in_turn (WherryFrameStream *self, const WherryTunnelFrame *frame)
{
  const char *wrong = account (self, frame);

  if (wrong != NULL)
    return wrong;
  wherry_frame_stream_queue_take (self, frame);
  return NULL;
}

static const char *
take_frame (WherryFrameStream *self, const WherryTunnelFrame *frame)
{
  if (self->state == WHERRY_TRANSPORT_CONNECTING && frame->type != WHERRY_TUNNEL_HELLO)
    return "did not greet";
  switch (frame->type)
    {
    case WHERRY_TUNNEL_HELLO:
      return take_hello (self, frame);
    case WHERRY_TUNNEL_CREDIT:
      return take_credit (self, frame);
    case WHERRY_TUNNEL_SWITCHED:
      if (self->carrier->switched != NULL)
        self->carrier->switched (self->carrier_data);
      return NULL;
    case WHERRY_TUNNEL_CLOSE:
      {
        g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                                        "the other end closed the tunnel");

        wherry_frame_stream_end (self, WHERRY_TRANSPORT_CLOSED, error);
        return NULL;
      }
    case WHERRY_TUNNEL_DATA:
    case WHERRY_TUNNEL_RESET:
    case WHERRY_TUNNEL_RESET_DONE:
    case WHERRY_TUNNEL_SWITCH:
    default:
      return take_in_turn (self, frame);
    }
}

void
wherry_frame_stream_input (WherryFrameStream *self, const guint8 *data, gsize length)
{
  WHERRY_ASSERT_OWNER (self);
  g_object_ref (self);
  wherry_frame_sender_cork (self->sender);
  while (length > 0 && !wherry_frame_stream_is_ended (self) && self->ending == NULL)
    {
      WherryTunnelFrame frame;
      GError *error = NULL;
      const char *wrong = NULL;
      gsize used = 0;

      if (!wherry_tunnel_frame_parse (&frame, data, length, &used, &error))
        fail (self, error);
      else if ((wrong = take_frame (self, &frame)) != NULL)
        wherry_frame_stream_violated (self, wrong);
      data += used;
      length -= used;
    }
  wherry_frame_sender_uncork (self->sender);
  g_object_unref (self);
}

void
wherry_frame_stream_end (WherryFrameStream *self, WherryTransportState state, const GError *error)
{
  WHERRY_ASSERT_OWNER (self);
  if (wherry_frame_stream_is_ended (self) || self->ending != NULL)
    return;
  self->ending = g_error_copy (error);
  self->ending_state = state;
  wherry_frame_stream_queue_tell (self);
}

/* ---- the stream transport ---- */

static void
set_events (WherryStreamTransport *transport, const WherryStreamTransportEvents *events,
            gpointer user_data)
{
  WherryFrameStream *self = WHERRY_FRAME_STREAM (transport);

  WHERRY_ASSERT_OWNER (self);
  self->events = events;
  self->user_data = user_data;
  if (events != NULL && !wherry_frame_stream_is_ended (self))
    wherry_frame_stream_queue_tell (self);
}

static WherryTransportState
get_state (WherryStreamTransport *transport)
{
  return WHERRY_FRAME_STREAM (transport)->state;
}

static WherrySendResult
send_message (WherryStreamTransport *transport, guint16 stream, const WherrySendOptions *options,
              WherryMessage *message)
{
  WherryFrameStream *self = WHERRY_FRAME_STREAM (transport);

  WHERRY_ASSERT_OWNER (self);
  if (self->state != WHERRY_TRANSPORT_CONNECTED || stream >= self->n_streams
      || wherry_message_get_length (message) > self->remote_max_message_size)
    return WHERRY_SEND_FAILED;
  return wherry_frame_sender_send (self->sender, stream, message);
}

static guint
get_n_streams (WherryStreamTransport *transport)
{
  WherryFrameStream *self = WHERRY_FRAME_STREAM (transport);

  return self->state == WHERRY_TRANSPORT_CONNECTED ? self->n_streams : 0;
}

/* A stream costs nothing here. */
static gboolean
ensure_streams (WherryStreamTransport *transport, guint n)
{
  WherryFrameStream *self = WHERRY_FRAME_STREAM (transport);

  self->n_streams = MAX (self->n_streams, MIN (n, WHERRY_SCTP_STREAMS_MAX));
  return self->state == WHERRY_TRANSPORT_CONNECTED && n <= self->n_streams;
}

static void
reset_stream (WherryStreamTransport *transport, guint16 stream)
{
  WherryFrameStream *self = WHERRY_FRAME_STREAM (transport);

  if (self->state != WHERRY_TRANSPORT_CONNECTED)
    return;
  self->n_resets++;
  wherry_frame_sender_reset (self->sender, stream);
}

static void
set_paused (WherryStreamTransport *transport, gboolean paused)
{
  WherryFrameStream *self = WHERRY_FRAME_STREAM (transport);

  WHERRY_ASSERT_OWNER (self);
  self->paused = paused;
  if (!paused)
    wherry_frame_stream_queue_tell (self);
}

static gsize
get_buffered (WherryStreamTransport *transport)
{
  return wherry_frame_sender_get_buffered (WHERRY_FRAME_STREAM (transport)->sender);
}

static gboolean
is_interleaving (WherryStreamTransport *transport)
{
  return TRUE;
}

static void
cork (WherryStreamTransport *transport)
{
  wherry_frame_sender_cork (WHERRY_FRAME_STREAM (transport)->sender);
}

static void
uncork (WherryStreamTransport *transport)
{
  wherry_frame_sender_uncork (WHERRY_FRAME_STREAM (transport)->sender);
}

static void
close_stream (WherryStreamTransport *transport)
{
  WherryFrameStream *self = WHERRY_FRAME_STREAM (transport);

  WHERRY_ASSERT_OWNER (self);
  wherry_frame_stream_write_plain (self, WHERRY_TUNNEL_CLOSE, 0);
  self->state = WHERRY_TRANSPORT_CLOSED;
  let_go (self);
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

gsize
wherry_frame_stream_get_remote_max_message_size (WherryFrameStream *self)
{
  return self->remote_max_message_size;
}

void
wherry_frame_stream_switch (WherryFrameStream *self)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->state == WHERRY_TRANSPORT_CONNECTED)
    wherry_frame_sender_switch (self->sender);
}

void
wherry_frame_stream_acknowledge_switch (WherryFrameStream *self)
{
  wherry_frame_stream_write_plain (self, WHERRY_TUNNEL_SWITCHED, 0);
}

static void
wherry_frame_stream_finalize (GObject *object)
{
  WherryFrameStream *self = WHERRY_FRAME_STREAM (object);

  let_go (self);
  g_clear_error (&self->ending);
  g_hash_table_unref (self->parts);
  wherry_frame_sender_free (self->sender);
  g_clear_pointer (&self->budget, wherry_budget_unref);
  G_OBJECT_CLASS (wherry_frame_stream_parent_class)->finalize (object);
}

static void
wherry_frame_stream_class_init (WherryFrameStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = wherry_frame_stream_finalize;
}

static void
wherry_frame_stream_init (WherryFrameStream *self)
{
  wherry_owner_init (&self->owner);
  wherry_frame_stream_queue_init (self);
  self->n_streams = WHERRY_SCTP_STREAMS_INITIAL;
  self->allowed = WHERRY_TUNNEL_WINDOW;
  self->state = WHERRY_TRANSPORT_CONNECTING;
}

WherryFrameStream *
wherry_frame_stream_new (gsize max_message_size, WherryBudget *budget,
                         const WherryFrameStreamCarrier *carrier, gpointer carrier_data)
{
  WherryFrameStream *self = g_object_new (WHERRY_TYPE_FRAME_STREAM, NULL);
  const WherryTunnelFrame hello = {
    .type = WHERRY_TUNNEL_HELLO,
    .max_message_size = (guint32) MIN (max_message_size, G_MAXUINT32),
    .credit = WHERRY_TUNNEL_WINDOW,
  };

  self->max_message_size = max_message_size;
  self->budget = budget != NULL ? wherry_budget_ref (budget) : NULL;
  self->carrier = carrier;
  self->carrier_data = carrier_data;
  self->sender = wherry_frame_sender_new (carrier->output, carrier_data);
  wherry_frame_sender_write (self->sender, &hello);
  return self;
}
