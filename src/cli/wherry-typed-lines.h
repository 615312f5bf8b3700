/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Answers to questions, from standard input, whatever that is, without blocking the main loop. On a
 * terminal they may be of any length: the system's own line editing ends at 4095 bytes (termios(3),
 * ICANON), and a pasted session description is longer. So it is switched off (see
 * wherry-terminal-mode.h) and done here: erase, kill, end of input, and an echo of what is typed,
 * not of what is pasted. Elsewhere it is a WherryLineReader.
 *
 * One at a time; everything of it belongs to the main thread.
 */
typedef struct _WherryTypedLines WherryTypedLines;

typedef struct
{
  /* Without its end; valid UTF-8, what was none replaced. */
  void (*line) (gpointer user_data, const char *line);
  /* It was longer than WHERRY_CLI_LINE_BYTES, and dropped whole. */
  void (*too_long) (gpointer user_data);
  /* The input ended: at the end of a file, or by Ctrl-D. Nothing comes after it. */
  void (*ended) (gpointer user_data);
} WherryTypedLinesEvents;

/*
 * Reads @fd, which it does not close. @events is static; they come from the main loop, and may free
 * this. Thread: main
 */
WherryTypedLines *wherry_typed_lines_new (int fd, const WherryTypedLinesEvents *events,
                                          gpointer user_data);
/* No event comes any more, and the terminal is as it was. Thread: main */
void wherry_typed_lines_free (WherryTypedLines *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryTypedLines, wherry_typed_lines_free)

G_END_DECLS
