/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a request to become a member says: the offer in its body, and in its query and headers what
 * a join and an offer say on a socket. Thread: hub */

#include <libsoup/soup.h>

#include "relay/wherry-relay-config.h"
#include "wire/wherry-sdp.h"
#include "wire/wherry-signal.h"

G_BEGIN_DECLS

typedef struct
{
  WherrySdp *offer;
  WherrySignal *join;     /* as if it had come on a socket: its name, mirror */
  WherrySignal *declared; /* what channels are borrowed from; NULL: none were declared */
  GArray *channels;       /* of WherryChannelInit: negotiated ones */
} WherryHttpJoin;

/* query: (nullable). NULL: code (bad-message, bad-room, bad-sdp, too-large) and error in words. */
WherryHttpJoin *wherry_http_join_parse (SoupServerMessage *message, const char *room,
                                        GHashTable *query, const WherryRelayConfig *config,
                                        WherrySignalError *code, GError **error);
void wherry_http_join_free (WherryHttpJoin *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryHttpJoin, wherry_http_join_free)

G_END_DECLS
