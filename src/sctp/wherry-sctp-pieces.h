/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Puts messages together from their fragments, which come in any order, and those of a stream in
 * order. usrsctp 0.9.5 does not do it well: of each unordered one that is given up halfway (RFC
 * 3758) it goes on counting what it threw away against the receive window, until that is shut for
 * good; one that it began to hand over and that is then given up blocks its stream; messages that
 * interleave (RFC 8260) and fill its buffer wait for one another; and fragments of a byte cost it a
 * buffer of 256 that the window does not see. So it is told that every fragment is a whole
 * unordered message (wherry-sctp-inlet.h), and they come together here.
 *
 * Thread: any, one at a time. */

#include <glib.h>

#include "sctp/wherry-sctp-order.h"

G_BEGIN_DECLS

typedef struct _WherrySctpPieces WherrySctpPieces;

/* A fragment. Those of one message have consecutive positions: with I-DATA from 0 (the FSN, RFC
 * 8260 section 2.1), with DATA they are the TSNs (RFC 9260 section 6.9). */
typedef struct
{
  guint16 stream;
  guint16 number; /* SSN, or the low bits of the MID: a sender has 4096 TSNs under way at most */
  guint32 position;
  guint32 tsn;
  guint32 ppid; /* of the first one */
  gboolean begins;
  gboolean ends;
  gboolean ordered;
  gboolean by_tsn; /* DATA */
} WherrySctpPiece;

typedef enum
{
  WHERRY_SCTP_PIECE_KEPT,
  WHERRY_SCTP_PIECE_PASSES,  /* it is a whole message, and in its turn: not kept */
  WHERRY_SCTP_PIECE_REFUSED, /* the message is too large, or there are too many */
} WherrySctpPieceResult;

/* max_message: bytes of one; max_held: of all that is there, with what keeping it costs. */
WherrySctpPieces *wherry_sctp_pieces_new (gsize max_message, gsize max_held);
void wherry_sctp_pieces_free (WherrySctpPieces *self);

/* What is ready is to be popped before. Of a message that is too large the rest is dropped, without
 * being REFUSED once more. */
WherrySctpPieceResult wherry_sctp_pieces_add (WherrySctpPieces *self, const WherrySctpPiece *piece,
                                              const guint8 *data, gsize length);
/* A message that is whole and in its turn, or NULL. (transfer full) */
WherrySctpWhole *wherry_sctp_pieces_pop (WherrySctpPieces *self);
gboolean wherry_sctp_pieces_is_ready (WherrySctpPieces *self);

/* The other side gave up messages: with I-DATA those of a stream, ordered or not, up to this one
 * (RFC 8260 section 2.3.1), with DATA whatever lacks a TSN up to tsn (RFC 3758 section 3.6), and
 * ordered ones of a stream up to this one. It counts once apply_skips() is called: when all that
 * came before was added. */
void wherry_sctp_pieces_note_skip (WherrySctpPieces *self, guint16 stream, gboolean ordered,
                                   guint16 number, guint32 tsn);
void wherry_sctp_pieces_note_skip_all (WherrySctpPieces *self, guint32 tsn);
void wherry_sctp_pieces_apply_skips (WherrySctpPieces *self);
/* The stream was reset. */
void wherry_sctp_pieces_drop_stream (WherrySctpPieces *self, guint16 stream);

/* Bytes, with what keeping them costs. */
gsize wherry_sctp_pieces_get_held (WherrySctpPieces *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySctpPieces, wherry_sctp_pieces_free)

G_END_DECLS
