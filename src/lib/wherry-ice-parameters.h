/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-version.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_ICE_PARAMETERS (wherry_ice_parameters_get_type ())
/**
 * WherryIceParameters:
 *
 * With what the checks of one side are authenticated (W3C webrtc-pc section 5.6.2,
 * RTCIceParameters). Immutable, so that any thread may use it.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryIceParameters, wherry_ice_parameters, WHERRY, ICE_PARAMETERS, GObject)

/**
 * wherry_ice_parameters_get_username_fragment:
 * @self: ICE parameters
 *
 * Gets [property@IceParameters:username-fragment].
 *
 * Returns: which ICE generation it is (RTCIceParameters.usernameFragment)
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_parameters_get_username_fragment (WherryIceParameters *self);
/**
 * wherry_ice_parameters_get_password:
 * @self: ICE parameters
 *
 * Gets [property@IceParameters:password].
 *
 * Returns: its password, a secret of the two sides (RTCIceParameters.password)
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_parameters_get_password (WherryIceParameters *self);

G_END_DECLS
