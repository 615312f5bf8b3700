/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "fixtures/wherry-wait.h"
#include "peer/step-pair.h"

/* Negotiation in JSEP's steps between two real peers over loopback. */

static void
test_connects (StepPair *pair, gconstpointer data)
{
  step_pair_connect (pair);
  step_pair_exchange (pair);
  g_assert_cmpint (pair->a->signaling, ==, WHERRY_PEER_STABLE);
  g_assert_null (pair->a->pending_local);
  g_assert_null (pair->a->pending_remote);
  g_assert_cmpint (pair->a->current_local->type, ==, WHERRY_SDP_OFFER);
  g_assert_cmpint (pair->a->current_remote->type, ==, WHERRY_SDP_ANSWER);
  g_assert_cmpint (pair->b->current_remote->type, ==, WHERRY_SDP_OFFER);
}

/* createOffer alone is without effect: nothing is gathered, another may be made. */
static void
test_making_changes_nothing (StepPair *pair, gconstpointer data)
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
test_glare (StepPair *pair, gconstpointer data)
{
  guint told = 0;

  peer_traffic_create_channel (pair->a->peer, "of a");
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_true (step_set_local (pair->b, NULL));
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_gathered == 1 && pair->b->n_gathered == 1);
  told = pair->b->candidates->len;

  g_assert_true (step_set_remote (pair->b, pair->a->pending_local));
  g_assert_cmpint (pair->b->signaling, ==, WHERRY_PEER_HAVE_REMOTE_OFFER);
  g_assert_null (pair->b->pending_local);
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_true (step_set_remote (pair->a, pair->b->current_local));
  step_pair_wait_open (pair);
  step_pair_exchange (pair);
  g_assert_cmpuint (pair->b->candidates->len, ==, 2 * told);
  g_assert_cmpuint (pair->b->n_gathered, ==, 2);
}

static void
test_rollback_of_ours (StepPair *pair, gconstpointer data)
{
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_true (step_rollback (pair->a, FALSE));
  g_assert_cmpint (pair->a->signaling, ==, WHERRY_PEER_STABLE);
  g_assert_null (pair->a->pending_local);
  peer_traffic_create_channel (pair->b->peer, "of b");
  step_negotiate (pair->b, FALSE);
  step_pair_wait_open (pair);
  step_pair_exchange (pair);
}

static void
test_rollback_of_theirs (StepPair *pair, gconstpointer data)
{
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_true (step_set_remote (pair->b, pair->a->pending_local));
  g_assert_true (step_rollback (pair->b, TRUE));
  g_assert_null (pair->b->pending_remote);
  g_assert_true (step_rollback (pair->a, FALSE));
  peer_traffic_create_channel (pair->a->peer, "of a");
  step_negotiate (pair->b, FALSE);
  step_pair_wait_open (pair);
  step_pair_exchange (pair);
}

static void
test_renegotiation (StepPair *pair, gconstpointer data)
{
  step_pair_connect (pair);
  step_negotiate (pair->b, FALSE);
  step_pair_exchange (pair);
  step_negotiate (pair->a, FALSE);
  step_pair_exchange (pair);
  g_assert_cmpuint (pair->a->n_gathered, ==, 1);
}

static void
test_ice_restart (StepPair *pair, gconstpointer data)
{
  g_autofree char *ufrag = NULL;

  step_pair_connect (pair);
  ufrag = g_strdup (pair->a->current_local->ice_ufrag);
  step_negotiate (pair->a, TRUE);
  g_assert_cmpstr (ufrag, !=, pair->a->current_local->ice_ufrag);
  step_pair_exchange (pair);
  step_negotiate (pair->b, TRUE);
  step_pair_exchange (pair);
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_gathered == 3 && pair->b->n_gathered == 3);
}

/* What was prepared is not in force, and what was applied is taken back. */
static void
test_ice_restart_rolled_back (StepPair *pair, gconstpointer data)
{
  g_autofree char *ufrag = NULL;

  step_pair_connect (pair);
  ufrag = g_strdup (pair->a->current_local->ice_ufrag);
  g_assert_true (step_make_offer (pair->a, TRUE));
  g_assert_cmpstr (ufrag, ==, pair->a->current_local->ice_ufrag);
  g_assert_cmpstr (ufrag, !=, pair->a->made->ice_ufrag);
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_cmpstr (ufrag, !=, pair->a->pending_local->ice_ufrag);
  g_assert_true (step_rollback (pair->a, FALSE));
  step_pair_exchange (pair);
  step_negotiate (pair->a, FALSE);
  g_assert_cmpstr (ufrag, ==, pair->a->current_local->ice_ufrag);
  step_pair_exchange (pair);
  step_negotiate (pair->a, TRUE);
  step_pair_exchange (pair);
}

static WherrySdp *
without_candidates (const WherrySdp *sdp)
{
  WherrySdp *copy = wherry_sdp_copy (sdp);

  g_ptr_array_set_size (copy->candidates, 0);
  copy->end_of_candidates = FALSE;
  return copy;
}

/* Another description of the same generation does not forget what was trickled: neither the answer
 * after a provisional one, nor an offer or an answer later on. */
static void
test_trickled_stay (StepPair *pair, gconstpointer data)
{
  g_autoptr (WherrySdp) provisional = NULL;
  g_autoptr (WherrySdp) answer = NULL;
  g_autoptr (WherrySdp) offer = NULL;
  guint n = 0;

  peer_traffic_create_channel (pair->a->peer, "first");
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_true (step_set_remote (pair->b, pair->a->pending_local));
  g_assert_true (step_make_answer (pair->b));
  provisional = without_candidates (pair->b->made);
  provisional->type = WHERRY_SDP_PRANSWER;
  g_assert_true (step_set_local (pair->b, provisional));
  g_assert_true (step_set_remote (pair->a, provisional));
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_gathered == 1 && pair->b->n_gathered == 1);
  step_pair_wait_open (pair);
  n = pair->b->candidates->len - 1; /* the last one is their end */
  g_assert_cmpuint (n, >, 0);

  g_assert_true (step_set_local (pair->b, NULL));
  answer = without_candidates (pair->b->current_local);
  g_assert_true (step_set_remote (pair->a, answer));
  g_assert_cmpint (pair->a->signaling, ==, WHERRY_PEER_STABLE);
  g_assert_cmpuint (pair->a->current_remote->candidates->len, ==, n);
  g_assert_true (pair->a->current_remote->end_of_candidates);

  g_assert_true (step_set_local (pair->a, NULL));
  offer = without_candidates (pair->a->pending_local);
  n = pair->b->current_remote->candidates->len;
  g_assert_cmpuint (n, ==, pair->a->candidates->len - 1);
  g_assert_true (step_set_remote (pair->b, offer));
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_cmpuint (pair->b->current_remote->candidates->len, ==, n);
  g_assert_true (pair->b->current_remote->end_of_candidates);
  g_assert_true (step_set_remote (pair->a, pair->b->current_local)); /* which brings them again */
  g_assert_cmpuint (pair->a->current_remote->candidates->len, ==,
                    pair->b->current_local->candidates->len);
}

static void
test_after_the_end (StepPair *pair, gconstpointer data)
{
  wherry_peer_post_close (pair->a->peer);
  g_assert_false (step_make_offer (pair->a, FALSE));
  g_assert_error (pair->a->error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
}

/* Messages that are under way during restarts from both sides all arrive. */
static void
test_restarts_under_load (StepPair *pair, gconstpointer data)
{
  const int n = 200;

  step_pair_connect (pair);
  for (int i = 0; i < n; i++)
    {
      peer_traffic_send (&pair->a->traffic, pair->a->peer, 1, 500);
      peer_traffic_send (&pair->b->traffic, pair->b->peer, 1, 500);
      if (i % 50 == 0)
        step_negotiate (i % 100 == 0 ? pair->a : pair->b, TRUE);
    }
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->a, n_messages) == n
                               && PEER_END_GET (pair->b, n_messages) == n);
  g_assert_cmpint (PEER_END_GET (pair->a, n_closed) + PEER_END_GET (pair->b, n_closed), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func)                                                                            \
  g_test_add (path, StepPair, NULL, step_pair_set_up, func, step_pair_tear_down)
  ADD ("/peer/steps/connects", test_connects);
  ADD ("/peer/steps/making-changes-nothing", test_making_changes_nothing);
  ADD ("/peer/steps/glare-rolls-back", test_glare);
  ADD ("/peer/steps/rollback-of-ours", test_rollback_of_ours);
  ADD ("/peer/steps/rollback-of-theirs", test_rollback_of_theirs);
  ADD ("/peer/steps/renegotiation-keeps-transports", test_renegotiation);
  ADD ("/peer/steps/ice-restart-keeps-channels", test_ice_restart);
  ADD ("/peer/steps/ice-restart-is-rolled-back", test_ice_restart_rolled_back);
  ADD ("/peer/steps/trickled-candidates-stay", test_trickled_stay);
  ADD ("/peer/steps/after-the-end", test_after_the_end);
  ADD ("/peer/steps/restarts-under-load", test_restarts_under_load);
#undef ADD

  return g_test_run ();
}
