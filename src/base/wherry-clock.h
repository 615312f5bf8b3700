/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Monotonic time that tests replace. Times are in microseconds (_us). */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryClock WherryClock;

typedef struct
{
  gint64 (*now_us) (WherryClock *clock);
  GSource *(*timeout_source_new) (WherryClock *clock, gint64 interval_us);
  void (*free) (WherryClock *clock);
} WherryClockClass;

struct _WherryClock
{
  const WherryClockClass *klass;
  gatomicrefcount ref_count;
};

/* The system's monotonic clock: one for the process, never freed. (transfer none) */
WherryClock *wherry_clock_system (void);
void wherry_clock_init (WherryClock *clock,
                        const WherryClockClass *klass); /* for implementations */
WherryClock *wherry_clock_ref (WherryClock *clock);
void wherry_clock_unref (WherryClock *clock);

gint64 wherry_clock_now_us (WherryClock *clock); /* Thread: any */
/* A GSource that becomes ready once interval_us from now, not attached. (transfer full). Thread:
 * any */
GSource *wherry_clock_timeout_source_new (WherryClock *clock, gint64 interval_us);
/* Shorthand: attach a one-shot or repeating call to context. (transfer full): destroy and unref it.
 * func returns G_SOURCE_CONTINUE to be called again after interval_us. */
GSource *wherry_clock_add (WherryClock *clock, GMainContext *context, gint64 interval_us,
                           GSourceFunc func, gpointer data);
/* Destroy and clear a source of which the caller holds a reference, or NULL. */
void wherry_clock_clear_source (GSource **source);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryClock, wherry_clock_unref)

G_END_DECLS
