/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-counted-state.h"

struct _WherryCountedOutput
{
  GOutputStream parent_instance;
  WherryCountedState *state;
};

static void wherry_counted_output_pollable (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryCountedOutput, wherry_counted_output, G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      wherry_counted_output_pollable))

static gssize
counted_output_write_nonblocking (GPollableOutputStream *stream, const void *buffer, gsize count,
                                  GError **error)
{
  WherryCountedState *state = WHERRY_COUNTED_OUTPUT (stream)->state;
  g_autoptr (GError) local = NULL;
  gssize n;

  if (state->aborted)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                           "The connection was cut off");
      return -1;
    }

  n = g_pollable_output_stream_write_nonblocking (wherry_counted_state_get_output (state), buffer,
                                                  count, NULL, &local);
  state->blocked = n < 0 && g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  if (n > 0)
    {
      state->total_written += n;
      state->mid_frame = (gsize) n < count;
    }
  else if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return n;
}

static gboolean
counted_output_is_writable (GPollableOutputStream *stream)
{
  WherryCountedState *state = WHERRY_COUNTED_OUTPUT (stream)->state;

  return state->aborted
         || g_pollable_output_stream_is_writable (wherry_counted_state_get_output (state));
}

static GSource *
counted_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  WherryCountedState *state = WHERRY_COUNTED_OUTPUT (stream)->state;

  if (state->aborted)
    return wherry_counted_state_timeout_source (state, stream, 0);
  return wherry_counted_state_socket_source (state, stream, G_IO_OUT, cancellable);
}

static void
wherry_counted_output_pollable (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = counted_output_is_writable;
  iface->create_source = counted_output_create_source;
  iface->write_nonblocking = counted_output_write_nonblocking;
}

static gssize
wherry_counted_output_write (GOutputStream *stream, const void *buffer, gsize count,
                             GCancellable *cancellable, GError **error)
{
  return counted_output_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream), buffer, count, error);
}

static void
wherry_counted_output_finalize (GObject *object)
{
  wherry_counted_state_unref (WHERRY_COUNTED_OUTPUT (object)->state);
  G_OBJECT_CLASS (wherry_counted_output_parent_class)->finalize (object);
}

static void
wherry_counted_output_class_init (WherryCountedOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = wherry_counted_output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = wherry_counted_output_write;
}

static void
wherry_counted_output_init (WherryCountedOutput *self)
{
}

GOutputStream *
wherry_counted_output_new (WherryCountedState *state)
{
  WherryCountedOutput *self = g_object_new (wherry_counted_output_get_type (), NULL);

  self->state = wherry_counted_state_ref (state);
  return G_OUTPUT_STREAM (self);
}
