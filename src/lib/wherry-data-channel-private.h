/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is behind a WherryDataChannel: channel-core (what the program sees of it),
 * channel-core-send (what it sends). The object is a shell that may lose its last reference on any
 * thread; it holds a reference to this. */

#include "base/wherry-lock.h"
#include "channel/wherry-channel.h"
#include "lib/wherry-data-channel.h"
#include "wire/wherry-message.h"

G_BEGIN_DECLS

typedef struct _WherryConnection WherryConnection;
typedef struct _WherryChannelCore WherryChannelCore;

struct _WherryChannelCore
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  WherryConnection *connection; /* a reference */
  char *label;
  char *protocol;
  gboolean ordered;
  int max_packet_life_time;
  int max_retransmits;
  gboolean negotiated;
  guint16 wire_priority;
  int made_id; /* -1: it was made without one */

  /* any thread: internally locked or atomic */
  GWeakRef shell;    /* of WherryDataChannel */
  GQueue outgoing;   /* connection's lock: of WherryMessage; only the peer thread takes from it */
  gboolean is_ready; /* connection's lock: it is in the list of those that have to send */
  gsize sent;        /* connection's lock: payload bytes sent and not yet told */
  gboolean sent_told;

  /* peer thread only */
  WherryChannel *channel; /* a reference; NULL before it is made and once it is closed */
  gint64 turn;            /* bytes that it may still send before the others' turn */
  gboolean closing;       /* once everything is sent */
  gboolean touched;

  /* creator only */
  WherryDataChannelState state;
  int id; /* -1: not known */
  gboolean closed_here;
  guint number; /* in the statistics */
  guint64 messages_sent;
  guint64 bytes_sent;
  guint64 messages_received;
  guint64 bytes_received;
  guint64 buffered;
  guint64 low_threshold;
  GQueue waiting; /* of GTask, each with a WherryMessage, for room */
  GQueue held;    /* of WherryMessage, for the first handler */
  gboolean has_handler;
  gboolean pulled;      /* a stream takes what is held */
  gboolean discards;    /* nobody takes it any more */
  gboolean flushed;     /* closed here, and what was sent has arrived */
  gboolean ended_badly; /* not by a close */
  GIOStream *stream;    /* (nullable), weak */
};

/* init: (nullable). Not yet known to the peer. Thread: creator */
WherryChannelCore *wherry_channel_core_new (WherryConnection *connection, const char *label,
                                            const WherryDataChannelInit *init);
/* One of theirs. Thread: peer */
WherryChannelCore *wherry_channel_core_new_incoming (WherryConnection *connection,
                                                     WherryChannel *channel);
WherryChannelCore *wherry_channel_core_ref (WherryChannelCore *self); /* Thread: any */
void wherry_channel_core_unref (WherryChannelCore *self);             /* Thread: any */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryChannelCore, wherry_channel_core_unref)

/* ---- Thread: creator ---- */

/* (transfer full): its object */
WherryDataChannel *wherry_data_channel_new (WherryChannelCore *core);
WherryChannelCore *wherry_data_channel_get_core (WherryDataChannel *self);
void wherry_data_channel_emit_message (WherryDataChannel *self, WherryMessage *message);
void wherry_data_channel_emit (WherryDataChannel *self, const char *name);
void wherry_data_channel_emit_error (WherryDataChannel *self, const GError *error);
gboolean wherry_data_channel_has_handler (WherryDataChannel *self);

/* (transfer full) (nullable) */
WherryDataChannel *wherry_channel_core_get_shell (WherryChannelCore *self);
void wherry_channel_core_set_id (WherryChannelCore *self, int id);
/* open: tells of it as well */
void wherry_channel_core_set_open (WherryChannelCore *self, gboolean tell);
/* The channel is closed, by the other side or as we asked. error: (nullable) */
void wherry_channel_core_closed (WherryChannelCore *self, const GError *error);
/* The connection is closed: nothing is told. */
void wherry_channel_core_abandon (WherryChannelCore *self);
void wherry_channel_core_close (WherryChannelCore *self);
/* Takes message. */
void wherry_channel_core_receive (WherryChannelCore *self, WherryMessage *message);
/* Whether what it holds can be told now. */
gboolean wherry_channel_core_can_release (WherryChannelCore *self);
/* Tells some of what it holds. FALSE: it holds nothing more. */
gboolean wherry_channel_core_release (WherryChannelCore *self);
/* A stream: messages are held for it from now on. */
void wherry_channel_core_start_pulling (WherryChannelCore *self);
/* Whether there is a message, or will never be one. */
gboolean wherry_channel_core_can_pull (WherryChannelCore *self);
/* (transfer full) (nullable) */
WherryMessage *wherry_channel_core_pull (WherryChannelCore *self);
/* What comes is dropped. */
void wherry_channel_core_stop_reading (WherryChannelCore *self);

/* Takes message. */
gboolean wherry_channel_core_send (WherryChannelCore *self, WherryMessage *message, GError **error);
/* Takes message. Of one that is open, and whatever it has. */
void wherry_channel_core_push (WherryChannelCore *self, WherryMessage *message);
/* Takes message and task. */
void wherry_channel_core_send_when_possible (WherryChannelCore *self, WherryMessage *message,
                                             GTask *task);
/* Something has gone to the network. */
void wherry_channel_core_sent (WherryChannelCore *self);
/* Those that wait for room fail. */
void wherry_channel_core_fail_waiting (WherryChannelCore *self);

WherryPriority wherry_priority_from_wire (guint16 priority);
guint16 wherry_priority_to_wire (WherryPriority priority);

G_END_DECLS
