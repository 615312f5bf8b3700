/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <malloc.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"

#include "sctp-pair.h"
#include "sctp/wherry-sctp-info.h"

static guint
count (GArray *streams, guint16 stream)
{
  guint n = 0;

  for (guint i = 0; i < streams->len; i++)
    n += g_array_index (streams, guint16, i) == stream;
  return n;
}

static guint
n_streams (Side *side)
{
  return wherry_stream_transport_get_n_streams (side->transport);
}

static guint
n_incoming (Side *side)
{
  WherrySctpInfo info;

  g_assert_true (
      wherry_sctp_association_get_info (WHERRY_SCTP_ASSOCIATION (side->transport), &info));
  return info.streams_in;
}

/* Reset by both, and used again, several rounds; data is pending when the reset is asked for. */
static void
test_reset_and_reuse (void)
{
  Pair pair;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  for (guint round = 1; round <= 4; round++)
    {
      send_made (&pair, &pair.a, 7, &send_reliable, WHERRY_MESSAGE_BINARY, 100000, round);
      send_made (&pair, &pair.a, 7, &send_reliable, WHERRY_MESSAGE_TEXT, 10, round);
      wherry_stream_transport_reset_stream (pair.a.transport, 7);
      WHERRY_WAIT_UNTIL (pair.context, count (pair.b.incoming_resets, 7) == round);
      /* behind the data */
      g_assert_cmpuint (pair.b.n_received, ==, 2 * round);
      wherry_stream_transport_reset_stream (pair.b.transport, 7);
      WHERRY_WAIT_UNTIL (pair.context, count (pair.a.incoming_resets, 7) == round
                                           && count (pair.a.outgoing_resets, 7) == round
                                           && count (pair.b.outgoing_resets, 7) == round);
    }
  for (guint i = 0; i < 8; i += 2)
    {
      assert_message (side_nth (&pair.b, i)->message, WHERRY_MESSAGE_BINARY, 100000, i / 2 + 1);
      assert_message (side_nth (&pair.b, i + 1)->message, WHERRY_MESSAGE_TEXT, 10, i / 2 + 1);
    }
  pair_clear (&pair);
}

static void
test_reset_many (void)
{
  WherrySctpConfig config = { .initial_streams = 256 };
  Pair pair;

  pair_init (&pair, NULL, &config);
  pair_wait_connected (&pair);
  /* one at a time, while others are under way, from both sides, each asked for twice */
  for (guint16 stream = 0; stream < 250; stream++)
    {
      send_made (&pair, &pair.a, stream, &send_reliable, WHERRY_MESSAGE_TEXT, 10, stream);
      wherry_stream_transport_reset_stream (pair.a.transport, stream);
      wherry_stream_transport_reset_stream (pair.b.transport, stream);
      wherry_stream_transport_reset_stream (pair.a.transport, stream);
      if (stream % 16 == 0)
        while (g_main_context_iteration (pair.context, FALSE))
          ;
    }
  WHERRY_WAIT_UNTIL (pair.context, pair.a.outgoing_resets->len >= 250
                                       && pair.b.outgoing_resets->len >= 250
                                       && pair.a.incoming_resets->len >= 250
                                       && pair.b.incoming_resets->len >= 250);
  g_assert_cmpuint (pair.b.n_received, ==, 250);
  for (guint16 stream = 0; stream < 250; stream++)
    {
      g_assert_cmpuint (count (pair.a.outgoing_resets, stream), >=, 1);
      g_assert_cmpuint (count (pair.b.incoming_resets, stream), >=, 1);
    }
  pair_clear (&pair);
}

/* Asked for again before it is answered: it is done once, or it would close what they open next. */
static void
test_reset_once (void)
{
  Pair pair;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  for (guint i = 0; i < 3; i++)
    {
      guint64 packets = wherry_fake_link_get_packets_sent (pair.a.link);

      wherry_stream_transport_reset_stream (pair.a.transport, 3);
      if (i == 0)
        WHERRY_WAIT_UNTIL (pair.context, wherry_fake_link_get_packets_sent (pair.a.link) > packets);
      g_assert_cmpuint (pair.a.outgoing_resets->len, ==, 0);
    }
  WHERRY_WAIT_UNTIL (pair.context, count (pair.a.outgoing_resets, 3) == 1);
  /* whatever was asked for before it would be done by then */
  wherry_stream_transport_reset_stream (pair.a.transport, 4);
  WHERRY_WAIT_UNTIL (pair.context, count (pair.a.outgoing_resets, 4) == 1
                                       && count (pair.b.incoming_resets, 4) == 1);
  g_assert_cmpuint (count (pair.b.incoming_resets, 3), ==, 1);
  pair_clear (&pair);
}

static void
test_reset_while_paused (void)
{
  Pair pair;
  guint sent = 0;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  wherry_stream_transport_set_paused (pair.b.transport, TRUE);
  for (; sent < 100; sent++)
    send_made (&pair, &pair.a, 3, &send_reliable, WHERRY_MESSAGE_BINARY, 1000, sent);
  wherry_stream_transport_reset_stream (pair.a.transport, 3);
  WHERRY_WAIT_UNTIL (pair.context, count (pair.a.outgoing_resets, 3) == 1);
  g_assert_cmpuint (pair.b.n_received, ==, 0);
  g_assert_cmpuint (pair.b.incoming_resets->len, ==, 0);
  wherry_stream_transport_set_paused (pair.b.transport, FALSE);
  WHERRY_WAIT_UNTIL (pair.context, count (pair.b.incoming_resets, 3) == 1);
  g_assert_cmpuint (pair.b.n_received, ==, sent);
  pair_clear (&pair);
}

static void
test_no_such_stream (void)
{
  Pair pair;
  g_autoptr (WherryMessage) message = make_message (WHERRY_MESSAGE_TEXT, 1, 1);

  pair_init (&pair, NULL, NULL);
  g_assert_cmpint (wherry_stream_transport_send (pair.a.transport, 0, &send_reliable, message), ==,
                   WHERRY_SEND_FAILED);
  pair_wait_connected (&pair);
  g_assert_cmpint (wherry_stream_transport_send (pair.a.transport, 300, &send_reliable, message),
                   ==, WHERRY_SEND_FAILED);
  /* as good as done */
  wherry_stream_transport_reset_stream (pair.a.transport, 300);
  WHERRY_WAIT_UNTIL (pair.context, count (pair.a.outgoing_resets, 300) == 1);
  g_assert_cmpuint (count (pair.a.incoming_resets, 300), ==, 1);
  pair_clear (&pair);
}

static gsize
allocated (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static void
grow (Pair *pair, guint n)
{
  gsize before = allocated ();
  guint events = pair->a.n_streams_events;

  g_assert_false (wherry_stream_transport_ensure_streams (pair->a.transport, n));
  WHERRY_WAIT_UNTIL (pair->context, pair->a.n_streams_events > events);
  g_assert_cmpuint (pair->a.streams, >=, n);
  g_assert_true (wherry_stream_transport_ensure_streams (pair->a.transport, n));
  /* and as many the other way */
  WHERRY_WAIT_UNTIL (pair->context, n_streams (&pair->b) >= n && n_incoming (&pair->a) >= n
                                        && n_incoming (&pair->b) >= n);
  g_test_message ("%u streams: %" G_GSIZE_FORMAT " bytes more for each of the two associations", n,
                  (allocated () - before) / 2);
  send_made (pair, &pair->a, (guint16) (n - 1), &send_reliable, WHERRY_MESSAGE_TEXT, 5, n);
  send_made (pair, &pair->b, (guint16) (n - 1), &send_reliable, WHERRY_MESSAGE_TEXT, 5, n);
  WHERRY_WAIT_UNTIL (pair->context, pair->a.n_received > 0 && pair->b.n_received > 0);
  g_assert_cmpuint (side_nth (&pair->b, 0)->stream, ==, n - 1);
  side_forget_received (&pair->a);
  side_forget_received (&pair->b);
}

static void
test_ensure (void)
{
  WherrySctpConfig config = { .max_incoming_streams = WHERRY_SCTP_STREAMS_MAX };
  Pair pair;
  guint events;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  g_assert_true (
      wherry_stream_transport_ensure_streams (pair.a.transport, WHERRY_SCTP_STREAMS_INITIAL));
  grow (&pair, WHERRY_SCTP_STREAMS_INITIAL + 1);
  grow (&pair, 1001);
  pair_clear (&pair);

  pair_init (&pair, NULL, &config);
  pair_wait_connected (&pair);
  grow (&pair, 5000);
  grow (&pair, WHERRY_SCTP_STREAMS_MAX);
  events = pair.a.n_streams_events;
  g_assert_false (
      wherry_stream_transport_ensure_streams (pair.a.transport, WHERRY_SCTP_STREAMS_MAX + 1));
  WHERRY_WAIT_UNTIL (pair.context, pair.a.n_streams_events > events);
  g_assert_cmpuint (pair.a.streams, ==, WHERRY_SCTP_STREAMS_MAX);
  pair_clear (&pair);
}

/* Asked for in one go, more while the first request is under way, and by both sides. */
static void
test_ensure_both (void)
{
  Pair pair;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  wherry_stream_transport_ensure_streams (pair.a.transport, 300);
  wherry_stream_transport_ensure_streams (pair.b.transport, 400);
  WHERRY_WAIT_UNTIL (pair.context, wherry_fake_link_get_packets_sent (pair.a.link) > 4
                                       || n_streams (&pair.a) > WHERRY_SCTP_STREAMS_INITIAL);
  wherry_stream_transport_ensure_streams (pair.a.transport, 500);
  WHERRY_WAIT_UNTIL (pair.context, n_streams (&pair.a) >= 500 && n_streams (&pair.b) >= 400
                                       && pair.a.n_streams_events > 0
                                       && pair.b.n_streams_events > 0);
  g_assert_cmpuint (pair.a.streams, >=, 500);
  pair_clear (&pair);
}

/* Before the handshake: it negotiates them. */
static void
test_ensure_early (void)
{
  Pair pair;

  pair_init (&pair, NULL, NULL);
  g_assert_false (wherry_stream_transport_ensure_streams (pair.a.transport, 1001));
  g_assert_false (wherry_stream_transport_ensure_streams (pair.b.transport, 1001));
  pair_wait_connected (&pair);
  g_assert_true (wherry_stream_transport_ensure_streams (pair.a.transport, 1001));
  g_assert_true (wherry_stream_transport_ensure_streams (pair.b.transport, 1001));
  pair_clear (&pair);
}

static void
test_cost (void)
{
  static const guint numbers[] = { 16, 256, 1024, 4096, 65534 };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      WherrySctpConfig config = { .initial_streams = numbers[i] };
      gsize before = allocated ();
      Pair pair;

      pair_init (&pair, NULL, &config);
      pair_wait_connected (&pair);
      g_test_message ("%u streams from the start: %" G_GSIZE_FORMAT " bytes for an association",
                      numbers[i], (allocated () - before) / 2);
      g_assert_cmpuint (n_streams (&pair.a), ==, numbers[i]);
      pair_clear (&pair);
    }
}

/* Theirs cannot grow over what we set out with; ours can, if they let us. */
static void
test_ensure_refused (void)
{
  Pair pair;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  g_assert_false (wherry_stream_transport_ensure_streams (pair.a.transport, 2000));
  WHERRY_WAIT_UNTIL (pair.context, pair.a.n_streams_events == 1);
  g_assert_cmpuint (pair.a.streams, <, 2000);
  g_assert_false (wherry_stream_transport_ensure_streams (pair.a.transport, 1024));
  WHERRY_WAIT_UNTIL (pair.context, pair.a.n_streams_events == 2);
  g_assert_cmpuint (pair.a.streams, >=, 1024);
  pair_clear (&pair);
}

/* The other side asks for as many of ours as it likes (RFC 6525 section 4.6): 64 bytes each. */
static void
test_asked_for_too_many (void)
{
  WherrySctpConfig greedy = { .max_incoming_streams = WHERRY_SCTP_STREAMS_MAX };
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_SCTP_BAD_PACKETS);
  WherryFakeLink *a;
  WherryFakeLink *b;
  Pair pair = { .context = g_main_context_ref (g_main_context_default ()) };

  wherry_fake_link_new_pair (NULL, pair.context, pair.context, &a, &b);
  side_init (&pair.a, a, pair.context, &greedy);
  side_init (&pair.b, b, pair.context, NULL);
  pair_wait_connected (&pair);
  wherry_stream_transport_ensure_streams (pair.a.transport, 60000);
  WHERRY_WAIT_UNTIL (pair.context, wherry_counter_get (WHERRY_COUNTER_SCTP_BAD_PACKETS) > refused
                                       || n_streams (&pair.b) > WHERRY_SCTP_STREAMS_INITIAL);
  g_assert_cmpuint (n_streams (&pair.b), <=, 2 * WHERRY_SCTP_STREAMS_INCOMING);
  pair_clear (&pair);
}

/* ---- charges ---- */

#define OUTGOING_BYTES 64u
#define INCOMING_BYTES 40u

static gsize
charged (WherrySctpConfig *config)
{
  return wherry_budget_get_used (config->budget);
}

/* The budget is charged for streams that came later, whoever asked, and for those that the other
 * side set out with beyond what we did; and gets it all back. */
static void
test_charged (void)
{
  g_autoptr (WherryBudget) budget = wherry_budget_new (WHERRY_MIB);
  WherrySctpConfig many = { .initial_streams = 2000 };
  WherrySctpConfig counted = { .budget = budget };
  gsize before = (WHERRY_SCTP_STREAMS_INCOMING - WHERRY_SCTP_STREAMS_INITIAL) * INCOMING_BYTES;
  WherryFakeLink *a;
  WherryFakeLink *b;
  Pair pair = { .context = g_main_context_ref (g_main_context_default ()) };

  wherry_fake_link_new_pair (NULL, pair.context, pair.context, &a, &b);
  side_init (&pair.a, a, pair.context, &counted);
  side_init (&pair.b, b, pair.context, &many);
  pair_wait_connected (&pair);
  g_assert_cmpuint (n_incoming (&pair.a), ==, WHERRY_SCTP_STREAMS_INCOMING);
  g_assert_cmpuint (charged (&counted), ==, before);
  wherry_stream_transport_ensure_streams (pair.a.transport, 1000);
  WHERRY_WAIT_UNTIL (pair.context, n_streams (&pair.a) >= 1000);
  g_assert_cmpuint (charged (&counted), ==,
                    before + (n_streams (&pair.a) - WHERRY_SCTP_STREAMS_INITIAL) * OUTGOING_BYTES);
  pair_clear (&pair);
  g_assert_cmpuint (charged (&counted), ==, 0);
}

/* Those that were asked for before the handshake are paid for by who asked. */
static void
test_charged_early (void)
{
  g_autoptr (WherryBudget) budget = wherry_budget_new (WHERRY_MIB);
  WherrySctpConfig config = { .budget = budget, .initial_streams = 1001 };
  Pair pair;

  pair_init (&pair, NULL, &config);
  wherry_stream_transport_ensure_streams (pair.a.transport, 1100);
  wherry_stream_transport_ensure_streams (pair.b.transport, 1100);
  pair_wait_connected (&pair);
  g_assert_cmpuint (charged (&config), ==, 0);
  pair_clear (&pair);
  g_assert_cmpuint (charged (&config), ==, 0);
}

/* ---- no answer ---- */

static gboolean
has_no_reconfig (const guint8 *data, gsize length, gpointer user_data)
{
  for (gsize at = 12; at + 4 <= length;)
    {
      gsize size = (gsize) data[at + 2] << 8 | data[at + 3];

      if (data[at] == 0x82)
        return FALSE;
      at += MAX ((size + 3) & ~(gsize) 3, 4);
    }
  return TRUE;
}

static void
test_unanswered (void)
{
  WherrySctpConfig config = { .streams_limit_us = G_USEC_PER_SEC / 20 };
  Pair pair;
  guint n;

  pair_init (&pair, NULL, &config);
  pair_wait_connected (&pair);
  wherry_fake_link_set_filter (pair.b.link, has_no_reconfig, NULL);
  wherry_stream_transport_ensure_streams (pair.a.transport, 1000);
  wherry_stream_transport_reset_stream (pair.a.transport, 3); /* has to wait for it */
  WHERRY_WAIT_UNTIL (pair.context, pair.a.n_streams_events == 1);
  g_assert_cmpuint (pair.a.streams, ==, WHERRY_SCTP_STREAMS_INITIAL);
  WHERRY_WAIT_UNTIL (pair.context, count (pair.a.outgoing_resets, 3) == 1);
  /* others fare the same, at once, and data goes on */
  g_assert_false (wherry_stream_transport_ensure_streams (pair.a.transport, 500));
  WHERRY_WAIT_UNTIL (pair.context, pair.a.n_streams_events == 2);
  wherry_stream_transport_reset_stream (pair.a.transport, 4);
  WHERRY_WAIT_UNTIL (pair.context, count (pair.a.outgoing_resets, 4) == 1);
  g_assert_cmpuint (pair.b.incoming_resets->len, ==, 0);
  send_made (&pair, &pair.a, 5, &send_reliable, WHERRY_MESSAGE_BINARY, 100000, 1);
  WHERRY_WAIT_UNTIL (pair.context, pair.b.n_received == 1);
  assert_message (side_nth (&pair.b, 0)->message, WHERRY_MESSAGE_BINARY, 100000, 1);

  /* an answer that comes late all the same: usrsctp asks again and again */
  wherry_fake_link_set_filter (pair.b.link, NULL, NULL);
  WHERRY_WAIT_UNTIL (pair.context, n_streams (&pair.a) >= 1000);
  n = pair.a.outgoing_resets->len;
  wherry_stream_transport_reset_stream (pair.a.transport, 5);
  WHERRY_WAIT_UNTIL (pair.context,
                     pair.a.outgoing_resets->len > n && count (pair.b.incoming_resets, 5) == 1);
  pair_clear (&pair);
}

/* While nothing is read no answer is heard of: it is waited for longer. */
static void
test_unanswered_while_paused (void)
{
  WherrySctpConfig config = { .streams_limit_us = G_USEC_PER_SEC / 20 };
  gint64 begun = g_get_monotonic_time ();
  Pair pair;

  pair_init (&pair, NULL, &config);
  pair_wait_connected (&pair);
  wherry_stream_transport_set_paused (pair.a.transport, TRUE);
  wherry_stream_transport_ensure_streams (pair.a.transport, 1000);
  WHERRY_WAIT_UNTIL (pair.context, g_get_monotonic_time () - begun > 4 * config.streams_limit_us);
  g_assert_cmpuint (pair.a.n_streams_events, ==, 0);
  wherry_stream_transport_set_paused (pair.a.transport, FALSE);
  /* the limit passes once more before the loop comes to read */
  begun = g_get_monotonic_time ();
  while (g_get_monotonic_time () - begun <= 2 * config.streams_limit_us)
    g_thread_yield ();
  WHERRY_WAIT_UNTIL (pair.context, pair.a.n_streams_events > 0);
  g_assert_cmpuint (pair.a.n_streams_events, ==, 1);
  g_assert_cmpuint (pair.a.streams, >=, 1000);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/reset/both-sides-and-reuse", test_reset_and_reuse);
  g_test_add_func ("/sctp/reset/many", test_reset_many);
  g_test_add_func ("/sctp/reset/once", test_reset_once);
  g_test_add_func ("/sctp/reset/while-paused", test_reset_while_paused);
  g_test_add_func ("/sctp/streams/none-such", test_no_such_stream);
  g_test_add_func ("/sctp/streams/ensure", test_ensure);
  g_test_add_func ("/sctp/streams/ensure-refused", test_ensure_refused);
  g_test_add_func ("/sctp/streams/ensure-both", test_ensure_both);
  g_test_add_func ("/sctp/streams/ensure-before-the-handshake", test_ensure_early);
  g_test_add_func ("/sctp/streams/asked-for-too-many", test_asked_for_too_many);
  g_test_add_func ("/sctp/streams/cost", test_cost);
  g_test_add_func ("/sctp/streams/charged", test_charged);
  g_test_add_func ("/sctp/streams/charged-before-the-handshake", test_charged_early);
  g_test_add_func ("/sctp/streams/unanswered", test_unanswered);
  g_test_add_func ("/sctp/streams/unanswered-while-paused", test_unanswered_while_paused);
  return run_and_shut_down ();
}
