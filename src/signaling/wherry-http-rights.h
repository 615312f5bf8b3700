/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who may ask what of /rooms: data/docs/protocol.md section 2, data/docs/tokens.md. Thread: hub */

#include <libsoup/soup.h>

#include "relay/wherry-relay-hub.h"
#include "signaling/wherry-admission.h"
#include "signaling/wherry-http-route.h"

G_BEGIN_DECLS

/* For a new member: the token of `Authorization: Bearer`, or none. grant: (out) (transfer full):
 * NULL where everything is granted. FALSE: it was refused. admission: (nullable): without keys. */
gboolean wherry_http_rights_admit (WherryAdmission *admission, SoupServerMessage *message,
                                   WherryGrant **grant);
/* For what an administrator and a server's own program ask: a token that says admin, or with the
 * right to publish on the topic in its room and not banned from there; without keys, a program on
 * this machine that passes on nobody else's request. FALSE: it was refused. */
gboolean wherry_http_rights_check (WherryAdmission *admission, WherryRelayHub *relay,
                                   SoupServerMessage *message, const WherryHttpRoute *route);

G_END_DECLS
