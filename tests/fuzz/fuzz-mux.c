/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include "cli/stream/wherry-mux.h"
#include "fuzz/fuzz.h"
#include "lib/wherry.h"

/* Messages for a session, each behind a byte that is its length: whatever comes, no more is given
 * out than was credit for, what is answered can be parsed, and the session ends at most once. */

#define STREAM_WINDOW 300
#define SESSION_WINDOW 1000
#define STREAMS_MAX 3

typedef struct
{
  WherryMux *mux;
  guint8 behavior;
  guint n_sent, n_failed, n_open;
  GPtrArray *streams; /* of Stream */
} Session;

typedef struct
{
  Session *session;
  WherryMuxStream *stream; /* NULL: closed, which any call of ours may end in */
  gint64 held;
} Stream;

static gboolean
on_send (gpointer user_data, GBytes *message, GError **error)
{
  Session *self = user_data;
  g_auto (WherryMuxFrame) frame = { 0 };

  g_assert_true (wherry_mux_frame_parse (&frame, message, NULL));
  self->n_sent++;
  if ((self->behavior & 2) == 0 || self->n_sent % 3 != 0)
    return TRUE;
  g_set_error_literal (error, WHERRY_ERROR,
                       (self->behavior & 4) != 0 ? WHERRY_ERROR_CLOSED : WHERRY_ERROR_WOULD_BLOCK,
                       "");
  return FALSE;
}

static void
on_data (gpointer user_data, GBytes *bytes)
{
  Stream *self = user_data;
  gsize size = g_bytes_get_size (bytes);

  self->held += (gint64) (size + WHERRY_MUX_COST);
  g_assert_cmpint (self->held, <=, STREAM_WINDOW);
  /* some is taken at once, some never */
  if (size % 3 == 0)
    return;
  self->held -= (gint64) (size + WHERRY_MUX_COST);
  wherry_mux_stream_consumed (self->stream, size);
  if (size % 5 == 0 && self->stream != NULL && wherry_mux_stream_has_room (self->stream))
    wherry_mux_stream_write (self->stream, bytes);
}

static void
on_ended (gpointer user_data)
{
  Stream *self = user_data;

  wherry_mux_stream_end (self->stream);
  if (self->stream != NULL)
    wherry_mux_stream_done (self->stream);
}

static void
on_room (gpointer user_data)
{
}

static void
on_closed (gpointer user_data, const GError *error)
{
  Stream *self = user_data;

  self->session->n_open--;
  self->stream = NULL;
}

static const WherryMuxStreamEvents stream_events = { on_data, on_ended, on_room, on_closed };

static void
on_opened (gpointer user_data, WherryMuxStream *stream)
{
  Session *self = user_data;
  Stream *taken;

  g_assert_cmpuint (self->n_open, <=, STREAMS_MAX);
  if ((self->behavior & 8) != 0)
    return; /* refused for us */
  taken = g_new0 (Stream, 1);
  g_ptr_array_add (self->streams, taken);
  taken->session = self;
  taken->stream = stream;
  self->n_open++;
  wherry_mux_stream_take (stream, &stream_events, taken);
}

static void
on_failed (gpointer user_data, const GError *error)
{
  Session *self = user_data;

  g_assert_nonnull (error);
  g_assert_cmpuint (++self->n_failed, ==, 1);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const WherryMuxEvents events = { on_send, on_opened, on_failed };
  const WherryMuxGreeting ours
      = { .session_window = SESSION_WINDOW, .stream_window = STREAM_WINDOW };
  const WherryMuxGreeting theirs = ours;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_free);
  Session self = { .streams = streams };

  if (size == 0)
    return 0;
  self.behavior = *data++;
  size--;
  self.mux = wherry_mux_new (&ours, &theirs, (self.behavior & 1) != 0, STREAMS_MAX, &events, &self);
  while (size > 0)
    {
      gsize length = MIN (data[0], size - 1);
      g_autoptr (GBytes) message = g_bytes_new (data + 1, length);
      g_auto (WherryMuxFrame) frame = { 0 };

      if (wherry_mux_frame_parse (&frame, message, NULL))
        wherry_mux_take (self.mux, &frame);
      if (data[0] % 4 == 0)
        wherry_mux_flush (self.mux);
      data += 1 + length;
      size -= 1 + length;
    }
  error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED, "");
  wherry_mux_break (self.mux, error); /* and so everything is told and freed */
  g_assert_cmpuint (self.n_open, ==, 0);
  wherry_mux_free (self.mux);
  return 0;
}
