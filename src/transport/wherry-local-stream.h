/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two stream transports joined in one thread: the connection of a member that needs no network.
 * Nothing is lost and no time passes. Events come from the context, in the order of what caused
 * them, at most WHERRY_DISPATCH_BATCH in one dispatch, never from inside a call but
 * set_paused(FALSE) and drain(), which tell what waits.
 *
 * An end is BLOCKED while the other one has not been given WHERRY_LOCAL_STREAM_WINDOW bytes of what
 * was sent: a reader that pauses closes the window, as SCTP's does. */

#include "transport/wherry-stream-transport.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_LOCAL_STREAM (wherry_local_stream_get_type ())
G_DECLARE_FINAL_TYPE (WherryLocalStream, wherry_local_stream, WHERRY, LOCAL_STREAM, GObject)

/* Both become CONNECTED from context. (transfer full). Both belong to the thread of context. */
void wherry_local_stream_new_pair (GMainContext *context, WherryLocalStream **a,
                                   WherryLocalStream **b);

G_END_DECLS
