/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "tunnel-wire.h"
#include "wire/wherry-tunnel-frame.h"

#define MESSAGE_MAX WHERRY_MAX_MESSAGE_SIZE_DEFAULT

typedef struct
{
  WherryFrameStream *frames;
  WherryStreamTransport *stream;
  GQueue wire; /* of GBytes: what it has sent */
  WherryTransportState state;
  GString *log;
  guint n_messages;
  gsize bytes;
  gsize largest_frame;
  guint n_writable;
  gboolean answers_switch;
} End;

typedef struct
{
  WherryBudget *budget;
  End a;
  End b;
} Fixture;

static void
on_output (gpointer user_data, GBytes *frames)
{
  End *self = user_data;

  self->largest_frame = MAX (self->largest_frame, g_bytes_get_size (frames));
  g_queue_push_tail (&self->wire, frames);
}

static void
on_switching (gpointer user_data)
{
  End *self = user_data;

  g_string_append (self->log, "switching ");
  if (self->answers_switch)
    wherry_frame_stream_acknowledge_switch (self->frames);
}

static void
on_switched (gpointer user_data)
{
  g_string_append (((End *) user_data)->log, "switched ");
}

static const WherryFrameStreamCarrier carrier = {
  .output = on_output,
  .switching = on_switching,
  .switched = on_switched,
};

static void
on_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  End *self = user_data;

  self->state = state;
  g_assert_cmpint (error != NULL, ==, state != WHERRY_TRANSPORT_CONNECTED);
  if (error != NULL)
    g_test_message ("%s", error->message);
}

static void
on_message (gpointer user_data, guint16 stream, WherryMessage *message)
{
  End *self = user_data;

  self->n_messages++;
  self->bytes += wherry_message_get_length (message);
  g_string_append_printf (self->log, "%u:%" G_GSIZE_FORMAT " ", stream,
                          wherry_message_get_length (message));
}

static void
on_incoming_reset (gpointer user_data, guint16 stream)
{
  g_string_append_printf (((End *) user_data)->log, "reset:%u ", stream);
}

static void
on_outgoing_reset (gpointer user_data, guint16 stream)
{
  g_string_append_printf (((End *) user_data)->log, "done:%u ", stream);
}

static void
on_writable (gpointer user_data)
{
  ((End *) user_data)->n_writable++;
}

static const WherryStreamTransportEvents events = {
  .state = on_state,
  .message = on_message,
  .incoming_reset = on_incoming_reset,
  .outgoing_reset = on_outgoing_reset,
  .writable = on_writable,
};

static void
begin (End *self, WherryBudget *budget)
{
  *self = (End){ .log = g_string_new (NULL), .answers_switch = TRUE };
  g_queue_init (&self->wire);
  self->frames = wherry_frame_stream_new (MESSAGE_MAX, budget, &carrier, self);
  self->stream = WHERRY_STREAM_TRANSPORT (self->frames);
  wherry_stream_transport_set_events (self->stream, &events, self);
}

static void
flow (Fixture *self)
{
  gboolean moved;

  do
    {
      moved = tunnel_wire_carry (&self->a.wire, self->b.frames);
      moved |= tunnel_wire_carry (&self->b.wire, self->a.frames);
    }
  while (moved);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->budget = wherry_budget_new (WHERRY_MEMORY_BUDGET);
  begin (&self->a, self->budget);
  begin (&self->b, self->budget);
  flow (self);
  g_assert_cmpint (self->a.state, ==, WHERRY_TRANSPORT_CONNECTED);
  g_assert_cmpint (self->b.state, ==, WHERRY_TRANSPORT_CONNECTED);
  g_assert_cmpuint (wherry_frame_stream_get_remote_max_message_size (self->a.frames), ==,
                    MESSAGE_MAX);
}

static void
end (End *self)
{
  g_assert_finalize_object (self->frames);
  g_queue_clear_full (&self->wire, (GDestroyNotify) g_bytes_unref);
  g_string_free (self->log, TRUE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  end (&self->a);
  end (&self->b);
  g_assert_cmpuint (wherry_budget_get_used (self->budget), ==, 0);
  wherry_budget_unref (self->budget);
}

static WherrySendResult
send_one (End *self, guint16 stream, gsize length)
{
  const WherrySendOptions options = { .ordered = TRUE };
  g_autoptr (WherryMessage) message
      = wherry_message_new_take (WHERRY_MESSAGE_BINARY, g_malloc0 (length), length, NULL);

  return wherry_stream_transport_send (self->stream, stream, &options, message);
}

static void
give (End *to, const guint8 *data, gsize length)
{
  g_autofree guint8 *exact = g_memdup2 (data, length);

  wherry_frame_stream_input (to->frames, exact, length);
}

static void
test_messages (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (send_one (&self->a, 3, 0), ==, WHERRY_SEND_OK);
  g_assert_cmpint (send_one (&self->a, 3, 5), ==, WHERRY_SEND_OK);
  g_assert_cmpint (send_one (&self->a, 127, 16384), ==, WHERRY_SEND_OK);
  g_assert_cmpint (send_one (&self->a, 128, 1), ==, WHERRY_SEND_FAILED);
  g_assert_true (wherry_stream_transport_ensure_streams (self->a.stream, 129));
  g_assert_cmpint (send_one (&self->a, 128, 1), ==, WHERRY_SEND_OK);
  g_assert_cmpint (send_one (&self->a, 3, MESSAGE_MAX + 1), ==, WHERRY_SEND_FAILED);
  flow (self);
  g_assert_cmpstr (self->b.log->str, ==, "3:0 3:5 127:16384 128:1 ");
}

/* What a paused reader lets the other side send: its window and no more; then all of it comes. */
static void
test_window (Fixture *self, gconstpointer data)
{
  guint n = 0;

  wherry_stream_transport_set_paused (self->b.stream, TRUE);
  while (send_one (&self->a, 7, 1000) == WHERRY_SEND_OK)
    {
      flow (self);
      g_assert_cmpuint (++n, <=, WHERRY_TUNNEL_WINDOW / 1064);
    }
  g_assert_cmpuint (n, ==, WHERRY_TUNNEL_WINDOW / 1064);
  g_assert_cmpuint (self->b.n_messages, ==, 0);
  g_assert_cmpuint (wherry_stream_transport_get_buffered (self->a.stream), ==, n * 1064);
  g_assert_cmpuint (wherry_budget_get_used (self->budget), >=, n * 1000);
  /* the other way is open */
  g_assert_cmpint (send_one (&self->b, 1, 9), ==, WHERRY_SEND_OK);
  flow (self);
  g_assert_cmpstr (self->a.log->str, ==, "1:9 ");
  g_assert_cmpuint (self->a.n_writable, ==, 0);

  wherry_stream_transport_set_paused (self->b.stream, FALSE);
  flow (self);
  g_assert_cmpuint (self->b.n_messages, ==, n);
  g_assert_cmpuint (self->a.n_writable, ==, 1);
  g_assert_cmpuint (wherry_stream_transport_get_buffered (self->a.stream), <,
                    WHERRY_TUNNEL_WINDOW / 4);
}

/* Larger than the window, in turn with another, and a small one past both. */
static void
test_interleaved (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (send_one (&self->a, 1, MESSAGE_MAX), ==, WHERRY_SEND_OK);
  g_assert_cmpint (send_one (&self->a, 2, 200000), ==, WHERRY_SEND_BLOCKED);
  g_assert_true (wherry_stream_transport_is_interleaving (self->a.stream));
  g_assert_cmpint (send_one (&self->a, 1, 10), ==, WHERRY_SEND_BLOCKED);
  g_assert_cmpint (send_one (&self->a, 3, 10), ==, WHERRY_SEND_OK);
  g_assert_true (tunnel_wire_carry (&self->a.wire, self->b.frames)); /* one of many */
  flow (self);
  g_assert_cmpstr (self->b.log->str, ==, "3:10 1:262144 ");
  g_assert_cmpuint (self->a.largest_frame, <=, WHERRY_TUNNEL_HEADER_SIZE + 16384);
  g_assert_cmpuint (self->a.n_writable, >=, 1);
}

static void
test_large_ones_take_turns (Fixture *self, gconstpointer data)
{
  wherry_stream_transport_set_paused (self->b.stream, TRUE);
  g_assert_cmpint (send_one (&self->a, 1, 150000), ==, WHERRY_SEND_OK);
  g_assert_cmpint (send_one (&self->a, 2, 150000), ==, WHERRY_SEND_OK);
  flow (self);
  wherry_stream_transport_set_paused (self->b.stream, FALSE);
  flow (self);
  g_assert_cmpstr (self->b.log->str, ==, "1:150000 2:150000 ");
}

static void
test_reset (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (send_one (&self->a, 4, 100000), ==, WHERRY_SEND_OK);
  wherry_stream_transport_reset_stream (self->a.stream, 4);
  wherry_stream_transport_set_paused (self->b.stream, TRUE);
  flow (self);
  g_assert_cmpstr (self->b.log->str, ==, "");
  g_assert_cmpstr (self->a.log->str, ==, "");
  wherry_stream_transport_set_paused (self->b.stream, FALSE);
  flow (self);
  g_assert_cmpstr (self->b.log->str, ==, "4:100000 reset:4 ");
  g_assert_cmpstr (self->a.log->str, ==, "done:4 ");
}

static void
test_switch (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (send_one (&self->a, 4, 250000), ==, WHERRY_SEND_OK);
  wherry_frame_stream_switch (self->a.frames);
  g_assert_cmpstr (self->a.log->str, ==, "");
  flow (self);
  g_assert_cmpstr (self->b.log->str, ==, "4:250000 switching ");
  g_assert_cmpstr (self->a.log->str, ==, "switched ");
}

/* What had come is told, though the reader pauses. */
static void
test_end (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED, "gone");

  wherry_stream_transport_set_paused (self->b.stream, TRUE);
  send_one (&self->a, 4, 10);
  flow (self);
  wherry_frame_stream_end (self->b.frames, WHERRY_TRANSPORT_FAILED, error);
  g_assert_cmpstr (self->b.log->str, ==, "4:10 ");
  g_assert_cmpint (self->b.state, ==, WHERRY_TRANSPORT_FAILED);
  g_assert_cmpint (send_one (&self->b, 4, 10), ==, WHERRY_SEND_FAILED);
  wherry_stream_transport_close (self->a.stream);
}

static void
test_close (Fixture *self, gconstpointer data)
{
  send_one (&self->a, 4, 10);
  wherry_stream_transport_close (self->a.stream);
  flow (self);
  g_assert_cmpstr (self->b.log->str, ==, "4:10 ");
  g_assert_cmpint (self->b.state, ==, WHERRY_TRANSPORT_CLOSED);
  g_assert_cmpint (self->a.state, ==, WHERRY_TRANSPORT_CONNECTED); /* whoever closes knows */
}

#define BYTES(...) (const guint8[]){ __VA_ARGS__ }, sizeof ((const guint8[]){ __VA_ARGS__ })

/* Each of these ends it, and is counted. */
static void
test_violations (Fixture *self, gconstpointer data)
{
  const struct
  {
    const guint8 *data;
    gsize length;
    guint n;
  } cases[] = {
    { BYTES (9, 0, 0, 0, 0, 0, 0, 0), 1 },                            /* no frame */
    { BYTES (0, 0, 0, 0, 0, 0, 0, 9, 1, 0, 4, 0, 0, 0, 4, 0, 0), 1 }, /* a second greeting */
    { BYTES (3, 0, 0, 1, 0, 0, 0, 0), 1 },                            /* no reset of ours */
    { BYTES (4, 0, 0, 0, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff), 1 },    /* too much */
    { BYTES (1, 0, 0, 1, 51, 0, 0, 1, 'a', 1, 1, 0, 1, 53, 0, 0, 1, 'a'), 1 }, /* another kind */
    { BYTES (2, 0, 0, 1, 0, 0, 0, 0), WHERRY_TUNNEL_RESETS_MAX + 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      tear_down (self, NULL);
      set_up (self, NULL);
      wherry_stream_transport_set_paused (self->b.stream, cases[i].n > 1);
      for (guint k = 0; k < cases[i].n; k++)
        {
          g_assert_cmpint (self->b.state, ==, WHERRY_TRANSPORT_CONNECTED);
          give (&self->b, cases[i].data, cases[i].length);
        }
      g_assert_cmpint (self->b.state, ==, WHERRY_TRANSPORT_FAILED);
    }
}

static void
test_more_than_credit (Fixture *self, gconstpointer data)
{
  guint8 frame[WHERRY_TUNNEL_HEADER_SIZE + 1000] = { 1, 1, 0, 1, 53, 0, 1000 >> 8, 1000 & 0xff };
  guint n = 0;

  wherry_stream_transport_set_paused (self->b.stream, TRUE);
  while (self->b.state == WHERRY_TRANSPORT_CONNECTED)
    {
      give (&self->b, frame, sizeof frame);
      n++;
    }
  g_assert_cmpuint (n, ==, WHERRY_TUNNEL_WINDOW / 1064 + 1);
  g_assert_cmpint (self->b.state, ==, WHERRY_TRANSPORT_FAILED);
}

static void
test_too_many_unfinished (Fixture *self, gconstpointer data)
{
  for (guint8 stream = 1; stream <= WHERRY_TUNNEL_UNFINISHED_MAX + 1; stream++)
    {
      const guint8 frame[] = { 1, 0, 0, stream, 53, 0, 0, 1, 'a' };

      g_assert_cmpint (self->b.state, ==, WHERRY_TRANSPORT_CONNECTED);
      give (&self->b, frame, sizeof frame);
    }
  g_assert_cmpint (self->b.state, ==, WHERRY_TRANSPORT_FAILED);
}

static void
test_too_large (Fixture *self, gconstpointer data)
{
  guint8 frame[WHERRY_TUNNEL_HEADER_SIZE + 16000] = { 1, 0, 0, 1, 53, 0, 16000 >> 8, 16000 & 0xff };
  gsize n = 0;

  while (self->b.state == WHERRY_TRANSPORT_CONNECTED)
    {
      give (&self->b, frame, sizeof frame);
      n += 16000;
    }
  g_assert_cmpuint (n, >, MESSAGE_MAX);
  g_assert_cmpuint (n, <=, MESSAGE_MAX + 16000);
}

/* A reader that promises a lot has no more waiting for the carrier than ours holds. */
static void
test_generous_reader (Fixture *self, gconstpointer data)
{
  static const guint8 credit[] = { 4, 0, 0, 0, 0, 0, 0, 4, 0x7f, 0, 0, 0 };
  gsize bytes = 0;

  give (&self->a, credit, sizeof credit);
  while (send_one (&self->a, 1, 1000) == WHERRY_SEND_OK)
    bytes += 1064;
  g_assert_cmpuint (bytes, <=, WHERRY_TUNNEL_WINDOW);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "/frame-stream/messages", test_messages },
    { "/frame-stream/window", test_window },
    { "/frame-stream/interleaved", test_interleaved },
    { "/frame-stream/large-ones-take-turns", test_large_ones_take_turns },
    { "/frame-stream/reset-behind-the-data", test_reset },
    { "/frame-stream/switch-behind-the-data", test_switch },
    { "/frame-stream/end-tells-what-came", test_end },
    { "/frame-stream/close", test_close },
    { "/frame-stream/violations", test_violations },
    { "/frame-stream/more-than-credit", test_more_than_credit },
    { "/frame-stream/too-many-unfinished", test_too_many_unfinished },
    { "/frame-stream/too-large", test_too_large },
    { "/frame-stream/generous-reader", test_generous_reader },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
