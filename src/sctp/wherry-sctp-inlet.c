/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include "sctp/wherry-sctp-chunks.h"
#include "sctp/wherry-sctp-inlet.h"

/* DATA (RFC 9260 section 3.3.1) and I-DATA (RFC 8260 section 2.1):
 * |   Type = 0    | Res |I|U|B|E |            Length             |
 * |                              TSN                              |
 * |           Stream              |             SSN               |
 * |              Payload Protocol Identifier, then the payload    |
 *
 * |   Type = 64   | Res |I|U|B|E |            Length             |
 * |                              TSN                              |
 * |           Stream              |           Reserved            |
 * |                              MID                              |
 * |  PPID of the first fragment, FSN of others, then the payload  |
 *
 * I-FORWARD-TSN (RFC 8260 section 2.3.1):
 * |   Type = 194  |     Flags     |            Length             |
 * |                    New Cumulative TSN                         |
 * |           Stream              |          Reserved           |U|
 * |                              MID                              |
 * and so on; FORWARD-TSN (RFC 3758 section 3.2) has type 192, and for each stream only
 * |           Stream              |             SSN               |
 */
#define TSN 4
#define ENTRIES 8
#define I_FORWARD_ENTRY 8u
#define FORWARD_ENTRY 4u
#define DATA_PPID 12
#define I_DATA_PPID 16
#define NO_STREAM 0xffffu /* usrsctp looks no further than at a stream that is not there */

/* The mark: the three flags, and what is left for a PPID (all that are assigned are small) or an
 * FSN (of as many fragments no message is made that we take). */
#define MARK_SHIFT 29
#define MARK_VALUE ((1u << MARK_SHIFT) - 1)
#define FLAGS (WHERRY_SCTP_FLAG_ENDS | WHERRY_SCTP_FLAG_BEGINS | WHERRY_SCTP_FLAG_UNORDERED)

static void
mark (guint8 *chunk, gsize size, gboolean i_data)
{
  guint8 *at = chunk + (i_data ? I_DATA_PPID : DATA_PPID);
  guint32 value;

  if (size <= (i_data ? WHERRY_SCTP_I_DATA_HEADER : WHERRY_SCTP_DATA_HEADER))
    return; /* usrsctp ends the association */
  value = MIN (wherry_sctp_get_u32 (at), MARK_VALUE) | (guint32) (chunk[1] & FLAGS) << MARK_SHIFT;
  wherry_sctp_put_u16 (at, (guint16) (value >> 16));
  wherry_sctp_put_u16 (at + 2, (guint16) value);
  chunk[1] |= FLAGS;
}

static void
take_forward (WherrySctpPieces *pieces, guint n_streams, guint8 *chunk, gsize size)
{
  wherry_sctp_pieces_note_skip_all (pieces, wherry_sctp_get_u32 (chunk + TSN));
  for (gsize at = ENTRIES; at + FORWARD_ENTRY <= size; at += FORWARD_ENTRY)
    {
      guint16 stream = wherry_sctp_get_u16 (chunk + at);

      if (stream < n_streams)
        wherry_sctp_pieces_note_skip (pieces, stream, TRUE, wherry_sctp_get_u16 (chunk + at + 2),
                                      wherry_sctp_get_u32 (chunk + TSN));
    }
}

static void
take_i_forward (WherrySctpPieces *pieces, guint n_streams, guint8 *chunk, gsize size)
{
  for (gsize at = ENTRIES; at + I_FORWARD_ENTRY <= size; at += I_FORWARD_ENTRY)
    {
      guint16 stream = wherry_sctp_get_u16 (chunk + at);

      if (stream < n_streams)
        wherry_sctp_pieces_note_skip (pieces, stream, (chunk[at + 3] & 1) == 0,
                                      wherry_sctp_get_u16 (chunk + at + 6),
                                      wherry_sctp_get_u32 (chunk + TSN));
    }
}

static void
on_forward (WherrySctpPieces *pieces, guint n_streams, guint8 *chunk, gsize size)
{
  if (size < ENTRIES)
    return;
  if (chunk[0] == WHERRY_SCTP_CHUNK_FORWARD_TSN)
    take_forward (pieces, n_streams, chunk, size);
  else
    take_i_forward (pieces, n_streams, chunk, size);
  if (size >= ENTRIES + FORWARD_ENTRY)
    wherry_sctp_put_u16 (chunk + ENTRIES, NO_STREAM);
}

void
wherry_sctp_inlet_mark (guint8 *packet, gsize length, guint n_streams, WherrySctpPieces *pieces)
{
  for (gsize at = WHERRY_SCTP_COMMON_HEADER; at + WHERRY_SCTP_CHUNK_HEADER <= length;)
    {
      guint8 *chunk = packet + at;
      gsize size = wherry_sctp_get_u16 (chunk + 2);

      switch (chunk[0])
        {
        case WHERRY_SCTP_CHUNK_DATA:
        case WHERRY_SCTP_CHUNK_I_DATA:
          mark (chunk, size, chunk[0] == WHERRY_SCTP_CHUNK_I_DATA);
          break;
        case WHERRY_SCTP_CHUNK_FORWARD_TSN:
        case WHERRY_SCTP_CHUNK_I_FORWARD_TSN:
          on_forward (pieces, n_streams, chunk, size);
          break;
        default:
          break;
        }
      at += wherry_sctp_padded (size);
    }
}

void
wherry_sctp_inlet_read_mark (WherrySctpPiece *piece, gboolean interleaving, guint16 ssn,
                             guint32 ppid, guint32 tsn)
{
  guint32 flags = ppid >> MARK_SHIFT;

  piece->begins = (flags & WHERRY_SCTP_FLAG_BEGINS) != 0;
  piece->ends = (flags & WHERRY_SCTP_FLAG_ENDS) != 0;
  piece->ordered = (flags & WHERRY_SCTP_FLAG_UNORDERED) == 0;
  piece->by_tsn = !interleaving;
  piece->number = ssn;
  piece->tsn = tsn;
  piece->ppid = ppid & MARK_VALUE;
  if (!interleaving)
    piece->position = tsn;
  else
    piece->position = piece->begins ? 0 : piece->ppid;
}
