/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-wait.h"
#include "peer/step-end.h"
#include "peer/wherry-peer-stats.h"

/* What a peer tells of its transports. */

typedef struct
{
  WherryPeerStats stats;
  GBytes *certificate;
  int done; /* atomic */
} Reading;

static void
read_now (WherryPeer *peer, gpointer data)
{
  Reading *reading = data;

  g_assert_true (wherry_peer_get_stats (peer, &reading->stats));
  reading->certificate = wherry_peer_dup_remote_certificate (peer);
  g_atomic_int_set (&reading->done, 1);
}

static void
read_stats (StepEnd *end, Reading *reading)
{
  *reading = (Reading){ 0 };
  wherry_peer_post_call (end->peer, read_now, reading, NULL);
  WHERRY_WAIT_UNTIL (NULL, g_atomic_int_get (&reading->done) == 1);
}

static void
reading_clear (Reading *reading)
{
  wherry_peer_stats_clear (&reading->stats);
  g_clear_pointer (&reading->certificate, g_bytes_unref);
}

static void
check_before (StepEnd *end)
{
  Reading reading;

  read_stats (end, &reading);
  g_assert_true (reading.stats.has_ice);
  g_assert_false (reading.stats.ice.has_pair);
  g_assert_cmpuint (reading.stats.ice.traffic.packets_sent, ==, 0);
  g_assert_false (reading.stats.has_role);
  g_assert_false (reading.stats.has_sctp);
  g_assert_false (reading.stats.has_remote_fingerprint);
  g_assert_null (reading.stats.cipher_suite);
  g_assert_null (reading.certificate);
  g_assert_cmpuint (reading.stats.traffic.packets_sent, ==, 0);
  g_assert_cmpint (reading.stats.layers[WHERRY_PEER_LAYER_ICE], ==, WHERRY_TRANSPORT_NEW);
  reading_clear (&reading);
}

static void
check_connected (StepEnd *end, gboolean offerer)
{
  const WherrySdp *theirs = end->current_remote;
  Reading reading;
  WherryPeerStats *stats = &reading.stats;

  read_stats (end, &reading);
  for (guint i = 0; i < WHERRY_PEER_N_LAYERS; i++)
    g_assert_cmpint (stats->layers[i], ==, WHERRY_TRANSPORT_CONNECTED);
  g_assert_true (stats->has_ice);
  g_assert_true (stats->ice.has_pair);
  g_assert_cmpstr (stats->ice.pair.protocol, ==, "udp");
  g_assert_cmpint (stats->ice.controlling, ==, offerer);
  g_assert_cmpint (stats->ice.state, ==, WHERRY_TRANSPORT_CONNECTED);
  g_assert_cmpuint (stats->ice.local_candidates, >, 0);
  g_assert_cmpuint (stats->ice.traffic.packets_sent, >, 0);
  g_assert_cmpuint (stats->ice.traffic.packets_received, >, 0);
  g_assert_cmpuint (stats->ice.restarts, ==, 0);
  g_assert_cmpstr (stats->local_ufrag, ==, end->current_local->ice_ufrag);
  g_assert_true (stats->has_role);
  g_assert_cmpint (stats->is_client, ==, !offerer);
  g_assert_cmpstr (stats->tls_version, ==, "FEFD");
  g_assert_true (g_str_has_prefix (stats->cipher_suite, "TLS_ECDHE_ECDSA_"));
  g_assert_true (stats->has_remote_fingerprint);
  g_assert_true (
      wherry_fingerprint_equal (&stats->remote_fingerprint,
                                &g_array_index (theirs->fingerprints, WherryFingerprint, 0)));
  g_assert_nonnull (reading.certificate);
  g_assert_true (stats->has_sctp);
  g_assert_cmpuint (stats->sctp.mtu, <=, 1200);
  g_assert_cmpuint (stats->sctp.mtu, >, 1000);
  g_assert_cmpuint (stats->sctp.congestion_window, >, 0);
  g_assert_cmpuint (stats->sctp.receiver_window, >, 0);
  g_assert_cmpuint (stats->sctp.streams_out, >=, 16);
  reading_clear (&reading);
}

/* n messages of a known size are seen in the bytes of both ends. */
static void
check_traffic (StepEnd *a, StepEnd *b)
{
  const guint n = 20;
  const gsize size = 1000;
  Reading before[2];
  Reading now[2];

  read_stats (a, &before[0]);
  read_stats (b, &before[1]);
  for (guint i = 0; i < n; i++)
    peer_traffic_send (&a->traffic, a->peer, 1, size);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (b, n_messages) == (int) n);
  read_stats (a, &now[0]);
  read_stats (b, &now[1]);
  g_assert_cmpuint (now[0].stats.traffic.bytes_sent - before[0].stats.traffic.bytes_sent, >,
                    n * size);
  g_assert_cmpuint (now[1].stats.traffic.bytes_received - before[1].stats.traffic.bytes_received, >,
                    n * size);
  g_assert_cmpuint (now[0].stats.traffic.bytes_sent - before[0].stats.traffic.bytes_sent, <,
                    2 * n * size);
  g_assert_cmpuint (now[0].stats.traffic.packets_sent, >=, now[1].stats.traffic.packets_received);
  for (guint i = 0; i < 2; i++)
    {
      reading_clear (&before[i]);
      reading_clear (&now[i]);
    }
}

static void
test_stats (void)
{
  StepEnd *a = step_end_new ("00000000000000aa", NULL, NULL);
  StepEnd *b = step_end_new ("00000000000000bb", NULL, NULL);

  step_end_pair (a, b);
  check_before (a);
  peer_traffic_create_channel (a->peer, "first");
  step_negotiate (a, FALSE);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (a, n_open) == 1 && PEER_END_GET (b, n_open) == 1);
  check_connected (a, TRUE);
  check_connected (b, FALSE);
  check_traffic (a, b);

  a->other = NULL;
  b->other = NULL;
  step_end_free (a);
  step_end_free (b);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/peer/stats", test_stats);

  return g_test_run ();
}
