/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <sys/resource.h>

#include "base/wherry-error.h"
#include "base/wherry-worker.h"

typedef struct
{
  WherryWorker *worker;
  GMainContext *default_context;
  gboolean was_current;
  guint order[10];
  guint n;
  guint destroyed;
} Log;

typedef struct
{
  Log *log;
  guint number;
} Entry;

static gboolean
on_call (gpointer data)
{
  Entry *entry = data;
  Log *log = entry->log;

  log->was_current = wherry_worker_is_current (log->worker);
  log->default_context = g_main_context_get_thread_default ();
  log->order[log->n++] = entry->number;
  return G_SOURCE_REMOVE;
}

static void
on_destroy (gpointer data)
{
  Entry *entry = data;

  __atomic_fetch_add (&entry->log->destroyed, 1, __ATOMIC_SEQ_CST);
  g_free (entry);
}

static void
post (Log *log, guint number)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->log = log;
  entry->number = number;
  wherry_worker_post_call (log->worker, on_call, entry, on_destroy);
}

static void
test_calls_run_in_order_before_the_stop (void)
{
  g_autoptr (GError) error = NULL;
  Log log = { 0 };

  log.worker = wherry_worker_new ("a name that the kernel would refuse", &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 10; i++)
    post (&log, i);
  g_assert_false (wherry_worker_is_current (log.worker));
  wherry_worker_post_stop (log.worker);
  wherry_worker_join (log.worker);

  g_assert_cmpuint (log.n, ==, 10);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (log.order[i], ==, i);
  g_assert_true (log.was_current);
  g_assert_true (log.default_context == wherry_worker_get_context (log.worker));
  g_assert_cmpuint (log.destroyed, ==, 10);
  wherry_worker_unref (log.worker);
}

static void
test_after_the_stop_calls_are_only_destroyed (void)
{
  g_autoptr (GError) error = NULL;
  Log log = { 0 };

  log.worker = wherry_worker_new ("late", &error);
  g_assert_no_error (error);
  wherry_worker_post_stop (log.worker);
  post (&log, 1); /* before the thread's end, perhaps */
  wherry_worker_join (log.worker);
  post (&log, 2); /* after it */
  g_assert_cmpuint (log.n, ==, 0);
  g_assert_cmpuint (log.destroyed, ==, 2);
  wherry_worker_unref (log.worker);
}

static void
test_left_alone_it_ends_by_itself (void)
{
  g_autoptr (GError) error = NULL;
  WherryWorker *worker = wherry_worker_new ("orphan", &error);

  g_assert_no_error (error);
  wherry_worker_post_stop (worker);
  wherry_worker_unref (worker); /* not joined: the thread drops the last reference */
}

static void
test_without_descriptors_it_is_an_error (void)
{
  g_autoptr (GError) error = NULL;
  struct rlimit before;
  struct rlimit none;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  none = before;
  none.rlim_cur = 3; /* stdin, stdout, stderr */
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  g_assert_null (wherry_worker_new ("none", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES);
  g_clear_error (&error);

  none.rlim_cur = 8; /* one is there, but not what its user opens next */
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  g_assert_null (wherry_worker_new ("few", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
}

static gboolean
join_self (gpointer data)
{
  wherry_worker_join (data);
  return G_SOURCE_REMOVE;
}

static void
test_it_cannot_join_itself (void)
{
  if (g_test_subprocess ())
    {
      WherryWorker *worker = wherry_worker_new ("self", NULL);

      wherry_worker_post_call (worker, join_self, worker, NULL);
      wherry_worker_join (worker);
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*assertion failed*wherry_worker_is_current*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker/calls-run-in-order-before-the-stop",
                   test_calls_run_in_order_before_the_stop);
  g_test_add_func ("/worker/after-the-stop-calls-are-only-destroyed",
                   test_after_the_stop_calls_are_only_destroyed);
  g_test_add_func ("/worker/left-alone-it-ends-by-itself", test_left_alone_it_ends_by_itself);
  g_test_add_func ("/worker/without-descriptors-it-is-an-error",
                   test_without_descriptors_it_is_an_error);
  g_test_add_func ("/worker/it-cannot-join-itself", test_it_cannot_join_itself);
  return g_test_run ();
}
