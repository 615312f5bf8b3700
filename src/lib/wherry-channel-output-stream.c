/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-channel-stream-private.h"
#include "lib/wherry-connection-private.h"

struct _WherryChannelOutputStream
{
  GOutputStream parent_instance;

  WherryDataChannel *channel;
  gboolean disposing; /* nobody waits any more */
};

static void pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryChannelOutputStream, wherry_channel_output_stream,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, pollable_init))

static WherryChannelCore *
core_of (gpointer stream)
{
  return wherry_data_channel_get_core (WHERRY_CHANNEL_OUTPUT_STREAM (stream)->channel);
}

/* ---- writing ---- */

/* As long as there is any room a whole message is taken, so that what is ready can be written. */
static gboolean
is_writable (gpointer stream)
{
  WherryChannelCore *core = core_of (stream);

  return core->state != WHERRY_DATA_CHANNEL_STATE_CONNECTING
         && (core->state != WHERRY_DATA_CHANNEL_STATE_OPEN || core->buffered == 0
             || core->buffered < core->connection->send_buffer_limit);
}

static gssize
write_nonblocking (GPollableOutputStream *stream, const void *buffer, gsize count, GError **error)
{
  WherryChannelCore *core = core_of (stream);
  gsize n = MIN (count, core->connection->remote_max_message_size);

  if (!is_writable (stream))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "There is no room");
      return -1;
    }
  if (core->state != WHERRY_DATA_CHANNEL_STATE_OPEN)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "The channel is closed");
      return -1;
    }
  wherry_channel_core_push (core, wherry_message_new (WHERRY_MESSAGE_BINARY, buffer, n, NULL));
  return (gssize) n;
}

typedef struct
{
  const void *buffer;
  gsize count;
} WriteCall;

static gssize
try_write (gpointer stream, gpointer data, GError **error)
{
  WriteCall *call = data;

  return write_nonblocking (stream, call->buffer, call->count, error);
}

static gssize
wherry_channel_output_stream_write (GOutputStream *stream, const void *buffer, gsize count,
                                    GCancellable *cancellable, GError **error)
{
  WriteCall call = { buffer, count };

  return wherry_stream_wait (stream, core_of (stream)->connection, is_writable, try_write, &call,
                             cancellable, error);
}

/* ---- flushing and closing ---- */

static gboolean
is_flushed (gpointer stream)
{
  WherryChannelCore *core = core_of (stream);

  return core->buffered == 0 || core->state == WHERRY_DATA_CHANNEL_STATE_CLOSED;
}

/* What was written has arrived. The close that was asked for is on its way by then. */
static gboolean
is_closed (gpointer stream)
{
  WherryChannelCore *core = core_of (stream);

  return core->flushed || core->state == WHERRY_DATA_CHANNEL_STATE_CLOSED;
}

static gssize
check (gpointer stream, WherryStreamCondition condition, GError **error)
{
  WherryChannelCore *core = core_of (stream);

  if (!condition (stream))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Not everything is sent");
      return -1;
    }
  /* closed by us, and no word of what was sent: the connection went before */
  if (core->buffered == 0 && !core->ended_badly
      && (core->flushed || !core->closed_here || core->state != WHERRY_DATA_CHANNEL_STATE_CLOSED))
    return 0;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                       "The channel was closed before everything was sent");
  return -1;
}

static gssize
try_condition (gpointer stream, gpointer data, GError **error)
{
  return check (stream, *(WherryStreamCondition *) data, error);
}

static gboolean
wait_for (GOutputStream *stream, WherryStreamCondition condition, GCancellable *cancellable,
          GError **error)
{
  if (WHERRY_CHANNEL_OUTPUT_STREAM (stream)->disposing)
    return TRUE;
  return wherry_stream_wait (stream, core_of (stream)->connection, condition, try_condition,
                             &condition, cancellable, error)
         == 0;
}

static void
post_close (GOutputStream *stream)
{
  WherryChannelCore *core = core_of (stream);

  wherry_connection_post_from_outside (core->connection, WHERRY_CONNECTION_EVENT_CLOSE, core);
}

static gboolean
wherry_channel_output_stream_flush (GOutputStream *stream, GCancellable *cancellable,
                                    GError **error)
{
  return wait_for (stream, is_flushed, cancellable, error);
}

static gboolean
wherry_channel_output_stream_close (GOutputStream *stream, GCancellable *cancellable,
                                    GError **error)
{
  post_close (stream);
  return wait_for (stream, is_closed, cancellable, error);
}

typedef struct
{
  WherryStreamCondition condition;
  GSource *source;
} AsyncWait;

static void
async_wait_free (gpointer data)
{
  AsyncWait *wait = data;

  g_clear_pointer (&wait->source, g_source_unref);
  g_free (wait);
}

static gboolean
on_condition (GObject *stream, gpointer data)
{
  GTask *task = data;
  AsyncWait *wait = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!g_task_return_error_if_cancelled (task))
    {
      check (stream, wait->condition, &error);
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
      if (error != NULL)
        g_task_return_error (task, g_steal_pointer (&error));
      else
        g_task_return_boolean (task, TRUE);
    }
  return G_SOURCE_REMOVE;
}

/* Takes task. */
static void
wait_for_async (GOutputStream *stream, WherryStreamCondition condition, GTask *task)
{
  AsyncWait *wait = g_new0 (AsyncWait, 1);

  wait->condition = condition;
  wait->source = wherry_stream_source_new (stream, condition, g_task_get_cancellable (task));
  g_task_set_task_data (task, wait, async_wait_free);
  g_source_set_priority (wait->source, g_task_get_priority (task));
  g_source_set_callback (wait->source, G_SOURCE_FUNC (on_condition), task, g_object_unref);
  g_source_attach (wait->source, core_of (stream)->connection->context);
}

static void
wherry_channel_output_stream_flush_async (GOutputStream *stream, int priority,
                                          GCancellable *cancellable, GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  GTask *task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, wherry_channel_output_stream_flush_async);
  g_task_set_priority (task, priority);
  wait_for_async (stream, is_flushed, task);
}

static void
wherry_channel_output_stream_close_async (GOutputStream *stream, int priority,
                                          GCancellable *cancellable, GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  GTask *task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, wherry_channel_output_stream_close_async);
  g_task_set_priority (task, priority);
  post_close (stream);
  wait_for_async (stream, is_closed, task);
}

static gboolean
finish_boolean (GOutputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- class ---- */

static GSource *
create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return wherry_stream_source_new (stream, is_writable, cancellable);
}

static gboolean
pollable_is_writable (GPollableOutputStream *stream)
{
  return is_writable (stream);
}

static void
pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = pollable_is_writable;
  iface->create_source = create_source;
  iface->write_nonblocking = write_nonblocking;
}

static void
wherry_channel_output_stream_dispose (GObject *object)
{
  WHERRY_CHANNEL_OUTPUT_STREAM (object)->disposing = TRUE;
  G_OBJECT_CLASS (wherry_channel_output_stream_parent_class)->dispose (object);
}

static void
wherry_channel_output_stream_finalize (GObject *object)
{
  g_clear_object (&WHERRY_CHANNEL_OUTPUT_STREAM (object)->channel);
  G_OBJECT_CLASS (wherry_channel_output_stream_parent_class)->finalize (object);
}

static void
wherry_channel_output_stream_class_init (WherryChannelOutputStreamClass *klass)
{
  GOutputStreamClass *stream_class = G_OUTPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = wherry_channel_output_stream_dispose;
  G_OBJECT_CLASS (klass)->finalize = wherry_channel_output_stream_finalize;
  stream_class->write_fn = wherry_channel_output_stream_write;
  stream_class->flush = wherry_channel_output_stream_flush;
  stream_class->flush_async = wherry_channel_output_stream_flush_async;
  stream_class->flush_finish = finish_boolean;
  stream_class->close_fn = wherry_channel_output_stream_close;
  stream_class->close_async = wherry_channel_output_stream_close_async;
  stream_class->close_finish = finish_boolean;
}

static void
wherry_channel_output_stream_init (WherryChannelOutputStream *self)
{
}

GOutputStream *
wherry_channel_output_stream_new (WherryDataChannel *channel)
{
  WherryChannelOutputStream *self = g_object_new (WHERRY_TYPE_CHANNEL_OUTPUT_STREAM, NULL);

  self->channel = g_object_ref (channel);
  return G_OUTPUT_STREAM (self);
}
