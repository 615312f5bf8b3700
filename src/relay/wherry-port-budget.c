/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-member-port-private.h"

/* One wait for the process's budget. The budget calls it on whichever thread makes room, perhaps
 * long after the port is gone. */
struct _WherryBudgetWait
{
  gatomicrefcount ref_count;
  gint fired; /* atomic */
  WherryWaker *waker;
};

static void
wait_unref (gpointer data)
{
  WherryBudgetWait *wait = data;

  if (!wherry_ref_dec (&wait->ref_count))
    return;
  wherry_waker_unref (wait->waker);
  g_free (wait);
}

static void
on_room (gpointer data)
{
  WherryBudgetWait *wait = data;

  g_atomic_int_set (&wait->fired, 1);
  wherry_waker_post (wait->waker);
}

gboolean
wherry_port_budget_waits (WherryMemberPort *self)
{
  WherryBudgetWait *wait;

  if (self->budget_wait != NULL && !g_atomic_int_get (&self->budget_wait->fired))
    return TRUE;
  wherry_port_budget_forget (self);
  if (!wherry_budget_is_over (self->budget))
    return FALSE;

  wait = g_new0 (WherryBudgetWait, 1);
  wherry_ref_init (&wait->ref_count);
  wait->waker = wherry_waker_ref (self->waker);
  wherry_ref_inc (&wait->ref_count); /* the budget's */
  if (!wherry_budget_wait (self->budget, on_room, wait, wait_unref))
    {
      wait_unref (wait); /* the budget has let go of its own */
      return FALSE;
    }
  self->budget_wait = wait;
  wherry_block_watch_budget (self->watch, 1);
  return TRUE;
}

void
wherry_port_budget_forget (WherryMemberPort *self)
{
  if (self->budget_wait == NULL)
    return;
  g_clear_pointer (&self->budget_wait, wait_unref);
  wherry_block_watch_budget (self->watch, -1);
}
