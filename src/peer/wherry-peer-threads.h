/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A fixed number of threads that carry any number of peers. A peer stays on the thread that it was
 * given, which is the one with the fewest of them; a thread begins with the first peer that needs
 * it and stays when its peers are gone. For who has far more peers than processors: a peer then
 * costs no stack, and what wakes a thread it does for all the peers there that have something to
 * do. Each still has a context of its own (base/wherry-turns.h). Thread: hub, all of it */

#include "base/wherry-worker.h"

G_BEGIN_DECLS

typedef struct _WherryPeerThreads WherryPeerThreads;

WherryPeerThreads *wherry_peer_threads_new (guint n);
/* Ends and joins them. Every peer has finished: there is nothing left to wait for. */
void wherry_peer_threads_free (WherryPeerThreads *self);

/* For one more peer. WHERRY_ERROR_RESOURCES as a worker has it, but not while there is a thread
 * already. (transfer none) */
WherryWorker *wherry_peer_threads_acquire (WherryPeerThreads *self, GError **error);
/* That peer has finished. */
void wherry_peer_threads_release (WherryPeerThreads *self, WherryWorker *worker);

guint wherry_peer_threads_get_n_started (const WherryPeerThreads *self);
/* Peers on one of those. */
guint wherry_peer_threads_get_load (const WherryPeerThreads *self, guint i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryPeerThreads, wherry_peer_threads_free)

G_END_DECLS
