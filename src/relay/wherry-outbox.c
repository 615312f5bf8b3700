/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-outbox.h"

#include "base/wherry-counters.h"
#include "relay/wherry-outbox-private.h"

WherryOutbox *
wherry_outbox_new (WherryOutboxSet *set, WherryPolicy policy, const WherryOutboxLimits *limits)
{
  WherryOutbox *self = g_new0 (WherryOutbox, 1);

  wherry_ref_init (&self->ref_count);
  wherry_share_join (&self->share, WHERRY_PRIORITY_LOW, 0);
  self->set = wherry_outbox_set_ref (set);
  self->policy = policy;
  self->limits = *limits;
  self->limits.outbox_low = MIN (limits->outbox_low, limits->outbox_high);
  g_queue_init (&self->queue);
  wherry_block_clock_init (&self->clock, limits->block_limit_us, limits->block_window_us,
                           limits->outbox_high - self->limits.outbox_low);

  wherry_lock_acquire (&set->lock);
  self->closed = set->closed;
  if (!self->closed)
    g_ptr_array_add (set->outboxes, wherry_outbox_ref (self));
  wherry_lock_release (&set->lock);
  return self;
}

WherryOutbox *
wherry_outbox_ref (WherryOutbox *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

/* The set refers to it until it is closed: the last reference finds it empty. */
void
wherry_outbox_unref (WherryOutbox *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  g_queue_clear_full (&self->queue, (GDestroyNotify) wherry_message_unref);
  wherry_outbox_set_unref (self->set);
  g_free (self);
}

WherryOutboxSet *
wherry_outbox_get_set (WherryOutbox *self)
{
  return self->set;
}

gsize
wherry_outbox_get_bytes (WherryOutbox *self)
{
  g_autoptr (WherryLocker) locker = wherry_locker_new (&self->set->lock);

  return self->bytes;
}

guint
wherry_outbox_get_length (WherryOutbox *self)
{
  g_autoptr (WherryLocker) locker = wherry_locker_new (&self->set->lock);

  return self->queue.length;
}

gboolean
wherry_outbox_is_closed (WherryOutbox *self)
{
  g_autoptr (WherryLocker) locker = wherry_locker_new (&self->set->lock);

  return self->closed;
}

static gboolean
is_full_locked (WherryOutbox *self)
{
  return self->bytes > self->limits.outbox_high || self->set->bytes > self->set->max_bytes;
}

/* The newest always stays: a lossy channel of a member that is full elsewhere is still fresh. */
static void
drop_oldest_locked (WherryOutbox *self, GQueue *dropped)
{
  guint first = self->sending ? 1 : 0;

  while (is_full_locked (self) && self->queue.length > first + 1)
    {
      WherryMessage *oldest = g_queue_pop_nth (&self->queue, first);
      gsize charge = wherry_message_get_charge (oldest);

      self->bytes -= charge;
      self->set->bytes -= charge;
      g_queue_push_tail (dropped, oldest);
    }
}

static void
block_locked (WherryOutbox *self, WherryGate *gate)
{
  WherryOutboxSet *set = self->set;

  if (!wherry_gate_wait_for (gate, self))
    return;
  wherry_counter_inc (WHERRY_COUNTER_PAUSES);
  if (self->waiters == NULL)
    {
      self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_gate_unref);
      wherry_block_clock_begin (&self->clock, wherry_clock_now_us (set->clock));
      if (set->n_blocking++ == 0 && set->watch != NULL)
        wherry_block_watch_add (set->watch, set);
    }
  g_ptr_array_add (self->waiters, wherry_gate_ref (gate));
}

WherryPushResult
wherry_outbox_push (WherryOutbox *self, WherryMessage *message, WherryGate *gate)
{
  WherryOutboxSet *set = self->set;
  WherryPushResult result = WHERRY_PUSH_OK;
  WherryOutboxNews news = { 0 };
  GQueue dropped = G_QUEUE_INIT;
  gsize charge = wherry_message_get_charge (message);

  wherry_lock_acquire (&set->lock);
  if (self->closed)
    result = WHERRY_PUSH_CLOSED;
  else if (wherry_message_get_length (message) > set->max_message_size)
    result = WHERRY_PUSH_TOO_LARGE;
  else
    {
      if (set->bytes == 0)
        set->idle_us = wherry_clock_now_us (set->clock);
      g_queue_push_tail (&self->queue, wherry_message_ref (message));
      self->bytes += charge;
      set->bytes += charge;
      if (is_full_locked (self))
        {
          if (self->policy == WHERRY_POLICY_DROP_OLDEST)
            drop_oldest_locked (self, &dropped);
          else
            {
              result = WHERRY_PUSH_BLOCKED;
              if (gate != NULL)
                block_locked (self, gate);
            }
        }
      wherry_outbox_set_make_ready_locked (set, self, &news);
    }
  wherry_lock_release (&set->lock);

  if (dropped.length > 0)
    wherry_counter_add (WHERRY_COUNTER_DROPPED_OLDEST, dropped.length);
  g_queue_clear_full (&dropped, (GDestroyNotify) wherry_message_unref);
  wherry_outbox_set_tell (set, &news);
  return result;
}

static gboolean
has_room_locked (WherryOutbox *self)
{
  return self->bytes <= self->limits.outbox_low
         && self->set->bytes <= self->set->max_bytes - self->set->max_bytes / 4;
}

void
wherry_outbox_release_locked (WherryOutbox *self, gboolean force, WherryOutboxNews *news)
{
  WherryOutboxSet *set = self->set;

  if (self->waiters == NULL || (!force && !has_room_locked (self)))
    return;
  for (guint i = 0; i < self->waiters->len; i++)
    {
      WherryGate *gate = g_ptr_array_index (self->waiters, i);

      if (!wherry_gate_let_go (gate, self))
        continue;
      if (news->gates == NULL)
        news->gates = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_gate_unref);
      g_ptr_array_add (news->gates, wherry_gate_ref (gate));
    }
  g_clear_pointer (&self->waiters, g_ptr_array_unref);
  wherry_block_clock_end (&self->clock, wherry_clock_now_us (set->clock));
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

void
wherry_outbox_close_locked (WherryOutbox *self, GQueue *dropped, WherryOutboxNews *news)
{
  WherryOutboxSet *set = self->set;
  WherryMessage *message;

  self->closed = TRUE;
  while ((message = g_queue_pop_head (&self->queue)) != NULL)
    g_queue_push_tail (dropped, message);
  set->bytes -= self->bytes;
  self->bytes = 0;
  wherry_outbox_release_locked (self, TRUE, news);
  if (self->ready)
    {
      self->ready = FALSE;
      set->n_aside -= self->aside ? 1 : 0;
      g_queue_remove (&set->ready, self);
      wherry_outbox_unref (self); /* not the last one: the caller has one */
    }
}

void
wherry_outbox_close (WherryOutbox *self)
{
  g_autoptr (WherryOutbox) keep = wherry_outbox_ref (self);
  WherryOutboxSet *set = self->set;
  WherryOutboxNews news = { 0 };
  GQueue dropped = G_QUEUE_INIT;

  wherry_lock_acquire (&set->lock);
  if (!self->closed)
    {
      wherry_outbox_close_locked (self, &dropped, &news);
      g_ptr_array_remove_fast (set->outboxes, self);
      wherry_outbox_set_release_locked (set, &news);
    }
  wherry_lock_release (&set->lock);

  g_queue_clear_full (&dropped, (GDestroyNotify) wherry_message_unref);
  wherry_outbox_set_tell (set, &news);
}

gboolean
wherry_outbox_is_over_locked (WherryOutbox *self)
{
  return self->retired && self->queue.length == 0 && g_atomic_int_get (&self->n_snapshots) == 0;
}

gboolean
wherry_outbox_is_over (WherryOutbox *self)
{
  g_autoptr (WherryLocker) locker = wherry_locker_new (&self->set->lock);

  return self->closed || wherry_outbox_is_over_locked (self);
}

/* Whoever comes second of the retirement and the last snapshot's end sees both. */
static void
look_whether_over (WherryOutbox *self, gboolean retire)
{
  WherryOutboxNews news = { 0 };

  wherry_lock_acquire (&self->set->lock);
  self->retired |= retire;
  if (!self->closed && wherry_outbox_is_over_locked (self))
    wherry_outbox_set_make_ready_locked (self->set, self, &news);
  wherry_lock_release (&self->set->lock);
  wherry_outbox_set_tell (self->set, &news);
}

void
wherry_outbox_retire (WherryOutbox *self)
{
  look_whether_over (self, TRUE);
}

void
wherry_outbox_enter_snapshot (WherryOutbox *self)
{
  g_atomic_int_inc (&self->n_snapshots);
}

void
wherry_outbox_leave_snapshot (WherryOutbox *self)
{
  if (g_atomic_int_dec_and_test (&self->n_snapshots))
    look_whether_over (self, FALSE);
}

void
wherry_outbox_set_priority (WherryOutbox *self, guint16 priority)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->set->lock);

  wherry_share_join (&self->share, wherry_priority_get_weight (priority), 0);
}

void
wherry_outbox_activate (WherryOutbox *self, gpointer owner)
{
  WherryOutboxNews news = { 0 };

  self->owner = owner;
  wherry_lock_acquire (&self->set->lock);
  self->active = TRUE;
  if (!self->closed && (self->queue.length > 0 || wherry_outbox_is_over_locked (self)))
    wherry_outbox_set_make_ready_locked (self->set, self, &news);
  wherry_lock_release (&self->set->lock);
  wherry_outbox_set_tell (self->set, &news);
}

gboolean
wherry_outbox_is_active (WherryOutbox *self)
{
  g_autoptr (WherryLocker) locker = wherry_locker_new (&self->set->lock);

  return self->active;
}

gpointer
wherry_outbox_get_owner (WherryOutbox *self)
{
  return self->owner;
}
