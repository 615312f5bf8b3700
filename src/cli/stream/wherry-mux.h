/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/stream/wherry-mux-frame.h"

/*
 * Byte streams between two programs over one carrier of messages, reliable and in order: an
 * addressed channel of a room, or a data channel. Each stream has an end in either direction, and
 * credit: no more of it is on its way, or waits at the other side, than that side has room for; and
 * no more of all streams is on its way than the relay holds for a member, so that nobody becomes
 * slow by it. No I/O here: what is to be sent is given to a function, what came is taken.
 *
 * Main thread only.
 */
typedef struct _WherryMux WherryMux;
typedef struct _WherryMuxStream WherryMuxStream;

typedef struct
{
  /* FALSE with WHERRY_ERROR_WOULD_BLOCK: once more after wherry_mux_flush(); with any other error
   * the session has failed. */
  gboolean (*send) (gpointer user_data, GBytes *message, GError **error);
  /* The other side opened it: take it, or reset it, before this returns. */
  void (*opened) (gpointer user_data, WherryMuxStream *stream);
  /* It has ended, and so have its streams: the other side ended it, or broke the protocol. */
  void (*failed) (gpointer user_data, const GError *error);
} WherryMuxEvents;

typedef struct
{
  /* bytes: hand their size to wherry_mux_stream_consumed() when they are where they go */
  void (*data) (gpointer user_data, GBytes *bytes);
  /* No data follows: call wherry_mux_stream_done() when all of it is where it goes. */
  void (*ended) (gpointer user_data);
  /* wherry_mux_stream_write() takes more. */
  void (*room) (gpointer user_data);
  /* It is no more. error: NULL: both sides have ended it, and had all of it */
  void (*closed) (gpointer user_data, const GError *error);
} WherryMuxStreamEvents;

/*
 * (transfer full): a session that is agreed on. ours, theirs: what either side lets the other send;
 * is_inviter: this side invited; max_streams: that the other side may have open. Inside of its
 * events it may be freed.
 */
WherryMux *wherry_mux_new (const WherryMuxGreeting *ours, const WherryMuxGreeting *theirs,
                           gboolean is_inviter, guint max_streams, const WherryMuxEvents *events,
                           gpointer user_data);
/* Streams are closed, and nobody is told. */
void wherry_mux_free (WherryMux *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryMux, wherry_mux_free)

/* What came from the other side: not INVITE and ACCEPT, which are its user's. */
void wherry_mux_take (WherryMux *self, const WherryMuxFrame *frame);
/* The carrier takes more. */
void wherry_mux_flush (WherryMux *self);
/* The carrier is gone: streams are closed with this error. failed() is not called. */
void wherry_mux_break (WherryMux *self, const GError *error);
/* How much of all streams may be on its way to this side, from now on. */
void wherry_mux_set_window (WherryMux *self, guint32 window);
guint wherry_mux_count_streams (WherryMux *self);

/* ---- streams: borrowed, until closed() or wherry_mux_stream_reset() ---- */

/* (transfer none) (nullable): NULL: the carrier failed at that, and closed() was called */
WherryMuxStream *wherry_mux_open (WherryMux *self, const WherryMuxStreamEvents *events,
                                  gpointer user_data);
void wherry_mux_stream_take (WherryMuxStream *self, const WherryMuxStreamEvents *events,
                             gpointer user_data);
gboolean wherry_mux_stream_has_room (WherryMuxStream *self);
/* bytes: 1 to WHERRY_MUX_DATA_MAX. There must be room. */
void wherry_mux_stream_write (WherryMuxStream *self, GBytes *bytes);
/* Nothing follows what was written. */
void wherry_mux_stream_end (WherryMuxStream *self);
void wherry_mux_stream_consumed (WherryMuxStream *self, gsize size);
void wherry_mux_stream_done (WherryMuxStream *self);
/* closed() is not called. text: (nullable): for people at the other side */
void wherry_mux_stream_reset (WherryMuxStream *self, WherryMuxCode code, const char *text);
