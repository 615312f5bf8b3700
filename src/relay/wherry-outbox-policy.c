/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-counters.h"
#include "relay/wherry-outbox-private.h"
#include "relay/wherry-planted.h"

/* What happens when more comes than the member takes. */

/* Would be, with so much more in it. */
static gboolean
is_full_locked (const WherryOutbox *self, guint n_more, gsize charge)
{
  const WherryOutboxLimits *limits = &self->limits;

  return self->bytes + charge > limits->outbox_high
         || (limits->messages_high > 0 && self->queue.length + n_more > limits->messages_high)
         || self->set->bytes + charge > self->set->max_bytes;
}

static gboolean
has_room_locked (const WherryOutbox *self)
{
  const WherryOutboxLimits *limits = &self->limits;

  return self->bytes <= limits->outbox_low
         && (limits->messages_high == 0 || self->queue.length <= limits->messages_low)
         && self->set->bytes <= self->set->max_bytes - self->set->max_bytes / 4;
}

/* ---- what drops ---- */

/* The first one that waits. The one before it may be on its way: whoever takes it does not hold the
 * lock meanwhile. */
static GList *
first_waiting_locked (const WherryOutbox *self)
{
  GList *head = self->queue.head;

  return head != NULL && self->sending && !self->replaying ? head->next : head;
}

static void
drop_locked (WherryOutbox *self, GList *link, WherryOutboxNews *news)
{
  gsize charge = wherry_message_get_charge (link->data);

  self->bytes -= charge;
  self->set->bytes -= charge;
  wherry_outbox_counts_locked (self)->dropped[self->policy]++;
  g_queue_unlink (&self->queue, link);
  g_queue_push_tail_link (&news->dropped, link);
}

/* The newest always stays: a lossy channel of a member that is full elsewhere is still fresh. */
static void
drop_oldest_locked (WherryOutbox *self, WherryOutboxNews *news)
{
  GList *oldest;
  guint n = 0;

  for (; is_full_locked (self, 0, 0); n++)
    {
      oldest = first_waiting_locked (self);
      if (oldest == NULL || (oldest == self->queue.tail && !WHERRY_PLANT (DROP_NEWEST)))
        break;
      drop_locked (self, oldest, news);
    }
  if (n > 0)
    wherry_counter_add (WHERRY_COUNTER_DROPPED_OLDEST, n);
}

/* All but the newest. What is for everybody and what is for this member alone are two things: they
 * do not replace each other. */
static void
drop_replaced_locked (WherryOutbox *self, WherryOutboxNews *news)
{
  GList *first = first_waiting_locked (self);
  GList *end = first != NULL ? first->prev : NULL;
  gboolean seen[2] = { FALSE, FALSE };
  GList *before;
  guint n = 0;

  for (GList *link = self->queue.tail; link != end; link = before)
    {
      gboolean *is_replaced = &seen[wherry_message_get_stamp (link->data)->recipient != 0];

      before = link->prev;
      if (*is_replaced)
        {
          drop_locked (self, link, news);
          n++;
        }
      *is_replaced = TRUE;
    }
  if (n > 0)
    wherry_counter_add (WHERRY_COUNTER_DROPPED_LATEST, n);
}

/* ---- who waits ---- */

static void
block_locked (WherryOutbox *self, WherryGate *gate)
{
  WherryOutboxSet *set = self->set;

  if (!wherry_gate_wait_for (gate, self))
    return;
  wherry_counter_inc (WHERRY_COUNTER_PAUSES);
  wherry_outbox_counts_locked (self)->pauses++;
  if (self->waiters == NULL)
    {
      self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_gate_unref);
      self->waiting_since_us = wherry_clock_now_us (set->clock);
      if (!WHERRY_PLANT (FREE_WAITING))
        wherry_block_clock_begin (&self->clock, self->waiting_since_us);
      if (set->n_blocking++ == 0 && set->watch != NULL)
        wherry_block_watch_add (set->watch, set);
    }
  g_ptr_array_add (self->waiters, wherry_gate_ref (gate));
}

void
wherry_outbox_release_locked (WherryOutbox *self, gboolean force, WherryOutboxNews *news)
{
  WherryOutboxSet *set = self->set;
  gint64 now_us;

  if (self->waiters == NULL || (!force && !has_room_locked (self)))
    return;
  for (guint i = 0; i < self->waiters->len; i++)
    {
      WherryGate *gate = g_ptr_array_index (self->waiters, i);

      if (!wherry_gate_let_go (gate, self) || (WHERRY_PLANT (LOST_WAKE_UP) && i > 0))
        continue;
      if (news->gates == NULL)
        news->gates = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_gate_unref);
      g_ptr_array_add (news->gates, wherry_gate_ref (gate));
    }
  g_clear_pointer (&self->waiters, g_ptr_array_unref);
  now_us = wherry_clock_now_us (set->clock);
  wherry_outbox_counts_locked (self)->paused_us += now_us - self->waiting_since_us;
  wherry_block_clock_end (&self->clock, now_us);
  if (--set->n_blocking == 0 && set->watch != NULL)
    wherry_block_watch_remove (set->watch, set);
}

void
wherry_outbox_forget (WherryOutbox *self, WherryGate *gate)
{
  g_autoptr (WherryLocker) locker = wherry_locker_new (&self->set->lock);
  WherryOutboxNews news = { 0 };

  if (self->waiters != NULL && g_ptr_array_remove_fast (self->waiters, gate)
      && self->waiters->len == 0)
    wherry_outbox_release_locked (self, TRUE, &news); /* opens no gate: there is none */
}

/* Progress counts in the outbox's own, and in those that wait only because the member holds too
 * much altogether. Where the mark is a number of messages, so is the progress: small ones would
 * else earn next to nothing. */
void
wherry_outbox_progress_locked (WherryOutbox *self, WherryOutbox *from, gsize charge, gint64 now_us)
{
  const WherryOutboxLimits *limits = &self->limits;
  guint n = limits->messages_high - limits->messages_low;

  if (self != from
      && (self->bytes > limits->outbox_low
          || (limits->messages_high > 0 && self->queue.length > limits->messages_low)))
    return;
  if (limits->messages_high > 0)
    charge = MAX (charge, (limits->outbox_high - limits->outbox_low) / MAX (n, 1));
  wherry_block_clock_progress (&self->clock, now_us, charge);
}

/* ---- who leaves ---- */

/* The message finds no room, and so does whatever comes before the hub has ended the member. */
static void
disconnect_locked (WherryOutbox *self)
{
  WherryOutboxSet *set = self->set;

  wherry_outbox_counts_locked (self)->dropped[WHERRY_POLICY_DISCONNECT]++;
  set->condemned = TRUE;
  if (set->watch != NULL)
    wherry_block_watch_condemn (set->watch, set);
}

/* ---- which of them ---- */

WherryPushResult
wherry_outbox_admit_locked (WherryOutbox *self, WherryMessage *message, WherryGate *gate,
                            WherryOutboxNews *news)
{
  gsize charge = wherry_message_get_charge (message);
  gboolean fits = self->queue.length == 0 || !is_full_locked (self, 1, charge);

  if (!fits && self->policy == WHERRY_POLICY_DROP_NEWEST)
    {
      wherry_outbox_counts_locked (self)->dropped[WHERRY_POLICY_DROP_NEWEST]++;
      wherry_counter_inc (WHERRY_COUNTER_DROPPED_NEWEST);
      return WHERRY_PUSH_DROPPED;
    }
  if (!fits && self->policy == WHERRY_POLICY_DISCONNECT)
    {
      disconnect_locked (self);
      return WHERRY_PUSH_CLOSED;
    }

  wherry_outbox_append_locked (self, message);
  switch (self->policy)
    {
    case WHERRY_POLICY_DROP_OLDEST:
      drop_oldest_locked (self, news);
      break;
    case WHERRY_POLICY_LATEST:
      drop_replaced_locked (self, news);
      break;
    case WHERRY_POLICY_BLOCK:
      if (!is_full_locked (self, 0, 0))
        break;
      if (gate != NULL)
        block_locked (self, gate);
      return WHERRY_PUSH_BLOCKED;
    case WHERRY_POLICY_DROP_NEWEST:
    case WHERRY_POLICY_DISCONNECT:
    default:
      break;
    }
  return WHERRY_PUSH_OK;
}

void
wherry_outbox_change_policy (WherryOutbox *self, WherryPolicy policy,
                             const WherryOutboxLimits *limits)
{
  WherryOutboxSet *set = self->set;
  WherryOutboxNews news = { 0 };

  wherry_lock_acquire (&set->lock);
  self->policy = policy;
  self->limits = *limits;
  self->limits.outbox_low = MIN (limits->outbox_low, limits->outbox_high);
  self->limits.messages_low = MIN (limits->messages_low, limits->messages_high);
  wherry_block_clock_change (&self->clock, limits->block_limit_us,
                             limits->outbox_high - self->limits.outbox_low);
  if (policy == WHERRY_POLICY_DROP_OLDEST)
    drop_oldest_locked (self, &news);
  else if (policy == WHERRY_POLICY_LATEST)
    drop_replaced_locked (self, &news);
  wherry_outbox_release_locked (self, policy != WHERRY_POLICY_BLOCK, &news);
  wherry_outbox_set_release_locked (set, &news);
  wherry_lock_release (&set->lock);
  wherry_outbox_set_tell (set, &news);
}
