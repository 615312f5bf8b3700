/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A thread with a GMainContext of its own, pushed as the thread default. Separate from a peer so
 * that several peers can share one. The thread may have run another worker before, the context not.
 */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryWorker WherryWorker;

/* WHERRY_ERROR_RESOURCES when the system has no thread or file descriptor left: the check for
 * descriptors comes first, because g_main_context_new() aborts without one. name is copied (the
 * kernel shows 15 bytes). Thread: any */
WherryWorker *wherry_worker_new (const char *name, GError **error);
/* The same, for one that runs other contexts, too. Thread: any */
WherryWorker *wherry_worker_new_for_many (const char *name, GError **error);
WherryWorker *wherry_worker_ref (WherryWorker *self);
void wherry_worker_unref (WherryWorker *self);

GMainContext *wherry_worker_get_context (WherryWorker *self); /* (transfer none). Thread: any */
gboolean wherry_worker_is_current (WherryWorker *self);       /* Thread: any */
/* How often the loop of the worker that calls this has turned; 0: no worker does. For who is called
 * again and again in one turn and is to leave some of it to others. Thread: any */
guint64 wherry_worker_get_turn (void);

/* One more context for the worker to run, of one that was made for many; until it is removed, which
 * is before the worker is stopped. WHERRY_ERROR_RESOURCES. (transfer full). Thread: any */
GMainContext *wherry_worker_add_context (WherryWorker *self, GError **error);
/* Nothing more happens in it, soon. Thread: any */
void wherry_worker_remove_context (WherryWorker *self, GMainContext *context);

/* Run func once on the worker, in order of posting. After stop, func is not run but destroy is.
 * Thread: any */
void wherry_worker_post_call (WherryWorker *self, GSourceFunc func, gpointer data,
                              GDestroyNotify destroy);

/* Ask the loop to end; what was posted before is dispatched first. Thread: any */
void wherry_worker_post_stop (WherryWorker *self);
/* Wait for the end of the loop; the thread may be parked for another worker then. Must not be
 * called by the worker itself. Thread: any other */
void wherry_worker_join (WherryWorker *self);

G_END_DECLS
