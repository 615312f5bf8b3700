/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <glib/gstdio.h>
#include <libsoup/soup.h>

#include "relay-end.h"

/* A server on a relay, seen by a client of libsoup's. */

typedef struct
{
  RelayEnd relay_end;
  WherryServer *server;
  SoupSession *session;
  SoupWebsocketConnection *socket;
  GString *heard;
  guint status;
  gboolean answered;
  gboolean socket_closed;
} ServerEnd;

static void
set_up (ServerEnd *self, gconstpointer data)
{
  relay_end_init (&self->relay_end, NULL);
  self->server = wherry_server_new (self->relay_end.relay);
  relay_end_watch (&self->relay_end, self->server);
  self->session = soup_session_new ();
  self->heard = g_string_new (NULL);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (wherry_server_stop_finish (WHERRY_SERVER (source), result, &error));
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

static void
stop (ServerEnd *self)
{
  gboolean stopped = FALSE;

  wherry_server_stop_async (self->server, NULL, on_stopped, &stopped);
  g_assert_null (wherry_server_get_uri (self->server));
  WHERRY_WAIT_UNTIL (NULL, stopped);
}

static void
tear_down (ServerEnd *self, gconstpointer data)
{
  if (self->relay_end.relay != NULL)
    relay_end_close (&self->relay_end);
  if (self->server != NULL)
    stop (self);
  g_clear_object (&self->socket);
  g_clear_object (&self->session);
  g_clear_object (&self->server);
  g_string_free (self->heard, TRUE);
  relay_end_clear (&self->relay_end, NULL);
}

static void
start (ServerEnd *self)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = wherry_server_start (self->server, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

/* ---- the client ---- */

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ServerEnd *self = user_data;
  g_autoptr (GInputStream) stream = soup_session_send_finish (SOUP_SESSION (source), result, NULL);
  SoupMessage *message = soup_session_get_async_result_message (SOUP_SESSION (source), result);

  self->status = soup_message_get_status (message);
  self->answered = TRUE;
}

static guint
get (ServerEnd *self, const char *path, const char *origin)
{
  g_autofree char *uri = g_strconcat (wherry_server_get_uri (self->server), path, NULL);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", uri);

  if (origin != NULL)
    soup_message_headers_append (soup_message_get_request_headers (message), "Origin", origin);
  self->answered = FALSE;
  soup_session_send_async (self->session, message, G_PRIORITY_DEFAULT, NULL, on_sent, self);
  WHERRY_WAIT_UNTIL (NULL, self->answered);
  return self->status;
}

static void
on_frame (SoupWebsocketConnection *socket, int type, GBytes *data, gpointer user_data)
{
  ServerEnd *self = user_data;

  g_string_append_len (self->heard, g_bytes_get_data (data, NULL),
                       (gssize) g_bytes_get_size (data));
}

static void
on_socket_closed (SoupWebsocketConnection *socket, gpointer user_data)
{
  ((ServerEnd *) user_data)->socket_closed = TRUE;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ServerEnd *self = user_data;
  g_autoptr (GError) error = NULL;

  self->socket = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &error);
  g_assert_no_error (error);
  g_signal_connect (self->socket, "message", G_CALLBACK (on_frame), self);
  g_signal_connect (self->socket, "closed", G_CALLBACK (on_socket_closed), self);
}

static void
join (ServerEnd *self)
{
  g_autofree char *uri = g_strconcat (wherry_server_get_uri (self->server), "connect", NULL);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", uri);

  soup_session_websocket_connect_async (self->session, message, NULL, NULL, G_PRIORITY_DEFAULT,
                                        NULL, on_connected, self);
  WHERRY_WAIT_UNTIL (NULL, self->socket != NULL);
  soup_websocket_connection_send_text (self->socket,
                                       "{\"type\":\"join\",\"room\":\"room\",\"name\":\"web\"}");
}

/* ---- the tests ---- */

static void
test_joins (ServerEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann
      = local_end_join (&self->relay_end, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  WherryRoom *room = wherry_relay_lookup_room (self->relay_end.relay, "room");
  GListModel *members = wherry_room_get_members (room);
  g_autoptr (WherryMember) web = NULL;

  start (self);
  g_assert_cmpuint (wherry_server_get_port (self->server), >, 0);
  g_assert_true (wherry_server_get_relay (self->server) == self->relay_end.relay);
  join (self);
  WHERRY_WAIT_UNTIL (NULL, g_list_model_get_n_items (members) == 2);
  web = g_list_model_get_item (members, 1);
  g_assert_cmpstr (wherry_member_get_name (web), ==, "web");
  g_assert_false (wherry_member_is_local (web));
  g_assert_cmpint (wherry_member_get_state (web), ==, WHERRY_MEMBER_STATE_JOINED);
  g_assert_false (wherry_member_send_text (web, "chat", "x", NULL));
  WHERRY_WAIT_UNTIL (NULL, strstr (self->heard->str, "\"joined\"") != NULL);
  g_assert_nonnull (strstr (self->heard->str, wherry_member_get_id (ann->member)));

  wherry_member_leave (ann->member);
  WHERRY_WAIT_UNTIL (NULL, strstr (self->heard->str, "member-left") != NULL);
  g_assert_true (wherry_member_kick (web, NULL));
  WHERRY_WAIT_UNTIL (NULL, strstr (self->heard->str, "kicked") != NULL && self->socket_closed);
  g_assert_null (wherry_relay_lookup_room (self->relay_end.relay, "room"));
}

static void
test_origins (ServerEnd *self, gconstpointer data)
{
  const char *const allowed[] = { "https://chat.example.org", NULL };

  g_object_set (self->server, "allowed-origins", allowed, NULL);
  start (self);
  g_assert_cmpuint (get (self, "", NULL), ==, SOUP_STATUS_OK);
  g_assert_cmpuint (get (self, "", "https://chat.example.org"), ==, SOUP_STATUS_OK);
  g_assert_cmpuint (get (self, "", "https://other.example.org"), ==, SOUP_STATUS_FORBIDDEN);
  g_assert_cmpuint (get (self, "wherry.js", NULL), ==, SOUP_STATUS_OK);
}

static void
test_no_page (ServerEnd *self, gconstpointer data)
{
  g_object_set (self->server, "serve-page", FALSE, NULL);
  start (self);
  g_assert_cmpuint (get (self, "", NULL), ==, SOUP_STATUS_NOT_FOUND);
  g_assert_cmpuint (get (self, "wherry.js", NULL), ==, SOUP_STATUS_NOT_FOUND);
  g_assert_cmpuint (get (self, "healthz", NULL), ==, SOUP_STATUS_OK);
}

/* The key of nobody, and no file. */
static void
test_token_keys (ServerEnd *self, gconstpointer data)
{
  g_autofree char *directory = g_dir_make_tmp ("wherry-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "keys.json", NULL);
  const char *const keys[] = { path, NULL };
  g_autoptr (GError) error = NULL;

  g_object_set (self->server, "token-keys", keys, NULL);
  g_assert_false (wherry_server_start (self->server, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_assert_true (
      g_file_set_contents_full (path,
                                "{\"keys\":[{\"kty\":\"oct\",\"alg\":\"HS256\","
                                "\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}]}",
                                -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  start (self);
  join (self);
  WHERRY_WAIT_UNTIL (NULL, strstr (self->heard->str, "\"unauthorized\"") != NULL);
  g_assert_cmpuint (get (self, "rooms", NULL), ==, SOUP_STATUS_UNAUTHORIZED);
  g_unlink (path);
  g_rmdir (directory);
}

static void
test_beyond_loopback (ServerEnd *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_object_set (self->server, "host", "0.0.0.0", NULL);
  g_assert_false (wherry_server_start (self->server, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_FORBIDDEN);
  g_clear_error (&error);
  g_object_set (self->server, "host", "localhost", NULL);
  g_assert_false (wherry_server_start (self->server, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  /* what was refused can be put right */
  g_object_set (self->server, "host", "127.0.0.2", NULL);
  start (self);
  g_assert_true (g_str_has_prefix (wherry_server_get_uri (self->server), "http://127.0.0.2:"));
}

static void
test_refusals (ServerEnd *self, gconstpointer data)
{
  const char *const bad[] = { "chat.example.org/x", NULL };
  g_autoptr (WherryServer) second = wherry_server_new (self->relay_end.relay);
  g_autoptr (GError) error = NULL;

  g_object_set (self->server, "allowed-origins", bad, NULL);
  g_assert_false (wherry_server_start (self->server, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_object_set (self->server, "allowed-origins", NULL, NULL);
  start (self);
  g_assert_false (wherry_server_start (self->server, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE);
  g_clear_error (&error);
  g_object_set (second, "port", wherry_server_get_port (self->server), NULL);
  g_assert_false (wherry_server_start (second, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
}

static gpointer
drop (gpointer data)
{
  g_object_unref (data);
  return NULL;
}

/* The last references go on another thread, with a client there. */
static void
test_dropped_elsewhere (ServerEnd *self, gconstpointer data)
{
  start (self);
  join (self);
  WHERRY_WAIT_UNTIL (NULL, strstr (self->heard->str, "\"joined\"") != NULL);
  g_thread_join (g_thread_new ("drop", drop, g_steal_pointer (&self->relay_end.relay)));
  g_thread_join (g_thread_new ("drop", drop, g_steal_pointer (&self->server)));
  WHERRY_WAIT_UNTIL (NULL, strstr (self->heard->str, "shutdown") != NULL && self->socket_closed);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
cancel (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

/* Until it is told to end: then everybody has left. Started before or not. */
static void
test_run (gconstpointer data)
{
  g_autoptr (WherryRelay) relay = wherry_relay_new (NULL);
  g_autoptr (WherryServer) server = wherry_server_new (relay);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (WherryMember) member = NULL;
  g_autoptr (GError) error = NULL;

  g_object_set (server, "port", 0, NULL);
  member = wherry_relay_join (relay, "lobby", "the program", WHERRY_JOIN_FLAGS_NONE, &error);
  g_assert_no_error (error);
  if (GPOINTER_TO_INT (data))
    g_assert_true (wherry_server_start (server, NULL));
  g_idle_add (cancel, cancellable);
  g_assert_true (wherry_server_run (server, cancellable, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (wherry_relay_get_rooms (relay)), ==, 0);
  g_assert_false (wherry_member_send_text (member, "x", "nobody is there", NULL));
}

static void
test_run_in_vain (void)
{
  g_autoptr (WherryRelay) relay = wherry_relay_new (NULL);
  g_autoptr (WherryServer) server = wherry_server_new (relay);
  g_autoptr (GError) error = NULL;

  g_object_set (server, "host", "no address", NULL);
  g_assert_false (wherry_server_run (server, NULL, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
}

#define ADD(path, func) g_test_add ("/server/" path, ServerEnd, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("joins", test_joins);
  ADD ("origins", test_origins);
  ADD ("no-page", test_no_page);
  ADD ("token-keys", test_token_keys);
  ADD ("beyond-loopback", test_beyond_loopback);
  ADD ("refusals", test_refusals);
  ADD ("dropped-elsewhere", test_dropped_elsewhere);
  g_test_add_data_func ("/server/run", GINT_TO_POINTER (FALSE), test_run);
  g_test_add_data_func ("/server/run-started", GINT_TO_POINTER (TRUE), test_run);
  g_test_add_func ("/server/run-in-vain", test_run_in_vain);
  return g_test_run ();
}
