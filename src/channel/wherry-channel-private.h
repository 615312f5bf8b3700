/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a channel and its set know of each other. A channel is a record; what happens to it is
 * decided in channel-set (ids, life), channel-protocol (opening, messages), channel-control (DCEP
 * messages out), channel-closing (resets) and channel-held (OPENs that come too early). Owner
 * thread only. */

#include "base/wherry-owner.h"
#include "channel/wherry-channel-set.h"
#include "channel/wherry-channel.h"

G_BEGIN_DECLS

struct _WherryChannel
{
  GObject parent_instance;

  WherryChannelSet *set; /* NULL once closed; not a reference */
  WherryChannelInit init;
  char *label;
  char *protocol;
  WherryChannelState state;
  gpointer user_data;

  gboolean theirs;        /* made by their OPEN */
  gboolean started;       /* our OPEN was given to the set, or the stream is in use otherwise */
  gboolean acknowledged;  /* unordered messages may be: RFC 8832 section 6 */
  gboolean wait_streams;  /* the association has not as many streams yet */
  gboolean wait_reset;    /* our reset of the stream, from before, is not confirmed yet */
  gboolean ack_due;       /* accepted, but our stream did not exist yet */
  gboolean incoming_done; /* they reset their stream */
  gboolean outgoing_done; /* ours is reset */
};

struct _WherryChannelSet
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  guint max_channels;
  gboolean long_names;
  gboolean leaves_ids;
  const WherryChannelSetEvents *events;
  gpointer user_data;

  /* peer thread only */
  WherryOwner owner;
  WherryStreamTransport *transport; /* (nullable) */
  gboolean is_dtls_client;
  gboolean connected;
  gboolean closed;
  GPtrArray *channels; /* in order of making; holds the reference */
  GHashTable *by_id;   /* id -> channel, borrowed */
  guint n_theirs;
  gsize names_bytes;   /* of theirs; at most WHERRY_CHANNEL_NAMES_MAX, with long_names */
  GHashTable *refused; /* streams that are being reset without a channel */
  GQueue control;      /* of Control: DCEP messages that wait for room, ahead of everything */
  GHashTable *held;    /* stream -> what waits for our reset of it; channel-held */
  gsize held_bytes;    /* at most WHERRY_CHANNEL_HELD_MAX */
};

/* ---- channel ---- */
WherryChannel *wherry_channel_new (WherryChannelSet *set, const WherryChannelInit *init);
void wherry_channel_set_id (WherryChannel *self, guint16 id);

/* ---- channel-set ---- */
/* Out of the set, state CLOSED, closed event. */
void wherry_channel_set_finish (WherryChannelSet *self, WherryChannel *channel);
void wherry_channel_set_add (WherryChannelSet *self, WherryChannel *channel);
/* It has none yet. FALSE: the id is in use, or it has one */
gboolean wherry_channel_set_take_id (WherryChannelSet *self, WherryChannel *channel, guint16 id);
gboolean wherry_channel_set_has_room_for_names (WherryChannelSet *self,
                                                const WherryChannelInit *init);
/* Channels now, each with a reference: events may change the set. */
GPtrArray *wherry_channel_set_snapshot (WherryChannelSet *self);

/* ---- channel-protocol ---- */
extern const WherryStreamTransportEvents wherry_channel_protocol_events;
/* The association is up: open it, or ask for the streams that it needs. */
void wherry_channel_protocol_start (WherryChannelSet *self, WherryChannel *channel);
/* The reset that it waited for is confirmed. */
void wherry_channel_protocol_go_on (WherryChannelSet *self, WherryChannel *channel);
void wherry_channel_protocol_connected (WherryChannelSet *self);
WherrySendResult wherry_channel_protocol_send (WherryChannelSet *self, WherryChannel *channel,
                                               WherryMessage *message);
void wherry_channel_protocol_accept (WherryChannelSet *self, WherryChannel *channel);
gboolean wherry_channel_protocol_is_our_id (WherryChannelSet *self, guint16 id);
/* One that waits for nothing. The caller holds a reference to the set. */
void wherry_channel_protocol_message (WherryChannelSet *self, guint16 stream,
                                      WherryMessage *message);

/* ---- channel-control ---- */
/* Now, or as soon as there is room. Copies data. */
void wherry_channel_control_send (WherryChannelSet *self, WherryChannel *channel,
                                  const guint8 *data, gsize length);
/* FALSE: still no room. */
gboolean wherry_channel_control_flush (WherryChannelSet *self);
/* Its OPEN still waits for room: the other side never heard of it. */
gboolean wherry_channel_control_is_unsent (WherryChannelSet *self, WherryChannel *channel);
/* Control messages that wait are dropped; channel: of this one only (nullable: of all). */
void wherry_channel_control_forget (WherryChannelSet *self, WherryChannel *channel);

/* ---- channel-closing ---- */
void wherry_channel_closing_begin (WherryChannelSet *self, WherryChannel *channel);
/* A stream without a channel, or a channel that we do not take. */
void wherry_channel_closing_refuse (WherryChannelSet *self, guint16 stream);
/* Our reset of it is not confirmed. */
gboolean wherry_channel_closing_is_resetting (WherryChannelSet *self, guint16 stream);
/* One that waits for nothing. The caller holds a reference to the set. */
void wherry_channel_closing_incoming_reset (WherryChannelSet *self, guint16 stream);
void wherry_channel_closing_on_incoming_reset (gpointer user_data, guint16 stream);
void wherry_channel_closing_on_outgoing_reset (gpointer user_data, guint16 stream);

/* ---- channel-held ---- */
/* TRUE: it waits for our reset of the stream. What is over the limit is dropped, the channel
 * refused (CHANNELS_REFUSED). */
gboolean wherry_channel_held_take (WherryChannelSet *self, guint16 stream, WherryMessage *message);
gboolean wherry_channel_held_take_reset (WherryChannelSet *self, guint16 stream);
/* Our reset of the stream is done. The caller holds a reference to the set. */
void wherry_channel_held_replay (WherryChannelSet *self, guint16 stream);
void wherry_channel_held_clear (WherryChannelSet *self);

G_END_DECLS
