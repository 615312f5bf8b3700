/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "signaling/wherry-counted-state.h"
#include "signaling/wherry-counted-stream.h"

struct _WherryCountedStream
{
  GIOStream parent_instance;

  /* hub thread only */
  WherryCountedState *state;
  GInputStream *input;
  GOutputStream *output;
  WherryCountedStreamFunc closed;
  gpointer closed_data;
};

G_DEFINE_FINAL_TYPE (WherryCountedStream, wherry_counted_stream, G_TYPE_IO_STREAM)

static void
tell_closed (WherryCountedStream *self)
{
  WherryCountedStreamFunc closed = self->closed;

  self->closed = NULL;
  if (closed != NULL)
    closed (self, self->closed_data);
}

static GInputStream *
wherry_counted_stream_get_input_stream (GIOStream *stream)
{
  return WHERRY_COUNTED_STREAM (stream)->input;
}

static GOutputStream *
wherry_counted_stream_get_output_stream (GIOStream *stream)
{
  return WHERRY_COUNTED_STREAM (stream)->output;
}

static gboolean
wherry_counted_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  WherryCountedStream *self = WHERRY_COUNTED_STREAM (stream);

  self->state->aborted = TRUE;
  tell_closed (self);
  return g_socket_close (self->state->socket, error);
}

static void
wherry_counted_stream_close_async (GIOStream *stream, int priority, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (task, wherry_counted_stream_close_async);
  if (wherry_counted_stream_close (stream, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static gboolean
wherry_counted_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
wherry_counted_stream_finalize (GObject *object)
{
  WherryCountedStream *self = WHERRY_COUNTED_STREAM (object);

  tell_closed (self);
  g_clear_object (&self->input);
  g_clear_object (&self->output);
  wherry_counted_state_unref (self->state);
  G_OBJECT_CLASS (wherry_counted_stream_parent_class)->finalize (object);
}

static void
wherry_counted_stream_class_init (WherryCountedStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = wherry_counted_stream_finalize;
  stream_class->get_input_stream = wherry_counted_stream_get_input_stream;
  stream_class->get_output_stream = wherry_counted_stream_get_output_stream;
  stream_class->close_fn = wherry_counted_stream_close;
  stream_class->close_async = wherry_counted_stream_close_async;
  stream_class->close_finish = wherry_counted_stream_close_finish;
}

static void
wherry_counted_stream_init (WherryCountedStream *self)
{
  self->state = wherry_counted_state_new ();
  self->state->by_line = TRUE;
  wherry_head_watch_init (&self->state->head);
  self->input = wherry_counted_input_new (self->state);
  self->output = wherry_counted_output_new (self->state);
}

WherryCountedStream *
wherry_counted_stream_new (GSocket *socket, WherryClock *clock)
{
  WherryCountedStream *self = g_object_new (WHERRY_TYPE_COUNTED_STREAM, NULL);

  g_socket_set_blocking (socket, FALSE);
  /* signaling is small messages that somebody waits for */
  (void) g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
  self->state->socket = g_object_ref (socket);
  self->state->connection = g_socket_connection_factory_create_connection (socket);
  self->state->clock = wherry_clock_ref (clock != NULL ? clock : wherry_clock_system ());
  return self;
}

void
wherry_counted_stream_set_closed_func (WherryCountedStream *self, WherryCountedStreamFunc func,
                                       gpointer user_data)
{
  self->closed = func;
  self->closed_data = user_data;
}

void
wherry_counted_stream_begin_frames (WherryCountedStream *self, gsize message_max)
{
  self->state->by_line = FALSE;
  self->state->has_frames = TRUE;
  wherry_frame_watch_init (&self->state->frames, message_max);
}

void
wherry_counted_stream_set_read_limit (WherryCountedStream *self, gsize bytes)
{
  self->state->read_limit = bytes > 0 ? self->state->total_read + bytes : 0;
}

void
wherry_counted_stream_set_read_rate (WherryCountedStream *self, guint64 bytes_per_second,
                                     guint64 burst)
{
  self->state->has_bucket = bytes_per_second > 0;
  if (bytes_per_second > 0)
    wherry_token_bucket_init (&self->state->bucket, bytes_per_second, burst,
                              wherry_clock_now_us (self->state->clock));
}

void
wherry_counted_stream_note_queued (WherryCountedStream *self, gsize bytes)
{
  WherryCountedState *state = self->state;

  /* libsoup writes things of its own too (headers, pongs): what is more than was announced is no
   * credit for what comes */
  state->total_queued = MAX (state->total_queued, state->total_written) + bytes;
}

gsize
wherry_counted_stream_get_queued (WherryCountedStream *self)
{
  WherryCountedState *state = self->state;

  if (state->total_queued <= state->total_written)
    return 0;
  return state->total_queued - state->total_written;
}

guint64
wherry_counted_stream_get_bytes_read (WherryCountedStream *self)
{
  return self->state->total_read;
}

guint64
wherry_counted_stream_get_bytes_written (WherryCountedStream *self)
{
  return self->state->total_written;
}

void
wherry_counted_stream_ping (WherryCountedStream *self)
{
  static const char ping[] = { (char) 0x89, 0 }; /* RFC 6455 section 5.5.2, no payload */

  (void) wherry_counted_state_write_frame (self->state, ping, sizeof ping);
}

void
wherry_counted_stream_write_last (WherryCountedStream *self, const char *text)
{
  if (!self->state->aborted)
    (void) g_socket_send (self->state->socket, text, strlen (text), NULL, NULL);
}

void
wherry_counted_stream_abort (WherryCountedStream *self)
{
  if (self->state->aborted)
    return;

  self->state->aborted = TRUE;
  /* wakes whoever polls it */
  (void) g_socket_shutdown (self->state->socket, TRUE, TRUE, NULL);
}

gboolean
wherry_counted_stream_is_aborted (WherryCountedStream *self)
{
  return self->state->aborted;
}
