/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include <stdio.h>

#include "daemon/wherry-daemon-log.h"

/* What --verbose shows. */
#define OUR_DOMAINS                                                                                \
  "wherry-base wherry-wire wherry-transport wherry-ice wherry-dtls wherry-sctp wherry-channel "    \
  "wherry-peer wherry-relay wherry-signaling wherry-daemon"

static const char *
find_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (fields[i].length < 0 && g_str_equal (fields[i].key, key))
      return fields[i].value;
  return NULL;
}

GLogWriterOutput
wherry_daemon_log_write (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                         gpointer user_data)
{
  const char *domain = find_field (fields, n_fields, "GLIB_DOMAIN");
  const char *message = find_field (fields, n_fields, "MESSAGE");
  static const struct
  {
    const char *key;
    const char *before;
  } about[] = { { "ROOM", "room" }, { "PEER", "member" }, { "CHANNEL", "topic" } };
  g_autoptr (GString) line = NULL;

  /* criticals and errors as GLib does them: it also stops in a debugger and dies of a fatal one */
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_FLAG_FATAL)) != 0)
    return g_log_writer_default (level, fields, n_fields, user_data);
  if (message == NULL || g_log_writer_default_would_drop (level, domain))
    return G_LOG_WRITER_HANDLED;
  if (g_log_writer_is_journald (fileno (stderr)))
    return g_log_writer_journald (level, fields, n_fields, user_data);

  line = g_string_new ("wherryd: ");
  for (guint i = 0; i < G_N_ELEMENTS (about); i++)
    {
      const char *value = find_field (fields, n_fields, about[i].key);

      if (value != NULL)
        g_string_append_printf (line, "%s %s: ", about[i].before, value);
    }
  g_string_append (line, message);
  /* names are a client's: no line or escape sequence of its own */
  for (char *c = line->str; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '?';
  fprintf (stderr, "%s\n", line->str);
  return G_LOG_WRITER_HANDLED;
}

void
wherry_daemon_log_init (gboolean verbose)
{
  if (verbose)
    g_setenv ("G_MESSAGES_DEBUG", OUR_DOMAINS, FALSE);
  /* standard output is for the addresses alone */
  g_log_writer_default_set_use_stderr (TRUE);
  g_log_set_writer_func (wherry_daemon_log_write, NULL, NULL);
}
