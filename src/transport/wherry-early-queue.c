/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-transport"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "transport/wherry-early-queue.h"

void
wherry_early_queue_init (WherryEarlyQueue *self)
{
  g_queue_init (&self->packets);
  self->bytes = 0;
}

void
wherry_early_queue_clear (WherryEarlyQueue *self)
{
  g_queue_clear_full (&self->packets, (GDestroyNotify) g_bytes_unref);
  self->bytes = 0;
}

gboolean
wherry_early_queue_push (WherryEarlyQueue *self, const guint8 *data, gsize length)
{
  if (g_queue_get_length (&self->packets) >= WHERRY_EARLY_PACKETS_MAX
      || length > WHERRY_EARLY_BYTES_MAX - self->bytes)
    {
      wherry_counter_inc (WHERRY_COUNTER_EARLY_DROPPED);
      return FALSE;
    }
  self->bytes += length;
  g_queue_push_tail (&self->packets, g_bytes_new (data, length));
  return TRUE;
}

GBytes *
wherry_early_queue_pop (WherryEarlyQueue *self)
{
  GBytes *packet = g_queue_pop_head (&self->packets);

  if (packet != NULL)
    self->bytes -= g_bytes_get_size (packet);
  return packet;
}

gboolean
wherry_early_queue_is_empty (const WherryEarlyQueue *self)
{
  return self->packets.length == 0;
}
