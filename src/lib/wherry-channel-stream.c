/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-channel-stream-private.h"
#include "lib/wherry-connection-private.h"

struct _WherryChannelStream
{
  GIOStream parent_instance;

  GInputStream *input;
  GOutputStream *output;
  gboolean disposing;
};

G_DEFINE_FINAL_TYPE (WherryChannelStream, wherry_channel_stream, G_TYPE_IO_STREAM)

/* ---- waiting ---- */

typedef struct
{
  GSource source;
  gpointer stream; /* a reference */
  WherryStreamCondition condition;
} ConditionSource;

static gboolean
condition_source_prepare (GSource *source, int *timeout)
{
  ConditionSource *self = (ConditionSource *) source;

  *timeout = -1;
  return self->condition (self->stream);
}

static gboolean
condition_source_check (GSource *source)
{
  ConditionSource *self = (ConditionSource *) source;

  return self->condition (self->stream);
}

static gboolean
condition_source_dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  return G_SOURCE_CONTINUE; /* its parent is dispatched */
}

static void
condition_source_finalize (GSource *source)
{
  g_object_unref (((ConditionSource *) source)->stream);
}

static gboolean
condition_source_closure (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* a pollable source gives its child a closure, which GLib allows to these only */
static GSourceFuncs condition_source_funcs = {
  .prepare = condition_source_prepare,
  .check = condition_source_check,
  .dispatch = condition_source_dispatch,
  .finalize = condition_source_finalize,
  .closure_callback = condition_source_closure,
};

GSource *
wherry_stream_source_new (gpointer stream, WherryStreamCondition condition,
                          GCancellable *cancellable)
{
  GSource *child = g_source_new (&condition_source_funcs, sizeof (ConditionSource));
  GSource *source = NULL;

  ((ConditionSource *) child)->stream = g_object_ref (stream);
  ((ConditionSource *) child)->condition = condition;
  source = g_pollable_source_new_full (stream, child, cancellable);
  g_source_unref (child);
  return source;
}

typedef struct
{
  WherryLock lock;
  GCond cond;
  gboolean done; /* lock */
  WherryStreamTry func;
  gpointer data;
  gssize result;
  GError *error;
  GCancellable *cancellable;
} Waiter;

static gboolean
try_now (GObject *stream, gpointer data)
{
  Waiter *self = data;
  g_autoptr (GError) error = NULL;
  gssize result = -1;

  if (!g_cancellable_set_error_if_cancelled (self->cancellable, &error))
    result = self->func (stream, self->data, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  wherry_lock_acquire (&self->lock);
  self->result = result;
  self->error = g_steal_pointer (&error);
  self->done = TRUE;
  g_cond_signal (&self->cond);
  wherry_lock_release (&self->lock);
  return G_SOURCE_REMOVE;
}

gssize
wherry_stream_wait (gpointer stream, WherryConnection *connection, WherryStreamCondition condition,
                    WherryStreamTry func, gpointer data, GCancellable *cancellable, GError **error)
{
  g_autoptr (GSource) source = wherry_stream_source_new (stream, condition, cancellable);
  Waiter waiter = { .func = func, .data = data, .result = -1, .cancellable = cancellable };

  wherry_lock_init (&waiter.lock);
  g_cond_init (&waiter.cond);
  g_source_set_callback (source, G_SOURCE_FUNC (try_now), &waiter, NULL);
  g_source_attach (source, connection->context);
  if (wherry_owner_is_current (&connection->creator))
    while (!waiter.done)
      g_main_context_iteration (connection->context, TRUE);
  else
    {
      wherry_lock_acquire (&waiter.lock);
      while (!waiter.done)
        wherry_lock_wait (&waiter.lock, &waiter.cond);
      wherry_lock_release (&waiter.lock);
    }
  g_source_destroy (source);
  g_cond_clear (&waiter.cond);
  wherry_lock_clear (&waiter.lock);
  if (waiter.error != NULL)
    g_propagate_error (error, waiter.error);
  return waiter.result;
}

/* ---- the GIOStream ---- */

static GInputStream *
wherry_channel_stream_get_input_stream (GIOStream *stream)
{
  return WHERRY_CHANNEL_STREAM (stream)->input;
}

static GOutputStream *
wherry_channel_stream_get_output_stream (GIOStream *stream)
{
  return WHERRY_CHANNEL_STREAM (stream)->output;
}

static void
on_input_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (g_input_stream_close_finish (G_INPUT_STREAM (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_output_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  WherryChannelStream *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (g_output_stream_close_finish (G_OUTPUT_STREAM (source), result, &error))
    g_input_stream_close_async (self->input, g_task_get_priority (task),
                                g_task_get_cancellable (task), on_input_closed,
                                g_object_ref (task));
  else
    g_task_return_error (task, error);
}

static void
wherry_channel_stream_close_async (GIOStream *stream, int priority, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, wherry_channel_stream_close_async);
  g_task_set_priority (task, priority);
  g_output_stream_close_async (WHERRY_CHANNEL_STREAM (stream)->output, priority, cancellable,
                               on_output_closed, task);
}

static gboolean
wherry_channel_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
wherry_channel_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  WherryChannelStream *self = WHERRY_CHANNEL_STREAM (stream);
  gboolean done = TRUE;

  if (self->disposing)
    return TRUE;
  done = g_output_stream_close (self->output, cancellable, error);
  return g_input_stream_close (self->input, cancellable, done ? error : NULL) && done;
}

/* Let go of without a close: the halves go by themselves, and nobody waits for them. */
static void
wherry_channel_stream_dispose (GObject *object)
{
  WherryChannelStream *self = WHERRY_CHANNEL_STREAM (object);

  self->disposing = TRUE;
  G_OBJECT_CLASS (wherry_channel_stream_parent_class)->dispose (object);
  g_clear_object (&self->input);
  g_clear_object (&self->output);
}

static void
wherry_channel_stream_class_init (WherryChannelStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = wherry_channel_stream_dispose;
  stream_class->get_input_stream = wherry_channel_stream_get_input_stream;
  stream_class->get_output_stream = wherry_channel_stream_get_output_stream;
  stream_class->close_fn = wherry_channel_stream_close;
  stream_class->close_async = wherry_channel_stream_close_async;
  stream_class->close_finish = wherry_channel_stream_close_finish;
}

static void
wherry_channel_stream_init (WherryChannelStream *self)
{
}

GIOStream *
wherry_channel_stream_new (WherryDataChannel *channel)
{
  WherryChannelStream *self = g_object_new (WHERRY_TYPE_CHANNEL_STREAM, NULL);

  self->input = wherry_channel_input_stream_new (channel);
  self->output = wherry_channel_output_stream_new (channel);
  return G_IO_STREAM (self);
}
