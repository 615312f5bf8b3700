/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The mode of the one terminal that is typed on: characters come as they are typed and are not
 * shown by the system. Ctrl-C and Ctrl-\ stay signals.
 */

typedef enum
{
  WHERRY_KEY_NONE, /* of the text */
  WHERRY_KEY_ENTER,
  WHERRY_KEY_END,   /* Ctrl-D */
  WHERRY_KEY_ERASE, /* Backspace */
  WHERRY_KEY_KILL,  /* Ctrl-U */
} WherryKey;

typedef enum
{
  WHERRY_TERMINAL_STOPS,      /* Ctrl-Z stops the program */
  WHERRY_TERMINAL_TAKES_STOP, /* it is read as any key: who reads it raises SIGTSTP */
} WherryTerminalStop;

/*
 * FALSE: @fd is no terminal, and nothing was done. While another program has the terminal, it waits
 * for SIGCONT. Undone by SIGTSTP until SIGCONT, before SIGHUP and SIGQUIT end the program, and at
 * exit(). Thread: main
 */
gboolean wherry_terminal_mode_begin (int fd, WherryTerminalStop stop);
/* As it was. Does nothing when it was not begun. Thread: main */
void wherry_terminal_mode_end (void);
/* What @c does, by the settings that this terminal had. Thread: main */
WherryKey wherry_terminal_mode_get_key (char c);
