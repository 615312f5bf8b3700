/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The far end of a peer that needs no network: channels over a stream pair of which the peer has
 * the other half, both on the same thread. It sends by label, and holds what does not fit.
 * Everything here: Thread: the context's */

#include "peer/wherry-peer.h"

G_BEGIN_DECLS

typedef struct _WherryLocalEnd WherryLocalEnd;

/* From the context, never from inside a call. */
typedef struct
{
  void (*message) (gpointer user_data, const char *label, WherryMessage *message);
  /* Everything that waited was taken. */
  void (*drained) (gpointer user_data);
} WherryLocalEndEvents;

/* Paused to begin with. max_channels: of theirs. */
WherryLocalEnd *wherry_local_end_new (GMainContext *context, guint max_channels,
                                      WherryBudget *budget, const WherryLocalEndEvents *events,
                                      gpointer user_data);
WherryLocalEnd *wherry_local_end_ref (WherryLocalEnd *self);
/* The last one after close(). */
void wherry_local_end_unref (WherryLocalEnd *self);

/* A WherryPeerTransportFunc: self: (transfer full): that is, it gives a reference back. */
WherryStreamTransport *wherry_local_end_connect (gpointer self);

/* A channel of its own (init: its label is not looked at), on which it sends from now on. Errors:
 * wherry_channel_set_create()'s. */
gboolean wherry_local_end_open (WherryLocalEnd *self, const char *label,
                                const WherryChannelInit *init, GError **error);
/* On the channel that there is; without one, on a reliable and ordered one of its own. Held while
 * there is no room. Errors: open()'s; WHERRY_ERROR_WOULD_BLOCK: WHERRY_SEND_BUFFER_LIMIT_DEFAULT
 * bytes are held already. */
gboolean wherry_local_end_send (WherryLocalEnd *self, const char *label, WherryMessageKind kind,
                                const guint8 *data, gsize length, GError **error);
/* Payload bytes that are held. */
gsize wherry_local_end_get_buffered (WherryLocalEnd *self);
/* While paused no message is told, and the peer has room for WHERRY_LOCAL_STREAM_WINDOW bytes. */
void wherry_local_end_set_paused (WherryLocalEnd *self, gboolean paused);
/* Closes behind what it holds: FALSE: it was never connected and holds nothing; close it. */
gboolean wherry_local_end_finish (WherryLocalEnd *self);
gboolean wherry_local_end_is_closed (WherryLocalEnd *self);
/* Now; the peer hears of it behind what was taken. No event is called any more. */
void wherry_local_end_close (WherryLocalEnd *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryLocalEnd, wherry_local_end_unref)

G_END_DECLS
