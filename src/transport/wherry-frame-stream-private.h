/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of a frame stream: frame-stream (life, frames as they come, what is asked of it) and
 * frame-stream-queue (what is told in turn). Thread: the owner */

#include "base/wherry-owner.h"
#include "transport/wherry-frame-sender.h"
#include "transport/wherry-frame-stream.h"

G_BEGIN_DECLS

struct _WherryFrameStream
{
  GObject parent_instance;

  /* owner's thread only */
  WherryOwner owner;
  gsize max_message_size;
  WherryBudget *budget; /* (nullable) */
  const WherryFrameStreamCarrier *carrier;
  gpointer carrier_data;
  const WherryStreamTransportEvents *events;
  gpointer user_data;
  WherryTransportState state;
  guint n_streams;
  WherryFrameSender *sender; /* NULL: ended */
  gsize remote_max_message_size;
  guint n_resets; /* ours, not answered */
  gboolean paused;
  gboolean delivering;
  WherryTransportState ending_state;
  GError *ending; /* nothing holds up what is in the queue, then it is told */
  GQueue queue;   /* of Item */
  gsize charged;
  gsize allowed;  /* credit of theirs that is left */
  gsize consumed; /* to be given back */
  guint n_incoming_resets;
  GHashTable *parts; /* stream to Part */
};

static inline gboolean
wherry_frame_stream_is_ended (WherryFrameStream *self)
{
  return self->state == WHERRY_TRANSPORT_FAILED || self->state == WHERRY_TRANSPORT_CLOSED;
}

/* frame-stream */
void wherry_frame_stream_write (WherryFrameStream *self, const WherryTunnelFrame *frame);
void wherry_frame_stream_write_plain (WherryFrameStream *self, WherryTunnelType type,
                                      guint16 stream);
void wherry_frame_stream_tell_end (WherryFrameStream *self, WherryTransportState state,
                                   const GError *error);
/* what: what the other side did */
void wherry_frame_stream_violated (WherryFrameStream *self, const char *what);

/* frame-stream-queue */
void wherry_frame_stream_queue_init (WherryFrameStream *self);
/* Now, or once those before it are. */
void wherry_frame_stream_queue_take (WherryFrameStream *self, const WherryTunnelFrame *frame);
/* Goes on with what waits. */
void wherry_frame_stream_queue_tell (WherryFrameStream *self);
void wherry_frame_stream_queue_clear (WherryFrameStream *self);

G_END_DECLS
