/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "base/wherry-error.h"
#include "peer/wherry-peer-description.h"
#include "peer/wherry-peer-negotiation-private.h"

/* Our own descriptions: made, then set. */

/* ---- making ---- */

static gboolean
describe (WherryPeerNegotiation *self, WherryPeerStack *stack, gboolean restart,
          WherrySdpLocal *local, GError **error)
{
  if (!wherry_peer_stack_describe (stack, local))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                   "describing a peer that has no ICE");
      return FALSE;
    }
  if (restart
      && !wherry_peer_stack_prepare_restart (stack, &local->ice_ufrag, &local->ice_pwd, error))
    return FALSE;
  local->session_id = self->session_id;
  local->session_version = self->session_version++;
  return TRUE;
}

static void
fill_candidates (WherryPeerNegotiation *self, WherrySdp *sdp, gboolean restart)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  if (restart)
    wherry_peer_description_set_candidates (sdp, none, FALSE);
  else
    wherry_peer_description_set_candidates (sdp, self->found, self->found_all);
}

gboolean
wherry_peer_negotiation_make_offer (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                    gboolean ice_restart, GError **error)
{
  const WherrySdp *last = wherry_peer_negotiation_get_local (self);
  WherrySdpLocal local = { 0 };
  gboolean reconfigured = self->gathered && self->config != self->gathered_config;
  gboolean restart = (ice_restart || reconfigured) && last != NULL && !last->rejected;

  if (!wherry_peer_negotiation_check_state (self, "making an offer",
                                            IN (WHERRY_PEER_STABLE)
                                                | IN (WHERRY_PEER_HAVE_LOCAL_OFFER),
                                            error)
      || !describe (self, stack, restart, &local, error))
    return FALSE;
  wherry_peer_negotiation_take (&self->made_offer, wherry_peer_description_offer (&local, last));
  if (!self->has_role)
    self->made_offer->setup = self->preferred;
  self->made_offer_restarts = restart;
  fill_candidates (self, self->made_offer, restart);
  return TRUE;
}

gboolean
wherry_peer_negotiation_make_answer (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                     GError **error)
{
  WherrySdpLocal local = { 0 };
  gboolean restart = FALSE;
  gboolean is_client = FALSE;
  WherrySdp *answer = NULL;

  if (!wherry_peer_negotiation_check_state (self, "making an answer",
                                            IN (WHERRY_PEER_HAVE_REMOTE_OFFER)
                                                | IN (WHERRY_PEER_HAVE_LOCAL_PRANSWER),
                                            error))
    return FALSE;
  /* RFC 8839 section 4.4.1.1.1: when they restart ICE, so do we. */
  restart = !self->offer_applied
            && wherry_peer_description_restarts (self->current_remote, self->pending_remote);
  if ((!self->pending_remote->rejected
       && !wherry_peer_negotiation_choose_role (self, self->pending_remote, &is_client, error))
      || !describe (self, stack, restart, &local, error))
    return FALSE;
  answer = wherry_sdp_new_answer (self->pending_remote, &local, error);
  if (answer == NULL)
    return FALSE;
  if (!answer->rejected)
    {
      answer->setup = is_client ? WHERRY_SDP_SETUP_ACTIVE : WHERRY_SDP_SETUP_PASSIVE;
      fill_candidates (self, answer, restart);
    }
  wherry_peer_negotiation_take (&self->made_answer, answer);
  self->made_answer_restarts = restart;
  return TRUE;
}

/* ---- setting ours ---- */

/* A local description of a new ICE generation, or the first one, comes into force. */
static gboolean
gather (WherryPeerNegotiation *self, WherryPeerStack *stack, gboolean restart, GError **error)
{
  g_autoptr (GPtrArray) before = NULL;
  gboolean before_all = self->found_all;

  if (!restart && self->gathered)
    return TRUE;
  if (restart && !wherry_peer_stack_apply_restart (stack, error))
    return FALSE;
  before = g_steal_pointer (&self->found);
  self->found = g_ptr_array_new_with_free_func (g_free);
  self->found_all = FALSE;
  if (wherry_peer_stack_gather (stack, error))
    {
      self->gathered = TRUE;
      self->config_before = self->gathered_config;
      self->gathered_config = self->config;
      self->n_told = 0;
      self->told_all = FALSE;
      return TRUE;
    }
  if (restart)
    wherry_peer_stack_rollback_restart (stack);
  g_ptr_array_unref (self->found);
  self->found = g_steal_pointer (&before);
  self->found_all = before_all;
  return FALSE;
}

/* Nothing has been agreed on yet but that there is nothing. current: (nullable) */
static gboolean
is_first (const WherryPeerNegotiation *self, const WherrySdp *current)
{
  return current == NULL || (current->rejected && !self->has_role);
}

static gboolean
apply_local_offer (WherryPeerNegotiation *self, WherryPeerStack *stack, GError **error)
{
  gboolean restart = self->made_offer_restarts;

  /* RFC 8445 section 6.1.1: the offerer controls. */
  if (is_first (self, self->current_local))
    wherry_peer_stack_set_controlling (stack, TRUE);
  if (!gather (self, stack, restart, error))
    return FALSE;
  self->made_offer_restarts = FALSE;
  self->offer_restarted = self->offer_restarted || restart;
  wherry_peer_negotiation_take (&self->pending_local, wherry_sdp_copy (self->made_offer));
  self->signaling = WHERRY_PEER_HAVE_LOCAL_OFFER;
  return TRUE;
}

/* What a remote offer changes below, once our answer is set. */
static gboolean
apply_remote_offer (WherryPeerNegotiation *self, WherryPeerStack *stack, GError **error)
{
  gboolean restart = self->made_answer_restarts;
  gboolean is_client = FALSE;

  if (self->offer_applied || self->pending_remote->rejected)
    return TRUE;
  if (!wherry_peer_negotiation_choose_role (self, self->pending_remote, &is_client, error))
    return FALSE;
  if (is_first (self, self->current_remote))
    wherry_peer_stack_set_controlling (stack, FALSE);
  if (!gather (self, stack, restart, error))
    return FALSE;
  if (!wherry_peer_stack_set_remote (stack, self->pending_remote, is_client, error))
    {
      if (restart)
        wherry_peer_stack_rollback_restart (stack);
      return FALSE;
    }
  self->made_answer_restarts = FALSE;
  self->offer_applied = TRUE;
  self->has_role = TRUE;
  self->is_client = is_client;
  return TRUE;
}

static gboolean
apply_local_answer (WherryPeerNegotiation *self, WherryPeerStack *stack, gboolean provisional,
                    GError **error)
{
  WherrySdp *answer = NULL;

  if (!apply_remote_offer (self, stack, error))
    return FALSE;
  answer = wherry_sdp_copy (self->made_answer);
  answer->type = provisional ? WHERRY_SDP_PRANSWER : WHERRY_SDP_ANSWER;
  if (provisional)
    {
      wherry_peer_negotiation_take (&self->pending_local, answer);
      self->signaling = WHERRY_PEER_HAVE_LOCAL_PRANSWER;
      return TRUE;
    }
  wherry_peer_description_inherit_candidates (self->pending_remote, self->current_remote);
  wherry_peer_negotiation_take (&self->pending_local, NULL);
  wherry_peer_negotiation_take (&self->current_local, answer);
  wherry_peer_negotiation_take (&self->current_remote, g_steal_pointer (&self->pending_remote));
  wherry_peer_negotiation_become_stable (self);
  return TRUE;
}

static gboolean
check_made (const WherrySdp *made, const WherrySdp *sdp, GError **error)
{
  if (made != NULL && (sdp == NULL || wherry_peer_description_is_made (made, sdp)))
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
               "setting a local description that is not the one made last");
  return FALSE;
}

static gboolean
implies_answer (const WherryPeerNegotiation *self)
{
  return self->signaling == WHERRY_PEER_HAVE_REMOTE_OFFER
         || self->signaling == WHERRY_PEER_HAVE_LOCAL_PRANSWER;
}

static gboolean
set_local (WherryPeerNegotiation *self, WherryPeerStack *stack, WherrySdpType type,
           const WherrySdp *sdp, GError **error)
{
  if (type == WHERRY_SDP_OFFER)
    return wherry_peer_negotiation_check_state (self, "setting a local offer",
                                                IN (WHERRY_PEER_STABLE)
                                                    | IN (WHERRY_PEER_HAVE_LOCAL_OFFER),
                                                error)
           && (sdp != NULL || self->made_offer != NULL
               || wherry_peer_negotiation_make_offer (self, stack, FALSE, error))
           && check_made (self->made_offer, sdp, error) && apply_local_offer (self, stack, error);
  return wherry_peer_negotiation_check_state (self, "setting a local answer",
                                              IN (WHERRY_PEER_HAVE_REMOTE_OFFER)
                                                  | IN (WHERRY_PEER_HAVE_LOCAL_PRANSWER),
                                              error)
         && (sdp != NULL || self->made_answer != NULL
             || wherry_peer_negotiation_make_answer (self, stack, error))
         && check_made (self->made_answer, sdp, error)
         && apply_local_answer (self, stack, type == WHERRY_SDP_PRANSWER, error);
}

gboolean
wherry_peer_negotiation_set_local (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                   const WherrySdp *sdp, GError **error)
{
  WherrySdpType type = implies_answer (self) ? WHERRY_SDP_ANSWER : WHERRY_SDP_OFFER;

  WherrySdp *local = NULL;

  if (!set_local (self, stack, sdp != NULL ? sdp->type : type, sdp, error))
    return FALSE;
  local = wherry_peer_negotiation_get_local (self);
  if (!local->rejected)
    wherry_peer_description_set_candidates (local, self->found, self->found_all);
  return TRUE;
}
