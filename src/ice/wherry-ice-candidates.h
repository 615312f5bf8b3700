/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between our candidates and libnice's. libnice's own parser takes nearly anything (port 99999), so
 * it never sees a line. Thread: any */

#include <nice/agent.h>

#include "ice/wherry-ice-config.h"
#include "wire/wherry-candidate.h"

G_BEGIN_DECLS

WherryCandidateType wherry_ice_candidate_type (NiceCandidateType type);

/* A local candidate as it is announced, or NULL for one that is not: link-local, not relayed under
 * relay_only, TCP without ice_tcp. (transfer full) */
WherryCandidate *wherry_ice_candidate_announce (const NiceCandidate *candidate,
                                                const WherryIceConfig *config);

/* A remote candidate for libnice, or NULL for one that no check must be sent to: an mDNS name (look
 * it up first), an unspecified or multicast address, port 0, TCP without ice_tcp. (transfer full)
 */
NiceCandidate *wherry_ice_candidate_to_nice (const WherryCandidate *candidate, guint stream,
                                             const WherryIceConfig *config);

/* 169.254.0.0/16, fe80::/10 */
gboolean wherry_ice_address_is_link_local (const NiceAddress *address);
/* "192.0.2.1:9" or "[2001:db8::1]:9" */
void wherry_ice_address_to_string (const NiceAddress *address, char *buffer, gsize size);

G_END_DECLS
