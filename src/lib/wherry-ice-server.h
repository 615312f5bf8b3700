/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-version.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_ICE_SERVER (wherry_ice_server_get_type ())
/**
 * WherryIceServer:
 *
 * A STUN or TURN server (W3C webrtc-pc section 4.2.4, RTCIceServer). Immutable, so that any thread
 * may use it.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryIceServer, wherry_ice_server, WHERRY, ICE_SERVER, GObject)

/**
 * wherry_ice_server_new:
 * @urls: (array zero-terminated=1): `stun:HOST[:PORT]`, `stuns:…`,
 *   `turn:HOST[:PORT][?transport=udp|tcp]` or `turns:…` (RFC 7064, RFC 7065); at least one
 * @username: (nullable): needed for TURN
 * @credential: (nullable): its password; never logged
 * @error: return location: %WHERRY_ERROR_INVALID_ARGUMENT for a malformed URL (W3C: SyntaxError),
 *   or TURN without username and credential (W3C: InvalidAccessError); %WHERRY_ERROR_UNSUPPORTED
 *   for `stuns:`
 *
 * Describes a server, or one server that is reached in several ways.
 *
 * Returns: (transfer full): a server
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceServer *wherry_ice_server_new (const char *const *urls, const char *username,
                                        const char *credential, GError **error);
/**
 * wherry_ice_server_get_urls:
 * @self: a server
 *
 * Gets [property@IceServer:urls].
 *
 * Returns: (transfer none) (array zero-terminated=1): as they were given
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *const *wherry_ice_server_get_urls (WherryIceServer *self);
/**
 * wherry_ice_server_get_username:
 * @self: a server
 *
 * Gets [property@IceServer:username].
 *
 * Returns: (nullable): as it was given
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_server_get_username (WherryIceServer *self);
/**
 * wherry_ice_server_get_credential:
 * @self: a server
 *
 * Gets [property@IceServer:credential].
 *
 * Returns: (nullable): as it was given
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_server_get_credential (WherryIceServer *self);

G_END_DECLS
