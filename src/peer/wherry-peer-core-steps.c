/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-log.h"
#include "peer/wherry-peer-core-private.h"

/* What the hub asks for: single steps of negotiation, or several of them in one request. A step's
 * own event goes out before those of the candidates that it found. */

typedef gboolean (*StepFunc) (WherryPeerCore *self, const WherryPeerStepRequest *request,
                              GError **error);

static gboolean
make_offer (WherryPeerCore *self, const WherryPeerStepRequest *request, GError **error)
{
  return wherry_peer_negotiation_make_offer (&self->negotiation, self->stack, request->ice_restart,
                                             error);
}

static gboolean
make_answer (WherryPeerCore *self, const WherryPeerStepRequest *request, GError **error)
{
  return wherry_peer_negotiation_make_answer (&self->negotiation, self->stack, error);
}

static gboolean
set_local (WherryPeerCore *self, const WherryPeerStepRequest *request, GError **error)
{
  return wherry_peer_negotiation_set_local (&self->negotiation, self->stack, request->sdp, error);
}

static gboolean
set_remote (WherryPeerCore *self, const WherryPeerStepRequest *request, GError **error)
{
  return wherry_peer_negotiation_set_remote (&self->negotiation, self->stack,
                                             wherry_sdp_copy (request->sdp), error);
}

static gboolean
roll_back (WherryPeerCore *self, const WherryPeerStepRequest *request, GError **error)
{
  return wherry_peer_negotiation_rollback (&self->negotiation, self->stack, request->remote, error);
}

static const StepFunc steps[] = {
  [WHERRY_PEER_MAKE_OFFER] = make_offer, [WHERRY_PEER_MAKE_ANSWER] = make_answer,
  [WHERRY_PEER_SET_LOCAL] = set_local,   [WHERRY_PEER_SET_REMOTE] = set_remote,
  [WHERRY_PEER_ROLLBACK] = roll_back,
};

static void
tell_connecting (WherryPeerCore *self)
{
  if (self->told_connecting || !self->negotiation.has_role)
    return;
  self->told_connecting = TRUE;
  wherry_peer_core_tell_state (self, WHERRY_PEER_CONNECTING);
}

/* RFC 8829 section 5.10: the rejected section is not used. Their offer may reject it before there
 * is anything: then ours may still offer it. */
static void
check_rejected (WherryPeerCore *self)
{
  const WherrySdp *remote = self->negotiation.current_remote;
  g_autoptr (GError) error = NULL;

  if (remote == NULL || !remote->rejected
      || (remote->type == WHERRY_SDP_OFFER && wherry_peer_core_get_transport (self) == NULL))
    return;
  error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                               "the other side's description rejects data channels");
  wherry_peer_core_end_channels (self, WHERRY_TRANSPORT_CLOSED, WHERRY_PEER_END_FAILED, error);
}

void
wherry_peer_core_step (WherryPeerCore *self, const WherryPeerStepRequest *request)
{
  const WherrySdp *made = NULL;
  GError *error = NULL;

  WHERRY_ASSERT_OWNER (self);
  if (self->ending)
    {
      wherry_peer_take_event (self->peer, wherry_peer_event_new_closed (request->ticket));
      return;
    }
  self->holds_candidates = TRUE; /* without a STUN server all of them are found in the call */
  if (steps[request->step](self, request, &error))
    {
      if (request->step == WHERRY_PEER_MAKE_OFFER)
        made = self->negotiation.made_offer;
      else if (request->step == WHERRY_PEER_MAKE_ANSWER)
        made = self->negotiation.made_answer;
    }
  self->holds_candidates = FALSE;
  wherry_peer_core_tell_stepped (self, request->ticket, made, error);
  if (self->ending)
    return;
  tell_connecting (self);
  wherry_peer_core_tell_candidates (self);
  check_rejected (self);
}

/* ---- several at once ---- */

/* Before anything is changed, so that what is refused leaves no trace. That no two have one id was
 * seen to when they were read. */
static gboolean
check_channels (WherryPeerCore *self, GPtrArray *channels, GError **error)
{
  for (guint i = 0; channels != NULL && i < channels->len; i++)
    if (!wherry_channel_set_check (self->set, g_ptr_array_index (channels, i), error))
      return FALSE;
  return TRUE;
}

/* Returns what was wanted before. */
static guint
want_streams (WherryPeerCore *self, GPtrArray *channels)
{
  guint before = wherry_peer_stack_get_wanted_streams (self->stack);

  for (guint i = 0; channels != NULL && i < channels->len; i++)
    {
      const WherryChannelInit *init = g_ptr_array_index (channels, i);

      if (init->negotiated)
        wherry_peer_stack_want_streams (self->stack, init->id + 1u);
    }
  return before;
}

/* On a living association they open at once, and the delegate may close what it does not want. */
static void
make_channels (WherryPeerCore *self, GPtrArray *channels)
{
  for (guint i = 0; channels != NULL && i < channels->len; i++)
    wherry_channel_set_create (self->set, g_ptr_array_index (channels, i), NULL);
}

/* Takes error. Without a port to reach us at there is nothing to wait for, but for who is connected
 * already: a restart that cannot be now may come later. */
static void
refuse (WherryPeerCore *self, WherryPeerRequest request, GError *error)
{
  g_autoptr (GError) copy = g_error_copy (error);

  wherry_peer_core_tell_refused (self, request, error);
  if (g_error_matches (copy, WHERRY_ERROR, WHERRY_ERROR_RESOURCES) && !self->connected)
    wherry_peer_core_end (self, WHERRY_PEER_END_FAILED, copy);
}

void
wherry_peer_core_create_offer (WherryPeerCore *self, gboolean ice_restart, GPtrArray *channels)
{
  WherryPeerNegotiation *negotiation = &self->negotiation;
  guint wanted = 0;
  GError *error = NULL;

  WHERRY_ASSERT_OWNER (self);
  if (self->ending)
    return;
  if (!check_channels (self, channels, &error)
      || !wherry_peer_negotiation_make_offer (negotiation, self->stack, ice_restart, &error))
    {
      refuse (self, WHERRY_PEER_CALL, error);
      return;
    }
  wanted = want_streams (self, channels);
  make_channels (self, channels);
  self->holds_candidates = TRUE;
  if (wherry_peer_negotiation_set_local (negotiation, self->stack, NULL, &error))
    wherry_peer_core_tell_description (self);
  else
    {
      wherry_peer_stack_unwant_streams (self->stack, wanted);
      refuse (self, WHERRY_PEER_CALL, error);
    }
  self->holds_candidates = FALSE;
  wherry_peer_core_tell_candidates (self);
}

/* Who uses this request has no rollback: glare is the other side's mistake. */
static gboolean
check_turn (WherryPeerCore *self, const WherrySdp *sdp, GError **error)
{
  gboolean is_offer = sdp->type == WHERRY_SDP_OFFER;

  if (is_offer == (self->negotiation.signaling == WHERRY_PEER_STABLE) && !sdp->rejected)
    return TRUE;
  if (sdp->rejected)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "the data section is rejected (port 0)");
      return FALSE;
    }
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
               is_offer ? "an offer came while ours is not answered yet"
                        : "an answer came and there is no offer of ours to answer");
  return FALSE;
}

static gboolean
answer_offer (WherryPeerCore *self, GError **error)
{
  if (wherry_peer_negotiation_set_local (&self->negotiation, self->stack, NULL, error))
    return TRUE;
  wherry_peer_negotiation_rollback (&self->negotiation, self->stack, TRUE, NULL);
  return FALSE;
}

void
wherry_peer_core_set_remote_description (WherryPeerCore *self, WherrySdp *sdp, GPtrArray *channels)
{
  g_autoptr (WherrySdp) taken = sdp;
  GError *error = NULL;
  gboolean is_offer = sdp->type == WHERRY_SDP_OFFER;
  gboolean done = FALSE;
  guint wanted = 0;

  WHERRY_ASSERT_OWNER (self);
  if (self->ending)
    return;
  self->holds_candidates = TRUE;
  if (check_channels (self, channels, &error) && check_turn (self, sdp, &error))
    {
      wanted = want_streams (self, channels); /* the association may be made now */
      done = wherry_peer_negotiation_set_remote (&self->negotiation, self->stack,
                                                 g_steal_pointer (&taken), &error)
             && (!is_offer || answer_offer (self, &error));
      if (!done)
        wherry_peer_stack_unwant_streams (self->stack, wanted);
    }
  if (!done)
    refuse (self, is_offer ? WHERRY_PEER_OFFER : WHERRY_PEER_ANSWER, error);
  else if (!self->ending)
    {
      make_channels (self, channels);
      tell_connecting (self);
      if (is_offer)
        wherry_peer_core_tell_description (self);
      else
        wherry_peer_core_tell (self, WHERRY_PEER_EVENT_ANSWERED);
    }
  self->holds_candidates = FALSE;
  if (!self->ending)
    wherry_peer_core_tell_candidates (self);
}

void
wherry_peer_core_add_remote_candidate (WherryPeerCore *self, const WherryCandidate *candidate)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->ending)
    return;
  if (!wherry_peer_negotiation_add_candidate (&self->negotiation, self->stack, candidate))
    wherry_debug (NULL, "candidate of another ICE generation ignored");
}

void
wherry_peer_core_check_address (WherryPeerCore *self, const WherryIceNetwork *network)
{
  WHERRY_ASSERT_OWNER (self);
  if (!self->ending && wherry_peer_stack_has_lost_address (self->stack, network))
    wherry_peer_core_tell_addresses_changed (self, TRUE);
}

void
wherry_peer_core_set_ice_config (WherryPeerCore *self, const WherryIceConfig *config)
{
  WHERRY_ASSERT_OWNER (self);
  if (!self->ending && wherry_peer_stack_set_ice_config (self->stack, config))
    wherry_peer_negotiation_reconfigured (&self->negotiation);
}
