/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-log.h"
#include "peer/wherry-peer-description.h"
#include "peer/wherry-peer-negotiation-private.h"

void
wherry_peer_negotiation_init (WherryPeerNegotiation *self, guint64 session_id)
{
  *self = (WherryPeerNegotiation){
    .session_id = session_id,
    .preferred = WHERRY_SDP_SETUP_ACTPASS,
    .found = g_ptr_array_new_with_free_func (g_free),
  };
}

void
wherry_peer_negotiation_forget_made (WherryPeerNegotiation *self)
{
  g_clear_pointer (&self->made_offer, wherry_sdp_free);
  g_clear_pointer (&self->made_answer, wherry_sdp_free);
  self->made_offer_restarts = FALSE;
  self->made_answer_restarts = FALSE;
}

void
wherry_peer_negotiation_clear (WherryPeerNegotiation *self)
{
  g_clear_pointer (&self->current_local, wherry_sdp_free);
  g_clear_pointer (&self->pending_local, wherry_sdp_free);
  g_clear_pointer (&self->current_remote, wherry_sdp_free);
  g_clear_pointer (&self->pending_remote, wherry_sdp_free);
  g_clear_pointer (&self->found, g_ptr_array_unref);
  wherry_peer_negotiation_forget_made (self);
}

WherrySdp *
wherry_peer_negotiation_get_local (const WherryPeerNegotiation *self)
{
  return self->pending_local != NULL ? self->pending_local : self->current_local;
}

WherrySdp *
wherry_peer_negotiation_get_remote (const WherryPeerNegotiation *self)
{
  return self->pending_remote != NULL ? self->pending_remote : self->current_remote;
}

static gboolean
holds_offer (const WherryPeerNegotiation *self)
{
  return self->pending_remote != NULL && self->pending_remote->type == WHERRY_SDP_OFFER
         && !self->offer_applied;
}

WherrySdp *
wherry_peer_negotiation_get_applied (const WherryPeerNegotiation *self)
{
  return holds_offer (self) ? self->current_remote : wherry_peer_negotiation_get_remote (self);
}

void
wherry_peer_negotiation_take (WherrySdp **where, WherrySdp *sdp)
{
  g_clear_pointer (where, wherry_sdp_free);
  *where = sdp;
}

static const char *
signaling_to_string (WherryPeerSignaling signaling)
{
  static const char *const names[] = { "stable", "have-local-offer", "have-remote-offer",
                                       "have-local-pranswer", "have-remote-pranswer" };

  return names[signaling];
}

/* RFC 8829 section 3.2, figure 2 */
gboolean
wherry_peer_negotiation_check_state (const WherryPeerNegotiation *self, const char *step,
                                     guint allowed, GError **error)
{
  if (IN (self->signaling) & allowed)
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE, "%s in signaling state %s", step,
               signaling_to_string (self->signaling));
  return FALSE;
}

/* Which role an offer leaves or an answer gives to us. */
gboolean
wherry_peer_negotiation_choose_role (const WherryPeerNegotiation *self, const WherrySdp *sdp,
                                     gboolean *is_client, GError **error)
{
  gboolean is_offer = sdp->type == WHERRY_SDP_OFFER;
  gboolean fits = TRUE;

  switch (sdp->setup)
    {
    case WHERRY_SDP_SETUP_ACTIVE:
      *is_client = FALSE;
      break;
    case WHERRY_SDP_SETUP_PASSIVE:
      *is_client = TRUE;
      break;
    case WHERRY_SDP_SETUP_ACTPASS:
    case WHERRY_SDP_SETUP_NONE:
      /* Ours to choose: we send the ClientHello, so that a browser's, which comes in two records,
       * is never needed. An answer that says nothing leaves the offerer passive (RFC 4145 section
       * 4.1: the default is active). */
      *is_client
          = is_offer
            && (self->has_role ? self->is_client : self->preferred != WHERRY_SDP_SETUP_PASSIVE);
      break;
    case WHERRY_SDP_SETUP_HOLDCONN:
    default:
      fits = FALSE;
      break;
    }
  /* A living association keeps its roles (RFC 8842 section 5.5), and so is offered again as
   * actpass. pion and GStreamer answer that with active even where they are the server, and go on
   * as they were. The fingerprint, which is checked elsewhere, says whether it is another
   * association. */
  if (!is_offer && self->has_role)
    *is_client = self->is_client;
  if (fits && self->has_role && *is_client != self->is_client)
    fits = FALSE;
  if (!fits)
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                 "a=setup holds the connection or changes the DTLS role of a living one");
  return fits;
}

void
wherry_peer_negotiation_become_stable (WherryPeerNegotiation *self)
{
  self->signaling = WHERRY_PEER_STABLE;
  self->offer_applied = FALSE;
  self->offer_restarted = FALSE;
  wherry_peer_negotiation_forget_made (self);
}

/* ---- setting theirs ---- */

static void
roll_back_ours (WherryPeerNegotiation *self, WherryPeerStack *stack)
{
  if (self->offer_restarted && self->current_local != NULL)
    {
      wherry_peer_stack_rollback_restart (stack);
      self->gathered_config = self->config_before;
      g_ptr_array_set_size (self->found, 0);
      for (guint i = 0; i < self->current_local->candidates->len; i++)
        g_ptr_array_add (self->found, wherry_candidate_to_string (
                                          g_ptr_array_index (self->current_local->candidates, i)));
      self->found_all = self->current_local->end_of_candidates;
      self->n_told = self->found->len;
      self->told_all = self->found_all;
      wherry_peer_negotiation_forget_made (self);
    }
  else if (self->current_local == NULL)
    {
      /* They belong to a description that nobody has: the next one brings them again. */
      self->n_told = 0;
      self->told_all = FALSE;
    }
  self->offer_restarted = FALSE;
  wherry_peer_negotiation_take (&self->pending_local, NULL);
  self->signaling = WHERRY_PEER_STABLE;
}

static gboolean
set_remote_offer (WherryPeerNegotiation *self, WherryPeerStack *stack, WherrySdp *sdp,
                  GError **error)
{
  g_autoptr (WherrySdp) taken = sdp;
  gboolean is_client = FALSE;

  if (!wherry_peer_negotiation_check_state (self, "setting a remote offer",
                                            IN (WHERRY_PEER_STABLE)
                                                | IN (WHERRY_PEER_HAVE_LOCAL_OFFER)
                                                | IN (WHERRY_PEER_HAVE_REMOTE_OFFER),
                                            error)
      || (!sdp->rejected
          && (!wherry_peer_negotiation_choose_role (self, sdp, &is_client, error)
              || !wherry_peer_stack_check_remote (stack, sdp, is_client, error))))
    return FALSE;
  if (self->signaling == WHERRY_PEER_HAVE_LOCAL_OFFER)
    roll_back_ours (self, stack);
  wherry_peer_negotiation_forget_made (self);
  wherry_peer_negotiation_take (&self->pending_remote, g_steal_pointer (&taken));
  self->signaling = WHERRY_PEER_HAVE_REMOTE_OFFER;
  return TRUE;
}

static gboolean
set_remote_answer (WherryPeerNegotiation *self, WherryPeerStack *stack, WherrySdp *sdp,
                   GError **error)
{
  g_autoptr (WherrySdp) taken = sdp;
  gboolean is_client = FALSE;

  if (!wherry_peer_negotiation_check_state (self, "setting a remote answer",
                                            IN (WHERRY_PEER_HAVE_LOCAL_OFFER)
                                                | IN (WHERRY_PEER_HAVE_REMOTE_PRANSWER),
                                            error)
      || !wherry_sdp_check_answer (self->pending_local, sdp, error))
    return FALSE;
  if (!sdp->rejected)
    {
      if (!wherry_peer_negotiation_choose_role (self, sdp, &is_client, error)
          || !wherry_peer_stack_set_remote (stack, sdp, is_client, error))
        return FALSE;
      self->has_role = TRUE;
      self->is_client = is_client;
    }
  wherry_peer_description_inherit_candidates (sdp, wherry_peer_negotiation_get_remote (self));
  if (sdp->type == WHERRY_SDP_PRANSWER)
    {
      wherry_peer_negotiation_take (&self->pending_remote, g_steal_pointer (&taken));
      self->signaling = WHERRY_PEER_HAVE_REMOTE_PRANSWER;
      return TRUE;
    }
  wherry_peer_negotiation_take (&self->pending_remote, NULL);
  wherry_peer_negotiation_take (&self->current_remote, g_steal_pointer (&taken));
  wherry_peer_negotiation_take (&self->current_local, g_steal_pointer (&self->pending_local));
  wherry_peer_negotiation_become_stable (self);
  return TRUE;
}

gboolean
wherry_peer_negotiation_set_remote (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                    WherrySdp *sdp, GError **error)
{
  return sdp->type == WHERRY_SDP_OFFER ? set_remote_offer (self, stack, sdp, error)
                                       : set_remote_answer (self, stack, sdp, error);
}

gboolean
wherry_peer_negotiation_rollback (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                  gboolean remote, GError **error)
{
  if (!wherry_peer_negotiation_check_state (
          self, remote ? "rolling back a remote offer" : "rolling back a local offer",
          remote ? IN (WHERRY_PEER_HAVE_REMOTE_OFFER) : IN (WHERRY_PEER_HAVE_LOCAL_OFFER), error))
    return FALSE;
  if (!remote)
    {
      roll_back_ours (self, stack);
      return TRUE;
    }
  wherry_peer_negotiation_take (&self->pending_remote, NULL);
  wherry_peer_negotiation_become_stable (self);
  return TRUE;
}

/* ---- candidates ---- */

void
wherry_peer_negotiation_reconfigured (WherryPeerNegotiation *self)
{
  self->config++;
}

gboolean
wherry_peer_negotiation_add_candidate (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                       const WherryCandidate *candidate)
{
  WherrySdp *remote = wherry_peer_negotiation_get_remote (self);
  g_autofree char *line = NULL;

  if (candidate != NULL && candidate->ufrag != NULL && remote != NULL
      && g_strcmp0 (candidate->ufrag, remote->ice_ufrag) != 0)
    {
      /* While their restart waits for our answer, the generation before goes on. */
      if (remote == self->current_remote || self->current_remote == NULL
          || g_strcmp0 (candidate->ufrag, self->current_remote->ice_ufrag) != 0)
        return FALSE;
      remote = self->current_remote;
    }
  if (remote != NULL && !wherry_peer_description_add_candidate (remote, candidate))
    wherry_debug (NULL, "too many candidates: one is not kept in the description");
  if (holds_offer (self) && remote == self->pending_remote)
    return TRUE; /* held there until our answer is set */
  if (candidate != NULL)
    line = wherry_candidate_to_string (candidate);
  wherry_peer_stack_add_remote_candidate (stack, line);
  return TRUE;
}

void
wherry_peer_negotiation_found (WherryPeerNegotiation *self, WherryPeerStack *stack,
                               const char *line)
{
  WherrySdp *locals[] = { self->pending_local, self->current_local };
  g_autoptr (WherryCandidate) candidate = NULL;
  WherrySdpLocal now = { 0 };

  if (line != NULL)
    {
      g_ptr_array_add (self->found, g_strdup (line));
      candidate = wherry_candidate_parse (line, strlen (line), NULL);
    }
  else
    self->found_all = TRUE;
  if (!wherry_peer_stack_describe (stack, &now))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (locals); i++)
    if (locals[i] != NULL && g_strcmp0 (locals[i]->ice_ufrag, now.ice_ufrag) == 0
        && (line == NULL || candidate != NULL))
      wherry_peer_description_add_candidate (locals[i], candidate);
}
