/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include <malloc.h>

#include "base/wherry-counters.h"
#include "base/wherry-log.h"
#include "base/wherry-worker-pool.h"
#include "daemon/wherry-daemon-heap.h"

#define DELAY_MS 250

static gboolean
is_due (const WherryDaemonHeap *self)
{
  return self->peers <= self->peak / 2 && self->peak > 0;
}

static gboolean
on_timer (gpointer user_data)
{
  WherryDaemonHeap *self = user_data;

  g_clear_pointer (&self->timer, g_source_unref);
  if (!is_due (self))
    return G_SOURCE_REMOVE; /* others have come */
  wherry_worker_pool_trim ();
  malloc_trim (0);
  self->peak = self->peers;
  wherry_counter_inc (WHERRY_COUNTER_HEAP_TRIMS);
  wherry_debug (NULL, "gave free memory back to the system, %u peers are left", self->peers);
  return G_SOURCE_REMOVE;
}

void
wherry_daemon_heap_set_peers (WherryDaemonHeap *self, guint n)
{
  self->peers = n;
  self->peak = MAX (self->peak, n);
  if (self->timer != NULL || !is_due (self))
    return;
  self->timer = g_timeout_source_new (DELAY_MS);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

void
wherry_daemon_heap_clear (WherryDaemonHeap *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}
