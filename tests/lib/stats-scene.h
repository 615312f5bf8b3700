/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two ends with a counting wire between them, and what they report. */

#include "lib/counting-wire.h"

typedef struct
{
  ConnectionPair *pair;
  CountingWire *wire;
  ChannelEnd *a;
  ChannelEnd *b;
  guint n_opened;
  guint n_closed;
  guint n_pairs; /* of a, that were told */
} Scene;

/* Also shown to the table. (transfer full) */
WherryStatsReport *stats_report_of (PairEnd *end);
/* Of the one with that label; NULL: of the first of its type. (transfer full) (nullable) */
GVariant *stats_find (WherryStatsReport *report, const char *type, const char *label);
/* -1: there is none. */
double stats_figure (WherryStatsReport *report, const char *type, const char *label,
                     const char *member);
double stats_now_of (PairEnd *end, const char *type, const char *member);
WherryIceTransport *stats_ice_of (PairEnd *end);

/* A channel "first" of a, open; reports were made on the way. */
void scene_open (Scene *self);
void scene_close (Scene *self);
/* One more channel of a. (transfer full) */
WherryDataChannel *scene_make (Scene *self, const char *label, const char *protocol);
/* Candidates are carried; whether it is connected, or connected again. */
gboolean scene_carried (Scene *self);
