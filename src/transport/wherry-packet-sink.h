/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an implementation of WherryPacketTransport keeps its listener: packets go to the listener's
 * packet event or, until events are set, into an early queue. The implementation holds a reference
 * to itself over each call. Thread: owner */

#include "transport/wherry-early-queue.h"
#include "transport/wherry-packet-transport.h"

G_BEGIN_DECLS

typedef struct
{
  const WherryPacketTransportEvents *events;
  gpointer user_data;
  gboolean closed;
  WherryEarlyQueue early;
} WherryPacketSink;

void wherry_packet_sink_init (WherryPacketSink *self);
void wherry_packet_sink_clear (WherryPacketSink *self);
/* Replays what was held, before it returns. */
void wherry_packet_sink_set_events (WherryPacketSink *self,
                                    const WherryPacketTransportEvents *events, gpointer user_data);
void wherry_packet_sink_packet (WherryPacketSink *self, const guint8 *data, gsize length);
void wherry_packet_sink_state (WherryPacketSink *self, WherryTransportState state,
                               const GError *error);
/* No event goes out any more, nothing is held any more. */
void wherry_packet_sink_close (WherryPacketSink *self);

/* What send() checks first: WHERRY_ERROR_CLOSED unless state is CONNECTED, WHERRY_ERROR_TOO_LARGE
 * if a packet is over mtu. what: "DTLS", for the message. */
gboolean wherry_packet_sink_check_send (const char *what, WherryTransportState state, gsize mtu,
                                        const GOutputVector *packets, guint n, GError **error);

G_END_DECLS
