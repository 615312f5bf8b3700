/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "fixtures/wherry-wait.h"
#include "peer/step-end.h"

/* Negotiation in JSEP's steps between two real peers over loopback. */

typedef struct
{
  StepEnd *a;
  StepEnd *b;
} Pair;

static void
set_up (Pair *pair, gconstpointer data)
{
  pair->a = step_end_new ("00000000000000aa", NULL);
  pair->b = step_end_new ("00000000000000bb", NULL);
  step_end_pair (pair->a, pair->b);
}

static void
tear_down (Pair *pair, gconstpointer data)
{
  pair->a->other = NULL;
  pair->b->other = NULL;
  step_end_free (pair->a);
  step_end_free (pair->b);
}

static void
wait_open (Pair *pair)
{
  WHERRY_WAIT_UNTIL (NULL,
                     STEP_END_GET (pair->a, n_open) >= 1 && STEP_END_GET (pair->b, n_open) >= 1);
}

static void
connect_pair (Pair *pair)
{
  step_end_create_channel (pair->a, "first");
  step_negotiate (pair->a, FALSE);
  wait_open (pair);
}

static void
exchange (Pair *pair)
{
  int at_a = STEP_END_GET (pair->a, n_messages);
  int at_b = STEP_END_GET (pair->b, n_messages);

  step_end_send (pair->a, 1000);
  step_end_send (pair->b, 1000);
  WHERRY_WAIT_UNTIL (NULL, STEP_END_GET (pair->a, n_messages) == at_a + 1
                               && STEP_END_GET (pair->b, n_messages) == at_b + 1);
  g_assert_cmpint (STEP_END_GET (pair->a, n_closed) + STEP_END_GET (pair->b, n_closed), ==, 0);
}

static void
test_connects (Pair *pair, gconstpointer data)
{
  connect_pair (pair);
  exchange (pair);
  g_assert_cmpint (pair->a->signaling, ==, WHERRY_PEER_STABLE);
  g_assert_null (pair->a->pending_local);
  g_assert_null (pair->a->pending_remote);
  g_assert_cmpint (pair->a->current_local->type, ==, WHERRY_SDP_OFFER);
  g_assert_cmpint (pair->a->current_remote->type, ==, WHERRY_SDP_ANSWER);
  g_assert_cmpint (pair->b->current_remote->type, ==, WHERRY_SDP_OFFER);
}

/* createOffer alone is without effect: nothing is gathered, another may be made. */
static void
test_making_changes_nothing (Pair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) first = NULL;

  g_assert_true (step_make_offer (pair->a, FALSE));
  g_assert_cmpint (pair->a->signaling, ==, WHERRY_PEER_STABLE);
  g_assert_null (pair->a->pending_local);
  first = wherry_sdp_copy (pair->a->made);
  g_assert_true (step_make_offer (pair->a, FALSE));
  g_assert_false (step_set_local (pair->a, first));
  g_assert_error (pair->a->error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (pair->a->candidates->len, ==, 0);
}

/* Our offer meets theirs: it is rolled back, and its candidates go with the answer. */
static void
test_glare (Pair *pair, gconstpointer data)
{
  guint told = 0;

  step_end_create_channel (pair->a, "of a");
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_true (step_set_local (pair->b, NULL));
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_gathered == 1 && pair->b->n_gathered == 1);
  told = pair->b->candidates->len;

  g_assert_true (step_set_remote (pair->b, pair->a->pending_local));
  g_assert_cmpint (pair->b->signaling, ==, WHERRY_PEER_HAVE_REMOTE_OFFER);
  g_assert_null (pair->b->pending_local);
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_true (step_set_remote (pair->a, pair->b->current_local));
  wait_open (pair);
  exchange (pair);
  g_assert_cmpuint (pair->b->candidates->len, ==, 2 * told);
  g_assert_cmpuint (pair->b->n_gathered, ==, 2);
}

static void
test_rollback_of_ours (Pair *pair, gconstpointer data)
{
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_true (step_rollback (pair->a, FALSE));
  g_assert_cmpint (pair->a->signaling, ==, WHERRY_PEER_STABLE);
  g_assert_null (pair->a->pending_local);
  step_end_create_channel (pair->b, "of b");
  step_negotiate (pair->b, FALSE);
  wait_open (pair);
  exchange (pair);
}

static void
test_rollback_of_theirs (Pair *pair, gconstpointer data)
{
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_true (step_set_remote (pair->b, pair->a->pending_local));
  g_assert_true (step_rollback (pair->b, TRUE));
  g_assert_null (pair->b->pending_remote);
  g_assert_true (step_rollback (pair->a, FALSE));
  step_end_create_channel (pair->a, "of a");
  step_negotiate (pair->b, FALSE);
  wait_open (pair);
  exchange (pair);
}

static void
test_renegotiation (Pair *pair, gconstpointer data)
{
  connect_pair (pair);
  step_negotiate (pair->b, FALSE);
  exchange (pair);
  step_negotiate (pair->a, FALSE);
  exchange (pair);
  g_assert_cmpuint (pair->a->n_gathered, ==, 1);
}

static void
test_ice_restart (Pair *pair, gconstpointer data)
{
  g_autofree char *ufrag = NULL;

  connect_pair (pair);
  ufrag = g_strdup (pair->a->current_local->ice_ufrag);
  step_negotiate (pair->a, TRUE);
  g_assert_cmpstr (ufrag, !=, pair->a->current_local->ice_ufrag);
  exchange (pair);
  step_negotiate (pair->b, TRUE);
  exchange (pair);
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_gathered == 3 && pair->b->n_gathered == 3);
}

/* What was prepared is not in force, and what was applied is taken back. */
static void
test_ice_restart_rolled_back (Pair *pair, gconstpointer data)
{
  g_autofree char *ufrag = NULL;

  connect_pair (pair);
  ufrag = g_strdup (pair->a->current_local->ice_ufrag);
  g_assert_true (step_make_offer (pair->a, TRUE));
  g_assert_cmpstr (ufrag, ==, pair->a->current_local->ice_ufrag);
  g_assert_cmpstr (ufrag, !=, pair->a->made->ice_ufrag);
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_cmpstr (ufrag, !=, pair->a->pending_local->ice_ufrag);
  g_assert_true (step_rollback (pair->a, FALSE));
  exchange (pair);
  step_negotiate (pair->a, FALSE);
  g_assert_cmpstr (ufrag, ==, pair->a->current_local->ice_ufrag);
  exchange (pair);
  step_negotiate (pair->a, TRUE);
  exchange (pair);
}

static void
test_after_the_end (Pair *pair, gconstpointer data)
{
  wherry_peer_post_close (pair->a->peer);
  g_assert_false (step_make_offer (pair->a, FALSE));
  g_assert_error (pair->a->error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
}

/* ---- descriptions of other stacks ---- */

/* With n sections of audio before its own. */
static WherrySdp *
with_media (const WherrySdp *sdp, guint n)
{
  g_autofree char *text = wherry_sdp_to_string (sdp);
  g_autoptr (GString) all = g_string_new (text);
  g_autoptr (GString) media = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  WherrySdp *parsed = NULL;

  for (guint i = 0; i < n; i++)
    g_string_append_printf (media,
                            "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
                            "a=mid:audio%u\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n",
                            i);
  g_string_replace (all, "m=application", media->str, 1);
  g_string_insert (all, strstr (all->str, " 9 UDP/DTLS/SCTP") - all->str, "m=application");
  parsed = wherry_sdp_parse (sdp->type, all->str, all->len, &error);
  g_assert_no_error (error);
  return parsed;
}

/* Only its own section. */
static WherrySdp *
without_media (const WherrySdp *sdp)
{
  WherrySdp *copy = wherry_sdp_copy (sdp);

  while (copy->index > 0)
    {
      g_ptr_array_remove_index (copy->media, 0);
      copy->index--;
    }
  return copy;
}

typedef struct
{
  gsize size;
  int done; /* atomic */
} Size;

static void
read_size (WherryPeer *peer, gpointer data)
{
  Size *size = data;

  size->size = wherry_peer_get_remote_max_message_size (peer);
  g_atomic_int_set (&size->done, 1);
}

static gsize
get_remote_max (StepEnd *end)
{
  Size size = { 0 };

  wherry_peer_post_call (end->peer, read_size, &size, NULL);
  WHERRY_WAIT_UNTIL (NULL, g_atomic_int_get (&size.done) == 1);
  return size.size;
}

static void
wait_layer (StepEnd *end, WherryPeerLayer layer, WherryTransportState state)
{
  WHERRY_WAIT_UNTIL (NULL, end->layers[layer] == state);
}

static void
test_layers (Pair *pair, gconstpointer data)
{
  g_assert_true (step_set_local (pair->a, NULL));
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_gathered == 1);
  /* nobody to connect to yet */
  g_assert_cmpint (pair->a->layers[WHERRY_PEER_LAYER_ICE], ==, WHERRY_TRANSPORT_NEW);
  connect_pair (pair);
  for (int i = 0; i < WHERRY_PEER_N_LAYERS; i++)
    {
      wait_layer (pair->a, i, WHERRY_TRANSPORT_CONNECTED);
      wait_layer (pair->b, i, WHERRY_TRANSPORT_CONNECTED);
    }
}

/* The other side ends the association: the channels are closed, the peer is still there. */
static void
test_outlives_the_association (Pair *pair, gconstpointer data)
{
  connect_pair (pair);
  wherry_peer_post_close (pair->b->peer);
  wait_layer (pair->a, WHERRY_PEER_LAYER_SCTP, WHERRY_TRANSPORT_CLOSED);
  wait_layer (pair->a, WHERRY_PEER_LAYER_DTLS, WHERRY_TRANSPORT_CLOSED);
  WHERRY_WAIT_UNTIL (NULL, STEP_END_GET (pair->a, n_closed) == 1);
  g_assert_true (step_make_offer (pair->a, FALSE));
  g_assert_false (pair->a->is_finished);
}

static void
test_wrong_fingerprint (Pair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) offer = NULL;

  g_assert_true (step_set_local (pair->a, NULL));
  offer = wherry_sdp_copy (pair->a->pending_local);
  g_array_index (offer->fingerprints, WherryFingerprint, 0).bytes[7] ^= 1;
  g_assert_true (step_set_remote (pair->b, offer));
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_true (step_set_remote (pair->a, pair->b->current_local));
  wait_layer (pair->b, WHERRY_PEER_LAYER_DTLS, WHERRY_TRANSPORT_FAILED);
  wait_layer (pair->b, WHERRY_PEER_LAYER_SCTP, WHERRY_TRANSPORT_FAILED);
  g_assert_error (pair->b->layer_errors[WHERRY_PEER_LAYER_DTLS], WHERRY_ERROR,
                  WHERRY_ERROR_UNVERIFIED);
  g_assert_false (pair->b->is_finished);
}

/* The transport of data channels is closed, and nothing else happens. */
static void
test_rejected (Pair *pair, gconstpointer data)
{
  static const char answer[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                               "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                               "c=IN IP4 0.0.0.0\r\na=mid:0\r\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySdp) sdp = wherry_sdp_parse (WHERRY_SDP_ANSWER, answer, strlen (answer), &error);

  g_assert_no_error (error);
  step_end_create_channel (pair->a, "unwanted");
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_true (step_set_remote (pair->a, sdp));
  g_assert_cmpint (pair->a->signaling, ==, WHERRY_PEER_STABLE);
  g_assert_true (pair->a->current_remote->rejected);
  wait_layer (pair->a, WHERRY_PEER_LAYER_SCTP, WHERRY_TRANSPORT_CLOSED);
  g_assert_error (pair->a->layer_errors[WHERRY_PEER_LAYER_SCTP], WHERRY_ERROR,
                  WHERRY_ERROR_UNSUPPORTED);
  WHERRY_WAIT_UNTIL (NULL, STEP_END_GET (pair->a, n_closed) == 1);
  g_assert_true (step_make_offer (pair->a, FALSE));
  g_assert_false (pair->a->is_finished);
}

/* Theirs has media, and the data section at any place: all else is rejected, and stays so. */
static void
test_other_media (Pair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) offer = NULL;
  g_autoptr (WherrySdp) answer = NULL;

  step_end_create_channel (pair->a, "first");
  g_assert_true (step_set_local (pair->a, NULL));
  offer = with_media (pair->a->pending_local, 2);
  g_assert_true (step_set_remote (pair->b, offer));
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_cmpuint (pair->b->current_local->media->len, ==, 3);
  g_assert_cmpuint (pair->b->current_local->index, ==, 2);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (
        ((WherrySdpMedia *) g_ptr_array_index (pair->b->current_local->media, i))->port, ==, 0);
  answer = without_media (pair->b->current_local);
  g_assert_true (step_set_remote (pair->a, answer));
  wait_open (pair);
  exchange (pair);
  g_assert_true (step_make_offer (pair->b, FALSE));
  g_assert_cmpuint (pair->b->made->media->len, ==, 3);
  g_assert_cmpuint (pair->b->made->index, ==, 2);
}

/* One that says nothing takes 64 KiB; a later one changes it. */
static void
test_max_message_size (Pair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) offer = NULL;

  connect_pair (pair);
  g_assert_cmpuint (get_remote_max (pair->b), ==, 256 * 1024);
  g_assert_true (step_set_local (pair->a, NULL));
  offer = wherry_sdp_copy (pair->a->pending_local);
  offer->has_max_message_size = FALSE;
  g_assert_true (step_set_remote (pair->b, offer));
  g_assert_cmpuint (get_remote_max (pair->b), ==, 256 * 1024); /* not agreed yet */
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_cmpuint (get_remote_max (pair->b), ==, 64 * 1024);
}

/* An answer that was meant for an offer before this one. */
static void
test_stale (Pair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) offer = NULL;
  g_autoptr (WherrySdp) answer = NULL;

  connect_pair (pair);
  offer = wherry_sdp_copy (pair->a->current_local);
  answer = wherry_sdp_copy (pair->b->current_local);
  g_assert_false (step_set_remote (pair->a, answer));
  g_assert_error (pair->a->error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE);
  g_assert_false (step_set_local (pair->a, offer));
  g_assert_error (pair->a->error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  /* set what was made last, but not as it was made */
  g_assert_true (step_make_offer (pair->a, FALSE));
  g_clear_pointer (&offer, wherry_sdp_free);
  offer = wherry_sdp_copy (pair->a->made);
  offer->ice_pwd[3] ^= 1;
  g_assert_false (step_set_local (pair->a, offer));
  g_assert_error (pair->a->error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (pair->a->signaling, ==, WHERRY_PEER_STABLE);
  exchange (pair);
}

/* Messages that are under way during restarts from both sides all arrive. */
static void
test_restarts_under_load (Pair *pair, gconstpointer data)
{
  const int n = 200;

  connect_pair (pair);
  for (int i = 0; i < n; i++)
    {
      step_end_send (pair->a, 500);
      step_end_send (pair->b, 500);
      if (i % 50 == 0)
        step_negotiate (i % 100 == 0 ? pair->a : pair->b, TRUE);
    }
  WHERRY_WAIT_UNTIL (NULL, STEP_END_GET (pair->a, n_messages) == n
                               && STEP_END_GET (pair->b, n_messages) == n);
  g_assert_cmpint (STEP_END_GET (pair->a, n_closed) + STEP_END_GET (pair->b, n_closed), ==, 0);
}

/* ---- configured ---- */

static WherryDtlsCertificate *shared;

static void
prefer_passive (WherryPeerConfig *config)
{
  config->setup = WHERRY_SDP_SETUP_PASSIVE;
}

static void
prefer_active (WherryPeerConfig *config)
{
  config->setup = WHERRY_SDP_SETUP_ACTIVE;
}

static void
use_shared (WherryPeerConfig *config)
{
  config->certificate = shared;
}

static void
connect_configured (void (*of_a) (WherryPeerConfig *config),
                    void (*of_b) (WherryPeerConfig *config), Pair *pair)
{
  pair->a = step_end_new ("00000000000000aa", of_a);
  pair->b = step_end_new ("00000000000000bb", of_b);
  step_end_pair (pair->a, pair->b);
  connect_pair (pair);
  exchange (pair);
}

static void
test_roles (void)
{
  static const struct
  {
    void (*of_a) (WherryPeerConfig *config);
    void (*of_b) (WherryPeerConfig *config);
    WherrySdpSetup offered;
    WherrySdpSetup answered;
  } cases[] = {
    { NULL, NULL, WHERRY_SDP_SETUP_ACTPASS, WHERRY_SDP_SETUP_ACTIVE },
    { NULL, prefer_passive, WHERRY_SDP_SETUP_ACTPASS, WHERRY_SDP_SETUP_PASSIVE },
    { prefer_passive, NULL, WHERRY_SDP_SETUP_PASSIVE, WHERRY_SDP_SETUP_ACTIVE },
    { prefer_active, NULL, WHERRY_SDP_SETUP_ACTIVE, WHERRY_SDP_SETUP_PASSIVE },
    { prefer_passive, prefer_passive, WHERRY_SDP_SETUP_PASSIVE, WHERRY_SDP_SETUP_ACTIVE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Pair pair;

      connect_configured (cases[i].of_a, cases[i].of_b, &pair);
      g_assert_cmpint (pair.a->current_local->setup, ==, cases[i].offered);
      g_assert_cmpint (pair.a->current_remote->setup, ==, cases[i].answered);
      step_negotiate (pair.b, FALSE); /* the role stays */
      exchange (&pair);
      tear_down (&pair, NULL);
    }
}

static void
test_certificate (void)
{
  g_autoptr (GError) error = NULL;
  Pair pair;

  shared = wherry_dtls_certificate_new (0, &error);
  g_assert_no_error (error);
  connect_configured (use_shared, NULL, &pair);
  g_assert_true (wherry_fingerprint_equal (&g_array_index (pair.b->current_remote->fingerprints,
                                                           WherryFingerprint, 0),
                                           wherry_dtls_certificate_get_fingerprint (shared)));
  tear_down (&pair, NULL);
  g_clear_pointer (&shared, wherry_dtls_certificate_unref);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Pair, NULL, set_up, func, tear_down)
  ADD ("/peer/steps/connects", test_connects);
  ADD ("/peer/steps/making-changes-nothing", test_making_changes_nothing);
  ADD ("/peer/steps/glare-rolls-back", test_glare);
  ADD ("/peer/steps/rollback-of-ours", test_rollback_of_ours);
  ADD ("/peer/steps/rollback-of-theirs", test_rollback_of_theirs);
  ADD ("/peer/steps/renegotiation-keeps-transports", test_renegotiation);
  ADD ("/peer/steps/ice-restart-keeps-channels", test_ice_restart);
  ADD ("/peer/steps/ice-restart-is-rolled-back", test_ice_restart_rolled_back);
  ADD ("/peer/steps/after-the-end", test_after_the_end);
  ADD ("/peer/steps/layers", test_layers);
  ADD ("/peer/steps/outlives-the-association", test_outlives_the_association);
  ADD ("/peer/steps/wrong-fingerprint", test_wrong_fingerprint);
  ADD ("/peer/steps/data-rejected", test_rejected);
  ADD ("/peer/steps/other-media", test_other_media);
  ADD ("/peer/steps/max-message-size", test_max_message_size);
  ADD ("/peer/steps/stale-descriptions", test_stale);
  ADD ("/peer/steps/restarts-under-load", test_restarts_under_load);
#undef ADD
  g_test_add_func ("/peer/steps/dtls-roles", test_roles);
  g_test_add_func ("/peer/steps/certificate", test_certificate);

  return g_test_run ();
}
