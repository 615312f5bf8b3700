/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whose turn it is where several flows share something by weight. Each flow has a share; what it
 * was given counts the more slowly the larger its weight is, and the flow that has counted least is
 * next. Weights are the priorities of data channels (RFC 8831 section 6.4, RFC 8832 section 5.1):
 * while both have something to send, one of priority 1024 gets eight bytes for each byte of one of
 * priority 128, and neither ever starves. */

#include <glib.h>

G_BEGIN_DECLS

#define WHERRY_PRIORITY_VERY_LOW 128u
#define WHERRY_PRIORITY_LOW 256u
#define WHERRY_PRIORITY_MEDIUM 512u
#define WHERRY_PRIORITY_HIGH 1024u
/* Different weights. */
#define WHERRY_PRIORITY_LEVELS 4u

typedef struct
{
  guint64 count; /* bytes, scaled by the weight */
  guint weight;
} WherryShare;

/**
 * wherry_priority_get_weight:
 *
 * @priority: as it is in DCEP; a peer may have put any number there
 *
 * The level at or below it: WHERRY_PRIORITY_HIGH is the most that anybody gets, VERY_LOW the least.
 * 0, which some implementations send whatever they were told, is LOW, what W3C's WebRTC gives a
 * channel by default.
 *
 * Thread: any
 */
guint wherry_priority_get_weight (guint16 priority);

/* now: the count of whoever is next, so that a flow that had nothing to send has nothing saved up.
 * Thread: any */
void wherry_share_join (WherryShare *self, guint weight, guint64 now);
/* It was given so many bytes. Thread: any */
void wherry_share_charge (WherryShare *self, gsize bytes);
/* Whether it is this one's turn before the other's. Thread: any */
gboolean wherry_share_is_before (const WherryShare *self, const WherryShare *other);

G_END_DECLS
