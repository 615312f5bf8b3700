/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-enums.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_ICE_CANDIDATE (wherry_ice_candidate_get_type ())
/**
 * WherryIceCandidate:
 *
 * One way in which a peer may be reached (W3C webrtc-pc section 4.8.1, RTCIceCandidate; RFC 8839
 * section 5.1). Immutable, so that any thread may use it.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryIceCandidate, wherry_ice_candidate, WHERRY, ICE_CANDIDATE, GObject)

/**
 * wherry_ice_candidate_new:
 * @candidate: (nullable): "candidate:…"; "" or %NULL ends the candidates of a section. What does
 *   not parse is taken all the same and has no attributes: it is refused when it is added
 * @sdp_mid: (nullable): the media section's mid
 * @sdp_mline_index: the media section's index, or -1
 * @username_fragment: (nullable): the ICE generation; %NULL: what @candidate says
 *
 * Makes one of what was signaled. Nothing is checked before it is added.
 *
 * Returns: (transfer full): a candidate
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceCandidate *wherry_ice_candidate_new (const char *candidate, const char *sdp_mid,
                                              int sdp_mline_index, const char *username_fragment);
/**
 * wherry_ice_candidate_new_from_json:
 * @json: `{"candidate":…,"sdpMid":…,"sdpMLineIndex":…,"usernameFragment":…}`
 * @error: return location: %WHERRY_ERROR_PROTOCOL, also when both sdpMid and sdpMLineIndex are
 *   missing (W3C: TypeError); %WHERRY_ERROR_LIMIT
 *
 * Reads what a browser signals.
 *
 * Returns: (transfer full): a candidate
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceCandidate *wherry_ice_candidate_new_from_json (const char *json, GError **error);
/**
 * wherry_ice_candidate_to_json:
 * @self: a candidate
 *
 * Writes what a browser takes.
 *
 * Returns: (transfer full): one line, as RTCIceCandidate.toJSON() gives it
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
char *wherry_ice_candidate_to_json (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_candidate:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:candidate].
 *
 * Returns: "candidate:…", or "" for the end of candidates
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_candidate_get_candidate (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_sdp_mid:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:sdp-mid].
 *
 * Returns: (nullable): the media section's mid
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_candidate_get_sdp_mid (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_sdp_mline_index:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:sdp-mline-index].
 *
 * Returns: the media section's index, or -1
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
int wherry_ice_candidate_get_sdp_mline_index (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_username_fragment:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:username-fragment].
 *
 * Returns: (nullable): the ICE generation that it belongs to
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_candidate_get_username_fragment (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_is_parsed:
 * @self: a candidate
 *
 * Whether it could be read.
 *
 * Returns: whether the attributes below could be read
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_ice_candidate_is_parsed (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_foundation:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:foundation].
 *
 * Returns: (nullable): %NULL when it did not parse
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_candidate_get_foundation (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_component:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:component].
 *
 * Returns: 1 ("rtp"), or 0 when it did not parse
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
guint wherry_ice_candidate_get_component (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_priority:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:priority].
 *
 * Returns: 1 to 2^31-1, or 0 when it did not parse
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
guint wherry_ice_candidate_get_priority (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_address:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:address].
 *
 * Returns: (nullable): a literal address or an mDNS name; %NULL when it did not parse
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_candidate_get_address (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_protocol:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:protocol].
 *
 * Returns: (nullable): "udp" or "tcp"; %NULL when it did not parse
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_candidate_get_protocol (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_port:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:port].
 *
 * Returns: the port, 0 when it did not parse
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
guint wherry_ice_candidate_get_port (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_candidate_type:
 * @self: a candidate that parsed
 *
 * Gets [property@IceCandidate:candidate-type].
 *
 * Returns: where it comes from
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceCandidateType wherry_ice_candidate_get_candidate_type (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_tcp_type:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:tcp-type].
 *
 * Returns: (nullable): "active", "passive" or "so" of a TCP candidate (RFC 6544)
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_candidate_get_tcp_type (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_related_address:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:related-address].
 *
 * Returns: (nullable): the base of a reflexive or relayed candidate
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_ice_candidate_get_related_address (WherryIceCandidate *self);
/**
 * wherry_ice_candidate_get_related_port:
 * @self: a candidate
 *
 * Gets [property@IceCandidate:related-port].
 *
 * Returns: its port, or 0
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
guint wherry_ice_candidate_get_related_port (WherryIceCandidate *self);

G_END_DECLS
