/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-topic-private.h"

#include "relay/wherry-planted.h"

#include "base/wherry-counters.h"

WherrySnapshot *
wherry_snapshot_new (GPtrArray *outboxes)
{
  guint n = outboxes != NULL ? outboxes->len : 0;
  WherrySnapshot *self = g_malloc (sizeof (WherrySnapshot) + n * sizeof (WherryOutbox *));

  wherry_ref_init (&self->ref_count);
  self->n = n;
  for (guint i = 0; i < n; i++)
    {
      self->outboxes[i] = wherry_outbox_ref (g_ptr_array_index (outboxes, i));
      wherry_outbox_enter_snapshot (self->outboxes[i]);
    }
  return self;
}

WherrySnapshot *
wherry_snapshot_ref (WherrySnapshot *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_snapshot_unref (WherrySnapshot *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  for (guint i = 0; i < self->n; i++)
    {
      wherry_outbox_leave_snapshot (self->outboxes[i]);
      wherry_outbox_unref (self->outboxes[i]);
    }
  g_free (self);
}

guint
wherry_snapshot_get_length (WherrySnapshot *self)
{
  return self->n;
}

WherryTopic *
wherry_topic_new (const char *label, gboolean echo)
{
  WherryTopic *self = g_new0 (WherryTopic, 1);

  wherry_ref_init (&self->ref_count);
  wherry_lock_init (&self->lock);
  self->label = g_strdup (label);
  self->echo = echo;
  self->seats = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  self->snapshot = wherry_snapshot_new (NULL);
  return self;
}

WherryTopic *
wherry_topic_ref (WherryTopic *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_topic_unref (WherryTopic *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  wherry_snapshot_unref (self->snapshot);
  g_hash_table_unref (self->seats);
  wherry_topic_log_free (self->log);
  g_clear_pointer (&self->clock, wherry_clock_unref);
  g_clear_pointer (&self->store, wherry_store_topic_unref);
  wherry_lock_clear (&self->lock);
  g_free (self->label);
  g_free (self);
}

const char *
wherry_topic_get_label (WherryTopic *self)
{
  return self->label;
}

void
wherry_topic_set_numbered (WherryTopic *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  self->numbered = TRUE;
}

void
wherry_topic_set_base (WherryTopic *self, guint64 sequence)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  self->sequence = self->delivered = self->base = sequence;
}

guint64
wherry_topic_get_highest (WherryTopic *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  return MAX (self->sequence, self->direct);
}

void
wherry_topic_set_keep (WherryTopic *self, const WherryKeep *keep, WherryLogShare *share,
                       WherryClock *clock)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  self->numbered = TRUE;
  if (self->log != NULL)
    {
      wherry_topic_log_set_resume_bytes (self->log, keep->resume_bytes);
      return;
    }
  self->log = wherry_topic_log_new (keep, share);
  self->clock = wherry_clock_ref (clock);
}

gboolean
wherry_topic_has_history (WherryTopic *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  return self->log != NULL && wherry_topic_log_has_history (self->log);
}

void
wherry_topic_set_snapshot (WherryTopic *self, WherrySnapshot *snapshot)
{
  wherry_topic_set_snapshot_replaying (self, snapshot, NULL, 0);
}

static void
replay_locked (WherryTopic *self, WherryReplay *replay)
{
  g_autoptr (GPtrArray) messages
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_message_unref);
  const WherrySeat *seat = g_hash_table_lookup (self->seats, &replay->member);

  replay->lost = FALSE;
  if (self->log == NULL)
    return;
  if (replay->resumes)
    replay->lost = !wherry_topic_log_get_missed (self->log, replay->member,
                                                 MAX (replay->seen, seat != NULL ? seat->since : 0),
                                                 replay->direct, messages);
  else
    wherry_topic_log_get_history (self->log, replay->history, replay->member,
                                  wherry_clock_now_us (self->clock), messages);
  wherry_outbox_replay (replay->outbox, messages);
  if (WHERRY_PLANT (SEAM_TWICE) && messages->len > 0)
    wherry_outbox_push (replay->outbox, g_ptr_array_index (messages, messages->len - 1), NULL);
}

void
wherry_topic_set_snapshot_replaying (WherryTopic *self, WherrySnapshot *snapshot,
                                     WherryReplay *replays, guint n)
{
  WherrySnapshot *old;

  wherry_lock_acquire (&self->lock);
  for (guint i = 0; i < n; i++)
    replay_locked (self, &replays[i]);
  old = self->snapshot;
  self->snapshot = snapshot;
  wherry_lock_release (&self->lock);
  wherry_snapshot_unref (old);
}

WherrySnapshot *
wherry_topic_ref_snapshot (WherryTopic *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  return wherry_snapshot_ref (self->snapshot);
}

/* ---- seats ---- */

WherrySeat *
wherry_topic_seat_locked (WherryTopic *self, guint64 member)
{
  WherrySeat *seat = g_hash_table_lookup (self->seats, &member);

  if (seat == NULL)
    {
      seat = g_new0 (WherrySeat, 1);
      seat->member = member;
      seat->since = self->delivered;
      seat->direct = self->base;
      g_hash_table_insert (self->seats, &seat->member, seat);
    }
  return seat;
}

void
wherry_topic_seat (WherryTopic *self, guint64 member)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  wherry_topic_seat_locked (self, member);
}

gboolean
wherry_topic_get_seat (WherryTopic *self, guint64 member, guint64 *since)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  const WherrySeat *seat = g_hash_table_lookup (self->seats, &member);

  *since = seat != NULL ? seat->since : 0;
  return seat != NULL;
}

void
wherry_topic_restore_seat (WherryTopic *self, guint64 member, guint64 since)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  WherrySeat *seat = wherry_topic_seat_locked (self, member);

  seat->since = since;
  wherry_topic_retake_locked (self, seat);
}

void
wherry_topic_set_away (WherryTopic *self, guint64 member, gboolean away)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  WherrySeat *seat = g_hash_table_lookup (self->seats, &member);

  if (seat != NULL)
    seat->away = away;
}

void
wherry_topic_unseat (WherryTopic *self, guint64 member)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  const WherrySeat *seat = g_hash_table_lookup (self->seats, &member);
  gboolean is_stored = seat != NULL && (seat->direct > self->base || seat->taken.all > 0);

  g_hash_table_remove (self->seats, &member);
  if (self->log != NULL)
    wherry_topic_log_forget (self->log, member);
  if (self->store != NULL && is_stored)
    wherry_store_topic_forget (self->store, member);
}

gboolean
wherry_topic_can_resume (WherryTopic *self, guint64 member, guint64 seen, guint64 direct)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  g_autoptr (GPtrArray) missed
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_message_unref);
  const WherrySeat *seat = g_hash_table_lookup (self->seats, &member);

  return seat == NULL || self->log == NULL
         || wherry_topic_log_get_missed (self->log, member, MAX (seen, seat->since), direct,
                                         missed);
}

void
wherry_topic_get_accepted (WherryTopic *self, guint64 member, guint64 *own, guint64 *sequence)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  const WherrySeat *seat = g_hash_table_lookup (self->seats, &member);

  *own = seat != NULL ? seat->accepted : 0;
  *sequence = seat != NULL ? seat->accepted_sequence : 0;
}

/* ---- publishing ---- */

static void
push (WherryOutbox *outbox, WherryMessage *message, WherryGate *gate, gboolean *wake,
      WherryPublished *out)
{
  switch (wherry_outbox_push_quietly (outbox, message, gate, wake))
    {
    case WHERRY_PUSH_OK:
      out->n_pushed++;
      break;
    case WHERRY_PUSH_BLOCKED:
      out->n_pushed++;
      out->is_blocked = TRUE;
      break;
    case WHERRY_PUSH_TOO_LARGE:
      out->n_too_large++;
      break;
    case WHERRY_PUSH_DROPPED:
    case WHERRY_PUSH_CLOSED:
    default:
      break;
    }
}

/* The payload alone, with what the topic knows of it. */
static WherryMessage *
stamp_locked (WherryTopic *self, const WherryPost *post, guint64 sequence)
{
  const WherrySeat *seat = post->own != 0 ? g_hash_table_lookup (self->seats, &post->sender) : NULL;
  const WherryStamp stamp = {
    .sender = post->sender,
    .recipient = post->recipient,
    .own = post->own,
    .accepted = seat != NULL ? seat->taken.all : 0,
    .sequence = sequence,
    .time_us = self->clock != NULL ? wherry_clock_now_us (self->clock) : 0,
  };

  return wherry_message_new_stamped (post->message, post->offset, post->kind, &stamp);
}

/* from: (nullable): then its publisher is known by its id, which its set has too. */
static gboolean
is_addressee (const WherryTopic *self, WherryOutbox *outbox, WherryOutboxSet *from, guint64 sender,
              guint64 recipient)
{
  WherryOutboxSet *set = wherry_outbox_get_set (outbox);
  guint64 member = wherry_outbox_set_get_id (set);

  if (recipient != 0 && !WHERRY_PLANT (DIRECT_TO_ALL))
    return member == recipient;
  return self->echo || (from != NULL ? set != from : sender == 0 || member != sender);
}

static gboolean
has_recipient_locked (WherryTopic *self, const WherryPost *post)
{
  const WherrySeat *seat = g_hash_table_lookup (self->seats, &post->recipient);

  if (post->recipient == 0 || (seat != NULL && seat->away))
    return TRUE;
  for (guint i = 0; i < self->snapshot->n; i++)
    if (wherry_outbox_set_get_id (wherry_outbox_get_set (self->snapshot->outboxes[i]))
        == post->recipient)
      return TRUE;
  return FALSE;
}

static guint64
number_locked (WherryTopic *self, guint64 recipient)
{
  WherrySeat *seat;

  if (recipient == 0)
    return ++self->sequence;
  seat = wherry_topic_seat_locked (self, recipient);
  seat->direct++;
  self->direct = MAX (self->direct, seat->direct);
  return seat->direct;
}

/* Whether it is new, and then its number. */
static gboolean
accept_locked (WherryTopic *self, const WherryPost *post, guint64 *sequence, WherryPublished *out)
{
  WherrySeat *seat = post->own != 0 ? wherry_topic_seat_locked (self, post->sender) : NULL;

  out->is_duplicate = seat != NULL && wherry_number_window_has (&seat->taken, post->own);
  out->has_recipient = has_recipient_locked (self, post);
  if (!out->is_duplicate && out->has_recipient)
    *sequence = number_locked (self, post->recipient);
  if (seat != NULL && !out->is_duplicate)
    {
      if (!WHERRY_PLANT (NOT_STORED))
        wherry_number_window_take (&seat->taken, post->own); /* to nobody, too: not to come again */
      if (self->store == NULL || (!out->has_recipient && seat->n_unwritten == 0))
        {
          seat->accepted = seat->taken.all;
          seat->accepted_sequence = post->recipient == 0 ? *sequence : 0;
        }
    }
  return !out->is_duplicate && out->has_recipient;
}

void
wherry_topic_deliver_locked (WherryTopic *self, WherryOutboxSet *from, WherryMessage *message,
                             WherryGate *gate, gboolean *wakes, WherryPublished *out)
{
  const WherryStamp *stamp = wherry_message_get_stamp (message);

  if (stamp->recipient == 0)
    self->delivered = stamp->sequence;
  if (self->log != NULL)
    wherry_topic_log_append (self->log, message, stamp->time_us);
  for (guint i = 0; i < self->snapshot->n; i++)
    if (is_addressee (self, self->snapshot->outboxes[i], from, stamp->sender, stamp->recipient))
      push (self->snapshot->outboxes[i], message, gate, &wakes[i], out);
}

static void
publish_locked (WherryTopic *self, WherryOutboxSet *from, const WherryPost *post, WherryGate *gate,
                gboolean *wakes, WherryPublished *out)
{
  g_autoptr (WherryMessage) message = NULL;
  guint64 sequence = 0;

  if (!accept_locked (self, post, &sequence, out))
    return;
  message = stamp_locked (self, post, sequence);
  if (self->store != NULL)
    wherry_topic_append_locked (self, message, gate, out);
  else
    wherry_topic_deliver_locked (self, from, message, gate, wakes, out);
}

static void
count (const WherryPost *post, const WherryPublished *out)
{
  wherry_counter_inc (out->is_duplicate ? WHERRY_COUNTER_DUPLICATES : WHERRY_COUNTER_MESSAGES_IN);
  if (!out->is_duplicate)
    wherry_counter_add (WHERRY_COUNTER_BYTES_IN,
                        wherry_message_get_length (post->message) - post->offset);
  if (out->n_too_large > 0)
    wherry_counter_add (WHERRY_COUNTER_DROPPED_TOO_LARGE, out->n_too_large);
}

#define FEW 64u

void
wherry_topic_publish_post (WherryTopic *self, WherryOutboxSet *from, const WherryPost *post,
                           WherryGate *gate, WherryPublished *out)
{
  g_autoptr (WherrySnapshot) snapshot = NULL;
  gboolean few[FEW] = { FALSE };
  g_autofree gboolean *many = NULL;
  gboolean *wakes = few;
  gboolean numbered;

  *out = (WherryPublished){ .has_recipient = TRUE };
  wherry_lock_acquire (&self->lock);
  snapshot = wherry_snapshot_ref (self->snapshot);
  numbered = self->numbered || post->recipient != 0 || post->offset != 0;
  if (snapshot->n > FEW)
    wakes = many = g_new0 (gboolean, snapshot->n);
  if (numbered)
    publish_locked (self, from, post, gate, wakes, out);
  wherry_lock_release (&self->lock);

  for (guint i = 0; !numbered && i < snapshot->n; i++)
    if (is_addressee (self, snapshot->outboxes[i], from, post->sender, post->recipient))
      push (snapshot->outboxes[i], post->message, gate, &wakes[i], out);
  for (guint i = 0; i < snapshot->n; i++)
    if (wakes[i])
      wherry_outbox_set_wake (wherry_outbox_get_set (snapshot->outboxes[i]));
  count (post, out);
}

void
wherry_topic_publish (WherryTopic *self, WherryOutboxSet *from, WherryMessage *message,
                      WherryGate *gate, WherryPublished *out)
{
  const WherryPost post = {
    .message = message,
    .kind = wherry_message_get_kind (message),
    .sender = from != NULL ? wherry_outbox_set_get_id (from) : 0,
  };

  wherry_topic_publish_post (self, from, &post, gate, out);
}
