/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-block-watch.h"

#include "base/wherry-lock.h"
#include "relay/wherry-outbox-set.h"

struct _WherryBlockWatch
{
  gatomicrefcount ref_count;

  /* any thread: internally locked */
  WherryLock lock;
  void (*notify) (gpointer user_data);
  gpointer user_data;
  GHashTable *sets;  /* set of WherryOutboxSet, each a reference */
  GArray *condemned; /* of guint64, ids of sets; NULL: none */
  int n_budget;
  gboolean told; /* the hub knows and looks by itself */
};

WherryBlockWatch *
wherry_block_watch_new (void (*notify) (gpointer user_data), gpointer user_data)
{
  WherryBlockWatch *self = g_new0 (WherryBlockWatch, 1);

  wherry_ref_init (&self->ref_count);
  wherry_lock_init (&self->lock);
  self->notify = notify;
  self->user_data = user_data;
  self->sets = g_hash_table_new (NULL, NULL);
  return self;
}

WherryBlockWatch *
wherry_block_watch_ref (WherryBlockWatch *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_block_watch_unref (WherryBlockWatch *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  g_hash_table_unref (self->sets);
  g_clear_pointer (&self->condemned, g_array_unref);
  wherry_lock_clear (&self->lock);
  g_free (self);
}

void
wherry_block_watch_close (WherryBlockWatch *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  self->notify = NULL;
}

static void
notify_locked (WherryBlockWatch *self)
{
  if (self->told || self->notify == NULL)
    return;
  self->told = TRUE;
  self->notify (self->user_data);
}

void
wherry_block_watch_add (WherryBlockWatch *self, WherryOutboxSet *set)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  if (g_hash_table_add (self->sets, set))
    wherry_outbox_set_ref (set);
  notify_locked (self);
}

void
wherry_block_watch_remove (WherryBlockWatch *self, WherryOutboxSet *set)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  if (g_hash_table_remove (self->sets, set))
    wherry_outbox_set_unref (set); /* not the last one: the caller holds its lock */
}

void
wherry_block_watch_condemn (WherryBlockWatch *self, WherryOutboxSet *set)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  guint64 id = wherry_outbox_set_get_id (set);

  if (self->condemned == NULL)
    self->condemned = g_array_new (FALSE, FALSE, sizeof id);
  g_array_append_val (self->condemned, id);
  if (self->notify != NULL) /* though it may look at others already: that one is not to wait */
    self->notify (self->user_data);
}

GArray *
wherry_block_watch_steal_condemned (WherryBlockWatch *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  return g_steal_pointer (&self->condemned);
}

void
wherry_block_watch_budget (WherryBlockWatch *self, int change)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  self->n_budget += change;
  if (self->n_budget > 0)
    notify_locked (self);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  guint64 id_a = wherry_outbox_set_get_id (*(WherryOutboxSet *const *) a);
  guint64 id_b = wherry_outbox_set_get_id (*(WherryOutboxSet *const *) b);

  return (id_a > id_b) - (id_a < id_b);
}

GPtrArray *
wherry_block_watch_look (WherryBlockWatch *self, gboolean *on_budget)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);
  GPtrArray *sets = NULL;
  GHashTableIter iter;
  gpointer set;

  *on_budget = self->n_budget > 0;
  if (g_hash_table_size (self->sets) == 0 && self->n_budget <= 0)
    {
      self->told = FALSE;
      return NULL;
    }
  sets = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_outbox_set_unref);
  g_hash_table_iter_init (&iter, self->sets);
  while (g_hash_table_iter_next (&iter, &set, NULL))
    g_ptr_array_add (sets, wherry_outbox_set_ref (set));
  /* of two that were waited for equally long, where they lie in memory does not decide */
  g_ptr_array_sort (sets, compare);
  return sets;
}
