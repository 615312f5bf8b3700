/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One side of the measurement, the relaying one or the far ends: associations and a loop that waits
 * for their packets. */

#include "floor-association.h"

G_BEGIN_DECLS

/* The first association's other end publishes, or it is the one that publishes. */
#define FLOOR_PUBLISHER 0u

typedef struct
{
  FloorPath *paths;
  FloorAssociation *associations;
  guint n;
  int epoll; /* -1: in memory */
} FloorSide;

/* Both sides; without associations as yet, which each process makes of its own. */
void floor_side_init_pair (FloorSide *a, FloorSide *b, guint n, gboolean udp, gboolean segments);
/* Before the process has started: `floor_association_start_process`. */
void floor_side_open (FloorSide *self, gboolean are_clients);
/* Ends the associations if there are any; then, and after those of the other side if it is in this
 * process, clear it. */
void floor_side_close (FloorSide *self);
void floor_side_clear (FloorSide *self);

/* Takes in what came, and does what is due by the clock. Waits until something comes, if there is
 * nothing and it is not in memory, `wait_ms` at most. Returns whether anything came. */
gboolean floor_side_poll (FloorSide *self, int wait_ms);
/* TRUE: all are established. */
gboolean floor_side_establish (FloorSide *self);

G_END_DECLS
