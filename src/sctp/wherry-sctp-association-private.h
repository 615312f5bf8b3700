/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of an association, each in its own file: association (life), pump (order of
 * work, packets, the end), receive, notifications, send, streams, resets. */

#include <usrsctp.h>

#include "base/wherry-loop-end.h"
#include "base/wherry-owner.h"

#include "sctp/wherry-sctp-association.h"
#include "sctp/wherry-sctp-flight.h"
#include "sctp/wherry-sctp-pieces.h"
#include "sctp/wherry-sctp-runtime.h"
#include "sctp/wherry-sctp-turns.h"

G_BEGIN_DECLS

/* Packets of one entry, in one piece of memory. */
typedef struct
{
  GByteArray *bytes;
  GArray *lengths; /* of gsize */
} WherrySctpPackets;

struct _WherrySctpAssociation
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  WherryPacketTransport *lower;
  GMainContext *context;
  WherrySctpConfig config;
  WherryLogContext log;

  /* peer thread only */
  WherryOwner owner;
  WherryTransportState state;
  gboolean interleaving; /* I-DATA was negotiated (RFC 8260 section 2.2.1) */
  const WherryStreamTransportEvents *events;
  gpointer user_data;

  WherrySctpEndpoint *endpoint;
  struct socket *so;
  gboolean changed;   /* usrsctp said that the socket has something for us */
  gboolean start_due; /* the lower transport was CONNECTED before us */
  gboolean pumping;
  GSource *continuation;

  WherrySctpPackets packets;
  guint corked;
  guint burst; /* packets that came in this iteration of the loop; corked while there are any */
  WherryLoopEnd *burst_end;

  /* receive */
  gboolean paused;
  guint32 acked;              /* TSN that we acknowledged last, and all before it */
  gboolean draining;          /* the end: read all that there is, paused or not */
  GHashTable *assemblies;     /* stream and order -> WherrySctpAssembly */
  gsize unfinished_bytes;     /* in all of them */
  WherrySctpPieces *pieces;   /* (nullable: there was no data) */
  gsize pieces_charged;       /* to holder, for these */
  WherryBudgetHolder *holder; /* of these (nullable: no budget) */
  GByteArray *notification;   /* one that comes in pieces (nullable) */

  /* send */
  WherrySctpTurns turns;
  WherrySctpOutgoing tail; /* kept back: it may be the last one of a corked batch */
  gboolean bundles;        /* SCTP_NODELAY is off */
  guint8 own_tag[4];       /* that the other side's packets bear (RFC 9260 section 8.5) */
  gboolean blocked;        /* somebody waits for the writable event */
  WherrySctpFlight flight;
  guint rto_max_ms;
  gint64 rto_review_us; /* not before that time */

  /* streams */
  guint n_streams;
  guint n_incoming;
  guint n_paid;           /* of both, that the budget is not charged for */
  gsize stream_bytes;     /* charged for the others */
  guint wanted;           /* ensure_streams() asked for */
  guint asked_for;        /* usrsctp waits for the answer; 0: nothing */
  GSource *streams_timer; /* runs while usrsctp waits */
  gboolean unanswered;    /* it waits in vain, and for as long can reset nothing */
  gboolean streams_due;   /* tell of a refusal */
  GArray *resets;         /* guint16, not yet asked for */
  GArray *resets_asked;   /* usrsctp has them */
  GArray *resets_denied;  /* guint16, to be told as done: the other side cannot reset */

  GByteArray *held_reset; /* theirs, in a packet: what was sent before is missing (nullable) */
  guint32 held_reset_tsn;

  /* end: decided, not yet reported */
  WherryTransportState end_state;
  GError *end_error;
};

/* Around each usrsctp call. */
#define WHERRY_SCTP_CALL(self, call)                                                               \
  G_STMT_START                                                                                     \
  {                                                                                                \
    wherry_sctp_endpoint_enter ((self)->endpoint);                                                 \
    call;                                                                                          \
    wherry_sctp_endpoint_leave ((self)->endpoint);                                                 \
  }                                                                                                \
  G_STMT_END

/* ...which arms no timer: it only asks, or reads, or takes a heartbeat. */
#define WHERRY_SCTP_CALL_QUIETLY(self, call)                                                       \
  G_STMT_START                                                                                     \
  {                                                                                                \
    wherry_sctp_endpoint_enter_quietly ((self)->endpoint);                                         \
    call;                                                                                          \
    wherry_sctp_endpoint_leave ((self)->endpoint);                                                 \
  }                                                                                                \
  G_STMT_END

/* association */
void wherry_sctp_association_start_due (WherrySctpAssociation *self);

/* rto */
/* A packet has come. */
void wherry_sctp_association_review_rto (WherrySctpAssociation *self);

/* pump */
void wherry_sctp_association_cork (WherrySctpAssociation *self);
void wherry_sctp_association_uncork (WherrySctpAssociation *self);
/* A packet came: what is sent until the end of this iteration of the loop, or the next few, goes
 * together. */
void wherry_sctp_association_join_burst (WherrySctpAssociation *self);
void wherry_sctp_association_end_burst (gpointer self);
void wherry_sctp_association_add_packet (WherrySctpAssociation *self, const guint8 *data,
                                         gsize length);
/* Do whatever there is to do: read, send, ask for streams, end. */
void wherry_sctp_association_pump (WherrySctpAssociation *self);
void wherry_sctp_association_release (WherrySctpAssociation *self);
gboolean wherry_sctp_association_is_ended (WherrySctpAssociation *self);
/* FALSE: it is gone in usrsctp, though what tells of it may be behind what is unread. */
gboolean wherry_sctp_association_is_open (WherrySctpAssociation *self);
/* Pump from the context, soon. */
void wherry_sctp_association_schedule (WherrySctpAssociation *self);
/* Decide the end; it is carried out by the pump. Takes error. Only the first one counts. */
void wherry_sctp_association_end (WherrySctpAssociation *self, WherryTransportState state,
                                  GError *error);
void wherry_sctp_association_set_state (WherrySctpAssociation *self, WherryTransportState state,
                                        const GError *error);

/* receive: TRUE when there may be more than one batch */
gboolean wherry_sctp_association_receive (WherrySctpAssociation *self);
gboolean wherry_sctp_association_may_read (WherrySctpAssociation *self);
void wherry_sctp_association_clear_received (WherrySctpAssociation *self);
void wherry_sctp_association_init_receive (WherrySctpAssociation *self);
/* A packet with data, for usrsctp. */
void wherry_sctp_association_mark (WherrySctpAssociation *self, guint8 *packet, gsize length);
/* All that came before something else: what was given up before holds up nothing any more. */
void wherry_sctp_association_deliver_ready (WherrySctpAssociation *self);
/* What is there of messages of this stream is all there will be: it was reset. */
void wherry_sctp_association_drop_stream (WherrySctpAssociation *self, guint16 stream);

/* notifications */
void wherry_sctp_association_notification (WherrySctpAssociation *self, const guint8 *data,
                                           gsize length);

/* send */
WherrySendResult wherry_sctp_association_send (WherryStreamTransport *transport, guint16 stream,
                                               const WherrySendOptions *options,
                                               WherryMessage *message);
gsize wherry_sctp_association_get_buffered (WherryStreamTransport *transport);
/* The end of a corked batch: the message that was kept back goes, and takes all with it. */
void wherry_sctp_association_flush_tail (WherrySctpAssociation *self);
/* At the end of each entry with open messages that others went past. */
void wherry_sctp_association_nudge (WherrySctpAssociation *self);
void wherry_sctp_association_continue_send (WherrySctpAssociation *self);
void wherry_sctp_association_clear_send (WherrySctpAssociation *self);
/* A message on this stream is accepted and not all in usrsctp. */
gboolean wherry_sctp_association_is_sending (WherrySctpAssociation *self, guint16 stream);

/* streams */
/* The handshake is done. */
void wherry_sctp_association_start_streams (WherrySctpAssociation *self, guint outgoing,
                                            guint incoming);
void wherry_sctp_association_clear_streams (WherrySctpAssociation *self);
guint wherry_sctp_association_get_n_streams (WherryStreamTransport *transport);
gboolean wherry_sctp_association_ensure_streams (WherryStreamTransport *transport, guint n);
void wherry_sctp_association_reset_stream (WherryStreamTransport *transport, guint16 stream);
void wherry_sctp_association_continue_streams (WherrySctpAssociation *self);
void wherry_sctp_association_on_stream_reset (WherrySctpAssociation *self, guint flags,
                                              const guint16 *streams, gsize n);
void wherry_sctp_association_on_stream_change (WherrySctpAssociation *self, guint flags,
                                               guint incoming, guint outgoing);

/* resets: asked for by the other side */
void wherry_sctp_association_feed (WherrySctpAssociation *self, const guint8 *packet, gsize length);
/* A packet that asks for a reset, and the last TSN before it. */
void wherry_sctp_association_take_reset (WherrySctpAssociation *self, const guint8 *packet,
                                         gsize length, guint32 tsn);
void wherry_sctp_association_release_reset (WherrySctpAssociation *self);
/* If it is an INIT or INIT ACK: what comes before their first TSN counts as acknowledged. */
void wherry_sctp_association_note_first_tsn (WherrySctpAssociation *self, const guint8 *packet,
                                             gsize length);

G_END_DECLS
