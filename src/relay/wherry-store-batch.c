/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "relay/wherry-store-private.h"

/* A number that the batch moves on: a topic's next, a recipient's next, or what was accepted. */
typedef struct
{
  gint64 topic;
  guint64 member;
  gboolean is_accepted;
  guint64 value;
} Number;

static guint
number_hash (gconstpointer data)
{
  const Number *self = data;

  return (guint) (self->topic * 31 + (gint64) self->member) * 2 + (self->is_accepted ? 1 : 0);
}

static gboolean
number_equal (gconstpointer a, gconstpointer b)
{
  const Number *one = a;
  const Number *other = b;

  return one->topic == other->topic && one->member == other->member
         && one->is_accepted == other->is_accepted;
}

static void
set_number (GHashTable *numbers, gint64 topic, guint64 member, gboolean is_accepted, guint64 value)
{
  Number key = { topic, member, is_accepted, value };
  Number *number = g_hash_table_lookup (numbers, &key);

  if (number != NULL)
    number->value = value;
  else
    g_hash_table_add (numbers, g_memdup2 (&key, sizeof key));
}

static gboolean
write_numbers (WherryStore *self, GHashTable *numbers, GError **error)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, numbers);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      const Number *number = key;
      gboolean ok = number->is_accepted
                        ? wherry_store_file_put_accepted (self->file, number->topic, number->member,
                                                          number->value, error)
                        : wherry_store_file_put_next (self->file, number->topic, number->member,
                                                      number->value, error);

      if (!ok)
        return FALSE;
    }
  return TRUE;
}

/* FALSE in *wanted: the topic was dropped meanwhile. */
static gboolean
write_topic (WherryStore *self, WherryStoreName *name, gboolean *wanted, GError **error)
{
  WherryStoreRow row;

  wherry_lock_acquire (&self->lock);
  *wanted = !name->dropped;
  row = name->row;
  if (*wanted && row == WHERRY_STORE_ROW_NONE)
    name->row = WHERRY_STORE_ROW_WRITING;
  wherry_lock_release (&self->lock);

  if (!*wanted || row != WHERRY_STORE_ROW_NONE)
    return TRUE;
  wherry_ref_inc (&name->ref_count);
  g_ptr_array_add (self->writing, name);
  return wherry_store_file_put_topic (self->file, name->id, name->room, name->label, error);
}

static gboolean
write_entry (WherryStore *self, WherryStoreEntry *entry, GHashTable *numbers, GError **error)
{
  WherryStoreName *name = entry->topic->name;
  const WherryStamp *stamp = wherry_message_get_stamp (entry->message);
  gint64 at_us = stamp->time_us != 0 ? stamp->time_us : wherry_clock_now_us (self->clock);
  gboolean wanted = FALSE;
  gboolean is_new = FALSE;

  if (!write_topic (self, name, &wanted, error))
    return FALSE;
  if (!wanted)
    return TRUE;
  if (!wherry_store_file_put_message (self->file, name->id, entry->message, at_us + self->epoch_us,
                                      &is_new, error))
    return FALSE;
  entry->is_refused = !is_new;
  if (entry->is_refused)
    return TRUE;
  set_number (numbers, name->id, stamp->recipient, FALSE, stamp->sequence + 1);
  if (stamp->accepted != 0)
    set_number (numbers, name->id, stamp->sender, TRUE, stamp->accepted);
  self->last_member = MAX (self->last_member, MAX (stamp->sender, stamp->recipient));
  return TRUE;
}

static gboolean
write_op (WherryStore *self, const WherryStoreOp *op, GError **error)
{
  WherryStoreResume record = { .room = op->room,
                               .member = op->member,
                               .hash = op->hash,
                               .until_us = op->until_us,
                               .blob = op->blob };

  switch (op->kind)
    {
    case WHERRY_STORE_OP_PUT_RESUME:
      self->last_member = MAX (self->last_member, op->member);
      return wherry_store_file_put_resume (self->file, &record, error);
    case WHERRY_STORE_OP_DELETE_RESUME:
      return wherry_store_file_delete_resume (self->file, op->room, op->member, error);
    case WHERRY_STORE_OP_DROP_TOPIC:
      return wherry_store_file_drop_topic (self->file, op->name->id, error);
    case WHERRY_STORE_OP_DROP_ROOM:
      return wherry_store_file_drop_room (self->file, op->room, error);
    case WHERRY_STORE_OP_TRIM_DIRECT:
      return wherry_store_file_trim (self->file, op->name->id, op->member, op->below, G_MAXINT,
                                     NULL, error);
    case WHERRY_STORE_OP_FORGET:
      return wherry_store_file_forget (self->file, op->name->id, op->member, error);
    default:
      g_assert_not_reached ();
    }
}

static gboolean
write_trims (WherryStore *self, guint max, GError **error)
{
  WherryStoreTopic *topic;

  wherry_lock_acquire (&self->lock);
  while ((topic = g_queue_pop_head (&self->trims)) != NULL)
    {
      topic->trims = FALSE;
      g_queue_push_tail (&self->trimming, topic);
    }
  wherry_lock_release (&self->lock);

  for (GList *link = self->trimming.head; link != NULL && max > 0; link = link->next)
    {
      guint64 below;
      guint n_rows = 0;

      topic = link->data;
      wherry_lock_acquire (&self->lock);
      below = topic->trim_below;
      wherry_lock_release (&self->lock);
      if (!wherry_store_file_trim (self->file, topic->name->id, 0, below, max, &n_rows, error))
        return FALSE;
      max -= MIN (max, n_rows);
    }
  self->trims_more = max == 0;
  return TRUE;
}

/* The oldest of all go, some more than must, so that it is not each transaction's work. */
static gboolean
write_limit (WherryStore *self, guint max, GError **error)
{
  gint64 limit = (gint64) self->options.max_bytes;
  gint64 goal = limit - limit / 32;

  if (limit == 0 || self->file->kept_bytes <= limit)
    return TRUE;
  while (self->file->kept_bytes > goal && self->file->n_kept > 0 && max > 0)
    {
      gint64 mean = MAX (self->file->kept_bytes / self->file->n_kept, 1);
      gint64 n = CLAMP ((self->file->kept_bytes - goal) / mean, 1, (gint64) max);

      if (!wherry_store_file_trim_oldest (self->file, (guint) n, error))
        return FALSE;
      max -= (guint) n;
    }
  self->trims_more |= max == 0;
  return TRUE;
}

static gboolean
write_all (WherryStore *self, GError **error)
{
  g_autoptr (GHashTable) numbers = g_hash_table_new_full (number_hash, number_equal, g_free, NULL);
  guint max = WHERRY_STORE_TRIM_MESSAGES + 2 * self->batch->len;

  for (GList *link = self->applying.head; link != NULL; link = link->next)
    if (!write_op (self, link->data, error))
      return FALSE;
  for (guint i = 0; i < self->batch->len; i++)
    if (!write_entry (self, &g_array_index (self->batch, WherryStoreEntry, i), numbers, error))
      return FALSE;
  if (!write_numbers (self, numbers, error))
    return FALSE;
  if (self->last_member != self->stored_last_member
      && !wherry_store_file_put_member (self->file, self->last_member, error))
    return FALSE;
  return write_trims (self, max, error) && write_limit (self, max, error)
         && (!self->file->has_dropped || wherry_store_file_trim_dropped (self->file, max, error));
}

/* A trim that has done its work is off the list, unless it asked for messages that come later. */
static void
settle_trims (WherryStore *self, gboolean committed)
{
  GQueue done = G_QUEUE_INIT;
  WherryStoreTopic *topic;

  wherry_lock_acquire (&self->lock);
  while ((topic = g_queue_pop_head (&self->trimming)) != NULL)
    {
      gboolean again = !committed || self->trims_more;

      if (!again && topic->n_taken < topic->trim_appended)
        topic->trims_later = TRUE;
      if (again && !topic->trims)
        {
          topic->trims = TRUE;
          g_queue_push_tail (&self->trims, topic);
        }
      else
        g_queue_push_tail (&done, topic);
    }
  wherry_lock_release (&self->lock);
  g_queue_clear_full (&done, (GDestroyNotify) wherry_store_topic_unref);
}

static void
settle_rows (WherryStore *self, WherryStoreRow row)
{
  wherry_lock_acquire (&self->lock);
  for (guint i = 0; i < self->writing->len; i++)
    ((WherryStoreName *) g_ptr_array_index (self->writing, i))->row = row;
  wherry_lock_release (&self->lock);
  g_ptr_array_set_size (self->writing, 0);
}

gboolean
wherry_store_write (WherryStore *self, GError **error)
{
  self->trims_more = FALSE;
  if (wherry_store_file_begin (self->file, error) && write_all (self, error)
      && wherry_store_file_commit (self->file, error))
    {
      self->stored_last_member = self->last_member;
      settle_rows (self, WHERRY_STORE_ROW_WRITTEN);
      settle_trims (self, TRUE);
      return TRUE;
    }
  wherry_store_file_rollback (self->file);
  settle_rows (self, WHERRY_STORE_ROW_NONE);
  settle_trims (self, FALSE);
  return FALSE;
}
