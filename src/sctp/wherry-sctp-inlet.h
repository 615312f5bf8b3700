/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is done to a packet before usrsctp gets it: see wherry-sctp-pieces.h. Each fragment is
 * marked as an unordered message of its own, with what puts it in its place where usrsctp hands it
 * on unread: in its PPID. Thread: any */

#include <glib.h>

#include "sctp/wherry-sctp-pieces.h"

G_BEGIN_DECLS

/**
 * wherry_sctp_inlet_mark:
 *
 * @packet: passed wherry_sctp_check_packet()
 * @n_streams: incoming ones, at most
 *
 * Marks fragments, and takes what was given up out of a FORWARD-TSN, for pieces.
 */
void wherry_sctp_inlet_mark (guint8 *packet, gsize length, guint n_streams,
                             WherrySctpPieces *pieces);

/* What usrsctp says of a message, back into what it was; ssn, ppid, tsn: as in struct sctp_rcvinfo,
 * in host order. */
void wherry_sctp_inlet_read_mark (WherrySctpPiece *piece, gboolean interleaving, guint16 ssn,
                                  guint32 ppid, guint32 tsn);

G_END_DECLS
