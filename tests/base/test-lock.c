/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-lock.h"

#define N_THREADS 4u
#define N_ROUNDS 20000u

typedef struct
{
  WherryLock lock;
  GCond cond;
  guint count; /* under the lock: a plain increment, so a missing lock loses some */
  gatomicrefcount refs;
  guint last_ones;
} Shared;

static gpointer
count_up (gpointer data)
{
  Shared *shared = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      g_autoptr (WherryLocker) locker = wherry_locker_new (&shared->lock);

      shared->count++;
    }
  return NULL;
}

static void
test_excludes (void)
{
  Shared shared = { 0 };
  GThread *threads[N_THREADS];

  wherry_lock_init (&shared.lock);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("counter", count_up, &shared);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (shared.count, ==, N_THREADS * N_ROUNDS);
  wherry_lock_clear (&shared.lock);
}

static gpointer
answer (gpointer data)
{
  Shared *shared = data;

  wherry_lock_acquire (&shared->lock);
  while (shared->count != 1)
    wherry_lock_wait (&shared->lock, &shared->cond);
  shared->count = 2;
  g_cond_broadcast (&shared->cond);
  wherry_lock_release (&shared->lock);
  return NULL;
}

static void
test_waits (void)
{
  Shared shared = { 0 };
  GThread *thread;

  wherry_lock_init (&shared.lock);
  g_cond_init (&shared.cond);
  thread = g_thread_new ("answer", answer, &shared);
  wherry_lock_acquire (&shared.lock);
  shared.count = 1;
  g_cond_broadcast (&shared.cond);
  while (shared.count != 2)
    wherry_lock_wait (&shared.lock, &shared.cond);
  g_assert_false (wherry_lock_wait_until (&shared.lock, &shared.cond, g_get_monotonic_time ()));
  wherry_lock_release (&shared.lock);
  g_thread_join (thread);
  g_cond_clear (&shared.cond);
  wherry_lock_clear (&shared.lock);
}

static gpointer
drop_one (gpointer data)
{
  Shared *shared = data;

  if (wherry_ref_dec (&shared->refs))
    __atomic_fetch_add (&shared->last_ones, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

static void
test_one_drops_the_last_reference (void)
{
  Shared shared = { 0 };
  GThread *threads[N_THREADS];

  wherry_ref_init (&shared.refs);
  for (guint i = 1; i < N_THREADS; i++)
    wherry_ref_inc (&shared.refs);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("dropper", drop_one, &shared);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (shared.last_ones, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lock/excludes", test_excludes);
  g_test_add_func ("/lock/waits", test_waits);
  g_test_add_func ("/lock/one-drops-the-last-reference", test_one_drops_the_last_reference);
  return g_test_run ();
}
