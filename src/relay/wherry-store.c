/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay/wherry-store-private.h"

void
wherry_store_options_init (WherryStoreOptions *options)
{
  *options = (WherryStoreOptions){ .stall_limit_us = WHERRY_STORE_STALL_LIMIT_US };
}

/* ---- names ---- */

static guint
name_hash (gconstpointer data)
{
  const WherryStoreName *self = data;

  return g_str_hash (self->room) * 31 + g_str_hash (self->label);
}

static gboolean
name_equal (gconstpointer a, gconstpointer b)
{
  const WherryStoreName *one = a;
  const WherryStoreName *other = b;

  return g_str_equal (one->room, other->room) && g_str_equal (one->label, other->label);
}

void
wherry_store_name_unref (WherryStoreName *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  g_free (self->room);
  g_free (self->label);
  g_free (self);
}

WherryStoreName *
wherry_store_name_new_locked (WherryStore *self, gint64 id, const char *room, const char *label)
{
  WherryStoreName *name = g_new0 (WherryStoreName, 1);

  wherry_ref_init (&name->ref_count);
  name->room = g_strdup (room);
  name->label = g_strdup (label);
  name->id = id;
  name->next = 1;
  g_hash_table_add (self->names, name);
  return name;
}

/* ---- life ---- */

void
wherry_store_unref (WherryStore *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  g_hash_table_unref (self->names);
  g_hash_table_unref (self->topics);
  g_hash_table_unref (self->resumes);
  g_array_unref (self->batch);
  g_ptr_array_unref (self->writing);
  g_clear_error (&self->error);
  wherry_outbox_set_unref (self->set);
  wherry_waker_unref (self->waker);
  wherry_clock_unref (self->clock);
  g_clear_pointer (&self->budget, wherry_budget_unref);
  g_cond_clear (&self->bell);
  wherry_lock_clear (&self->bell_lock);
  wherry_lock_clear (&self->lock);
  g_free (self->path);
  g_free (self);
}

void
wherry_store_ring (WherryStore *self)
{
  wherry_lock_acquire (&self->bell_lock);
  self->rung = TRUE;
  g_cond_signal (&self->bell);
  wherry_lock_release (&self->bell_lock);
}

static void
ring (gpointer data)
{
  wherry_store_ring (data);
}

static guint
resume_hash (gconstpointer data)
{
  const WherryStoreOp *op = data;

  return g_int64_hash (&op->member) ^ g_str_hash (op->room);
}

static gboolean
resume_equal (gconstpointer a, gconstpointer b)
{
  const WherryStoreOp *one = a;
  const WherryStoreOp *other = b;

  return one->member == other->member && g_str_equal (one->room, other->room);
}

WherryStore *
wherry_store_open (const char *dir, WherryBudget *budget, const WherryStoreOptions *options,
                   GError **error)
{
  WherryStore *self = g_new0 (WherryStore, 1);

  wherry_ref_init (&self->ref_count);
  wherry_store_options_init (&self->options);
  if (options != NULL)
    self->options = *options;
  self->clock = wherry_clock_ref (self->options.clock != NULL ? self->options.clock
                                                              : wherry_clock_system ());
  self->epoch_us = self->options.epoch_us != 0
                       ? self->options.epoch_us
                       : g_get_real_time () - wherry_clock_now_us (self->clock);
  self->budget = budget != NULL ? wherry_budget_ref (budget) : NULL;
  self->path = g_build_filename (dir, "wherry.db", NULL);
  wherry_lock_init (&self->lock);
  wherry_lock_init (&self->bell_lock);
  g_cond_init (&self->bell);
  self->waker = wherry_waker_new ();
  wherry_waker_set (self->waker, ring, self);
  self->set = wherry_outbox_set_new (0, WHERRY_STORE_BYTES, self->clock, self->waker, NULL);
  self->names = g_hash_table_new_full (name_hash, name_equal,
                                       (GDestroyNotify) wherry_store_name_unref, NULL);
  self->topics = g_hash_table_new (NULL, NULL);
  self->resumes = g_hash_table_new (resume_hash, resume_equal);
  self->batch = g_array_new (FALSE, FALSE, sizeof (WherryStoreEntry));
  self->writing = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_store_name_unref);
  self->failing_since_us = -1;
  self->close_by_us = -1;
  self->trim_us = -1;

  self->file = wherry_store_file_open (dir, &self->options, error);
  if (self->file == NULL)
    {
      wherry_waker_set (self->waker, NULL, NULL);
      wherry_store_unref (self);
      return NULL;
    }
  self->stats.n_kept = (guint64) self->file->n_kept;
  self->stats.kept_bytes = (guint64) self->file->kept_bytes;
  return self;
}

guint64
wherry_store_get_last_member (WherryStore *self)
{
  return self->loaded_last_member;
}

gboolean
wherry_store_step (WherryStore *self)
{
  gint64 until_us;

  g_assert (self->thread == NULL);
  return wherry_store_do_batch (self, &until_us);
}

static void
free_ops (GQueue *ops)
{
  WherryStoreOp *op;

  while ((op = g_queue_pop_head (ops)) != NULL)
    {
      if (op->done != NULL)
        op->done (FALSE, op->user_data);
      wherry_store_op_free (op);
    }
}

/* The thread is gone: what it left is dropped, untold. */
static void
dispose (WherryStore *self)
{
  g_autoptr (GList) topics = g_hash_table_get_keys (self->topics);

  wherry_waker_set (self->waker, NULL, NULL);
  wherry_outbox_set_close (self->set);
  for (guint i = 0; i < self->batch->len; i++)
    {
      WherryStoreEntry *entry = &g_array_index (self->batch, WherryStoreEntry, i);

      wherry_message_unref (entry->message);
      wherry_store_topic_unref (entry->topic);
    }
  for (GList *link = topics; link != NULL; link = link->next)
    wherry_store_topic_finish (link->data);
  g_queue_clear (&self->over);
  g_queue_clear_full (&self->dropped, (GDestroyNotify) wherry_store_topic_unref);
  g_queue_clear_full (&self->trims, (GDestroyNotify) wherry_store_topic_unref);
  g_hash_table_remove_all (self->resumes);
  free_ops (&self->applying);
  free_ops (&self->ops);
  g_clear_pointer (&self->file, wherry_store_file_close);
  wherry_store_unref (self);
}

static void
end (WherryStore *self, gboolean abandon)
{
  wherry_lock_acquire (&self->lock);
  self->is_closing = TRUE;
  self->is_abandoned = abandon;
  wherry_lock_release (&self->lock);
  wherry_store_ring (self);
  if (self->thread != NULL)
    {
      g_thread_join (self->thread);
      WHERRY_TSAN_ACQUIRE (self);
    }
  else if (self->is_loaded && self->options.no_thread)
    {
      /* a clock that nobody moves now: what fails once more is not waited for */
      self->retry_us = 0;
      wherry_store_run (self);
    }
  dispose (self);
}

void
wherry_store_close (WherryStore *self)
{
  end (self, FALSE);
}

void
wherry_store_abandon (WherryStore *self)
{
  end (self, TRUE);
}

void
wherry_store_get_stats (WherryStore *self, WherryStoreStats *out)
{
  wherry_lock_acquire (&self->lock);
  *out = self->stats;
  wherry_lock_release (&self->lock);
  out->waiting_bytes = wherry_outbox_set_get_bytes (self->set);
  out->file_bytes = wherry_store_file_get_bytes (self->path);
}

/* ---- operations ---- */

void
wherry_store_op_free (WherryStoreOp *self)
{
  g_free (self->room);
  g_clear_pointer (&self->name, wherry_store_name_unref);
  g_clear_pointer (&self->blob, g_bytes_unref);
  g_free (self);
}

WherryStoreOp *
wherry_store_op_new (WherryStoreOpKind kind, const char *room, WherryStoreName *name,
                     guint64 member)
{
  WherryStoreOp *op = g_new0 (WherryStoreOp, 1);

  op->kind = kind;
  op->room = g_strdup (room);
  op->name = name;
  op->member = member;
  if (name != NULL)
    wherry_ref_inc (&name->ref_count);
  return op;
}

void
wherry_store_post (WherryStore *self, WherryStoreOp *op, gboolean must)
{
  gboolean refused;

  wherry_lock_acquire (&self->lock);
  refused = self->is_closing || (!must && self->ops.length >= 2 * WHERRY_STORE_OPERATIONS_MAX);
  if (!refused)
    g_queue_push_tail (&self->ops, op);
  wherry_lock_release (&self->lock);

  if (refused)
    {
      wherry_counter_inc (WHERRY_COUNTER_HISTORY_REFUSED);
      wherry_store_op_free (op);
      return;
    }
  wherry_store_ring (self);
}

gboolean
wherry_store_put_resume (WherryStore *self, const WherryStoreResume *record,
                         WherryStoreDoneFunc done, gpointer user_data)
{
  WherryStoreOp *op
      = wherry_store_op_new (WHERRY_STORE_OP_PUT_RESUME, record->room, NULL, record->member);
  WherryStoreOp *before;
  gboolean refused;

  memcpy (op->hash, record->hash, sizeof op->hash);
  op->until_us = record->until_us;
  op->blob = g_bytes_ref (record->blob);
  op->done = done;
  op->user_data = user_data;

  wherry_lock_acquire (&self->lock);
  before = g_hash_table_lookup (self->resumes, op);
  refused = self->is_closing || (before == NULL && self->ops.length >= WHERRY_STORE_OPERATIONS_MAX);
  if (!refused)
    {
      if (before != NULL)
        g_queue_remove (&self->ops, before);
      g_queue_push_tail (&self->ops, op);
      g_hash_table_add (self->resumes, op);
    }
  wherry_lock_release (&self->lock);

  if (refused)
    {
      wherry_counter_inc (WHERRY_COUNTER_HISTORY_REFUSED);
      wherry_store_op_free (op);
      return FALSE;
    }
  if (before != NULL)
    {
      if (before->done != NULL)
        before->done (FALSE, before->user_data);
      wherry_store_op_free (before);
    }
  wherry_store_ring (self);
  return TRUE;
}
