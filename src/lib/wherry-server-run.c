/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include <signal.h>

#include <glib-unix.h>

#include "lib/wherry-server.h"

/* A program whose whole work a server is. */

static gboolean
on_asked_to_end (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer loop)
{
  return on_asked_to_end (loop);
}

typedef struct
{
  GMainLoop *loop;
  gboolean closed;
} Closing;

static void
on_closed (GObject *relay, GAsyncResult *result, gpointer data)
{
  Closing *closing = data;

  closing->closed = TRUE;
  g_main_loop_quit (closing->loop);
}

/* Takes source. */
static void
add_source (GPtrArray *sources, GSource *source, GSourceFunc func, GMainLoop *loop)
{
  g_source_set_callback (source, func, g_main_loop_ref (loop), (GDestroyNotify) g_main_loop_unref);
  g_source_attach (source, g_main_loop_get_context (loop));
  g_ptr_array_add (sources, source);
}

static void
source_end (gpointer source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

gboolean
wherry_server_run (WherryServer *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (source_end);
  Closing closing = { .loop = loop };

  g_return_val_if_fail (WHERRY_IS_SERVER (self), FALSE);

  if (wherry_server_get_uri (self) == NULL && !wherry_server_start (self, error))
    return FALSE;
  add_source (sources, g_unix_signal_source_new (SIGINT), on_asked_to_end, loop);
  add_source (sources, g_unix_signal_source_new (SIGTERM), on_asked_to_end, loop);
  if (cancellable != NULL)
    add_source (sources, g_cancellable_source_new (cancellable), G_SOURCE_FUNC (on_cancelled),
                loop);
  g_main_loop_run (loop);
  g_ptr_array_set_size (sources, 0); /* asked once more, it ends at once */
  wherry_relay_close_async (wherry_server_get_relay (self), NULL, on_closed, &closing);
  while (!closing.closed)
    g_main_loop_run (loop);
  return TRUE;
}
