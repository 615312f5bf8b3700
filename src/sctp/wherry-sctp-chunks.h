/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Numbers of SCTP's chunks (RFC 9260 section 3.2 unless noted), and how fields are read that were
 * checked to be there. Thread: any */

#include <glib.h>

#define WHERRY_SCTP_COMMON_HEADER 12u
#define WHERRY_SCTP_CHUNK_HEADER 4u
#define WHERRY_SCTP_DATA_HEADER 16u   /* section 3.3.1: with the chunk header */
#define WHERRY_SCTP_I_DATA_HEADER 20u /* RFC 8260 section 2.1 */
#define WHERRY_SCTP_INIT_SIZE 20u     /* section 3.3.2: the fixed part, with the chunk header */

enum
{
  WHERRY_SCTP_CHUNK_DATA = 0,
  WHERRY_SCTP_CHUNK_INIT = 1,
  WHERRY_SCTP_CHUNK_INIT_ACK = 2,
  WHERRY_SCTP_CHUNK_SACK = 3,
  WHERRY_SCTP_CHUNK_HEARTBEAT = 4,
  WHERRY_SCTP_CHUNK_HEARTBEAT_ACK = 5,
  WHERRY_SCTP_CHUNK_ABORT = 6,
  WHERRY_SCTP_CHUNK_SHUTDOWN = 7,
  WHERRY_SCTP_CHUNK_SHUTDOWN_ACK = 8,
  WHERRY_SCTP_CHUNK_ERROR = 9,
  WHERRY_SCTP_CHUNK_SHUTDOWN_COMPLETE = 14,
  WHERRY_SCTP_CHUNK_AUTH = 0x0f,          /* RFC 4895 */
  WHERRY_SCTP_CHUNK_I_DATA = 0x40,        /* RFC 8260 */
  WHERRY_SCTP_CHUNK_ASCONF_ACK = 0x80,    /* RFC 5061 */
  WHERRY_SCTP_CHUNK_PACKET_DROP = 0x81,   /* draft-stewart-tsvwg-sctp-pktdrprep */
  WHERRY_SCTP_CHUNK_RE_CONFIG = 0x82,     /* RFC 6525 */
  WHERRY_SCTP_CHUNK_FORWARD_TSN = 0xc0,   /* RFC 3758 */
  WHERRY_SCTP_CHUNK_ASCONF = 0xc1,        /* RFC 5061 */
  WHERRY_SCTP_CHUNK_I_FORWARD_TSN = 0xc2, /* RFC 8260 */
};

/* Of DATA and I-DATA. */
#define WHERRY_SCTP_FLAG_ENDS 1u
#define WHERRY_SCTP_FLAG_BEGINS 2u
#define WHERRY_SCTP_FLAG_UNORDERED 4u

/* Fields are in network order. */
static inline guint16
wherry_sctp_get_u16 (const guint8 *at)
{
  return (guint16) (((guint) at[0] << 8) | at[1]);
}

static inline guint32
wherry_sctp_get_u32 (const guint8 *at)
{
  return ((guint32) wherry_sctp_get_u16 (at) << 16) | wherry_sctp_get_u16 (at + 2);
}

static inline void
wherry_sctp_put_u16 (guint8 *at, guint16 value)
{
  at[0] = (guint8) (value >> 8);
  at[1] = (guint8) value;
}

/* With the padding to the next multiple of 4 that a chunk's or parameter's length leaves out. */
static inline gsize
wherry_sctp_padded (gsize length)
{
  return (length + 3) & ~(gsize) 3;
}
