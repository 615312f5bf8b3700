/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-version.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_STATS_REPORT (wherry_stats_report_get_type ())
/**
 * WherryStatsReport:
 *
 * What a connection counted and measured (W3C webrtc-pc section 8.4, RTCStatsReport): dictionaries
 * with the names of W3C webrtc-stats, each under its id. Every one has "id" and "type" (strings)
 * and "timestamp" (a double: milliseconds since 1970). Types: "peer-connection", "transport",
 * "candidate-pair" (the selected one), "local-candidate", "remote-candidate", "certificate",
 * "data-channel", "sctp-transport". A member that is not known is left out. Immutable, so that any
 * thread may use it.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryStatsReport, wherry_stats_report, WHERRY, STATS_REPORT, GObject)

/**
 * wherry_stats_report_to_variant:
 * @self: a report
 *
 * All of it: from ids to dictionaries.
 *
 * Returns: (transfer full): of type `a{sa{sv}}`
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
GVariant *wherry_stats_report_to_variant (WherryStatsReport *self);
/**
 * wherry_stats_report_lookup:
 * @self: a report
 * @id: an id, as other dictionaries name it
 *
 * One dictionary by its id.
 *
 * Returns: (transfer full) (nullable): of type `a{sv}`
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
GVariant *wherry_stats_report_lookup (WherryStatsReport *self, const char *id);
/**
 * wherry_stats_report_get_ids:
 * @self: a report
 * @type: (nullable): a type; %NULL for all of them
 *
 * The ids of the dictionaries of one type.
 *
 * Returns: (transfer full) (array zero-terminated=1): ids, in no order that means anything
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
char **wherry_stats_report_get_ids (WherryStatsReport *self, const char *type);

G_END_DECLS
