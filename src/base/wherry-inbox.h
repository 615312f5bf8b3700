/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A bounded way into a thread: a GAsyncQueue, and a GSource on the owner's context, one for all the
 * inboxes there.
 *
 * Any thread posts; the owner's context dispatches, at most WHERRY_DISPATCH_BATCH items a time so
 * that timers are never starved, and each inbox in its turn. The context is woken only by the first
 * item since it last looked that comes to an empty inbox. Bounded in items and in bytes; a post
 * over either bound is refused (the item is freed, FALSE comes back, WHERRY_COUNTER_INBOX_REFUSED
 * rises). Control that must not be refused is posted with wherry_inbox_post_urgent(): its senders
 * bound it themselves (coalesced state). */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryInbox WherryInbox;

/* Called on the owner's context; takes ownership of item. */
typedef void (*WherryInboxFunc) (gpointer item, gpointer user_data);
/* What an item is charged, the same whenever it is asked. Under the queue's lock. Thread: any */
typedef gsize (*WherryInboxSizeFunc) (gconstpointer item);

/* max_items, max_bytes: of what wherry_inbox_post() brings. size: (nullable) nothing is charged. */
WherryInbox *wherry_inbox_new (GMainContext *context, guint max_items, gsize max_bytes,
                               WherryInboxSizeFunc size, WherryInboxFunc func, gpointer user_data,
                               GDestroyNotify item_free);
WherryInbox *wherry_inbox_ref (WherryInbox *self); /* Thread: any */
void wherry_inbox_unref (WherryInbox *self);       /* Thread: any */

/* Takes ownership of item. Thread: any */
gboolean wherry_inbox_post (WherryInbox *self, gpointer item);
/* The same, over the bounds too, but still refused (FALSE) after close. Thread: any */
gboolean wherry_inbox_post_urgent (WherryInbox *self, gpointer item);
/* The same as urgent, but the owner is not woken: whoever posts several in a row does that once,
 * behind the last. TRUE: it lies there and the owner may sleep, so wherry_inbox_wake() is to
 * follow; FALSE: refused, or a wake-up is due already. Thread: any */
gboolean wherry_inbox_post_quietly (WherryInbox *self, gpointer item);
/* Wake the owner if something lies there that it was not woken for. Thread: any */
void wherry_inbox_wake (WherryInbox *self);

/* Nothing is dispatched or accepted afterwards; what is queued is freed. Thread: owner */
void wherry_inbox_close (WherryInbox *self);
/* Dispatch everything that is queued, now. Thread: owner */
void wherry_inbox_drain (WherryInbox *self);

guint wherry_inbox_get_length (WherryInbox *self); /* Thread: any */
gsize wherry_inbox_get_bytes (WherryInbox *self);  /* Thread: any */

G_END_DECLS
