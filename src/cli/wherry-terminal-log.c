/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <stdio.h>

#include "cli/wherry-terminal-log.h"
#include "cli/wherry-terminal.h"

static gboolean is_verbose;

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  const char *domain = NULL, *message = NULL;
  g_autofree char *safe = NULL;

  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_FLAG_FATAL)) != 0)
    return g_log_writer_default (level, fields, n_fields, user_data);
  for (gsize i = 0; i < n_fields; i++)
    {
      if (fields[i].length < 0 && g_str_equal (fields[i].key, "GLIB_DOMAIN"))
        domain = fields[i].value;
      else if (fields[i].length < 0 && g_str_equal (fields[i].key, "MESSAGE"))
        message = fields[i].value;
    }
  if (message == NULL)
    return G_LOG_WRITER_HANDLED;
  if ((level & G_LOG_LEVEL_WARNING) == 0
      && !(is_verbose && domain != NULL && g_str_has_prefix (domain, "wherry"))
      && ((level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) == 0
          || g_log_writer_default_would_drop (level, domain)))
    return G_LOG_WRITER_HANDLED;
  safe = wherry_terminal_safe (message);
  wherry_complain ("%s: %s", domain != NULL ? domain : "log", safe);
  return G_LOG_WRITER_HANDLED;
}

void
wherry_terminal_log_init (gboolean verbose)
{
  is_verbose = verbose;
  g_log_set_writer_func (write_log, NULL, NULL);
}
