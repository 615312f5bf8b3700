/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "base/wherry-error.h"
#include "peer/wherry-peer-core-private.h"

WherryPeerEvent *
wherry_peer_event_new (WherryPeerEventType type)
{
  WherryPeerEvent *event = g_new0 (WherryPeerEvent, 1);

  event->type = type;
  return event;
}

void
wherry_peer_event_free (gpointer item)
{
  WherryPeerEvent *event = item;

  g_free (event->text);
  g_free (event->mid);
  g_free (event->ufrag);
  g_free (event->url);
  g_free (event->address);
  for (guint i = 0; i < G_N_ELEMENTS (event->sdp); i++)
    g_clear_pointer (&event->sdp[i], wherry_sdp_free);
  g_clear_error (&event->error);
  g_clear_pointer (&event->frames, g_bytes_unref);
  g_clear_pointer (&event->peer, wherry_peer_unref);
  g_free (event);
}

WherryPeerEvent *
wherry_peer_event_new_closed (guint ticket)
{
  WherryPeerEvent *event = wherry_peer_event_new (WHERRY_PEER_EVENT_STEPPED);

  event->ticket = ticket;
  event->error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the peer has ended");
  return event;
}

void
wherry_peer_core_tell (WherryPeerCore *self, WherryPeerEventType type)
{
  wherry_peer_take_event (self->peer, wherry_peer_event_new (type));
}

void
wherry_peer_core_tell_addresses_changed (WherryPeerCore *self, gboolean lost)
{
  WherryPeerEvent *event = wherry_peer_event_new (WHERRY_PEER_EVENT_ADDRESSES_CHANGED);

  event->lost = lost;
  wherry_peer_take_event (self->peer, event);
}

void
wherry_peer_core_tell_state (WherryPeerCore *self, WherryPeerState state)
{
  WherryPeerEvent *event = wherry_peer_event_new (WHERRY_PEER_EVENT_STATE);

  event->state = state;
  if (state == WHERRY_PEER_CONNECTED && wherry_peer_core_is_tunneled (self))
    event->path = (WherryPeerPath){ "signaling", "signaling", "websocket" };
  else if (state == WHERRY_PEER_CONNECTED
           && !wherry_peer_stack_get_path (self->stack, &event->path))
    event->path = (WherryPeerPath){ "host", "host", "none" };
  wherry_peer_take_event (self->peer, event);
}

void
wherry_peer_core_tell_layer (WherryPeerCore *self, WherryPeerLayer layer,
                             WherryTransportState state, const GError *error)
{
  WherryPeerEvent *event = NULL;

  if (self->layers[layer] == state)
    return;
  self->layers[layer] = state;
  if (!self->settings->tells_layers)
    return;
  event = wherry_peer_event_new (WHERRY_PEER_EVENT_LAYER);
  event->layer = layer;
  event->layer_state = state;
  event->error = error != NULL ? g_error_copy (error) : NULL;
  wherry_peer_take_event (self->peer, event);
}

void
wherry_peer_core_tell_candidate_error (WherryPeerCore *self, const WherryIceCandidateError *error)
{
  WherryPeerEvent *event = wherry_peer_event_new (WHERRY_PEER_EVENT_CANDIDATE_ERROR);

  event->url = g_strdup (error->url);
  event->address = g_strdup (error->address);
  event->port = error->port;
  event->code = error->code;
  event->text = g_strdup (error->text);
  wherry_peer_take_event (self->peer, event);
}

void
wherry_peer_core_tell_refused (WherryPeerCore *self, WherryPeerRequest request, GError *error)
{
  WherryPeerEvent *event = wherry_peer_event_new (WHERRY_PEER_EVENT_REFUSED);

  event->request = request;
  event->error = error;
  wherry_peer_take_event (self->peer, event);
}

void
wherry_peer_core_tell_description (WherryPeerCore *self)
{
  g_autoptr (WherrySdp) local
      = wherry_sdp_copy (wherry_peer_negotiation_get_local (&self->negotiation));
  WherryPeerEvent *event = wherry_peer_event_new (WHERRY_PEER_EVENT_DESCRIPTION);

  /* they follow, one by one */
  g_ptr_array_set_size (local->candidates, 0);
  local->end_of_candidates = FALSE;
  event->sdp_type = local->type;
  event->text = wherry_sdp_to_string (local);
  wherry_peer_take_event (self->peer, event);
}

static WherrySdp *
copy_sdp (const WherrySdp *sdp)
{
  return sdp != NULL ? wherry_sdp_copy (sdp) : NULL;
}

void
wherry_peer_core_tell_stepped (WherryPeerCore *self, guint ticket, const WherrySdp *made,
                               GError *error)
{
  const WherryPeerNegotiation *negotiation = &self->negotiation;
  WherryPeerEvent *event = wherry_peer_event_new (WHERRY_PEER_EVENT_STEPPED);

  event->ticket = ticket;
  event->signaling = negotiation->signaling;
  event->has_role = negotiation->has_role;
  event->is_client = negotiation->is_client;
  event->sdp[WHERRY_PEER_SDP_MADE] = copy_sdp (made);
  event->sdp[WHERRY_PEER_SDP_CURRENT_LOCAL] = copy_sdp (negotiation->current_local);
  event->sdp[WHERRY_PEER_SDP_PENDING_LOCAL] = copy_sdp (negotiation->pending_local);
  event->sdp[WHERRY_PEER_SDP_CURRENT_REMOTE] = copy_sdp (negotiation->current_remote);
  event->sdp[WHERRY_PEER_SDP_PENDING_REMOTE] = copy_sdp (negotiation->pending_remote);
  event->error = error;
  wherry_peer_take_event (self->peer, event);
}

/* line: NULL at their end */
static void
tell_candidate (WherryPeerCore *self, const WherrySdp *local, const char *line)
{
  WherryPeerEvent *event = wherry_peer_event_new (WHERRY_PEER_EVENT_CANDIDATE);
  const char *mid = NULL;

  wherry_sdp_get_candidate_target (local, &mid, &event->mline_index);
  event->text = g_strdup (line);
  event->mid = g_strdup (mid);
  event->ufrag = g_strdup (local->ice_ufrag);
  wherry_peer_take_event (self->peer, event);
}

void
wherry_peer_core_tell_candidates (WherryPeerCore *self)
{
  WherryPeerNegotiation *negotiation = &self->negotiation;
  const WherrySdp *local = wherry_peer_negotiation_get_local (negotiation);

  if (self->holds_candidates || local == NULL)
    return;
  while (negotiation->n_told < negotiation->found->len)
    tell_candidate (self, local, g_ptr_array_index (negotiation->found, negotiation->n_told++));
  if (negotiation->found_all && !negotiation->told_all)
    {
      negotiation->told_all = TRUE;
      tell_candidate (self, local, NULL);
    }
}
