/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-limits.h"
#include "relay/wherry-store-private.h"

/* Nobody leaves for being slow here: nobody watches this set. */
static const WherryOutboxLimits limits = {
  .outbox_high = WHERRY_STORE_HIGH,
  .outbox_low = WHERRY_STORE_LOW,
  .block_limit_us = G_MAXINT64,
  .block_window_us = WHERRY_BLOCK_WINDOW_US,
};

WherryStoreTopic *
wherry_store_topic_new (WherryStore *store, const char *room, const char *label,
                        const WherryStoreTopicFuncs *funcs, gpointer owner, GDestroyNotify destroy)
{
  WherryStoreTopic *self = g_new0 (WherryStoreTopic, 1);
  WherryStoreName key = { .room = (char *) room, .label = (char *) label };
  gboolean waits;

  wherry_ref_init (&self->ref_count);
  wherry_ref_inc (&store->ref_count);
  self->store = store;
  self->funcs = *funcs;
  self->owner = owner;
  self->destroy = destroy;
  self->gate = wherry_gate_new (store->waker);
  self->outbox = wherry_outbox_new (store->set, WHERRY_POLICY_BLOCK, &limits);

  wherry_lock_acquire (&store->lock);
  self->name = g_hash_table_lookup (store->names, &key);
  if (self->name == NULL)
    self->name = wherry_store_name_new_locked (store, ++store->last_id, room, label);
  wherry_ref_inc (&self->name->ref_count);
  g_hash_table_add (store->topics, self);
  wherry_store_topic_ref (self); /* the outbox's */
  /* what was appended to the one before is written before anything of this */
  waits = self->name->last != NULL;
  if (waits)
    self->name->last->successor = wherry_store_topic_ref (self);
  self->name->last = self;
  wherry_lock_release (&store->lock);

  if (!waits)
    wherry_outbox_activate (self->outbox, self);
  return self;
}

WherryStoreTopic *
wherry_store_topic_ref (WherryStoreTopic *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_store_topic_unref (WherryStoreTopic *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  wherry_outbox_unref (self->outbox);
  wherry_gate_unref (self->gate);
  wherry_store_name_unref (self->name);
  wherry_store_unref (self->store);
  g_free (self);
}

guint64
wherry_store_topic_get_next (WherryStoreTopic *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->store->lock);

  return self->name->next;
}

WherryPushResult
wherry_store_topic_append (WherryStoreTopic *self, WherryMessage *message, WherryGate *gate)
{
  const WherryStamp *stamp = wherry_message_get_stamp (message);

  wherry_lock_acquire (&self->store->lock);
  self->n_appended++;
  if (stamp->recipient == 0)
    self->name->next = MAX (self->name->next, stamp->sequence + 1);
  wherry_lock_release (&self->store->lock);
  return wherry_outbox_push (self->outbox, message, gate);
}

WherryGate *
wherry_store_topic_get_gate (WherryStoreTopic *self)
{
  return self->gate;
}

void
wherry_store_topic_restart (WherryStoreTopic *self, guint64 next)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->store->lock);

  self->is_failed = FALSE;
  self->n_before_restart = self->n_appended;
  self->name->next = next;
}

/* TRUE: the thread does not know yet. */
gboolean
wherry_store_topic_queue_trim_locked (WherryStoreTopic *self)
{
  WherryStore *store = self->store;

  if (self->trims)
    return FALSE;
  self->trims = TRUE;
  g_queue_push_tail (&store->trims, wherry_store_topic_ref (self));
  return store->trims.length == 1;
}

void
wherry_store_topic_trim (WherryStoreTopic *self, guint64 below)
{
  WherryStore *store = self->store;
  gboolean ring = FALSE;

  wherry_lock_acquire (&store->lock);
  if (!store->is_closing)
    {
      self->trim_below = MAX (self->trim_below, below);
      self->trim_appended = self->n_appended;
      ring = wherry_store_topic_queue_trim_locked (self);
    }
  wherry_lock_release (&store->lock);
  if (ring)
    wherry_store_ring (store);
}

void
wherry_store_topic_trim_direct (WherryStoreTopic *self, guint64 recipient, guint64 below)
{
  WherryStoreOp *op
      = wherry_store_op_new (WHERRY_STORE_OP_TRIM_DIRECT, NULL, self->name, recipient);

  op->below = below;
  wherry_store_post (self->store, op, FALSE);
}

void
wherry_store_topic_forget (WherryStoreTopic *self, guint64 member)
{
  wherry_store_post (self->store,
                     wherry_store_op_new (WHERRY_STORE_OP_FORGET, NULL, self->name, member), FALSE);
}

void
wherry_store_topic_close (WherryStoreTopic *self)
{
  wherry_outbox_retire (self->outbox);
}

/* Under the store's lock. TRUE: there is something on disk to delete, or will be. */
static gboolean
drop_name_locked (WherryStore *store, WherryStoreName *name)
{
  if (name->dropped)
    return FALSE;
  name->dropped = TRUE;
  g_hash_table_steal (store->names, name); /* the table's reference is the caller's */
  return name->row != WHERRY_STORE_ROW_NONE;
}

void
wherry_store_topic_drop (WherryStoreTopic *self)
{
  WherryStore *store = self->store;
  WherryStoreName *name = self->name;
  gboolean was_dropped;
  gboolean any = FALSE;

  wherry_lock_acquire (&store->lock);
  was_dropped = name->dropped;
  any = drop_name_locked (store, name);
  if (!self->is_dropped && !store->is_closing)
    {
      self->is_dropped = TRUE;
      g_queue_push_tail (&store->dropped, wherry_store_topic_ref (self));
    }
  wherry_lock_release (&store->lock);

  if (any)
    wherry_store_post (store, wherry_store_op_new (WHERRY_STORE_OP_DROP_TOPIC, NULL, name, 0),
                       TRUE);
  if (!was_dropped)
    wherry_store_name_unref (name);
  wherry_outbox_close (self->outbox);
  wherry_store_ring (store);
}

void
wherry_store_drop_room (WherryStore *self, const char *room)
{
  g_autoptr (GPtrArray) names
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_store_name_unref);
  GHashTableIter iter;
  gpointer key;
  gboolean any = FALSE;

  wherry_lock_acquire (&self->lock);
  g_hash_table_iter_init (&iter, self->names);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      WherryStoreName *name = key;

      if (!g_str_equal (name->room, room))
        continue;
      name->dropped = TRUE;
      any |= name->row != WHERRY_STORE_ROW_NONE;
      g_hash_table_iter_steal (&iter);
      g_ptr_array_add (names, name);
    }
  wherry_lock_release (&self->lock);
  wherry_store_post (self, wherry_store_op_new (WHERRY_STORE_OP_DROP_ROOM, room, NULL, 0), any);
}

void
wherry_store_delete_resume (WherryStore *self, const char *room, guint64 member)
{
  wherry_store_post (self, wherry_store_op_new (WHERRY_STORE_OP_DELETE_RESUME, room, NULL, member),
                     FALSE);
}
