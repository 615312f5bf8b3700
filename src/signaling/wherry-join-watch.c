/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-join-watch.h"

typedef struct
{
  gpointer socket;
  gint64 due_us;
  GList link; /* in waiting */
} Entry;

struct _WherryJoinWatch
{
  /* hub thread only */
  gint64 limit_us;
  WherryClock *clock;
  GMainContext *context;
  void (*late) (gpointer socket, gpointer user_data);
  gpointer user_data;
  GHashTable *entries; /* socket to Entry */
  GQueue waiting;      /* of Entry, the next one due first */
  GSource *timer;      /* NULL: none waits */
};

static void arm (WherryJoinWatch *self);

static gboolean
on_due (gpointer data)
{
  WherryJoinWatch *self = data;
  gint64 now_us = wherry_clock_now_us (self->clock);
  Entry *entry;

  while ((entry = g_queue_peek_head (&self->waiting)) != NULL && entry->due_us <= now_us)
    {
      gpointer socket = entry->socket;

      wherry_join_watch_remove (self, socket);
      self->late (socket, self->user_data);
    }
  wherry_clock_clear_source (&self->timer);
  arm (self);
  return G_SOURCE_REMOVE;
}

/* For the one that is due first. That it has gone in the meantime costs one idle wakeup. */
static void
arm (WherryJoinWatch *self)
{
  const Entry *first = g_queue_peek_head (&self->waiting);
  gint64 wait_us;

  if (self->timer != NULL || first == NULL)
    return;
  wait_us = first->due_us - wherry_clock_now_us (self->clock);
  self->timer = wherry_clock_add (self->clock, self->context, MAX (wait_us, 0), on_due, self);
}

WherryJoinWatch *
wherry_join_watch_new (gint64 limit_us, WherryClock *clock, GMainContext *context,
                       void (*late) (gpointer socket, gpointer user_data), gpointer user_data)
{
  WherryJoinWatch *self = g_new0 (WherryJoinWatch, 1);

  self->limit_us = limit_us;
  self->clock = wherry_clock_ref (clock);
  self->context = g_main_context_ref (context);
  self->late = late;
  self->user_data = user_data;
  self->entries = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_queue_init (&self->waiting);
  return self;
}

void
wherry_join_watch_free (WherryJoinWatch *self)
{
  wherry_clock_clear_source (&self->timer);
  g_hash_table_unref (self->entries);
  wherry_clock_unref (self->clock);
  g_main_context_unref (self->context);
  g_free (self);
}

void
wherry_join_watch_add (WherryJoinWatch *self, gpointer socket)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->socket = socket;
  entry->due_us = wherry_clock_now_us (self->clock) + self->limit_us;
  entry->link.data = entry;
  g_hash_table_insert (self->entries, socket, entry);
  g_queue_push_tail_link (&self->waiting, &entry->link);
  arm (self);
}

void
wherry_join_watch_remove (WherryJoinWatch *self, gpointer socket)
{
  Entry *entry = g_hash_table_lookup (self->entries, socket);

  if (entry == NULL)
    return;
  g_queue_unlink (&self->waiting, &entry->link);
  g_hash_table_remove (self->entries, socket);
}
