/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include <locale.h>
#include <stdio.h>

#include <glib/gi18n.h>

#include "daemon/wherry-daemon.h"

/* What --verbose shows: our own domains alone, because the ICE library's writes passwords. */
#define OUR_DOMAINS                                                                                \
  "wherry-base wherry-wire wherry-transport wherry-ice wherry-dtls wherry-sctp wherry-channel "    \
  "wherry-peer wherry-relay wherry-signaling wherry-daemon"

int
main (int argc, char **argv)
{
  g_autoptr (WherryDaemonOptions) options = NULL;
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  /* standard output is for the addresses alone */
  g_log_writer_default_set_use_stderr (TRUE);

  options = wherry_daemon_options_new (argv, &error);
  if (options == NULL)
    {
      fprintf (stderr, "wherryd: %s\n", error->message);
      return WHERRY_EXIT_USAGE;
    }
  if (options->show_version)
    {
      printf ("wherryd %s\n", PACKAGE_VERSION);
      return WHERRY_EXIT_OK;
    }
  if (options->verbose)
    g_setenv ("G_MESSAGES_DEBUG", OUR_DOMAINS, FALSE);
  return wherry_daemon_run (options);
}
