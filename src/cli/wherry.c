/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "cli/wherry-commands.h"
#include "cli/wherry-exit.h"

static void
print_help (FILE *stream)
{
  fprintf (stream, "%s\n\n", _ ("Usage: wherry COMMAND [OPTION…] …"));
  fprintf (stream, "%s\n\n", _ ("Talks to browsers and programs over WebRTC data channels."));
  for (const WherryCommand *command = wherry_commands; command->name != NULL; command++)
    fprintf (stream, "  %-9s %s\n", command->name, _ (command->summary));
  fprintf (stream, "\n%s\n", _ ("“wherry COMMAND --help” tells more; so does “man wherry”."));
}

static int
run (const WherryCommand *command, char **argv)
{
  g_autoptr (WherryInvocation) invocation = wherry_invocation_new (command, argv);

  return command->run (invocation);
}

static int
help (const char *name)
{
  const WherryCommand *command = name != NULL ? wherry_commands_find (name) : NULL;
  const char *argv[] = { name, "--help", NULL };

  if (command != NULL)
    return run (command, (char **) argv);
  print_help (stdout);
  return WHERRY_EXIT_OK;
}

/* What is opened later must not get the number of a standard file that is closed ("<&-"). */
static void
open_standard_files (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && open ("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) < 0)
      exit (WHERRY_EXIT_FAILED);
}

int
main (int argc, char **argv)
{
  const WherryCommand *command;

  open_standard_files ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  /* a reader that went away is an error of the write, told in words or by the code */
  signal (SIGPIPE, SIG_IGN);

  if (argc < 2)
    {
      print_help (stderr);
      return WHERRY_EXIT_USAGE;
    }
  if (g_str_equal (argv[1], "help") || g_str_equal (argv[1], "--help")
      || g_str_equal (argv[1], "-h"))
    return help (argv[2]);
  if (g_str_equal (argv[1], "--version") || g_str_equal (argv[1], "-V"))
    {
      printf ("wherry %s\n", PACKAGE_VERSION);
      return WHERRY_EXIT_OK;
    }
  command = wherry_commands_find (argv[1]);
  if (command == NULL)
    {
      fprintf (stderr, _ ("wherry: there is no command “%s”; try “wherry help”\n"), argv[1]);
      return WHERRY_EXIT_USAGE;
    }
  return run (command, argv + 1);
}
