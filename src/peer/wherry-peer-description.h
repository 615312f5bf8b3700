/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a negotiation asks of single descriptions: pure functions. Thread: peer */

#include "peer/wherry-peer-negotiation.h"

G_BEGIN_DECLS

/* A new offer of what local says. last: the local description before (nullable). */
WherrySdp *wherry_peer_description_offer (const WherrySdpLocal *local, const WherrySdp *last);
/* Whether sdp is what was made, but for its type among answers, and its candidates. */
gboolean wherry_peer_description_is_made (const WherrySdp *made, const WherrySdp *sdp);
/* Whether next, of the same side as last, restarts ICE. */
gboolean wherry_peer_description_restarts (const WherrySdp *last, const WherrySdp *next);
/* Puts these in place of its candidates. lines: of char *. */
void wherry_peer_description_set_candidates (WherrySdp *self, GPtrArray *lines, gboolean all);
/* What from was trickled besides goes to self, if both are of one ICE generation. */
void wherry_peer_description_inherit_candidates (WherrySdp *self, const WherrySdp *from);
/* One more, once; NULL: no more. FALSE: it has WHERRY_CANDIDATES_MAX. */
gboolean wherry_peer_description_add_candidate (WherrySdp *self, const WherryCandidate *candidate);

G_END_DECLS
