/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <string.h>
#include <sys/socket.h>

#include "base/wherry-clock.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "ice/wherry-ice-bridge.h"

struct _WherryIceBridge
{
  char *host;
  guint16 port;
  GTlsDatabase *database; /* NULL: the system's */
  GMainContext *context;
  WherryIceClosing *closing;
  GSocket *listener;
  GSource *source;
  GPtrArray *connections; /* of Connection, borrowed */
  WherryIceBridgeFunc failed;
  gpointer user_data;
};

/* One connection of libnice's. Lives until its operations have ended. */
typedef struct
{
  WherryIceBridge *owner; /* NULL: the bridge is gone, nobody is told */
  WherryIceClosing *closing;
  GMainContext *context;
  GSocketConnection *local;
  GTlsClientConnection *tls;
  GIOStream *base; /* the TCP connection below tls */
  GSocketConnectable *identity;
  GCancellable *cancellable;
  GSource *limit; /* until the handshake is done */
} Connection;

static void
connection_end (Connection *connection, const GError *error)
{
  g_autoptr (WherryIceClosing) closing = connection->closing;
  WherryIceBridge *self = connection->owner;
  WherryIceBridgeFunc failed = self != NULL && error != NULL ? self->failed : NULL;
  gpointer user_data = self != NULL ? self->user_data : NULL;

  if (self != NULL)
    g_ptr_array_remove_fast (self->connections, connection);
  wherry_clock_clear_source (&connection->limit);
  /* Closing a socket that has nothing to say any more does not block. */
  g_io_stream_close (G_IO_STREAM (connection->local), NULL, NULL);
  if (connection->base != NULL)
    g_io_stream_close (connection->base, NULL, NULL);
  g_clear_object (&connection->local);
  g_clear_object (&connection->tls);
  g_clear_object (&connection->base);
  g_clear_object (&connection->identity);
  g_clear_object (&connection->cancellable);
  g_main_context_unref (connection->context);
  g_free (connection);
  if (failed != NULL)
    {
      self->failed = NULL;
      failed (user_data, error->message);
    }
  wherry_ice_closing_release (closing);
}

static void
on_spliced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Connection *connection = user_data;
  g_autoptr (GError) error = NULL;

  /* However it ended: libnice sees its connection closed. */
  if (!g_io_stream_splice_finish (result, &error))
    g_debug ("TURN over TLS ended: %s", error->message);
  connection_end (connection, NULL);
}

static void
on_handshake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Connection *connection = user_data;
  g_autoptr (GError) error = NULL;

  wherry_clock_clear_source (&connection->limit);
  if (!g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &error))
    {
      connection_end (connection, error);
      return;
    }
  g_main_context_push_thread_default (connection->context);
  g_io_stream_splice_async (G_IO_STREAM (connection->local), G_IO_STREAM (connection->tls),
                            G_IO_STREAM_SPLICE_CLOSE_STREAM1 | G_IO_STREAM_SPLICE_CLOSE_STREAM2,
                            G_PRIORITY_DEFAULT, connection->cancellable, on_spliced, connection);
  g_main_context_pop_thread_default (connection->context);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Connection *connection = user_data;
  g_autoptr (GError) error = NULL;
  GSocketConnection *base
      = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);

  if (base == NULL)
    {
      connection_end (connection, error);
      return;
    }
  connection->base = G_IO_STREAM (base);
  connection->tls = G_TLS_CLIENT_CONNECTION (
      g_tls_client_connection_new (connection->base, connection->identity, &error));
  if (connection->tls == NULL || connection->owner == NULL)
    {
      connection_end (connection, error);
      return;
    }
  if (connection->owner->database != NULL)
    g_tls_connection_set_database (G_TLS_CONNECTION (connection->tls), connection->owner->database);
  g_main_context_push_thread_default (connection->context);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (connection->tls), G_PRIORITY_DEFAULT,
                                    connection->cancellable, on_handshake, connection);
  g_main_context_pop_thread_default (connection->context);
}

static gboolean
on_limit (gpointer user_data)
{
  Connection *connection = user_data;

  wherry_clock_clear_source (&connection->limit);
  g_cancellable_cancel (connection->cancellable);
  return G_SOURCE_REMOVE;
}

/* The way to the server begins at the address that libnice chose, as for plain TCP. */
static void
connect_from (GSocketClient *client, GSocketConnection *local)
{
  g_autoptr (GSocketAddress) address = g_socket_connection_get_remote_address (local, NULL);
  g_autoptr (GSocketAddress) any_port = NULL;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return;
  any_port = g_inet_socket_address_new (g_inet_socket_address_get_address (
                                            G_INET_SOCKET_ADDRESS (address)),
                                        0);
  g_socket_client_set_local_address (client, any_port);
}

static void
carry (WherryIceBridge *self, GSocket *socket)
{
  Connection *connection = g_new0 (Connection, 1);
  g_autoptr (GSocketClient) client = g_socket_client_new ();

  g_ptr_array_add (self->connections, connection);
  connection->owner = self;
  connection->closing = wherry_ice_closing_hold (self->closing);
  connection->context = g_main_context_ref (self->context);
  connection->local = g_socket_connection_factory_create_connection (socket);
  connection->identity = g_network_address_new (self->host, self->port);
  connection->cancellable = g_cancellable_new ();
  connection->limit = g_timeout_source_new (WHERRY_TURN_TLS_CONNECT_LIMIT_US / 1000);
  g_source_set_callback (connection->limit, on_limit, connection, NULL);
  g_source_attach (connection->limit, self->context);
  g_socket_client_set_enable_proxy (client, FALSE);
  connect_from (client, connection->local);
  g_main_context_push_thread_default (self->context);
  g_socket_client_connect_async (client, connection->identity, connection->cancellable,
                                 on_connected, connection);
  g_main_context_pop_thread_default (self->context);
}

static gboolean
has_name (int fd, const struct sockaddr_storage *wanted, socklen_t length)
{
  struct sockaddr_storage name = { 0 };
  socklen_t name_length = sizeof name;

  return getsockname (fd, (struct sockaddr *) &name, &name_length) == 0 && name_length == length
         && memcmp (&name, wanted, length) == 0;
}

/* Whether the other end is a socket of this process: a port on loopback is open to every user and
 * program of the machine. */
static gboolean
is_own_process (GSocket *socket)
{
  g_autoptr (GDir) fds = g_dir_open ("/proc/self/fd", 0, NULL);
  struct sockaddr_storage peer = { 0 };
  socklen_t length = sizeof peer;
  const char *name;

  if (fds == NULL
      || getpeername (g_socket_get_fd (socket), (struct sockaddr *) &peer, &length) != 0)
    return FALSE;
  while ((name = g_dir_read_name (fds)) != NULL)
    if (has_name ((int) g_ascii_strtoll (name, NULL, 10), &peer, length))
      return TRUE;
  return FALSE;
}

static gboolean
on_incoming (GSocket *listener, GIOCondition condition, gpointer user_data)
{
  WherryIceBridge *self = user_data;
  g_autoptr (GSocket) socket = g_socket_accept (listener, NULL, NULL);

  if (socket == NULL)
    return G_SOURCE_CONTINUE;
  if (self->connections->len >= WHERRY_TURN_TLS_CONNECTIONS_MAX || !is_own_process (socket))
    g_socket_close (socket, NULL);
  else
    carry (self, socket);
  return G_SOURCE_CONTINUE;
}

static gboolean
listen_on_loopback (WherryIceBridge *self, GSocketFamily family, GError **error)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (family);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) local = NULL;

  self->listener = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &local);
  if (self->listener == NULL || !g_socket_bind (self->listener, any_port, FALSE, &local)
      || !g_socket_listen (self->listener, &local)
      || (bound = g_socket_get_local_address (self->listener, &local)) == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES,
                   "no port on loopback for TURN over TLS: %s", local->message);
      return FALSE;
    }
  g_socket_set_blocking (self->listener, FALSE);
  self->source = g_socket_create_source (self->listener, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_incoming), self, NULL);
  g_source_attach (self->source, self->context);
  return TRUE;
}

static gboolean
load_authorities (WherryIceBridge *self, const char *file, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (file == NULL)
    return TRUE;
  self->database = g_tls_file_database_new (file, &local);
  if (self->database != NULL)
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
               "certificates for TURN over TLS: %s", local->message);
  return FALSE;
}

WherryIceBridge *
wherry_ice_bridge_new (const WherryIceConfig *config, const WherryIceTurnServer *server,
                       GSocketFamily family, GMainContext *context, WherryIceClosing *closing,
                       GError **error)
{
  WherryIceBridge *self = g_new0 (WherryIceBridge, 1);

  self->host = g_strdup (server->host);
  self->port = server->port;
  self->context = g_main_context_ref (context);
  self->closing = wherry_ice_closing_ref (closing);
  self->connections = g_ptr_array_new ();
  if (!load_authorities (self, config->tls_ca_file, error)
      || !listen_on_loopback (self, family, error))
    g_clear_pointer (&self, wherry_ice_bridge_free);
  return self;
}

void
wherry_ice_bridge_set_failed (WherryIceBridge *self, WherryIceBridgeFunc failed, gpointer user_data)
{
  self->failed = failed;
  self->user_data = user_data;
}

guint16
wherry_ice_bridge_get_port (WherryIceBridge *self)
{
  g_autoptr (GSocketAddress) bound = g_socket_get_local_address (self->listener, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
}

guint
wherry_ice_bridge_get_n_connections (WherryIceBridge *self)
{
  return self->connections->len;
}

void
wherry_ice_bridge_free (WherryIceBridge *self)
{
  wherry_clock_clear_source (&self->source);
  if (self->listener != NULL)
    g_socket_close (self->listener, NULL);
  g_clear_object (&self->listener);
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);

      connection->owner = NULL;
      g_cancellable_cancel (connection->cancellable);
    }
  g_ptr_array_unref (self->connections);
  g_clear_object (&self->database);
  wherry_ice_closing_unref (self->closing);
  g_main_context_unref (self->context);
  g_free (self->host);
  g_free (self);
}
