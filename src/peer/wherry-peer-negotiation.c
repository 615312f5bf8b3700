/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "peer/wherry-peer-negotiation.h"

#include "base/wherry-error.h"

void
wherry_peer_negotiation_clear (WherryPeerNegotiation *self)
{
  g_clear_pointer (&self->local, wherry_sdp_free);
  g_clear_pointer (&self->remote, wherry_sdp_free);
}

static gboolean
describe (WherryPeerNegotiation *self, WherryPeerStack *stack, WherrySdpLocal *local,
          GError **error)
{
  if (!wherry_peer_stack_describe (stack, local))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                   "describing a peer that has no ICE");
      return FALSE;
    }
  local->session_id = self->session_id;
  local->session_version = self->session_version++;
  return TRUE;
}

static WherrySdpSetup
setup_of_role (gboolean is_client)
{
  return is_client ? WHERRY_SDP_SETUP_ACTIVE : WHERRY_SDP_SETUP_PASSIVE;
}

gboolean
wherry_peer_negotiation_offer (WherryPeerNegotiation *self, WherryPeerStack *stack,
                               gboolean ice_restart, gboolean *gather, GError **error)
{
  WherrySdpLocal local = { 0 };
  WherrySdp *offer = NULL;

  *gather = self->local == NULL || ice_restart;
  if (self->local != NULL && ice_restart && !wherry_peer_stack_restart_ice (stack, error))
    return FALSE;
  if (!describe (self, stack, &local, error))
    return FALSE;

  if (self->local == NULL)
    {
      /* RFC 8445 section 6.1.1: the offerer controls. */
      wherry_peer_stack_set_controlling (stack, TRUE);
      offer = wherry_sdp_new_offer (&local);
    }
  else
    {
      /* RFC 8829 section 5.2.2: the m-lines stay, the version rises; RFC 8842 section 5.5: a new
       * offer says actpass and the answer keeps the role. */
      offer = wherry_sdp_copy (self->local);
      offer->type = WHERRY_SDP_OFFER;
      offer->session_version = local.session_version;
      offer->setup = WHERRY_SDP_SETUP_ACTPASS;
      g_free (offer->ice_ufrag);
      g_free (offer->ice_pwd);
      offer->ice_ufrag = g_strdup (local.ice_ufrag);
      offer->ice_pwd = g_strdup (local.ice_pwd);
    }
  g_clear_pointer (&self->local, wherry_sdp_free);
  self->local = offer;
  self->offer_pending = TRUE;
  return TRUE;
}

/* Which role an offer leaves or an answer gives to us. */
static gboolean
choose_role (const WherryPeerNegotiation *self, const WherrySdp *sdp, gboolean *is_client,
             GError **error)
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
      *is_client = is_offer && (self->has_role ? self->is_client : TRUE);
      break;
    case WHERRY_SDP_SETUP_HOLDCONN:
    default:
      fits = FALSE;
      break;
    }
  if (fits && self->has_role && *is_client != self->is_client)
    fits = FALSE;
  if (!fits)
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                 "a=setup holds the connection or changes the DTLS role of a living one");
  return fits;
}

static gboolean
restarts_ice (const WherryPeerNegotiation *self, const WherrySdp *sdp)
{
  return self->remote != NULL
         && (strcmp (self->remote->ice_ufrag, sdp->ice_ufrag) != 0
             || strcmp (self->remote->ice_pwd, sdp->ice_pwd) != 0);
}

static gboolean
apply_offer (WherryPeerNegotiation *self, WherryPeerStack *stack, const WherrySdp *sdp,
             gboolean is_client, gboolean *gather, GError **error)
{
  WherrySdpLocal local = { 0 };
  gboolean restart = restarts_ice (self, sdp);
  WherrySdp *answer = NULL;

  if (self->remote == NULL)
    wherry_peer_stack_set_controlling (stack, FALSE);
  if (!wherry_peer_stack_set_remote (stack, sdp, is_client, restart, error)
      || !describe (self, stack, &local, error))
    return FALSE;
  answer = wherry_sdp_new_answer (sdp, &local, error);
  if (answer == NULL)
    return FALSE;
  answer->setup = setup_of_role (is_client);
  *gather = self->local == NULL || restart;
  g_clear_pointer (&self->local, wherry_sdp_free);
  self->local = answer;
  return TRUE;
}

static gboolean
apply_answer (WherryPeerNegotiation *self, WherryPeerStack *stack, const WherrySdp *sdp,
              gboolean is_client, GError **error)
{
  if (!wherry_sdp_check_answer (self->local, sdp, error)
      || !wherry_peer_stack_set_remote (stack, sdp, is_client, FALSE, error))
    return FALSE;
  self->offer_pending = sdp->type == WHERRY_SDP_PRANSWER; /* a final one follows */
  return TRUE;
}

gboolean
wherry_peer_negotiation_remote (WherryPeerNegotiation *self, WherryPeerStack *stack, WherrySdp *sdp,
                                gboolean *gather, GError **error)
{
  g_autoptr (WherrySdp) taken = sdp;
  gboolean is_offer = sdp->type == WHERRY_SDP_OFFER;
  gboolean is_client = FALSE;

  *gather = FALSE;
  if (is_offer == self->offer_pending)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   is_offer ? "an offer came while ours is not answered yet"
                            : "an answer came and there is no offer of ours to answer");
      return FALSE;
    }
  if (!choose_role (self, sdp, &is_client, error))
    return FALSE;
  if (is_offer ? !apply_offer (self, stack, sdp, is_client, gather, error)
               : !apply_answer (self, stack, sdp, is_client, error))
    return FALSE;

  self->has_role = TRUE;
  self->is_client = is_client;
  g_clear_pointer (&self->remote, wherry_sdp_free);
  self->remote = g_steal_pointer (&taken);
  return TRUE;
}
