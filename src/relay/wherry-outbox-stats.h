/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the policies did to one member, by topic. It is counted in the member's set of outboxes and
 * outlives each outbox: a channel that is opened anew does not hide what the last one lost. */

#include "relay/wherry-policy.h"

G_BEGIN_DECLS

typedef struct _WherryOutboxSet WherryOutboxSet;

typedef struct
{
  guint64 pauses;                     /* times that a publisher had to wait: block */
  gint64 paused_us;                   /* while somebody waited */
  guint64 dropped[WHERRY_N_POLICIES]; /* messages; by disconnect: those that found no room */
} WherryPolicyCounts;

typedef struct
{
  char *label;         /* the topic; NULL: all topics beyond WHERRY_OUTBOX_LABELS_MAX */
  gboolean is_open;    /* there is a channel */
  WherryPolicy policy; /* of the newest one; nothing if none is open */
  guint n_messages;    /* waiting now */
  gsize bytes;         /* that they are charged */
  WherryPolicyCounts counts;
} WherryOutboxStats;

WherryOutboxStats *wherry_outbox_stats_copy (const WherryOutboxStats *self);
void wherry_outbox_stats_free (WherryOutboxStats *self);

/* (transfer full): of WherryOutboxStats, ordered by label: topics with an open outbox, and topics
 * on which there was something to count. Thread: any */
GPtrArray *wherry_outbox_set_get_stats (WherryOutboxSet *self);
/* A member that goes on with a new set keeps what was counted in its last one. Thread: any */
void wherry_outbox_set_adopt_counts (WherryOutboxSet *self, WherryOutboxSet *last);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryOutboxStats, wherry_outbox_stats_free)

G_END_DECLS
