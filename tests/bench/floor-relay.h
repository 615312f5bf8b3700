/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is measured: each message of the first association goes to all others. */

#include "floor-side.h"

G_BEGIN_DECLS

typedef struct
{
  FloorSide *side;
  gboolean bundle;
  gsize size_max;
  guint batch_max; /* messages */
  /* what was read and not every receiver has yet: nothing is read until they all have it */
  guint8 *batch;
  gsize *lengths;
  guint n_batch;
  guint n_lagging;
  guint *taken; /* by each receiver */
} FloorRelay;

/* `size` of every message; `batch_max`: 0 for the best known. */
void floor_relay_init (FloorRelay *self, FloorSide *side, gsize size, guint batch_max,
                       gboolean bundle);
void floor_relay_clear (FloorRelay *self);
/* All that can be done now. */
void floor_relay_turn (FloorRelay *self, int wait_ms);

G_END_DECLS
