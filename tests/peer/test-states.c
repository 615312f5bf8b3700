/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "peer/step-end.h"

/* RFC 8829 section 3.2, figure 2, and W3C webrtc-pc section 4.4.1.5: every step in every signaling
 * state, with a description that would fit. */

typedef enum
{
  MAKE_OFFER,
  MAKE_ANSWER,
  LOCAL_OFFER,
  LOCAL_PRANSWER,
  LOCAL_ANSWER,
  LOCAL_IMPLICIT,
  REMOTE_OFFER,
  REMOTE_PRANSWER,
  REMOTE_ANSWER,
  ROLLBACK_LOCAL,
  ROLLBACK_REMOTE,
  N_STEPS,
} Step;

#define N_STATES 5
#define NOT -1

static const char *const step_names[N_STEPS] = {
  "make-offer",    "make-answer",    "local-offer",     "local-pranswer",
  "local-answer",  "local-implicit", "remote-offer",    "remote-pranswer",
  "remote-answer", "rollback-local", "rollback-remote",
};
static const char *const state_names[N_STATES] = {
  "stable", "have-local-offer", "have-remote-offer", "have-local-pranswer", "have-remote-pranswer",
};

#define S WHERRY_PEER_STABLE
#define LO WHERRY_PEER_HAVE_LOCAL_OFFER
#define RO WHERRY_PEER_HAVE_REMOTE_OFFER
#define LP WHERRY_PEER_HAVE_LOCAL_PRANSWER
#define RP WHERRY_PEER_HAVE_REMOTE_PRANSWER

/* The state after it; NOT: WHERRY_ERROR_INVALID_STATE. Columns as in Step. */
static const int after[N_STATES][N_STEPS] = {
  /*      make       local set           remote set   rollback */
  [S] = { S, NOT, LO, NOT, NOT, LO, RO, NOT, NOT, NOT, NOT },
  [LO] = { LO, NOT, LO, NOT, NOT, LO, RO, RP, S, S, NOT },
  [RO] = { NOT, RO, NOT, LP, S, S, RO, NOT, NOT, NOT, S },
  [LP] = { NOT, LP, NOT, LP, S, S, NOT, NOT, NOT, NOT, NOT },
  [RP] = { NOT, NOT, NOT, NOT, NOT, NOT, NOT, RP, S, NOT, NOT },
};

typedef struct
{
  StepEnd *tested;
  StepEnd *other;
  WherrySdp *their_offer;
  WherrySdp *their_answer;
  WherrySdp *our_offer;
  WherrySdp *our_answer;
} Case;

static WherrySdp *
copy_as (const WherrySdp *sdp, WherrySdpType type)
{
  WherrySdp *copy = wherry_sdp_copy (sdp);

  copy->type = type;
  if (type != WHERRY_SDP_OFFER && copy->setup == WHERRY_SDP_SETUP_ACTPASS)
    copy->setup = WHERRY_SDP_SETUP_ACTIVE;
  return copy;
}

static gboolean
set_local_as (Case *self, const WherrySdp *sdp, WherrySdpType type)
{
  g_autoptr (WherrySdp) copy = copy_as (sdp, type);

  return step_set_local (self->tested, copy);
}

static gboolean
set_remote_as (Case *self, const WherrySdp *sdp, WherrySdpType type)
{
  g_autoptr (WherrySdp) copy = copy_as (sdp, type);

  return step_set_remote (self->tested, copy);
}

static void
go_to (Case *self, WherryPeerSignaling state)
{
  g_assert_true (step_make_offer (self->other, FALSE));
  self->their_offer = wherry_sdp_copy (self->other->made);
  g_assert_true (step_make_offer (self->tested, FALSE));
  self->our_offer = wherry_sdp_copy (self->tested->made);
  g_assert_true (step_set_remote (self->other, self->our_offer));
  g_assert_true (step_make_answer (self->other));
  self->their_answer = wherry_sdp_copy (self->other->made);

  if (state == LO || state == RP)
    g_assert_true (step_set_local (self->tested, self->our_offer));
  if (state == RP)
    g_assert_true (set_remote_as (self, self->their_answer, WHERRY_SDP_PRANSWER));
  if (state == RO || state == LP)
    {
      g_assert_true (step_set_remote (self->tested, self->their_offer));
      g_assert_true (step_make_answer (self->tested));
      self->our_answer = wherry_sdp_copy (self->tested->made);
    }
  else
    self->our_answer = copy_as (self->our_offer, WHERRY_SDP_ANSWER);
  if (state == LP)
    g_assert_true (set_local_as (self, self->our_answer, WHERRY_SDP_PRANSWER));
  g_assert_cmpint (self->tested->signaling, ==, state);
}

static gboolean
run (Case *self, Step step)
{
  switch (step)
    {
    case MAKE_OFFER:
      return step_make_offer (self->tested, FALSE);
    case MAKE_ANSWER:
      return step_make_answer (self->tested);
    case LOCAL_OFFER:
      return step_set_local (self->tested, self->our_offer);
    case LOCAL_PRANSWER:
      return set_local_as (self, self->our_answer, WHERRY_SDP_PRANSWER);
    case LOCAL_ANSWER:
      return set_local_as (self, self->our_answer, WHERRY_SDP_ANSWER);
    case LOCAL_IMPLICIT:
      return step_set_local (self->tested, NULL);
    case REMOTE_OFFER:
      return step_set_remote (self->tested, self->their_offer);
    case REMOTE_PRANSWER:
      return set_remote_as (self, self->their_answer, WHERRY_SDP_PRANSWER);
    case REMOTE_ANSWER:
      return set_remote_as (self, self->their_answer, WHERRY_SDP_ANSWER);
    case ROLLBACK_LOCAL:
      return step_rollback (self->tested, FALSE);
    case ROLLBACK_REMOTE:
      return step_rollback (self->tested, TRUE);
    case N_STEPS:
    default:
      g_assert_not_reached ();
    }
}

static gboolean
same (const WherrySdp *a, const WherrySdp *b)
{
  return a == b || (a != NULL && b != NULL && a->session_version == b->session_version);
}

static void
check (StepEnd *tested, gboolean done, WherryPeerSignaling before, int expected)
{
  if (expected == NOT)
    {
      g_assert_false (done);
      g_assert_error (tested->error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE);
      g_assert_cmpint (tested->signaling, ==, before);
      return;
    }
  g_assert_no_error (tested->error);
  g_assert_cmpint (tested->signaling, ==, expected);
  g_assert_cmpint (tested->pending_local != NULL, ==,
                   expected == LO || expected == LP || expected == RP);
  g_assert_cmpint (tested->pending_remote != NULL, ==,
                   expected == RO || expected == LP || expected == RP);
}

static void
test_cell (gconstpointer data)
{
  guint cell = GPOINTER_TO_UINT (data);
  WherryPeerSignaling state = cell / N_STEPS;
  Step step = cell % N_STEPS;
  Case self = { step_end_new ("00000000000000aa", NULL, NULL),
                step_end_new ("00000000000000bb", NULL, NULL),
                NULL,
                NULL,
                NULL,
                NULL };
  g_autoptr (WherrySdp) local = NULL;
  gboolean done = FALSE;

  go_to (&self, state);
  if (self.tested->pending_local != NULL)
    local = wherry_sdp_copy (self.tested->pending_local);
  done = run (&self, step);
  check (self.tested, done, state, after[state][step]);
  if (!done)
    g_assert_true (same (local, self.tested->pending_local));

  wherry_sdp_free (self.their_offer);
  wherry_sdp_free (self.their_answer);
  wherry_sdp_free (self.our_offer);
  wherry_sdp_free (self.our_answer);
  step_end_free (self.tested);
  step_end_free (self.other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint cell = 0; cell < N_STATES * N_STEPS; cell++)
    {
      g_autofree char *path = g_strdup_printf ("/peer/states/%s/%s", state_names[cell / N_STEPS],
                                               step_names[cell % N_STEPS]);

      g_test_add_data_func (path, GUINT_TO_POINTER (cell), test_cell);
    }
  return g_test_run ();
}
