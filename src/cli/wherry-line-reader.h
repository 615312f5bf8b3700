/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Lines of a file descriptor that is no terminal, one after the other, as fast as they are wanted.
 * Main thread only. */
typedef struct _WherryLineReader WherryLineReader;

typedef struct
{
  /* line: without its end; valid UTF-8, what was none replaced. number: from 1 */
  void (*line) (gpointer user_data, const char *line, guint number);
  /* It was longer than WHERRY_CLI_LINE_BYTES, and is dropped. */
  void (*too_long) (gpointer user_data, guint number);
  /* error: NULL: the end of the file; nothing follows */
  void (*ended) (gpointer user_data, const GError *error);
} WherryLineReaderEvents;

/* Reads nothing before it is resumed. */
WherryLineReader *wherry_line_reader_new (int fd, const WherryLineReaderEvents *events,
                                          gpointer user_data);
void wherry_line_reader_free (WherryLineReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryLineReader, wherry_line_reader_free)

/* Inside a line's event too: no other follows it till it is resumed. */
void wherry_line_reader_pause (WherryLineReader *self);
void wherry_line_reader_resume (WherryLineReader *self);
