/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-worker.h"
#include "fixtures/wherry-virtual-clock.h"
#include "fixtures/wherry-wait.h"

static gboolean
count (gpointer data)
{
  __atomic_fetch_add ((guint *) data, 1, __ATOMIC_SEQ_CST);
  return G_SOURCE_CONTINUE;
}

static gboolean
count_once (gpointer data)
{
  count (data);
  return G_SOURCE_REMOVE;
}

static void
dispatch (GMainContext *context)
{
  while (g_main_context_iteration (context, FALSE))
    ;
}

static void
test_stands_still (void)
{
  g_autoptr (WherryClock) clock = wherry_virtual_clock_new ();
  g_autoptr (GMainContext) context = g_main_context_new ();
  gint64 start = wherry_clock_now_us (clock);
  guint calls = 0;
  GSource *source = wherry_clock_add (clock, context, 100, count, &calls);

  wherry_virtual_clock_advance (clock, 99);
  dispatch (context);
  g_assert_cmpuint (calls, ==, 0);
  wherry_virtual_clock_advance (clock, 1);
  g_assert_cmpint (wherry_clock_now_us (clock) - start, ==, 100);
  dispatch (context);
  g_assert_cmpuint (calls, ==, 1);
  dispatch (context);
  g_assert_cmpuint (calls, ==, 1);
  wherry_virtual_clock_advance (clock, 100);
  dispatch (context);
  g_assert_cmpuint (calls, ==, 2);
  wherry_clock_clear_source (&source);
  g_assert_cmpuint (wherry_virtual_clock_get_n_sources (clock), ==, 0);
}

static void
test_once (void)
{
  g_autoptr (WherryClock) clock = wherry_virtual_clock_new ();
  g_autoptr (GMainContext) context = g_main_context_new ();
  guint calls = 0;
  GSource *source = wherry_clock_add (clock, context, 0, count_once, &calls);

  dispatch (context);
  wherry_virtual_clock_advance (clock, 1000);
  dispatch (context);
  g_assert_cmpuint (calls, ==, 1);
  g_assert_cmpuint (wherry_virtual_clock_get_n_sources (clock), ==, 0);
  wherry_clock_clear_source (&source);
}

static void
test_source_outlives_its_clock (void)
{
  WherryClock *clock = wherry_virtual_clock_new ();
  g_autoptr (GMainContext) context = g_main_context_new ();
  guint calls = 0;
  GSource *source = wherry_clock_add (clock, context, 100, count, &calls);

  wherry_clock_unref (clock);
  dispatch (context);
  wherry_clock_clear_source (&source);
  g_assert_cmpuint (calls, ==, 0);
}

static void
test_wakes_another_thread (void)
{
  g_autoptr (WherryClock) clock = wherry_virtual_clock_new ();
  g_autoptr (GError) error = NULL;
  WherryWorker *worker = wherry_worker_new ("sleeper", &error);
  guint calls = 0;
  GSource *source;

  g_assert_no_error (error);
  source = wherry_clock_add (clock, wherry_worker_get_context (worker), 100, count_once, &calls);
  wherry_virtual_clock_advance (clock, 100);
  WHERRY_WAIT_UNTIL (NULL, __atomic_load_n (&calls, __ATOMIC_SEQ_CST) == 1);
  wherry_worker_post_stop (worker);
  wherry_worker_join (worker);
  wherry_clock_clear_source (&source);
  wherry_worker_unref (worker);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/virtual-clock/stands-still", test_stands_still);
  g_test_add_func ("/virtual-clock/once", test_once);
  g_test_add_func ("/virtual-clock/source-outlives-its-clock", test_source_outlives_its_clock);
  g_test_add_func ("/virtual-clock/wakes-another-thread", test_wakes_another_thread);
  return g_test_run ();
}
