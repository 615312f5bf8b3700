/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"
#include "daemon/wherry-daemon-heap.h"
#include "daemon/wherry-daemon-slices.h"
#include "fixtures/wherry-wait.h"

static guint64
count_trims (void)
{
  return wherry_counter_get (WHERRY_COUNTER_HEAP_TRIMS);
}

static guint64
count_due (void)
{
  return wherry_counter_get (WHERRY_COUNTER_HEAP_TRIMS_DUE);
}

static void
come_and_go (WherryDaemonHeap *heap, guint from, guint to)
{
  gint step = to > from ? 1 : -1;

  for (guint n = from; n != to; n += (guint) step)
    wherry_daemon_heap_set_peers (heap, n + (guint) step);
}

static void
test_half (void)
{
  WherryDaemonHeap heap = { 0 };
  guint64 before = count_trims ();

  come_and_go (&heap, 0, 10);
  come_and_go (&heap, 10, 6);
  g_assert_null (heap.timer);
  come_and_go (&heap, 6, 0);
  WHERRY_WAIT_UNTIL (NULL, heap.timer == NULL);
  WHERRY_WAIT_UNTIL (NULL, count_trims () == before + 1); /* they went together */

  come_and_go (&heap, 0, 1);
  g_assert_null (heap.timer);
  come_and_go (&heap, 1, 0);
  WHERRY_WAIT_UNTIL (NULL, heap.timer == NULL);
  wherry_daemon_heap_clear (&heap); /* waits for it */
  g_assert_cmpuint (count_trims (), ==, before + 2);
}

static void
test_others_came (void)
{
  WherryDaemonHeap heap = { 0 };
  guint64 before = count_trims ();
  guint64 due = count_due ();

  come_and_go (&heap, 0, 10);
  come_and_go (&heap, 10, 5);
  g_assert_nonnull (heap.timer);
  come_and_go (&heap, 5, 9);
  WHERRY_WAIT_UNTIL (NULL, heap.timer == NULL);
  g_assert_cmpuint (count_trims (), ==, before);
  g_assert_cmpuint (count_due (), ==, due + 1);

  come_and_go (&heap, 9, 0); /* still the same */
  WHERRY_WAIT_UNTIL (NULL, count_trims () == before + 1);
  g_assert_cmpuint (count_due (), ==, due + 1);
  wherry_daemon_heap_clear (&heap);
}

static void
test_clear (void)
{
  WherryDaemonHeap heap = { 0 };

  come_and_go (&heap, 0, 1);
  come_and_go (&heap, 1, 0);
  g_assert_nonnull (heap.timer);
  wherry_daemon_heap_clear (&heap);
  g_assert_null (heap.timer);
}

static void
test_slices (void)
{
  g_assert_true (wherry_daemon_slices_are_malloc ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/daemon-heap/half-are-gone", test_half);
  g_test_add_func ("/daemon-heap/others-came", test_others_came);
  g_test_add_func ("/daemon-heap/clear", test_clear);
  /* the sanitizers, which come first, let nothing of ours run before GLib */
  if (g_strcmp0 (g_getenv ("WHERRY_SANITIZED"), "1") != 0)
    g_test_add_func ("/daemon-heap/slices-are-malloc", test_slices);
  return g_test_run ();
}
