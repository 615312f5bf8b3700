/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-signaling-client.h"

#include <string.h>

#include <libsoup/soup.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-network.h"

#define CONNECT_PATH "/connect"

struct _WherrySignalingClient
{
  guint ref_count; /* the owner's, and the connection's while it is being made */
  const WherrySignalingClientEvents *events; /* NULL: nobody listens any more */
  gpointer user_data;
  SoupSession *session;
  SoupWebsocketConnection *socket; /* NULL: not yet open */
  GCancellable *cancellable;
  char *address; /* of this machine; NULL: not known */
};

static void
client_unref (WherrySignalingClient *self)
{
  if (--self->ref_count > 0)
    return;
  g_clear_object (&self->socket);
  g_object_unref (self->session);
  g_object_unref (self->cancellable);
  g_free (self->address);
  g_free (self);
}

static void
let_go (WherrySignalingClient *self)
{
  self->events = NULL;
  g_cancellable_cancel (self->cancellable);
  if (self->socket == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->socket, self);
  if (soup_websocket_connection_get_state (self->socket) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (self->socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
}

static void
end (WherrySignalingClient *self, const GError *error)
{
  const WherrySignalingClientEvents *events = self->events;
  gpointer user_data = self->user_data;

  if (events == NULL)
    return;
  let_go (self);
  events->closed (user_data, error); /* may free self */
}

static void
on_frame (SoupWebsocketConnection *socket, int type, GBytes *data, gpointer user_data)
{
  WherrySignalingClient *self = user_data;
  gsize length;
  const char *text = g_bytes_get_data (data, &length);
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySignal) signal = NULL;

  if (type == SOUP_WEBSOCKET_DATA_BINARY)
    {
      if (self->events->binary != NULL)
        self->events->binary (self->user_data, data); /* may free self */
      return;
    }
  signal = wherry_signal_parse_server (text, length, &error);
  if (signal != NULL)
    self->events->signal (self->user_data, signal); /* may free self */
  else if (!g_error_matches (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED))
    end (self, error); /* of a type that we do not know a newer server may speak */
}

static void
on_closed (SoupWebsocketConnection *socket, gpointer user_data)
{
  const char *why = soup_websocket_connection_get_close_data (socket);
  g_autoptr (GError) error
      = g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the server closed its socket (%u%s%s)",
                     soup_websocket_connection_get_close_code (socket),
                     why != NULL && *why != '\0' ? ": " : "", why != NULL ? why : "");

  end (user_data, error);
}

static void
on_network_event (SoupMessage *message, GSocketClientEvent event, GIOStream *connection,
                  WherrySignalingClient *self)
{
  g_autoptr (GSocketAddress) address = NULL;

  if (event != G_SOCKET_CLIENT_CONNECTED || !G_IS_SOCKET_CONNECTION (connection))
    return;
  address = g_socket_connection_get_local_address (G_SOCKET_CONNECTION (connection), NULL);
  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return;
  g_free (self->address);
  self->address = g_inet_address_to_string (
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  WherrySignalingClient *self = user_data;
  g_autoptr (GError) cause = NULL;
  SoupMessage *message = soup_session_get_async_result_message (SOUP_SESSION (source), result);
  SoupWebsocketConnection *socket
      = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &cause);

  g_signal_handlers_disconnect_by_data (message, self);
  if (socket == NULL)
    {
      g_autoptr (GError) error = g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                              "the server was not reached: %s", cause->message);

      end (self, error);
    }
  else if (self->events == NULL)
    g_object_unref (socket); /* which closes it */
  else
    {
      self->socket = socket;
      soup_websocket_connection_set_max_incoming_payload_size (socket, WHERRY_SIGNAL_OUT_MAX);
      g_signal_connect (socket, "message", G_CALLBACK (on_frame), self);
      g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
      self->events->open (self->user_data);
    }
  client_unref (self);
}

/* (transfer full) (nullable): the server's "/" stands for its "/connect". */
static GUri *
make_uri (const char *text, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (text, SOUP_HTTP_URI_FLAGS, NULL);
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : "";
  gboolean is_secure = g_str_equal (scheme, "https") || g_str_equal (scheme, "wss");
  g_autofree char *path = NULL;

  if (uri == NULL || g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0'
      || (!is_secure && !g_str_equal (scheme, "http") && !g_str_equal (scheme, "ws")))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "“%s” is not a server's address, as http://127.0.0.1:8888/", text);
      return NULL;
    }
  path = g_strdup (g_uri_get_path (uri));
  if (!g_str_has_suffix (path, CONNECT_PATH))
    {
      char *slash = strrchr (path, '/');
      g_autofree char *folder
          = slash != NULL ? g_strndup (path, (gsize) (slash - path)) : g_strdup ("");

      g_free (path);
      path = g_strconcat (folder, CONNECT_PATH, NULL);
    }
  return g_uri_build (SOUP_HTTP_URI_FLAGS, is_secure ? "https" : "http", NULL, g_uri_get_host (uri),
                      g_uri_get_port (uri), path, g_uri_get_query (uri), NULL);
}

WherrySignalingClient *
wherry_signaling_client_new (const char *text, const WherrySignalingClientEvents *events,
                             gpointer user_data, GError **error)
{
  static const char *const protocols[] = { WHERRY_SIGNAL_SUBPROTOCOL, NULL };
  g_autoptr (GUri) uri = make_uri (text, error);
  g_autoptr (SoupMessage) message = NULL;
  WherrySignalingClient *self;

  if (uri == NULL)
    return NULL;
  self = g_new0 (WherrySignalingClient, 1);
  self->ref_count = 2; /* the connection's too */
  self->events = events;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  self->session = soup_session_new ();
  /* it checks sizes before it inflates */
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  message = soup_message_new_from_uri ("GET", uri);
  g_signal_connect (message, "network-event", G_CALLBACK (on_network_event), self);
  soup_session_websocket_connect_async (self->session, message, NULL, (char **) protocols,
                                        G_PRIORITY_DEFAULT, self->cancellable, on_connected, self);
  return self;
}

void
wherry_signaling_client_free (WherrySignalingClient *self)
{
  let_go (self);
  client_unref (self);
}

gboolean
wherry_signaling_client_is_open (WherrySignalingClient *self)
{
  return self->socket != NULL
         && soup_websocket_connection_get_state (self->socket) == SOUP_WEBSOCKET_STATE_OPEN;
}

gboolean
wherry_signaling_client_has_lost_address (WherrySignalingClient *self)
{
  return self->address != NULL && !wherry_ice_network_get_system ()->has_address (self->address);
}

gboolean
wherry_signaling_client_send_binary (WherrySignalingClient *self, GBytes *frames)
{
  if (!wherry_signaling_client_is_open (self))
    return FALSE;
  soup_websocket_connection_send_message (self->socket, SOUP_WEBSOCKET_DATA_BINARY, frames);
  return TRUE;
}

gboolean
wherry_signaling_client_send (WherrySignalingClient *self, char *text)
{
  g_autofree char *owned = text;

  if (!wherry_signaling_client_is_open (self))
    return FALSE;
  soup_websocket_connection_send_text (self->socket, owned);
  return TRUE;
}
