/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <gio/gunixinputstream.h>

#include "cli/wherry-cli-limits.h"
#include "cli/wherry-line-reader.h"

#define CHUNK_BYTES 16384

struct _WherryLineReader
{
  int ref_count; /* a read that is under way has one */
  GInputStream *stream;
  GCancellable *cancellable;
  const WherryLineReaderEvents *events; /* NULL: freed */
  gpointer user_data;
  GByteArray *held;
  guint number;
  guint idle;
  gboolean paused;
  gboolean reading;
  gboolean skipping; /* the rest of a line that is too long */
  gboolean at_end;
};

static void
unref (WherryLineReader *self)
{
  if (--self->ref_count > 0)
    return;
  g_byte_array_unref (self->held);
  g_object_unref (self->cancellable);
  g_object_unref (self->stream);
  g_free (self);
}

static void
tell_line (WherryLineReader *self, gsize length)
{
  g_autofree char *line = NULL;

  if (length > 0 && self->held->data[length - 1] == '\r')
    length--;
  line = g_utf8_make_valid ((const char *) self->held->data, (gssize) length);
  self->events->line (self->user_data, line, self->number);
}

/* length: of the line in what is held; end: of its line end: 1, or 0 at the end of the file */
static void
take_line (WherryLineReader *self, gsize length, gsize end)
{
  if (!self->skipping)
    self->number++;
  if (self->skipping || length > WHERRY_CLI_LINE_BYTES)
    {
      if (!self->skipping)
        self->events->too_long (self->user_data, self->number);
      self->skipping = FALSE;
    }
  else
    tell_line (self, length);
  g_byte_array_remove_range (self->held, 0, (guint) (length + end));
}

/* FALSE: it needs more. */
static gboolean
take_next (WherryLineReader *self)
{
  const guint8 *end = self->held->len > 0 ? memchr (self->held->data, '\n', self->held->len) : NULL;

  if (end != NULL)
    {
      take_line (self, (gsize) (end - self->held->data), 1);
      return TRUE;
    }
  if (self->held->len > WHERRY_CLI_LINE_BYTES)
    {
      if (!self->skipping)
        self->events->too_long (self->user_data, ++self->number);
      self->skipping = TRUE;
      g_byte_array_set_size (self->held, 0);
    }
  if (!self->at_end)
    return FALSE;
  if (self->held->len > 0 && !self->skipping)
    {
      take_line (self, self->held->len, 0);
      return TRUE;
    }
  self->paused = TRUE;
  self->events->ended (self->user_data, NULL);
  return FALSE;
}

static void go_on (WherryLineReader *self);

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryLineReader *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes
      = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);

  self->reading = FALSE;
  if (self->events != NULL && bytes == NULL)
    {
      self->paused = TRUE;
      self->events->ended (self->user_data, error);
    }
  else if (self->events != NULL)
    {
      gsize length;
      const guint8 *chunk = g_bytes_get_data (bytes, &length);

      self->at_end = length == 0;
      if (length > 0)
        g_byte_array_append (self->held, chunk, (guint) length);
      go_on (self);
    }
  unref (self);
}

static void
go_on (WherryLineReader *self)
{
  self->ref_count++;
  while (self->events != NULL && !self->paused && take_next (self))
    ;
  if (self->events != NULL && !self->paused && !self->reading)
    {
      self->reading = TRUE;
      self->ref_count++;
      g_input_stream_read_bytes_async (self->stream, CHUNK_BYTES, G_PRIORITY_DEFAULT,
                                       self->cancellable, on_read, self);
    }
  unref (self);
}

static gboolean
on_idle (gpointer data)
{
  WherryLineReader *self = data;

  self->idle = 0;
  go_on (self);
  return G_SOURCE_REMOVE;
}

WherryLineReader *
wherry_line_reader_new (int fd, const WherryLineReaderEvents *events, gpointer user_data)
{
  WherryLineReader *self = g_new0 (WherryLineReader, 1);

  self->ref_count = 1;
  self->stream = g_unix_input_stream_new (fd, FALSE);
  self->cancellable = g_cancellable_new ();
  self->events = events;
  self->user_data = user_data;
  self->held = g_byte_array_new ();
  self->paused = TRUE;
  return self;
}

void
wherry_line_reader_free (WherryLineReader *self)
{
  self->events = NULL;
  g_clear_handle_id (&self->idle, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  unref (self);
}

void
wherry_line_reader_pause (WherryLineReader *self)
{
  self->paused = TRUE;
}

void
wherry_line_reader_resume (WherryLineReader *self)
{
  self->paused = FALSE;
  if (self->idle == 0 && !self->reading)
    self->idle = g_idle_add_full (G_PRIORITY_DEFAULT, on_idle, self, NULL);
}
