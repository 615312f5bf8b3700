/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The thread on which the connections of one creator's context do their networking, all of them
 * together: a message between two of them crosses threads less often, and a connection costs
 * neither a thread nor a context. Who wants connections on several processors makes them on several
 * contexts.
 *
 * It begins with the first connection of a context and is joined when the last one has finished. */

#include "base/wherry-inbox.h"
#include "base/wherry-worker.h"

G_BEGIN_DECLS

typedef struct _WherryNetworkThread WherryNetworkThread;

/* That of this context, or an own one for a single connection. WHERRY_ERROR_RESOURCES. To be
 * released. Thread: who runs creator */
WherryNetworkThread *wherry_network_thread_acquire (GMainContext *creator, gboolean own,
                                                    GError **error);
/* The peer that ran on it has finished. Thread: the same */
void wherry_network_thread_release (WherryNetworkThread *self);

WherryWorker *wherry_network_thread_get_worker (WherryNetworkThread *self); /* Thread: any */

/* Post to an inbox of the creator, who is woken once for all that is posted in an iteration of this
 * thread's loop. Takes item. Thread: network */
void wherry_network_thread_post (WherryNetworkThread *self, WherryInbox *inbox, gpointer item);

G_END_DECLS
