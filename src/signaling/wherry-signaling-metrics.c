/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "base/wherry-counters.h"
#include "signaling/wherry-signaling-metrics.h"

static void
append (GString *text, const char *name, const char *suffix, const char *kind, const char *help,
        guint64 value)
{
  g_string_append_printf (text, "# HELP wherry_%s%s %s\n# TYPE wherry_%s%s %s\n", name, suffix,
                          help, name, suffix, kind);
  g_string_append_printf (text, "wherry_%s%s %" G_GUINT64_FORMAT "\n", name, suffix, value);
}

char *
wherry_signaling_metrics_to_text (WherryRelayHub *relay, guint connections, guint sockets)
{
  GString *text = g_string_new (NULL);
  WherryRelayStats stats = { 0 };

  for (guint i = 0; i < WHERRY_N_COUNTERS; i++)
    append (text, wherry_counter_get_name (i), "_total", "counter", wherry_counter_get_help (i),
            wherry_counter_get (i));

  wherry_relay_hub_get_stats (relay, &stats);
  append (text, "rooms", "", "gauge", "rooms with a member", stats.rooms);
  append (text, "members", "", "gauge", "members of all rooms", stats.members);
  append (text, "members_connected", "", "gauge", "members whose association is up",
          stats.connected);
  append (text, "topics", "", "gauge", "topics of all rooms", stats.topics);
  append (text, "peers", "", "gauge", "peer connections not yet gone", stats.peers);
  append (text, "outbox_bytes", "", "gauge", "bytes waiting in outboxes", stats.outbox_bytes);
  append (text, "budget_used_bytes", "", "gauge", "bytes charged to the memory budget",
          stats.budget_used);
  append (text, "http_connections", "", "gauge", "open HTTP connections", connections);
  append (text, "signaling_sockets", "", "gauge", "open signaling WebSockets", sockets);
  return g_string_free (text, FALSE);
}
