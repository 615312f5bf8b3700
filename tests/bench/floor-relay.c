/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-bench"

#include "config.h"

#include "floor-relay.h"

/* Read in one go, and then given to one receiver after the other. */
#define BATCH_MAX 64u
#define BATCH_BYTES (64u * 1024u)

void
floor_relay_init (FloorRelay *self, FloorSide *side, gsize size, guint batch_max, gboolean bundle)
{
  *self = (FloorRelay){ .side = side,
                        .bundle = bundle,
                        .size_max = size,
                        .batch_max = batch_max > 0 ? MIN (batch_max, BATCH_MAX) : BATCH_MAX };
  self->batch = g_malloc (BATCH_BYTES + size);
  self->lengths = g_new0 (gsize, BATCH_MAX);
  self->taken = g_new0 (guint, side->n);
}

void
floor_relay_clear (FloorRelay *self)
{
  g_clear_pointer (&self->batch, g_free);
  g_clear_pointer (&self->lengths, g_free);
  g_clear_pointer (&self->taken, g_free);
}

/* The last one of a batch takes those before it along. */
static void
hand_over (FloorRelay *self, guint i)
{
  FloorAssociation *receiver = &self->side->associations[i];
  guint k = self->taken[i];
  gsize offset = 0;

  for (guint n = 0; n < k; n++)
    offset += self->lengths[n];
  for (; k < self->n_batch; k++)
    {
      floor_association_set_bundling (receiver, self->bundle && k + 1 < self->n_batch);
      if (!floor_association_send (receiver, self->batch + offset, self->lengths[k]))
        break;
      offset += self->lengths[k];
    }
  if (k == self->n_batch)
    self->n_lagging--;
  self->taken[i] = k;
  receiver->came = FALSE;
  floor_path_flush ();
}

static gboolean
read_batch (FloorRelay *self)
{
  FloorAssociation *publisher = &self->side->associations[FLOOR_PUBLISHER];
  gsize bytes = 0;
  gsize length = 1;

  for (self->n_batch = 0; self->n_batch < self->batch_max && bytes < BATCH_BYTES && length > 0;)
    {
      length = floor_association_receive (publisher, self->batch + bytes, self->size_max);
      if (length > 0)
        self->lengths[self->n_batch++] = length;
      bytes += length;
    }
  floor_path_flush ();
  if (self->n_batch == 0)
    return FALSE;
  for (guint i = 1; i < self->side->n; i++)
    self->taken[i] = 0;
  self->n_lagging = self->side->n - 1;
  return TRUE;
}

void
floor_relay_turn (FloorRelay *self, int wait_ms)
{
  floor_side_poll (self->side, wait_ms);
  /* only an acknowledgement makes room where there was none */
  for (guint i = 1; i < self->side->n; i++)
    if (self->taken[i] < self->n_batch && self->side->associations[i].came)
      hand_over (self, i);
  while (self->n_lagging == 0 && read_batch (self))
    for (guint i = 1; i < self->side->n; i++)
      hand_over (self, i);
}
