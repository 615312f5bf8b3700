/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-log.h"
#include "base/wherry-counters.h"

#define FIELDS_MAX 10

void
wherry_log_context_copy (WherryLogContext *self, const WherryLogContext *from)
{
  static const WherryLogContext nothing = { NULL, NULL, NULL };

  if (from == NULL)
    from = &nothing;
  self->peer = g_strdup (from->peer);
  self->room = g_strdup (from->room);
  self->channel = g_strdup (from->channel);
}

void
wherry_log_context_clear (WherryLogContext *self)
{
  g_free ((char *) self->peer);
  g_free ((char *) self->room);
  g_free ((char *) self->channel);
  *self = (WherryLogContext){ NULL, NULL, NULL };
}

typedef struct
{
  GLogField fields[FIELDS_MAX];
  gsize n;
} FieldList;

static void
add_field (FieldList *list, const char *key, const char *value)
{
  if (value == NULL)
    return;

  g_assert (list->n < FIELDS_MAX);
  list->fields[list->n++] = (GLogField){ .key = key, .value = value, .length = -1 };
}

/* syslog's numbers, as GLib maps them */
static const char *
level_to_priority (GLogLevelFlags level)
{
  if (level & G_LOG_LEVEL_ERROR)
    return "3";
  if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING))
    return "4";
  if (level & G_LOG_LEVEL_MESSAGE)
    return "5";
  if (level & G_LOG_LEVEL_INFO)
    return "6";
  return "7";
}

/* Names come from the network: a line break or an escape sequence in one must not write a line of
 * its own, or reach a terminal. */
static void
defuse (char *text)
{
  for (char *p = text; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = '?';
}

static void log_valist (GLogLevelFlags level, const char *domain, const WherryLogContext *context,
                        const char *file, const char *line, const char *func, const char *format,
                        va_list args) G_GNUC_PRINTF (7, 0);

static void
log_valist (GLogLevelFlags level, const char *domain, const WherryLogContext *context,
            const char *file, const char *line, const char *func, const char *format, va_list args)
{
  FieldList list = { 0 };
  g_autofree char *message = NULL;

  /* the common case: nobody asked for debug output, so do not format it */
  if ((level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) != 0
      && g_log_writer_default_would_drop (level, domain))
    return;

  message = g_strdup_vprintf (format, args);
  defuse (message);
  add_field (&list, "PRIORITY", level_to_priority (level));
  add_field (&list, "MESSAGE", message);
  add_field (&list, "GLIB_DOMAIN", domain);
  add_field (&list, "CODE_FILE", file);
  add_field (&list, "CODE_LINE", line);
  add_field (&list, "CODE_FUNC", func);
  if (context != NULL)
    {
      add_field (&list, "PEER", context->peer);
      add_field (&list, "ROOM", context->room);
      add_field (&list, "CHANNEL", context->channel);
    }
  g_log_structured_array (level, list.fields, list.n);
}

void
wherry_log_full (GLogLevelFlags level, const char *domain, const WherryLogContext *context,
                 const char *file, const char *line, const char *func, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  log_valist (level, domain, context, file, line, func, format, args);
  va_end (args);
}

void
wherry_log_bug (const char *domain, const char *file, const char *line, const char *func,
                const char *format, ...)
{
  va_list args;

  wherry_counter_inc (WHERRY_COUNTER_BUGS);
  va_start (args, format);
  log_valist (G_LOG_LEVEL_CRITICAL, domain, NULL, file, line, func, format, args);
  va_end (args);
}
