/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An SCTP association (RFC 9260) over a packet transport (DTLS: RFC 8261): a WherryStreamTransport.
 *
 * It takes the lower transport's events for itself. The handshake starts when the lower transport
 * is CONNECTED; both sides connect (simultaneous open, RFC 8841 section 9.3). Everything belongs to
 * the thread that made it, which runs owner_context.
 *
 * FAILED with WHERRY_ERROR_TIMEOUT (nobody answered), WHERRY_ERROR_RESOURCES, or the lower
 * transport's error. When the other side aborts or shuts down: CLOSED with WHERRY_ERROR_CLOSED. */

#include "base/wherry-budget.h"
#include "base/wherry-log.h"
#include "transport/wherry-stream-transport.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_SCTP_ASSOCIATION (wherry_sctp_association_get_type ())
G_DECLARE_FINAL_TYPE (WherrySctpAssociation, wherry_sctp_association, WHERRY, SCTP_ASSOCIATION,
                      GObject)

/* Zero and NULL mean the default. */
typedef struct
{
  guint16 local_port;     /* a=sctp-port of our description; 5000 */
  guint16 remote_port;    /* a=sctp-port of theirs; 5000 */
  gsize max_message_size; /* what we take; larger ones are dropped and counted */
  guint initial_streams;  /* WHERRY_SCTP_STREAMS_INITIAL; at most WHERRY_SCTP_STREAMS_MAX. A peer
                           * that cannot add streams later is bound by this: give the highest
                           * negotiated id + 1 */
  guint max_incoming_streams;  /* WHERRY_SCTP_STREAMS_INCOMING: as far as theirs can grow, for good;
                                * more if ensure_streams() asked for more before the handshake */
  gsize send_buffer;           /* WHERRY_SCTP_SNDBUF */
  gsize receive_buffer;        /* WHERRY_SCTP_RCVBUF */
  WherryBudget *budget;        /* charged for reassembly, messages, and streams beyond those that
                                * it sets out with (nullable) */
  gint64 streams_limit_us;     /* WHERRY_SCTP_STREAMS_LIMIT_US */
  gboolean no_interleaving;    /* I-DATA (RFC 8260) is not offered: large messages go one by one */
  const WherryLogContext *log; /* copied (nullable) */
} WherrySctpConfig;

/* Holds a reference to lower. config may be NULL. Thread: peer */
WherrySctpAssociation *wherry_sctp_association_new (WherryPacketTransport *lower,
                                                    GMainContext *owner_context,
                                                    const WherrySctpConfig *config);

G_END_DECLS
