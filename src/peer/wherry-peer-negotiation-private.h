/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the two files of a negotiation share: negotiation-local has our own descriptions,
 * negotiation theirs, the rollback and the candidates. Thread: peer */

#include "peer/wherry-peer-negotiation.h"

G_BEGIN_DECLS

#define IN(state) (1u << (state))

/* allowed: of IN(). WHERRY_ERROR_INVALID_STATE. */
gboolean wherry_peer_negotiation_check_state (const WherryPeerNegotiation *self, const char *step,
                                              guint allowed, GError **error);
/* Which role an offer leaves or an answer gives to us. WHERRY_ERROR_PROTOCOL. */
gboolean wherry_peer_negotiation_choose_role (const WherryPeerNegotiation *self,
                                              const WherrySdp *sdp, gboolean *is_client,
                                              GError **error);
/* Takes sdp (nullable) in place of what is there. */
void wherry_peer_negotiation_take (WherrySdp **where, WherrySdp *sdp);
/* What was made no longer fits. */
void wherry_peer_negotiation_forget_made (WherryPeerNegotiation *self);
void wherry_peer_negotiation_become_stable (WherryPeerNegotiation *self);

G_END_DECLS
