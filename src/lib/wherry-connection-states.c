/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "base/wherry-limits.h"
#include "lib/wherry-connection-private.h"

void
wherry_connection_notify (WherryConnection *self, const char *name)
{
  g_autoptr (GObject) shell = wherry_connection_get_shell (self);

  if (shell != NULL)
    g_object_notify (shell, name);
}

void
wherry_connection_set_signaling (WherryConnection *self, WherrySignalingState state)
{
  if (self->closed || self->signaling_state == state)
    return;
  self->signaling_state = state;
  wherry_connection_notify (self, "signaling-state");
}

void
wherry_connection_set_gathering (WherryConnection *self, WherryIceGatheringState state)
{
  if (self->closed || self->gathering_state == state)
    return;
  self->gathering_state = state;
  wherry_connection_notify (self, "ice-gathering-state");
  wherry_connection_update_states (self);
}

/* libnice calls a component ready once checks have come to an end; "completed" wants besides that
 * both sides have no more candidates (webrtc-pc section 5.6.4). */
static WherryIceConnectionState
compute_ice (WherryConnection *self)
{
  const WherrySdp *remote = wherry_connection_get_remote (self);

  switch (self->ice)
    {
    case WHERRY_TRANSPORT_CONNECTING:
      return WHERRY_ICE_CONNECTION_STATE_CHECKING;
    case WHERRY_TRANSPORT_CONNECTED:
      if (self->gathering_state == WHERRY_ICE_GATHERING_STATE_COMPLETE && remote != NULL
          && remote->end_of_candidates)
        return WHERRY_ICE_CONNECTION_STATE_COMPLETED;
      return WHERRY_ICE_CONNECTION_STATE_CONNECTED;
    case WHERRY_TRANSPORT_DISCONNECTED:
      return WHERRY_ICE_CONNECTION_STATE_DISCONNECTED;
    case WHERRY_TRANSPORT_FAILED:
      return WHERRY_ICE_CONNECTION_STATE_FAILED;
    case WHERRY_TRANSPORT_CLOSED:
      return WHERRY_ICE_CONNECTION_STATE_CLOSED;
    case WHERRY_TRANSPORT_NEW:
    default:
      return WHERRY_ICE_CONNECTION_STATE_NEW;
    }
}

/* webrtc-pc section 4.3.3: the first that fits */
static WherryConnectionState
compute_connection (WherryConnection *self)
{
  WherryTransportState ice = self->ice;
  WherryTransportState dtls = self->dtls;
  gboolean ice_idle = ice == WHERRY_TRANSPORT_NEW || ice == WHERRY_TRANSPORT_CLOSED;
  gboolean dtls_idle = dtls == WHERRY_TRANSPORT_NEW || dtls == WHERRY_TRANSPORT_CLOSED;

  if (ice == WHERRY_TRANSPORT_FAILED || dtls == WHERRY_TRANSPORT_FAILED)
    return WHERRY_CONNECTION_STATE_FAILED;
  if (ice == WHERRY_TRANSPORT_DISCONNECTED)
    return WHERRY_CONNECTION_STATE_DISCONNECTED;
  if (ice_idle && dtls_idle)
    return WHERRY_CONNECTION_STATE_NEW;
  if (ice == WHERRY_TRANSPORT_NEW || ice == WHERRY_TRANSPORT_CONNECTING
      || dtls == WHERRY_TRANSPORT_NEW || dtls == WHERRY_TRANSPORT_CONNECTING)
    return WHERRY_CONNECTION_STATE_CONNECTING;
  return WHERRY_CONNECTION_STATE_CONNECTED;
}

static void
tell_transports (WherryConnection *self)
{
  WherryTransportsState state = {
    .ice = self->ice_state,
    .gathering = self->gathering_state,
    .dtls = self->dtls,
    .sctp = self->sctp,
    .max_message_size = self->remote_max_message_size,
    .max_channels = MIN (wherry_peer_get_n_streams (self->peer), WHERRY_CHANNELS_PER_CONNECTION),
  };

  if (self->sctp_transport != NULL)
    wherry_sctp_transport_update (self->sctp_transport, &state, !self->closed);
}

void
wherry_connection_update_states (WherryConnection *self)
{
  WherryIceConnectionState ice = compute_ice (self);
  WherryConnectionState connection = compute_connection (self);
  gboolean ice_changed = ice != self->ice_state;
  gboolean connection_changed = connection != self->connection_state;

  if (self->closed)
    return;
  self->ice_state = ice;
  self->connection_state = connection;
  tell_transports (self);
  if (ice_changed)
    wherry_connection_notify (self, "ice-connection-state");
  if (connection_changed)
    wherry_connection_notify (self, "connection-state");
}

void
wherry_connection_set_layer (WherryConnection *self, WherryPeerLayer layer,
                             WherryTransportState state, const GError *error)
{
  switch (layer)
    {
    case WHERRY_PEER_LAYER_ICE:
      self->ice = state;
      break;
    case WHERRY_PEER_LAYER_DTLS:
      self->dtls = state;
      if (state == WHERRY_TRANSPORT_FAILED && self->sctp_transport != NULL)
        wherry_sctp_transport_tell_error (self->sctp_transport, error);
      break;
    case WHERRY_PEER_LAYER_SCTP:
    case WHERRY_PEER_N_LAYERS:
    default:
      self->sctp = state;
      break;
    }
  wherry_connection_update_states (self);
  if (state == WHERRY_TRANSPORT_CONNECTED && !self->closed)
    wherry_connection_refresh_transports (self);
}

void
wherry_connection_tell_candidates (WherryConnection *self)
{
  WherryDtlsTransport *dtls = NULL;

  if (self->sctp_transport == NULL)
    return;
  dtls = wherry_sctp_transport_get_transport (self->sctp_transport);
  wherry_ice_transport_take_descriptions (wherry_dtls_transport_get_ice_transport (dtls),
                                          wherry_connection_get_local (self),
                                          wherry_connection_get_remote (self));
}

void
wherry_connection_update_transports (WherryConnection *self)
{
  const WherrySdp *local = self->sdp[WHERRY_SLOT_CURRENT_LOCAL];
  const WherrySdp *remote = self->sdp[WHERRY_SLOT_CURRENT_REMOTE];
  gboolean wanted = (local != NULL && !local->rejected && remote != NULL && !remote->rejected)
                    || (self->sdp[WHERRY_SLOT_PENDING_REMOTE] != NULL
                        && !self->sdp[WHERRY_SLOT_PENDING_REMOTE]->rejected
                        && self->sdp[WHERRY_SLOT_PENDING_LOCAL] != NULL);

  if (wanted && self->sctp_transport == NULL)
    {
      self->sctp_transport = wherry_sctp_transport_new ();
      tell_transports (self);
      wherry_connection_tell_candidates (self);
      wherry_connection_refresh_transports (self);
      wherry_connection_notify (self, "sctp");
    }
  else
    wherry_connection_tell_candidates (self);
  wherry_connection_update_states (self);
}

void
wherry_connection_set_closed_states (WherryConnection *self)
{
  self->signaling_state = WHERRY_SIGNALING_STATE_CLOSED;
  self->ice_state = WHERRY_ICE_CONNECTION_STATE_CLOSED;
  self->connection_state = WHERRY_CONNECTION_STATE_CLOSED;
  self->dtls = WHERRY_TRANSPORT_CLOSED;
  self->sctp = WHERRY_TRANSPORT_CLOSED;
  tell_transports (self);
}
