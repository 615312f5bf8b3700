/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/wherry-await.h"

/* A condition may be that some time has passed, which wakes nobody. */
#define TICK_MS 100u

static gboolean
on_late (gpointer data)
{
  WherryAwait *self = data;

  self->timer = 0;
  self->is_late = TRUE;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *parent, GCancellable *child)
{
  g_cancellable_cancel (child);
}

void
wherry_await_begin (WherryAwait *self, GCancellable *parent, guint timeout_ms)
{
  *self = (WherryAwait){ 0 };
  self->cancellable = g_cancellable_new ();
  self->parent = g_object_ref (parent);
  self->chained
      = g_cancellable_connect (parent, G_CALLBACK (on_cancelled), self->cancellable, NULL);
  self->timer = g_timeout_add (timeout_ms, on_late, self);
}

void
wherry_await_done (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryAwait *self = data;

  self->result = g_object_ref (result);
}

GAsyncResult *
wherry_await_result (WherryAwait *self)
{
  while (self->result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return self->result;
}

void
wherry_await_end (WherryAwait *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_cancellable_disconnect (self->parent, self->chained);
  g_clear_object (&self->parent);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->result);
}

static gboolean
on_over (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
on_tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

gboolean
wherry_await_until (gboolean (*holds) (gpointer user_data), gpointer user_data,
                    GCancellable *cancellable, guint timeout_ms)
{
  gboolean is_over = FALSE;
  guint timer = g_timeout_add (timeout_ms, on_over, &is_over);
  guint tick = g_timeout_add (TICK_MS, on_tick, NULL);
  gboolean held;

  while (!(held = holds (user_data)) && !is_over && !g_cancellable_is_cancelled (cancellable))
    g_main_context_iteration (NULL, TRUE);
  if (!is_over)
    g_source_remove (timer);
  g_source_remove (tick);
  return held;
}
