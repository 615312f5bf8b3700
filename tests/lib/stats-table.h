/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every member of every dictionary of the statistics, as data/docs/reference/w3c.md lists them: a
 * figure is compared with a count of the test's own, an attribute is seen in two values. */

#include "lib/wherry.h"

/* What an attribute had in report. */
void stats_table_see (WherryStatsReport *report);
/* reported is within tolerance of what was counted, and that is not 0. how: where the count comes
 * from. */
void stats_table_compare (const char *type, const char *member, double reported, double counted,
                          double tolerance, const char *how);
/* Prints the table; fails the test for a figure that was not compared, and an attribute that was
 * always the same without a reason. */
void stats_table_finish (void);
