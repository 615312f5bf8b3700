/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-report.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "cli/file/wherry-file-error.h"
#include "cli/wherry-terminal.h"

/* Lines of progress for programs. */
#define EVENT_INTERVAL_US (500 * 1000)

struct _WherryFileReport
{
  WherryInvocation *invocation;
  gint64 begun_us;   /* the session */
  gint64 started_us; /* the first one */
  gint64 told_us;
};

typedef struct
{
  WherryFileReport *report;
  WherryFileLink *link;
  gboolean is_direct;
} Ending;

WherryFileReport *
wherry_file_report_new (WherryInvocation *invocation)
{
  WherryFileReport *self = g_new0 (WherryFileReport, 1);

  self->invocation = invocation;
  return self;
}

void
wherry_file_report_free (WherryFileReport *self)
{
  wherry_progress_clear ();
  g_free (self);
}

void
wherry_file_report_event (WherryFileReport *self, const char *event, ...)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_alloc ();
  g_autofree char *line = NULL;
  const char *name;
  va_list pairs;

  if (!self->invocation->json)
    return;
  json_object_set_string_member (object, "event", event);
  va_start (pairs, event);
  while ((name = va_arg (pairs, const char *)) != NULL)
    {
      const char *text;

      if (*name == '#')
        {
          json_object_set_int_member (object, name + 1, (gint64) va_arg (pairs, guint64));
          continue;
        }
      text = va_arg (pairs, const char *);
      if (text != NULL)
        {
          g_autofree char *valid = g_utf8_make_valid (text, -1);

          json_object_set_string_member (object, name, valid);
        }
    }
  va_end (pairs);
  json_node_init_object (node, object);
  line = json_to_string (node, FALSE);
  wherry_print ("%s", line);
}

void
wherry_file_report_progress (WherryFileReport *self, const char *path, guint64 done, guint64 total,
                             guint64 spared)
{
  const gint64 now_us = g_get_monotonic_time ();

  wherry_progress_show (path != NULL ? path : "", done, total, spared, now_us - self->begun_us);
  if (now_us - self->told_us < EVENT_INTERVAL_US)
    return;
  self->told_us = now_us;
  wherry_file_report_event (self, "progress", "path", path, "#done", done, "#total", total, NULL);
}

void
wherry_file_report_met (WherryFileReport *self, WherryFileLink *link)
{
  g_autofree char *who = wherry_file_link_describe (link);
  const gboolean is_direct = wherry_file_link_is_direct (link);

  self->begun_us = g_get_monotonic_time ();
  if (self->started_us == 0)
    self->started_us = self->begun_us;
  wherry_say (is_direct ? _ ("Connected with %s directly.") : _ ("Connected with %s."),
              who != NULL ? who : "?");
  wherry_file_report_event (self, "connected", "member", who, "path",
                            is_direct ? "direct" : "relay", NULL);
}

void
wherry_file_report_lost (WherryFileReport *self)
{
  wherry_progress_clear ();
  wherry_say (_ ("The other side is gone. It goes on when it comes back; Ctrl-C ends it."));
  wherry_file_report_event (self, "lost", NULL);
}

WherryExit
wherry_file_report_failed (WherryFileReport *self, const GError *error, gboolean remote)
{
  const WherryExit code = wherry_file_exit_of_error (error, remote);
  g_autofree char *safe = wherry_terminal_safe (error->message);

  wherry_progress_clear ();
  wherry_complain ("wherry %s: %s", self->invocation->command->name, safe);
  wherry_file_report_event (self, "failed", "message", safe, "#code", (guint64) code, NULL);
  return code;
}

/* ---- the end ---- */

/* A number of any kind; 0: there is none. */
static guint64
get_number (GVariant *dictionary, const char *name)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (dictionary, name, NULL);

  if (value == NULL)
    return 0;
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    return g_variant_get_uint64 (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    return (guint64) g_variant_get_double (value);
  return 0;
}

static void
tell_path (const Ending *ending, WherryStatsReport *stats)
{
  g_auto (GStrv) ids = wherry_stats_report_get_ids (stats, "transport");
  g_autoptr (GVariant) transport = NULL;

  if (ids[0] == NULL)
    return;
  transport = wherry_stats_report_lookup (stats, ids[0]);
  wherry_file_report_event (ending->report, "path", "path", ending->is_direct ? "direct" : "relay",
                            "#bytesSent", get_number (transport, "bytesSent"), "#bytesReceived",
                            get_number (transport, "bytesReceived"), NULL);
}

static void
on_stats (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Ending *ending = data;
  g_autoptr (WherryStatsReport) stats
      = wherry_peer_connection_get_stats_finish (WHERRY_PEER_CONNECTION (source), result, NULL);

  if (stats != NULL)
    tell_path (ending, stats);
  wherry_file_link_finish (ending->link, WHERRY_EXIT_OK);
}

void
wherry_file_report_done (WherryFileReport *self, WherryFileLink *link, guint files, guint64 total,
                         guint64 moved)
{
  const gint64 took_us = g_get_monotonic_time () - self->started_us;
  g_autofree char *size = g_format_size (total);
  g_autofree char *rate = wherry_format_rate ((double) moved * 1e6 / (double) MAX (took_us, 1));
  g_autofree char *took = wherry_format_duration (took_us);
  WherryPeerConnection *connection = wherry_file_link_get_connection (link);
  Ending *ending;

  wherry_progress_clear ();
  wherry_say (ngettext ("Done: %u file, %s, verified; %s in %s.",
                        "Done: %u files, %s, verified; %s in %s.", files),
              files, size, rate, took);
  wherry_file_report_event (self, "done", "#files", (guint64) files, "#bytes", total, "#moved",
                            moved, "#ms", (guint64) (took_us / 1000), NULL);
  if (connection == NULL || !self->invocation->json)
    {
      wherry_file_link_finish (link, WHERRY_EXIT_OK);
      return;
    }
  ending = g_new0 (Ending, 1);
  ending->report = self;
  ending->link = link;
  ending->is_direct = wherry_file_link_is_direct (link);
  wherry_peer_connection_get_stats_async (connection, NULL, on_stats, ending);
}
