/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Numbered messages on one channel of a lossy pair, and what became of them. */

#include "integration/lossy/lossy-pair.h"

typedef struct
{
  const char *name;
  gboolean ordered;
  WherryReliability reliability;
  guint32 value;
  guint total;
  gsize size_max;     /* sizes go up to it, by a fixed pattern */
  gint64 interval_us; /* between two messages; 0: as fast as the channel takes them */
  gint64 wait_us;     /* after it opened, before the first one */
} LossyFlowKind;

struct _LossyFlow
{
  LossyFlowKind kind;
  LossySide *from;
  WherryChannel *channel;
  GSource *timer;
  GSource *waiting;
  gboolean open;
  gint64 start_us; /* of the first message */
  gint64 done_us;  /* from then until the last one came */
  guint sent;
  guint refused; /* sends that were BLOCKED */
  guint received;
  guint64 bytes;
  guint32 next; /* the lowest number that may come, if ordered */
  guint8 *seen; /* each number: how often */
  guint repeated;
  guint misplaced;
  gint64 last_us;
  gint64 gap_us;     /* longest time without a message */
  GArray *latencies; /* of gint64, us */
};

/* The channel is opened at once, in band. */
LossyFlow *lossy_flow_new (LossySide *from, const LossyFlowKind *kind);
void lossy_flow_free (LossyFlow *self);
void lossy_flow_opened (LossyFlow *self);
void lossy_flow_send (LossyFlow *self);
void lossy_flow_receive (LossyFlow *self, LossySide *at, WherryMessage *message);
/* Reliable: all of them came. Lossy: all of them were sent and nothing is left to be sent. */
gboolean lossy_flow_is_done (LossyFlow *self);
/* 0 < share <= 1 of the latencies, us. 1: the longest. */
gint64 lossy_flow_latency (LossyFlow *self, double share);
