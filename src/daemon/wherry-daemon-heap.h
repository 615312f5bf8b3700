/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Gives memory back to the system once peers have gone. The allocator keeps what it freed, page by
 * page, for whoever comes next: after 200 peers a daemon of 12 MiB would stay at 75. A pass over
 * the whole heap costs up to some ten milliseconds and holds the allocator's locks, so there is one
 * only when at least half of the peers there were since the last are gone, and a moment after, so
 * that peers that go together cost one. Thread: hub */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint peers;
  guint peak; /* since the last pass */
  GSource *timer;
} WherryDaemonHeap;

/* There are n peers now. */
void wherry_daemon_heap_set_peers (WherryDaemonHeap *self, guint n);
void wherry_daemon_heap_clear (WherryDaemonHeap *self);

G_END_DECLS
