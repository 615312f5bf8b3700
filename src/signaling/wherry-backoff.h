/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How long to wait before trying again: twice as long each time, up to a limit, each time by chance
 * between half of that and all of it, so that a room does not come back all at once. */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  gint64 min_us;
  gint64 max_us; /* at least min_us */
  guint n_tries; /* since the last success */
} WherryBackoff;

/* A connection that lasted so long was a success; one that did not continues the row. */
#define WHERRY_BACKOFF_STABLE_US (10 * G_USEC_PER_SEC)

/* random: from 0 up to, not including, 1. */
gint64 wherry_backoff_next_us (WherryBackoff *self, double random);
/* It was connected for so long, and is no more. */
void wherry_backoff_lost (WherryBackoff *self, gint64 connected_us);

G_END_DECLS
