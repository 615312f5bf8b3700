/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A call at the end of an iteration of a context's loop: when all that was ready has been
 * dispatched, and before it sleeps. For what is better done once for all that came at once. */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryLoopEnd WherryLoopEnd;

/* func (data) runs as a source's prepare does: it may do anything but run the loop. Thread: any */
WherryLoopEnd *wherry_loop_end_new (GMainContext *context, void (*func) (gpointer), gpointer data);
/* Call it, once, at the end of this iteration. Thread: who runs context */
void wherry_loop_end_request (WherryLoopEnd *self);
/* It is not called any more. Thread: who runs context, or any when nobody does */
void wherry_loop_end_free (WherryLoopEnd *self);

G_END_DECLS
