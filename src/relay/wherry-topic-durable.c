/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-counters.h"
#include "relay/wherry-topic-private.h"

/* A durable topic numbers a message and gives it to the store; the store's thread delivers it here
 * once it is on disk, in the order of numbers. What is published on it waits for subscribers by the
 * store: where one is full, no more of the topic is taken to be written. */

void
wherry_topic_append_locked (WherryTopic *self, WherryMessage *message, WherryGate *gate,
                            WherryPublished *out)
{
  const WherryStamp *stamp = wherry_message_get_stamp (message);

  if (stamp->own != 0)
    wherry_topic_seat_locked (self, stamp->sender)->n_unwritten++;
  out->is_blocked |= wherry_store_topic_append (self->store, message, gate) == WHERRY_PUSH_BLOCKED;
}

/* A publisher's own number is accepted once it is on disk; with it those behind it that were for
 * nobody. */
static void
settle_seat_locked (WherryTopic *self, const WherryStamp *stamp)
{
  WherrySeat *seat = g_hash_table_lookup (self->seats, &stamp->sender);

  if (stamp->own == 0 || seat == NULL || seat->n_unwritten == 0)
    return;
  seat->n_unwritten--;
  seat->accepted = seat->n_unwritten == 0 ? seat->taken.all : MAX (seat->accepted, stamp->accepted);
  seat->accepted_sequence = stamp->recipient == 0 ? stamp->sequence : 0;
}

/* What the log has dropped goes from the disk too. One to a member alone is kept there for its
 * return, if there are such members. */
static void
trim_locked (WherryTopic *self, const WherryStamp *stamp)
{
  guint64 needed = self->log != NULL ? wherry_topic_log_get_needed (self->log) : 0;

  wherry_store_topic_trim (self->store, needed != 0 ? needed : self->delivered + 1);
}

static void
on_committed (gpointer owner, WherryMessage *message)
{
  WherryTopic *self = owner;
  const WherryStamp *stamp = wherry_message_get_stamp (message);
  g_autoptr (WherrySnapshot) snapshot = NULL;
  g_autofree gboolean *wakes = NULL;
  WherryPublished published = { 0 };

  wherry_lock_acquire (&self->lock);
  snapshot = wherry_snapshot_ref (self->snapshot);
  wakes = g_new0 (gboolean, MAX (snapshot->n, 1));
  settle_seat_locked (self, stamp);
  wherry_topic_deliver_locked (self, NULL, message, wherry_store_topic_get_gate (self->store),
                               wakes, &published);
  trim_locked (self, stamp);
  wherry_lock_release (&self->lock);

  for (guint i = 0; i < snapshot->n; i++)
    if (wakes[i])
      wherry_outbox_set_wake (wherry_outbox_get_set (snapshot->outboxes[i]));
  if (published.n_too_large > 0)
    wherry_counter_add (WHERRY_COUNTER_DROPPED_TOO_LARGE, published.n_too_large);
}

/* The disk is damaged for good (what may pass is waited for): it is as if it had never come. */
static void
on_failed (gpointer owner, WherryMessage *message, const GError *error)
{
}

static void
on_destroy (gpointer owner)
{
  wherry_topic_unref (owner);
}

void
wherry_topic_set_store (WherryTopic *self, WherryStore *store, const char *room)
{
  static const WherryStoreTopicFuncs funcs = { on_committed, on_failed };
  WherryStoreTopic *topic;

  if (wherry_topic_is_durable (self))
    return;
  topic = wherry_store_topic_new (store, room, self->label, &funcs, wherry_topic_ref (self),
                                  on_destroy);
  wherry_lock_acquire (&self->lock);
  self->numbered = TRUE;
  self->sequence = MAX (self->sequence, wherry_store_topic_get_next (topic) - 1);
  self->delivered = self->sequence;
  self->store = topic;
  wherry_lock_release (&self->lock);
}

gboolean
wherry_topic_is_durable (WherryTopic *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  return self->store != NULL;
}

void
wherry_topic_close_store (WherryTopic *self, gboolean drop)
{
  g_autoptr (WherryStoreTopic) store = NULL;

  wherry_lock_acquire (&self->lock);
  store = self->store != NULL ? wherry_store_topic_ref (self->store) : NULL;
  wherry_lock_release (&self->lock);
  if (store == NULL)
    return;
  if (drop)
    wherry_store_topic_drop (store);
  else
    wherry_store_topic_close (store);
}

void
wherry_topic_load_message (WherryTopic *self, WherryMessage *message)
{
  const WherryStamp *stamp = wherry_message_get_stamp (message);
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  if (stamp->recipient == 0)
    {
      self->sequence = MAX (self->sequence, stamp->sequence);
      self->delivered = self->sequence;
    }
  if (self->log != NULL)
    wherry_topic_log_append (self->log, message, wherry_clock_now_us (self->clock));
}

/* What is written beyond one that is missing. */
void
wherry_topic_retake_locked (WherryTopic *self, WherrySeat *seat)
{
  g_autoptr (GPtrArray) kept
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_message_unref);

  if (self->log != NULL)
    wherry_topic_log_get_sent (self->log, seat->member, kept);
  for (guint i = 0; i < kept->len; i++)
    {
      guint64 own = wherry_message_get_stamp (g_ptr_array_index (kept, i))->own;

      if (!wherry_number_window_has (&seat->taken, own))
        wherry_number_window_take (&seat->taken, own);
    }
}

void
wherry_topic_load_accepted (WherryTopic *self, guint64 member, guint64 own)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  WherrySeat *seat = wherry_topic_seat_locked (self, member);

  seat->taken = (WherryNumberWindow){ .all = own };
  seat->accepted = own;
  wherry_topic_retake_locked (self, seat);
}

void
wherry_topic_load_direct (WherryTopic *self, guint64 member, guint64 next)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  WherrySeat *seat = wherry_topic_seat_locked (self, member);

  seat->direct = MAX (seat->direct, next - 1);
  self->direct = MAX (self->direct, seat->direct);
}
