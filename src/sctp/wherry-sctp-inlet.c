/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <string.h>

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
#define STREAM 8
#define SSN 10
#define MID 12
#define ENTRIES 8
#define I_FORWARD_ENTRY 8u
#define FORWARD_ENTRY 4u
#define NO_STREAM 0xffffu /* usrsctp looks no further than at a stream that is not there */

/* The mark. */
#define MARK_BEGINS 0x8000u
#define MARK_ENDS 0x4000u

G_STATIC_ASSERT ((WHERRY_SCTP_MESSAGE_MASK & (MARK_BEGINS | MARK_ENDS)) == 0);

typedef struct
{
  guint n_streams;
  guint32 acked;
  WherrySctpPieces *pieces;
  WherrySctpScraps *scraps;
} Inlet;

static guint16
get_u16 (const guint8 *at)
{
  return (guint16) (((guint) at[0] << 8) | at[1]);
}

static guint32
get_u32 (const guint8 *at)
{
  return ((guint32) get_u16 (at) << 16) | get_u16 (at + 2);
}

static void
put_u16 (guint8 *at, guint16 value)
{
  at[0] = (guint8) (value >> 8);
  at[1] = (guint8) value;
}

static void
mark_fragment (guint8 *chunk, gboolean i_data)
{
  guint16 mark = i_data ? get_u16 (chunk + MID + 2) & WHERRY_SCTP_MESSAGE_MASK : 0;

  if ((chunk[1] & WHERRY_SCTP_FLAG_BEGINS) != 0)
    mark |= MARK_BEGINS;
  if ((chunk[1] & WHERRY_SCTP_FLAG_ENDS) != 0)
    mark |= MARK_ENDS;
  chunk[1] |= WHERRY_SCTP_FLAG_BEGINS | WHERRY_SCTP_FLAG_ENDS;
  /* so that it is not the MID of an ordered one */
  if (i_data)
    put_u16 (chunk + MID, 0xffff);
  put_u16 (chunk + (i_data ? MID + 2 : SSN), mark);
}

static void
on_data (const Inlet *self, guint8 *chunk, gsize size, gboolean i_data)
{
  gsize header = i_data ? WHERRY_SCTP_I_DATA_HEADER : WHERRY_SCTP_DATA_HEADER;

  if (size <= header)
    return; /* usrsctp ends the association */
  if ((chunk[1] & WHERRY_SCTP_FLAG_UNORDERED) != 0)
    mark_fragment (chunk, i_data);
  else if ((chunk[1] & WHERRY_SCTP_FLAG_ENDS) == 0 && size - header < WHERRY_SCTP_SCRAP_SIZE
           && (gint32) (get_u32 (chunk + TSN) - self->acked) > 0)
    wherry_sctp_scraps_add (self->scraps, get_u16 (chunk + STREAM),
                            get_u16 (chunk + (i_data ? MID + 2 : SSN)));
}

static void
on_forward (const Inlet *self, const guint8 *chunk, gsize size)
{
  wherry_sctp_pieces_note_skip_all (self->pieces, get_u32 (chunk + TSN));
  for (gsize at = ENTRIES; at + FORWARD_ENTRY <= size; at += FORWARD_ENTRY)
    wherry_sctp_scraps_note_skip (self->scraps, get_u16 (chunk + at), get_u16 (chunk + at + 2));
}

/* The ordered ones come first then, and the others behind a stream that is not there. */
static void
on_i_forward (const Inlet *self, guint8 *chunk, gsize size)
{
  gsize ordered = ENTRIES;
  gsize at;

  for (at = ENTRIES; at + I_FORWARD_ENTRY <= size; at += I_FORWARD_ENTRY)
    {
      guint16 stream = get_u16 (chunk + at);
      guint16 message = get_u16 (chunk + at + 6);

      if ((chunk[at + 3] & 1) == 0)
        {
          wherry_sctp_scraps_note_skip (self->scraps, stream, message);
          memmove (chunk + ordered, chunk + at, I_FORWARD_ENTRY);
          ordered += I_FORWARD_ENTRY;
        }
      else if (stream < self->n_streams)
        wherry_sctp_pieces_note_skip (self->pieces, stream, message & WHERRY_SCTP_MESSAGE_MASK,
                                      get_u32 (chunk + TSN));
    }
  if (ordered < at)
    put_u16 (chunk + ordered, NO_STREAM);
}

void
wherry_sctp_inlet_mark (guint8 *packet, gsize length, guint n_streams, guint32 acked,
                        WherrySctpPieces *pieces, WherrySctpScraps *scraps)
{
  const Inlet self = { .n_streams = n_streams, .acked = acked, .pieces = pieces, .scraps = scraps };

  for (gsize at = WHERRY_SCTP_COMMON_HEADER; at + WHERRY_SCTP_CHUNK_HEADER <= length;)
    {
      guint8 *chunk = packet + at;
      gsize size = get_u16 (chunk + 2);

      switch (chunk[0])
        {
        case WHERRY_SCTP_CHUNK_DATA:
        case WHERRY_SCTP_CHUNK_I_DATA:
          on_data (&self, chunk, size, chunk[0] == WHERRY_SCTP_CHUNK_I_DATA);
          break;
        case WHERRY_SCTP_CHUNK_FORWARD_TSN:
          if (size >= ENTRIES)
            on_forward (&self, chunk, size);
          break;
        case WHERRY_SCTP_CHUNK_I_FORWARD_TSN:
          if (size >= ENTRIES)
            on_i_forward (&self, chunk, size);
          break;
        default:
          break;
        }
      at += (size + 3) & ~(gsize) 3;
    }
}

void
wherry_sctp_inlet_read_mark (WherrySctpPiece *piece, gboolean interleaving, guint16 ssn,
                             guint32 ppid, guint32 tsn)
{
  piece->begins = (ssn & MARK_BEGINS) != 0;
  piece->ends = (ssn & MARK_ENDS) != 0;
  piece->message = ssn & WHERRY_SCTP_MESSAGE_MASK;
  piece->tsn = tsn;
  piece->ppid = ppid;
  if (!interleaving)
    piece->position = tsn;
  else
    piece->position = piece->begins ? 0 : ppid;
}
