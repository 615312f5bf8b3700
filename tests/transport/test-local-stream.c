/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-limits.h"
#include "fixtures/wherry-wait.h"
#include "transport/wherry-local-stream.h"

typedef struct
{
  WherryStreamTransport *stream;
  WherryTransportState state;
  guint n_messages;
  gsize bytes;
  guint n_writable;
  guint n_streams;
  int reset; /* theirs; -1: none */
  int reset_done;
} End;

typedef struct
{
  End a;
  End b;
} Fixture;

static void
on_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  End *self = user_data;

  g_assert_true ((state == WHERRY_TRANSPORT_CLOSED) == (error != NULL));
  self->state = state;
}

static void
on_message (gpointer user_data, guint16 stream, WherryMessage *message)
{
  End *self = user_data;

  g_assert_cmpuint (stream, ==, 7);
  self->n_messages++;
  self->bytes += wherry_message_get_length (message);
}

static void
on_incoming_reset (gpointer user_data, guint16 stream)
{
  ((End *) user_data)->reset = stream;
}

static void
on_outgoing_reset (gpointer user_data, guint16 stream)
{
  ((End *) user_data)->reset_done = stream;
}

static void
on_writable (gpointer user_data)
{
  ((End *) user_data)->n_writable++;
}

static void
on_streams (gpointer user_data, guint n)
{
  ((End *) user_data)->n_streams = n;
}

static const WherryStreamTransportEvents events = {
  .state = on_state,
  .message = on_message,
  .incoming_reset = on_incoming_reset,
  .outgoing_reset = on_outgoing_reset,
  .writable = on_writable,
  .streams = on_streams,
};

static void
set_up (Fixture *self, gconstpointer data)
{
  WherryLocalStream *a;
  WherryLocalStream *b;

  wherry_local_stream_new_pair (g_main_context_default (), &a, &b);
  self->a = (End){ .stream = WHERRY_STREAM_TRANSPORT (a), .reset = -1, .reset_done = -1 };
  self->b = (End){ .stream = WHERRY_STREAM_TRANSPORT (b), .reset = -1, .reset_done = -1 };
  wherry_stream_transport_set_events (self->a.stream, &events, &self->a);
  wherry_stream_transport_set_events (self->b.stream, &events, &self->b);
  WHERRY_WAIT_UNTIL (NULL, self->a.state == WHERRY_TRANSPORT_CONNECTED
                               && self->b.state == WHERRY_TRANSPORT_CONNECTED);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_assert_finalize_object (self->a.stream);
  if (self->b.stream != NULL)
    g_assert_finalize_object (self->b.stream);
}

static WherrySendResult
send_one (End *end, gsize length)
{
  const WherrySendOptions options = { .ordered = TRUE };
  g_autoptr (WherryMessage) message
      = wherry_message_new_take (WHERRY_MESSAGE_BINARY, g_malloc0 (length), length, NULL);

  return wherry_stream_transport_send (end->stream, 7, &options, message);
}

static void
test_window (Fixture *self, gconstpointer data)
{
  guint n = 0;

  wherry_stream_transport_set_paused (self->b.stream, TRUE);
  while (send_one (&self->a, 1024) == WHERRY_SEND_OK)
    g_assert_cmpuint (++n, <=, WHERRY_LOCAL_STREAM_WINDOW / 1024);
  g_assert_cmpint (send_one (&self->a, 1), ==, WHERRY_SEND_BLOCKED);
  g_assert_cmpuint (wherry_stream_transport_get_buffered (self->a.stream), >=,
                    WHERRY_LOCAL_STREAM_WINDOW);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (self->b.n_messages, ==, 0);
  /* the other direction is open */
  g_assert_cmpint (send_one (&self->b, 5), ==, WHERRY_SEND_OK);
  WHERRY_WAIT_UNTIL (NULL, self->a.bytes == 5);
  g_assert_cmpuint (self->a.n_writable, ==, 0);

  wherry_stream_transport_set_paused (self->b.stream, FALSE);
  WHERRY_WAIT_UNTIL (NULL, self->a.n_writable == 1);
  g_assert_cmpuint (self->b.n_messages, ==, n);
  g_assert_cmpint (send_one (&self->a, 1024), ==, WHERRY_SEND_OK);
}

/* Never from inside the call. */
static void
test_order (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (send_one (&self->a, 3), ==, WHERRY_SEND_OK);
  wherry_stream_transport_reset_stream (self->a.stream, 7);
  g_assert_cmpuint (self->b.n_messages, ==, 0);
  g_assert_cmpint (self->b.reset, ==, -1);
  WHERRY_WAIT_UNTIL (NULL, self->b.reset == 7 && self->a.reset_done == 7);
  g_assert_cmpuint (self->b.n_messages, ==, 1);
  g_assert_cmpint (self->a.reset, ==, -1);
}

static void
test_streams (Fixture *self, gconstpointer data)
{
  guint n = wherry_stream_transport_get_n_streams (self->a.stream);

  g_assert_true (wherry_stream_transport_ensure_streams (self->a.stream, n));
  g_assert_false (wherry_stream_transport_ensure_streams (self->a.stream, n + 5));
  WHERRY_WAIT_UNTIL (NULL, self->a.n_streams == n + 5 && self->b.n_streams == n + 5);
  g_assert_cmpuint (wherry_stream_transport_get_n_streams (self->b.stream), ==, n + 5);
  g_assert_false (wherry_stream_transport_ensure_streams (self->a.stream, G_MAXUINT16));
  WHERRY_WAIT_UNTIL (NULL, self->a.n_streams == n + 5);
}

/* What was sent arrives before the end, whether it is read or not. */
static void
test_close (Fixture *self, gconstpointer data)
{
  wherry_stream_transport_set_paused (self->b.stream, TRUE);
  g_assert_cmpint (send_one (&self->a, 3), ==, WHERRY_SEND_OK);
  wherry_stream_transport_close (self->a.stream);
  WHERRY_WAIT_UNTIL (NULL, self->b.state == WHERRY_TRANSPORT_CLOSED);
  g_assert_cmpuint (self->b.n_messages, ==, 1);
  g_assert_cmpint (send_one (&self->b, 3), ==, WHERRY_SEND_FAILED);
  g_assert_cmpint (self->a.state, ==, WHERRY_TRANSPORT_CONNECTED); /* no event */
}

static void
test_gone (Fixture *self, gconstpointer data)
{
  g_assert_finalize_object (g_steal_pointer (&self->b.stream));
  g_assert_cmpint (send_one (&self->a, 3), ==, WHERRY_SEND_FAILED);
  WHERRY_WAIT_UNTIL (NULL, self->a.state == WHERRY_TRANSPORT_CLOSED);
}

#define ADD(path, func) g_test_add ("/local-stream/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("window", test_window);
  ADD ("order", test_order);
  ADD ("streams", test_streams);
  ADD ("close", test_close);
  ADD ("gone", test_gone);
  return g_test_run ();
}
