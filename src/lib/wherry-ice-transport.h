/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-enums.h"

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
 * Returns: which side chooses the pair, unknown before it is connected (RTCIceTransport.role)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceRole wherry_ice_transport_get_role (WherryIceTransport *self);
/**
 * wherry_ice_transport_get_selected_local_address:
 * @self: an ICE transport
 *
 * Gets [property@IceTransport:selected-local-address].
 *
 * Returns: (nullable): "ip:port" or "[ip]:port" of our side of the selected pair
 *   (RTCIceTransport.getSelectedCandidatePair())
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_transport_get_selected_local_address (WherryIceTransport *self);
/**
 * wherry_ice_transport_get_selected_remote_address:
 * @self: an ICE transport
 *
 * Gets [property@IceTransport:selected-remote-address].
 *
 * Returns: (nullable): "ip:port" or "[ip]:port" of their side of the selected pair
 *   (RTCIceTransport.getSelectedCandidatePair())
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_transport_get_selected_remote_address (WherryIceTransport *self);

G_END_DECLS
