/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include "base/wherry-bytes.h"

#include "sctp/wherry-sctp-check.h"
#include "sctp/wherry-sctp-chunks.h"

/*  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |          Source Port          |       Destination Port        |
 * |                       Verification Tag                        |
 * |                           Checksum                            |
 * then chunks:
 * |     Type      |     Flags     |  Length, header included      |
 * |  value, padded to 4 bytes; the padding is not in the length   |
 * some of which hold parameters or error causes:
 * |             Type              |  Length, header included      |
 */
#define PARAMETER_HEADER 4u
/* RFC 6525 sections 4.1 and 4.6 */
#define PARAMETER_RESET_OUTGOING_STREAMS 13u
#define PARAMETER_ADD_INCOMING_STREAMS 18u

#define INIT_FIXED (WHERRY_SCTP_INIT_SIZE - WHERRY_SCTP_CHUNK_HEADER)

/* What is behind the request's sequence number: of an Add Incoming Streams Request how many, of an
 * Outgoing SSN Reset Request first another such number, and then the last TSN before. */
static void
look_at_request (guint16 type, const guint8 *value, gsize length, WherrySctpFound *found)
{
  WherryReader reader;
  const guint8 *sequence;
  guint16 n = 0;
  guint32 tsn = 0;

  wherry_reader_init (&reader, value, length);
  wherry_reader_bytes (&reader, 4, &sequence);
  if (type == PARAMETER_ADD_INCOMING_STREAMS && wherry_reader_u16 (&reader, &n))
    found->streams += n;
  if (type == PARAMETER_RESET_OUTGOING_STREAMS && wherry_reader_bytes (&reader, 4, &sequence)
      && wherry_reader_u32 (&reader, &tsn))
    {
      found->resets = TRUE;
      found->reset_tsn = tsn;
    }
}

/* Parameters, or error causes: they have the same header. */
static gboolean
check_parameters (const guint8 *data, gsize length, WherrySctpFound *found)
{
  WherryReader reader;
  const guint8 *value;

  wherry_reader_init (&reader, data, length);
  while (wherry_reader_left (&reader) > 0)
    {
      guint16 type;
      guint16 size = 0;
      gsize rest;

      if (!wherry_reader_u16 (&reader, &type) || !wherry_reader_u16 (&reader, &size)
          || size < PARAMETER_HEADER || size - PARAMETER_HEADER > wherry_reader_left (&reader))
        return FALSE;
      /* the last one's padding may be the chunk's */
      rest = MIN (wherry_sctp_padded (size) - PARAMETER_HEADER, wherry_reader_left (&reader));
      wherry_reader_bytes (&reader, rest, &value);
      if (found != NULL)
        look_at_request (type, value, rest, found);
    }
  return TRUE;
}

static gboolean
check_chunk (guint8 type, const guint8 *value, gsize length, WherrySctpFound *found)
{
  switch (type)
    {
    case WHERRY_SCTP_CHUNK_INIT:
    case WHERRY_SCTP_CHUNK_INIT_ACK:
      return length >= INIT_FIXED
             && check_parameters (value + INIT_FIXED, length - INIT_FIXED, NULL);
    case WHERRY_SCTP_CHUNK_ABORT:
      found->ends = TRUE;
      return check_parameters (value, length, NULL);
    case WHERRY_SCTP_CHUNK_SHUTDOWN_ACK:
    case WHERRY_SCTP_CHUNK_SHUTDOWN_COMPLETE:
      found->ends = TRUE;
      return TRUE;
    case WHERRY_SCTP_CHUNK_HEARTBEAT:
    case WHERRY_SCTP_CHUNK_HEARTBEAT_ACK:
    case WHERRY_SCTP_CHUNK_ERROR:
      return check_parameters (value, length, NULL);
    case WHERRY_SCTP_CHUNK_RE_CONFIG:
      return check_parameters (value, length, found);
    case WHERRY_SCTP_CHUNK_DATA:
    case WHERRY_SCTP_CHUNK_FORWARD_TSN:
      found->data = TRUE;
      return TRUE;
    case WHERRY_SCTP_CHUNK_I_DATA:
    case WHERRY_SCTP_CHUNK_I_FORWARD_TSN:
      found->i_data = TRUE;
      return TRUE;
    case WHERRY_SCTP_CHUNK_AUTH:
    case WHERRY_SCTP_CHUNK_ASCONF_ACK:
    case WHERRY_SCTP_CHUNK_PACKET_DROP:
    case WHERRY_SCTP_CHUNK_ASCONF:
      return FALSE;
    default:
      return TRUE;
    }
}

gboolean
wherry_sctp_check_packet (const guint8 *data, gsize length, WherrySctpFound *found)
{
  WherryReader reader;
  const guint8 *value;

  *found = (WherrySctpFound){ 0 };
  wherry_reader_init (&reader, data, length);
  if (!wherry_reader_bytes (&reader, WHERRY_SCTP_COMMON_HEADER, &value)
      || wherry_reader_left (&reader) == 0)
    return FALSE;
  while (wherry_reader_left (&reader) > 0)
    {
      guint8 type = 0;
      guint8 flags;
      guint16 size = 0;

      wherry_reader_u8 (&reader, &type);
      wherry_reader_u8 (&reader, &flags);
      if (!wherry_reader_u16 (&reader, &size) || size < WHERRY_SCTP_CHUNK_HEADER
          || !wherry_reader_bytes (&reader, size - WHERRY_SCTP_CHUNK_HEADER, &value)
          || !check_chunk (type, value, size - WHERRY_SCTP_CHUNK_HEADER, found))
        return FALSE;
      found->urgent
          |= type != WHERRY_SCTP_CHUNK_HEARTBEAT && type != WHERRY_SCTP_CHUNK_HEARTBEAT_ACK;
      /* padding, which a sender may have left out at the very end */
      wherry_reader_bytes (&reader,
                           MIN (wherry_sctp_padded (size) - size, wherry_reader_left (&reader)),
                           &value);
    }
  return TRUE;
}
