/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <malloc.h>
#include <pthread.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-worker-pool.h"
#include "base/wherry-worker.h"
#include "fixtures/wherry-virtual-clock.h"
#include "fixtures/wherry-wait.h"

typedef struct
{
  GThread *thread; /* compared, never dereferenced */
  char name[16];
} Seen;

static gboolean
look (gpointer data)
{
  Seen *seen = data;

  seen->thread = g_thread_self ();
  g_assert_cmpint (pthread_getname_np (pthread_self (), seen->name, sizeof seen->name), ==, 0);
  return G_SOURCE_REMOVE;
}

static WherryWorker *
start (const char *name)
{
  g_autoptr (GError) error = NULL;
  WherryWorker *worker = wherry_worker_new (name, &error);

  g_assert_no_error (error);
  return worker;
}

static void
stop (WherryWorker *worker)
{
  wherry_worker_post_stop (worker);
  wherry_worker_join (worker);
  wherry_worker_unref (worker);
}

static Seen
look_and_stop (WherryWorker *worker)
{
  Seen seen = { 0 };

  wherry_worker_post_call (worker, look, &seen, NULL);
  stop (worker);
  return seen;
}

static void
start_and_stop (guint n)
{
  WherryWorker *workers[WHERRY_PARKED_THREADS_MAX + 8];

  g_assert_cmpuint (n, <=, G_N_ELEMENTS (workers));
  for (guint i = 0; i < n; i++)
    workers[i] = start ("many");
  for (guint i = 0; i < n; i++)
    stop (workers[i]);
}

static void
drain (void)
{
  g_assert_cmpuint (wherry_worker_pool_drain (), ==, 0);
  g_assert_cmpuint (wherry_worker_pool_get_n_parked (), ==, 0);
}

static void
test_a_thread_is_used_again (void)
{
  Seen first = look_and_stop (start ("the first"));
  Seen second;

  g_assert_cmpuint (wherry_worker_pool_get_n_parked (), ==, 1);
  second = look_and_stop (start ("the second, whose name is cut"));
  g_assert_true (first.thread == second.thread);
  g_assert_cmpstr (first.name, ==, "the first");
  g_assert_cmpstr (second.name, ==, "the second, who");
  g_assert_cmpuint (wherry_worker_pool_get_n_parked (), ==, 1);
  drain ();
}

static gboolean
count (gpointer data)
{
  __atomic_fetch_add ((guint *) data, 1, __ATOMIC_SEQ_CST);
  return G_SOURCE_REMOVE;
}

/* What a worker's user left on its context does not run under the next one. */
static void
test_the_context_is_a_new_one (void)
{
  WherryWorker *first = start ("first");
  GMainContext *context = g_main_context_ref (wherry_worker_get_context (first));
  WherryWorker *second;
  guint calls = 0;

  stop (first);
  g_main_context_invoke_full (context, G_PRIORITY_DEFAULT, count, &calls, NULL);
  second = start ("second");
  g_assert_true (wherry_worker_get_context (second) != context);
  stop (second);
  g_assert_cmpuint (calls, ==, 0);
  g_main_context_unref (context);
  drain ();
}

static void
test_so_many_are_parked_and_no_more (void)
{
  start_and_stop (WHERRY_PARKED_THREADS_MAX + 8);
  g_assert_cmpuint (wherry_worker_pool_get_n_parked (), ==, WHERRY_PARKED_THREADS_MAX);
  drain ();
}

static void
test_idle_threads_end (void)
{
  g_autoptr (WherryClock) clock = wherry_virtual_clock_new ();
  WherryWorker *late;

  wherry_worker_pool_set_clock (clock);
  late = start ("late");
  start_and_stop (4);
  wherry_virtual_clock_advance (clock, WHERRY_PARKED_IDLE_US - 1);
  wherry_worker_pool_check_idle ();
  stop (late);
  g_assert_cmpuint (wherry_worker_pool_get_n_parked (), ==, 5);

  wherry_virtual_clock_advance (clock, 1);
  wherry_worker_pool_check_idle ();
  WHERRY_WAIT_UNTIL (NULL, wherry_worker_pool_get_n_parked () == 1);
  /* it has waited no longer than the time from its own end */
  wherry_virtual_clock_advance (clock, WHERRY_PARKED_IDLE_US - 2);
  wherry_worker_pool_check_idle ();
  stop (start ("again"));
  g_assert_cmpuint (wherry_worker_pool_get_n_parked (), ==, 1);

  wherry_virtual_clock_advance (clock, WHERRY_PARKED_IDLE_US);
  wherry_worker_pool_check_idle ();
  WHERRY_WAIT_UNTIL (NULL, wherry_worker_pool_get_n_parked () == 0);
  wherry_worker_pool_set_clock (NULL);
  drain ();
}

static gpointer
start_and_stop_in_turn (gpointer data)
{
  guint *calls = data;

  for (guint i = 0; i < 50; i++)
    {
      WherryWorker *workers[3];

      for (guint j = 0; j < G_N_ELEMENTS (workers); j++)
        {
          workers[j] = start ("one of many");
          wherry_worker_post_call (workers[j], count, calls, NULL);
        }
      for (guint j = 0; j < G_N_ELEMENTS (workers); j++)
        stop (workers[j]);
    }
  return NULL;
}

static void
test_from_several_threads (void)
{
  GThread *threads[4];
  guint calls = 0;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("user", start_and_stop_in_turn, &calls);
  for (guint i = 0; i < 10; i++)
    {
      wherry_worker_pool_trim (); /* at any time */
      wherry_worker_pool_drain ();
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (calls, ==, G_N_ELEMENTS (threads) * 50 * 3);
  g_assert_cmpuint (wherry_worker_pool_get_n_parked (), <=, G_N_ELEMENTS (threads) * 3);
  drain ();
}

static void
test_a_drain_leaves_what_runs (void)
{
  WherryWorker *worker = start ("running");
  Seen seen = { 0 };

  g_assert_cmpuint (wherry_worker_pool_drain (), ==, 1);
  wherry_worker_post_call (worker, look, &seen, NULL);
  stop (worker);
  g_assert_nonnull (seen.thread);
  g_assert_cmpuint (wherry_worker_pool_get_n_parked (), ==, 1);
  drain ();
}

static gboolean
fill_cache (gpointer data)
{
  gpointer blocks[8][64];

  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    for (guint j = 0; j < G_N_ELEMENTS (blocks[i]); j++)
      blocks[i][j] = g_malloc (16 * j + 8);
  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    for (guint j = 0; j < G_N_ELEMENTS (blocks[i]); j++)
      g_free (blocks[i][j]);
  return G_SOURCE_REMOVE;
}

static void
test_trim_empties_caches (void)
{
  WherryWorker *workers[8];
  gsize before;
  gsize after;

  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    {
      workers[i] = start ("hoarder");
      wherry_worker_post_call (workers[i], fill_cache, NULL, NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    stop (workers[i]);

  before = mallinfo2 ().uordblks;
  wherry_worker_pool_trim ();
  after = mallinfo2 ().uordblks;
  g_test_message ("%" G_GSIZE_FORMAT " bytes, then %" G_GSIZE_FORMAT, before, after);
  /* a sanitizer's malloc counts nothing */
  g_assert_true (before == 0 || after + G_N_ELEMENTS (workers) * 200000 < before);
  g_assert_cmpuint (wherry_worker_pool_get_n_parked (), ==, G_N_ELEMENTS (workers));
  start_and_stop (G_N_ELEMENTS (workers));
  drain ();
  wherry_worker_pool_trim (); /* of none */
}

static void
test_without_threads_it_is_an_error (void)
{
  g_autoptr (GError) error = NULL;
  pthread_attr_t before;
  pthread_attr_t huge;

  g_assert_cmpint (pthread_getattr_default_np (&before), ==, 0);
  g_assert_cmpint (pthread_getattr_default_np (&huge), ==, 0);
  g_assert_cmpint (pthread_attr_setstacksize (&huge, (gsize) 1 << 50), ==, 0);
  g_assert_cmpint (pthread_setattr_default_np (&huge), ==, 0);
  g_assert_null (wherry_worker_new ("none", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES);
  g_assert_cmpint (pthread_setattr_default_np (&before), ==, 0);
  pthread_attr_destroy (&huge);
  pthread_attr_destroy (&before);
  drain ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker-pool/a-thread-is-used-again", test_a_thread_is_used_again);
  g_test_add_func ("/worker-pool/the-context-is-a-new-one", test_the_context_is_a_new_one);
  g_test_add_func ("/worker-pool/so-many-are-parked-and-no-more",
                   test_so_many_are_parked_and_no_more);
  g_test_add_func ("/worker-pool/idle-threads-end", test_idle_threads_end);
  g_test_add_func ("/worker-pool/from-several-threads", test_from_several_threads);
  g_test_add_func ("/worker-pool/a-drain-leaves-what-runs", test_a_drain_leaves_what_runs);
  g_test_add_func ("/worker-pool/trim-empties-caches", test_trim_empties_caches);
  g_test_add_func ("/worker-pool/without-threads-it-is-an-error",
                   test_without_threads_it_is_an_error);
  return g_test_run ();
}
