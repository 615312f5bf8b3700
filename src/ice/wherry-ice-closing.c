/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "ice/wherry-ice-closing.h"

struct _WherryIceClosing
{
  grefcount ref_count;
  NiceAgent *agent;
  guint stream;
  GMainContext *context;
  GPtrArray *tasks; /* of GTask; NULL when done */
};

static void
attach (WherryIceClosing *self, GSourceFunc func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
}

static gboolean
on_gone (gpointer user_data)
{
  WherryIceClosing *self = user_data;
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->tasks);

  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
  wherry_ice_closing_unref (self);
  return G_SOURCE_REMOVE;
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  WherryIceClosing *self = user_data;

  /* The task that calls us holds the last reference: the agent is gone once it has returned. */
  g_clear_object (&self->agent);
  attach (self, on_gone);
}

static gboolean
on_close (gpointer user_data)
{
  WherryIceClosing *self = user_data;

  nice_agent_remove_stream (self->agent, self->stream);
  /* It calls back on the thread's default context at the time of the call. */
  g_main_context_push_thread_default (self->context);
  nice_agent_close_async (self->agent, on_closed, self);
  g_main_context_pop_thread_default (self->context);
  return G_SOURCE_REMOVE;
}

WherryIceClosing *
wherry_ice_closing_begin (NiceAgent *agent, guint stream, GMainContext *context)
{
  WherryIceClosing *self = g_new0 (WherryIceClosing, 1);

  g_ref_count_init (&self->ref_count);
  g_ref_count_inc (&self->ref_count); /* its own, until on_gone() */
  self->agent = agent;
  self->stream = stream;
  self->context = g_main_context_ref (context);
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  attach (self, on_close);
  return self;
}

void
wherry_ice_closing_add (WherryIceClosing *self, GTask *task)
{
  g_autoptr (GTask) owned = task;

  if (self->tasks != NULL)
    g_ptr_array_add (self->tasks, g_steal_pointer (&owned));
  else
    g_task_return_boolean (owned, TRUE);
}

void
wherry_ice_closing_unref (WherryIceClosing *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_main_context_unref (self->context);
  g_free (self);
}
