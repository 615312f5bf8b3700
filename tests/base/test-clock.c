/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-clock.h"
#include "fixtures/wherry-wait.h"

typedef struct
{
  guint calls;
  guint stop_after;
} Ticks;

static gboolean
on_tick (gpointer data)
{
  Ticks *ticks = data;

  return ++ticks->calls == ticks->stop_after ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
test_system_does_not_go_back (void)
{
  WherryClock *clock = wherry_clock_system ();
  gint64 before = wherry_clock_now_us (clock);

  g_assert_true (clock == wherry_clock_system ());
  for (guint i = 0; i < 1000; i++)
    {
      gint64 now = wherry_clock_now_us (clock);

      g_assert_cmpint (now, >=, before);
      before = now;
    }
}

static void
test_system_is_not_early_and_repeats (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  WherryClock *clock = wherry_clock_system ();
  gint64 start = wherry_clock_now_us (clock);
  Ticks ticks = { .stop_after = 3 };
  GSource *source = wherry_clock_add (clock, context, 2500, on_tick, &ticks);

  WHERRY_WAIT_UNTIL (context, ticks.calls == 3);
  g_assert_cmpint (wherry_clock_now_us (clock) - start, >=, 3 * 2500);
  g_assert_true (g_source_is_destroyed (source));
  wherry_clock_clear_source (&source);
  g_assert_null (source);
  wherry_clock_clear_source (&source);
}

static void
test_cleared_source_is_not_called (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Ticks ticks = { 0 };
  GSource *source = wherry_clock_add (wherry_clock_system (), context, 0, on_tick, &ticks);

  wherry_clock_clear_source (&source);
  g_assert_false (g_main_context_iteration (context, FALSE));
  g_assert_cmpuint (ticks.calls, ==, 0);
}

static void
test_references (void)
{
  WherryClock *clock = wherry_clock_ref (wherry_clock_system ());

  wherry_clock_unref (clock);
  g_assert_cmpint (wherry_clock_now_us (clock), >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clock/system-does-not-go-back", test_system_does_not_go_back);
  g_test_add_func ("/clock/system-is-not-early-and-repeats", test_system_is_not_early_and_repeats);
  g_test_add_func ("/clock/cleared-source-is-not-called", test_cleared_source_is_not_called);
  g_test_add_func ("/clock/references", test_references);
  return g_test_run ();
}
