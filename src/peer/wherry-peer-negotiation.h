/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Offer and answer (RFC 3264, RFC 8829) of one peer: which descriptions are in force, and what each
 * new one changes in the stack. Plain struct inside the core. Thread: peer */

#include "peer/wherry-peer-stack.h"
#include "wire/wherry-sdp.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 session_id;
  guint64 session_version;
  WherrySdp *local;       /* the last of ours, pending or in force; NULL before the first */
  WherrySdp *remote;      /* the last of theirs in force; NULL before the first */
  gboolean offer_pending; /* ours is not yet answered */
  gboolean has_role;
  gboolean is_client; /* of DTLS: kept for the connection's life (RFC 8842 section 5.5) */
} WherryPeerNegotiation;

void wherry_peer_negotiation_clear (WherryPeerNegotiation *self);

/* A new offer of ours, in self->local. gather: candidates have to be gathered for it.
 * WHERRY_ERROR_UNSUPPORTED without ICE below. */
gboolean wherry_peer_negotiation_offer (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                        gboolean ice_restart, gboolean *gather, GError **error);
/* Takes sdp, an offer or an answer of theirs, and applies it; after an offer our answer is in
 * self->local. On error what was in force stays in force. WHERRY_ERROR_PROTOCOL: it does not fit
 * what was said before; WHERRY_ERROR_UNVERIFIED: another certificate on a living connection. */
gboolean wherry_peer_negotiation_remote (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                         WherrySdp *sdp, gboolean *gather, GError **error);

G_END_DECLS
