/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"

#include "sctp-pair.h"

/* Iterate until the associations are quiet: a closed window is probed about five times a second,
 * and the receiver takes the probe if it still can. */
static void
settle (Pair *pair)
{
  guint64 last = 0;
  guint64 now = 100;

  while (now - last > 4)
    {
      gint64 end_us = g_get_monotonic_time () + 300000;

      last = now;
      WHERRY_WAIT_UNTIL (pair->context, g_get_monotonic_time () >= end_us);
      now = wherry_fake_link_get_packets_sent (pair->a.link)
            + wherry_fake_link_get_packets_sent (pair->b.link);
    }
}

typedef struct
{
  Side *side;
  const WherrySendOptions *options;
  guint sent;
  guint total;
  gsize length;
} Feeder;

/* As much as there is room for. */
static void
feed (Feeder *feeder)
{
  while (feeder->sent < feeder->total)
    {
      g_autoptr (WherryMessage) message
          = make_message (WHERRY_MESSAGE_BINARY, feeder->length, feeder->sent);
      WherrySendResult result
          = wherry_stream_transport_send (feeder->side->transport, 3, feeder->options, message);

      if (result == WHERRY_SEND_BLOCKED)
        return;
      g_assert_cmpint (result, ==, WHERRY_SEND_OK);
      feeder->sent++;
    }
}

static void
feed_until (Pair *pair, Feeder *feeder, gboolean (*done) (Pair *, Feeder *))
{
  while (!done (pair, feeder))
    {
      guint before = feeder->side->n_writable;

      feed (feeder);
      WHERRY_WAIT_UNTIL (pair->context, done (pair, feeder) || feeder->side->n_writable > before);
    }
}

static gboolean
all_received (Pair *pair, Feeder *feeder)
{
  return pair->b.n_received == feeder->total;
}

static void
assert_in_order (Side *side, guint n, gsize length)
{
  g_assert_cmpuint (side->n_received, ==, n);
  for (guint i = 0; i < n; i++)
    assert_message (side_nth (side, i)->message, WHERRY_MESSAGE_BINARY, length, i);
}

static void
check_pause (gsize length, guint total)
{
  Pair pair;
  Feeder feeder = { .options = &send_reliable, .length = length, .total = total };
  guint sent;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  feeder.side = &pair.a;
  wherry_stream_transport_set_paused (pair.b.transport, TRUE);
  do
    {
      sent = feeder.sent;
      feed (&feeder);
      settle (&pair);
    }
  while (feeder.sent > sent + 10000 / length);
  g_assert_cmpuint (feeder.sent, <, total);
  g_assert_cmpuint (pair.b.n_received, ==, 0);
  g_assert_cmpuint ((guint64) feeder.sent * length, <=,
                    WHERRY_SCTP_SNDBUF + WHERRY_SCTP_RCVBUF + 2 * length);
  g_assert_cmpuint (wherry_stream_transport_get_buffered (pair.a.transport), >,
                    WHERRY_SCTP_SNDBUF / 2);
  g_test_message ("paused: %u messages of %" G_GSIZE_FORMAT " taken, %" G_GSIZE_FORMAT " bytes "
                  "unacknowledged",
                  feeder.sent, length, wherry_stream_transport_get_buffered (pair.a.transport));

  wherry_stream_transport_set_paused (pair.b.transport, FALSE);
  feed_until (&pair, &feeder, all_received);
  assert_in_order (&pair.b, total, length);
  WHERRY_WAIT_UNTIL (pair.context, wherry_stream_transport_get_buffered (pair.a.transport) == 0);
  pair_clear (&pair);
}

static void
test_pause_small (void)
{
  check_pause (1000, 2000);
}

static void
test_pause_tiny (void)
{
  check_pause (64, 30000);
}

static void
test_pause_large (void)
{
  check_pause (200000, 20);
}

static void
pause_after_each (Side *side, guint16 stream, WherryMessage *message)
{
  wherry_stream_transport_set_paused (side->transport, TRUE);
}

/* One message at a time, however the reader pauses. */
static void
test_pause_in_message (void)
{
  Pair pair;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  pair.b.on_message = pause_after_each;
  for (guint i = 0; i < 20; i++)
    send_made (&pair, &pair.a, 0, &send_reliable, WHERRY_MESSAGE_BINARY, 100, i);
  settle (&pair);
  for (guint i = 1; i <= 20; i++)
    {
      g_assert_cmpuint (pair.b.n_received, ==, i);
      wherry_stream_transport_set_paused (pair.b.transport, FALSE);
      while (g_main_context_iteration (pair.context, FALSE))
        ;
    }
  assert_in_order (&pair.b, 20, 100);
  pair_clear (&pair);
}

static void
test_loss_reliable (void)
{
  WherryFakeLinkOptions options
      = { .seed = 1234, .loss = 0.02, .duplicate = 0.02, .reorder = 0.05 };
  Pair pair;
  Feeder feeder = { .options = &send_reliable, .length = 5000, .total = 60 };

  g_test_message ("seed %u", options.seed);
  pair_init (&pair, &options, NULL);
  pair_wait_connected (&pair);
  feeder.side = &pair.a;
  feed_until (&pair, &feeder, all_received);
  assert_in_order (&pair.b, feeder.total, feeder.length);
  pair_clear (&pair);
}

static void
test_unordered (void)
{
  static const WherrySendOptions unordered = { .ordered = FALSE };
  WherryFakeLinkOptions options = { .seed = 99, .loss = 0.03 };
  Pair pair;
  Feeder feeder = { .options = &unordered, .length = 3000, .total = 60 };
  g_autofree gboolean *seen = g_new0 (gboolean, feeder.total);

  g_test_message ("seed %u", options.seed);
  pair_init (&pair, &options, NULL);
  pair_wait_connected (&pair);
  feeder.side = &pair.a;
  feed_until (&pair, &feeder, all_received);
  /* each once, in whatever order */
  for (guint i = 0; i < feeder.total; i++)
    {
      guint k;

      for (k = 0; k < feeder.total; k++)
        {
          g_autoptr (WherryMessage) message
              = make_message (WHERRY_MESSAGE_BINARY, feeder.length, k);
          gsize length;

          if (memcmp (wherry_message_get_data (message, &length),
                      wherry_message_get_data (side_nth (&pair.b, i)->message, &length),
                      feeder.length)
              == 0)
            break;
        }
      g_assert_cmpuint (k, <, feeder.total);
      g_assert_false (seen[k]);
      seen[k] = TRUE;
    }
  pair_clear (&pair);
}

static gboolean
all_sent (Pair *pair, Feeder *feeder)
{
  return feeder->sent == feeder->total;
}

static void
note_stream_4 (Side *side, guint16 stream, WherryMessage *message)
{
  if (stream == 4)
    side->data = side;
}

static void
check_unreliable (WherryReliability reliability, gsize length, guint total)
{
  WherrySendOptions lossy = { .ordered = TRUE, .reliability = reliability, .value = 0 };
  WherryFakeLinkOptions options = { .seed = 7 };
  Pair pair;
  Feeder feeder = { .options = &lossy, .length = length, .total = total };

  lossy.value = reliability == WHERRY_MAX_RETRANSMITS ? 0 : 1;
  g_test_message ("seed %u", options.seed);
  pair_init (&pair, &options, NULL);
  pair_wait_connected (&pair);
  options.loss = 0.2;
  wherry_fake_link_set_options (pair.a.link, &options);
  pair.b.on_message = note_stream_4;
  feeder.side = &pair.a;
  feed_until (&pair, &feeder, all_sent);
  options.loss = 0;
  wherry_fake_link_set_options (pair.a.link, &options);
  /* behind all of them, and it arrives */
  send_made (&pair, &pair.a, 4, &send_reliable, WHERRY_MESSAGE_TEXT, 10, 1);
  WHERRY_WAIT_UNTIL (pair.context, pair.b.data != NULL);
  WHERRY_WAIT_UNTIL (pair.context, wherry_stream_transport_get_buffered (pair.a.transport) == 0);
  g_test_message ("%" G_GUINT64_FORMAT " of %u arrived", pair.b.n_received - 1, total);
  g_assert_cmpuint (pair.b.n_received, <, total);
  g_assert_cmpuint (pair.b.n_received, >, 1);
  for (guint i = 0; i < pair.b.received->len; i++)
    if (side_nth (&pair.b, i)->stream == 3)
      g_assert_cmpuint (wherry_message_get_length (side_nth (&pair.b, i)->message), ==, length);
  pair_clear (&pair);
}

static void
test_retransmits (void)
{
  check_unreliable (WHERRY_MAX_RETRANSMITS, 500, 500);
}

static void
test_life_time (void)
{
  check_unreliable (WHERRY_MAX_PACKET_LIFE_TIME, 500, 500);
}

static void
test_retransmits_large (void)
{
  check_unreliable (WHERRY_MAX_RETRANSMITS, 6000, 100);
}

static void
test_too_large (void)
{
  WherrySctpConfig config = { .max_message_size = 10000 };
  Pair pair;
  guint64 before = wherry_counter_get (WHERRY_COUNTER_SCTP_TOO_LARGE);

  pair_init (&pair, NULL, &config);
  pair_wait_connected (&pair);
  send_made (&pair, &pair.a, 1, &send_reliable, WHERRY_MESSAGE_BINARY, 10000, 1);
  send_made (&pair, &pair.a, 1, &send_reliable, WHERRY_MESSAGE_BINARY, 10001, 2);
  send_made (&pair, &pair.a, 1, &send_reliable, WHERRY_MESSAGE_BINARY, 300000, 3);
  send_made (&pair, &pair.a, 2, &send_reliable, WHERRY_MESSAGE_BINARY, 9999, 4);
  /* the last one may go past the one before it */
  WHERRY_WAIT_UNTIL (pair.context,
                     pair.b.n_received == 2
                         && wherry_counter_get (WHERRY_COUNTER_SCTP_TOO_LARGE) - before == 2);
  assert_message (side_nth (&pair.b, 0)->message, WHERRY_MESSAGE_BINARY, 10000, 1);
  assert_message (side_nth (&pair.b, 1)->message, WHERRY_MESSAGE_BINARY, 9999, 4);
  WHERRY_WAIT_UNTIL (pair.context, pair.a.incoming_resets->len > 0);
  g_assert_cmpuint (g_array_index (pair.a.incoming_resets, guint16, 0), ==, 1);
  pair_clear (&pair);
}

static void
test_budget (void)
{
  g_autoptr (WherryBudget) budget = wherry_budget_new (50000); /* less than what is sent ahead */
  WherrySctpConfig config = { .budget = budget };
  Pair pair;
  Feeder feeder = { .options = &send_reliable, .length = 20000, .total = 60 };

  pair_init (&pair, NULL, &config);
  pair_wait_connected (&pair);
  feeder.side = &pair.a;
  feed (&feeder);
  WHERRY_WAIT_UNTIL (pair.context, wherry_budget_is_over (budget));
  settle (&pair);
  /* the received messages are kept: nothing more is read */
  g_assert_cmpuint (pair.b.n_received, <, 10);
  g_assert_cmpuint (wherry_budget_get_used (budget), <, 200000);
  while (pair.b.n_received < feeder.total)
    {
      guint64 before = pair.b.n_received;
      guint writable = pair.a.n_writable;

      g_array_set_size (pair.b.received, 0);
      feed (&feeder);
      WHERRY_WAIT_UNTIL (pair.context, pair.b.n_received > before || pair.a.n_writable > writable);
    }
  pair_clear (&pair);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 0);
}

static void
test_corked (void)
{
  Pair pair;
  guint64 calls;
  guint64 packets;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  settle (&pair);
  calls = wherry_fake_link_get_send_calls (pair.a.link);
  packets = wherry_fake_link_get_packets_sent (pair.a.link);
  wherry_stream_transport_cork (pair.a.transport);
  wherry_stream_transport_cork (pair.a.transport);
  for (guint i = 0; i < 5; i++)
    send_made (&pair, &pair.a, 0, &send_reliable, WHERRY_MESSAGE_TEXT, 200, i);
  wherry_stream_transport_uncork (pair.a.transport);
  g_assert_cmpuint (wherry_fake_link_get_send_calls (pair.a.link), ==, calls);
  wherry_stream_transport_uncork (pair.a.transport);
  g_assert_cmpuint (wherry_fake_link_get_send_calls (pair.a.link), ==, calls + 1);
  /* the first one finds nothing under way; the others share one, the last one sends it off */
  g_assert_cmpuint (wherry_fake_link_get_packets_sent (pair.a.link), <=, packets + 2);
  WHERRY_WAIT_UNTIL (pair.context, pair.b.n_received == 5);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/pause/small", test_pause_small);
  g_test_add_func ("/sctp/pause/tiny", test_pause_tiny);
  g_test_add_func ("/sctp/pause/large", test_pause_large);
  g_test_add_func ("/sctp/pause/in-a-message", test_pause_in_message);
  g_test_add_func ("/sctp/loss/reliable", test_loss_reliable);
  g_test_add_func ("/sctp/loss/unordered", test_unordered);
  g_test_add_func ("/sctp/loss/max-retransmits", test_retransmits);
  g_test_add_func ("/sctp/loss/max-retransmits-large", test_retransmits_large);
  g_test_add_func ("/sctp/loss/max-packet-life-time", test_life_time);
  g_test_add_func ("/sctp/receive/too-large", test_too_large);
  g_test_add_func ("/sctp/receive/budget", test_budget);
  g_test_add_func ("/sctp/send/corked", test_corked);
  return run_and_shut_down ();
}
