/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an administrator and a server's own program ask of rooms: lists, kicks and bans, and saying
 * something on a topic. Each answers its request. Thread: hub */

#include <libsoup/soup.h>

#include "relay/wherry-relay-hub.h"
#include "signaling/wherry-http-route.h"

G_BEGIN_DECLS

void wherry_http_rooms_list (WherryRelayHub *relay, SoupServerMessage *message);
void wherry_http_rooms_show (WherryRelayHub *relay, SoupServerMessage *message, const char *room);
/* query: (nullable) ban: seconds */
void wherry_http_rooms_kick (WherryRelayHub *relay, SoupServerMessage *message,
                             const WherryHttpRoute *route, GHashTable *query);
void wherry_http_rooms_publish (WherryRelayHub *relay, SoupServerMessage *message,
                                const WherryHttpRoute *route);

G_END_DECLS
