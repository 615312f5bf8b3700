/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "cli/wherry-cli-limits.h"
#include "cli/stream/wherry-forward-connection.h"
#include "lib/wherry.h"

struct _WherryForwardConnection
{
  int ref_count;             /* connecting has one */
  GSocketConnection *socket; /* NULL: it is being made */
  WherryPump *pump;
  GCancellable *connecting;
  WherryForwardEnded ended; /* NULL: it was freed, or told */
  gpointer user_data;
  guint idle;
  GError *error; /* (nullable): with which it ended */
  gboolean is_over;
};

static void
unref (WherryForwardConnection *self)
{
  if (--self->ref_count > 0)
    return;
  g_clear_object (&self->socket);
  g_object_unref (self->connecting);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
on_idle (gpointer data)
{
  WherryForwardConnection *self = data;
  WherryForwardEnded ended = self->ended;
  g_autoptr (GError) error = g_steal_pointer (&self->error);

  self->idle = 0;
  self->ended = NULL;
  if (ended != NULL)
    ended (self->user_data, self, error); /* frees self */
  return G_SOURCE_REMOVE;
}

/* Told from the main loop: its owner frees it, and may be inside of it now. */
static void
finish (WherryForwardConnection *self, const GError *error)
{
  if (self->is_over)
    return;
  self->is_over = TRUE;
  self->error = error != NULL ? g_error_copy (error) : NULL;
  self->idle = g_idle_add_full (G_PRIORITY_DEFAULT, on_idle, self, NULL);
}

/* So that who is connected sees that it broke, and does not take what came for all of it. */
static void
close_with_reset (GSocketConnection *connection)
{
  const struct linger linger = { 1, 0 };
  int fd = g_socket_get_fd (g_socket_connection_get_socket (connection));

  if (setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) != 0)
    g_debug ("SO_LINGER is not to be had");
}

static void
on_end_output (gpointer user_data)
{
  WherryForwardConnection *self = user_data;

  g_socket_shutdown (g_socket_connection_get_socket (self->socket), FALSE, TRUE, NULL);
}

static void
on_finished (gpointer user_data, const GError *error, gboolean local)
{
  WherryForwardConnection *self = user_data;

  if (error != NULL && self->socket != NULL)
    close_with_reset (self->socket);
  g_cancellable_cancel (self->connecting);
  finish (self, error);
}

static const WherryPumpEvents pump_events = { on_end_output, on_finished };

static WherryForwardConnection *
make (WherryForwardEnded ended, gpointer user_data)
{
  WherryForwardConnection *self = g_new0 (WherryForwardConnection, 1);

  self->ref_count = 1;
  self->connecting = g_cancellable_new ();
  self->ended = ended;
  self->user_data = user_data;
  self->pump = wherry_pump_new (&pump_events, self);
  return self;
}

/* socket: (transfer full) */
static void
attach (WherryForwardConnection *self, GSocketConnection *socket)
{
  self->socket = socket;
  /* what is typed goes at once; the relay bundles what waits */
  g_socket_set_option (g_socket_connection_get_socket (socket), IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  wherry_pump_attach (self->pump, g_io_stream_get_input_stream (G_IO_STREAM (socket)),
                      g_io_stream_get_output_stream (G_IO_STREAM (socket)));
}

WherryForwardConnection *
wherry_forward_connection_open (GSocketConnection *socket, WherryMux *mux, WherryForwardEnded ended,
                                gpointer user_data)
{
  WherryForwardConnection *self = make (ended, user_data);

  wherry_pump_open (self->pump, mux);
  attach (self, g_object_ref (socket));
  return self;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryForwardConnection *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) socket
      = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);

  if (self->ended == NULL || self->is_over)
    g_debug ("Nobody waits for the connection any more");
  else if (socket != NULL)
    attach (self, g_steal_pointer (&socket));
  else
    {
      wherry_pump_abort (self->pump, WHERRY_MUX_CODE_REFUSED, error->message);
      finish (self, error);
    }
  unref (self);
}

WherryForwardConnection *
wherry_forward_connection_make (WherryMuxStream *stream, GSocketConnectable *target,
                                WherryForwardEnded ended, gpointer user_data)
{
  WherryForwardConnection *self = make (ended, user_data);
  g_autoptr (GSocketClient) client = g_socket_client_new ();

  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_set_timeout (client, WHERRY_CLI_CONNECT_SECONDS);
  wherry_pump_take (self->pump, stream);
  self->ref_count++;
  g_socket_client_connect_async (client, target, self->connecting, on_connected, self);
  return self;
}

void
wherry_forward_connection_free (WherryForwardConnection *self)
{
  gboolean was_over = self->is_over;

  self->ended = NULL;
  g_clear_handle_id (&self->idle, g_source_remove);
  g_cancellable_cancel (self->connecting);
  if (!was_over && self->socket != NULL)
    close_with_reset (self->socket);
  g_clear_pointer (&self->pump, wherry_pump_free);
  if (self->socket != NULL)
    g_io_stream_close (G_IO_STREAM (self->socket), NULL, NULL);
  unref (self);
}

WherryPumpCounts
wherry_forward_connection_get_counts (WherryForwardConnection *self)
{
  return wherry_pump_get_counts (self->pump);
}
