/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-clock.h"
#include "base/wherry-lock.h"

void
wherry_clock_init (WherryClock *clock, const WherryClockClass *klass)
{
  clock->klass = klass;
  wherry_ref_init (&clock->ref_count);
}

WherryClock *
wherry_clock_ref (WherryClock *clock)
{
  wherry_ref_inc (&clock->ref_count);
  return clock;
}

void
wherry_clock_unref (WherryClock *clock)
{
  if (wherry_ref_dec (&clock->ref_count))
    clock->klass->free (clock);
}

gint64
wherry_clock_now_us (WherryClock *clock)
{
  return clock->klass->now_us (clock);
}

GSource *
wherry_clock_timeout_source_new (WherryClock *clock, gint64 interval_us)
{
  return clock->klass->timeout_source_new (clock, interval_us);
}

GSource *
wherry_clock_add (WherryClock *clock, GMainContext *context, gint64 interval_us, GSourceFunc func,
                  gpointer data)
{
  GSource *source = wherry_clock_timeout_source_new (clock, interval_us);

  g_source_set_callback (source, func, data, NULL);
  /* the context may run already, in another thread */
  WHERRY_TSAN_RELEASE (source);
  g_source_attach (source, context);
  return source;
}

void
wherry_clock_clear_source (GSource **source)
{
  GSource *stolen = g_steal_pointer (source);

  if (stolen == NULL)
    return;

  g_source_destroy (stolen);
  g_source_unref (stolen);
}

/* The system's clock. g_timeout_source_new() counts in milliseconds; this one in microseconds. */

typedef struct
{
  GSource source;
  gint64 interval_us;
} SystemTimeout;

static gboolean
system_timeout_dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  SystemTimeout *timeout = (SystemTimeout *) source;

  WHERRY_TSAN_ACQUIRE (source);
  if (func == NULL || func (data) == G_SOURCE_REMOVE)
    return G_SOURCE_REMOVE;

  g_source_set_ready_time (source, g_get_monotonic_time () + timeout->interval_us);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs system_timeout_funcs = { .dispatch = system_timeout_dispatch };

static gint64
system_clock_now_us (WherryClock *clock)
{
  return g_get_monotonic_time ();
}

static GSource *
system_clock_timeout_source_new (WherryClock *clock, gint64 interval_us)
{
  GSource *source = g_source_new (&system_timeout_funcs, sizeof (SystemTimeout));

  ((SystemTimeout *) source)->interval_us = MAX (interval_us, 0);
  g_source_set_static_name (source, "wherry-timeout");
  g_source_set_ready_time (source, g_get_monotonic_time () + MAX (interval_us, 0));
  return source;
}

static void
system_clock_free (WherryClock *clock)
{
  /* its first reference is never given up */
  g_assert_not_reached ();
}

WherryClock *
wherry_clock_system (void)
{
  static const WherryClockClass klass = {
    .now_us = system_clock_now_us,
    .timeout_source_new = system_clock_timeout_source_new,
    .free = system_clock_free,
  };
  static WherryClock clock = { .klass = &klass, .ref_count = 1 };

  return &clock;
}
