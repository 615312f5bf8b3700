/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The mode of the one terminal that is typed on: characters come as they are typed and are not
 * shown by the system. Ctrl-C, Ctrl-Z and Ctrl-\ stay signals, and give the terminal back first.
 */

typedef enum
{
  WHERRY_KEY_NONE, /* of the text */
  WHERRY_KEY_ENTER,
  WHERRY_KEY_END,   /* Ctrl-D */
  WHERRY_KEY_ERASE, /* Backspace */
  WHERRY_KEY_KILL,  /* Ctrl-U */
} WherryKey;

/* FALSE: @fd is no terminal, and nothing was done. While another program has the terminal, it waits
 * for SIGCONT. Thread: main */
gboolean wherry_terminal_mode_begin (int fd);
/* As it was. Does nothing when it was not begun. Thread: main */
void wherry_terminal_mode_end (void);
/* What @c does, by the settings that this terminal had. Thread: main */
WherryKey wherry_terminal_mode_get_key (char c);
