/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <errno.h>
#include <unistd.h>

#include <glib-unix.h>

#include "cli/wherry-cli-limits.h"
#include "cli/wherry-line-reader.h"
#include "cli/wherry-terminal-mode.h"
#include "cli/wherry-typed-lines.h"

/* Fingers give less at a time; what is pasted comes in larger pieces. */
#define TYPED_MAX 16

struct _WherryTypedLines
{
  int ref_count;                        /* the owner's, and that of an event */
  const WherryTypedLinesEvents *events; /* NULL: freed */
  gpointer user_data;
  WherryLineReader *reader; /* (nullable): it is a terminal */
  guint input;              /* the source that reads the terminal, or 0 */
  GString *line;
  gsize n_shown; /* bytes of the line that were echoed */
  gboolean is_too_long;
};

static void
unref (WherryTypedLines *self)
{
  if (--self->ref_count > 0)
    return;
  g_string_free (self->line, TRUE);
  g_free (self);
}

/* ---- what a terminal shows ---- */

static void
show (const char *text, gsize length)
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
    show ("\b \b", 3);
  self->n_shown = MIN (self->n_shown, length);
}

static void
end_shown (WherryTypedLines *self)
{
  if (self->n_shown > 0)
    show ("\n", 1);
  self->n_shown = 0;
}

/* ---- keys ---- */

static void
add (WherryTypedLines *self, char c, gboolean is_typed)
{
  if (self->line->len >= WHERRY_CLI_LINE_BYTES)
    {
      self->is_too_long = TRUE;
      return;
    }
  /* a control character would do to this terminal what it does */
  if (is_typed && self->n_shown == self->line->len && (guint8) c >= 0x20)
    {
      show (&c, 1);
      self->n_shown++;
    }
  g_string_append_c (self->line, c);
}

static void
tell_line (WherryTypedLines *self)
{
  g_autofree char *line = g_utf8_make_valid (self->line->str, (gssize) self->line->len);
  gboolean is_too_long = self->is_too_long;

  end_shown (self);
  g_string_truncate (self->line, 0);
  self->is_too_long = FALSE;
  if (is_too_long)
    self->events->too_long (self->user_data);
  else
    self->events->line (self->user_data, line);
}

/* FALSE: the input ended */
static gboolean
take_key (WherryTypedLines *self, char c, gboolean is_typed)
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
      add (self, c, is_typed);
      return TRUE;
    }
}

static gboolean
end (WherryTypedLines *self)
{
  self->input = 0;
  self->events->ended (self->user_data);
  unref (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_input (int fd, GIOCondition condition, gpointer data)
{
  WherryTypedLines *self = data;
  char keys[1024];
  ssize_t n = read (fd, keys, sizeof keys);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  self->ref_count++;
  if (n <= 0) /* a terminal that is gone reads as an error: that is its end as well */
    return end (self);
  for (ssize_t i = 0; i < n && self->events != NULL; i++)
    if (!take_key (self, keys[i], n <= TYPED_MAX))
      return end (self);
  unref (self);
  return G_SOURCE_CONTINUE; /* of no effect on a source that is destroyed */
}

/* ---- what is no terminal ---- */

static void
on_line (gpointer data, const char *line, guint number)
{
  WherryTypedLines *self = data;

  self->events->line (self->user_data, line);
}

static void
on_too_long (gpointer data, guint number)
{
  WherryTypedLines *self = data;

  self->events->too_long (self->user_data);
}

static void
on_ended (gpointer data, const GError *error)
{
  WherryTypedLines *self = data;

  self->events->ended (self->user_data);
}

static const WherryLineReaderEvents reader_events = {
  .line = on_line,
  .too_long = on_too_long,
  .ended = on_ended,
};

WherryTypedLines *
wherry_typed_lines_new (int fd, const WherryTypedLinesEvents *events, gpointer user_data)
{
  WherryTypedLines *self = g_new0 (WherryTypedLines, 1);

  self->ref_count = 1;
  self->events = events;
  self->user_data = user_data;
  self->line = g_string_new (NULL);
  if (wherry_terminal_mode_begin (fd, WHERRY_TERMINAL_STOPS))
    {
      self->input = g_unix_fd_add (fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, self);
      return self;
    }
  self->reader = wherry_line_reader_new (fd, &reader_events, self);
  wherry_line_reader_resume (self->reader);
  return self;
}

void
wherry_typed_lines_free (WherryTypedLines *self)
{
  end_shown (self);
  if (self->reader == NULL)
    wherry_terminal_mode_end ();
  g_clear_pointer (&self->reader, wherry_line_reader_free);
  g_clear_handle_id (&self->input, g_source_remove);
  self->events = NULL;
  unref (self);
}
