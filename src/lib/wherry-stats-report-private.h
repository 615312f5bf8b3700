/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/wherry-stats-report.h"

G_BEGIN_DECLS

/* stats: of type a{sa{sv}}; a floating one is taken. Thread: any */
WherryStatsReport *wherry_stats_report_new (GVariant *stats);

G_END_DECLS
