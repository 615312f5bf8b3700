/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Fragments of session descriptions, application/trickle-ice-sdpfrag (RFC 8840 section 9): the ICE
 * credentials and candidates that one side sends after its description. Plain structs and pure
 * functions: no I/O, no clock. Thread: any, one at a time. */

#include <glib.h>

#include "wire/wherry-candidate.h"
#include "wire/wherry-sdp.h"

G_BEGIN_DECLS

#define WHERRY_SDPFRAG_TYPE "application/trickle-ice-sdpfrag"

/* What stands behind one pseudo m-line. */
typedef struct
{
  char *mid;             /* NULL when absent */
  char *ice_ufrag;       /* the section's own or, without one, the session's; NULL: neither */
  char *ice_pwd;         /* the same; a secret: never logged */
  GPtrArray *candidates; /* (element-type WherryCandidate): valid ones; .local ones too, flagged */
  guint bad_candidates;  /* skipped: malformed, or of a kind that we cannot use */
  gboolean end_of_candidates;
} WherrySdpFragSection;

typedef struct
{
  GPtrArray *sections; /* (element-type WherrySdpFragSection): at least one, in order. Without any
                          m-line there is one that has no mid */
} WherrySdpFrag;

/**
 * wherry_sdpfrag_parse:
 * @data: need not be NUL-terminated; lines end in CRLF or LF
 *
 * Lines that say neither credentials nor candidates are not looked at. Fails with
 * WHERRY_ERROR_PROTOCOL when malformed, with credentials of which one half is missing, and when it
 * says nothing at all; WHERRY_ERROR_LIMIT over WHERRY_SDP_MAX, WHERRY_SDP_LINES_MAX,
 * WHERRY_SDP_MEDIA_MAX or WHERRY_CANDIDATES_MAX. Messages name the line and never repeat what it
 * holds.
 *
 * Returns: (transfer full) (nullable): the fragment
 * Thread: any
 */
WherrySdpFrag *wherry_sdpfrag_parse (const char *data, gsize length, GError **error);

/**
 * wherry_sdpfrag_find:
 * @remote: the description that the fragment comes after, by the same side
 *
 * Returns: (nullable): the first section that is for @remote's data section; owned by @self
 * Thread: any
 */
const WherrySdpFragSection *wherry_sdpfrag_find (const WherrySdpFrag *self,
                                                 const WherrySdp *remote);

/**
 * wherry_sdpfrag_write:
 * @sdp: a description of ours
 *
 * Returns: (transfer full): the fragment that tells its ICE credentials and candidates
 * Thread: any
 */
char *wherry_sdpfrag_write (const WherrySdp *sdp);

void wherry_sdpfrag_free (WherrySdpFrag *self); /* Thread: any */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySdpFrag, wherry_sdpfrag_free)

G_END_DECLS
