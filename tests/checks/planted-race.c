/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-inbox.h"
#include "base/wherry-lock.h"
#include "base/wherry-worker.h"

/* Shows that a report of the thread sanitizer means something. `planted-race race-*` must be
 * reported; the same work handed over as our code hands it over must not. Built in every build, run
 * as a test where the sanitizer is. */

typedef struct
{
  WherryLock lock;
  gboolean locked;
  gboolean taken; /* atomic */
  guint value;
} Shared;

static gpointer
add (gpointer data)
{
  Shared *shared = data;

  for (guint i = 0; i < 1000; i++)
    {
      if (shared->locked)
        wherry_lock_acquire (&shared->lock);
      shared->value++;
      if (shared->locked)
        wherry_lock_release (&shared->lock);
    }
  return NULL;
}

static void
count_in_two_threads (gboolean locked)
{
  Shared shared = { .locked = locked };
  GThread *threads[2];

  wherry_lock_init (&shared.lock);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("counter", add, &shared);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  wherry_lock_clear (&shared.lock);
}

static void
on_item (gpointer item, gpointer user_data)
{
  guint *value = item;
  Shared *shared = user_data;

  shared->value += *value;
  __atomic_store_n (&shared->taken, TRUE, __ATOMIC_RELAXED);
}

static gboolean
close_inbox (gpointer data)
{
  wherry_inbox_close (data);
  return G_SOURCE_REMOVE;
}

/* after_post: the poster touches what it has already given away. It posts nothing more until that
 * has been taken, since every further post would order the touch before the taking. */
static void
hand_over (gboolean after_post)
{
  WherryWorker *worker = wherry_worker_new ("taker", NULL);
  WherryInbox *inbox;
  Shared shared = { 0 };
  guint value = 1;

  g_assert_nonnull (worker);
  inbox = wherry_inbox_new (wherry_worker_get_context (worker), 1, 0, NULL, on_item, &shared, NULL);
  g_assert_true (wherry_inbox_post (inbox, &value));
  if (after_post)
    value = 2;
  while (!__atomic_load_n (&shared.taken, __ATOMIC_RELAXED))
    g_thread_yield ();

  wherry_worker_post_call (worker, close_inbox, inbox, NULL);
  wherry_worker_post_stop (worker);
  wherry_worker_join (worker);
  wherry_worker_unref (worker);
  wherry_inbox_unref (inbox);
  g_print ("%u\n", shared.value);
}

typedef struct
{
  Shared *shared;
  gboolean late;
  guint value;
} Held;

static gpointer
use (gpointer data)
{
  Held *held = data;
  Shared *shared = held->shared;

  held->value = 1;
  __atomic_store_n (&shared->taken, TRUE, held->late ? __ATOMIC_RELAXED : __ATOMIC_RELEASE);
  return NULL;
}

/* late: the memory is freed once its user has said that it is done, and nothing orders the two. */
static void
free_after_use (gboolean late)
{
  Shared shared = { 0 };
  Held *held = g_new0 (Held, 1);
  GThread *thread;

  held->shared = &shared;
  held->late = late;
  thread = g_thread_new ("user", use, held);
  while (!__atomic_load_n (&shared.taken, __ATOMIC_ACQUIRE))
    g_thread_yield ();
  g_free (held);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";

  if (strcmp (what, "race-counter") == 0)
    count_in_two_threads (FALSE);
  else if (strcmp (what, "clean-counter") == 0)
    count_in_two_threads (TRUE);
  else if (strcmp (what, "race-after-post") == 0)
    hand_over (TRUE);
  else if (strcmp (what, "clean-post") == 0)
    hand_over (FALSE);
  else if (strcmp (what, "race-free") == 0)
    free_after_use (TRUE);
  else if (strcmp (what, "clean-free") == 0)
    free_after_use (FALSE);
  else
    return 2;
  return 0;
}
