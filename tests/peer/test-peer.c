/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "fixtures/wherry-wait.h"
#include "peer/peer-end.h"
#include "peer/wherry-peer-stats.h"

typedef struct
{
  WherryPeerThreads *threads; /* NULL: each has its own */
  PeerEnd *a;
  PeerEnd *b;
} Pair;

static void
set_up (Pair *pair, gconstpointer data)
{
  if (GPOINTER_TO_UINT (data) > 0)
    pair->threads = wherry_peer_threads_new (GPOINTER_TO_UINT (data));
  pair->a = peer_end_new_on ("00000000000000aa", pair->threads);
  pair->b = peer_end_new_on ("00000000000000bb", pair->threads);
  peer_end_pair (pair->a, pair->b);
}

static PeerEnd *
make_sharing (const char *id)
{
  g_autoptr (WherryIceConfig) ice = wherry_ice_config_new ();

  wherry_ice_config_add_bind_address (ice, "127.0.0.1", NULL);
  return peer_end_new_of (&(WherryPeerConfig){ .id = id, .ice = ice, .shares_certificate = TRUE });
}

static void
set_up_sharing (Pair *pair, gconstpointer data)
{
  pair->a = make_sharing ("00000000000000aa");
  pair->b = make_sharing ("00000000000000bb");
  peer_end_pair (pair->a, pair->b);
}

static void
tear_down (Pair *pair, gconstpointer data)
{
  wherry_peer_post_close (pair->a->peer);
  wherry_peer_post_close (pair->b->peer);
  peer_end_free (pair->a);
  peer_end_free (pair->b);
  g_clear_pointer (&pair->threads, wherry_peer_threads_free);
}

static void
connect_pair (Pair *pair)
{
  peer_traffic_create_channel (pair->a->peer, "first");
  wherry_peer_post_create_offer (pair->a->peer, FALSE, NULL, 0);
  WHERRY_WAIT_UNTIL (NULL,
                     PEER_END_GET (pair->a, n_open) == 1 && PEER_END_GET (pair->b, n_open) == 1);
}

static void
test_connects_and_echoes (Pair *pair, gconstpointer data)
{
  pair->b->traffic.echo = TRUE;
  connect_pair (pair);
  WHERRY_WAIT_UNTIL (NULL, pair->a->state == WHERRY_PEER_CONNECTED
                               && pair->b->state == WHERRY_PEER_CONNECTED);
  g_assert_cmpint (PEER_END_GET (pair->a, connected), ==, 1);
  g_assert_cmpint (PEER_END_GET (pair->b, connected), ==, 1);
  g_assert_cmpuint (pair->a->n_candidates_before_description, ==, 0);
  g_assert_cmpuint (pair->b->n_candidates_before_description, ==, 0);

  peer_traffic_send (&pair->a->traffic, pair->a->peer, 50, 1000);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->a, n_messages) == 50);
  g_assert_cmpint (PEER_END_GET (pair->b, n_messages), ==, 50);
  g_assert_cmpint (PEER_END_GET (pair->a, n_wrong) + PEER_END_GET (pair->b, n_wrong), ==, 0);
}

static void
test_large_messages (Pair *pair, gconstpointer data)
{
  connect_pair (pair);
  peer_traffic_send (&pair->a->traffic, pair->a->peer, 20, 256 * 1024);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->b, n_messages) == 20);
  g_assert_cmpint (PEER_END_GET (pair->b, n_wrong), ==, 0);
}

static void
test_negotiated (Pair *pair, gconstpointer data)
{
  const WherryChannelInit channel
      = { .label = "cat-noises", .protocol = "", .ordered = TRUE, .negotiated = TRUE, .id = 1000 };

  pair->b->declared = &channel;
  wherry_peer_post_create_offer (pair->a->peer, FALSE, &channel, 1);
  WHERRY_WAIT_UNTIL (NULL,
                     PEER_END_GET (pair->a, n_open) == 1 && PEER_END_GET (pair->b, n_open) == 1);
  peer_traffic_send (&pair->a->traffic, pair->a->peer, 10, 100);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->b, n_messages) == 10);
  g_assert_cmpint (PEER_END_GET (pair->b, n_wrong), ==, 0);
}

static void
test_wrong_fingerprint (Pair *pair, gconstpointer data)
{
  pair->a->wrong_fingerprint = TRUE;
  wherry_peer_post_create_offer (pair->a->peer, FALSE, NULL, 0);
  WHERRY_WAIT_UNTIL (NULL, pair->a->is_finished && pair->b->is_finished);
  g_assert_cmpint (pair->b->end, ==, WHERRY_PEER_END_FAILED);
  g_assert_error (pair->b->error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED);
  g_assert_cmpint (PEER_END_GET (pair->a, connected) + PEER_END_GET (pair->b, connected), ==, 0);
}

static void
test_close_is_seen (Pair *pair, gconstpointer data)
{
  connect_pair (pair);
  wherry_peer_post_close (pair->a->peer);
  wherry_peer_post_close (pair->a->peer); /* twice is once */
  WHERRY_WAIT_UNTIL (NULL, pair->a->is_finished && pair->b->is_finished);
  g_assert_cmpint (pair->a->end, ==, WHERRY_PEER_END_LOCAL);
  g_assert_cmpint (pair->b->end, ==, WHERRY_PEER_END_REMOTE);
  g_assert_cmpint (PEER_END_GET (pair->a, n_closed), ==, 1);
  g_assert_cmpint (PEER_END_GET (pair->b, n_closed), ==, 1);
}

/* RFC 8839 section 4.4.1.1.1: new credentials in an offer, channels and messages stay. */
static void
test_ice_restart_keeps_messages (Pair *pair, gconstpointer data)
{
  g_autofree char *before = NULL;

  connect_pair (pair);
  before = g_strdup (pair->b->last_sdp);
  peer_traffic_send (&pair->a->traffic, pair->a->peer, 4000, 2000);
  wherry_peer_post_create_offer (pair->a->peer, TRUE, NULL, 0);
  WHERRY_WAIT_UNTIL (NULL, pair->b->n_descriptions == 2);
  g_assert_cmpstr (before, !=, pair->b->last_sdp);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->b, n_messages) == 4000);
  g_assert_cmpint (PEER_END_GET (pair->b, n_wrong), ==, 0);
  g_assert_cmpint (PEER_END_GET (pair->a, n_closed) + PEER_END_GET (pair->b, n_closed), ==, 0);
  g_assert_cmpuint (pair->a->n_refused + pair->b->n_refused, ==, 0);
}

/* The offer of the other side renegotiates a living connection: roles are kept. */
static void
test_renegotiation_from_the_answerer (Pair *pair, gconstpointer data)
{
  connect_pair (pair);
  wherry_peer_post_create_offer (pair->b->peer, FALSE, NULL, 0);
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_descriptions == 2);
  g_assert_nonnull (strstr (pair->a->last_sdp, "a=setup:passive"));
  peer_traffic_send (&pair->a->traffic, pair->a->peer, 10, 100);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->b, n_messages) == 10);
  g_assert_cmpuint (pair->a->n_refused + pair->b->n_refused, ==, 0);
}

static void
test_answer_without_offer_is_refused (Pair *pair, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  WherrySdp *sdp = NULL;

  connect_pair (pair);
  sdp = wherry_sdp_parse (WHERRY_SDP_ANSWER, pair->b->last_sdp, strlen (pair->b->last_sdp), &error);
  g_assert_no_error (error);
  wherry_peer_post_remote_description (pair->a->peer, sdp, NULL, 0);
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_refused == 1);
  peer_traffic_send (&pair->a->traffic, pair->a->peer, 10, 100);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->b, n_messages) == 10);
}

/* Another certificate on a living connection is refused, and nothing else happens. */
static void
test_changed_fingerprint_is_refused (Pair *pair, gconstpointer data)
{
  connect_pair (pair);
  pair->a->wrong_fingerprint = TRUE;
  wherry_peer_post_create_offer (pair->a->peer, FALSE, NULL, 0);
  WHERRY_WAIT_UNTIL (NULL, pair->b->n_refused == 1);
  peer_traffic_send (&pair->a->traffic, pair->a->peer, 10, 100);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->b, n_messages) == 10);
}

typedef struct
{
  WherryPeerStats stats;
  int done; /* atomic */
} Reading;

static void
read_now (WherryPeer *peer, gpointer data)
{
  Reading *reading = data;

  g_assert_true (wherry_peer_get_stats (peer, &reading->stats));
  g_atomic_int_set (&reading->done, 1);
}

static gboolean
has_one_certificate (Pair *pair)
{
  gboolean same;
  Reading readings[2] = { 0 };

  connect_pair (pair);
  wherry_peer_post_call (pair->a->peer, read_now, &readings[0], NULL);
  wherry_peer_post_call (pair->b->peer, read_now, &readings[1], NULL);
  for (guint i = 0; i < 2; i++)
    WHERRY_WAIT_UNTIL (NULL, g_atomic_int_get (&readings[i].done) == 1);
  same = wherry_fingerprint_equal (&readings[0].stats.local_fingerprint,
                                   &readings[1].stats.local_fingerprint);
  for (guint i = 0; i < 2; i++)
    wherry_peer_stats_clear (&readings[i].stats);
  return same;
}

static void
test_own_certificates (Pair *pair, gconstpointer data)
{
  g_assert_false (has_one_certificate (pair));
}

static void
test_shared_certificate (Pair *pair, gconstpointer data)
{
  g_assert_true (has_one_certificate (pair));
}

/* The streams that a refused offer's channel would have needed are not kept for it. */
static void
test_refused_streams (Pair *pair, gconstpointer data)
{
  const WherryChannelInit channel
      = { .label = "refused", .protocol = "", .ordered = TRUE, .negotiated = TRUE, .id = 900 };
  Reading reading = { 0 };

  pair->a->declared = &channel;
  pair->b->wrong_setup = TRUE;
  wherry_peer_post_create_offer (pair->b->peer, FALSE, NULL, 0);
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_refused == 1);
  g_assert_cmpint (pair->a->refused, ==, WHERRY_PEER_OFFER);
  pair->b->wrong_setup = FALSE;
  pair->a->declared = NULL;
  peer_traffic_create_channel (pair->b->peer, "first");
  wherry_peer_post_create_offer (pair->b->peer, FALSE, NULL, 0);
  WHERRY_WAIT_UNTIL (NULL,
                     PEER_END_GET (pair->a, n_open) == 1 && PEER_END_GET (pair->b, n_open) == 1);
  wherry_peer_post_call (pair->a->peer, read_now, &reading, NULL);
  WHERRY_WAIT_UNTIL (NULL, g_atomic_int_get (&reading.done) == 1);
  g_assert_true (reading.stats.has_sctp);
  g_assert_cmpuint (reading.stats.sctp.streams_out, <, 900);
  wherry_peer_stats_clear (&reading.stats);
}

/* Backpressure: nothing comes while paused, everything afterwards, in order. */
static void
test_pause_and_resume (Pair *pair, gconstpointer data)
{
  connect_pair (pair);
  peer_traffic_send (&pair->b->traffic, pair->b->peer, 1, 4);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->a, n_messages) == 1);
  peer_traffic_set_paused (&pair->b->traffic, pair->b->peer, TRUE);
  peer_traffic_send (&pair->a->traffic, pair->a->peer, 2000, 1000);
  /* b still sends: its thread has been through many packets of a's by the time all of this is over
   */
  peer_traffic_send (&pair->b->traffic, pair->b->peer, 1000, 1000);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->a, n_messages) == 1001);
  g_assert_cmpint (PEER_END_GET (pair->b, n_messages), ==, 0);
  peer_traffic_set_paused (&pair->b->traffic, pair->b->peer, FALSE);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->b, n_messages) == 2000);
  g_assert_cmpint (PEER_END_GET (pair->b, n_wrong), ==, 0);
}

static void
test_close_before_anything (Pair *pair, gconstpointer data)
{
  wherry_peer_post_close (pair->a->peer);
  WHERRY_WAIT_UNTIL (NULL, pair->a->is_finished);
  g_assert_cmpint (pair->a->end, ==, WHERRY_PEER_END_LOCAL);
  /* what comes later is dropped, its data freed */
  peer_traffic_create_channel (pair->a->peer, "late");
  wherry_peer_post_wake (pair->a->peer);
}

/* Each on a thread of its own, and both on one. */
#define ADD(name, func)                                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_test_add ("/peer/" name, Pair, NULL, set_up, func, tear_down);                               \
    g_test_add ("/peer/one-thread/" name, Pair, GUINT_TO_POINTER (1), set_up, func, tear_down);    \
  }                                                                                                \
  G_STMT_END

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("connects-and-echoes", test_connects_and_echoes);
  ADD ("large-messages", test_large_messages);
  ADD ("negotiated-id-1000", test_negotiated);
  ADD ("wrong-fingerprint-fails", test_wrong_fingerprint);
  ADD ("close-is-seen-by-the-other", test_close_is_seen);
  ADD ("ice-restart-keeps-messages", test_ice_restart_keeps_messages);
  ADD ("renegotiation-from-the-answerer", test_renegotiation_from_the_answerer);
  ADD ("answer-without-offer-is-refused", test_answer_without_offer_is_refused);
  ADD ("changed-fingerprint-is-refused", test_changed_fingerprint_is_refused);
  ADD ("certificates-of-their-own", test_own_certificates);
  g_test_add ("/peer/shared-certificate", Pair, NULL, set_up_sharing, test_shared_certificate,
              tear_down);
  ADD ("refused-streams-are-not-kept", test_refused_streams);
  ADD ("pause-and-resume", test_pause_and_resume);
  ADD ("close-before-anything", test_close_before_anything);
  return g_test_run ();
}
