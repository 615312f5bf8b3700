/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

#include "cli/wherry-cli-limits.h"
#include "cli/join/wherry-line-editor.h"
#include "cli/wherry-terminal-mode.h"
#include "cli/wherry-terminal.h"

#define CTRL(c) ((c) &0x1f)
#define ESCAPE 0x1b
#define DELETE 0x7f

typedef enum
{
  STATE_TEXT,
  STATE_ESCAPE,   /* behind ESC */
  STATE_SEQUENCE, /* a control sequence, which a letter ends (ECMA-48 section 5.4) */
} State;

struct _WherryLineEditor
{
  const WherryLineEditorEvents *events;
  gpointer user_data;
  char *label;
  GString *line;
  State state;
  guint input, resized;
};

static guint
get_width (gunichar c)
{
  if (g_unichar_iszerowidth (c))
    return 0;
  return g_unichar_iswide (c) ? 2 : 1;
}

char *
wherry_line_editor_fit (const char *text, guint columns)
{
  const char *start = text + strlen (text);
  guint used = 0;

  while (start > text)
    {
      const char *before = g_utf8_prev_char (start);
      guint width = get_width (g_utf8_get_char (before));

      if (used + width > columns)
        break;
      used += width;
      start = before;
    }
  return g_strdup (start);
}

static guint
measure (const char *text)
{
  guint used = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    used += get_width (g_utf8_get_char (text));
  return used;
}

static void
draw (WherryLineEditor *self)
{
  guint columns = wherry_terminal_get_columns ();
  guint taken = measure (self->label) + 3; /* "> ", and the cursor */
  g_autofree char *safe = NULL;
  g_autofree char *shown = NULL;
  g_autofree char *prompt = NULL;

  if (!g_utf8_validate (self->line->str, -1, NULL))
    return; /* the rest of a character is on its way */
  safe = wherry_terminal_safe (self->line->str);
  shown = wherry_line_editor_fit (safe, columns > taken ? columns - taken : 1);
  prompt = g_strdup_printf ("%s%s>%s %s", wherry_terminal_begin (stderr, WHERRY_STYLE_BOLD),
                            self->label, wherry_terminal_end (stderr, WHERRY_STYLE_BOLD), shown);
  wherry_terminal_set_prompt (prompt);
}

static void
drop_character (WherryLineEditor *self)
{
  gsize length = self->line->len;

  /* what follows the first byte of a character (RFC 3629) goes with it */
  while (length > 0 && ((guint8) self->line->str[length - 1] & 0xc0) == 0x80)
    length--;
  g_string_truncate (self->line, length > 0 ? length - 1 : 0);
}

static void
drop_word (WherryLineEditor *self)
{
  while (self->line->len > 0 && self->line->str[self->line->len - 1] == ' ')
    g_string_truncate (self->line, self->line->len - 1);
  while (self->line->len > 0 && self->line->str[self->line->len - 1] != ' ')
    g_string_truncate (self->line, self->line->len - 1);
}

static void
finish_line (WherryLineEditor *self)
{
  g_autofree char *line = g_utf8_make_valid (self->line->str, (gssize) self->line->len);

  g_string_truncate (self->line, 0);
  draw (self);
  self->events->line (self->user_data, line);
}

static void
suspend (WherryLineEditor *self)
{
  wherry_terminal_set_prompt (NULL);
  raise (SIGTSTP);
}

static void
take_text (WherryLineEditor *self, guint8 c)
{
  switch (c)
    {
    case '\r':
    case '\n':
      finish_line (self);
      break;
    case DELETE:
    case CTRL ('H'):
      drop_character (self);
      break;
    case CTRL ('U'):
      g_string_truncate (self->line, 0);
      break;
    case CTRL ('W'):
      drop_word (self);
      break;
    case CTRL ('Z'):
      suspend (self);
      break;
    case ESCAPE:
      self->state = STATE_ESCAPE;
      break;
    default:
      if (c >= 0x20 && self->line->len < WHERRY_CLI_TYPED_BYTES)
        g_string_append_c (self->line, (char) c);
      break;
    }
}

static void
take_byte (WherryLineEditor *self, guint8 c)
{
  if (self->state == STATE_TEXT)
    take_text (self, c);
  else if (self->state == STATE_ESCAPE)
    self->state = c == '[' || c == 'O' ? STATE_SEQUENCE : STATE_TEXT;
  else if (c >= 0x40 && c <= 0x7e)
    self->state = STATE_TEXT;
}

static gboolean
end (WherryLineEditor *self)
{
  self->input = 0;
  self->events->ended (self->user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_input (int fd, GIOCondition condition, gpointer data)
{
  WherryLineEditor *self = data;
  guint8 bytes[1024];
  gssize n = read (fd, bytes, sizeof bytes);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (n <= 0)
    return end (self);
  for (gssize i = 0; i < n; i++)
    {
      if (bytes[i] == CTRL ('D') && self->line->len == 0)
        return end (self);
      take_byte (self, bytes[i]);
    }
  draw (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_resized (gpointer data)
{
  draw (data);
  return G_SOURCE_CONTINUE;
}

gboolean
wherry_line_editor_is_possible (void)
{
  return wherry_terminal_is (stdin) && wherry_terminal_is (stderr)
         && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

WherryLineEditor *
wherry_line_editor_new (const WherryLineEditorEvents *events, gpointer user_data)
{
  WherryLineEditor *self = g_new0 (WherryLineEditor, 1);

  self->events = events;
  self->user_data = user_data;
  self->label = g_strdup ("");
  self->line = g_string_new (NULL);
  wherry_terminal_mode_begin (STDIN_FILENO, WHERRY_TERMINAL_TAKES_STOP);
  self->input = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, self);
  self->resized = g_unix_signal_add (SIGWINCH, on_resized, self);
  draw (self);
  return self;
}

void
wherry_line_editor_free (WherryLineEditor *self)
{
  g_clear_handle_id (&self->input, g_source_remove);
  g_clear_handle_id (&self->resized, g_source_remove);
  wherry_terminal_set_prompt (NULL);
  wherry_terminal_mode_end ();
  g_string_free (self->line, TRUE);
  g_free (self->label);
  g_free (self);
}

void
wherry_line_editor_set_label (WherryLineEditor *self, const char *label)
{
  g_free (self->label);
  self->label = wherry_terminal_safe (label);
  draw (self);
}
