/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A stream transport over anything that carries binary messages reliably and in order, as a
 * WebSocket does (wire/wherry-tunnel-frame.h). No I/O: what comes is given to input(), what is to
 * go is given to output(). Everything on it is reliable and ordered, whatever the options of a
 * message say.
 *
 * One window of credit for the whole connection, like SCTP's: a reader that pauses gives no credit
 * back, and the other end is BLOCKED after WHERRY_TUNNEL_WINDOW. Large messages go in fragments, in
 * turn with each other, and leave a part of the window to small ones. Events come from inside
 * input(), end() and set_paused(FALSE). */

#include "transport/wherry-stream-transport.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_FRAME_STREAM (wherry_frame_stream_get_type ())
G_DECLARE_FINAL_TYPE (WherryFrameStream, wherry_frame_stream, WHERRY, FRAME_STREAM, GObject)

typedef struct
{
  /* A binary message to be sent: one or more frames. (transfer full) */
  void (*output) (gpointer user_data, GBytes *frames);
  /* The other side sends its messages another way from now on; all that it sent here was told. To
   * be answered by acknowledge_switch(). (nullable) */
  void (*switching) (gpointer user_data);
  /* The answer to ours. (nullable) */
  void (*switched) (gpointer user_data);
} WherryFrameStreamCarrier;

/* max_message_size: what is taken. budget: (nullable). Its greeting goes out at once. */
WherryFrameStream *wherry_frame_stream_new (gsize max_message_size, WherryBudget *budget,
                                            const WherryFrameStreamCarrier *carrier,
                                            gpointer carrier_data);
/* A binary message that came. What breaks a rule fails the transport (WHERRY_ERROR_PROTOCOL). */
void wherry_frame_stream_input (WherryFrameStream *self, const guint8 *data, gsize length);
/* The carrier is gone: what had come is told, then state: FAILED or CLOSED. */
void wherry_frame_stream_end (WherryFrameStream *self, WherryTransportState state,
                              const GError *error);
/* What the other side takes; 0 before its greeting. */
gsize wherry_frame_stream_get_remote_max_message_size (WherryFrameStream *self);

/* Behind all that was sent: the other side hears of it in turn. Nothing more is sent meanwhile. */
void wherry_frame_stream_switch (WherryFrameStream *self);
void wherry_frame_stream_acknowledge_switch (WherryFrameStream *self);

G_END_DECLS
