/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How long a receiver made publishers wait, summed over a sliding window. A plain value, no lock.
 *
 * Waiting is not yet a fault: with a publisher that is faster than its receiver's line, some outbox
 * is always full, and it is the receiver's flow control that is at work. What counts is a receiver
 * that makes too little progress meanwhile. So each byte that it takes during a pause earns back
 * limit / span of time, span being what lies between the outbox's marks: who can take an outbox
 * from its high mark to its low one within the limit is never slow; who takes nothing is charged
 * every microsecond; who takes one message a second is charged nearly all of it. Only what is
 * charged already can be earned back: a burst and then nothing is charged from the nothing on. */

#include <glib.h>

G_BEGIN_DECLS

#define WHERRY_BLOCK_SLOTS 30u

typedef struct
{
  gint64 limit_us;
  gint64 window_us;
  gsize span;

  gint64 since_us;                        /* of what is not in pause_us yet; -1: no pause */
  gint64 pause_us;                        /* charged by the pause under way until since_us */
  gint64 slot;                            /* number of the newest slot: time / slot length */
  guint32 charged_us[WHERRY_BLOCK_SLOTS]; /* by the end of the pause */
} WherryBlockClock;

void wherry_block_clock_init (WherryBlockClock *self, gint64 limit_us, gint64 window_us,
                              gsize span);
/* Another limit and span from now on; what is charged stays. */
void wherry_block_clock_change (WherryBlockClock *self, gint64 limit_us, gsize span);
/* Somebody waits now. Nothing if somebody does already. */
void wherry_block_clock_begin (WherryBlockClock *self, gint64 now_us);
/* Nobody waits any more. */
void wherry_block_clock_end (WherryBlockClock *self, gint64 now_us);
/* It took bytes. */
void wherry_block_clock_progress (WherryBlockClock *self, gint64 now_us, gsize bytes);
/* Forget everything; a pause under way begins now. */
void wherry_block_clock_restart (WherryBlockClock *self, gint64 now_us);
gboolean wherry_block_clock_is_running (const WherryBlockClock *self);
/* What it is charged in the window that ends now. */
gint64 wherry_block_clock_get (WherryBlockClock *self, gint64 now_us);

G_END_DECLS
