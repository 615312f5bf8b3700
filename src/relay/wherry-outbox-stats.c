/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-outbox-stats.h"

#include "base/wherry-limits.h"
#include "relay/wherry-outbox-private.h"

WherryOutboxStats *
wherry_outbox_stats_copy (const WherryOutboxStats *self)
{
  WherryOutboxStats *copy = g_memdup2 (self, sizeof *self);

  copy->label = g_strdup (self->label);
  return copy;
}

void
wherry_outbox_stats_free (WherryOutboxStats *self)
{
  g_free (self->label);
  g_free (self);
}

static WherryPolicyCounts *
find_counts_locked (WherryOutboxSet *set, const char *label)
{
  WherryPolicyCounts *counts;

  if (label == NULL)
    return &set->other_counts;
  if (set->counts == NULL)
    set->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  counts = g_hash_table_lookup (set->counts, label);
  if (counts != NULL)
    return counts;
  if (g_hash_table_size (set->counts) >= WHERRY_OUTBOX_LABELS_MAX)
    return &set->other_counts;
  counts = g_new0 (WherryPolicyCounts, 1);
  g_hash_table_insert (set->counts, g_strdup (label), counts);
  return counts;
}

WherryPolicyCounts *
wherry_outbox_counts_locked (WherryOutbox *self)
{
  if (self->counts == NULL)
    self->counts = find_counts_locked (self->set, self->label);
  return self->counts;
}

static void
add_counts (WherryPolicyCounts *self, const WherryPolicyCounts *more)
{
  self->pauses += more->pauses;
  self->paused_us += more->paused_us;
  for (guint i = 0; i < WHERRY_N_POLICIES; i++)
    self->dropped[i] += more->dropped[i];
}

static gboolean
is_nothing (const WherryPolicyCounts *self)
{
  guint64 sum = self->pauses;

  for (guint i = 0; i < WHERRY_N_POLICIES; i++)
    sum += self->dropped[i];
  return sum == 0;
}

static WherryOutboxStats *
find_stats (GHashTable *by_label, GPtrArray *array, const char *label)
{
  WherryOutboxStats *stats = label != NULL ? g_hash_table_lookup (by_label, label) : NULL;

  if (stats != NULL)
    return stats;
  stats = g_new0 (WherryOutboxStats, 1);
  stats->label = g_strdup (label);
  g_ptr_array_add (array, stats);
  if (label != NULL)
    g_hash_table_insert (by_label, stats->label, stats);
  return stats;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const WherryOutboxStats *const *x = a;
  const WherryOutboxStats *const *y = b;

  return g_strcmp0 ((*x)->label, (*y)->label);
}

GPtrArray *
wherry_outbox_set_get_stats (WherryOutboxSet *self)
{
  GPtrArray *array = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_outbox_stats_free);
  g_autoptr (GHashTable) by_label = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 now_us = wherry_clock_now_us (self->clock);
  GHashTableIter iter;
  gpointer label;
  gpointer counts;

  wherry_lock_acquire (&self->lock);
  if (self->counts != NULL)
    {
      g_hash_table_iter_init (&iter, self->counts);
      while (g_hash_table_iter_next (&iter, &label, &counts))
        find_stats (by_label, array, label)->counts = *(WherryPolicyCounts *) counts;
    }
  for (guint i = 0; i < self->outboxes->len; i++)
    {
      const WherryOutbox *outbox = g_ptr_array_index (self->outboxes, i);
      WherryOutboxStats *stats;

      if (outbox->label == NULL)
        continue;
      stats = find_stats (by_label, array, outbox->label);
      stats->is_open = TRUE;
      stats->policy = outbox->policy;
      stats->n_messages += outbox->queue.length;
      stats->bytes += outbox->bytes;
      if (outbox->waiters != NULL)
        stats->counts.paused_us += MAX (now_us - outbox->waiting_since_us, 0);
    }
  if (!is_nothing (&self->other_counts))
    find_stats (by_label, array, NULL)->counts = self->other_counts;
  wherry_lock_release (&self->lock);

  g_ptr_array_sort (array, compare);
  return array;
}

void
wherry_outbox_set_adopt_counts (WherryOutboxSet *self, WherryOutboxSet *last)
{
  g_autoptr (GPtrArray) stats = wherry_outbox_set_get_stats (last);

  wherry_lock_acquire (&self->lock);
  for (guint i = 0; i < stats->len; i++)
    {
      const WherryOutboxStats *each = g_ptr_array_index (stats, i);

      if (!is_nothing (&each->counts))
        add_counts (find_counts_locked (self, each->label), &each->counts);
    }
  wherry_lock_release (&self->lock);
}
