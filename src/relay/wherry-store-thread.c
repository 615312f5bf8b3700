/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "relay/wherry-store-private.h"

/* ---- taking ---- */

/* A message of a topic of which one failed fails too. */
static gboolean
fails (WherryStore *self, WherryStoreTopic *topic)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  return topic->is_failed || topic->n_taken <= topic->n_before_restart;
}

static void
tell_failed (WherryStore *self, WherryStoreTopic *topic, WherryMessage *message,
             const GError *error)
{
  wherry_counter_inc (WHERRY_COUNTER_HISTORY_FAILED);
  wherry_lock_acquire (&self->lock);
  self->stats.n_failed++;
  wherry_lock_release (&self->lock);
  topic->funcs.failed (topic->owner, message, error);
}

/* A trim that came when not all that it counts was taken is done once it is. */
static void
trim_when_taken (WherryStore *self, WherryStoreTopic *topic)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  if (topic->n_taken < topic->trim_appended)
    return;
  topic->trims_later = FALSE;
  wherry_store_topic_queue_trim_locked (topic);
}

static void
take_message (WherryStore *self, WherryStoreTopic *topic, WherryMessage *message)
{
  WherryStoreEntry entry = { .topic = topic, .message = message };

  topic->n_taken++;
  if (fails (self, topic))
    {
      tell_failed (self, topic, message, self->error);
      return;
    }
  wherry_store_topic_ref (topic);
  wherry_message_ref (message);
  g_array_append_val (self->batch, entry);
  self->batch_bytes += wherry_message_get_charge (message);
  if (topic->trims_later)
    trim_when_taken (self, topic);
}

/* What is taken is out of its outbox before it is committed: one batch more than the marks say may
 * be under way. */
static void
take (WherryStore *self)
{
  WherryOutboxTake take;

  wherry_outbox_set_resume (self->set);
  while (self->batch->len < WHERRY_STORE_BATCH_MESSAGES
         && self->batch_bytes < WHERRY_STORE_BATCH_BYTES
         && wherry_outbox_set_take (self->set, &take))
    {
      WherryStoreTopic *topic = wherry_outbox_get_owner (take.outbox);

      if (take.message == NULL)
        {
          g_queue_push_tail (&self->over, topic);
          wherry_outbox_set_give_back (self->set, &take, FALSE);
        }
      else if (self->close_by_us < 0 && wherry_gate_is_shut (topic->gate))
        {
          wherry_outbox_set_put_aside (self->set, &take);
        }
      else
        {
          g_autoptr (WherryMessage) message = wherry_message_ref (take.message);

          wherry_outbox_set_give_back (self->set, &take, TRUE);
          take_message (self, topic, message);
        }
    }
}

static void
take_ops (WherryStore *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  WherryStoreOp *op;

  if (self->applying.length > 0)
    return; /* what cannot be written now is bounded by what may wait */
  while ((op = g_queue_pop_head (&self->ops)) != NULL)
    g_queue_push_tail (&self->applying, op);
  g_hash_table_remove_all (self->resumes);
}

static gboolean
has_trims (WherryStore *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  return self->trims.length > 0;
}

/* ---- telling ---- */

void
wherry_store_topic_finish (WherryStoreTopic *self)
{
  g_autoptr (WherryStoreTopic) successor = NULL;

  if (self->is_finished)
    return;
  self->is_finished = TRUE;
  wherry_lock_acquire (&self->store->lock);
  g_hash_table_remove (self->store->topics, self);
  if (self->name->last == self)
    self->name->last = NULL;
  successor = g_steal_pointer (&self->successor);
  wherry_lock_release (&self->store->lock);
  if (successor != NULL)
    wherry_outbox_activate (successor->outbox, successor);
  wherry_outbox_close (self->outbox);
  wherry_gate_close (self->gate);
  if (self->destroy != NULL)
    self->destroy (self->owner);
  wherry_store_topic_unref (self); /* the outbox's */
}

/* Those that are over, and those that were dropped: nothing of them is in the batch. */
static gboolean
finish_topics (WherryStore *self)
{
  GQueue dropped = G_QUEUE_INIT;
  WherryStoreTopic *topic;
  gboolean any;

  wherry_lock_acquire (&self->lock);
  dropped = self->dropped;
  g_queue_init (&self->dropped);
  wherry_lock_release (&self->lock);

  any = dropped.length > 0 || self->over.length > 0;
  while ((topic = g_queue_pop_head (&self->over)) != NULL)
    wherry_store_topic_finish (topic);
  while ((topic = g_queue_pop_head (&dropped)) != NULL)
    {
      wherry_store_topic_finish (topic);
      wherry_store_topic_unref (topic);
    }
  return any;
}

static void
tell_entries (WherryStore *self, const GError *error)
{
  g_autoptr (GError) refused
      = g_error_new (WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE,
                     "%s: a topic has a message with that number already", self->path);

  for (guint i = 0; i < self->batch->len; i++)
    {
      WherryStoreEntry *entry = &g_array_index (self->batch, WherryStoreEntry, i);
      WherryStoreTopic *topic = entry->topic;

      if (error == NULL && !entry->is_refused)
        topic->funcs.committed (topic->owner, entry->message);
      else
        tell_failed (self, topic, entry->message, error != NULL ? error : refused);
      if (error == NULL && entry->is_refused)
        wherry_bug ("a message's number was used before");
      wherry_message_unref (entry->message);
      wherry_store_topic_unref (topic);
    }
  g_array_set_size (self->batch, 0);
  self->batch_bytes = 0;
}

static void
count_commit (WherryStore *self, gint64 took_us)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  WherryStoreStats *stats = &self->stats;
  guint bucket = 0;

  while (bucket + 1 < WHERRY_STORE_LATENCY_BUCKETS && took_us >= 100LL << bucket)
    bucket++;
  stats->latency[bucket]++;
  stats->n_commits++;
  stats->n_committed += self->batch->len;
  stats->commit_sum_us += took_us;
  stats->commit_max_us = MAX (stats->commit_max_us, took_us);
  stats->n_kept = (guint64) self->file->n_kept;
  stats->kept_bytes = (guint64) self->file->kept_bytes;
  stats->n_trimmed = self->file->n_trimmed;
  stats->is_failing = FALSE;
}

static void
settle (WherryStore *self, gint64 took_us)
{
  WherryStoreOp *op;

  if (self->failing_since_us >= 0)
    wherry_message (NULL, "%s: what is to be kept is written again", self->path);
  self->failing_since_us = -1;
  self->retry_us = 0;
  self->n_attempts = 0;
  self->has_given_up = FALSE;
  count_commit (self, took_us);
  wherry_counter_add (WHERRY_COUNTER_HISTORY_COMMITTED, self->batch->len);
  while ((op = g_queue_pop_head (&self->applying)) != NULL)
    {
      if (op->done != NULL)
        op->done (TRUE, op->user_data);
      wherry_store_op_free (op);
    }
  tell_entries (self, NULL);
}

/* ---- failing ---- */

/* Nobody waits any longer for what is in the batch. Operations stay: what they free or replace must
 * not be there one day. */
static void
give_up (WherryStore *self)
{
  wherry_lock_acquire (&self->lock);
  for (guint i = 0; i < self->batch->len; i++)
    g_array_index (self->batch, WherryStoreEntry, i).topic->is_failed = TRUE;
  wherry_lock_release (&self->lock);
  for (GList *link = self->applying.head; link != NULL; link = link->next)
    {
      WherryStoreOp *op = link->data;

      if (op->done != NULL)
        op->done (FALSE, op->user_data);
      op->done = NULL;
    }
  tell_entries (self, self->error);
}

/* takes error */
static void
failed (WherryStore *self, GError *error, gint64 now_us)
{
  gint64 limit_us = self->options.stall_limit_us;
  gint64 pause_us = WHERRY_STORE_RETRY_LAST_US;

  g_clear_error (&self->error);
  self->error = error;
  wherry_counter_inc (WHERRY_COUNTER_HISTORY_RETRIES);
  wherry_lock_acquire (&self->lock);
  self->stats.is_failing = TRUE;
  self->stats.n_retries++;
  wherry_lock_release (&self->lock);
  if (self->failing_since_us < 0)
    {
      self->failing_since_us = now_us;
      wherry_warning (NULL, "what is to be kept cannot be written: %s", error->message);
    }
  if (self->n_attempts < 10)
    pause_us = MIN (pause_us, WHERRY_STORE_RETRY_FIRST_US << self->n_attempts);
  self->n_attempts++;
  self->retry_us = now_us + pause_us;
  if (!self->has_given_up
      && ((limit_us >= 0 && now_us - self->failing_since_us >= limit_us)
          || !g_error_matches (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES)))
    {
      self->has_given_up = TRUE;
      wherry_warning (NULL, "%s: given up: what is to be kept is refused until it can be written",
                      self->path);
    }
  if (self->has_given_up)
    give_up (self);
}

/* ---- one round ---- */

static gboolean
has_work (WherryStore *self, gint64 now_us, gint64 *until_us)
{
  if (self->batch->len > 0 || self->applying.length > 0 || self->file->has_dropped
      || (self->options.max_bytes > 0 && self->file->kept_bytes > (gint64) self->options.max_bytes))
    return TRUE;
  if (!has_trims (self))
    {
      self->trim_us = -1;
      return FALSE;
    }
  /* deletions alone wait for others to go with */
  if (self->trim_us < 0)
    self->trim_us = now_us + WHERRY_STORE_TRIM_DELAY_US;
  if (now_us >= self->trim_us || self->trims_more || self->close_by_us >= 0)
    return TRUE;
  *until_us = self->trim_us;
  return FALSE;
}

gboolean
wherry_store_do_batch (WherryStore *self, gint64 *until_us)
{
  gint64 now_us = wherry_clock_now_us (self->clock);
  gboolean waits = self->failing_since_us >= 0 && now_us < self->retry_us;
  g_autoptr (GError) error = NULL;
  gint64 began_us;

  *until_us = waits ? self->retry_us : -1;
  if (waits && !self->has_given_up)
    return FALSE;
  take (self);
  if (waits)
    {
      gboolean any = self->batch->len > 0;

      give_up (self);
      return finish_topics (self) || any;
    }
  take_ops (self);
  if (!has_work (self, now_us, until_us))
    return finish_topics (self) || (*until_us < 0 && wherry_store_file_vacuum (self->file));

  began_us = g_get_monotonic_time ();
  if (!wherry_store_write (self, &error))
    {
      failed (self, g_steal_pointer (&error), now_us);
      *until_us = self->retry_us;
      if (!self->has_given_up)
        return FALSE;
      finish_topics (self);
      return TRUE;
    }
  self->trim_us = -1;
  settle (self, g_get_monotonic_time () - began_us);
  finish_topics (self);
  return TRUE;
}

/* ---- the thread ---- */

static void
wait_for_bell (WherryStore *self, gint64 until_us)
{
  gint64 left_us = until_us - wherry_clock_now_us (self->clock);
  gint64 end_us = g_get_monotonic_time () + MAX (left_us, 0);
  gboolean in_time = TRUE;

  wherry_lock_acquire (&self->bell_lock);
  while (!self->rung && in_time)
    if (until_us >= 0)
      in_time = wherry_lock_wait_until (&self->bell_lock, &self->bell, end_us);
    else
      wherry_lock_wait (&self->bell_lock, &self->bell);
  self->rung = FALSE;
  wherry_lock_release (&self->bell_lock);
}

/* TRUE: the thread is to end at once. */
static gboolean
look_for_end (WherryStore *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  if (self->is_closing && self->close_by_us < 0)
    self->close_by_us = wherry_clock_now_us (self->clock) + WHERRY_STORE_CLOSE_US;
  return self->is_abandoned;
}

gpointer
wherry_store_run (gpointer data)
{
  WherryStore *self = data;
  gint64 until_us;

  WHERRY_TSAN_ACQUIRE (self);
  while (!look_for_end (self))
    {
      if (wherry_store_do_batch (self, &until_us))
        continue;
      if (self->close_by_us >= 0)
        {
          if (until_us < 0 || self->options.no_thread
              || wherry_clock_now_us (self->clock) >= self->close_by_us)
            break;
          until_us = MIN (until_us, self->close_by_us);
        }
      wait_for_bell (self, until_us);
    }
  WHERRY_TSAN_RELEASE (self);
  return NULL;
}
