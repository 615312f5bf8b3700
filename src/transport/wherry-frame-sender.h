/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The sending half of a frame stream: cuts messages into frames as far as the credit goes, and
 * collects frames into binary messages. Thread: the frame stream's owner */

#include "transport/wherry-stream-transport.h"
#include "wire/wherry-tunnel-frame.h"

G_BEGIN_DECLS

typedef struct _WherryFrameSender WherryFrameSender;

WherryFrameSender *wherry_frame_sender_new (void (*output) (gpointer user_data, GBytes *frames),
                                            gpointer user_data);
void wherry_frame_sender_free (WherryFrameSender *self);

void wherry_frame_sender_cork (WherryFrameSender *self);
void wherry_frame_sender_uncork (WherryFrameSender *self);
/* Past everything that waits for credit. */
void wherry_frame_sender_write (WherryFrameSender *self, const WherryTunnelFrame *frame);
/* Behind a message that is under way on its stream. */
void wherry_frame_sender_reset (WherryFrameSender *self, guint16 stream);
/* Behind all messages. */
void wherry_frame_sender_switch (WherryFrameSender *self);

WherrySendResult wherry_frame_sender_send (WherryFrameSender *self, guint16 stream,
                                           WherryMessage *message);
/* FALSE: more than a window can be. */
gboolean wherry_frame_sender_take_credit (WherryFrameSender *self, guint32 credit);
/* Once after BLOCKED, when there is room again. */
gboolean wherry_frame_sender_became_writable (WherryFrameSender *self);
/* Taken, and not known to be read. */
gsize wherry_frame_sender_get_buffered (WherryFrameSender *self);

G_END_DECLS
