/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How much of what usrsctp took is not yet acknowledged. usrsctp does not tell, so it is read off
 * the packets: DATA chunks that go out for the first time, cumulative acknowledgements that come in
 * (RFC 9260 sections 3.3.1 and 3.3.4). Thread: peer */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  GQueue sent;       /* of payload lengths, one for each TSN from first_tsn on */
  guint32 first_tsn; /* of sent's head */
  gboolean any;      /* first_tsn is known */
  gsize unsent;      /* taken, not seen in a packet */
  gsize unacked;     /* seen in a packet, not acknowledged */
} WherrySctpFlight;

void wherry_sctp_flight_init (WherrySctpFlight *self);
void wherry_sctp_flight_clear (WherrySctpFlight *self);
/* usrsctp took this much. */
void wherry_sctp_flight_taken (WherrySctpFlight *self, gsize bytes);
void wherry_sctp_flight_packet_out (WherrySctpFlight *self, const guint8 *data, gsize length);
void wherry_sctp_flight_packet_in (WherrySctpFlight *self, const guint8 *data, gsize length);
/* usrsctp holds nothing (messages that were given up before they were sent leave no trace). */
void wherry_sctp_flight_reset (WherrySctpFlight *self);
gsize wherry_sctp_flight_get_bytes (const WherrySctpFlight *self);

G_END_DECLS
