/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/wherry.h"

G_BEGIN_DECLS

/* The candidates in a session description that is copied and pasted. */

/* For each candidate of a description, in its order; parsed or not. */
typedef void (*WherryPasteSdpFunc) (WherryIceCandidate *candidate, gboolean is_used,
                                    gpointer user_data);

/*
 * "host", "srflx", "prflx", "relay": the set of those that @names names, of all when it names none.
 * FALSE sets @error for a name that is none of them. Thread: any
 */
gboolean wherry_paste_sdp_parse_types (const char *const *names, WherryIceCandidateTypes *types,
                                       GError **error);
/* Whether @candidate is of one of @types. TCP (RFC 6544) never is: it is not spoken here.
 * Thread: any */
gboolean wherry_paste_sdp_is_used (WherryIceCandidate *candidate, WherryIceCandidateTypes types);
/*
 * (transfer full): everything that a person may want to know of a candidate, as "name=value …" on
 * one line, fit for a terminal. Thread: any
 */
char *wherry_paste_sdp_describe (WherryIceCandidate *candidate);
/*
 * (transfer full): @sdp without the candidates that are of none of @types. Those that cannot be
 * read stay: the library says what is wrong with them. Without
 * %WHERRY_ICE_CANDIDATE_TYPES_HOST no host address is left as the base of another candidate either
 * (RFC 8839 section 5.1 lets it be 0.0.0.0:9). @func is (nullable). Thread: any
 */
char *wherry_paste_sdp_filter (const char *sdp, WherryIceCandidateTypes types,
                               WherryPasteSdpFunc func, gpointer user_data);

G_END_DECLS
