/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-enums.h"
#include "lib/wherry-ice-candidate.h"
#include "lib/wherry-ice-parameters.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_ICE_TRANSPORT (wherry_ice_transport_get_type ())
/**
 * WherryIceTransport:
 *
 * The ICE transport of a connection (W3C webrtc-pc section 5.6, RTCIceTransport). It belongs to the
 * thread of its connection, and stays as it was when that is closed or gone.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryIceTransport, wherry_ice_transport, WHERRY, ICE_TRANSPORT, GObject)

/**
 * wherry_ice_transport_get_state:
 * @self: an ICE transport
 *
 * Gets [property@IceTransport:state].
 *
 * Returns: its state (RTCIceTransport.state)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceConnectionState wherry_ice_transport_get_state (WherryIceTransport *self);
/**
 * wherry_ice_transport_get_gathering_state:
 * @self: an ICE transport
 *
 * Gets [property@IceTransport:gathering-state].
 *
 * Returns: whether our candidates are found (RTCIceTransport.gatheringState)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceGatheringState wherry_ice_transport_get_gathering_state (WherryIceTransport *self);
/**
 * wherry_ice_transport_get_role:
 * @self: an ICE transport
 *
 * Gets [property@IceTransport:role].
 *
 * Returns: which side chooses the pair (RTCIceTransport.role)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceRole wherry_ice_transport_get_role (WherryIceTransport *self);
/**
 * wherry_ice_transport_get_local_candidates:
 * @self: an ICE transport
 *
 * Gets [property@IceTransport:local-candidates].
 *
 * Returns: (transfer none): a list of [class@IceCandidate] (RTCIceTransport.getLocalCandidates())
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
GListModel *wherry_ice_transport_get_local_candidates (WherryIceTransport *self);
/**
 * wherry_ice_transport_get_remote_candidates:
 * @self: an ICE transport
 *
 * Gets [property@IceTransport:remote-candidates].
 *
 * Returns: (transfer none): a list of [class@IceCandidate] (RTCIceTransport.getRemoteCandidates())
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
GListModel *wherry_ice_transport_get_remote_candidates (WherryIceTransport *self);
/**
 * wherry_ice_transport_get_local_parameters:
 * @self: an ICE transport
 *
 * Gets [property@IceTransport:local-parameters].
 *
 * Returns: (transfer none) (nullable): ours (RTCIceTransport.getLocalParameters())
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceParameters *wherry_ice_transport_get_local_parameters (WherryIceTransport *self);
/**
 * wherry_ice_transport_get_remote_parameters:
 * @self: an ICE transport
 *
 * Gets [property@IceTransport:remote-parameters].
 *
 * Returns: (transfer none) (nullable): theirs (RTCIceTransport.getRemoteParameters())
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceParameters *wherry_ice_transport_get_remote_parameters (WherryIceTransport *self);
/**
 * wherry_ice_transport_get_selected_local_candidate:
 * @self: an ICE transport
 *
 * Gets [property@IceTransport:selected-local-candidate].
 *
 * Returns: (transfer none) (nullable): our side of the selected pair
 *   (RTCIceTransport.getSelectedCandidatePair().local)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceCandidate *wherry_ice_transport_get_selected_local_candidate (WherryIceTransport *self);
/**
 * wherry_ice_transport_get_selected_remote_candidate:
 * @self: an ICE transport
 *
 * Gets [property@IceTransport:selected-remote-candidate].
 *
 * Returns: (transfer none) (nullable): their side of the selected pair
 *   (RTCIceTransport.getSelectedCandidatePair().remote)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceCandidate *wherry_ice_transport_get_selected_remote_candidate (WherryIceTransport *self);

G_END_DECLS
