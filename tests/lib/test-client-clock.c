/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-virtual-clock.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "lib/wherry-client-core-private.h"
#include "lib/wherry-relay.h"
#include "lib/wherry-server.h"

#include "relay-end.h"

/* When a client tries again, and how long it waits: on virtual time, over a real loopback. */

#define MIN_MS 1000u
#define MAX_MS 8000u

typedef struct
{
  RelayEnd relay_end;
  WherryConfiguration *configuration;
  WherryClock *clock;
  WherryClient *client;
  gboolean finished;
  GError *error;
  GSocketService *deaf; /* NULL: none; takes the server's place */
  gboolean hangs_up;
  guint n_tries;
} Fixture;

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source,
             gpointer user_data)
{
  Fixture *self = user_data;

  self->n_tries++;
  if (self->hangs_up)
    g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  else
    g_object_set_data_full (G_OBJECT (service), "waits", g_object_ref (connection), g_object_unref);
  return TRUE;
}

static void
start_deaf (Fixture *self, guint port)
{
  g_autoptr (GError) error = NULL;

  self->deaf = g_socket_service_new ();
  g_signal_connect (self->deaf, "incoming", G_CALLBACK (on_incoming), self);
  g_socket_listener_add_inet_port (G_SOCKET_LISTENER (self->deaf), (guint16) port, NULL, &error);
  g_assert_no_error (error);
}

static void
stop_deaf (Fixture *self)
{
  g_signal_handlers_disconnect_by_data (self->deaf, self);
  g_socket_service_stop (self->deaf);
  g_socket_listener_close (G_SOCKET_LISTENER (self->deaf));
  g_clear_object (&self->deaf);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  relay_end_init (&self->relay_end, NULL);
  relay_end_start_server (&self->relay_end, 0);
  self->configuration = relay_end_make_configuration ();
  self->clock = wherry_virtual_clock_new ();
  self->client = wherry_client_new (wherry_server_get_uri (self->relay_end.server), "room", NULL);
  g_object_set (self->client, "configuration", self->configuration, "min-delay", MIN_MS,
                "max-delay", MAX_MS, NULL);
  relay_end_watch (&self->relay_end, self->client);
  wherry_client_set_clock (self->client, self->clock);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  gpointer client = self->client;

  g_object_add_weak_pointer (client, &client);
  g_clear_object (&self->client);
  g_assert_null (client);
  if (self->relay_end.server != NULL)
    relay_end_stop_server (&self->relay_end);
  if (self->deaf != NULL)
    stop_deaf (self);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (wherry_virtual_clock_get_n_sources (self->clock), ==, 0);
  wherry_clock_unref (self->clock);
  g_clear_object (&self->configuration);
  g_clear_error (&self->error);
  relay_end_clear (&self->relay_end, NULL);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *self = user_data;

  self->finished = TRUE;
  wherry_client_join_finish (WHERRY_CLIENT (source), result, &self->error);
}

static void
advance (Fixture *self, gint64 interval_us)
{
  wherry_virtual_clock_advance (self->clock, interval_us);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
waits (Fixture *self)
{
  return self->client->core->retry != NULL && self->client->core->link == NULL;
}

/* It waits to try again: half of delay_ms at least, all of it at most. */
static void
check_delay (Fixture *self, guint delay_ms)
{
  gint64 half_us = delay_ms * 1000 / 2;
  guint n_waits;

  WHERRY_WAIT_UNTIL (NULL, waits (self));
  n_waits = self->client->core->backoff.n_tries;
  g_assert_cmpint (wherry_client_get_state (self->client), ==, WHERRY_CLIENT_STATE_RECONNECTING);
  advance (self, half_us - 1);
  g_assert_true (waits (self));
  advance (self, half_us + 1);
  /* it tried, and may have seen by now that it was in vain */
  g_assert_true (!waits (self) || self->client->core->backoff.n_tries == n_waits + 1);
}

static void
join (Fixture *self)
{
  wherry_client_join_async (self->client, NULL, on_joined, self);
  WHERRY_WAIT_UNTIL (NULL, self->finished);
  g_assert_no_error (self->error);
  g_assert_cmpuint (wherry_virtual_clock_get_n_sources (self->clock), ==, 0);
}

static void
wait_until_back (Fixture *self)
{
  WHERRY_WAIT_UNTIL (NULL, wherry_client_get_state (self->client) == WHERRY_CLIENT_STATE_CONNECTED);
}

static void
test_backoff (Fixture *self, gconstpointer data)
{
  static const guint delays_ms[] = { 1000, 2000, 4000, 8000, 8000, 8000 };
  guint port;

  join (self);
  port = relay_end_stop_server (&self->relay_end);
  self->hangs_up = TRUE;
  start_deaf (self, port);
  for (guint i = 0; i < G_N_ELEMENTS (delays_ms); i++)
    {
      g_assert_cmpuint (self->n_tries, ==, i);
      check_delay (self, delays_ms[i]);
      WHERRY_WAIT_UNTIL (NULL, self->n_tries == i + 1);
    }
  WHERRY_WAIT_UNTIL (NULL, waits (self));
  stop_deaf (self);
  relay_end_start_server (&self->relay_end, port);
  check_delay (self, MAX_MS);
  wait_until_back (self);

  /* it did not last: that was no success */
  advance (self, WHERRY_BACKOFF_STABLE_US - 1);
  relay_end_stop_server (&self->relay_end);
  relay_end_start_server (&self->relay_end, port);
  check_delay (self, MAX_MS);
  wait_until_back (self);
  /* and this one was */
  advance (self, WHERRY_BACKOFF_STABLE_US);
  relay_end_stop_server (&self->relay_end);
  check_delay (self, MIN_MS);
}

/* A server that takes the connection and says nothing. */
static void
test_limit (Fixture *self, gconstpointer data)
{
  guint port = relay_end_stop_server (&self->relay_end);

  start_deaf (self, port);
  wherry_client_join_async (self->client, NULL, on_joined, self);
  WHERRY_WAIT_UNTIL (NULL, self->n_tries == 1);
  advance (self, WHERRY_CONNECT_LIMIT_US - 1);
  g_assert_false (self->finished);
  advance (self, 1);
  WHERRY_WAIT_UNTIL (NULL, self->finished);
  g_assert_error (self->error, WHERRY_ERROR, WHERRY_ERROR_TIMEOUT);
  g_assert_cmpint (wherry_client_get_state (self->client), ==, WHERRY_CLIENT_STATE_FAILED);
}

/* Neither waits for the end of it. */
static void
test_end_while_waiting (Fixture *self, gconstpointer data)
{
  gboolean left = FALSE;

  join (self);
  relay_end_stop_server (&self->relay_end);
  WHERRY_WAIT_UNTIL (NULL, waits (self));
  wherry_client_leave_async (self->client, NULL, on_done, &left);
  WHERRY_WAIT_UNTIL (NULL, left);
  g_assert_cmpuint (wherry_virtual_clock_get_n_sources (self->clock), ==, 0);
  g_assert_cmpint (wherry_client_get_state (self->client), ==, WHERRY_CLIENT_STATE_CLOSED);
}

#define ADD(path, func) g_test_add ("/client-clock/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("backoff", test_backoff);
  ADD ("limit", test_limit);
  ADD ("end-while-waiting", test_end_while_waiting);
  return g_test_run ();
}
