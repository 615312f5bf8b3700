/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* wherry-mux.c (the session: what comes, and who may send when), wherry-mux-stream.c (one stream).
 * Main thread only. */

#include "cli/stream/wherry-mux.h"

struct _WherryMuxStream
{
  WherryMux *mux; /* NULL: it is closed, and waits for who holds it */
  int ref_count;
  guint32 id;
  const WherryMuxStreamEvents *events; /* NULL: not taken yet */
  gpointer user_data;
  GBytes *pending;     /* (nullable): was written and has not gone */
  guint64 send_credit; /* what the other side lets us send */
  gint64 receive_left; /* what we let it send */
  gint64 held;         /* came, and was not consumed */
  gboolean is_queued;  /* among those that have something to say */
  gboolean open_owed;
  gboolean end_wanted, end_sent, end_received;
  gboolean done_wanted, done_sent, done_received;
};

typedef struct
{
  guint32 stream;
  WherryMuxCode code;
  char *text; /* (nullable) */
} WherryMuxReset;

struct _WherryMux
{
  int ref_count;
  const WherryMuxEvents *events; /* NULL: it has ended */
  gpointer user_data;
  GHashTable *streams; /* id -> WherryMuxStream */
  GQueue ready;        /* of WherryMuxStream: these have something to say */
  GQueue starved;      /* of WherryMuxStream: these wait for credit of the session */
  GQueue resets;       /* of WherryMuxReset */
  guint max_streams;
  guint32 next_own;   /* the next stream that is opened here */
  guint32 last_other; /* the last one that was opened there; 0: none */
  guint32 our_stream_window, their_stream_window;
  gint64 window; /* that we let the other side have, in all */
  gint64 receive_left;
  guint64 send_credit;
  gboolean is_flushing;
  gboolean is_blocked; /* till the carrier takes more */
};

typedef enum
{
  WHERRY_MUX_SENT,
  WHERRY_MUX_SILENT,  /* it has nothing to say, or may not */
  WHERRY_MUX_STARVED, /* it needs credit of the session */
  WHERRY_MUX_BLOCKED, /* the carrier takes no more */
} WherryMuxTurn;

WherryMuxStream *wherry_mux_stream_new (WherryMux *mux, guint32 id);
WherryMuxStream *wherry_mux_stream_ref (WherryMuxStream *self);
void wherry_mux_stream_unref (WherryMuxStream *self);
/* Sends one message. */
WherryMuxTurn wherry_mux_stream_speak (WherryMuxStream *self);
/* It is no more: who has it is told, if error says so or tell does. */
void wherry_mux_stream_close (WherryMuxStream *self, const GError *error, gboolean tell);
/* Both have had all: closes it. */
void wherry_mux_stream_settle (WherryMuxStream *self);

/* FALSE: it may be sent later, or the session has failed */
gboolean wherry_mux_send (WherryMux *self, const WherryMuxFrame *frame);
/* It has something to say. */
void wherry_mux_enqueue (WherryMux *self, WherryMuxStream *stream);
void wherry_mux_forget (WherryMux *self, WherryMuxStream *stream);
void wherry_mux_queue_reset (WherryMux *self, guint32 stream, WherryMuxCode code, const char *text);
