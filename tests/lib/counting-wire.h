/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A wire between the two ends of a pair, over UDP on loopback: each end knows the wire's address as
 * the other's. It counts what each end sends, can hold it, and can be slow. Everything on the
 * default context. */

#include <gio/gio.h>

#include "lib/connection-pair.h"

typedef struct _CountingWire CountingWire;

/* What one end has sent. DTLS only: no STUN. */
typedef struct
{
  guint64 packets;
  guint64 bytes;
  gsize largest;
  gint64 last_us; /* real time of the last one */
} WireCount;

/* In place of pair's own signaling of candidates. */
CountingWire *counting_wire_new (ConnectionPair *pair);
void counting_wire_free (CountingWire *self);
/* The candidates that were told are changed and carried. */
void counting_wire_carry (CountingWire *self);
const WireCount *counting_wire_get (CountingWire *self, PairEnd *sender);
/* DTLS is kept back until FALSE. */
void counting_wire_hold (CountingWire *self, gboolean hold);
guint64 counting_wire_get_held_bytes (CountingWire *self, PairEnd *sender);
guint counting_wire_get_held_packets (CountingWire *self, PairEnd *sender);
/* Each way. */
void counting_wire_set_delay (CountingWire *self, guint delay_ms);
