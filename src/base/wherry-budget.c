/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-budget.h"
#include "base/wherry-limits.h"
#include "base/wherry-lock.h"

typedef struct
{
  WherryBudgetFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
} Waiter;

struct _WherryBudgetHolder
{
  /* immutable after construction: any thread reads */
  WherryBudget *budget;
  WherryBudgetFunc func;
  gpointer user_data;

  /* any thread: atomic */
  gsize bytes;
  int must_go; /* changed under the budget's lock */

  /* under the budget's lock */
  GList link;
};

struct _WherryBudget
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  gsize limit;
  gsize low;

  /* any thread: atomic */
  gsize used;
  gsize held;      /* of it, by holders */
  guint n_waiters; /* changed under the lock, read without it */

  /* any thread: internally locked */
  WherryLock lock;
  GQueue waiters; /* of Waiter */
  GQueue holders; /* of WherryBudgetHolder, borrowed */
};

WherryBudget *
wherry_budget_new (gsize limit)
{
  WherryBudget *self = g_new0 (WherryBudget, 1);

  wherry_ref_init (&self->ref_count);
  self->limit = limit;
  self->low = limit - limit / 4;
  wherry_lock_init (&self->lock);
  g_queue_init (&self->waiters);
  g_queue_init (&self->holders);
  return self;
}

WherryBudget *
wherry_budget_ref (WherryBudget *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

static void
waiter_free (Waiter *waiter)
{
  if (waiter->destroy != NULL)
    waiter->destroy (waiter->user_data);
  g_free (waiter);
}

void
wherry_budget_unref (WherryBudget *self)
{
  Waiter *waiter;

  if (!wherry_ref_dec (&self->ref_count))
    return;

  while ((waiter = g_queue_pop_head (&self->waiters)) != NULL)
    waiter_free (waiter);
  wherry_lock_clear (&self->lock);
  g_free (self);
}

void
wherry_budget_charge (WherryBudget *self, gsize bytes)
{
  __atomic_fetch_add (&self->used, bytes, __ATOMIC_SEQ_CST);
}

static void
tell_waiters (WherryBudget *self)
{
  GQueue told = G_QUEUE_INIT;
  Waiter *waiter;

  wherry_lock_acquire (&self->lock);
  told = self->waiters;
  g_queue_init (&self->waiters);
  __atomic_store_n (&self->n_waiters, 0, __ATOMIC_SEQ_CST);
  wherry_lock_release (&self->lock);

  while ((waiter = g_queue_pop_head (&told)) != NULL)
    {
      waiter->func (waiter->user_data);
      waiter_free (waiter);
    }
}

void
wherry_budget_release (WherryBudget *self, gsize bytes)
{
  gsize before = __atomic_fetch_sub (&self->used, bytes, __ATOMIC_SEQ_CST);

  g_assert (before >= bytes);
  if (before - bytes < self->low && __atomic_load_n (&self->n_waiters, __ATOMIC_SEQ_CST) > 0)
    tell_waiters (self);
}

gboolean
wherry_budget_is_over (WherryBudget *self)
{
  return wherry_budget_get_used (self) >= self->limit;
}

gsize
wherry_budget_get_used (WherryBudget *self)
{
  return __atomic_load_n (&self->used, __ATOMIC_SEQ_CST);
}

gsize
wherry_budget_get_limit (WherryBudget *self)
{
  return self->limit;
}

gboolean
wherry_budget_wait (WherryBudget *self, WherryBudgetFunc func, gpointer user_data,
                    GDestroyNotify destroy)
{
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->func = func;
  waiter->user_data = user_data;
  waiter->destroy = destroy;

  wherry_lock_acquire (&self->lock);
  /* Counted first and looked at second, while a release subtracts first and looks at the count
   * second: one of the two always sees the other, so no waiter is forgotten. */
  __atomic_fetch_add (&self->n_waiters, 1, __ATOMIC_SEQ_CST);
  if (wherry_budget_is_over (self))
    {
      g_queue_push_tail (&self->waiters, waiter);
      waiter = NULL;
    }
  else
    {
      __atomic_fetch_sub (&self->n_waiters, 1, __ATOMIC_SEQ_CST);
    }
  wherry_lock_release (&self->lock);

  if (waiter == NULL)
    return TRUE;
  waiter_free (waiter);
  return FALSE;
}

/* ---- holders ---- */

WherryBudgetHolder *
wherry_budget_holder_new (WherryBudget *budget, WherryBudgetFunc must_go, gpointer user_data)
{
  WherryBudgetHolder *self = g_new0 (WherryBudgetHolder, 1);

  self->budget = wherry_budget_ref (budget);
  self->func = must_go;
  self->user_data = user_data;
  self->link.data = self;
  wherry_lock_acquire (&budget->lock);
  g_queue_push_tail_link (&budget->holders, &self->link);
  wherry_lock_release (&budget->lock);
  return self;
}

void
wherry_budget_holder_free (WherryBudgetHolder *self)
{
  WherryBudget *budget = self->budget;

  wherry_lock_acquire (&budget->lock);
  g_queue_unlink (&budget->holders, &self->link);
  wherry_lock_release (&budget->lock);
  wherry_budget_holder_release (self, __atomic_load_n (&self->bytes, __ATOMIC_SEQ_CST));
  wherry_budget_unref (budget);
  g_free (self);
}

/* (nullable): the one with most of those that stay; bytes: what those hold. */
static WherryBudgetHolder *
find_largest_locked (WherryBudget *self, gsize *bytes)
{
  WherryBudgetHolder *largest = NULL;
  gsize most = 0;

  *bytes = 0;
  for (GList *l = self->holders.head; l != NULL; l = l->next)
    {
      WherryBudgetHolder *holder = l->data;
      gsize its = __atomic_load_n (&holder->bytes, __ATOMIC_SEQ_CST);

      if (wherry_budget_holder_must_go (holder))
        continue;
      *bytes += its;
      if (its <= most)
        continue;
      most = its;
      largest = holder;
    }
  return largest;
}

void
wherry_budget_holder_charge (WherryBudgetHolder *self, gsize bytes)
{
  WherryBudget *budget = self->budget;
  gsize share = budget->limit / WHERRY_UNFINISHED_SHARE;
  WherryBudgetHolder *largest;
  gsize held;

  wherry_budget_charge (budget, bytes);
  __atomic_fetch_add (&self->bytes, bytes, __ATOMIC_SEQ_CST);
  if (__atomic_add_fetch (&budget->held, bytes, __ATOMIC_SEQ_CST) <= share)
    return;

  wherry_lock_acquire (&budget->lock);
  /* what those hold that were told is on its way back */
  while ((largest = find_largest_locked (budget, &held)) != NULL && held > share)
    {
      __atomic_store_n (&largest->must_go, 1, __ATOMIC_SEQ_CST);
      largest->func (largest->user_data);
    }
  wherry_lock_release (&budget->lock);
}

void
wherry_budget_holder_release (WherryBudgetHolder *self, gsize bytes)
{
  gsize before = __atomic_fetch_sub (&self->bytes, bytes, __ATOMIC_SEQ_CST);

  g_assert (before >= bytes);
  __atomic_fetch_sub (&self->budget->held, bytes, __ATOMIC_SEQ_CST);
  wherry_budget_release (self->budget, bytes);
}

gboolean
wherry_budget_holder_must_go (WherryBudgetHolder *self)
{
  return __atomic_load_n (&self->must_go, __ATOMIC_SEQ_CST) != 0;
}

gsize
wherry_budget_get_held (WherryBudget *self)
{
  return __atomic_load_n (&self->held, __ATOMIC_SEQ_CST);
}
