/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-backoff.h"

gint64
wherry_backoff_next_us (WherryBackoff *self, double random)
{
  gint64 longest_us = self->min_us;

  for (guint i = 0; i < self->n_tries && longest_us < self->max_us; i++)
    longest_us *= 2;
  longest_us = MIN (longest_us, self->max_us);
  self->n_tries++;
  return longest_us / 2 + (gint64) (random * (double) (longest_us - longest_us / 2));
}

void
wherry_backoff_lost (WherryBackoff *self, gint64 connected_us)
{
  if (connected_us >= WHERRY_BACKOFF_STABLE_US)
    self->n_tries = 0;
}
