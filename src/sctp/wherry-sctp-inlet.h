/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is done to a packet before usrsctp gets it: see wherry-sctp-pieces.h. Each fragment of an
 * unordered message is marked as a message of its own, with what puts it in its place where
 * usrsctp hands it on unread: in its SSN (DATA) or MID (I-DATA), which mean nothing there
 * (RFC 9260 section 3.3.1). Thread: any */

#include <glib.h>

#include "sctp/wherry-sctp-pieces.h"
#include "sctp/wherry-sctp-scraps.h"

G_BEGIN_DECLS

/* A fragment of an ordered message that is smaller and not its last one is a scrap. */
#define WHERRY_SCTP_SCRAP_SIZE 128u

/**
 * wherry_sctp_inlet_mark:
 *
 * @packet: passed wherry_sctp_check_packet()
 * @n_streams: incoming ones
 * @acked: the last TSN before which none is missing, as we told the other side: what comes up to it
 *   comes again
 *
 * Marks unordered fragments; takes unordered messages out of an I-FORWARD-TSN, of which usrsctp
 * would believe that they are ordered; tells pieces and scraps what was given up, and scraps what
 * comes.
 */
void wherry_sctp_inlet_mark (guint8 *packet, gsize length, guint n_streams, guint32 acked,
                             WherrySctpPieces *pieces, WherrySctpScraps *scraps);

/* What usrsctp says of an unordered message, back into what it was; ssn, ppid, tsn: as in struct
 * sctp_rcvinfo, in host order. */
void wherry_sctp_inlet_read_mark (WherrySctpPiece *piece, gboolean interleaving, guint16 ssn,
                                  guint32 ppid, guint32 tsn);

G_END_DECLS
