/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sctp-pair.h"

/* A pair of which A stands for somebody hostile: its own packets are lost once the association is
 * up, and ours come in their place. */
typedef struct
{
  guint8 tag[4];
  guint32 tsn; /* the next one */
  gboolean silent;
} Hostile;

void hostile_start (Pair *pair, Hostile *hostile, const WherrySctpConfig *config);
/* A DATA (type 0; mid: its SSN) or I-DATA (64) chunk in a packet of its own; flags: 2 begins, 1
 * ends, 4 unordered (RFC 8260 section 2.1). */
void hostile_inject (Pair *pair, Hostile *hostile, guint8 type, guint8 flags, guint16 stream,
                     guint32 mid, guint32 fsn, gsize length);
/* I-FORWARD-TSN: the rest of the first message on each of n streams never comes (RFC 8260 section
 * 2.3.1). */
void hostile_give_up (Pair *pair, Hostile *hostile, guint16 n, gboolean ordered);
