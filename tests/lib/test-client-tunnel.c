/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "client-life.h"
#include "far-server.h"
#include "fixtures/wherry-wait.h"
#include "lib/wherry.h"

/* A firewall on this machine drops UDP: two clients talk all the same, soon, and go over to WebRTC
 * when it lets UDP through, while messages pass. */

#define SEND_EVERY_MS 2
#define WITHIN_MS 5000

typedef struct
{
  WherryClient *client;
  WherryDataChannel *chat;
  GSource *sending;
  guint n_sent;
  guint n_heard;
  guint first; /* number that was heard */
  guint n_connections;
  GString *transports;
} End;

static const char *wherryd;

/* ---- the firewall ---- */

static void
nft (const char *rules)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, "nft", "-f", "-", NULL);

  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, rules, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (process));
}

/* What comes in, so that nobody who sends is told. */
static void
block_udp (void)
{
  nft ("table inet wherry { chain in { type filter hook input priority 0;"
       " meta l4proto udp drop; }; }\n");
}

static void
unblock_udp (void)
{
  nft ("delete table inet wherry\n");
}

/* ---- the server ---- */

static void
set_up (FarServer *self, gconstpointer data)
{
  far_server_start (self, wherryd, FAR_SERVER_LISTEN, "--bind-address", "10.77.0.2", NULL);
}

static void
tear_down (FarServer *self, gconstpointer data)
{
  far_server_clear (self);
}

/* ---- clients that number what they send ---- */

static void
on_message (WherryDataChannel *channel, GBytes *data, gboolean is_text, gpointer user_data)
{
  End *self = user_data;
  g_autofree char *text = g_strndup (g_bytes_get_data (data, NULL), g_bytes_get_size (data));
  guint number = (guint) atoi (text);

  if (self->n_heard == 0)
    self->first = number;
  g_assert_cmpuint (number, ==, self->first + self->n_heard);
  self->n_heard++;
}

static gboolean
on_send (gpointer user_data)
{
  End *self = user_data;
  g_autofree char *text = g_strdup_printf ("%u", self->n_sent);
  g_autoptr (GError) error = NULL;

  wherry_data_channel_send_text (self->chat, text, &error);
  g_assert_no_error (error);
  self->n_sent++;
  return G_SOURCE_CONTINUE;
}

static void
on_prepare (WherryClient *client, WherryPeerConnection *connection, gpointer user_data)
{
  End *self = user_data;
  g_autoptr (GError) error = NULL;

  self->n_connections++;
  g_clear_object (&self->chat);
  self->chat = wherry_client_create_data_channel (client, "chat", NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (self->chat, "message", G_CALLBACK (on_message), self);
}

static void
on_transport (WherryClient *client, GParamSpec *pspec, gpointer user_data)
{
  g_string_append_printf (((End *) user_data)->transports, "%d",
                          wherry_client_get_transport (client));
}

static End *
end_join (FarServer *server, const char *name)
{
  End *self = g_new0 (End, 1);

  self->client = wherry_client_new (server->uri, "room", name);
  self->transports = g_string_new (NULL);
  g_signal_connect (self->client, "prepare", G_CALLBACK (on_prepare), self);
  g_signal_connect (self->client, "notify::transport", G_CALLBACK (on_transport), self);
  client_join (self->client);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (self->chat)
                               == WHERRY_DATA_CHANNEL_STATE_OPEN);
  self->sending = g_timeout_source_new (SEND_EVERY_MS);
  g_source_set_callback (self->sending, on_send, self, NULL);
  g_source_attach (self->sending, NULL);
  return self;
}

static void
end_leave (End *self)
{
  gpointer client = self->client;

  g_signal_handlers_disconnect_by_data (self->client, self);
  g_signal_handlers_disconnect_by_data (self->chat, self);
  client_leave (self->client);
  g_object_add_weak_pointer (client, &client);
  g_object_unref (self->client);
  WHERRY_WAIT_UNTIL (NULL, client == NULL);
  g_object_unref (self->chat);
  g_string_free (self->transports, TRUE);
  g_free (self);
}

static void
end_stop (End *self)
{
  g_source_destroy (self->sending);
  g_clear_pointer (&self->sending, g_source_unref);
}

static void
check_complete (End *ann, End *bob)
{
  end_stop (ann);
  end_stop (bob);
  WHERRY_WAIT_UNTIL (NULL, ann->first + ann->n_heard == bob->n_sent
                               && bob->first + bob->n_heard == ann->n_sent);
  g_assert_cmpuint (ann->n_connections, ==, 1);
  g_assert_cmpuint (bob->n_connections, ==, 1);
}

/* ---- the tests ---- */

static void
test_there_and_back (FarServer *self, gconstpointer data)
{
  gint64 begin_us;
  End *ann;
  End *bob;

  block_udp ();
  ann = end_join (self, "ann");
  begin_us = g_get_monotonic_time ();
  bob = end_join (self, "bob");
  WHERRY_WAIT_UNTIL (NULL, bob->n_heard > 0);
  g_test_message ("heard the first message %" G_GINT64_FORMAT " ms after it began to join",
                  (g_get_monotonic_time () - begin_us) / 1000);
  g_assert_cmpint ((g_get_monotonic_time () - begin_us) / 1000, <, WITHIN_MS);
  g_assert_cmpstr (ann->transports->str, ==, "2");
  WHERRY_WAIT_UNTIL (NULL, ann->n_heard > 200);

  unblock_udp ();
  begin_us = g_get_monotonic_time ();
  WHERRY_WAIT_UNTIL (NULL,
                     wherry_client_get_transport (ann->client) == WHERRY_CLIENT_TRANSPORT_WEBRTC
                         && wherry_client_get_transport (bob->client)
                                == WHERRY_CLIENT_TRANSPORT_WEBRTC);
  g_test_message ("both on WebRTC %" G_GINT64_FORMAT " ms after UDP was let through",
                  (g_get_monotonic_time () - begin_us) / 1000);
  WHERRY_WAIT_UNTIL (NULL, ann->n_sent > 2000);
  check_complete (ann, bob);
  g_test_message ("%u and %u messages", ann->n_heard, bob->n_heard);
  g_assert_cmpstr (ann->transports->str, ==, "21");
  g_assert_cmpstr (bob->transports->str, ==, "21");
  end_leave (ann);
  end_leave (bob);
}

static void
test_not_needed (FarServer *self, gconstpointer data)
{
  End *ann = end_join (self, "ann");

  g_assert_cmpstr (ann->transports->str, ==, "1");
  end_stop (ann);
  end_leave (ann);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  wherryd = argv[1];
  if (!far_server_enter ("nft"))
    return 0;
  g_test_add ("/client-tunnel/not-needed", FarServer, NULL, set_up, test_not_needed, tear_down);
  g_test_add ("/client-tunnel/there-and-back", FarServer, NULL, set_up, test_there_and_back,
              tear_down);
  return g_test_run ();
}
