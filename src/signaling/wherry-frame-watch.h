/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Follows WebSocket frames (RFC 6455 section 5.2) as they come in, to see how large a message
 * becomes: libsoup 3.2 bounds a frame and not the message that is sent in many. Pure.
 * Thread: any, one at a time */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint64 limit;   /* bytes of payload that a message may have */
  guint64 message; /* payload of the unfinished message so far */
  guint64 left;    /* of the frame's mask and payload, to be skipped */
  guint8 head[10]; /* without the mask */
  guint have;      /* of head */
} WherryFrameWatch;

void wherry_frame_watch_init (WherryFrameWatch *self, guint64 limit);
/* FALSE: a message is, or says that it will be, larger than the limit. */
gboolean wherry_frame_watch_feed (WherryFrameWatch *self, const guint8 *data, gsize length);

G_END_DECLS
