/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Gives memory back to the system once peers have gone. The allocator keeps what it freed, page by
 * page, for whoever comes next: after 200 peers a daemon of 12 MiB would stay at 75. A pass over
 * the whole heap and the caches of parked threads takes up to some hundred milliseconds where the
 * processors are busy, in a thread of its own, and holds the allocator's locks by turns, so there
 * is one only when at least half of the peers there were since the last are gone, and a moment
 * after, so that peers that go together cost one. Thread: hub */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint peers;
  guint peak;   /* since the last pass */
  gboolean due; /* there will be one, soon or once those that came meanwhile are gone */
  GSource *timer;
  GThread *thread;   /* of the last pass, until it is joined */
  gboolean trimming; /* atomic: it has yet to end */
} WherryDaemonHeap;

/* There are n peers now. */
void wherry_daemon_heap_set_peers (WherryDaemonHeap *self, guint n);
/* Waits for a pass that is under way. */
void wherry_daemon_heap_clear (WherryDaemonHeap *self);

G_END_DECLS
