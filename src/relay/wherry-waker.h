/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A way to tell a peer thread that there is something to do, which outlives the peer: whoever holds
 * it needs no reference to the peer, so that the last of those stays with the hub. Thread: any */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryWaker WherryWaker;

typedef void (*WherryWakerFunc) (gpointer user_data);

/* It does nothing until it is set. */
WherryWaker *wherry_waker_new (void);
WherryWaker *wherry_waker_ref (WherryWaker *self);
void wherry_waker_unref (WherryWaker *self);

/* func only posts: it runs under the waker's lock, so that after a set (NULL: does nothing) has
 * returned, the one before is not running and never will be again. */
void wherry_waker_set (WherryWaker *self, WherryWakerFunc func, gpointer user_data);
void wherry_waker_post (WherryWaker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryWaker, wherry_waker_unref)

G_END_DECLS
