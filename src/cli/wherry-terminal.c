/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "cli/wherry-terminal.h"

#define DRAW_INTERVAL_US (G_USEC_PER_SEC / 10)
#define DEFAULT_COLUMNS 80

/* main thread only */
static gboolean is_quiet;
static gboolean is_drawn;
static gint64 drawn_us;
static char *prompt;
/* Ctrl-C came while nobody read what is printed: the rest would wait again, each line for a Ctrl-C
 * of its own, before the main loop hears of the first one */
static gboolean is_stuck;

void
wherry_terminal_set_quiet (gboolean quiet)
{
  is_quiet = quiet;
}

gboolean
wherry_terminal_is (FILE *stream)
{
  return isatty (fileno (stream)) == 1;
}

/* https://no-color.org: set and not empty */
static gboolean
has_style (FILE *stream)
{
  const char *no_color = g_getenv ("NO_COLOR");

  return wherry_terminal_is (stream) && (no_color == NULL || *no_color == '\0')
         && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

const char *
wherry_terminal_begin (FILE *stream, WherryStyle style)
{
  static const char *const begins[] = {
    [WHERRY_STYLE_PLAIN] = "",         [WHERRY_STYLE_BOLD] = "\033[1m",
    [WHERRY_STYLE_DIM] = "\033[2m",    [WHERRY_STYLE_GOOD] = "\033[32m",
    [WHERRY_STYLE_BAD] = "\033[1;31m",
  };

  return has_style (stream) ? begins[style] : "";
}

const char *
wherry_terminal_end (FILE *stream, WherryStyle style)
{
  return style != WHERRY_STYLE_PLAIN && has_style (stream) ? "\033[0m" : "";
}

guint
wherry_terminal_get_columns (void)
{
  struct winsize size = { 0 };

  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return DEFAULT_COLUMNS;
}

/* Reorders what stands around it (UAX #9), or ends a line (LINE and PARAGRAPH SEPARATOR). */
static gboolean
is_trick (gunichar c)
{
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E)
         || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

char *
wherry_terminal_safe (const char *text)
{
  GString *safe = g_string_new (NULL);

  while (*text != '\0')
    {
      gunichar c = g_utf8_get_char_validated (text, -1);

      if (c == (gunichar) -1 || c == (gunichar) -2)
        {
          g_string_append_printf (safe, "\\x%02x", (guint8) *text);
          text++;
          continue;
        }
      if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        g_string_append_printf (safe, "\\x%02x", c);
      else if (is_trick (c))
        g_string_append_printf (safe, "\\u%04x", c);
      else
        g_string_append_unichar (safe, c);
      text = g_utf8_next_char (text);
    }
  return g_string_free (safe, FALSE);
}

static void
hide_prompt (void)
{
  if (prompt != NULL)
    fputs ("\r\033[K", stderr);
}

static void
show_prompt (void)
{
  if (prompt != NULL)
    fputs (prompt, stderr);
  fflush (stderr);
}

void
wherry_terminal_set_prompt (const char *text)
{
  hide_prompt ();
  g_free (prompt);
  prompt = g_strdup (text);
  show_prompt ();
}

static void G_GNUC_PRINTF (1, 0) print_error_line (const char *format, va_list args)
{
  g_autofree char *line = g_strdup_vprintf (format, args);

  wherry_progress_clear ();
  hide_prompt ();
  fprintf (stderr, "%s\n", line);
  show_prompt ();
}

void
wherry_say (const char *format, ...)
{
  va_list args;

  if (is_quiet)
    return;
  va_start (args, format);
  print_error_line (format, args);
  va_end (args);
}

void
wherry_complain (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  print_error_line (format, args);
  va_end (args);
}

gboolean
wherry_print (const char *format, ...)
{
  g_autofree char *line = NULL;
  gboolean shares, done;
  va_list args;

  if (is_stuck)
    return TRUE;
  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  shares = (is_drawn || prompt != NULL) && wherry_terminal_is (stdout);
  if (shares)
    {
      wherry_progress_clear ();
      hide_prompt ();
    }
  done = fprintf (stdout, "%s\n", line) >= 0 && fflush (stdout) == 0;
  if (!done)
    {
      done = is_stuck = errno == EINTR;
      __fpurge (stdout); /* or exit() would wait for the reader */
    }
  if (shares)
    show_prompt ();
  return done;
}

char *
wherry_format_rate (double bytes_per_second)
{
  g_autofree char *size = g_format_size (CLAMP (bytes_per_second, 0, 1e18));

  return g_strdup_printf ("%s/s", size);
}

char *
wherry_format_duration (gint64 us)
{
  gint64 seconds = us / G_USEC_PER_SEC;

  if (seconds >= 3600)
    return g_strdup_printf ("%" G_GINT64_FORMAT ":%02d:%02d", seconds / 3600,
                            (int) (seconds / 60 % 60), (int) (seconds % 60));
  return g_strdup_printf ("%d:%02d", (int) (seconds / 60), (int) (seconds % 60));
}

/* (transfer full): " 42%  1.3 GB of 3.1 GB  88 MB/s  0:20 left" */
static char *
describe (guint64 done, guint64 total, guint64 since, gint64 elapsed_us)
{
  double rate = elapsed_us > 0 ? (double) (done - since) * G_USEC_PER_SEC / elapsed_us : 0;
  g_autofree char *done_text = g_format_size (done);
  g_autofree char *total_text = g_format_size (total);
  g_autofree char *rate_text = wherry_format_rate (rate);
  g_autofree char *left = NULL;

  if (total == 0)
    return g_strdup_printf ("%s  %s", done_text, rate_text);
  if (rate < 1 || elapsed_us < G_USEC_PER_SEC / 2 || done >= total)
    return g_strdup_printf (_ ("%3d%%  %s of %s  %s"), (int) (100 * ((double) done / total)),
                            done_text, total_text, rate_text);
  left = wherry_format_duration ((total - done) / rate * G_USEC_PER_SEC);
  return g_strdup_printf (_ ("%3d%%  %s of %s  %s  %s left"), (int) (100 * ((double) done / total)),
                          done_text, total_text, rate_text, left);
}

void
wherry_progress_show (const char *label, guint64 done, guint64 total, guint64 since,
                      gint64 elapsed_us)
{
  gint64 now_us = g_get_monotonic_time ();
  g_autofree char *text = NULL, *safe = NULL, *shown = NULL;
  glong room;

  if (is_quiet || !wherry_terminal_is (stderr)
      || (is_drawn && now_us - drawn_us < DRAW_INTERVAL_US))
    return;
  text = describe (done, total, since, elapsed_us);
  safe = wherry_terminal_safe (label);
  room = (glong) wherry_terminal_get_columns () - g_utf8_strlen (text, -1) - 3;
  shown = g_utf8_substring (safe, 0, CLAMP (room, 0, g_utf8_strlen (safe, -1)));
  fprintf (stderr, "\r\033[K%s  %s", shown, text);
  fflush (stderr);
  is_drawn = TRUE;
  drawn_us = now_us;
}

void
wherry_progress_clear (void)
{
  if (!is_drawn)
    return;
  fputs ("\r\033[K", stderr);
  fflush (stderr);
  is_drawn = FALSE;
}
