/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include <malloc.h>

#include "base/wherry-counters.h"
#include "base/wherry-log.h"
#include "base/wherry-worker-pool.h"
#include "daemon/wherry-daemon-heap.h"

#define DELAY_MS 250
/* The first leaves what malloc moved to the threads' caches meanwhile; a third finds nothing. */
#define PASSES 2

static gboolean
is_due (const WherryDaemonHeap *self)
{
  return self->peers <= self->peak / 2 && self->peak > 0;
}

static void
trim (void)
{
  for (guint i = 0; i < PASSES; i++)
    {
      wherry_worker_pool_trim ();
      malloc_trim (0);
    }
  wherry_counter_inc (WHERRY_COUNTER_HEAP_TRIMS);
}

static gpointer
trim_thread (gpointer data)
{
  WherryDaemonHeap *self = data;

  trim ();
  __atomic_store_n (&self->trimming, FALSE, __ATOMIC_RELEASE);
  return NULL;
}

static void
join (WherryDaemonHeap *self)
{
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
}

static gboolean
on_timer (gpointer user_data)
{
  WherryDaemonHeap *self = user_data;

  if (__atomic_load_n (&self->trimming, __ATOMIC_ACQUIRE))
    return G_SOURCE_CONTINUE; /* again when that is done */
  g_clear_pointer (&self->timer, g_source_unref);
  if (!is_due (self))
    return G_SOURCE_REMOVE; /* others have come */

  self->peak = self->peers;
  self->due = FALSE;
  wherry_debug (NULL, "giving free memory back to the system, %u peers are left", self->peers);
  join (self);
  self->trimming = TRUE;
  self->thread = g_thread_try_new ("trim", trim_thread, self, NULL);
  if (self->thread == NULL)
    {
      self->trimming = FALSE;
      trim ();
    }
  return G_SOURCE_REMOVE;
}

void
wherry_daemon_heap_set_peers (WherryDaemonHeap *self, guint n)
{
  self->peers = n;
  self->peak = MAX (self->peak, n);
  if (self->timer != NULL || !is_due (self))
    return;
  if (!self->due)
    wherry_counter_inc (WHERRY_COUNTER_HEAP_TRIMS_DUE);
  self->due = TRUE;
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
  join (self);
}
