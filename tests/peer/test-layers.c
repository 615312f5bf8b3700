/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-virtual-clock.h"
#include "fixtures/wherry-wait.h"
#include "peer/step-pair.h"

/* ICE, DTLS and SCTP as their states are told, how they end, and what a configuration asks of them.
 */

static void
test_layers (StepPair *pair, gconstpointer data)
{
  g_assert_true (step_set_local (pair->a, NULL));
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_gathered == 1);
  /* nobody to connect to yet */
  g_assert_cmpint (pair->a->layers[WHERRY_PEER_LAYER_ICE], ==, WHERRY_TRANSPORT_NEW);
  step_pair_connect (pair);
  for (int i = 0; i < WHERRY_PEER_N_LAYERS; i++)
    {
      step_end_wait_layer (pair->a, i, WHERRY_TRANSPORT_CONNECTED);
      step_end_wait_layer (pair->b, i, WHERRY_TRANSPORT_CONNECTED);
    }
}

/* The other side ends the association: the channels are closed, the peer is still there. */
static void
test_outlives_the_association (StepPair *pair, gconstpointer data)
{
  step_pair_connect (pair);
  wherry_peer_post_close (pair->b->peer);
  step_end_wait_layer (pair->a, WHERRY_PEER_LAYER_SCTP, WHERRY_TRANSPORT_CLOSED);
  step_end_wait_layer (pair->a, WHERRY_PEER_LAYER_DTLS, WHERRY_TRANSPORT_CLOSED);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->a, n_closed) == 1);
  g_assert_true (step_make_offer (pair->a, FALSE));
  g_assert_false (pair->a->is_finished);
}

static void
negotiate_in_vain (StepPair *pair)
{
  g_autoptr (WherrySdp) offer = NULL;
  g_autoptr (WherrySdp) answer = NULL;

  g_assert_true (step_set_local (pair->a, NULL));
  offer = wherry_sdp_copy (pair->a->pending_local);
  g_ptr_array_set_size (offer->candidates, 0);
  offer->end_of_candidates = TRUE;
  g_assert_true (step_set_remote (pair->b, offer));
  g_assert_true (step_set_local (pair->b, NULL));
  answer = wherry_sdp_copy (pair->b->current_local);
  g_ptr_array_set_size (answer->candidates, 0);
  answer->end_of_candidates = TRUE;
  g_assert_true (step_set_remote (pair->a, answer));
}

/* ICE found nothing: the next generation may. */
static void
test_restart_after_failure (StepPair *pair, gconstpointer data)
{
  pair->a->withholds = TRUE;
  pair->b->withholds = TRUE;
  peer_traffic_create_channel (pair->a->peer, "first");
  negotiate_in_vain (pair);
  step_end_wait_layer (pair->a, WHERRY_PEER_LAYER_ICE, WHERRY_TRANSPORT_CONNECTING);
  wherry_virtual_clock_advance (step_pair_get_clock (), WHERRY_CONNECT_LIMIT_US - 1);
  g_assert_true (step_make_offer (pair->a, FALSE));
  g_assert_cmpint (pair->a->layers[WHERRY_PEER_LAYER_ICE], ==, WHERRY_TRANSPORT_CONNECTING);
  wherry_virtual_clock_advance (step_pair_get_clock (), 1);
  step_end_wait_layer (pair->a, WHERRY_PEER_LAYER_ICE, WHERRY_TRANSPORT_FAILED);
  g_assert_nonnull (pair->a->layer_errors[WHERRY_PEER_LAYER_ICE]);
  pair->a->n_sent = pair->a->candidates->len;
  pair->b->n_sent = pair->b->candidates->len;
  pair->a->withholds = FALSE;
  pair->b->withholds = FALSE;
  step_negotiate (pair->a, TRUE);
  step_pair_wait_open (pair);
  step_pair_exchange (pair);
}

static void
test_wrong_fingerprint (StepPair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) offer = NULL;

  g_assert_true (step_set_local (pair->a, NULL));
  offer = wherry_sdp_copy (pair->a->pending_local);
  g_array_index (offer->fingerprints, WherryFingerprint, 0).bytes[7] ^= 1;
  g_assert_true (step_set_remote (pair->b, offer));
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_true (step_set_remote (pair->a, pair->b->current_local));
  step_end_wait_layer (pair->b, WHERRY_PEER_LAYER_DTLS, WHERRY_TRANSPORT_FAILED);
  step_end_wait_layer (pair->b, WHERRY_PEER_LAYER_SCTP, WHERRY_TRANSPORT_FAILED);
  g_assert_error (pair->b->layer_errors[WHERRY_PEER_LAYER_DTLS], WHERRY_ERROR,
                  WHERRY_ERROR_UNVERIFIED);
  g_assert_false (pair->b->is_finished);
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
                    void (*of_b) (WherryPeerConfig *config), StepPair *pair)
{
  step_pair_init (pair, of_a, of_b);
  step_pair_connect (pair);
  step_pair_exchange (pair);
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
      StepPair pair;

      connect_configured (cases[i].of_a, cases[i].of_b, &pair);
      g_assert_cmpint (pair.a->current_local->setup, ==, cases[i].offered);
      g_assert_cmpint (pair.a->current_remote->setup, ==, cases[i].answered);
      step_negotiate (pair.b, FALSE); /* the role stays */
      step_pair_exchange (&pair);
      step_pair_clear (&pair);
    }
}

static void
test_certificate (void)
{
  g_autoptr (GError) error = NULL;
  StepPair pair;

  shared = wherry_dtls_certificate_new (0, &error);
  g_assert_no_error (error);
  connect_configured (use_shared, NULL, &pair);
  g_assert_true (wherry_fingerprint_equal (&g_array_index (pair.b->current_remote->fingerprints,
                                                           WherryFingerprint, 0),
                                           wherry_dtls_certificate_get_fingerprint (shared)));
  step_pair_clear (&pair);
  g_clear_pointer (&shared, wherry_dtls_certificate_unref);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func)                                                                            \
  g_test_add (path, StepPair, NULL, step_pair_set_up, func, step_pair_tear_down)
  ADD ("/peer/layers/connect", test_layers);
  ADD ("/peer/layers/outlives-the-association", test_outlives_the_association);
  ADD ("/peer/layers/ice-restart-after-failure", test_restart_after_failure);
  ADD ("/peer/layers/wrong-fingerprint", test_wrong_fingerprint);
#undef ADD
  g_test_add_func ("/peer/layers/dtls-roles", test_roles);
  g_test_add_func ("/peer/layers/certificate", test_certificate);

  return g_test_run ();
}
