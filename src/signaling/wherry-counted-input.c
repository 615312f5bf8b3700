/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "signaling/wherry-counted-state.h"

/* Read in one dispatch, so that a fast sender does not keep the hub to itself. */
#define READ_BATCH (16 * 1024)
#define READ_AHEAD 2048

struct _WherryCountedInput
{
  GInputStream parent_instance;
  WherryCountedState *state;
};

static void wherry_counted_input_pollable (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryCountedInput, wherry_counted_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      wherry_counted_input_pollable))

static gssize
would_block (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "The client has to wait");
  return -1;
}

/* From what was read ahead: a line, or all of it. */
static gsize
take_ahead (WherryCountedState *state, guint8 *buffer, gsize count)
{
  GByteArray *ahead = state->ahead;
  gsize n = MIN (count, ahead->len);

  if (state->by_line)
    {
      const guint8 *end = memchr (ahead->data, '\n', n);

      n = end != NULL ? (gsize) (end - ahead->data) + 1 : n;
    }
  memcpy (buffer, ahead->data, n);
  g_byte_array_remove_range (ahead, 0, (guint) n);
  return n;
}

static gssize
counted_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count,
                                GError **error)
{
  WherryCountedState *state = WHERRY_COUNTED_INPUT (stream)->state;
  GPollableInputStream *base = wherry_counted_state_get_input (state);
  gssize n;

  if (state->aborted)
    return 0;
  if (state->blocked || state->batch >= READ_BATCH || wherry_counted_state_wait_us (state) > 0)
    return would_block (error);

  if (state->by_line && state->ahead->len == 0)
    {
      guint8 ahead[READ_AHEAD];

      n = g_pollable_input_stream_read_nonblocking (base, ahead, sizeof ahead, NULL, error);
      if (n <= 0)
        return n;
      g_byte_array_append (state->ahead, ahead, (guint) n);
    }
  count = MIN (count, READ_BATCH - state->batch);
  if (state->ahead->len > 0)
    n = (gssize) take_ahead (state, buffer, count);
  else
    n = g_pollable_input_stream_read_nonblocking (base, buffer, count, NULL, error);
  if (n > 0 && !wherry_counted_state_check_read (state, buffer, (gsize) n))
    return 0;
  return n;
}

static gboolean
counted_input_is_readable (GPollableInputStream *stream)
{
  WherryCountedState *state = WHERRY_COUNTED_INPUT (stream)->state;

  if (state->aborted)
    return TRUE;
  return !state->blocked && wherry_counted_state_wait_us (state) == 0
         && (state->ahead->len > 0
             || g_pollable_input_stream_is_readable (wherry_counted_state_get_input (state)));
}

static GSource *
counted_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  WherryCountedState *state = WHERRY_COUNTED_INPUT (stream)->state;
  gint64 wait_us = wherry_counted_state_wait_us (state);

  state->batch = 0;
  if (state->aborted || state->ahead->len > 0)
    return wherry_counted_state_timeout_source (state, stream, 0);
  if (state->blocked)
    return wherry_counted_state_socket_source (state, stream, G_IO_OUT, cancellable);
  if (wait_us > 0)
    return wherry_counted_state_timeout_source (state, stream, wait_us);
  return wherry_counted_state_socket_source (state, stream, G_IO_IN, cancellable);
}

static void
wherry_counted_input_pollable (GPollableInputStreamInterface *iface)
{
  iface->is_readable = counted_input_is_readable;
  iface->create_source = counted_input_create_source;
  iface->read_nonblocking = counted_input_read_nonblocking;
}

static gssize
wherry_counted_input_read (GInputStream *stream, void *buffer, gsize count,
                           GCancellable *cancellable, GError **error)
{
  /* the hub never blocks: a caller that would is told to wait for the source */
  return counted_input_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, count, error);
}

static void
wherry_counted_input_finalize (GObject *object)
{
  wherry_counted_state_unref (WHERRY_COUNTED_INPUT (object)->state);
  G_OBJECT_CLASS (wherry_counted_input_parent_class)->finalize (object);
}

static void
wherry_counted_input_class_init (WherryCountedInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = wherry_counted_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = wherry_counted_input_read;
}

static void
wherry_counted_input_init (WherryCountedInput *self)
{
}

GInputStream *
wherry_counted_input_new (WherryCountedState *state)
{
  WherryCountedInput *self = g_object_new (wherry_counted_input_get_type (), NULL);

  self->state = wherry_counted_state_ref (state);
  return G_INPUT_STREAM (self);
}
