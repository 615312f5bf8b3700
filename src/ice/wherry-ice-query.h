/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A STUN or TURN server while candidates are gathered. Thread: peer */

#include <nice/agent.h>

#include "ice/wherry-ice-bridge.h"
#include "ice/wherry-ice-config.h"

G_BEGIN_DECLS

typedef struct
{
  gpointer gatherer;
  const WherryIceTurnServer *turn; /* NULL: STUN */
  const char *host;
  guint16 port;
  char *url;
  WherryIceBridge *bridge; /* turns: */
  GArray *addresses;       /* of NiceAddress: where it was asked */
  guint relays; /* set of libnice's numbers for it, which its candidates' priorities show */
  gboolean answered;
  gboolean told; /* that it gives nothing */
} WherryIceQuery;

WherryIceQuery *wherry_ice_query_new_stun (const WherryIceStunServer *stun);
WherryIceQuery *wherry_ice_query_new_turn (const WherryIceTurnServer *turn);
void wherry_ice_query_free (WherryIceQuery *self);

/* Whether a relayed candidate of ours comes from it. */
gboolean wherry_ice_query_gave (const WherryIceQuery *self, const NiceCandidate *candidate);
gboolean wherry_ice_query_is_same_host (const WherryIceQuery *self, const WherryIceQuery *other);
void wherry_ice_query_add_address (WherryIceQuery *self, GInetAddress *address);
/* Make libnice allocate at address and port, which are the server's or the bridge's. number: how
 * many it has been given before. FALSE: it takes no more. */
gboolean wherry_ice_query_use_turn (WherryIceQuery *self, NiceAgent *agent, guint stream,
                                    guint number, GInetAddress *address, guint16 port);
/* Whether one of the agent's own addresses could reach address. */
gboolean wherry_ice_query_is_reachable (NiceAgent *agent, guint stream, GInetAddress *address);

G_END_DECLS
