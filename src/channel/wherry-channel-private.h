/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a channel and its set know of each other. A channel is a record; what happens to it is
 * decided in channel-set (ids, life) and channel-protocol (DCEP, resets). Owner thread only. */

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
  gboolean ack_due;       /* accepted, but our stream did not exist yet */
  gboolean incoming_done; /* they reset their stream */
  gboolean outgoing_done; /* ours is reset */
};

struct _WherryChannelSet
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  guint max_channels;
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
  GHashTable *refused; /* streams that are being reset without a channel */
  GQueue control;      /* of Control: DCEP messages that wait for room, ahead of everything */
};

/* ---- channel ---- */
WherryChannel *wherry_channel_new (WherryChannelSet *set, const WherryChannelInit *init);
void wherry_channel_set_id (WherryChannel *self, guint16 id);

/* ---- channel-set ---- */
/* Out of the set, state CLOSED, closed event. */
void wherry_channel_set_finish (WherryChannelSet *self, WherryChannel *channel);
void wherry_channel_set_add (WherryChannelSet *self, WherryChannel *channel);
/* Channels now, each with a reference: events may change the set. */
GPtrArray *wherry_channel_set_snapshot (WherryChannelSet *self);

/* ---- channel-protocol ---- */
extern const WherryStreamTransportEvents wherry_channel_protocol_events;
/* The association is up: open it, or ask for the streams that it needs. */
void wherry_channel_protocol_start (WherryChannelSet *self, WherryChannel *channel);
void wherry_channel_protocol_connected (WherryChannelSet *self);
WherrySendResult wherry_channel_protocol_send (WherryChannelSet *self, WherryChannel *channel,
                                               WherryMessage *message);
void wherry_channel_protocol_accept (WherryChannelSet *self, WherryChannel *channel);
void wherry_channel_protocol_close (WherryChannelSet *self, WherryChannel *channel);
/* Control messages that wait are dropped; channel: of this one only (nullable: of all). */
void wherry_channel_protocol_forget (WherryChannelSet *self, WherryChannel *channel);

G_END_DECLS
