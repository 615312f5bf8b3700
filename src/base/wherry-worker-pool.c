/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/wherry-limits.h"
#include "base/wherry-lock.h"
#include "base/wherry-worker-pool.h"

/* What the kernel shows of a thread's name; it refuses a longer one altogether. */
#define NAME_BYTES 15
/* What a thread is called while it waits for a worker. */
#define PARKED_NAME "parked"

/* What glibc's malloc keeps back of what a thread freed, until that ends: so many blocks of each
 * size up to the largest (the manual's "Memory Allocation Tunables": tcache_count, tcache_max).
 * Sizes are 16 bytes apart, less the 8 of each block's header. */
#define CACHED_BLOCKS 7u
#define CACHED_SIZE_MIN 24u
#define CACHED_SIZE_MAX 1032u
#define CACHED_SIZE_STEP 16u

struct _WherryWorkerRun
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  char name[NAME_BYTES + 1];
  void (*func) (gpointer data);
  gpointer data;

  /* under the pool's lock */
  gboolean finished;
};

/* Freed by its own thread. */
typedef struct
{
  /* under the pool's lock */
  GList link; /* in the pool's parked */
  GCond wake;
  GThread *thread; /* whoever takes it from here joins it */
  WherryWorkerRun *run;
  gboolean end;
  gboolean empty; /* its cache of blocks is wanted */
  guint trim;     /* the last one that asked for it */
  gint64 parked_us;
} PoolThread;

/* A block that was in a thread's cache. */
typedef struct _Block Block;

struct _Block
{
  Block *next;
};

/* all zeros is a GMutex and a GCond that need no initialization */
static struct
{
  WherryLock lock;
  /* under the lock */
  GCond finished;
  GQueue parked; /* of PoolThread: the one that parked last, which is warm, is taken first */
  guint n_running;
  guint n_trims;
  guint n_emptying; /* parked threads that have yet to give their cached blocks */
  Block *blocks;    /* what they have given */
  GThread *ended;   /* the last that ended by itself, to be joined by the next one or by a drain */
  WherryClock *clock;
} pool;

static WherryWorkerRun *
run_new (const char *name, void (*func) (gpointer), gpointer data)
{
  WherryWorkerRun *self = g_new0 (WherryWorkerRun, 1);

  wherry_ref_init (&self->ref_count);
  g_strlcpy (self->name, name, sizeof self->name);
  self->func = func;
  self->data = data;
  return self;
}

static WherryWorkerRun *
run_ref (WherryWorkerRun *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_worker_run_unref (WherryWorkerRun *self)
{
  if (wherry_ref_dec (&self->ref_count))
    g_free (self);
}

static gint64
now_us_locked (void)
{
  return wherry_clock_now_us (pool.clock != NULL ? pool.clock : wherry_clock_system ());
}

/* All that malloc has in the calling thread's cache, and what it takes from elsewhere for want of
 * that: whoever frees the blocks must be another thread, or they come back here. */
static Block *
take_cached_blocks (Block *blocks)
{
  for (gsize size = CACHED_SIZE_MIN; size <= CACHED_SIZE_MAX; size += CACHED_SIZE_STEP)
    for (guint i = 0; i < CACHED_BLOCKS; i++)
      {
        Block *block = malloc (size);

        if (block == NULL)
          return blocks;
        block->next = blocks;
        blocks = block;
      }
  return blocks;
}

static gpointer
free_blocks (gpointer data)
{
  Block *blocks = data;

  while (blocks != NULL)
    {
      Block *next = blocks->next;

      free (blocks);
      blocks = next;
    }
  return NULL;
}

static void
give_blocks_locked (PoolThread *self)
{
  self->empty = FALSE;
  pool.blocks = take_cached_blocks (pool.blocks);
  if (--pool.n_emptying == 0)
    g_cond_broadcast (&pool.finished);
}

/* TRUE once there is another run; FALSE when the thread is to end: a drain has asked for it, and
 * joins it, or it waited long enough. */
static gboolean
wait_parked_locked (PoolThread *self)
{
  self->parked_us = now_us_locked ();
  g_queue_push_head_link (&pool.parked, &self->link);
  while (self->run == NULL && !self->end)
    {
      gint64 left_us = self->parked_us + WHERRY_PARKED_IDLE_US - now_us_locked ();

      if (self->empty)
        give_blocks_locked (self);
      if (left_us <= 0)
        {
          g_queue_unlink (&pool.parked, &self->link);
          return FALSE;
        }
      /* on another clock than the system's the time says nothing, but then the pool's user wakes */
      wherry_lock_wait_until (&pool.lock, &self->wake, g_get_monotonic_time () + left_us);
    }
  if (self->empty)
    give_blocks_locked (self);
  return self->run != NULL;
}

/* The run has returned: what next? The thread that this one is to join comes back in *before. */
static gboolean
park (PoolThread *self, GThread **before)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&pool.lock);
  WherryWorkerRun *run = g_steal_pointer (&self->run);

  pool.n_running--;
  run->finished = TRUE;
  g_cond_broadcast (&pool.finished);
  wherry_worker_run_unref (run);

  if (pool.parked.length < WHERRY_PARKED_THREADS_MAX && wait_parked_locked (self))
    return TRUE;
  if (!self->end)
    {
      *before = pool.ended;
      pool.ended = self->thread;
    }
  return FALSE;
}

static gpointer
thread_main (gpointer data)
{
  PoolThread *self = data;
  GThread *before = NULL;
  gboolean again;

  self->thread = g_thread_self ();
  do
    {
      pthread_setname_np (pthread_self (), self->run->name);
      self->run->func (self->run->data);
      pthread_setname_np (pthread_self (), PARKED_NAME);
      again = park (self, &before);
    }
  while (again);

  /* one at a time remains to be joined, however many end */
  if (before != NULL)
    g_thread_join (before);
  g_cond_clear (&self->wake);
  g_free (self);
  return NULL;
}

static gboolean
take_parked (WherryWorkerRun *run)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&pool.lock);
  GList *link = g_queue_pop_head_link (&pool.parked);
  PoolThread *thread;

  pool.n_running++;
  if (link == NULL)
    return FALSE;
  thread = link->data;
  thread->run = run;
  g_cond_signal (&thread->wake);
  return TRUE;
}

static void
forget_running (void)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&pool.lock);

  pool.n_running--;
}

static gboolean
start_thread (WherryWorkerRun *run, GError **error)
{
  PoolThread *thread = g_new0 (PoolThread, 1);

  thread->link.data = thread;
  g_cond_init (&thread->wake);
  thread->run = run;
  /* the reference to the GThread belongs to the pool: the thread stores it itself */
  if (g_thread_try_new (run->name, thread_main, thread, error) != NULL)
    return TRUE;
  forget_running ();
  g_cond_clear (&thread->wake);
  g_free (thread);
  return FALSE;
}

WherryWorkerRun *
wherry_worker_pool_run (const char *name, void (*func) (gpointer), gpointer data, GError **error)
{
  WherryWorkerRun *run = run_new (name, func, data);

  run_ref (run); /* the thread's */
  if (take_parked (run) || start_thread (run, error))
    return run;
  wherry_worker_run_unref (run);
  wherry_worker_run_unref (run);
  return NULL;
}

void
wherry_worker_run_wait (WherryWorkerRun *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&pool.lock);

  while (!self->finished)
    wherry_lock_wait (&pool.lock, &pool.finished);
}

guint
wherry_worker_pool_get_n_parked (void)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&pool.lock);

  return pool.parked.length;
}

guint
wherry_worker_pool_drain (void)
{
  g_autoptr (GPtrArray) threads = g_ptr_array_new ();
  GList *link;
  guint n_running;

  wherry_lock_acquire (&pool.lock);
  while ((link = g_queue_pop_head_link (&pool.parked)) != NULL)
    {
      PoolThread *thread = link->data;

      g_ptr_array_add (threads, thread->thread);
      thread->end = TRUE;
      g_cond_signal (&thread->wake);
    }
  if (pool.ended != NULL)
    g_ptr_array_add (threads, g_steal_pointer (&pool.ended));
  n_running = pool.n_running;
  wherry_lock_release (&pool.lock);

  for (guint i = 0; i < threads->len; i++)
    g_thread_join (threads->pdata[i]);
  return n_running;
}

static PoolThread *
find_untrimmed_locked (guint trim)
{
  for (GList *link = pool.parked.head; link != NULL; link = link->next)
    if (((PoolThread *) link->data)->trim != trim)
      return link->data;
  return NULL;
}

void
wherry_worker_pool_trim (void)
{
  PoolThread *parked;
  GThread *thread;
  Block *blocks;
  guint trim;

  /* one after another: what it takes to empty all of them at once is hundreds of KiB for each */
  wherry_lock_acquire (&pool.lock);
  trim = ++pool.n_trims;
  while ((parked = find_untrimmed_locked (trim)) != NULL)
    {
      parked->trim = trim;
      pool.n_emptying += !parked->empty;
      parked->empty = TRUE;
      g_cond_signal (&parked->wake);
      while (pool.n_emptying > 0)
        wherry_lock_wait (&pool.lock, &pool.finished);
      blocks = g_steal_pointer (&pool.blocks);
      wherry_lock_release (&pool.lock);
      free_blocks (blocks);
      wherry_lock_acquire (&pool.lock);
    }
  wherry_lock_release (&pool.lock);

  /* our own, which is full of theirs now, goes to a thread that ends and so keeps none of them */
  blocks = take_cached_blocks (NULL);
  thread = g_thread_try_new ("trim", free_blocks, blocks, NULL);
  if (thread != NULL)
    g_thread_join (thread);
  else
    free_blocks (blocks);
}

static void
wake_parked_locked (void)
{
  for (GList *link = pool.parked.head; link != NULL; link = link->next)
    g_cond_signal (&((PoolThread *) link->data)->wake);
}

void
wherry_worker_pool_set_clock (WherryClock *clock)
{
  WherryClock *before;

  wherry_lock_acquire (&pool.lock);
  before = pool.clock;
  pool.clock = clock != NULL ? wherry_clock_ref (clock) : NULL;
  for (GList *link = pool.parked.head; link != NULL; link = link->next)
    ((PoolThread *) link->data)->parked_us = now_us_locked ();
  wake_parked_locked ();
  wherry_lock_release (&pool.lock);
  g_clear_pointer (&before, wherry_clock_unref);
}

void
wherry_worker_pool_check_idle (void)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&pool.lock);

  wake_parked_locked ();
}
