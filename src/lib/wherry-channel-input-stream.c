/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include <string.h>

#include "lib/wherry-channel-stream-private.h"
#include "lib/wherry-connection-private.h"

struct _WherryChannelInputStream
{
  GInputStream parent_instance;

  WherryDataChannel *channel;
  WherryMessage *current; /* (nullable): what is left of it is read first */
  gsize offset;
};

static void pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryChannelInputStream, wherry_channel_input_stream,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, pollable_init))

static WherryChannelCore *
core_of (gpointer stream)
{
  return wherry_data_channel_get_core (WHERRY_CHANNEL_INPUT_STREAM (stream)->channel);
}

static gboolean
is_readable (gpointer stream)
{
  WherryChannelInputStream *self = WHERRY_CHANNEL_INPUT_STREAM (stream);

  return self->current != NULL || wherry_channel_core_can_pull (core_of (self))
         || g_input_stream_is_closed (G_INPUT_STREAM (self));
}

/* Into self->current. FALSE: the end, or an error. */
static gboolean
next_message (WherryChannelInputStream *self, GError **error)
{
  WherryChannelCore *core = core_of (self);

  while (self->current == NULL)
    {
      self->current = wherry_channel_core_pull (core);
      self->offset = 0;
      if (self->current == NULL && core->state != WHERRY_DATA_CHANNEL_STATE_CLOSED)
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "No message has come");
          return FALSE;
        }
      if (self->current == NULL && core->ended_badly)
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                               "The connection of the channel ended");
          return FALSE;
        }
      if (self->current == NULL)
        return FALSE;
      if (wherry_message_get_length (self->current) == 0) /* 0 would be the end */
        g_clear_pointer (&self->current, wherry_message_unref);
    }
  return TRUE;
}

static gssize
read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  WherryChannelInputStream *self = WHERRY_CHANNEL_INPUT_STREAM (stream);
  g_autoptr (GError) reason = NULL;
  const guint8 *data = NULL;
  gsize length = 0;
  gsize n;

  if (!next_message (self, &reason))
    {
      if (reason == NULL)
        return 0;
      g_propagate_error (error, g_steal_pointer (&reason));
      return -1;
    }
  data = wherry_message_get_data (self->current, &length);
  n = MIN (count, length - self->offset);
  memcpy (buffer, data + self->offset, n);
  self->offset += n;
  if (self->offset == length)
    g_clear_pointer (&self->current, wherry_message_unref);
  return (gssize) n;
}

typedef struct
{
  void *buffer;
  gsize count;
} ReadCall;

static gssize
try_read (gpointer stream, gpointer data, GError **error)
{
  ReadCall *call = data;

  return read_nonblocking (stream, call->buffer, call->count, error);
}

static gssize
wherry_channel_input_stream_read (GInputStream *stream, void *buffer, gsize count,
                                  GCancellable *cancellable, GError **error)
{
  ReadCall call = { buffer, count };

  return wherry_stream_wait (stream, core_of (stream)->connection, is_readable, try_read, &call,
                             cancellable, error);
}

static gboolean
wherry_channel_input_stream_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  WherryChannelCore *core = core_of (stream);

  wherry_connection_post_from_outside (core->connection, WHERRY_CONNECTION_EVENT_UNREAD, core);
  return TRUE;
}

static void
wherry_channel_input_stream_close_async (GInputStream *stream, int priority,
                                         GCancellable *cancellable, GAsyncReadyCallback callback,
                                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, wherry_channel_input_stream_close_async);
  g_task_set_priority (task, priority);
  wherry_channel_input_stream_close (stream, cancellable, NULL);
  g_task_return_boolean (task, TRUE);
}

static gboolean
wherry_channel_input_stream_close_finish (GInputStream *stream, GAsyncResult *result,
                                          GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static GSource *
create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return wherry_stream_source_new (stream, is_readable, cancellable);
}

static gboolean
pollable_is_readable (GPollableInputStream *stream)
{
  return is_readable (stream);
}

static void
pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = pollable_is_readable;
  iface->create_source = create_source;
  iface->read_nonblocking = read_nonblocking;
}

static void
wherry_channel_input_stream_finalize (GObject *object)
{
  WherryChannelInputStream *self = WHERRY_CHANNEL_INPUT_STREAM (object);

  g_clear_pointer (&self->current, wherry_message_unref);
  g_clear_object (&self->channel);
  G_OBJECT_CLASS (wherry_channel_input_stream_parent_class)->finalize (object);
}

static void
wherry_channel_input_stream_class_init (WherryChannelInputStreamClass *klass)
{
  GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = wherry_channel_input_stream_finalize;
  stream_class->read_fn = wherry_channel_input_stream_read;
  stream_class->close_fn = wherry_channel_input_stream_close;
  stream_class->close_async = wherry_channel_input_stream_close_async;
  stream_class->close_finish = wherry_channel_input_stream_close_finish;
}

static void
wherry_channel_input_stream_init (WherryChannelInputStream *self)
{
}

GInputStream *
wherry_channel_input_stream_new (WherryDataChannel *channel)
{
  WherryChannelInputStream *self = g_object_new (WHERRY_TYPE_CHANNEL_INPUT_STREAM, NULL);

  self->channel = g_object_ref (channel);
  return G_INPUT_STREAM (self);
}
