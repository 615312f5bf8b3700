/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Offer and answer of one peer (RFC 3264), in the steps of RFC 8829: which descriptions are made,
 * pending and in force, and what each step changes in the stack. A step that fails changes nothing.
 * Plain struct inside the core. Thread: peer
 *
 * A remote offer changes nothing below before our answer to it is set: it is rolled back by
 * forgetting it. Its candidates are held in it meanwhile. */

#include "peer/wherry-peer-stack.h"
#include "wire/wherry-sdp.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 session_id;
  guint64 session_version;
  WherrySdpSetup preferred; /* the DTLS role that we offer and take; ACTPASS: none */
  WherryPeerSignaling signaling;
  WherrySdp *current_local;
  WherrySdp *pending_local;
  WherrySdp *current_remote;
  WherrySdp *pending_remote;

  WherrySdp *made_offer;        /* the last one; NULL once it is out of date */
  WherrySdp *made_answer;       /* the same */
  gboolean made_offer_restarts; /* ICE, and that was not applied yet */
  gboolean made_answer_restarts;
  gboolean offer_restarted; /* pending_local has restarted ICE */
  gboolean offer_applied;   /* pending_remote is in force below: a provisional answer was set */

  gboolean has_role;
  gboolean is_client; /* of DTLS: kept for the connection's life (RFC 8842 section 5.5) */

  gboolean gathered; /* once, at least */
  /* ICE configurations that gather in their own way, counted */
  guint config;
  guint gathered_config; /* the one that the local descriptions are of */
  guint config_before;   /* the one to return to when offer_restarted is rolled back */
  GPtrArray *found;      /* of char *: our candidates of this ICE generation */
  gboolean found_all;
  guint n_told; /* of those found, with the local description */
  gboolean told_all;
} WherryPeerNegotiation;

void wherry_peer_negotiation_init (WherryPeerNegotiation *self, guint64 session_id);
void wherry_peer_negotiation_clear (WherryPeerNegotiation *self);

/* The one in force or to be, as W3C's localDescription. (nullable) */
WherrySdp *wherry_peer_negotiation_get_local (const WherryPeerNegotiation *self);
WherrySdp *wherry_peer_negotiation_get_remote (const WherryPeerNegotiation *self);
/* The remote one that is in force below. (nullable) */
WherrySdp *wherry_peer_negotiation_get_applied (const WherryPeerNegotiation *self);

/* WHERRY_ERROR_INVALID_STATE, WHERRY_ERROR_UNSUPPORTED without ICE below. The description is in
 * made_offer, made_answer. */
gboolean wherry_peer_negotiation_make_offer (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                             gboolean ice_restart, GError **error);
gboolean wherry_peer_negotiation_make_answer (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                              GError **error);
/* sdp: (nullable) what was made last, which is made first where it has to be.
 * WHERRY_ERROR_INVALID_STATE; WHERRY_ERROR_INVALID_ARGUMENT: not what was made;
 * WHERRY_ERROR_RESOURCES: no port to reach us at. Candidates found now are in self->found. */
gboolean wherry_peer_negotiation_set_local (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                            const WherrySdp *sdp, GError **error);
/* Takes sdp. WHERRY_ERROR_INVALID_STATE; WHERRY_ERROR_PROTOCOL: it does not fit what was said
 * before; WHERRY_ERROR_UNVERIFIED: another certificate on a living connection. */
gboolean wherry_peer_negotiation_set_remote (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                             WherrySdp *sdp, GError **error);
/* remote: their offer, otherwise ours. WHERRY_ERROR_INVALID_STATE. */
gboolean wherry_peer_negotiation_rollback (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                           gboolean remote, GError **error);
/* The next gathering finds other candidates: our next offer restarts ICE (RFC 8829 section 5.2.2).
 */
void wherry_peer_negotiation_reconfigured (WherryPeerNegotiation *self);
/* NULL: the end of candidates. FALSE: of another generation, ignored. */
gboolean wherry_peer_negotiation_add_candidate (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                                const WherryCandidate *candidate);
/* One of ours; NULL: no more. */
void wherry_peer_negotiation_found (WherryPeerNegotiation *self, WherryPeerStack *stack,
                                    const char *line);

G_END_DECLS
