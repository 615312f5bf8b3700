/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-outbox.h"

#include "relay/wherry-outbox-private.h"
#include "relay/wherry-planted.h"
#include "wire/wherry-frame.h"

WherryOutbox *
wherry_outbox_new (WherryOutboxSet *set, WherryPolicy policy, const WherryOutboxLimits *limits)
{
  return wherry_outbox_new_labeled (set, NULL, policy, limits);
}

WherryOutbox *
wherry_outbox_new_labeled (WherryOutboxSet *set, const char *label, WherryPolicy policy,
                           const WherryOutboxLimits *limits)
{
  WherryOutbox *self = g_new0 (WherryOutbox, 1);

  wherry_ref_init (&self->ref_count);
  wherry_share_join (&self->share, WHERRY_PRIORITY_LOW, 0);
  self->set = wherry_outbox_set_ref (set);
  self->label = g_strdup (label);
  self->policy = policy;
  self->limits = *limits;
  self->limits.outbox_low = MIN (limits->outbox_low, limits->outbox_high);
  self->limits.messages_low = MIN (limits->messages_low, limits->messages_high);
  g_queue_init (&self->replay);
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
  g_queue_clear_full (&self->replay, (GDestroyNotify) wherry_message_unref);
  g_queue_clear_full (&self->queue, (GDestroyNotify) wherry_message_unref);
  wherry_outbox_set_unref (self->set);
  g_free (self->label);
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

  return self->replay.length + self->queue.length;
}

gboolean
wherry_outbox_is_closed (WherryOutbox *self)
{
  g_autoptr (WherryLocker) locker = wherry_locker_new (&self->set->lock);

  return self->closed;
}

void
wherry_outbox_append_locked (WherryOutbox *self, WherryMessage *message)
{
  WherryOutboxSet *set = self->set;
  gsize charge = wherry_message_get_charge (message);

  if (set->bytes + set->replay_bytes == 0)
    set->idle_us = wherry_clock_now_us (set->clock);
  g_queue_push_tail (&self->queue, wherry_message_ref (message));
  self->bytes += charge;
  set->bytes += charge;
}

void
wherry_outbox_set_addressed (WherryOutbox *self)
{
  self->addressed = TRUE;
}

gboolean
wherry_outbox_is_addressed (WherryOutbox *self)
{
  return self->addressed;
}

static gboolean
is_too_large_locked (const WherryOutbox *self, const WherryMessage *message)
{
  gsize header = self->addressed ? WHERRY_FRAME_HEADER_SIZE : 0;
  gsize most = self->set->max_message_size;

  return most < header || wherry_message_get_length (message) > most - header;
}

WherryPushResult
wherry_outbox_push (WherryOutbox *self, WherryMessage *message, WherryGate *gate)
{
  gboolean wake = FALSE;
  WherryPushResult result = wherry_outbox_push_quietly (self, message, gate, &wake);

  if (wake)
    wherry_outbox_set_wake (self->set);
  return result;
}

WherryPushResult
wherry_outbox_push_quietly (WherryOutbox *self, WherryMessage *message, WherryGate *gate,
                            gboolean *wake)
{
  WherryOutboxSet *set = self->set;
  WherryPushResult result;
  WherryOutboxNews news = { 0 };

  wherry_lock_acquire (&set->lock);
  if (self->closed || set->condemned)
    result = WHERRY_PUSH_CLOSED;
  else if (is_too_large_locked (self, message))
    result = WHERRY_PUSH_TOO_LARGE;
  else
    {
      result = wherry_outbox_admit_locked (self, message, gate, &news);
      wherry_outbox_set_make_ready_locked (set, self, &news);
    }
  wherry_lock_release (&set->lock);

  *wake = news.wake;
  news.wake = FALSE;
  wherry_outbox_set_tell (set, &news);
  return result;
}

void
wherry_outbox_replay (WherryOutbox *self, GPtrArray *messages)
{
  WherryOutboxSet *set = self->set;
  WherryOutboxNews news = { 0 };

  wherry_lock_acquire (&set->lock);
  for (guint i = 0; !self->closed && i < messages->len; i++)
    {
      WherryMessage *message = g_ptr_array_index (messages, i);

      if (is_too_large_locked (self, message))
        continue;
      if (set->bytes + set->replay_bytes == 0)
        set->idle_us = wherry_clock_now_us (set->clock);
      g_queue_push_tail (&self->replay, wherry_message_ref (message));
      set->replay_bytes += wherry_message_get_charge (message);
    }
  if (!wherry_outbox_is_empty_locked (self))
    wherry_outbox_set_make_ready_locked (set, self, &news);
  wherry_lock_release (&set->lock);
  wherry_outbox_set_tell (set, &news);
}

void
wherry_outbox_close_locked (WherryOutbox *self, WherryOutboxNews *news)
{
  WherryOutboxSet *set = self->set;
  WherryMessage *message;

  self->closed = TRUE;
  while ((message = g_queue_pop_head (&self->replay)) != NULL)
    {
      set->replay_bytes -= wherry_message_get_charge (message);
      g_queue_push_tail (&news->dropped, message);
    }
  while ((message = g_queue_pop_head (&self->queue)) != NULL)
    g_queue_push_tail (&news->dropped, message);
  if (!WHERRY_PLANT (BYTES_KEPT))
    set->bytes -= self->bytes;
  self->bytes = 0;
  if (!WHERRY_PLANT (SHUT_GATE))
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

  wherry_lock_acquire (&set->lock);
  if (!self->closed)
    {
      wherry_outbox_close_locked (self, &news);
      g_ptr_array_remove_fast (set->outboxes, self);
      wherry_outbox_set_release_locked (set, &news);
    }
  wherry_lock_release (&set->lock);
  wherry_outbox_set_tell (set, &news);
}

gboolean
wherry_outbox_is_over_locked (WherryOutbox *self)
{
  return self->retired && (wherry_outbox_is_empty_locked (self) || WHERRY_PLANT (EARLY_END))
         && g_atomic_int_get (&self->n_snapshots) == 0;
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
  if (!self->closed
      && (!wherry_outbox_is_empty_locked (self) || wherry_outbox_is_over_locked (self)))
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
