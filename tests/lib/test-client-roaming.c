/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client-life.h"
#include "far-server.h"
#include "fixtures/wherry-own-network.h"
#include "fixtures/wherry-wait.h"
#include "lib/wherry.h"

/* From one network to another while messages pass: two clients on this machine, wherryd on the
 * other. Signaling lives on, by another way. */

#define SEND_EVERY_MS 2

typedef struct
{
  FarServer server;
  WherryConfiguration *configuration;
  gboolean resume;
} Fixture;

typedef struct
{
  WherryClient *client;
  WherryDataChannel *chat;
  GSource *sending;
  guint n_sent;
  guint n_heard;
  GString *states;
  guint n_gone; /* members */
  guint n_ids;
  guint n_connections;
  guint n_offers;
  guint n_answers;
  guint n_refused;
} End;

static const char *wherryd;

/* data: (nullable): the only address that it may use */
static void
set_up (Fixture *self, gconstpointer data)
{
  far_server_start (&self->server, wherryd, FAR_SERVER_LISTEN, "--verbose",
                    data != NULL ? "--bind-address" : NULL, data, NULL);
  self->configuration = wherry_configuration_new ();
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  far_server_clear (&self->server);
  g_object_unref (self->configuration);
}

/* ---- clients that number what they send ---- */

static void
on_message (WherryDataChannel *channel, GBytes *data, gboolean is_text, gpointer user_data)
{
  End *self = user_data;
  g_autofree char *text = g_strndup (g_bytes_get_data (data, NULL), g_bytes_get_size (data));

  g_assert_cmpint (atoi (text), ==, self->n_heard);
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
on_negotiation_needed (WherryPeerConnection *connection, gpointer user_data)
{
  ((End *) user_data)->n_offers++;
}

static void
on_signaling (WherryPeerConnection *connection, GParamSpec *pspec, gpointer user_data)
{
  if (wherry_peer_connection_get_signaling_state (connection) == WHERRY_SIGNALING_STATE_STABLE)
    ((End *) user_data)->n_answers++;
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
  g_signal_connect (connection, "negotiation-needed", G_CALLBACK (on_negotiation_needed), self);
  g_signal_connect (connection, "notify::signaling-state", G_CALLBACK (on_signaling), self);
}

static void
on_notice (WherryClient *client, const char *code, const char *text, gpointer user_data)
{
  g_assert_cmpstr (code, ==, "server-full");
  ((End *) user_data)->n_refused++;
}

static void
on_state (WherryClient *client, GParamSpec *pspec, gpointer user_data)
{
  g_string_append_printf (((End *) user_data)->states, "%d", wherry_client_get_state (client));
}

static void
on_id (WherryClient *client, GParamSpec *pspec, gpointer user_data)
{
  ((End *) user_data)->n_ids++;
}

static void
on_members (GListModel *members, guint position, guint removed, guint added, gpointer user_data)
{
  ((End *) user_data)->n_gone += removed;
}

static End *
end_join (Fixture *fixture, const char *name)
{
  End *self = g_new0 (End, 1);

  self->client = wherry_client_new (fixture->server.uri, "room", name);
  g_object_set (self->client, "configuration", fixture->configuration, "resume", fixture->resume,
                NULL);
  self->states = g_string_new (NULL);
  g_signal_connect (self->client, "prepare", G_CALLBACK (on_prepare), self);
  g_signal_connect (self->client, "notice", G_CALLBACK (on_notice), self);
  g_signal_connect (self->client, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect (self->client, "notify::id", G_CALLBACK (on_id), self);
  g_signal_connect (wherry_client_get_members (self->client), "items-changed",
                    G_CALLBACK (on_members), self);
  client_join (self->client);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (self->chat)
                               == WHERRY_DATA_CHANNEL_STATE_OPEN);
  return self;
}

static void
end_begin (End *self)
{
  self->sending = g_timeout_source_new (SEND_EVERY_MS);
  g_source_set_callback (self->sending, on_send, self, NULL);
  g_source_attach (self->sending, NULL);
}

static void
end_stop (End *self)
{
  g_source_destroy (self->sending);
  g_clear_pointer (&self->sending, g_source_unref);
}

static void
end_leave (End *self)
{
  gpointer client = self->client;

  g_signal_handlers_disconnect_by_data (wherry_client_get_members (self->client), self);
  g_signal_handlers_disconnect_by_data (self->client, self);
  g_signal_handlers_disconnect_by_data (self->chat, self);
  client_leave (self->client);
  g_object_add_weak_pointer (client, &client);
  g_object_unref (self->client);
  WHERRY_WAIT_UNTIL (NULL, client == NULL);
  g_object_unref (self->chat);
  g_string_free (self->states, TRUE);
  g_free (self);
}

/* ---- the tests ---- */

/* Both ways, until all has arrived that was sent after this. */
static void
check_flow (End *ann, End *bob, const char *where)
{
  guint from_ann = ann->n_sent;
  guint from_bob = bob->n_sent;
  gint64 begin_us = g_get_monotonic_time ();

  WHERRY_WAIT_UNTIL (NULL, bob->n_heard > from_ann && ann->n_heard > from_bob);
  g_test_message ("%s: what was sent then took %" G_GINT64_FORMAT " ms (%u, %u)", where,
                  (g_get_monotonic_time () - begin_us) / 1000, from_ann, from_bob);
}

static void
check_nobody_left (End *self)
{
  g_assert_cmpstr (self->states->str, ==, "12"); /* joining, connected */
  g_assert_cmpuint (self->n_ids, ==, 1);
  g_assert_cmpuint (self->n_connections, ==, 1);
  g_assert_cmpuint (self->n_gone, ==, 0);
}

static void
finish (End *ann, End *bob)
{
  end_stop (ann);
  end_stop (bob);
  WHERRY_WAIT_UNTIL (NULL, ann->n_heard == bob->n_sent && bob->n_heard == ann->n_sent);
  check_nobody_left (ann);
  check_nobody_left (bob);
  end_leave (ann);
  end_leave (bob);
}

static void
begin (Fixture *self, End **ann, End **bob)
{
  *ann = end_join (self, "ann");
  *bob = end_join (self, "bob");
  end_begin (*ann);
  end_begin (*bob);
  check_flow (*ann, *bob, "at home");
}

/* Our addresses: one goes and another comes, and later one goes long before the next is there. */
static void
test_clients (Fixture *self, gconstpointer data)
{
  End *ann;
  End *bob;

  begin (self, &ann, &bob);
  wherry_own_network_ip ("address delete 10.77.0.1/24 dev wherry0");
  wherry_own_network_ip ("address add 10.88.0.1/24 dev wherry0");
  wherry_own_network_ip ("route add 10.77.0.0/24 dev wherry0");
  WHERRY_WAIT_UNTIL (NULL, ann->n_answers == 2 && bob->n_answers == 2);
  check_flow (ann, bob, "elsewhere");

  wherry_own_network_ip ("address delete 10.88.0.1/24 dev wherry0");
  WHERRY_WAIT_UNTIL (NULL, ann->n_answers == 3 && bob->n_answers == 3);
  wherry_own_network_ip ("address add 10.77.0.1/24 dev wherry0");
  check_flow (ann, bob, "home again");
  WHERRY_WAIT_UNTIL (NULL, ann->n_answers == 4 && bob->n_answers == 4);
  g_assert_cmpuint (ann->n_offers + bob->n_offers, ==, 8);
  finish (ann, bob);
}

/* The server's: its members are told to restart, and nobody else can know. */
static void
test_server (Fixture *self, gconstpointer data)
{
  End *ann;
  End *bob;

  begin (self, &ann, &bob);
  wherry_own_network_far_ip ("address delete 10.77.0.2/24 dev wherry1");
  WHERRY_WAIT_UNTIL (NULL, ann->n_answers == 2 && bob->n_answers == 2);
  wherry_own_network_far_ip ("address add 10.77.0.3/24 dev wherry1");
  WHERRY_WAIT_UNTIL (NULL, ann->n_answers == 3 && bob->n_answers == 3);
  check_flow (ann, bob, "with the server elsewhere");
  wherry_own_network_far_ip ("address delete 10.77.0.3/24 dev wherry1");
  wherry_own_network_far_ip ("address add 10.77.0.2/24 dev wherry1");
  WHERRY_WAIT_UNTIL (NULL, ann->n_answers == 4 && bob->n_answers == 4);
  check_flow (ann, bob, "with the server back");
  finish (ann, bob);
}

/* The only address that it may use goes: it cannot answer before that is back. */
static void
test_bound_server (Fixture *self, gconstpointer data)
{
  End *ann;
  End *bob;

  begin (self, &ann, &bob);
  wherry_own_network_far_ip ("address delete 10.77.0.2/24 dev wherry1");
  WHERRY_WAIT_UNTIL (NULL, ann->n_refused > 0 && bob->n_refused > 0);
  wherry_own_network_far_ip ("address add 10.77.0.2/24 dev wherry1");
  check_flow (ann, bob, "with the server back");
  finish (ann, bob);
}

/* Signaling goes with the address: nobody can say where the client is now. It comes back as another
 * member. */
static void
test_signaling_too (Fixture *self, gconstpointer data)
{
  End *ann = end_join (self, "ann");
  End *bob = end_join (self, "bob");
  gint64 begin_us;

  begin_us = g_get_monotonic_time ();
  wherry_own_network_ip ("address delete 10.77.0.1/24 dev wherry0");
  wherry_own_network_ip ("address delete 10.66.0.1/24 dev wherry2");
  wherry_own_network_ip ("address add 10.77.0.9/24 dev wherry0");
  wherry_own_network_ip ("address add 10.66.0.9/24 dev wherry2");
  WHERRY_WAIT_UNTIL (NULL, ann->n_connections == 2 && bob->n_connections == 2);
  WHERRY_WAIT_UNTIL (NULL,
                     wherry_client_get_state (ann->client) == WHERRY_CLIENT_STATE_CONNECTED
                         && wherry_client_get_state (bob->client) == WHERRY_CLIENT_STATE_CONNECTED);
  g_test_message ("back after %" G_GINT64_FORMAT " ms",
                  (g_get_monotonic_time () - begin_us) / 1000);
  g_assert_cmpuint (ann->n_ids, ==, 2);
  g_assert_cmpstr (ann->states->str, ==, "1232");
  end_leave (ann);
  end_leave (bob);
  wherry_own_network_ip ("address delete 10.77.0.9/24 dev wherry0");
  wherry_own_network_ip ("address delete 10.66.0.9/24 dev wherry2");
  wherry_own_network_ip ("address add 10.77.0.1/24 dev wherry0");
  wherry_own_network_ip ("address add 10.66.0.1/24 dev wherry2");
}

/* Nothing passes until either side has given up: they look for each other anew, over signaling. */
static void
test_silence (Fixture *self, gconstpointer data)
{
  End *ann;
  End *bob;

  begin (self, &ann, &bob);
  wherry_own_network_ip ("rule add pref 5 iif wherry0 ipproto udp blackhole");
  wherry_own_network_far_ip ("rule add pref 5 iif wherry1 ipproto udp blackhole");
  WHERRY_WAIT_UNTIL (NULL, g_str_equal (ann->states->str, "123")
                               && g_str_equal (bob->states->str, "123"));
  wherry_own_network_ip ("rule delete pref 5");
  wherry_own_network_far_ip ("rule delete pref 5");
  WHERRY_WAIT_UNTIL (NULL, g_str_equal (ann->states->str, "1232")
                               && g_str_equal (bob->states->str, "1232"));
  check_flow (ann, bob, "after the silence");
  g_string_assign (ann->states, "12");
  g_string_assign (bob->states, "12");
  finish (ann, bob);
}

/* Neither the socket's nor the connection's packets of now pass any more; a new one's do. */
static void
strike_down (void)
{
  g_autofree char *table = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents ("/proc/self/net/tcp", &table, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (table, "\n", -1);
  for (guint i = 1; lines[i] != NULL; i++)
    {
      guint port;
      guint state;
      g_autofree char *rule = NULL;

      if (sscanf (lines[i], " %*u: %*x:%x %*x:%*x %x", &port, &state) != 2 || state != 1)
        continue;
      rule = g_strdup_printf ("rule add pref 6 ipproto tcp sport %u blackhole", port);
      wherry_own_network_ip (rule);
      g_free (rule);
      rule = g_strdup_printf ("rule add pref 6 ipproto tcp dport %u blackhole", port);
      wherry_own_network_far_ip (rule);
    }
  wherry_own_network_ip ("rule add pref 5 ipproto udp blackhole");
}

static void
on_resumed (WherryClient *client, gpointer user_data)
{
  wherry_own_network_ip ("rule delete pref 5");
  *(gboolean *) user_data = TRUE;
}

/* Consent ends, and the offer that restarts ICE goes into a socket that died without a word. */
static void
test_dead_socket (Fixture *self, gconstpointer data)
{
  gboolean resumed = FALSE;
  gint64 begin_us;
  int took_ms;
  End *ann;

  self->resume = TRUE;
  ann = end_join (self, "ann");
  g_signal_connect (ann->client, "resumed", G_CALLBACK (on_resumed), &resumed);
  begin_us = g_get_monotonic_time ();
  strike_down ();
  WHERRY_WAIT_UNTIL (NULL,
                     resumed
                         && wherry_client_get_state (ann->client) == WHERRY_CLIENT_STATE_CONNECTED);
  took_ms = (int) ((g_get_monotonic_time () - begin_us) / 1000);
  g_test_message ("back after %d ms", took_ms);
  g_assert_cmpint (took_ms, <, 25 * 1000); /* 10 s of consent and 20 s of a restart are more */
  wherry_own_network_ip ("rule delete pref 6");
  wherry_own_network_far_ip ("rule delete pref 6");
  g_signal_handlers_disconnect_by_data (ann->client, &resumed);
  end_leave (ann);
}

#define ADD(path, data, func)                                                                      \
  g_test_add ("/client-roaming/" path, Fixture, data, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_assert_cmpint (argc, >=, 2);
  wherryd = argv[1];
  if (!far_server_enter (NULL))
    return 0;
  wherry_own_network_far_ip ("route add 10.88.0.0/24 dev wherry1");
  if (argc > 2) /* that takes a while */
    {
      ADD ("silence", NULL, test_silence);
      ADD ("dead-socket", NULL, test_dead_socket);
      return g_test_run ();
    }
  ADD ("clients", NULL, test_clients);
  ADD ("server", NULL, test_server);
  ADD ("signaling-too", NULL, test_signaling_too);
  ADD ("bound-server", "10.77.0.2", test_bound_server);
  return g_test_run ();
}
