/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The frames that carry data channels where SCTP cannot (data/docs/protocol.md section 5). A binary
 * message of the carrier holds one or more of them, each whole:
 *
 *   0        1        2                 4        5                          8
 *   +--------+--------+-----------------+--------+--------------------------+---------
 *   | type   | flags  | stream          | ppid   | length of the payload    | payload
 *   +--------+--------+-----------------+--------+--------------------------+---------
 *
 * All numbers are big-endian; what a type does not use is zero. */

#include "wire/wherry-message.h"

G_BEGIN_DECLS

#define WHERRY_TUNNEL_HEADER_SIZE 8u
#define WHERRY_TUNNEL_VERSION 1u
/* Of a message, in one frame: so large that the header does not matter, so small that a message on
 * another stream waits for no more than that. */
#define WHERRY_TUNNEL_FRAGMENT_MAX 16384u
/* What a data frame costs in credit beside its payload: about what it costs to hold it. */
#define WHERRY_TUNNEL_FRAME_COST 64u

typedef enum
{
  WHERRY_TUNNEL_HELLO,      /* the first one of either side */
  WHERRY_TUNNEL_DATA,       /* a fragment of a message on a stream */
  WHERRY_TUNNEL_RESET,      /* the last one on a stream */
  WHERRY_TUNNEL_RESET_DONE, /* the answer */
  WHERRY_TUNNEL_CREDIT,     /* so much more may be sent */
  WHERRY_TUNNEL_SWITCH,     /* messages go another way from now on */
  WHERRY_TUNNEL_SWITCHED,   /* the answer: everything before was told */
  WHERRY_TUNNEL_CLOSE,
} WherryTunnelType;

typedef struct
{
  WherryTunnelType type;
  guint16 stream;
  gboolean end;             /* DATA: the last fragment of its message */
  guint8 ppid;              /* DATA */
  const guint8 *data;       /* DATA: borrowed from what was parsed */
  gsize length;             /* DATA */
  guint32 credit;           /* CREDIT; HELLO: the credit to begin with */
  guint32 max_message_size; /* HELLO: the largest that is taken */
} WherryTunnelFrame;

/**
 * wherry_tunnel_frame_parse:
 * @used: (out): how long the frame is, header and all
 *
 * The first frame of what is left of a message. Fails with WHERRY_ERROR_PROTOCOL for anything that
 * is not exactly one of the frames above.
 *
 * Thread: any
 */
gboolean wherry_tunnel_frame_parse (WherryTunnelFrame *frame, const guint8 *data, gsize length,
                                    gsize *used, GError **error);

/**
 * wherry_tunnel_frame_write:
 *
 * Appends it to @out.
 *
 * Thread: any
 */
void wherry_tunnel_frame_write (const WherryTunnelFrame *frame, GByteArray *out);

G_END_DECLS
