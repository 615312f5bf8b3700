/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which sockets have not joined in time. All have as long, so they wait in the order in which they
 * came, with one timer for all of them. Thread: hub */

#include "base/wherry-clock.h"

G_BEGIN_DECLS

typedef struct _WherryJoinWatch WherryJoinWatch;

/* late: called once for each socket that is still there after limit_us; it may remove any. It is
 * the callee's to know whether that one has joined. */
WherryJoinWatch *wherry_join_watch_new (gint64 limit_us, WherryClock *clock, GMainContext *context,
                                        void (*late) (gpointer socket, gpointer user_data),
                                        gpointer user_data);
void wherry_join_watch_free (WherryJoinWatch *self);
/* socket: not watched already. */
void wherry_join_watch_add (WherryJoinWatch *self, gpointer socket);
/* Nothing happens if it is not watched (any more). */
void wherry_join_watch_remove (WherryJoinWatch *self, gpointer socket);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryJoinWatch, wherry_join_watch_free)

G_END_DECLS
