/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-limits.h"
#include "relay/wherry-member-port-private.h"
#include "relay/wherry-planted.h"

/* How long a full outbox holds up a reset that somebody waits for: a slow round trip, and little of
 * what others may have to wait for this member, since it is not to blame for that. */
#define GRACE_INTERVAL_US (G_USEC_PER_SEC / 2)
#define GRACE_SHARE 4

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

static void
forget_budget (WherryMemberPort *self)
{
  if (self->budget_wait == NULL)
    return;
  g_clear_pointer (&self->budget_wait, wait_unref);
  wherry_block_watch_budget (self->watch, -1);
}

/* TRUE: the process holds too much; the port's waker is posted when there is room. */
static gboolean
waits_for_budget (WherryMemberPort *self)
{
  WherryBudgetWait *wait;

  if (self->budget_wait != NULL && !g_atomic_int_get (&self->budget_wait->fired))
    return TRUE;
  forget_budget (self);
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

/* A channel here may wait for a mirror's reset, whose other half comes in on this very association,
 * behind at most one receive buffer of data. Were that not read because an outbox elsewhere is
 * full, and did that one wait for its mirror in the same way, neither would ever end. So when the
 * gate has been shut for a while, longer than the reset's way, that much is read on. */
static gboolean
on_grace (gpointer user_data)
{
  WherryMemberPort *self = user_data;

  wherry_clock_clear_source (&self->grace_timer);
  if (self->n_waiting > 0 && wherry_gate_is_shut (self->gate))
    self->grace_left = WHERRY_SCTP_RCVBUF;
  wherry_port_update_pause (self);
  return G_SOURCE_REMOVE;
}

static gboolean
is_shut (WherryMemberPort *self)
{
  if (!wherry_gate_is_shut (self->gate))
    {
      self->grace_left = 0;
      return FALSE;
    }
  if (self->n_waiting > 0 && self->grace_left == 0 && self->grace_timer == NULL)
    {
      gint64 limit_us = wherry_relay_config_shortest_block_limit (self->config);

      self->grace_timer
          = wherry_clock_add (self->clock, wherry_peer_get_context (self->peer),
                              MIN (GRACE_INTERVAL_US, limit_us / GRACE_SHARE), on_grace, self);
    }
  return self->n_waiting == 0 || self->grace_left == 0;
}

void
wherry_port_update_pause (WherryMemberPort *self)
{
  gboolean paused;

  if (self->ended)
    return;
  paused = is_shut (self) && !WHERRY_PLANT (NO_GATE);
  paused |= self->held_bytes > WHERRY_PORT_HELD_MAX;
  /* whose channels come and go faster than the hub answers is slowed down, not refused */
  paused |= self->n_orphans > self->config->channels_per_member;
  paused |= waits_for_budget (self);
  paused |= wherry_port_rate_is_over (self);
  if (paused == self->paused)
    return;
  self->paused = paused; /* first: reading on may deliver messages from within */
  wherry_peer_set_paused (self->peer, paused);
}

void
wherry_port_stop_waiting (WherryMemberPort *self)
{
  forget_budget (self);
  wherry_clock_clear_source (&self->grace_timer);
  wherry_clock_clear_source (&self->ack_timer);
  wherry_clock_clear_source (&self->rate_timer);
}
