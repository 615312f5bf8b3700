/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <string.h>

#include "relay/wherry-block-clock.h"

void
wherry_block_clock_init (WherryBlockClock *self, gint64 limit_us, gint64 window_us, gsize span)
{
  memset (self, 0, sizeof *self);
  self->limit_us = limit_us;
  self->window_us = MAX (window_us, (gint64) WHERRY_BLOCK_SLOTS);
  self->span = MAX (span, 1);
  self->since_us = -1;
}

void
wherry_block_clock_change (WherryBlockClock *self, gint64 limit_us, gsize span)
{
  self->limit_us = limit_us;
  self->span = MAX (span, 1);
}

gboolean
wherry_block_clock_is_running (const WherryBlockClock *self)
{
  return self->since_us >= 0;
}

/* The charges of the slots that the window has left behind are forgotten. */
static void
move_on (WherryBlockClock *self, gint64 now_us)
{
  gint64 slot = now_us / (self->window_us / WHERRY_BLOCK_SLOTS);

  if (slot - self->slot >= WHERRY_BLOCK_SLOTS)
    memset (self->charged_us, 0, sizeof self->charged_us);
  else
    for (gint64 i = self->slot + 1; i <= slot; i++)
      self->charged_us[i % WHERRY_BLOCK_SLOTS] = 0;
  self->slot = MAX (self->slot, slot);
}

/* What the pause under way is charged so far. */
static gint64
charge (const WherryBlockClock *self, gint64 now_us)
{
  if (self->since_us < 0)
    return 0;
  return self->pause_us + MAX (now_us - self->since_us, 0);
}

void
wherry_block_clock_begin (WherryBlockClock *self, gint64 now_us)
{
  if (self->since_us >= 0)
    return;
  self->since_us = now_us;
  self->pause_us = 0;
}

void
wherry_block_clock_end (WherryBlockClock *self, gint64 now_us)
{
  guint32 *slot;
  gint64 sum;

  if (self->since_us < 0)
    return;
  move_on (self, now_us);
  slot = &self->charged_us[self->slot % WHERRY_BLOCK_SLOTS];
  sum = *slot + charge (self, now_us);
  *slot = (guint32) MIN (sum, (gint64) G_MAXUINT32);
  self->since_us = -1;
}

void
wherry_block_clock_progress (WherryBlockClock *self, gint64 now_us, gsize bytes)
{
  double earned = (double) bytes * (double) self->limit_us / (double) self->span;

  if (self->since_us < 0)
    return;
  self->pause_us = MAX (charge (self, now_us) - (gint64) MIN (earned, (double) self->window_us), 0);
  self->since_us = now_us;
}

void
wherry_block_clock_restart (WherryBlockClock *self, gint64 now_us)
{
  memset (self->charged_us, 0, sizeof self->charged_us);
  self->pause_us = 0;
  if (self->since_us >= 0)
    self->since_us = now_us;
}

gint64
wherry_block_clock_get (WherryBlockClock *self, gint64 now_us)
{
  gint64 sum = charge (self, now_us);

  move_on (self, now_us);
  for (guint i = 0; i < WHERRY_BLOCK_SLOTS; i++)
    sum += self->charged_us[i];
  return sum;
}
