/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Something that carries messages on numbered streams: an SCTP association, a fake in the tests,
 * one day a WebSocket. Everything belongs to one thread, the owner; events are called on it. */

#include <gio/gio.h>

#include "transport/wherry-packet-transport.h"
#include "wire/wherry-message.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_STREAM_TRANSPORT (wherry_stream_transport_get_type ())
G_DECLARE_INTERFACE (WherryStreamTransport, wherry_stream_transport, WHERRY, STREAM_TRANSPORT,
                     GObject)

typedef enum
{
  WHERRY_SEND_OK,      /* taken: the transport holds its own reference */
  WHERRY_SEND_BLOCKED, /* not taken: try again after the writable event. Where messages interleave,
                        * one on another stream may be taken all the same */
  WHERRY_SEND_FAILED,  /* never will be: closed, no such stream, too large for the transport */
} WherrySendResult;

typedef enum
{
  WHERRY_RELIABLE,
  WHERRY_MAX_RETRANSMITS,      /* value: retransmissions (RFC 7496 section 4.1) */
  WHERRY_MAX_PACKET_LIFE_TIME, /* value: milliseconds (RFC 3758 section 3.5 / RFC 7496) */
} WherryReliability;

typedef struct
{
  gboolean ordered;
  WherryReliability reliability;
  guint32 value;
  guint16 priority; /* RFC 8831 section 6.4, 0: the default, see wherry_priority_get_weight() */
} WherrySendOptions;

typedef struct
{
  void (*state) (gpointer user_data, WherryTransportState state, const GError *error);
  /* One whole message. (transfer none) */
  void (*message) (gpointer user_data, guint16 stream, WherryMessage *message);
  /* The other side reset its outgoing stream: nothing more comes on it. (RFC 6525) */
  void (*incoming_reset) (gpointer user_data, guint16 stream);
  /* Our reset of the outgoing stream was performed: the id may be used again once both are. */
  void (*outgoing_reset) (gpointer user_data, guint16 stream);
  /* There is room again after WHERRY_SEND_BLOCKED. */
  void (*writable) (gpointer user_data);
  /* ensure_streams() succeeded later, or failed (n is what there is now). */
  void (*streams) (gpointer user_data, guint n);
} WherryStreamTransportEvents;

struct _WherryStreamTransportInterface
{
  GTypeInterface parent_iface;

  void (*set_events) (WherryStreamTransport *self, const WherryStreamTransportEvents *events,
                      gpointer user_data);
  WherryTransportState (*get_state) (WherryStreamTransport *self);
  WherrySendResult (*send) (WherryStreamTransport *self, guint16 stream,
                            const WherrySendOptions *options, WherryMessage *message);
  guint (*get_n_streams) (WherryStreamTransport *self);
  gboolean (*ensure_streams) (WherryStreamTransport *self, guint n);
  void (*reset_stream) (WherryStreamTransport *self, guint16 stream);
  void (*set_paused) (WherryStreamTransport *self, gboolean paused);
  void (*drain) (WherryStreamTransport *self); /* (nullable): set_paused(FALSE) is enough */
  gsize (*get_buffered) (WherryStreamTransport *self);
  gboolean (*is_interleaving) (WherryStreamTransport *self); /* (nullable): no */
  void (*cork) (WherryStreamTransport *self);
  void (*uncork) (WherryStreamTransport *self);
  void (*close) (WherryStreamTransport *self);
};

/* Messages that come before events are set are held (at most what SCTP's receive buffer holds). */
void wherry_stream_transport_set_events (WherryStreamTransport *self,
                                         const WherryStreamTransportEvents *events,
                                         gpointer user_data);
WherryTransportState wherry_stream_transport_get_state (WherryStreamTransport *self);
/* A large message that was taken is fed on as room comes, and until all of it is in, every send is
 * BLOCKED: unless is_interleaving(), and then only sends on its stream, messages that are large
 * themselves and of no higher priority, and those that have had their share for now. */
WherrySendResult wherry_stream_transport_send (WherryStreamTransport *self, guint16 stream,
                                               const WherrySendOptions *options,
                                               WherryMessage *message);
/* Streams that can be sent on now; 0 before it is connected. */
guint wherry_stream_transport_get_n_streams (WherryStreamTransport *self);
/* TRUE: streams 0 to n-1 can be sent on now. FALSE: asked for; the streams event tells. */
gboolean wherry_stream_transport_ensure_streams (WherryStreamTransport *self, guint n);
/* Reset our outgoing stream once everything sent on it is out. */
void wherry_stream_transport_reset_stream (WherryStreamTransport *self, guint16 stream);
/* While paused, no message event comes and the association's receive window closes (backpressure).
 * On the association's end everything whole that had been received is delivered all the same,
 * paused or not, before the state event. */
void wherry_stream_transport_set_paused (WherryStreamTransport *self, gboolean paused);
/* Before close(): everything whole that has been received is delivered, paused or not, before this
 * returns. */
void wherry_stream_transport_drain (WherryStreamTransport *self);
/* Bytes taken by send() that the other side has not acknowledged. */
gsize wherry_stream_transport_get_buffered (WherryStreamTransport *self);
/* Whether messages on different streams interleave (RFC 8260): after BLOCKED it is worth to try
 * others. */
gboolean wherry_stream_transport_is_interleaving (WherryStreamTransport *self);
/* Between cork and uncork packets are collected and go down in one call; nests. */
void wherry_stream_transport_cork (WherryStreamTransport *self);
void wherry_stream_transport_uncork (WherryStreamTransport *self);
/* Ends it at once, the other side is told (SCTP ABORT). No event follows. */
void wherry_stream_transport_close (WherryStreamTransport *self);

G_END_DECLS
