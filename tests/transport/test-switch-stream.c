/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-wait.h"
#include "transport/wherry-local-stream.h"
#include "transport/wherry-switch-stream.h"
#include "tunnel-wire.h"

/* Two ends with a tunnel whose messages wait on a wire of the test's, and another way that is a
 * local stream. */

typedef struct
{
  WherrySwitchStream *ways;
  WherryStreamTransport *stream;
  WherryLocalStream *direct;
  GQueue wire; /* of GBytes */
  WherryTransportState state;
  gboolean tunneled;
  guint next; /* the number that is to come */
  guint n_sent;
  gboolean writable;
  int reset;
  int done;
} End;

typedef struct
{
  End a;
  End b;
} Fixture;

static void
on_output (gpointer user_data, GBytes *frames)
{
  g_queue_push_tail (&((End *) user_data)->wire, frames);
}

static void
on_moved (gpointer user_data, gboolean tunneled)
{
  ((End *) user_data)->tunneled = tunneled;
}

static const WherrySwitchStreamCarrier carrier = { .output = on_output, .moved = on_moved };

static void
on_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  ((End *) user_data)->state = state;
}

static void
on_message (gpointer user_data, guint16 stream, WherryMessage *message)
{
  End *self = user_data;
  guint number;

  memcpy (&number, wherry_message_get_data (message, NULL), sizeof number);
  g_assert_cmpuint (number, ==, self->next);
  self->next++;
}

static void
on_incoming_reset (gpointer user_data, guint16 stream)
{
  ((End *) user_data)->reset = stream;
}

static void
on_outgoing_reset (gpointer user_data, guint16 stream)
{
  ((End *) user_data)->done = stream;
}

static void
on_writable (gpointer user_data)
{
  ((End *) user_data)->writable = TRUE;
}

static const WherryStreamTransportEvents events = {
  .state = on_state,
  .message = on_message,
  .incoming_reset = on_incoming_reset,
  .outgoing_reset = on_outgoing_reset,
  .writable = on_writable,
};

static void
begin (End *self)
{
  *self = (End){ .reset = -1, .done = -1, .writable = TRUE };
  g_queue_init (&self->wire);
  self->ways = wherry_switch_stream_new (WHERRY_MAX_MESSAGE_SIZE_DEFAULT, NULL, &carrier, self);
  self->stream = WHERRY_STREAM_TRANSPORT (self->ways);
  wherry_stream_transport_set_events (self->stream, &events, self);
}

static gboolean
carry (End *from, End *to)
{
  return tunnel_wire_carry (&from->wire, wherry_switch_stream_get_tunnel (to->ways));
}

static void
flow (Fixture *self)
{
  gboolean moved;

  do
    {
      moved = carry (&self->a, &self->b);
      moved |= carry (&self->b, &self->a);
      moved |= g_main_context_iteration (NULL, FALSE);
    }
  while (moved);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  begin (&self->a);
  begin (&self->b);
}

static void
end (End *self)
{
  wherry_stream_transport_close (self->stream);
  g_assert_finalize_object (self->ways);
  g_clear_object (&self->direct);
  g_queue_clear_full (&self->wire, (GDestroyNotify) g_bytes_unref);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  end (&self->a);
  end (&self->b);
}

static void
add_direct (Fixture *self)
{
  wherry_local_stream_new_pair (g_main_context_default (), &self->a.direct, &self->b.direct);
  wherry_switch_stream_set_direct (self->a.ways, WHERRY_STREAM_TRANSPORT (self->a.direct));
  wherry_switch_stream_set_direct (self->b.ways, WHERRY_STREAM_TRANSPORT (self->b.direct));
}

/* As many as there is room for. */
static void
send_some (End *self, guint n)
{
  const WherrySendOptions options = { .ordered = TRUE };

  while (n-- > 0 && self->writable)
    {
      g_autoptr (WherryMessage) message
          = wherry_message_new (WHERRY_MESSAGE_BINARY, (const guint8 *) &self->n_sent,
                                sizeof self->n_sent, NULL);
      WherrySendResult result = wherry_stream_transport_send (self->stream, 5, &options, message);

      g_assert_cmpint (result, !=, WHERRY_SEND_FAILED);
      self->writable = result == WHERRY_SEND_OK;
      self->n_sent += result == WHERRY_SEND_OK;
    }
}

static void
test_tunnel_alone (Fixture *self, gconstpointer data)
{
  flow (self);
  g_assert_true (self->a.tunneled && self->b.tunneled);
  g_assert_cmpint (self->a.state, ==, WHERRY_TRANSPORT_CONNECTED);
  send_some (&self->a, 10);
  flow (self);
  g_assert_cmpuint (self->b.next, ==, 10);
}

/* The other way was there before anybody was greeted: the tunnel is not used. */
static void
test_direct_from_the_beginning (Fixture *self, gconstpointer data)
{
  add_direct (self);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (self->a.state, ==, WHERRY_TRANSPORT_CONNECTED);
  g_assert_false (self->a.tunneled || self->b.tunneled);
  send_some (&self->a, 10);
  flow (self);
  g_assert_cmpuint (self->b.next, ==, 10);
  g_assert_false (wherry_switch_stream_needs_tunnel (self->a.ways)
                  && wherry_switch_stream_is_tunneled (self->a.ways));
}

/* One of them, of the other's greeting, hears after it has begun on the other way. */
static void
test_one_is_direct_first (Fixture *self, gconstpointer data)
{
  while (carry (&self->a, &self->b))
    ;
  g_assert_true (self->b.tunneled);
  add_direct (self);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_false (self->a.tunneled);
  send_some (&self->a, 3);
  send_some (&self->b, 3);
  flow (self);
  send_some (&self->b, 3);
  flow (self);
  g_assert_cmpuint (self->b.next, ==, 3);
  g_assert_cmpuint (self->a.next, ==, self->b.n_sent);
  g_assert_cmpuint (self->b.n_sent, >=, 3);
  g_assert_false (self->b.tunneled);
}

/* Messages both ways all the time, and the wire slower than the other way: each comes once and in
 * order (on_message() sees to that). */
static void
test_switch_under_load (Fixture *self, gconstpointer data)
{
  guint64 switches = wherry_counter_get (WHERRY_COUNTER_TUNNEL_SWITCHES);
  GRand *rand = g_rand_new_with_seed (g_test_rand_int ());
  guint still = 0;

  flow (self);
  for (guint i = 0; i < 4000; i++)
    {
      if (i == 1000)
        add_direct (self);
      if (i % 97 == 0)
        wherry_stream_transport_set_paused (self->b.stream, i % 2 == 0);
      send_some (&self->a, g_rand_int_range (rand, 0, 20));
      send_some (&self->b, g_rand_int_range (rand, 0, 20));
      still += i > 1000 && !self->a.writable;
      for (int k = g_rand_int_range (rand, 0, 24); k > 0; k--)
        carry (&self->a, &self->b);
      for (int k = g_rand_int_range (rand, 0, 24); k > 0; k--)
        carry (&self->b, &self->a);
      for (int k = g_rand_int_range (rand, 0, 24); k > 0; k--)
        g_main_context_iteration (NULL, FALSE);
    }
  wherry_stream_transport_set_paused (self->b.stream, FALSE);
  flow (self);
  g_assert_cmpuint (still, <, 1500);
  g_test_message ("%u and %u messages, quiet for %u of 3000 turns", self->a.n_sent, self->b.n_sent,
                  still);
  g_assert_cmpuint (self->b.next, ==, self->a.n_sent);
  g_assert_cmpuint (self->a.next, ==, self->b.n_sent);
  g_assert_false (self->a.tunneled || self->b.tunneled);
  g_assert_false (wherry_switch_stream_needs_tunnel (self->a.ways));
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_TUNNEL_SWITCHES), ==, switches + 2);
  g_rand_free (rand);
}

/* A reset that is asked for while the mark is under way goes behind it. */
static void
test_reset_while_leaving (Fixture *self, gconstpointer data)
{
  flow (self);
  add_direct (self);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  wherry_stream_transport_reset_stream (self->a.stream, 5);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (self->b.reset, ==, -1);
  flow (self);
  g_assert_cmpint (self->b.reset, ==, 5);
  g_assert_cmpint (self->a.done, ==, 5);
}

/* The other way goes before the mark is answered: the tunnel goes on, and the next way is taken. */
static void
test_direct_fails_while_leaving (Fixture *self, gconstpointer data)
{
  flow (self);
  wherry_local_stream_new_pair (g_main_context_default (), &self->a.direct, &self->b.direct);
  wherry_switch_stream_set_direct (self->a.ways, WHERRY_STREAM_TRANSPORT (self->a.direct));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  send_some (&self->a, 1);
  g_assert_false (self->a.writable);
  wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (self->b.direct));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (self->a.writable);
  send_some (&self->a, 5);
  flow (self);
  g_assert_cmpuint (self->b.next, ==, 5);
  g_assert_cmpint (self->a.state, ==, WHERRY_TRANSPORT_CONNECTED);
}

static void
test_carrier_lost (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED, "gone");

  flow (self);
  wherry_frame_stream_end (wherry_switch_stream_get_tunnel (self->a.ways), WHERRY_TRANSPORT_FAILED,
                           error);
  g_assert_cmpint (self->a.state, ==, WHERRY_TRANSPORT_FAILED);
  add_direct (self);
  flow (self);
  wherry_frame_stream_end (wherry_switch_stream_get_tunnel (self->b.ways), WHERRY_TRANSPORT_FAILED,
                           error);
  g_assert_cmpint (self->b.state, ==, WHERRY_TRANSPORT_FAILED);
}

static void
test_carrier_lost_after_switch (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED, "gone");

  flow (self);
  add_direct (self);
  flow (self);
  wherry_frame_stream_end (wherry_switch_stream_get_tunnel (self->a.ways), WHERRY_TRANSPORT_FAILED,
                           error);
  wherry_frame_stream_end (wherry_switch_stream_get_tunnel (self->b.ways), WHERRY_TRANSPORT_FAILED,
                           error);
  send_some (&self->a, 5);
  flow (self);
  g_assert_cmpint (self->a.state, ==, WHERRY_TRANSPORT_CONNECTED);
  g_assert_cmpuint (self->b.next, ==, 5);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "/switch-stream/tunnel-alone", test_tunnel_alone },
    { "/switch-stream/direct-from-the-beginning", test_direct_from_the_beginning },
    { "/switch-stream/one-is-direct-first", test_one_is_direct_first },
    { "/switch-stream/switch-under-load", test_switch_under_load },
    { "/switch-stream/reset-while-leaving", test_reset_while_leaving },
    { "/switch-stream/direct-fails-while-leaving", test_direct_fails_while_leaving },
    { "/switch-stream/carrier-lost", test_carrier_lost },
    { "/switch-stream/carrier-lost-after-switch", test_carrier_lost_after_switch },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
