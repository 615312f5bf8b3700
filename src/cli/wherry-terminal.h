/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include <glib.h>

/*
 * What a person sees. Data goes to standard output, everything for people to standard error. All of
 * it belongs to the main thread.
 */

typedef enum
{
  WHERRY_STYLE_PLAIN,
  WHERRY_STYLE_BOLD,
  WHERRY_STYLE_DIM,
  WHERRY_STYLE_GOOD,
  WHERRY_STYLE_BAD,
} WherryStyle;

/* With TRUE, wherry_say() and progress are silent. Thread: main */
void wherry_terminal_set_quiet (gboolean quiet);
/* Whether @stream is a terminal. Thread: any */
gboolean wherry_terminal_is (FILE *stream);
/* What begins and ends @style on @stream: "" but on a terminal without NO_COLOR. Thread: any */
const char *wherry_terminal_begin (FILE *stream, WherryStyle style);
const char *wherry_terminal_end (FILE *stream, WherryStyle style);
/* Columns of standard error's terminal; 80 where it is none. Thread: any */
guint wherry_terminal_get_columns (void);
/*
 * (transfer full): @text, which may come from anybody, fit for a terminal and for one line: control
 * characters, line ends, bidirectional overrides and what is no UTF-8 are shown as escapes.
 * Thread: any
 */
char *wherry_terminal_safe (const char *text);

/* Takes the progress line away, and prints a line on standard error, unless --quiet. Thread: main
 */
void wherry_say (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* The same with --quiet too: what went wrong. Thread: main */
void wherry_complain (const char *format, ...) G_GNUC_PRINTF (1, 2);
/*
 * Prints a line on standard output, and flushes. FALSE: nobody reads it any more (EPIPE).
 * Thread: main
 */
gboolean wherry_print (const char *format, ...) G_GNUC_PRINTF (1, 2);

/*
 * Keeps @text (nullable) as the last line of the terminal of standard error, below what is printed:
 * a line that is being typed. It must fit. Thread: main
 */
void wherry_terminal_set_prompt (const char *text);
/*
 * A bar on standard error, where that is a terminal: @done of @total bytes (0: not known) in
 * @elapsed_us since @since bytes were done; at most ten a second are drawn. @label is made safe.
 * Thread: main
 */
void wherry_progress_show (const char *label, guint64 done, guint64 total, guint64 since,
                           gint64 elapsed_us);
/* Takes it away. Thread: main */
void wherry_progress_clear (void);

/* (transfer full): "1.4 GB/s", and "1:02:03" or "0:42". Thread: any */
char *wherry_format_rate (double bytes_per_second);
char *wherry_format_duration (gint64 us);
