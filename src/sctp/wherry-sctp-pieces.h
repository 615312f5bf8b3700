/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Puts unordered messages together from their fragments, which come in any order. usrsctp 0.9.5
 * cannot: of each that is given up halfway (RFC 3758) it goes on counting what it threw away
 * against the receive window, until that is shut for good; and one that it began to hand over and
 * that is then given up blocks its stream. So it is told that every fragment is a whole message
 * (wherry-sctp-inlet.h), and they come together here.
 *
 * Thread: any, one at a time. */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherrySctpPieces WherrySctpPieces;

/* A fragment. Those of one message have consecutive positions: with I-DATA from 0 (the FSN, RFC
 * 8260 section 2.1), with DATA they are the TSNs (RFC 9260 section 6.9), and message is 0. */
typedef struct
{
  guint16 stream;
  guint16 message; /* the low bits of its MID */
  guint32 position;
  guint32 tsn;
  guint32 ppid; /* of the first one */
  gboolean begins;
  gboolean ends;
} WherrySctpPiece;

/* Bits of a MID that tell messages of one stream apart: a sender has thousands of TSNs under way
 * at most, and each message takes one. */
#define WHERRY_SCTP_MESSAGE_BITS 14u
#define WHERRY_SCTP_MESSAGE_MASK ((1u << WHERRY_SCTP_MESSAGE_BITS) - 1)

typedef enum
{
  WHERRY_SCTP_PIECE_KEPT,
  WHERRY_SCTP_PIECE_COMPLETES,
  WHERRY_SCTP_PIECE_REFUSED, /* the message is too large, or there are too many */
} WherrySctpPieceResult;

/* max_message: bytes of one; max_held: of all that is unfinished, with what keeping it costs. */
WherrySctpPieces *wherry_sctp_pieces_new (gsize max_message, gsize max_held);
void wherry_sctp_pieces_free (WherrySctpPieces *self);

/**
 * wherry_sctp_pieces_add:
 *
 * @whole: (out) (optional): if it completes a message: that (transfer full)
 * @ppid: (out): of that
 *
 * Of a message that is too large the rest is dropped, without being REFUSED once more.
 */
WherrySctpPieceResult wherry_sctp_pieces_add (WherrySctpPieces *self, const WherrySctpPiece *piece,
                                              const guint8 *data, gsize length, GByteArray **whole,
                                              guint32 *ppid);

/* The other side gave up messages: with I-DATA those of a stream up to this one (RFC 8260 section
 * 2.3.1), with DATA whatever lacks a TSN up to tsn (RFC 3758 section 3.6). It counts once
 * apply_skips() is called: when all that came before was added. */
void wherry_sctp_pieces_note_skip (WherrySctpPieces *self, guint16 stream, guint16 message,
                                   guint32 tsn);
void wherry_sctp_pieces_note_skip_all (WherrySctpPieces *self, guint32 tsn);
void wherry_sctp_pieces_apply_skips (WherrySctpPieces *self);
/* The stream was reset. */
void wherry_sctp_pieces_drop_stream (WherrySctpPieces *self, guint16 stream);
void wherry_sctp_pieces_clear (WherrySctpPieces *self);

/* Bytes, with what keeping them costs. */
gsize wherry_sctp_pieces_get_held (WherrySctpPieces *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySctpPieces, wherry_sctp_pieces_free)

G_END_DECLS
