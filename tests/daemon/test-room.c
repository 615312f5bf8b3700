/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-test-client.h"
#include "fixtures/wherry-wait.h"
#include "relay/wherry-relay-hub.h"
#include "sctp/wherry-sctp-runtime.h"
#include "signaling/wherry-signaling-server.h"

/* The relay and its signaling as the daemon puts them together, with native clients. */
typedef struct
{
  WherryRelayHub *relay;
  WherrySignalingServer *server;
  char *url;
  WherryWorker *worker;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  WherryRelayConfig *config = wherry_relay_config_new ();
  WherrySignalingConfig signaling = { 0 };
  g_autoptr (GError) error = NULL;

  if (config->ice == NULL)
    config->ice = wherry_ice_config_new ();
  g_assert_true (wherry_ice_config_add_bind_address (config->ice, "127.0.0.1", NULL));
  config->connect_limit_us = GPOINTER_TO_UINT (data) > 0
                                 ? GPOINTER_TO_UINT (data) * G_TIME_SPAN_MILLISECOND
                                 : config->connect_limit_us;
  f->relay = wherry_relay_hub_new (config, g_main_context_default (), NULL);
  f->server = wherry_signaling_server_new (f->relay, &signaling);
  f->url = wherry_signaling_server_listen (f->server, address, &error);
  g_assert_no_error (error);
  f->worker = wherry_worker_new ("clients", &error);
  g_assert_no_error (error);
}

static void
on_done (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  gboolean relay_done = FALSE;
  gboolean server_done = FALSE;

  wherry_signaling_server_drain (f->server);
  wherry_relay_hub_shutdown (f->relay, on_done, &relay_done);
  WHERRY_WAIT_UNTIL (NULL, relay_done);
  wherry_signaling_server_shutdown (f->server, on_done, &server_done);
  WHERRY_WAIT_UNTIL (NULL, server_done);
  wherry_signaling_server_free (f->server);
  wherry_relay_hub_free (f->relay);
  wherry_worker_post_stop (f->worker);
  wherry_worker_join (f->worker);
  wherry_worker_unref (f->worker);
  g_free (f->url);
  g_assert_true (wherry_sctp_runtime_shutdown ());
}

static const WherryChannelInit chat = {
  .label = "chat", .protocol = "", .ordered = TRUE, .priority = 256, .id = WHERRY_CHANNEL_ID_NONE
};
static const WherryChannelInit negotiated = {
  .label = "fixed", .protocol = "", .ordered = TRUE, .priority = 256, .negotiated = TRUE, .id = 1000
};

static WherryTestClient *
join (Fixture *f, const char *name, const WherryChannelInit *channel)
{
  WherryTestClientConfig config = { .url = f->url,
                                    .room = "room",
                                    .name = name,
                                    .channels = channel,
                                    .n_channels = channel != NULL ? 1 : 0,
                                    .worker = f->worker };

  return wherry_test_client_new (&config);
}

/* The next message at client is this text on this label. */
static gboolean
heard (WherryTestClient *client, const char *label, const char *text)
{
  g_autoptr (GPtrArray) messages = wherry_test_client_take_messages (client);
  WherryTestMessage *message;
  gsize length;
  const guint8 *data;

  if (messages->len == 0)
    return FALSE;
  message = messages->pdata[0];
  data = wherry_message_get_data (message->message, &length);
  g_assert_cmpuint (messages->len, ==, 1);
  g_assert_cmpstr (message->label, ==, label);
  g_assert_cmpmem (data, length, text, strlen (text));
  return TRUE;
}

static void
test_two_members (Fixture *f, gconstpointer data)
{
  g_autoptr (WherryTestClient) a = join (f, "Ann", &chat);
  g_autoptr (WherryTestClient) b = NULL;
  WherryLeaveReason reason;

  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (a, "chat"));
  b = join (f, "Bob", NULL); /* only listens: the relay opens it */
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (b, "chat"));
  g_assert_cmpuint (wherry_test_client_get_n_members (b), ==, 1);
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_get_n_members (a) == 1);

  wherry_test_client_send_text (a, "chat", "hello");
  WHERRY_WAIT_UNTIL (NULL, heard (b, "chat", "hello"));
  wherry_test_client_send_text (b, "chat", "hello yourself");
  WHERRY_WAIT_UNTIL (NULL, heard (a, "chat", "hello yourself"));

  wherry_test_client_leave (b);
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_socket_closed (b));
  g_assert_true (wherry_test_client_has_left (b, &reason));
  g_assert_cmpint (reason, ==, WHERRY_LEAVE_LEFT);
  g_assert_cmpuint (wherry_test_client_get_close_code (b), ==, 1000);
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_get_n_left (a, WHERRY_LEAVE_LEFT) == 1);
}

static void
test_echo (Fixture *f, gconstpointer data)
{
  static const WherryChannelInit cats = { .label = "cat-noises",
                                          .protocol = "",
                                          .ordered = TRUE,
                                          .priority = 256,
                                          .negotiated = TRUE,
                                          .id = 0 };
  WherryTestClientConfig config = {
    .url = f->url, .mode = WHERRY_TEST_CALL, .channels = &cats, .n_channels = 1, .worker = f->worker
  };
  g_autoptr (WherryTestClient) client = wherry_test_client_new (&config);

  wherry_test_client_send_text (client, "cat-noises", "meow, meow!\n");
  WHERRY_WAIT_UNTIL (NULL, heard (client, "cat-noises", "meow, meow!\n"));
}

static guint
get_n_connected (Fixture *f)
{
  WherryRelayStats stats;

  wherry_relay_hub_get_stats (f->relay, &stats);
  return stats.connected;
}

static void
test_negotiated (Fixture *f, gconstpointer data)
{
  g_autoptr (WherryTestClient) a = join (f, NULL, &negotiated);
  g_autoptr (WherryTestClient) b = join (f, NULL, &negotiated);

  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (a, "fixed"));
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (b, "fixed"));
  WHERRY_WAIT_UNTIL (NULL, get_n_connected (f) == 2);
  wherry_test_client_send_text (a, "fixed", "x");
  WHERRY_WAIT_UNTIL (NULL, heard (b, "fixed", "x"));
}

static void
test_flood (Fixture *f, gconstpointer data)
{
  const guint n = 2000;
  g_autoptr (WherryTestClient) a = join (f, NULL, &chat);
  g_autoptr (WherryTestClient) b = join (f, NULL, &chat);
  g_autoptr (WherryTestClient) c = join (f, NULL, &chat);
  WherryTestClient *all[] = { a, b, c };

  for (guint i = 0; i < 3; i++)
    WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (all[i], "chat"));
  for (guint i = 0; i < 3; i++)
    wherry_test_client_flood (all[i], "chat", i, n, 1024);
  for (guint i = 0; i < 3; i++)
    {
      WherryTestStats stats;

      for (guint from = 0; from < 3; from++)
        if (from != i)
          WHERRY_WAIT_UNTIL (NULL, wherry_test_client_get_n_flooded (all[i], "chat", from) == n);
      wherry_test_client_get_stats (all[i], &stats);
      g_assert_cmpuint (stats.gaps, ==, 0);
      g_assert_cmpuint (stats.misplaced, ==, 0);
      g_assert_cmpuint (stats.received, ==, 2 * n);
    }
}

static void
test_socket_gone_member_stays (Fixture *f, gconstpointer data)
{
  g_autoptr (WherryTestClient) a = join (f, NULL, &chat);
  g_autoptr (WherryTestClient) b = join (f, NULL, &chat);

  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (a, "chat"));
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (b, "chat"));
  wherry_test_client_close_socket (b);
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_socket_closed (b));
  wherry_test_client_send_text (a, "chat", "still there?");
  WHERRY_WAIT_UNTIL (NULL, heard (b, "chat", "still there?"));
  wherry_test_client_send_text (b, "chat", "yes");
  WHERRY_WAIT_UNTIL (NULL, heard (a, "chat", "yes"));

  wherry_test_client_abort (b);
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_get_n_members (a) == 0);
}

static void
test_ghosts_go (Fixture *f, gconstpointer data)
{
  WherryTestClientConfig config
      = { .url = f->url, .room = "room", .mode = WHERRY_TEST_JOIN_ONLY, .worker = f->worker };
  g_autoptr (WherryTestClient) ghost = wherry_test_client_new (&config);
  WherryLeaveReason reason;

  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_socket_closed (ghost));
  g_assert_true (wherry_test_client_has_left (ghost, &reason));
  g_assert_cmpint (reason, ==, WHERRY_LEAVE_TIMEOUT);
}

static void
test_restart (Fixture *f, gconstpointer data)
{
  g_autoptr (WherryTestClient) a = join (f, NULL, &chat);
  g_autoptr (WherryTestClient) b = join (f, NULL, &chat);

  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (a, "chat"));
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (b, "chat"));
  wherry_test_client_flood (a, "chat", 1, 1000, 1024);
  wherry_test_client_restart_ice (a);
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_get_n_flooded (b, "chat", 1) == 1000);
  g_assert_cmpint (wherry_test_client_get_error (a), ==, WHERRY_SIGNAL_ERROR_NONE);
}

static void
test_shutdown_tells (Fixture *f, gconstpointer data)
{
  g_autoptr (WherryTestClient) a = join (f, NULL, &chat);
  gboolean done = FALSE;
  WherryLeaveReason reason;

  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (a, "chat"));
  wherry_signaling_server_drain (f->server);
  wherry_relay_hub_shutdown (f->relay, on_done, &done);
  WHERRY_WAIT_UNTIL (NULL, done && wherry_test_client_is_socket_closed (a));
  g_assert_true (wherry_test_client_has_left (a, &reason));
  g_assert_cmpint (reason, ==, WHERRY_LEAVE_SHUTDOWN);
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_ended (a));
}

static struct
{
  void (*changed) (gpointer user_data);
  gpointer user_data;
  gint is_lost; /* atomic */
} network;

static gpointer
watch (GMainContext *context, void (*changed) (gpointer user_data), gpointer user_data)
{
  network.changed = changed;
  network.user_data = user_data;
  return &network;
}

static void
unwatch (gpointer data)
{
  g_assert_true (data == &network);
  network.changed = NULL;
}

static gboolean
has_address (const char *address)
{
  g_assert_cmpstr (address, ==, "127.0.0.1");
  return !g_atomic_int_get (&network.is_lost);
}

static void
on_network (gpointer user_data)
{
  *(guint *) user_data += 1;
}

/* Our addresses change: who is concerned restarts ICE, each in its way, and stays. */
static void
test_address_lost (Fixture *f, gconstpointer data)
{
  static const WherryIceNetwork fake = { watch, unwatch, has_address };
  WherryTestClientConfig config = { .url = f->url,
                                    .room = "room",
                                    .mode = WHERRY_TEST_CALL,
                                    .channels = &negotiated,
                                    .n_channels = 1,
                                    .worker = f->worker };
  g_autoptr (WherryTestClient) a = join (f, NULL, &negotiated);
  g_autoptr (WherryTestClient) b = wherry_test_client_new (&config);
  guint n = 0;

  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (a, "fixed")
                               && wherry_test_client_is_open (b, "fixed")
                               && get_n_connected (f) == 2);
  wherry_relay_hub_watch_network (f->relay, &fake, on_network, &n);
  network.changed (network.user_data); /* another address */
  g_assert_cmpuint (n, ==, 1);
  for (guint i = 0; i < 2; i++)
    {
      wherry_test_client_send_text (a, "fixed", "there");
      WHERRY_WAIT_UNTIL (NULL, heard (b, "fixed", "there"));
      wherry_test_client_send_text (b, "fixed", "back");
      WHERRY_WAIT_UNTIL (NULL, heard (a, "fixed", "back"));
      g_assert_cmpuint (wherry_test_client_get_n_restarts (a), ==, i);
      g_assert_cmpuint (wherry_test_client_get_n_restarts (b), ==, 0);
      g_assert_cmpuint (wherry_test_client_get_n_descriptions (a), ==, i + 1);
      g_assert_cmpuint (wherry_test_client_get_n_descriptions (b), ==, i + 1);
      if (i > 0)
        break;
      g_atomic_int_set (&network.is_lost, TRUE);
      network.changed (network.user_data);
      WHERRY_WAIT_UNTIL (NULL, wherry_test_client_get_n_descriptions (a) == 2
                                   && wherry_test_client_get_n_descriptions (b) == 2);
    }
  g_atomic_int_set (&network.is_lost, FALSE);
  g_assert_cmpint (wherry_test_client_get_error (a), ==, WHERRY_SIGNAL_ERROR_NONE);
  g_assert_cmpint (wherry_test_client_get_error (b), ==, WHERRY_SIGNAL_ERROR_NONE);
  g_assert_false (wherry_test_client_has_left (a, NULL));
  g_assert_false (wherry_test_client_has_left (b, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, connect_limit_ms, func)                                                          \
  g_test_add (path, Fixture, GUINT_TO_POINTER (connect_limit_ms), set_up, func, tear_down)
  ADD ("/room/two-members", 0, test_two_members);
  ADD ("/room/echo", 0, test_echo);
  ADD ("/room/negotiated", 0, test_negotiated);
  ADD ("/room/flood", 0, test_flood);
  ADD ("/room/socket-gone-member-stays", 0, test_socket_gone_member_stays);
  ADD ("/room/ghosts-go", 200, test_ghosts_go);
  ADD ("/room/restart", 0, test_restart);
  ADD ("/room/address-lost", 0, test_address_lost);
  ADD ("/room/shutdown-tells", 0, test_shutdown_tells);
  return g_test_run ();
}
