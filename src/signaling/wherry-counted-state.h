/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a counted stream and its two halves share; libsoup may keep the halves longer than the
 * stream. Private to the counted stream. Thread: hub */

#include <gio/gio.h>

#include "base/wherry-clock.h"
#include "signaling/wherry-frame-watch.h"
#include "signaling/wherry-head-watch.h"
#include "base/wherry-token-bucket.h"

G_BEGIN_DECLS

typedef struct _WherryCountedState WherryCountedState;

struct _WherryCountedState
{
  grefcount ref_count;
  GSocket *socket;
  GSocketConnection *connection;
  WherryClock *clock;
  gsize batch;      /* read since a source was made */
  gsize read_limit; /* total_read may not pass it; 0: none */
  guint64 total_read;
  guint64 total_written;
  guint64 total_queued; /* what get_queued() compares with total_written */
  GByteArray *ahead;    /* read from the socket, not yet handed on */
  gboolean by_line;     /* it is HTTP: hand on no more than a line at a time */
  WherryHeadWatch head;
  WherryFrameWatch frames;
  gboolean has_frames;
  WherryTokenBucket bucket;
  gboolean has_bucket;
  gboolean blocked;   /* the last write was not taken */
  gboolean mid_frame; /* the last write was taken in part */
  gboolean aborted;
};

WherryCountedState *wherry_counted_state_new (void);
WherryCountedState *wherry_counted_state_ref (WherryCountedState *self);
void wherry_counted_state_unref (WherryCountedState *self);

/* Looks at what is handed on; FALSE: it passes a limit, and the stream ends here. */
gboolean wherry_counted_state_check_read (WherryCountedState *self, const guint8 *data,
                                          gsize length);
/* How long reading has to wait for its rate; 0: it does not. */
gint64 wherry_counted_state_wait_us (WherryCountedState *self);
GPollableInputStream *wherry_counted_state_get_input (WherryCountedState *self);
GPollableOutputStream *wherry_counted_state_get_output (WherryCountedState *self);
/* Sources of stream, which is either half: when the socket is ready, and after a while. One level
 * less than the base stream's own, because the main context's work grows with every source. */
GSource *wherry_counted_state_socket_source (WherryCountedState *self, gpointer stream,
                                             GIOCondition condition, GCancellable *cancellable);
GSource *wherry_counted_state_timeout_source (WherryCountedState *self, gpointer stream,
                                              gint64 interval_us);
/* A control frame of our own past libsoup, between two of its frames. FALSE: there is no room. */
gboolean wherry_counted_state_write_frame (WherryCountedState *self, const char *frame,
                                           gsize length);

G_DECLARE_FINAL_TYPE (WherryCountedInput, wherry_counted_input, WHERRY, COUNTED_INPUT, GInputStream)
G_DECLARE_FINAL_TYPE (WherryCountedOutput, wherry_counted_output, WHERRY, COUNTED_OUTPUT,
                      GOutputStream)

/* state: referenced */
GInputStream *wherry_counted_input_new (WherryCountedState *state);
GOutputStream *wherry_counted_output_new (WherryCountedState *state);

G_END_DECLS
