/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gio/gio.h>
#include <gio/gunixinputstream.h>

#include "cli/wherry-terminal-mode.h"
#include "cli/wherry-typed-lines.h"

#define READ_SIZE 4096
/* Fingers give less at a time; what is pasted comes in pieces of up to 4 KiB. */
#define TYPED_MAX 16

struct _WherryTypedLines
{
  gatomicrefcount ref_count; /* the owner's, and that of a read that is under way */
  GInputStream *stream;
  GCancellable *cancellable;
  gsize max;
  const WherryTypedLinesEvents *events; /* NULL: freed */
  gpointer user_data;
  gboolean is_terminal;
  GString *line;
  gsize n_shown; /* bytes of the line that were echoed */
  gboolean is_too_long;
};

static void
unref (WherryTypedLines *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->stream);
  g_object_unref (self->cancellable);
  g_string_free (self->line, TRUE);
  g_free (self);
}

/* ---- what a terminal shows ---- */

static void
show (WherryTypedLines *self, const char *text, gsize length)
{
  ssize_t n;

  do
    n = write (STDERR_FILENO, text, length);
  while (n < 0 && errno == EINTR);
}

static void
erase_one (WherryTypedLines *self)
{
  gsize length = self->line->len;
  gboolean was_shown = length > 0 && self->n_shown == length;

  while (length > 0 && ((guint8) self->line->str[length - 1] & 0xc0) == 0x80)
    length--; /* the continuation bytes of a UTF-8 character */
  if (length > 0)
    length--;
  g_string_truncate (self->line, length);
  if (was_shown)
    show (self, "\b \b", 3);
  self->n_shown = MIN (self->n_shown, length);
}

static void
end_shown (WherryTypedLines *self)
{
  if (self->n_shown > 0)
    show (self, "\n", 1);
  self->n_shown = 0;
}

/* ---- lines ---- */

static void
add (WherryTypedLines *self, char c)
{
  if (self->line->len < self->max)
    {
      g_string_append_c (self->line, c);
      return;
    }
  self->is_too_long = TRUE;
}

static void
tell_line (WherryTypedLines *self)
{
  g_autofree char *line = g_strdup (self->line->str);
  gboolean is_too_long = self->is_too_long;
  gsize length = strlen (line);

  end_shown (self);
  g_string_truncate (self->line, 0);
  self->is_too_long = FALSE;
  if (length > 0 && line[length - 1] == '\r')
    line[length - 1] = '\0';
  if (is_too_long)
    self->events->too_long (self->user_data);
  else
    self->events->line (self->user_data, line);
}

/* FALSE: the input ended */
static gboolean
take_typed (WherryTypedLines *self, char c, gboolean is_typed)
{
  switch (wherry_terminal_mode_get_key (c))
    {
    case WHERRY_KEY_ENTER:
      tell_line (self);
      return TRUE;
    case WHERRY_KEY_END:
      return self->line->len > 0; /* in the middle of a line it does nothing */
    case WHERRY_KEY_ERASE:
      erase_one (self);
      return TRUE;
    case WHERRY_KEY_KILL:
      while (self->line->len > 0)
        erase_one (self);
      self->is_too_long = FALSE;
      return TRUE;
    case WHERRY_KEY_NONE:
    default:
      add (self, c);
      if (is_typed && self->n_shown + 1 == self->line->len && ((guint8) c >= 0x20))
        {
          show (self, &c, 1);
          self->n_shown++;
        }
      return TRUE;
    }
}

static gboolean
take (WherryTypedLines *self, const char *data, gsize length)
{
  for (gsize i = 0; i < length && self->events != NULL; i++)
    {
      if (self->is_terminal)
        {
          if (!take_typed (self, data[i], length <= TYPED_MAX))
            return FALSE;
        }
      else if (data[i] == '\n')
        tell_line (self);
      else
        add (self, data[i]);
    }
  return TRUE;
}

static void read_more (WherryTypedLines *self);

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  WherryTypedLines *self = user_data;
  g_autoptr (GBytes) bytes
      = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, NULL);
  gsize length = 0;
  const char *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  /* a terminal that is gone reads as an error: that is its end as well */
  if (self->events != NULL && (length == 0 || !take (self, data, length)))
    {
      if (!self->is_terminal && self->line->len > 0)
        tell_line (self); /* the last line of a file need not have an end */
      if (self->events != NULL)
        self->events->ended (self->user_data);
    }
  else if (self->events != NULL)
    read_more (self);
  unref (self);
}

static void
read_more (WherryTypedLines *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  g_input_stream_read_bytes_async (self->stream, READ_SIZE, G_PRIORITY_DEFAULT, self->cancellable,
                                   on_read, self);
}

WherryTypedLines *
wherry_typed_lines_new (int fd, gsize max, const WherryTypedLinesEvents *events, gpointer user_data)
{
  WherryTypedLines *self = g_new0 (WherryTypedLines, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->stream = g_unix_input_stream_new (fd, FALSE);
  self->cancellable = g_cancellable_new ();
  self->max = max;
  self->events = events;
  self->user_data = user_data;
  self->line = g_string_new (NULL);
  self->is_terminal = wherry_terminal_mode_begin (fd);
  read_more (self);
  return self;
}

void
wherry_typed_lines_free (WherryTypedLines *self)
{
  end_shown (self);
  if (self->is_terminal)
    wherry_terminal_mode_end ();
  self->events = NULL;
  g_cancellable_cancel (self->cancellable);
  unref (self);
}
