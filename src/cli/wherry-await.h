/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Some commands are a row of steps, each of which has its time: what a step waits for is waited for
 * here, with the main loop running, so that Ctrl-C ends it. Thread: main */

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  GCancellable *cancellable; /* for the call: cancelled when it is late, or all is over */
  gboolean is_late;
  /* private */
  GCancellable *parent;
  gulong chained;
  guint timer;
  GAsyncResult *result;
} WherryAwait;

/* One call at a time: hand wherry_await_done and the wait to it. */
void wherry_await_begin (WherryAwait *self, GCancellable *parent, guint timeout_ms);
void wherry_await_done (GObject *source, GAsyncResult *result, gpointer self);
/* (transfer none): until wherry_await_end() */
GAsyncResult *wherry_await_result (WherryAwait *self);
void wherry_await_end (WherryAwait *self);

/* Until the condition holds (TRUE), it is late, or all is over (FALSE). */
gboolean wherry_await_until (gboolean (*holds) (gpointer user_data), gpointer user_data,
                             GCancellable *cancellable, guint timeout_ms);

G_END_DECLS
