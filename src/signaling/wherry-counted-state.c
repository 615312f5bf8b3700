/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "signaling/wherry-counted-state.h"

WherryCountedState *
wherry_counted_state_new (void)
{
  WherryCountedState *self = g_new0 (WherryCountedState, 1);

  g_ref_count_init (&self->ref_count);
  self->ahead = g_byte_array_new ();
  return self;
}

WherryCountedState *
wherry_counted_state_ref (WherryCountedState *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

void
wherry_counted_state_unref (WherryCountedState *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;

  g_byte_array_unref (self->ahead);
  g_object_unref (self->connection);
  g_object_unref (self->socket);
  wherry_clock_unref (self->clock);
  g_free (self);
}

/* libsoup would say the same, and keep the path of the request: see wherry-head-watch.h. */
static void
refuse_head (WherryCountedState *self, guint status)
{
  g_autofree char *answer
      = g_strdup_printf ("HTTP/1.1 %u %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status,
                         status == 501 ? "Not Implemented" : "Bad Request");

  wherry_counter_inc (WHERRY_COUNTER_SOCKETS_REFUSED);
  (void) g_socket_send (self->socket, answer, strlen (answer), NULL, NULL);
  self->aborted = TRUE;
}

gboolean
wherry_counted_state_check_read (WherryCountedState *self, const guint8 *data, gsize length)
{
  /* a close frame: 1009, "message too big" (RFC 6455 section 7.4.1) */
  static const char too_big[] = { (char) 0x88, 2, 0x03, (char) 0xf1 };
  guint refused = self->by_line ? wherry_head_watch_feed (&self->head, data, length) : 0;

  self->batch += length;
  self->total_read += length;
  if (self->has_bucket)
    wherry_token_bucket_charge (&self->bucket, length, wherry_clock_now_us (self->clock));
  if (self->read_limit > 0 && self->total_read > self->read_limit)
    {
      self->aborted = TRUE;
      return FALSE;
    }
  if (refused != 0)
    {
      refuse_head (self, refused);
      return FALSE;
    }
  if (self->has_frames && !wherry_frame_watch_feed (&self->frames, data, length))
    {
      wherry_counter_inc (WHERRY_COUNTER_BAD_MESSAGES);
      /* libsoup would say nothing */
      (void) wherry_counted_state_write_frame (self, too_big, sizeof too_big);
      self->aborted = TRUE;
      return FALSE;
    }
  return TRUE;
}

gint64
wherry_counted_state_wait_us (WherryCountedState *self)
{
  if (!self->has_bucket)
    return 0;
  return wherry_token_bucket_wait_us (&self->bucket, wherry_clock_now_us (self->clock));
}

static gboolean
on_timeout_ready (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
on_socket_ready (GSocket *socket, GIOCondition condition, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Takes child. */
static GSource *
wrap_source (gpointer stream, GSource *child)
{
  GSource *source = g_pollable_source_new (stream);

  g_source_add_child_source (source, child);
  g_source_unref (child);
  return source;
}

GSource *
wherry_counted_state_socket_source (WherryCountedState *self, gpointer stream,
                                    GIOCondition condition, GCancellable *cancellable)
{
  GSource *child = g_socket_create_source (self->socket, condition, cancellable);

  g_source_set_callback (child, G_SOURCE_FUNC (on_socket_ready), NULL, NULL);
  return wrap_source (stream, child);
}

GSource *
wherry_counted_state_timeout_source (WherryCountedState *self, gpointer stream, gint64 interval_us)
{
  GSource *child = wherry_clock_timeout_source_new (self->clock, interval_us);

  g_source_set_callback (child, on_timeout_ready, NULL, NULL);
  return wrap_source (stream, child);
}

/* libsoup hands over one frame, or what is left of it, with each write. */
gboolean
wherry_counted_state_write_frame (WherryCountedState *self, const char *frame, gsize length)
{
  if (self->aborted || self->blocked || self->mid_frame)
    return FALSE;
  /* it is a few bytes: a socket takes all of them or none */
  return g_socket_send (self->socket, frame, length, NULL, NULL) == (gssize) length;
}

GPollableInputStream *
wherry_counted_state_get_input (WherryCountedState *self)
{
  return G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (G_IO_STREAM (self->connection)));
}

GPollableOutputStream *
wherry_counted_state_get_output (WherryCountedState *self)
{
  return G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (G_IO_STREAM (self->connection)));
}
