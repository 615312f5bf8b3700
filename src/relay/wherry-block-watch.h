/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which members hold back publishers at this moment, and which have to leave at once. Publishers'
 * threads add and remove them; the hub is told when there is a first one, and looks at them from
 * time to time only while there are any. The process's budget counts here too: publishers that wait
 * for it. */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryBlockWatch WherryBlockWatch;
typedef struct _WherryOutboxSet WherryOutboxSet;

/* notify only posts: it may run on any thread, under locks. */
WherryBlockWatch *wherry_block_watch_new (void (*notify) (gpointer user_data), gpointer user_data);
WherryBlockWatch *wherry_block_watch_ref (WherryBlockWatch *self); /* Thread: any */
void wherry_block_watch_unref (WherryBlockWatch *self);            /* Thread: any */
/* notify is not called any more. Thread: hub */
void wherry_block_watch_close (WherryBlockWatch *self);

/* Order of locks: the set's, then this one's. Thread: any */
void wherry_block_watch_add (WherryBlockWatch *self, WherryOutboxSet *set);
void wherry_block_watch_remove (WherryBlockWatch *self, WherryOutboxSet *set);
/* This one's member is to leave: the hub is told at once. */
void wherry_block_watch_condemn (WherryBlockWatch *self, WherryOutboxSet *set);
/* A publisher begins (+1) or ends (-1) to wait for the process's budget. Thread: any */
void wherry_block_watch_budget (WherryBlockWatch *self, int change);

/* (transfer full) (nullable): ids of the sets that were condemned since the last call, guint64.
 * Thread: hub */
GArray *wherry_block_watch_steal_condemned (WherryBlockWatch *self);
/* (transfer full): those that block now, by id, each a reference. NULL: nothing to watch, and
 * notify will be called when there is again. on_budget: (out): somebody waits for the budget.
 * Thread: hub
 */
GPtrArray *wherry_block_watch_look (WherryBlockWatch *self, gboolean *on_budget);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryBlockWatch, wherry_block_watch_unref)

G_END_DECLS
