/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "cli/wherry-terminal-mode.h"

/* Read by signal handlers: set before they are installed. */
static int terminal = -1;
static struct termios before;
static struct termios during;

/* From the background, changing a terminal stops the program (SIGTTOU), and is wrong: it is
 * another's then. Where it controls nobody there is no background. */
static gboolean
is_ours (void)
{
  pid_t group = tcgetpgrp (terminal);

  return group < 0 || group == getpgrp ();
}

/* tcsetattr(), tcgetpgrp() and getpgrp() may be called by signal handlers (signal-safety(7)). */
static void
set_mode (const struct termios *mode)
{
  int error = errno;

  if (terminal >= 0 && is_ours ())
    tcsetattr (terminal, TCSADRAIN, mode);
  errno = error;
}

static void
on_continued (int number)
{
  set_mode (&during);
}

static void
on_stop (int number)
{
  int error = errno;

  set_mode (&before);
  kill (getpid (), SIGSTOP); /* what SIGTSTP does if nobody handles it */
  errno = error;
}

static void
on_deadly (int number)
{
  set_mode (&before);
  raise (number); /* its handler is gone (SA_RESETHAND), and it comes at the end of this one */
}

static const struct
{
  int number;
  void (*handler) (int);
  int flags;
} handled[] = {
  { SIGCONT, on_continued, 0 },
  { SIGTSTP, on_stop, 0 },
  { SIGHUP, on_deadly, (int) SA_RESETHAND },
  { SIGQUIT, on_deadly, (int) SA_RESETHAND },
};

static void
handle (int number, void (*handler) (int), int flags)
{
  struct sigaction action = { .sa_handler = handler, .sa_flags = flags | SA_RESTART };
  struct sigaction old;

  sigemptyset (&action.sa_mask);
  if (sigaction (number, NULL, &old) == 0 && old.sa_handler != SIG_IGN) /* nohup(1) */
    sigaction (number, &action, NULL);
}

gboolean
wherry_terminal_mode_begin (int fd, WherryTerminalStop stop)
{
  static gboolean is_registered;

  if (!isatty (fd) || tcgetattr (fd, &before) != 0)
    return FALSE;
  if (!is_registered)
    atexit (wherry_terminal_mode_end);
  is_registered = TRUE;
  terminal = fd;
  during = before;
  during.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
  during.c_cc[VMIN] = 1;
  during.c_cc[VTIME] = 0;
  if (stop == WHERRY_TERMINAL_TAKES_STOP)
    during.c_cc[VSUSP] = _POSIX_VDISABLE;
  for (guint i = 0; i < G_N_ELEMENTS (handled); i++)
    handle (handled[i].number, handled[i].handler, handled[i].flags);
  set_mode (&during);
  return TRUE;
}

void
wherry_terminal_mode_end (void)
{
  if (terminal < 0)
    return;
  set_mode (&before);
  for (guint i = 0; i < G_N_ELEMENTS (handled); i++)
    handle (handled[i].number, SIG_DFL, 0);
  terminal = -1;
}

WherryKey
wherry_terminal_mode_get_key (char c)
{
  if (c == '\n' || c == '\r')
    return WHERRY_KEY_ENTER;
  if (c == (char) before.c_cc[VEOF])
    return WHERRY_KEY_END;
  if (c == (char) before.c_cc[VERASE] || c == '\b' || c == 0x7f)
    return WHERRY_KEY_ERASE;
  if (c == (char) before.c_cc[VKILL])
    return WHERRY_KEY_KILL;
  return WHERRY_KEY_NONE;
}
