/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>
#include <sys/resource.h>

#include <libsoup/soup.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "signaling/wherry-client-origin.h"
#include "signaling/wherry-counted-stream.h"
#include "signaling/wherry-http-api.h"
#include "signaling/wherry-http-listener.h"
#include "signaling/wherry-http-request.h"
#include "signaling/wherry-http-route.h"
#include "signaling/wherry-join-watch.h"
#include "signaling/wherry-signaling-metrics.h"
#include "signaling/wherry-signaling-server.h"
#include "signaling/wherry-signaling-socket.h"
#include "signaling/wherry-web-site.h"

#define CONNECT_PATH "/connect"
/* Request line, headers and body together: browsers send under 2 KiB, cookies of other programs on
 * localhost included rarely more than 16. */
#define REQUEST_BYTES_MAX (32 * 1024)
/* No request that we know has a body; a small one is ignored (RFC 9110 section 9.3.1). */
#define REQUEST_BODY_MAX (8 * 1024)
/* How long a client may take to answer our close before it is cut off. */
#define CLOSE_GRACE_US (2 * G_TIME_SPAN_SECOND)

struct _WherrySignalingServer
{
  /* hub thread only */
  WherryRelayHub *relay;
  WherryClock *clock;
  GMainContext *context;
  const WherryOriginPolicy *origins;
  WherryOriginPolicy *own_origins;
  WherryAdmission *admission; /* NULL: everybody may join */
  const WherryProxyPolicy *proxies;
  guint ping_interval_s;
  SoupServer *http;
  WherryHttpListener *listener;
  WherryHttpApi *api;
  WherryJoinLimit *joins;
  WherryJoinWatch *waiting; /* sockets that have a while to join */
  GHashTable *sockets;      /* set of WherrySignalingSocket, owned */
  GSource *ping_timer;
  GSource *grace_timer;
  GSource *idle;
  gboolean no_page;
  gboolean draining;
  void (*done) (gpointer user_data);
  gpointer done_data;
};

/* Requests */

static gboolean
is_known_path (WherrySignalingServer *self, const char *path)
{
  return g_str_equal (path, "/healthz") || g_str_equal (path, "/readyz")
         || g_str_equal (path, "/metrics") || (!self->no_page && wherry_web_site_has (path));
}

static void
check_connect (WherrySignalingServer *self, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  if (self->draining)
    {
      wherry_http_answer (message, SOUP_STATUS_SERVICE_UNAVAILABLE, "Shutting down");
      return;
    }
  if (!soup_message_headers_header_contains (headers, "Upgrade", "websocket"))
    {
      SoupMessageHeaders *response = soup_server_message_get_response_headers (message);

      soup_message_headers_replace (response, "Upgrade", "websocket");
      wherry_http_answer (message, 426 /* Upgrade Required, RFC 9110 section 15.5.22 */,
                          "This is a WebSocket: see the protocol, section 1");
    }
}

/* Headers are read: whatever is refused is refused here, before a body is. */
static void
on_headers (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
            gpointer user_data)
{
  WherrySignalingServer *self = user_data;
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);
  WherryCountedStream *stream = wherry_http_get_stream (message);
  const char *method = soup_server_message_get_method (message);
  gboolean is_connect = g_str_equal (path, CONNECT_PATH);

  if (stream == NULL)
    {
      wherry_bug ("A request on a connection that is not ours");
      soup_server_message_set_status (message, SOUP_STATUS_INTERNAL_SERVER_ERROR, NULL);
      return;
    }

  wherry_http_listener_set_phase (self->listener, stream, WHERRY_HTTP_ANSWERING);
  wherry_client_origin_get (message, self->proxies);
  soup_message_headers_replace (response, "X-Content-Type-Options", "nosniff");
  soup_message_headers_replace (response, "Referrer-Policy", "no-referrer");
  soup_message_headers_replace (response, "Cache-Control", "no-store");
  if (wherry_http_route_is_ours (path))
    {
      wherry_http_api_check (self->api, message, path);
      return;
    }
  if (!wherry_http_check_length (message, is_connect ? 0 : REQUEST_BODY_MAX, FALSE)
      || !wherry_http_check_origin (message, self->origins, self->origins))
    return;

  if (!is_connect && !is_known_path (self, path))
    wherry_http_answer (message, SOUP_STATUS_NOT_FOUND, "There is nothing here");
  else if (!g_str_equal (method, "GET") && (is_connect || !g_str_equal (method, "HEAD")))
    {
      soup_message_headers_replace (response, "Allow", is_connect ? "GET" : "GET, HEAD");
      wherry_http_answer (message, SOUP_STATUS_METHOD_NOT_ALLOWED,
                          "Only GET and HEAD are understood here");
    }
  else if (is_connect)
    check_connect (self, message);
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
            gpointer user_data)
{
  WherrySignalingServer *self = user_data;

  if (wherry_http_route_is_ours (path))
    wherry_http_api_handle (self->api, message, query);
  else if (g_str_equal (path, "/healthz"))
    wherry_http_answer (message, SOUP_STATUS_OK, "ok");
  else if (g_str_equal (path, "/readyz"))
    wherry_http_answer (message, self->draining ? SOUP_STATUS_SERVICE_UNAVAILABLE : SOUP_STATUS_OK,
                        self->draining ? "draining" : "ready");
  else if (g_str_equal (path, "/metrics"))
    {
      g_autofree char *text = wherry_signaling_metrics_to_text (
          self->relay, wherry_http_listener_get_n_connections (self->listener),
          g_hash_table_size (self->sockets));
      gsize length = strlen (text);

      soup_server_message_set_response (message, "text/plain; version=0.0.4; charset=utf-8",
                                        SOUP_MEMORY_TAKE, g_steal_pointer (&text), length);
      soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
    }
  else
    wherry_web_site_serve (message, path);
}

/* Every answer ends its connection: there are few of them, and one that is kept open for a next
 * request is one that waits for nothing. */
static void
on_request_read (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  if (!soup_message_headers_header_contains (headers, "Upgrade", "websocket"))
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection",
                                  "close");
}

/* Sockets */

static void
maybe_done (WherrySignalingServer *self)
{
  void (*done) (gpointer) = self->done;

  if (done == NULL || g_hash_table_size (self->sockets) > 0)
    return;

  self->done = NULL;
  wherry_clock_clear_source (&self->grace_timer);
  done (self->done_data);
}

static gboolean
on_maybe_done (gpointer data)
{
  maybe_done (data);
  return G_SOURCE_REMOVE;
}

static void
on_socket_closed (WherrySignalingSocket *socket, gpointer user_data)
{
  WherrySignalingServer *self = user_data;

  wherry_join_watch_remove (self->waiting, socket);
  g_hash_table_remove (self->sockets, socket);
  maybe_done (self);
}

static void
on_websocket (SoupServer *server, SoupServerMessage *message, const char *path,
              SoupWebsocketConnection *connection, gpointer user_data)
{
  WherrySignalingServer *self = user_data;
  WherryCountedStream *stream = wherry_http_get_stream (message);
  const WherryOrigin *origin = wherry_client_origin_get (message, self->proxies);
  WherrySignalingSocket *socket;

  if (stream == NULL || self->draining)
    {
      soup_websocket_connection_close (connection, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "shutdown");
      return;
    }

  wherry_http_listener_set_phase (self->listener, stream, WHERRY_HTTP_UPGRADED);
  wherry_counter_inc (WHERRY_COUNTER_SOCKETS);
  socket = wherry_signaling_socket_new (self->relay, self->joins, connection, stream,
                                        origin->address, self->clock, on_socket_closed, self);
  wherry_signaling_socket_set_admission (socket, self->admission, origin->is_local);
  g_hash_table_add (self->sockets, socket);
  wherry_join_watch_add (self->waiting, socket);
}

static void
on_late (gpointer socket, gpointer user_data)
{
  wherry_signaling_socket_end_waiting (socket);
}

static gboolean
on_ping_timer (gpointer data)
{
  WherrySignalingServer *self = data;
  GHashTableIter iter;
  gpointer socket;

  g_hash_table_iter_init (&iter, self->sockets);
  while (g_hash_table_iter_next (&iter, &socket, NULL))
    wherry_signaling_socket_ping (socket);
  return G_SOURCE_CONTINUE;
}

/* Life */

static void
clear_stream (gpointer data, GObject *stream)
{
  g_object_set_data (data, "wherry-stream", NULL);
  g_object_unref (data);
}

static void
on_accept (WherryCountedStream *stream, GSocketAddress *local, GSocketAddress *remote,
           gpointer user_data)
{
  WherrySignalingServer *self = user_data;
  g_autoptr (GError) error = NULL;

  /* libsoup hands the address back with each request, and nothing else of ours */
  g_object_set_data (G_OBJECT (remote), "wherry-stream", stream);
  g_object_weak_ref (G_OBJECT (stream), clear_stream, g_object_ref (remote));
  wherry_counted_stream_set_read_limit (stream, REQUEST_BYTES_MAX);
  if (!soup_server_accept_iostream (self->http, G_IO_STREAM (stream), local, remote, &error))
    wherry_warning (NULL, "The HTTP server refused a connection: %s", error->message);
}

/* A quarter of the descriptors, so that idle connections leave the peers theirs. */
static guint
default_connections_max (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return WHERRY_HTTP_CONNECTIONS_MAX;
  return (guint) CLAMP (limit.rlim_cur / 4, 16, WHERRY_HTTP_CONNECTIONS_MAX);
}

WherrySignalingServer *
wherry_signaling_server_new (WherryRelayHub *relay, const WherrySignalingConfig *config)
{
  static const char *const subprotocols[] = { WHERRY_SIGNAL_SUBPROTOCOL, NULL };
  WherrySignalingServer *self = g_new0 (WherrySignalingServer, 1);
  guint connections_max
      = config->connections_max > 0 ? config->connections_max : default_connections_max ();
  gint64 deadline_us = config->header_deadline_us > 0 ? config->header_deadline_us
                                                      : WHERRY_HTTP_HEADER_DEADLINE_US;
  gint64 join_deadline_us
      = config->join_deadline_us > 0 ? config->join_deadline_us : WHERRY_SIGNAL_JOIN_DEADLINE_US;

  self->relay = relay;
  self->no_page = config->no_page;
  self->admission = config->admission;
  self->proxies = config->proxies;
  self->clock = wherry_clock_ref (config->clock != NULL ? config->clock : wherry_clock_system ());
  self->context = g_main_context_ref_thread_default ();
  self->own_origins = wherry_origin_policy_new ();
  self->origins = config->origins != NULL ? config->origins : self->own_origins;
  self->ping_interval_s = config->ping_interval_s > 0
                              ? config->ping_interval_s
                              : (guint) (WHERRY_SIGNAL_PING_INTERVAL_US / G_USEC_PER_SEC);
  self->joins = wherry_join_limit_new (config->joins_per_address);
  self->waiting
      = wherry_join_watch_new (join_deadline_us, self->clock, self->context, on_late, self);
  self->sockets
      = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) wherry_signaling_socket_free, NULL);
  self->listener
      = wherry_http_listener_new (connections_max, deadline_us, self->clock, on_accept, self);

  self->api = wherry_http_api_new (&(WherryHttpApiConfig){
      .relay = relay,
      .listener = self->listener,
      .hosts = self->origins,
      .origins = config->cors_origins != NULL ? config->cors_origins : self->origins,
      .joins = self->joins,
      .admission = self->admission,
      .clock = self->clock,
  });

  /* raw: a name with a percent-encoded / is one segment of a path */
  self->http = soup_server_new ("server-header", "wherryd", "raw-paths", TRUE, NULL);
  /* it checks sizes before it inflates: 64 KiB on the wire were 60 MB in memory */
  soup_server_remove_websocket_extension (self->http, SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
  soup_server_add_early_handler (self->http, "/", on_headers, self, NULL);
  soup_server_add_handler (self->http, "/", on_request, self, NULL);
  soup_server_add_early_handler (self->http, CONNECT_PATH, on_headers, self, NULL);
  soup_server_add_websocket_handler (self->http, CONNECT_PATH, NULL, (char **) subprotocols,
                                     on_websocket, self, NULL);
  g_signal_connect (self->http, "request-read", G_CALLBACK (on_request_read), self);
  self->ping_timer = wherry_clock_add (self->clock, self->context,
                                       self->ping_interval_s * G_USEC_PER_SEC, on_ping_timer, self);
  return self;
}

void
wherry_signaling_server_free (WherrySignalingServer *self)
{
  wherry_clock_clear_source (&self->ping_timer);
  wherry_clock_clear_source (&self->grace_timer);
  wherry_clock_clear_source (&self->idle);
  g_hash_table_unref (self->sockets);
  wherry_http_api_free (self->api);
  wherry_join_limit_free (self->joins);
  wherry_join_watch_free (self->waiting);
  soup_server_disconnect (self->http);
  g_signal_handlers_disconnect_by_data (self->http, self);
  g_object_unref (self->http);
  wherry_http_listener_free (self->listener);
  wherry_origin_policy_free (self->own_origins);
  wherry_clock_unref (self->clock);
  g_main_context_unref (self->context);
  g_free (self);
}

char *
wherry_signaling_server_listen (WherrySignalingServer *self, GSocketAddress *address,
                                GError **error)
{
  g_autoptr (GSocketAddress) bound = wherry_http_listener_add (self->listener, address, error);
  GInetSocketAddress *inet;
  g_autofree char *ip = NULL;
  gboolean is_ipv6;

  if (bound == NULL)
    return NULL;

  inet = G_INET_SOCKET_ADDRESS (bound);
  ip = g_inet_address_to_string (g_inet_socket_address_get_address (inet));
  is_ipv6 = strchr (ip, ':') != NULL;
  return g_strdup_printf ("http://%s%s%s:%u/", is_ipv6 ? "[" : "", ip, is_ipv6 ? "]" : "",
                          g_inet_socket_address_get_port (inet));
}

void
wherry_signaling_server_drain (WherrySignalingServer *self)
{
  GHashTableIter iter;
  gpointer socket;

  self->draining = TRUE;
  wherry_http_api_drain (self->api);
  wherry_http_listener_stop (self->listener);
  g_hash_table_iter_init (&iter, self->sockets);
  while (g_hash_table_iter_next (&iter, &socket, NULL))
    wherry_signaling_socket_shutdown (socket);
}

static gboolean
on_grace_over (gpointer data)
{
  WherrySignalingServer *self = data;

  wherry_http_listener_abort_all (self->listener);
  return G_SOURCE_REMOVE;
}

void
wherry_signaling_server_shutdown (WherrySignalingServer *self, void (*done) (gpointer user_data),
                                  gpointer user_data)
{
  self->done = done;
  self->done_data = user_data;
  self->grace_timer
      = wherry_clock_add (self->clock, self->context, CLOSE_GRACE_US, on_grace_over, self);
  self->idle = wherry_clock_add (self->clock, self->context, 0, on_maybe_done, self);
}

guint
wherry_signaling_server_get_n_sockets (WherrySignalingServer *self)
{
  return g_hash_table_size (self->sockets);
}
