/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/stream/wherry-pump.h"

struct _WherryPump
{
  int ref_count; /* a read and a write that are under way have one each */
  GInputStream *input;
  GOutputStream *output;
  GCancellable *cancellable;
  const WherryPumpEvents *events; /* NULL: it is over */
  gpointer user_data;
  WherryMuxStream *stream; /* NULL: not yet, or no more */
  GQueue incoming;         /* of GBytes: at most a stream's window */
  gsize offset;            /* of the first of these */
  gsize largest_write;     /* 0: any */
  gboolean is_reading, is_writing;
  gboolean has_had_stream;
  gboolean end_received;
  WherryPumpCounts counts;
};

static void
unref (WherryPump *self)
{
  if (--self->ref_count > 0)
    return;
  g_queue_clear_full (&self->incoming, (GDestroyNotify) g_bytes_unref);
  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_object_unref (self->cancellable);
  g_free (self);
}

static void
finish (WherryPump *self, const GError *error, gboolean local)
{
  const WherryPumpEvents *events = self->events;

  if (events == NULL)
    return;
  self->events = NULL;
  g_cancellable_cancel (self->cancellable);
  events->finished (self->user_data, error, local);
}

/* Something of this side broke. */
static void
break_off (WherryPump *self, const GError *error)
{
  WherryMuxStream *stream = g_steal_pointer (&self->stream);

  if (stream != NULL)
    wherry_mux_stream_reset (stream, WHERRY_MUX_CODE_ABORTED, NULL);
  finish (self, error, TRUE);
}

/* ---- from the input to the stream ---- */

static void read_more (WherryPump *self);

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryPump *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes
      = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);

  self->is_reading = FALSE;
  if (self->events != NULL && bytes == NULL)
    break_off (self, error);
  else if (self->events != NULL && self->stream != NULL)
    {
      gsize size = g_bytes_get_size (bytes);

      self->counts.read += size;
      self->counts.input_ended = size == 0;
      if (size == 0)
        wherry_mux_stream_end (self->stream);
      else
        wherry_mux_stream_write (self->stream, bytes);
      read_more (self);
    }
  unref (self);
}

static void
read_more (WherryPump *self)
{
  if (self->events == NULL || self->stream == NULL || self->input == NULL || self->is_reading
      || self->counts.input_ended || !wherry_mux_stream_has_room (self->stream))
    return;
  self->is_reading = TRUE;
  self->ref_count++;
  g_input_stream_read_bytes_async (self->input, WHERRY_MUX_DATA_MAX, G_PRIORITY_DEFAULT,
                                   self->cancellable, on_read, self);
}

static void
on_room (gpointer user_data)
{
  read_more (user_data);
}

/* ---- from the stream to the output ---- */

static void write_more (WherryPump *self);

static void
take_written (WherryPump *self, gsize size)
{
  GBytes *first = g_queue_peek_head (&self->incoming);
  gsize whole = g_bytes_get_size (first);

  self->counts.written += size;
  self->offset += size;
  if (self->offset < whole)
    return;
  self->offset = 0;
  g_bytes_unref (g_queue_pop_head (&self->incoming));
  if (self->stream != NULL)
    wherry_mux_stream_consumed (self->stream, whole);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryPump *self = data;
  g_autoptr (GError) error = NULL;
  gssize size = g_output_stream_write_finish (G_OUTPUT_STREAM (source), result, &error);

  self->is_writing = FALSE;
  if (self->events != NULL && size < 0)
    break_off (self, error);
  else if (self->events != NULL)
    {
      take_written (self, (gsize) size);
      write_more (self);
    }
  unref (self);
}

static void
write_more (WherryPump *self)
{
  GBytes *first = g_queue_peek_head (&self->incoming);
  const guint8 *data;
  gsize size;

  if (self->events == NULL || self->output == NULL || self->is_writing)
    return;
  if (first != NULL)
    {
      data = g_bytes_get_data (first, &size);
      size -= self->offset;
      if (self->largest_write > 0)
        size = MIN (size, self->largest_write);
      self->is_writing = TRUE;
      self->ref_count++;
      g_output_stream_write_async (self->output, data + self->offset, size, G_PRIORITY_DEFAULT,
                                   self->cancellable, on_written, self);
      return;
    }
  if (!self->end_received || self->counts.output_ended)
    return;
  self->counts.output_ended = TRUE;
  self->events->end_output (self->user_data);
  if (self->stream != NULL)
    wherry_mux_stream_done (self->stream);
}

static void
on_data (gpointer user_data, GBytes *bytes)
{
  WherryPump *self = user_data;

  g_queue_push_tail (&self->incoming, g_bytes_ref (bytes));
  write_more (self);
}

static void
on_ended (gpointer user_data)
{
  WherryPump *self = user_data;

  self->end_received = TRUE;
  write_more (self);
}

static void
on_closed (gpointer user_data, const GError *error)
{
  WherryPump *self = user_data;

  self->stream = NULL;
  finish (self, error, FALSE);
}

/* ---- life ---- */

static const WherryMuxStreamEvents stream_events = { on_data, on_ended, on_room, on_closed };

WherryPump *
wherry_pump_new (const WherryPumpEvents *events, gpointer user_data)
{
  WherryPump *self = g_new0 (WherryPump, 1);

  self->ref_count = 1;
  self->cancellable = g_cancellable_new ();
  self->events = events;
  self->user_data = user_data;
  g_queue_init (&self->incoming);
  return self;
}

void
wherry_pump_free (WherryPump *self)
{
  WherryMuxStream *stream = g_steal_pointer (&self->stream);

  self->events = NULL;
  g_cancellable_cancel (self->cancellable);
  if (stream != NULL)
    wherry_mux_stream_reset (stream, WHERRY_MUX_CODE_ABORTED, NULL);
  unref (self);
}

void
wherry_pump_attach (WherryPump *self, GInputStream *input, GOutputStream *output)
{
  self->ref_count++;
  self->input = g_object_ref (input);
  self->output = g_object_ref (output);
  read_more (self);
  write_more (self);
  unref (self);
}

void
wherry_pump_open (WherryPump *self, WherryMux *mux)
{
  self->ref_count++;
  self->has_had_stream = TRUE;
  self->stream = wherry_mux_open (mux, &stream_events, self);
  read_more (self);
  unref (self);
}

void
wherry_pump_take (WherryPump *self, WherryMuxStream *stream)
{
  self->has_had_stream = TRUE;
  self->stream = stream;
  wherry_mux_stream_take (stream, &stream_events, self);
  read_more (self);
}

gboolean
wherry_pump_has_stream (WherryPump *self)
{
  return self->has_had_stream;
}

void
wherry_pump_set_largest_write (WherryPump *self, gsize bytes)
{
  self->largest_write = bytes;
}

void
wherry_pump_abort (WherryPump *self, WherryMuxCode code, const char *text)
{
  WherryMuxStream *stream = g_steal_pointer (&self->stream);

  if (stream != NULL)
    wherry_mux_stream_reset (stream, code, text);
  self->events = NULL;
  g_cancellable_cancel (self->cancellable);
}

WherryPumpCounts
wherry_pump_get_counts (WherryPump *self)
{
  return self->counts;
}
