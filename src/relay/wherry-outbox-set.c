/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-outbox-set.h"

#include "relay/wherry-outbox-private.h"
#include "relay/wherry-planted.h"

WherryOutboxSet *
wherry_outbox_set_new (guint64 id, gsize max_bytes, WherryClock *clock, WherryWaker *waker,
                       WherryBlockWatch *watch)
{
  WherryOutboxSet *self = g_new0 (WherryOutboxSet, 1);

  wherry_ref_init (&self->ref_count);
  wherry_lock_init (&self->lock);
  self->id = id;
  self->max_bytes = max_bytes;
  self->clock = wherry_clock_ref (clock);
  self->waker = wherry_waker_ref (waker);
  self->watch = watch != NULL ? wherry_block_watch_ref (watch) : NULL;
  self->outboxes = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_outbox_unref);
  g_queue_init (&self->ready);
  self->max_message_size = G_MAXSIZE;
  return self;
}

WherryOutboxSet *
wherry_outbox_set_ref (WherryOutboxSet *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_outbox_set_unref (WherryOutboxSet *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->outboxes);
  g_clear_pointer (&self->watch, wherry_block_watch_unref);
  wherry_waker_unref (self->waker);
  wherry_clock_unref (self->clock);
  g_clear_pointer (&self->counts, g_hash_table_unref);
  wherry_lock_clear (&self->lock);
  g_free (self);
}

guint64
wherry_outbox_set_get_id (WherryOutboxSet *self)
{
  return self->id;
}

gsize
wherry_outbox_set_get_bytes (WherryOutboxSet *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  return self->bytes + self->replay_bytes;
}

void
wherry_outbox_set_set_max_message_size (WherryOutboxSet *self, gsize max_message_size)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  self->max_message_size = max_message_size;
}

/* No wake-up is lost: an outbox leaves the ready list only in take(), in the same locked section in
 * which it is seen to be empty; and a list that the taker left non-empty is one that it comes back
 * to by itself. */
void
wherry_outbox_set_make_ready_locked (WherryOutboxSet *self, WherryOutbox *outbox,
                                     WherryOutboxNews *news)
{
  if (!outbox->active || outbox->ready || outbox->closed)
    return;
  outbox->ready = TRUE;
  outbox->aside = FALSE;
  wherry_share_join (&outbox->share, outbox->share.weight, self->now);
  if (self->ready.length == self->n_aside)
    news->wake = TRUE;
  g_queue_push_tail (&self->ready, wherry_outbox_ref (outbox));
}

void
wherry_outbox_set_release_locked (WherryOutboxSet *self, WherryOutboxNews *news)
{
  if (self->n_blocking == 0)
    return;
  for (guint i = 0; i < self->outboxes->len; i++)
    wherry_outbox_release_locked (g_ptr_array_index (self->outboxes, i), FALSE, news);
}

void
wherry_outbox_set_tell (WherryOutboxSet *self, WherryOutboxNews *news)
{
  if (news->wake)
    wherry_waker_post (self->waker);
  for (guint i = 0; news->gates != NULL && i < news->gates->len; i++)
    wherry_gate_wake (g_ptr_array_index (news->gates, i));
  g_clear_pointer (&news->gates, g_ptr_array_unref);
  g_queue_clear_full (&news->dropped, (GDestroyNotify) wherry_message_unref);
}

void
wherry_outbox_set_wake (WherryOutboxSet *self)
{
  wherry_waker_post (self->waker);
}

void
wherry_outbox_set_close (WherryOutboxSet *self)
{
  g_autoptr (GPtrArray) outboxes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_outbox_unref);
  WherryOutboxNews news = { 0 };

  wherry_lock_acquire (&self->lock);
  self->closed = TRUE;
  while (self->outboxes->len > 0)
    {
      WherryOutbox *outbox = g_ptr_array_steal_index_fast (self->outboxes, 0);

      g_ptr_array_add (outboxes, outbox);
      wherry_outbox_close_locked (outbox, &news);
    }
  wherry_lock_release (&self->lock);
  wherry_outbox_set_tell (self, &news);
}

/* It has nothing to send: off the list. TRUE: it is over, and that is to be told. */
static gboolean
drop_ready_locked (WherryOutboxSet *self, GList *link, WherryOutboxTake *take)
{
  WherryOutbox *outbox = link->data;

  g_queue_delete_link (&self->ready, link);
  outbox->ready = FALSE;
  self->n_aside -= outbox->aside ? 1 : 0;
  if (wherry_outbox_is_over_locked (outbox) && !outbox->told_over)
    {
      outbox->told_over = TRUE;
      take->outbox = outbox; /* the list's reference */
      return TRUE;
    }
  wherry_outbox_unref (outbox); /* not the last one: the set has one */
  return FALSE;
}

gboolean
wherry_outbox_set_take (WherryOutboxSet *self, WherryOutboxTake *take)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  WherryOutbox *next = NULL;
  G_GNUC_UNUSED guint n_seen = 0; /* planted */

  take->outbox = NULL;
  take->message = NULL;
  take->replayed = FALSE;
  for (GList *link = self->ready.head; link != NULL;)
    {
      GList *after = link->next;
      WherryOutbox *outbox = link->data;

      gboolean is_empty = wherry_outbox_is_empty_locked (outbox);

      if (WHERRY_PLANT (STARVED) && n_seen++ == 1)
        break;
      if (WHERRY_PLANT (EARLY_END) && wherry_outbox_is_over_locked (outbox))
        is_empty = TRUE;
      if (is_empty && drop_ready_locked (self, link, take))
        return TRUE;
      /* of equal ones, the one that has waited longer */
      if (!is_empty && !outbox->aside
          && (next == NULL || wherry_share_is_before (&outbox->share, &next->share)))
        next = outbox;
      link = after;
    }
  if (next == NULL)
    return FALSE;
  next->sending = TRUE;
  self->now = next->share.count;
  take->outbox = wherry_outbox_ref (next);
  take->replayed = next->replaying = next->replay.length > 0;
  take->message
      = wherry_message_ref (g_queue_peek_head (next->replaying ? &next->replay : &next->queue));
  return TRUE;
}

/* The first message is out. */
static WherryMessage *
sent_locked (WherryOutboxSet *self, WherryOutbox *outbox, gint64 now_us)
{
  GQueue *queue = outbox->replaying ? &outbox->replay : &outbox->queue;
  WherryMessage *message = g_queue_pop_head (queue);
  gsize charge = wherry_message_get_charge (message);

  if (outbox->replaying)
    self->replay_bytes -= charge;
  else
    {
      outbox->bytes -= charge;
      self->bytes -= charge;
    }
  for (guint i = 0; self->n_blocking > 0 && i < self->outboxes->len; i++)
    wherry_outbox_progress_locked (g_ptr_array_index (self->outboxes, i), outbox, charge, now_us);
  return message;
}

void
wherry_outbox_set_give_back (WherryOutboxSet *self, WherryOutboxTake *take, gboolean sent)
{
  WherryOutbox *outbox = take->outbox;
  WherryOutboxNews news = { 0 };
  WherryMessage *done = NULL;

  if (take->message != NULL)
    {
      wherry_lock_acquire (&self->lock);
      outbox->sending = FALSE;
      if ((sent || WHERRY_PLANT (BLOCKED_LOST)) && !outbox->closed)
        {
          self->idle_us = wherry_clock_now_us (self->clock);
          done = sent_locked (self, outbox, self->idle_us);
          wherry_share_charge (&outbox->share, wherry_message_get_length (done));
          if (outbox->ready && self->ready.tail->data != outbox)
            {
              g_queue_remove (&self->ready, outbox);
              g_queue_push_tail (&self->ready, outbox);
            }
          wherry_outbox_set_release_locked (self, &news);
        }
      wherry_lock_release (&self->lock);
    }
  g_clear_pointer (&done, wherry_message_unref);
  g_clear_pointer (&take->message, wherry_message_unref);
  g_clear_pointer (&take->outbox, wherry_outbox_unref);
  wherry_outbox_set_tell (self, &news);
}

void
wherry_outbox_set_put_aside (WherryOutboxSet *self, WherryOutboxTake *take)
{
  wherry_lock_acquire (&self->lock);
  if (take->outbox->ready && !take->outbox->aside)
    {
      take->outbox->aside = TRUE;
      self->n_aside++;
    }
  wherry_lock_release (&self->lock);
  wherry_outbox_set_give_back (self, take, FALSE);
}

void
wherry_outbox_set_resume (WherryOutboxSet *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  for (GList *link = self->ready.head; link != NULL && self->n_aside > 0; link = link->next)
    ((WherryOutbox *) link->data)->aside = FALSE;
  self->n_aside = 0;
}

void
wherry_outbox_set_get_report (WherryOutboxSet *self, gint64 now_us, WherryBlockReport *out)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  *out = (WherryBlockReport){ .is_blocking = self->n_blocking > 0,
                              .bytes = self->bytes + self->replay_bytes };
  if (out->bytes > 0)
    out->stalled_us = now_us - self->idle_us;
  for (guint i = 0; i < self->outboxes->len; i++)
    {
      WherryOutbox *outbox = g_ptr_array_index (self->outboxes, i);
      gint64 blocked_us = wherry_block_clock_get (&outbox->clock, now_us);

      out->blocked_us = MAX (out->blocked_us, blocked_us);
      if (outbox->waiters != NULL && blocked_us >= outbox->limits.block_limit_us)
        out->is_over = TRUE;
    }
}

void
wherry_outbox_set_restart_clocks (WherryOutboxSet *self, gint64 now_us)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  for (guint i = 0; i < self->outboxes->len; i++)
    {
      WherryOutbox *outbox = g_ptr_array_index (self->outboxes, i);

      wherry_block_clock_restart (&outbox->clock, now_us);
    }
}
