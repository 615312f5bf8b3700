/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-worker.h"
#include "fixtures/wherry-fake-link.h"
#include "fixtures/wherry-packet-recorder.h"
#include "fixtures/wherry-wait.h"

typedef struct
{
  WherryFakeLink *a;
  WherryFakeLink *b;
  WherryPacketRecorder at_a;
  WherryPacketRecorder at_b;
} Pair;

static void
pair_init (Pair *pair, const WherryFakeLinkOptions *options)
{
  wherry_fake_link_new_pair (options, NULL, NULL, &pair->a, &pair->b);
  wherry_packet_recorder_init (&pair->at_a);
  wherry_packet_recorder_init (&pair->at_b);
}

static void
pair_clear (Pair *pair)
{
  g_assert_finalize_object (pair->a);
  g_assert_finalize_object (pair->b);
  wherry_packet_recorder_clear (&pair->at_a);
  wherry_packet_recorder_clear (&pair->at_b);
}

static void
send_numbers (WherryFakeLink *link, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      wherry_packet_send_text (WHERRY_PACKET_TRANSPORT (link), text);
    }
}

static void
test_perfect (void)
{
  Pair pair;

  pair_init (&pair, NULL);
  wherry_packet_recorder_listen (&pair.at_a, WHERRY_PACKET_TRANSPORT (pair.a));
  wherry_packet_recorder_listen (&pair.at_b, WHERRY_PACKET_TRANSPORT (pair.b));
  send_numbers (pair.a, 0, 200);
  g_assert_cmpuint (pair.at_b.packets->len, ==, 0);
  WHERRY_WAIT_UNTIL (NULL, pair.at_b.packets->len == 200);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      GBytes *packet = g_ptr_array_index (pair.at_b.packets, i);

      g_assert_cmpmem (g_bytes_get_data (packet, NULL), g_bytes_get_size (packet), text,
                       strlen (text));
    }
  wherry_packet_send_text (WHERRY_PACKET_TRANSPORT (pair.b), "back");
  WHERRY_WAIT_UNTIL (NULL, wherry_packet_recorder_has (&pair.at_a, "back"));
  pair_clear (&pair);
}

static void
test_early_replayed (void)
{
  Pair pair;

  pair_init (&pair, NULL);
  send_numbers (pair.a, 0, 5);
  WHERRY_WAIT_UNTIL (NULL, wherry_fake_link_get_packets_received (pair.b) == 5);
  wherry_packet_recorder_listen (&pair.at_b, WHERRY_PACKET_TRANSPORT (pair.b));
  g_assert_cmpuint (pair.at_b.packets->len, ==, 5);
  send_numbers (pair.a, 5, 6);
  WHERRY_WAIT_UNTIL (NULL, pair.at_b.packets->len == 6);
  pair_clear (&pair);
}

static void
test_early_capped (void)
{
  Pair pair;

  pair_init (&pair, NULL);
  send_numbers (pair.a, 0, 100);
  WHERRY_WAIT_UNTIL (NULL, wherry_fake_link_get_packets_received (pair.b) == 100);
  wherry_packet_recorder_listen (&pair.at_b, WHERRY_PACKET_TRANSPORT (pair.b));
  g_assert_cmpuint (pair.at_b.packets->len, ==, WHERRY_EARLY_PACKETS_MAX);
  pair_clear (&pair);
}

static void
close_it (gpointer transport)
{
  wherry_packet_transport_close (transport);
}

static void
test_close_in_replay (void)
{
  Pair pair;

  pair_init (&pair, NULL);
  send_numbers (pair.a, 0, 5);
  WHERRY_WAIT_UNTIL (NULL, wherry_fake_link_get_packets_received (pair.b) == 5);
  pair.at_b.hook = close_it;
  pair.at_b.hook_data = pair.b;
  wherry_packet_recorder_listen (&pair.at_b, WHERRY_PACKET_TRANSPORT (pair.b));
  g_assert_cmpuint (pair.at_b.packets->len, ==, 1);
  g_assert_cmpint (wherry_packet_transport_get_state (WHERRY_PACKET_TRANSPORT (pair.b)), ==,
                   WHERRY_TRANSPORT_CLOSED);
  pair_clear (&pair);
}

static void
test_send_errors (void)
{
  const WherryFakeLinkOptions options
      = { .mtu = 100, .unconnected = TRUE, .initial_state = WHERRY_TRANSPORT_CONNECTING };
  guint8 data[101] = { 0 };
  GOutputVector packets[] = { { data, 100 }, { data, 101 } };
  g_autoptr (GError) error = NULL;
  WherryPacketTransport *a;
  Pair pair;

  pair_init (&pair, &options);
  a = WHERRY_PACKET_TRANSPORT (pair.a);
  g_assert_cmpuint (wherry_packet_transport_get_mtu (a), ==, 100);
  g_assert_false (wherry_packet_transport_send (a, packets, 1, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_clear_error (&error);
  wherry_packet_recorder_listen (&pair.at_a, a);
  wherry_fake_link_set_state (pair.a, WHERRY_TRANSPORT_CONNECTED, NULL);
  g_assert_cmpint (wherry_packet_recorder_last_state (&pair.at_a), ==, WHERRY_TRANSPORT_CONNECTED);
  g_assert_true (wherry_packet_transport_send (a, packets, 1, &error));
  g_assert_no_error (error);
  g_assert_false (wherry_packet_transport_send (a, packets, 2, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE);
  g_assert_cmpuint (wherry_fake_link_get_packets_sent (pair.a), ==, 1);
  pair_clear (&pair);
}

static void
test_lossy (void)
{
  const WherryFakeLinkOptions options = {
    .seed = 42, .loss = 0.2, .duplicate = 0.1, .reorder = 0.1, .delay_us = 1000, .jitter_us = 2000
  };
  Pair pair;

  g_test_message ("seed %u", options.seed);
  pair_init (&pair, &options);
  wherry_packet_recorder_listen (&pair.at_b, WHERRY_PACKET_TRANSPORT (pair.b));
  send_numbers (pair.a, 0, 1000);
  WHERRY_WAIT_UNTIL (NULL, pair.at_b.packets->len == wherry_fake_link_get_packets_carried (pair.a));
  g_assert_cmpuint (pair.at_b.packets->len, >, 780);
  g_assert_cmpuint (pair.at_b.packets->len, <, 1000);
  pair_clear (&pair);
}

typedef struct
{
  WherryFakeLink *link;
  gint done; /* atomic */
} Remote;

static void
on_echo_packet (gpointer user_data, const guint8 *data, gsize length)
{
  Remote *remote = user_data;
  GOutputVector packet = { data, length };

  wherry_packet_transport_send (WHERRY_PACKET_TRANSPORT (remote->link), &packet, 1, NULL);
}

static const WherryPacketTransportEvents echo_events = { .packet = on_echo_packet };

static gboolean
start_echo (gpointer data)
{
  Remote *remote = data;

  wherry_packet_transport_set_events (WHERRY_PACKET_TRANSPORT (remote->link), &echo_events, remote);
  return G_SOURCE_REMOVE;
}

static gboolean
stop_echo (gpointer data)
{
  Remote *remote = data;

  g_assert_finalize_object (remote->link);
  g_atomic_int_set (&remote->done, 1);
  return G_SOURCE_REMOVE;
}

static void
test_two_threads (void)
{
  g_autoptr (GError) error = NULL;
  WherryWorker *worker = wherry_worker_new ("echo", &error);
  WherryPacketRecorder at_a;
  WherryFakeLink *a;
  Remote remote = { NULL, 0 };

  g_assert_no_error (error);
  wherry_packet_recorder_init (&at_a);
  wherry_fake_link_new_pair (NULL, NULL, wherry_worker_get_context (worker), &a, &remote.link);
  wherry_packet_recorder_listen (&at_a, WHERRY_PACKET_TRANSPORT (a));
  wherry_worker_post_call (worker, start_echo, &remote, NULL);
  send_numbers (a, 0, 20);
  WHERRY_WAIT_UNTIL (NULL, at_a.packets->len == 20);
  wherry_worker_post_call (worker, stop_echo, &remote, NULL);
  wherry_worker_post_stop (worker);
  wherry_worker_join (worker);
  g_assert_cmpint (g_atomic_int_get (&remote.done), ==, 1);
  wherry_worker_unref (worker);
  g_assert_finalize_object (a);
  wherry_packet_recorder_clear (&at_a);
}

static void
test_state_names (void)
{
  g_assert_cmpstr (wherry_transport_state_to_string (WHERRY_TRANSPORT_NEW), ==, "new");
  g_assert_cmpstr (wherry_transport_state_to_string (WHERRY_TRANSPORT_CONNECTING), ==,
                   "connecting");
  g_assert_cmpstr (wherry_transport_state_to_string (WHERRY_TRANSPORT_CONNECTED), ==, "connected");
  g_assert_cmpstr (wherry_transport_state_to_string (WHERRY_TRANSPORT_DISCONNECTED), ==,
                   "disconnected");
  g_assert_cmpstr (wherry_transport_state_to_string (WHERRY_TRANSPORT_FAILED), ==, "failed");
  g_assert_cmpstr (wherry_transport_state_to_string (WHERRY_TRANSPORT_CLOSED), ==, "closed");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/packet-transport/perfect-link-keeps-order", test_perfect);
  g_test_add_func ("/packet-transport/early-packets-are-replayed", test_early_replayed);
  g_test_add_func ("/packet-transport/early-packets-are-capped", test_early_capped);
  g_test_add_func ("/packet-transport/close-inside-replay", test_close_in_replay);
  g_test_add_func ("/packet-transport/send-errors", test_send_errors);
  g_test_add_func ("/packet-transport/lossy-link", test_lossy);
  g_test_add_func ("/packet-transport/two-threads", test_two_threads);
  g_test_add_func ("/packet-transport/state-names", test_state_names);
  return g_test_run ();
}
