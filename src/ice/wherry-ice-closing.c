/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "ice/wherry-ice-closing.h"

struct _WherryIceClosing
{
  grefcount ref_count;
  GMainContext *context;
  guint n_held;     /* agents that are not gone yet, and other things */
  GPtrArray *tasks; /* of GTask */
};

typedef struct
{
  WherryIceClosing *closing;
  NiceAgent *agent;
  guint stream;
  gpointer keep;
  GDestroyNotify destroy;
} Ending;

static void
attach (Ending *ending, GSourceFunc func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, ending, NULL);
  g_source_attach (source, ending->closing->context);
}

static gboolean
on_gone (gpointer user_data)
{
  Ending *ending = user_data;
  g_autoptr (WherryIceClosing) self = ending->closing;

  ending->destroy (ending->keep);
  g_free (ending);
  wherry_ice_closing_release (self);
  return G_SOURCE_REMOVE;
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Ending *ending = user_data;

  /* The task that calls us holds the last reference: the agent is gone once it has returned. */
  g_clear_object (&ending->agent);
  attach (ending, on_gone);
}

static gboolean
on_close (gpointer user_data)
{
  Ending *ending = user_data;

  nice_agent_remove_stream (ending->agent, ending->stream);
  /* It calls back on the thread's default context at the time of the call. */
  g_main_context_push_thread_default (ending->closing->context);
  nice_agent_close_async (ending->agent, on_closed, ending);
  g_main_context_pop_thread_default (ending->closing->context);
  return G_SOURCE_REMOVE;
}

WherryIceClosing *
wherry_ice_closing_new (GMainContext *context)
{
  WherryIceClosing *self = g_new0 (WherryIceClosing, 1);

  g_ref_count_init (&self->ref_count);
  self->context = g_main_context_ref (context);
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

void
wherry_ice_closing_take (WherryIceClosing *self, NiceAgent *agent, guint stream, gpointer keep,
                         GDestroyNotify destroy)
{
  Ending *ending = g_new0 (Ending, 1);

  ending->closing = wherry_ice_closing_hold (self); /* until on_gone() */
  ending->agent = agent;
  ending->stream = stream;
  ending->keep = keep;
  ending->destroy = destroy;
  attach (ending, on_close);
}

WherryIceClosing *
wherry_ice_closing_hold (WherryIceClosing *self)
{
  self->n_held++;
  return wherry_ice_closing_ref (self);
}

void
wherry_ice_closing_release (WherryIceClosing *self)
{
  g_autoptr (GPtrArray) tasks = NULL;

  if (--self->n_held > 0)
    return;
  tasks = g_steal_pointer (&self->tasks);
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
}

void
wherry_ice_closing_add (WherryIceClosing *self, GTask *task)
{
  g_autoptr (GTask) owned = task;

  if (self->n_held > 0)
    g_ptr_array_add (self->tasks, g_steal_pointer (&owned));
  else
    g_task_return_boolean (owned, TRUE);
}

WherryIceClosing *
wherry_ice_closing_ref (WherryIceClosing *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

void
wherry_ice_closing_unref (WherryIceClosing *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->tasks);
  g_main_context_unref (self->context);
  g_free (self);
}
