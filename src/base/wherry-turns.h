/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Runs many contexts on one thread. In each turn those that have something to do are iterated once,
 * and no other is looked at: what a turn costs depends on who is busy, and not on who is there. A
 * loop of GLib's asks all its sources and polls all their descriptors each time: with 50 peers in
 * one context that was a third of what a message to each of them cost.
 *
 * The contexts belong to the thread as long as they are here, and each is the thread's default
 * while it is iterated. Thread: the one that runs it, but for new and ring */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryTurns WherryTurns;

/* WHERRY_ERROR_RESOURCES: no file descriptor. Thread: any */
WherryTurns *wherry_turns_new (GError **error);
/* There is no context any more. Thread: any */
void wherry_turns_free (WherryTurns *self);

/* Acquires and references it. */
void wherry_turns_add (WherryTurns *self, GMainContext *context);
/* Not while it is iterated. */
void wherry_turns_remove (WherryTurns *self, GMainContext *context);
guint wherry_turns_get_n_contexts (WherryTurns *self);

/* Waits for something to do. */
void wherry_turns_run_once (WherryTurns *self);

/* Something in a context of this thread has become ready that GLib does not wake it for, since the
 * thread owns it. Nothing if it is not one of those that the thread runs here. Thread: any */
void wherry_turns_ring (GMainContext *context);

G_END_DECLS
