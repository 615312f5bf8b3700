/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/peer/wherry-step-log.h"
#include "cli/wherry-terminal.h"

static gint64 begin_us;

void
wherry_steps_begin (void)
{
  begin_us = g_get_monotonic_time ();
}

void
wherry_steps_say (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  wherry_say ("%6" G_GINT64_FORMAT " ms  %s", (g_get_monotonic_time () - begin_us) / 1000, text);
}
