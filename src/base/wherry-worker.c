/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/wherry-error.h"
#include "base/wherry-inbox.h"
#include "base/wherry-limits.h"
#include "base/wherry-lock.h"
#include "base/wherry-stack.h"
#include "base/wherry-turns.h"
#include "base/wherry-worker-pool.h"
#include "base/wherry-worker.h"

/* The deepest calls are those of a peer's first seconds: 16 KiB of its stack. */
#define REST_FIRST_US (8 * G_USEC_PER_SEC)
#define REST_US (30 * G_USEC_PER_SEC)

/* func is NULL in the call that stops the loop */
typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Call;

struct _WherryWorker
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  GMainContext *context;
  WherryTurns *turns; /* NULL: it runs no other context */
  WherryInbox *inbox;
  WherryWorkerRun *run;

  /* any thread: atomic */
  gboolean joined;

  /* worker thread only */
  gboolean stopped;
};

/* Of the worker that this thread runs; 0: none. */
static __thread guint64 turn;

static void
call_free (gpointer data)
{
  Call *call = data;

  if (call->destroy != NULL)
    call->destroy (call->data);
  g_free (call);
}

static void
on_call (gpointer item, gpointer user_data)
{
  WherryWorker *self = user_data;
  Call *call = item;

  if (call->func == NULL)
    self->stopped = TRUE;
  else if (!self->stopped)
    call->func (call->data);
  call_free (call);
}

/* Without a timer of its own: who is looked after by others is woken every few seconds. */
static void
rest (gint64 *due_us)
{
  gint64 now_us = g_get_monotonic_time ();

  if (now_us < *due_us)
    return;
  *due_us = now_us + REST_US;
  wherry_stack_give_back ();
}

static void
run_many (WherryWorker *self)
{
  wherry_turns_add (self->turns, self->context);
  while (!self->stopped)
    {
      turn++;
      wherry_turns_run_once (self->turns);
    }
  wherry_turns_remove (self->turns, self->context);
}

static void
run_one (WherryWorker *self)
{
  gint64 rest_us = g_get_monotonic_time () + REST_FIRST_US;

  while (!self->stopped)
    {
      turn++;
      g_main_context_iteration (self->context, TRUE);
      rest (&rest_us);
    }
}

static void
worker_main (gpointer data)
{
  WherryWorker *self = data;

  /* owned between iterations too, so that wherry_worker_is_current() needs no more than that */
  g_main_context_acquire (self->context);
  g_main_context_push_thread_default (self->context);
  if (self->turns != NULL)
    run_many (self);
  else
    run_one (self);
  turn = 0;
  wherry_inbox_close (self->inbox);
  g_main_context_pop_thread_default (self->context);
  g_main_context_release (self->context);
  wherry_worker_unref (self);
}

/* The new context needs a descriptor and aborts without one; what its user opens next wants some
 * more. The lowest free number says how many are left, since the kernel hands out the lowest. */
static gboolean
check_descriptors (GError **error)
{
  struct rlimit limit;
  int fd = eventfd (0, EFD_CLOEXEC);
  int saved_errno = errno;

  if (fd >= 0)
    close (fd);
  if (fd < 0 || getrlimit (RLIMIT_NOFILE, &limit) != 0)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES,
                   "Starting a worker: no file descriptor: %s", g_strerror (saved_errno));
      return FALSE;
    }
  if ((rlim_t) fd + WHERRY_FDS_PER_PEER > limit.rlim_cur)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES,
                   "Starting a worker: %d of %lu file descriptors are in use; raise the limit "
                   "(ulimit -n, LimitNOFILE=)",
                   fd, (gulong) limit.rlim_cur);
      return FALSE;
    }
  return TRUE;
}

static void
worker_free (WherryWorker *self)
{
  g_clear_pointer (&self->run, wherry_worker_run_unref);
  wherry_inbox_unref (self->inbox);
  g_clear_pointer (&self->turns, wherry_turns_free);
  g_main_context_unref (self->context);
  g_free (self);
}

/* Takes turns (nullable). */
static WherryWorker *
make (const char *name, WherryTurns *turns, GError **error)
{
  g_autoptr (GError) thread_error = NULL;
  WherryWorker *self = g_new0 (WherryWorker, 1);

  self->turns = turns;
  wherry_ref_init (&self->ref_count);
  self->context = g_main_context_new ();
  /* calls are control: whoever posts them bounds them, and a stop must never be refused */
  self->inbox = wherry_inbox_new (self->context, 0, 0, NULL, on_call, self, call_free);

  wherry_worker_ref (self); /* the thread's */
  self->run = wherry_worker_pool_run (name, worker_main, self, &thread_error);
  if (self->run == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES, "Starting worker %s: %s", name,
                   thread_error->message);
      wherry_inbox_close (self->inbox);
      worker_free (self);
      return NULL;
    }
  return self;
}

WherryWorker *
wherry_worker_new (const char *name, GError **error)
{
  return check_descriptors (error) ? make (name, NULL, error) : NULL;
}

WherryWorker *
wherry_worker_new_for_many (const char *name, GError **error)
{
  WherryTurns *turns = check_descriptors (error) ? wherry_turns_new (error) : NULL;

  return turns != NULL ? make (name, turns, error) : NULL;
}

WherryWorker *
wherry_worker_ref (WherryWorker *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_worker_unref (WherryWorker *self)
{
  if (wherry_ref_dec (&self->ref_count))
    worker_free (self);
}

GMainContext *
wherry_worker_get_context (WherryWorker *self)
{
  return self->context;
}

gboolean
wherry_worker_is_current (WherryWorker *self)
{
  /* the context, and not the thread, which runs one worker after another */
  return g_main_context_is_owner (self->context);
}

guint64
wherry_worker_get_turn (void)
{
  return turn;
}

void
wherry_worker_post_call (WherryWorker *self, GSourceFunc func, gpointer data,
                         GDestroyNotify destroy)
{
  Call *call = g_new (Call, 1);

  g_assert (func != NULL);

  *call = (Call){ .func = func, .data = data, .destroy = destroy };
  wherry_inbox_post_urgent (self->inbox, call);
}

typedef struct
{
  WherryWorker *worker;
  GMainContext *context;
} ContextCall;

static void
context_call_free (gpointer data)
{
  ContextCall *call = data;

  g_main_context_unref (call->context);
  g_free (call);
}

static gboolean
add_context (gpointer data)
{
  ContextCall *call = data;

  wherry_turns_add (call->worker->turns, call->context);
  return G_SOURCE_REMOVE;
}

static gboolean
remove_context (gpointer data)
{
  ContextCall *call = data;

  wherry_turns_remove (call->worker->turns, call->context);
  return G_SOURCE_REMOVE;
}

static void
post_context_call (WherryWorker *self, GSourceFunc func, GMainContext *context)
{
  ContextCall *call = g_new (ContextCall, 1);

  g_assert (self->turns != NULL);
  *call = (ContextCall){ .worker = self, .context = g_main_context_ref (context) };
  wherry_worker_post_call (self, func, call, context_call_free);
}

GMainContext *
wherry_worker_add_context (WherryWorker *self, GError **error)
{
  GMainContext *context;

  if (!check_descriptors (error))
    return NULL;
  context = g_main_context_new ();
  post_context_call (self, add_context, context);
  return context;
}

void
wherry_worker_remove_context (WherryWorker *self, GMainContext *context)
{
  post_context_call (self, remove_context, context);
}

void
wherry_worker_post_stop (WherryWorker *self)
{
  wherry_inbox_post_urgent (self->inbox, g_new0 (Call, 1));
}

void
wherry_worker_join (WherryWorker *self)
{
  g_assert (!wherry_worker_is_current (self));
  g_assert (!__atomic_load_n (&self->joined, __ATOMIC_ACQUIRE));

  wherry_worker_run_wait (self->run);
  __atomic_store_n (&self->joined, TRUE, __ATOMIC_RELEASE);
}
