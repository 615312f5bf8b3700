/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-topic-log.h"

#include "relay/wherry-planted.h"

#include "base/wherry-counters.h"
#include "base/wherry-lock.h"

struct _WherryLogShare
{
  gatomicrefcount ref_count;
  /* immutable after construction: any thread reads */
  gsize limit;
  /* any thread: atomic */
  gsize used;
};

struct _WherryTopicLog
{
  /* any thread: under the topic's lock */
  WherryKeep keep;
  WherryLogShare *share;
  GQueue messages; /* of WherryMessage, oldest first */
  guint n_public;  /* of these, to everyone */
  gsize bytes;
  WherryMessage *last; /* the retained value; NULL: none */

  /* What was dropped, to know what is missing. The last ones dropped may all be one member's own:
   * for that member they are no loss. */
  guint64 dropped;            /* the newest number that was */
  guint64 dropped_sender;     /* of the run that it ends */
  guint64 dropped_before;     /* the newest number before that run */
  GHashTable *dropped_direct; /* member to the newest of its direct numbers (guint64); NULL: none */
};

WherryLogShare *
wherry_log_share_new (gsize limit)
{
  WherryLogShare *self = g_new0 (WherryLogShare, 1);

  wherry_ref_init (&self->ref_count);
  self->limit = limit;
  return self;
}

WherryLogShare *
wherry_log_share_ref (WherryLogShare *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_log_share_unref (WherryLogShare *self)
{
  if (wherry_ref_dec (&self->ref_count))
    g_free (self);
}

gsize
wherry_log_share_get_used (WherryLogShare *self)
{
  return (gsize) g_atomic_pointer_get (&self->used);
}

WherryTopicLog *
wherry_topic_log_new (const WherryKeep *keep, WherryLogShare *share)
{
  WherryTopicLog *self = g_new0 (WherryTopicLog, 1);

  self->keep = *keep;
  self->share = wherry_log_share_ref (share);
  g_queue_init (&self->messages);
  return self;
}

static void
note_dropped (WherryTopicLog *self, const WherryStamp *stamp)
{
  if (stamp->recipient == 0)
    {
      if (self->dropped == 0 || stamp->sender != self->dropped_sender)
        {
          self->dropped_before = self->dropped;
          self->dropped_sender = stamp->sender;
        }
      self->dropped = stamp->sequence;
      return;
    }
  if (self->dropped_direct == NULL)
    self->dropped_direct = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  g_hash_table_insert (self->dropped_direct, g_memdup2 (&stamp->recipient, sizeof (guint64)),
                       g_memdup2 (&stamp->sequence, sizeof (guint64)));
}

static void
drop_first (WherryTopicLog *self)
{
  g_autoptr (WherryMessage) first = g_queue_pop_head (&self->messages);
  const WherryStamp *stamp = wherry_message_get_stamp (first);
  gsize charge = wherry_message_get_charge (first);

  self->bytes -= charge;
  self->n_public -= stamp->recipient == 0;
  g_atomic_pointer_add (&self->share->used, -(gssize) charge);
  note_dropped (self, stamp);
}

void
wherry_topic_log_free (WherryTopicLog *self)
{
  if (self == NULL)
    return;
  while (self->messages.length > 0)
    drop_first (self);
  g_clear_pointer (&self->last, wherry_message_unref);
  g_clear_pointer (&self->dropped_direct, g_hash_table_unref);
  wherry_log_share_unref (self->share);
  g_free (self);
}

void
wherry_topic_log_set_resume_bytes (WherryTopicLog *self, gsize bytes)
{
  self->keep.resume_bytes = bytes;
}

gboolean
wherry_topic_log_has_history (const WherryTopicLog *self)
{
  return self->keep.messages > 0 || self->keep.retain;
}

/* Whether all that is there is within what is kept. */
static gboolean
fits (const WherryTopicLog *self, gint64 now_us)
{
  const WherryMessage *first = g_queue_peek_head ((GQueue *) &self->messages);

  if (self->bytes <= self->keep.resume_bytes)
    return TRUE;
  return self->n_public <= self->keep.messages && self->bytes <= self->keep.bytes
         && now_us - wherry_message_get_stamp (first)->time_us <= self->keep.age_us;
}

static void
trim (WherryTopicLog *self, gint64 now_us)
{
  while (self->messages.length > 0 && !fits (self, now_us))
    drop_first (self);
  /* all logs together: this one gives what it was just given */
  while (self->messages.length > 0 && wherry_log_share_get_used (self->share) > self->share->limit)
    {
      wherry_counter_inc (WHERRY_COUNTER_LOG_TRIMMED);
      drop_first (self);
    }
}

void
wherry_topic_log_append (WherryTopicLog *self, WherryMessage *message, gint64 now_us)
{
  const WherryStamp *stamp = wherry_message_get_stamp (message);
  gsize charge = wherry_message_get_charge (message);

  if (self->keep.retain && stamp->recipient == 0)
    {
      g_clear_pointer (&self->last, wherry_message_unref);
      if (wherry_message_get_length (message) > 0)
        self->last = wherry_message_ref (message);
    }
  g_queue_push_tail (&self->messages, wherry_message_ref (message));
  self->bytes += charge;
  self->n_public += stamp->recipient == 0;
  g_atomic_pointer_add (&self->share->used, (gssize) charge);
  trim (self, now_us);
}

static gboolean
is_for (const WherryMessage *message, guint64 member)
{
  const WherryStamp *stamp = wherry_message_get_stamp (message);

  return stamp->recipient == 0 && (stamp->sender == 0 || stamp->sender != member);
}

static void
reverse (GPtrArray *array, guint from)
{
  for (guint a = from, b = array->len; a + 1 < b; a++)
    {
      gpointer other = array->pdata[--b];

      array->pdata[b] = array->pdata[a];
      array->pdata[a] = other;
    }
}

void
wherry_topic_log_get_history (WherryTopicLog *self, guint n, guint64 member, gint64 now_us,
                              GPtrArray *out)
{
  guint from = out->len;
  gsize bytes = 0;
  guint n_seen = 0;

  for (GList *link = self->messages.tail;
       link != NULL
       && n_seen + (WHERRY_PLANT (REPLAY_SHORT) ? 1 : 0) < MIN (n, self->keep.messages);
       link = link->prev)
    {
      WherryMessage *message = link->data;

      bytes += wherry_message_get_charge (message);
      if (bytes > self->keep.bytes
          || now_us - wherry_message_get_stamp (message)->time_us > self->keep.age_us)
        break;
      n_seen += wherry_message_get_stamp (message)->recipient == 0;
      if (is_for (message, member))
        g_ptr_array_add (out, wherry_message_ref (message));
    }
  reverse (out, from);
  if (n_seen == 0 && self->last != NULL && is_for (self->last, member))
    g_ptr_array_add (out, wherry_message_ref (self->last));
}

static gboolean
has_all (WherryTopicLog *self, guint64 member, guint64 seen, guint64 direct)
{
  const guint64 *dropped_direct
      = self->dropped_direct != NULL ? g_hash_table_lookup (self->dropped_direct, &member) : NULL;
  guint64 dropped = self->dropped_sender == member ? self->dropped_before : self->dropped;

  return seen >= dropped && (dropped_direct == NULL || direct >= *dropped_direct);
}

gboolean
wherry_topic_log_get_missed (WherryTopicLog *self, guint64 member, guint64 seen, guint64 direct,
                             GPtrArray *out)
{
  guint from = out->len;

  if (!has_all (self, member, seen, direct))
    return FALSE;
  /* Numbers rise, so nothing older than the first that was seen of both kinds can be missing; the
   * two are not in step, so all of them are looked at. */
  for (GList *link = self->messages.tail; link != NULL; link = link->prev)
    {
      WherryMessage *message = link->data;
      const WherryStamp *stamp = wherry_message_get_stamp (message);

      if ((is_for (message, member)
           && stamp->sequence + (WHERRY_PLANT (RESUME_TWICE) ? 1 : 0)
                  > seen + (WHERRY_PLANT (RESUME_SHORT) ? 1 : 0))
          || (stamp->recipient == member && stamp->sequence > direct
              && !WHERRY_PLANT (DIRECT_FORGOTTEN)))
        g_ptr_array_add (out, wherry_message_ref (message));
    }
  reverse (out, from);
  return TRUE;
}

void
wherry_topic_log_get_sent (WherryTopicLog *self, guint64 member, GPtrArray *out)
{
  for (GList *link = self->messages.head; link != NULL; link = link->next)
    {
      const WherryStamp *stamp = wherry_message_get_stamp (link->data);

      if (stamp->sender == member && stamp->own != 0)
        g_ptr_array_add (out, wherry_message_ref (link->data));
    }
}

void
wherry_topic_log_forget (WherryTopicLog *self, guint64 member)
{
  if (self->dropped_direct != NULL)
    g_hash_table_remove (self->dropped_direct, &member);
}

guint
wherry_topic_log_get_length (const WherryTopicLog *self)
{
  return self->messages.length;
}

gsize
wherry_topic_log_get_bytes (const WherryTopicLog *self)
{
  return self->bytes;
}

guint64
wherry_topic_log_get_first (const WherryTopicLog *self)
{
  for (const GList *link = self->messages.head; link != NULL; link = link->next)
    if (wherry_message_get_stamp (link->data)->recipient == 0)
      return wherry_message_get_stamp (link->data)->sequence;
  return 0;
}

guint64
wherry_topic_log_get_needed (const WherryTopicLog *self)
{
  guint64 first = wherry_topic_log_get_first (self);
  guint64 last = self->last != NULL ? wherry_message_get_stamp (self->last)->sequence : 0;

  if (first == 0 || last == 0)
    return MAX (first, last);
  return MIN (first, last);
}
