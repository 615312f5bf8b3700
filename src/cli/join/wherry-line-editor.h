/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The line that a person types, at the bottom of the terminal, while other lines come above it. It
 * can be corrected from its end (Backspace, Ctrl-W, Ctrl-U); Ctrl-D on an empty line ends it.
 * Main thread only, one at a time.
 */
typedef struct _WherryLineEditor WherryLineEditor;

typedef struct
{
  void (*line) (gpointer user_data, const char *line);
  void (*ended) (gpointer user_data);
} WherryLineEditorEvents;

/* Whether standard input and standard error are a terminal on which it can be. */
gboolean wherry_line_editor_is_possible (void);
/* The terminal stays changed until it is freed, or the process exits. */
WherryLineEditor *wherry_line_editor_new (const WherryLineEditorEvents *events, gpointer user_data);
void wherry_line_editor_free (WherryLineEditor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryLineEditor, wherry_line_editor_free)
/* What stands before it, as the topic. */
void wherry_line_editor_set_label (WherryLineEditor *self, const char *label);
/*
 * (transfer full): what of @text, which ends at the cursor, fits into @columns: its end.
 * Thread: any
 */
char *wherry_line_editor_fit (const char *text, guint columns);
