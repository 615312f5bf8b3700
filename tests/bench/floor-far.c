/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-bench"

#include "config.h"

#include <string.h>

#include "sctp/wherry-crc32c.h"

#include "floor-far.h"

/* A message: its number, then the checksum of what follows plus the number. */
#define CHECKSUM_OFFSET 8u

#define LOAD(field) __atomic_load_n (&(field), __ATOMIC_ACQUIRE)
#define STORE(field, value) __atomic_store_n (&(field), value, __ATOMIC_RELEASE)

static guint32
compute_checksum (const guint8 *message, gsize length)
{
  return wherry_crc32c (message + FLOOR_SIZE_MIN, length - FLOOR_SIZE_MIN);
}

void
floor_far_init (FloorFar *self, FloorSide *side, FloorShared *shared, gsize size, gboolean bundle)
{
  *self = (FloorFar){ .side = side, .shared = shared, .bundle = bundle, .size = size };
  self->message = g_malloc (size);
  self->received = g_malloc (size);
  for (gsize i = 0; i < size; i++)
    self->message[i] = (guint8) (i * 7 + 3);
  self->checksum = compute_checksum (self->message, size);
}

void
floor_far_clear (FloorFar *self)
{
  g_clear_pointer (&self->message, g_free);
  g_clear_pointer (&self->received, g_free);
}

/* ---- the one that publishes ---- */

static gboolean
publish_one (FloorFar *self)
{
  guint64 number = self->shared->sent;
  guint32 checksum = self->checksum + (guint32) number;

  memcpy (self->message, &number, sizeof number);
  memcpy (self->message + CHECKSUM_OFFSET, &checksum, sizeof checksum);
  if (!floor_association_send (&self->side->associations[FLOOR_PUBLISHER], self->message,
                               self->size))
    return FALSE;
  STORE (self->shared->sent, number + 1);
  return TRUE;
}

static gboolean
may_publish (FloorFar *self)
{
  if (self->ahead == 0)
    return TRUE;
  for (guint i = 0; i < self->side->n - 1; i++)
    if (self->shared->sent - self->shared->received[i] >= self->ahead)
      return FALSE;
  return TRUE;
}

static void
publish (FloorFar *self)
{
  FloorAssociation *publisher = &self->side->associations[FLOOR_PUBLISHER];
  gboolean stop = LOAD (self->shared->stop);

  publisher->came = FALSE;
  /* the last one takes those before it along */
  floor_association_set_bundling (publisher, self->bundle && !stop);
  if (!stop)
    while (may_publish (self) && publish_one (self))
      ;
  else if (publish_one (self))
    STORE (self->shared->published, 1);
  floor_path_flush ();
}

/* ---- those that receive ---- */

static guint
receive (FloorFar *self, guint i)
{
  FloorAssociation *receiver = &self->side->associations[i];
  guint64 expected = self->shared->received[i - 1];
  guint64 number;
  guint32 checksum;
  guint n = 0;
  gsize length;

  receiver->came = FALSE;
  while ((length = floor_association_receive (receiver, self->received, self->size)) > 0)
    {
      memcpy (&number, self->received, sizeof number);
      memcpy (&checksum, self->received + CHECKSUM_OFFSET, sizeof checksum);
      if (length != self->size
          || checksum != compute_checksum (self->received, length) + (guint32) number)
        self->shared->damaged++;
      if (number != expected + n)
        self->shared->disorder++;
      n++;
    }
  STORE (self->shared->received[i - 1], expected + n);
  floor_path_flush ();
  return n;
}

void
floor_far_turn (FloorFar *self, int wait_ms)
{
  guint n = 0;

  floor_side_poll (self->side, wait_ms);
  if (!LOAD (self->shared->ready))
    {
      if (floor_side_establish (self->side))
        STORE (self->shared->ready, 1);
      return;
    }
  if (LOAD (self->shared->go) && !LOAD (self->shared->published))
    publish (self);
  for (guint i = 1; i < self->side->n; i++)
    if (self->side->associations[i].came)
      n += receive (self, i);
  STORE (self->shared->delivered, self->shared->delivered + n);
}
