/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A diagnosis is a row of steps, each of which has its time: what a step waits for is waited for
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
} WherryDoctorWait;

/* One call at a time: hand wherry_doctor_wait_done and the wait to it. */
void wherry_doctor_wait_begin (WherryDoctorWait *self, GCancellable *parent, guint timeout_ms);
void wherry_doctor_wait_done (GObject *source, GAsyncResult *result, gpointer self);
/* (transfer none): until wherry_doctor_wait_end() */
GAsyncResult *wherry_doctor_wait_result (WherryDoctorWait *self);
void wherry_doctor_wait_end (WherryDoctorWait *self);

/* Until the condition holds (TRUE), it is late, or all is over (FALSE). */
gboolean wherry_doctor_wait_until (gboolean (*holds) (gpointer user_data), gpointer user_data,
                                   GCancellable *cancellable, guint timeout_ms);

G_END_DECLS
