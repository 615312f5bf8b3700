/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A remote whose address changes without a restart: a translator forgot it, or its machine has
 * another network now and its socket is for any address. libnice keeps to the pair that it has
 * selected as long as no other one has a higher priority, even when consent to send by it has ended
 * (RFC 7675 section 5.1), and does not watch it any more then. Both functions make it select by
 * itself, once a check was answered. Thread: peer */

#include <nice/agent.h>

G_BEGIN_DECLS

/* found: a remote candidate that libnice has just learned from a check while it had a pair. Where
 * it is UDP and the other side decides, it is preferred: if the check of it is answered and the
 * other side nominates it, it is selected. */
void wherry_ice_move_prefer (NiceAgent *agent, guint stream, const NiceCandidate *found);

/* Consent has ended: the selected pair gets the lowest priority, and what other checks once had for
 * an answer is forgotten. Any pair whose check is answered from now on is selected (this one too),
 * and that is told by “new-selected-pair-full”. loss: another number each time. Of the states and
 * the selected pair that libnice tells of before this returns nothing is true. FALSE: it is not
 * UDP, a restart has to help. */
gboolean wherry_ice_move_lose (NiceAgent *agent, guint stream, guint loss);

G_END_DECLS
