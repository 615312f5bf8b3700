/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-enums.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_SESSION_DESCRIPTION (wherry_session_description_get_type ())
/**
 * WherrySessionDescription:
 *
 * An offer, an answer or a rollback, as it is signaled (W3C webrtc-pc section 4.6.2,
 * RTCSessionDescription). Immutable, so that any thread may use it.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherrySessionDescription, wherry_session_description, WHERRY,
                      SESSION_DESCRIPTION, GObject)

/**
 * wherry_session_description_new:
 * @type: what it is
 * @sdp: (nullable): the session description (RFC 8866), not looked at before it is set; %NULL for
 *   "", as in a rollback
 *
 * Makes one of what was signaled. Nothing is checked before it is set.
 *
 * Returns: (transfer full): a description
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
WherrySessionDescription *wherry_session_description_new (WherryDescriptionType type,
                                                          const char *sdp);
/**
 * wherry_session_description_new_from_json:
 * @json: `{"type":"offer","sdp":"v=0…"}`, as JSON.stringify() gives it for a browser's description;
 *   other members are ignored
 * @error: return location: %WHERRY_ERROR_PROTOCOL when it is malformed, a member is missing or of
 *   another type; %WHERRY_ERROR_LIMIT when it is too long
 *
 * Reads what a browser signals.
 *
 * Returns: (transfer full): a description
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
WherrySessionDescription *wherry_session_description_new_from_json (const char *json,
                                                                    GError **error);
/**
 * wherry_session_description_to_json:
 * @self: a description
 *
 * Writes what a browser takes.
 *
 * Returns: (transfer full): `{"type":…,"sdp":…}` on one line (RTCSessionDescription.toJSON())
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
char *wherry_session_description_to_json (WherrySessionDescription *self);
/**
 * wherry_session_description_get_description_type:
 * @self: a description
 *
 * Gets [property@SessionDescription:description-type].
 *
 * Returns: what it is
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
WherryDescriptionType
wherry_session_description_get_description_type (WherrySessionDescription *self);
/**
 * wherry_session_description_get_sdp:
 * @self: a description
 *
 * Gets [property@SessionDescription:sdp].
 *
 * Returns: the session description
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_session_description_get_sdp (WherrySessionDescription *self);

G_END_DECLS
