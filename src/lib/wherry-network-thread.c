/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "base/wherry-limits.h"
#include "base/wherry-lock.h"
#include "base/wherry-loop-end.h"
#include "lib/wherry-network-thread.h"

struct _WherryNetworkThread
{
  /* immutable after construction: any thread reads */
  GMainContext *creator;
  WherryWorker *worker;

  /* the table's lock */
  guint n_users;

  /* network thread only */
  GPtrArray *unwoken; /* of WherryInbox: what they have, their owner does not know of */
  guint n_quiet;      /* items posted since the owner was woken */

  /* creator only */
  WherryLoopEnd *end;
};

static WherryLock table_lock;
static GPtrArray *table; /* table_lock: of those that are shared; NULL: none */

static void
wake (gpointer data)
{
  WherryNetworkThread *self = data;

  for (guint i = 0; i < self->unwoken->len; i++)
    wherry_inbox_wake (g_ptr_array_index (self->unwoken, i));
  g_ptr_array_set_size (self->unwoken, 0);
  self->n_quiet = 0;
}

static WherryNetworkThread *
network_thread_new (GMainContext *creator, GError **error)
{
  WherryWorker *worker = wherry_worker_new ("network", error);
  WherryNetworkThread *self;

  if (worker == NULL)
    return NULL;
  self = g_new0 (WherryNetworkThread, 1);
  self->creator = g_main_context_ref (creator);
  self->worker = worker;
  self->unwoken = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_inbox_unref);
  self->end = wherry_loop_end_new (wherry_worker_get_context (worker), wake, self);
  return self;
}

static void
network_thread_free (WherryNetworkThread *self)
{
  wherry_worker_post_stop (self->worker);
  wherry_worker_join (self->worker);
  wherry_loop_end_free (self->end);
  g_ptr_array_unref (self->unwoken);
  wherry_worker_unref (self->worker);
  g_main_context_unref (self->creator);
  g_free (self);
}

static WherryNetworkThread *
find_locked (GMainContext *creator)
{
  for (guint i = 0; table != NULL && i < table->len; i++)
    {
      WherryNetworkThread *each = g_ptr_array_index (table, i);

      if (each->creator == creator)
        return each;
    }
  return NULL;
}

WherryNetworkThread *
wherry_network_thread_acquire (GMainContext *creator, gboolean own, GError **error)
{
  WherryNetworkThread *self;

  wherry_lock_acquire (&table_lock);
  self = own ? NULL : find_locked (creator);
  if (self == NULL)
    {
      self = network_thread_new (creator, error);
      if (self != NULL && !own)
        {
          if (table == NULL)
            table = g_ptr_array_new ();
          g_ptr_array_add (table, self);
        }
    }
  if (self != NULL)
    self->n_users++;
  wherry_lock_release (&table_lock);
  return self;
}

void
wherry_network_thread_release (WherryNetworkThread *self)
{
  gboolean is_last;

  wherry_lock_acquire (&table_lock);
  is_last = --self->n_users == 0;
  if (is_last && table != NULL)
    g_ptr_array_remove_fast (table, self);
  if (table != NULL && table->len == 0)
    g_clear_pointer (&table, g_ptr_array_unref);
  wherry_lock_release (&table_lock);
  if (is_last)
    network_thread_free (self);
}

WherryWorker *
wherry_network_thread_get_worker (WherryNetworkThread *self)
{
  return self->worker;
}

void
wherry_network_thread_post (WherryNetworkThread *self, WherryInbox *inbox, gpointer item)
{
  if (wherry_inbox_post_quietly (inbox, item) && !g_ptr_array_find (self->unwoken, inbox, NULL))
    {
      g_ptr_array_add (self->unwoken, wherry_inbox_ref (inbox));
      wherry_loop_end_request (self->end);
    }
  if (++self->n_quiet >= WHERRY_DISPATCH_BATCH)
    wake (self);
}
