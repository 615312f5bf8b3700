/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-transport"

#include "config.h"

#include "transport/wherry-local-stream.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-owner.h"

typedef enum
{
  ITEM_MESSAGE,
  ITEM_RESET,      /* n: their outgoing stream */
  ITEM_RESET_DONE, /* n: ours */
  ITEM_STREAMS,    /* n: how many there are now */
  ITEM_WRITABLE,
  ITEM_CONNECTED,
  ITEM_CLOSED,
} ItemKind;

typedef struct
{
  ItemKind kind;
  guint n;
  WherryMessage *message; /* NULL but for ITEM_MESSAGE */
} Item;

struct _WherryLocalStream
{
  GObject parent_instance;

  /* owner's thread only */
  WherryOwner owner;
  GMainContext *context;
  WherryLocalStream *remote; /* borrowed; NULL: it was disposed of */
  const WherryStreamTransportEvents *events;
  gpointer user_data;
  WherryTransportState state;
  guint n_streams;
  gboolean paused;
  gboolean ending; /* the end is in the queue: nothing holds it up */
  gboolean delivering;
  GQueue queue; /* of Item: what this end is to hear */
  gsize unread; /* charge of the messages in it */
  gboolean remote_blocked;
  GSource *source; /* NULL: nothing is to be delivered */
};

static void iface_init (WherryStreamTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryLocalStream, wherry_local_stream, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WHERRY_TYPE_STREAM_TRANSPORT, iface_init))

static void
item_free (gpointer data)
{
  Item *item = data;

  g_clear_pointer (&item->message, wherry_message_unref);
  g_free (item);
}

static gboolean
is_ended (WherryLocalStream *self)
{
  return self->state == WHERRY_TRANSPORT_FAILED || self->state == WHERRY_TRANSPORT_CLOSED;
}

/* ---- in ---- */

static gboolean
may_deliver (WherryLocalStream *self)
{
  const Item *head = g_queue_peek_head (&self->queue);

  if (head == NULL || self->events == NULL || is_ended (self))
    return FALSE;
  if (self->ending || !self->paused)
    return TRUE;
  /* resets are told in turn with the data, as an association does */
  return head->kind != ITEM_MESSAGE && head->kind != ITEM_RESET && head->kind != ITEM_RESET_DONE;
}

static gboolean on_deliver (gpointer user_data);

static void
schedule (WherryLocalStream *self)
{
  if (self->source != NULL || self->delivering || !may_deliver (self))
    return;
  self->source = g_idle_source_new ();
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->source, on_deliver, self, NULL);
  g_source_attach (self->source, self->context);
}

static void
unschedule (WherryLocalStream *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

static void
post (WherryLocalStream *self, ItemKind kind, guint n, WherryMessage *message)
{
  Item *item;

  if (self == NULL || is_ended (self))
    return;
  item = g_new0 (Item, 1);
  item->kind = kind;
  item->n = n;
  item->message = message != NULL ? wherry_message_ref (message) : NULL;
  self->ending |= kind == ITEM_CLOSED;
  /* our own room does not wait behind what we do not read */
  if (kind == ITEM_WRITABLE)
    g_queue_push_head (&self->queue, item);
  else
    g_queue_push_tail (&self->queue, item);
  schedule (self);
}

static void
count_read (WherryLocalStream *self, WherryMessage *message)
{
  self->unread -= wherry_message_get_charge (message);
  if (!self->remote_blocked || self->unread >= WHERRY_LOCAL_STREAM_WINDOW)
    return;
  self->remote_blocked = FALSE;
  post (self->remote, ITEM_WRITABLE, 0, NULL);
}

static void
deliver_closed (WherryLocalStream *self)
{
  g_autoptr (GError) error
      = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the other end closed it");

  self->state = WHERRY_TRANSPORT_CLOSED;
  if (self->events->state != NULL)
    self->events->state (self->user_data, self->state, error);
}

static void
deliver (WherryLocalStream *self, const Item *item)
{
  const WherryStreamTransportEvents *events = self->events;

  switch (item->kind)
    {
    case ITEM_MESSAGE:
      count_read (self, item->message);
      if (events->message != NULL)
        events->message (self->user_data, (guint16) item->n, item->message);
      break;
    case ITEM_RESET:
      post (self->remote, ITEM_RESET_DONE, item->n, NULL);
      if (events->incoming_reset != NULL)
        events->incoming_reset (self->user_data, (guint16) item->n);
      break;
    case ITEM_RESET_DONE:
      if (events->outgoing_reset != NULL)
        events->outgoing_reset (self->user_data, (guint16) item->n);
      break;
    case ITEM_STREAMS:
      self->n_streams = MAX (self->n_streams, item->n);
      if (events->streams != NULL)
        events->streams (self->user_data, self->n_streams);
      break;
    case ITEM_WRITABLE:
      if (events->writable != NULL)
        events->writable (self->user_data);
      break;
    case ITEM_CONNECTED:
      self->state = WHERRY_TRANSPORT_CONNECTED;
      if (events->state != NULL)
        events->state (self->user_data, self->state, NULL);
      break;
    case ITEM_CLOSED:
      deliver_closed (self);
      break;
    default:
      break;
    }
}

static void
deliver_some (WherryLocalStream *self, guint most)
{
  if (self->delivering)
    return;
  g_object_ref (self);
  unschedule (self);
  self->delivering = TRUE;
  for (guint i = 0; i < most && may_deliver (self); i++)
    {
      Item *item = g_queue_pop_head (&self->queue);

      deliver (self, item);
      item_free (item);
    }
  self->delivering = FALSE;
  schedule (self);
  g_object_unref (self);
}

static gboolean
on_deliver (gpointer user_data)
{
  deliver_some (user_data, WHERRY_DISPATCH_BATCH);
  return G_SOURCE_REMOVE;
}

/* ---- the stream transport ---- */

static void
set_events (WherryStreamTransport *transport, const WherryStreamTransportEvents *events,
            gpointer user_data)
{
  WherryLocalStream *self = WHERRY_LOCAL_STREAM (transport);

  WHERRY_ASSERT_OWNER (self);
  self->events = events;
  self->user_data = user_data;
  schedule (self);
}

static WherryTransportState
get_state (WherryStreamTransport *transport)
{
  return WHERRY_LOCAL_STREAM (transport)->state;
}

static WherrySendResult
send_message (WherryStreamTransport *transport, guint16 stream, const WherrySendOptions *options,
              WherryMessage *message)
{
  WherryLocalStream *self = WHERRY_LOCAL_STREAM (transport);
  WherryLocalStream *remote = self->remote;

  WHERRY_ASSERT_OWNER (self);
  if (self->state != WHERRY_TRANSPORT_CONNECTED || stream >= self->n_streams || remote == NULL
      || is_ended (remote))
    return WHERRY_SEND_FAILED;
  if (remote->unread >= WHERRY_LOCAL_STREAM_WINDOW)
    {
      remote->remote_blocked = TRUE;
      return WHERRY_SEND_BLOCKED;
    }
  remote->unread += wherry_message_get_charge (message);
  post (remote, ITEM_MESSAGE, stream, message);
  return WHERRY_SEND_OK;
}

static guint
get_n_streams (WherryStreamTransport *transport)
{
  WherryLocalStream *self = WHERRY_LOCAL_STREAM (transport);

  return self->state == WHERRY_TRANSPORT_CONNECTED ? self->n_streams : 0;
}

static gboolean
ensure_streams (WherryStreamTransport *transport, guint n)
{
  WherryLocalStream *self = WHERRY_LOCAL_STREAM (transport);

  if (self->state == WHERRY_TRANSPORT_CONNECTED && n <= self->n_streams)
    return TRUE;
  n = n <= WHERRY_SCTP_STREAMS_MAX ? n : self->n_streams;
  post (self->remote, ITEM_STREAMS, n, NULL);
  post (self, ITEM_STREAMS, n, NULL);
  return FALSE;
}

static void
reset_stream (WherryStreamTransport *transport, guint16 stream)
{
  WherryLocalStream *self = WHERRY_LOCAL_STREAM (transport);

  if (self->state == WHERRY_TRANSPORT_CONNECTED)
    post (self->remote, ITEM_RESET, stream, NULL);
}

static void
set_paused (WherryStreamTransport *transport, gboolean paused)
{
  WherryLocalStream *self = WHERRY_LOCAL_STREAM (transport);

  WHERRY_ASSERT_OWNER (self);
  if (self->paused == paused)
    return;
  self->paused = paused;
  if (!paused)
    deliver_some (self, G_MAXUINT);
}

static void
drain (WherryStreamTransport *transport)
{
  WherryLocalStream *self = WHERRY_LOCAL_STREAM (transport);

  WHERRY_ASSERT_OWNER (self);
  self->paused = FALSE;
  deliver_some (self, G_MAXUINT);
}

static gsize
get_buffered (WherryStreamTransport *transport)
{
  WherryLocalStream *self = WHERRY_LOCAL_STREAM (transport);

  return self->remote != NULL ? self->remote->unread : 0;
}

static void
do_nothing (WherryStreamTransport *transport)
{
}

static void
close_stream (WherryStreamTransport *transport)
{
  WherryLocalStream *self = WHERRY_LOCAL_STREAM (transport);

  WHERRY_ASSERT_OWNER (self);
  if (is_ended (self))
    return;
  self->state = WHERRY_TRANSPORT_CLOSED;
  self->events = NULL;
  unschedule (self);
  post (self->remote, ITEM_CLOSED, 0, NULL);
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
  iface->drain = drain;
  iface->get_buffered = get_buffered;
  iface->cork = do_nothing;
  iface->uncork = do_nothing;
  iface->close = close_stream;
}

static void
wherry_local_stream_dispose (GObject *object)
{
  WherryLocalStream *self = WHERRY_LOCAL_STREAM (object);

  close_stream (WHERRY_STREAM_TRANSPORT (self));
  unschedule (self);
  if (self->remote != NULL)
    self->remote->remote = NULL;
  self->remote = NULL;
  g_queue_clear_full (&self->queue, item_free);
  g_clear_pointer (&self->context, g_main_context_unref);
  G_OBJECT_CLASS (wherry_local_stream_parent_class)->dispose (object);
}

static void
wherry_local_stream_class_init (WherryLocalStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = wherry_local_stream_dispose;
}

static void
wherry_local_stream_init (WherryLocalStream *self)
{
  wherry_owner_init (&self->owner);
  g_queue_init (&self->queue);
  self->n_streams = WHERRY_SCTP_STREAMS_INITIAL;
}

static WherryLocalStream *
make_end (GMainContext *context)
{
  WherryLocalStream *self = g_object_new (WHERRY_TYPE_LOCAL_STREAM, NULL);

  self->context = g_main_context_ref (context);
  post (self, ITEM_CONNECTED, 0, NULL);
  return self;
}

void
wherry_local_stream_new_pair (GMainContext *context, WherryLocalStream **a, WherryLocalStream **b)
{
  *a = make_end (context);
  *b = make_end (context);
  (*a)->remote = *b;
  (*b)->remote = *a;
}
