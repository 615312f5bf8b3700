/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include <locale.h>
#include <stdio.h>

#include <glib/gi18n.h>

#include "daemon/wherry-daemon-log.h"
#include "daemon/wherry-daemon.h"

int
main (int argc, char **argv)
{
  g_autoptr (WherryDaemonOptions) options = NULL;
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

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
  wherry_daemon_log_init (options->verbose);
  return wherry_daemon_run (options);
}
