/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The STUN and TURN servers that a member may use to be reached: those that the relay uses itself,
 * and TURN servers with credentials of the member's own. The relay's own TURN password is not
 * handed on. Thread: hub */

#include "relay/wherry-relay-hub.h"

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *stun; /* of URLs */
  GPtrArray *turn; /* of the configuration's URLs; NULL: none */
  char *username;
  char *credential;
  WherrySignalIceServerRef servers[2];
  guint n; /* of servers */
} WherryIceServerList;

/* Credentials that are good from now on, for the configured time and no longer than the member's
 * token. */
void wherry_ice_server_list_init (WherryIceServerList *self, const WherryRelayConfig *config,
                                  WherryRelayMember *member);
void wherry_ice_server_list_clear (WherryIceServerList *self);
/* One Link header for each URL (RFC 9725 section 4.6). (transfer full): of char * */
GPtrArray *wherry_ice_server_list_to_links (const WherryIceServerList *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WherryIceServerList, wherry_ice_server_list_clear)

G_END_DECLS
