/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-lock.h"
#include "fixtures/wherry-test-client.h"
#include "fixtures/wherry-wait.h"
#include "relay/wherry-relay-hub.h"
#include "sctp/wherry-sctp-runtime.h"
#include "signaling/wherry-signaling-server.h"

/* A relay and its signaling on a hub thread of their own, which is held for a while, and two
 * members on other threads that keep exchanging messages. */

#define HOLD_US (2 * G_USEC_PER_SEC)
/* Messages a second and member: steady, and far below what a loaded machine can do, so that what
 * arrives tells whether messages pass and not how busy the machine is. */
#define RATE 500
#define SIZE 256

typedef struct
{
  WherryWorker *hub;
  /* hub thread only */
  WherryRelayHub *relay;
  WherrySignalingServer *server;
  /* any thread: atomic */
  gint ready;    /* the hub's last task is done */
  gint received; /* by both members */
  gboolean count_on_hub;
  /* any thread: under the lock */
  WherryLock lock;
  GCond changed;
  gboolean holding;
  /* main thread only */
  char *url;
  WherryWorker *workers[2];
  WherryTestClient *members[2];
  GSource *pace;
  gint64 begun_us;
  guint sent; /* by each */
} Fixture;

/* ---- on the hub ---- */

static gboolean
start_server (gpointer data)
{
  Fixture *f = data;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  WherryRelayConfig *config = wherry_relay_config_new ();
  WherrySignalingConfig signaling = { 0 };
  g_autoptr (GError) error = NULL;

  if (config->ice == NULL)
    config->ice = wherry_ice_config_new ();
  g_assert_true (wherry_ice_config_add_bind_address (config->ice, "127.0.0.1", NULL));
  f->relay = wherry_relay_hub_new (config, g_main_context_get_thread_default (), NULL);
  f->server = wherry_signaling_server_new (f->relay, &signaling);
  f->url = wherry_signaling_server_listen (f->server, address, &error);
  g_assert_no_error (error);
  g_atomic_int_set (&f->ready, TRUE);
  return G_SOURCE_REMOVE;
}

static void
on_server_done (gpointer user_data)
{
  Fixture *f = user_data;

  wherry_signaling_server_free (f->server);
  wherry_relay_hub_free (f->relay);
  g_atomic_int_set (&f->ready, TRUE);
}

static void
on_relay_done (gpointer user_data)
{
  Fixture *f = user_data;

  wherry_signaling_server_shutdown (f->server, on_server_done, f);
}

static gboolean
stop_server (gpointer data)
{
  Fixture *f = data;

  wherry_signaling_server_drain (f->server);
  wherry_relay_hub_shutdown (f->relay, on_relay_done, f);
  return G_SOURCE_REMOVE;
}

/* What a hub that does something for very long looks like to everybody else. */
static gboolean
hold (gpointer data)
{
  Fixture *f = data;
  gint64 end_us = g_get_monotonic_time () + WHERRY_WAIT_LIMIT_US;

  wherry_lock_acquire (&f->lock);
  f->holding = TRUE;
  g_cond_broadcast (&f->changed);
  while (f->holding && g_get_monotonic_time () < end_us)
    wherry_lock_wait_until (&f->lock, &f->changed, end_us);
  wherry_lock_release (&f->lock);
  return G_SOURCE_REMOVE;
}

static gboolean
count (gpointer data)
{
  Fixture *f = data;

  g_atomic_int_inc (&f->received);
  return G_SOURCE_REMOVE;
}

/* ---- the members ---- */

/* On a peer thread. */
static void
on_message (const char *label, WherryMessage *message, gpointer user_data)
{
  Fixture *f = user_data;

  if (f->count_on_hub)
    wherry_worker_post_call (f->hub, count, f, NULL);
  else
    count (f);
}

/* Sends what is due by now, however late it is called. */
static gboolean
on_pace (gpointer data)
{
  static const guint8 payload[SIZE];
  Fixture *f = data;
  guint due = (guint) ((g_get_monotonic_time () - f->begun_us) * RATE / G_USEC_PER_SEC);

  for (; f->sent < due; f->sent++)
    for (guint i = 0; i < G_N_ELEMENTS (f->members); i++)
      wherry_test_client_send (f->members[i], "chat", WHERRY_MESSAGE_BINARY, payload, SIZE);
  return G_SOURCE_CONTINUE;
}

static void
start_members (Fixture *f)
{
  static const WherryChannelInit chat
      = { .label = "chat", .protocol = "", .ordered = TRUE, .id = WHERRY_CHANNEL_ID_NONE };

  for (guint i = 0; i < G_N_ELEMENTS (f->members); i++)
    {
      WherryTestClientConfig config = { .url = f->url,
                                        .room = "room",
                                        .channels = &chat,
                                        .n_channels = 1,
                                        .worker = f->workers[i],
                                        .message = on_message,
                                        .message_data = f,
                                        .forget_messages = TRUE };

      f->members[i] = wherry_test_client_new (&config);
    }
  for (guint i = 0; i < G_N_ELEMENTS (f->members); i++)
    WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_open (f->members[i], "chat"));
  f->begun_us = g_get_monotonic_time ();
  f->pace = g_timeout_source_new (2);
  g_source_set_callback (f->pace, on_pace, f, NULL);
  g_source_attach (f->pace, NULL);
}

/* ---- life ---- */

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  wherry_lock_init (&f->lock);
  g_cond_init (&f->changed);
  f->count_on_hub = GPOINTER_TO_INT (data);
  f->hub = wherry_worker_new ("hub", &error);
  g_assert_no_error (error);
  wherry_worker_post_call (f->hub, start_server, f, NULL);
  WHERRY_WAIT_UNTIL (NULL, g_atomic_int_get (&f->ready));
  for (guint i = 0; i < G_N_ELEMENTS (f->workers); i++)
    {
      f->workers[i] = wherry_worker_new ("member", &error);
      g_assert_no_error (error);
    }
  start_members (f);
}

static void
end_worker (WherryWorker *worker)
{
  wherry_worker_post_stop (worker);
  wherry_worker_join (worker);
  wherry_worker_unref (worker);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_source_destroy (f->pace);
  g_source_unref (f->pace);
  for (guint i = 0; i < G_N_ELEMENTS (f->members); i++)
    wherry_test_client_free (f->members[i]);
  g_atomic_int_set (&f->ready, FALSE);
  wherry_worker_post_call (f->hub, stop_server, f, NULL);
  WHERRY_WAIT_UNTIL (NULL, g_atomic_int_get (&f->ready));
  end_worker (f->hub);
  for (guint i = 0; i < G_N_ELEMENTS (f->workers); i++)
    end_worker (f->workers[i]);
  g_cond_clear (&f->changed);
  wherry_lock_clear (&f->lock);
  g_free (f->url);
  g_assert_true (wherry_sctp_runtime_shutdown ());
}

/* ---- tests ---- */

typedef struct
{
  gint64 time_us;
  gint received;
} Mark;

static Mark
mark (Fixture *f)
{
  return (Mark){ g_get_monotonic_time (), g_atomic_int_get (&f->received) };
}

/* Messages a second since then. */
static double
get_rate (Fixture *f, const Mark *since)
{
  Mark now = mark (f);

  return (now.received - since->received) * 1e6 / (double) (now.time_us - since->time_us);
}

static void
hold_hub (Fixture *f)
{
  wherry_worker_post_call (f->hub, hold, f, NULL);
  wherry_lock_acquire (&f->lock);
  while (!f->holding)
    wherry_lock_wait (&f->lock, &f->changed);
  wherry_lock_release (&f->lock);
}

static void
let_hub_go (Fixture *f)
{
  wherry_lock_acquire (&f->lock);
  g_assert_true (f->holding);
  f->holding = FALSE;
  g_cond_broadcast (&f->changed);
  wherry_lock_release (&f->lock);
}

static double
measure_window (Fixture *f)
{
  Mark begin = mark (f);

  WHERRY_WAIT_UNTIL (NULL, g_get_monotonic_time () >= begin.time_us + HOLD_US);
  return get_rate (f, &begin);
}

/* The rates before and while the hub is held. */
static void
measure (Fixture *f, double *before, double *during)
{
  WHERRY_WAIT_UNTIL (NULL, g_atomic_int_get (&f->received) > RATE / 2); /* it flows */
  *before = measure_window (f);
  hold_hub (f);
  *during = measure_window (f);
  let_hub_go (f);
  g_test_message ("%.0f messages a second before, %.0f while the hub was held", *before, *during);
}

static void
test_messages_pass (Fixture *f, gconstpointer data)
{
  double before;
  double during;

  measure (f, &before, &during);
  g_assert_cmpfloat (during, >=, 0.7 * before);
  for (guint i = 0; i < G_N_ELEMENTS (f->members); i++)
    {
      WherryTestStats stats;

      WHERRY_WAIT_UNTIL (NULL, (wherry_test_client_get_stats (f->members[1 - i], &stats),
                                stats.received >= f->sent));
      g_assert_cmpuint (stats.send_failed, ==, 0);
    }
}

/* The other half of the proof: a message that needs the hub is seen not to arrive. */
static void
test_measure_sees_the_hub (Fixture *f, gconstpointer data)
{
  double before;
  double during;

  measure (f, &before, &during);
  g_assert_cmpfloat (during, <, 0.3 * before);
}

/* And the hub is held indeed: nobody can join meanwhile. */
static void
test_hub_is_held (Fixture *f, gconstpointer data)
{
  WherryTestClientConfig config
      = { .url = f->url, .room = "room", .mode = WHERRY_TEST_JOIN_ONLY, .worker = f->workers[0] };
  g_autoptr (WherryTestClient) late = NULL;
  gint64 end_us;

  hold_hub (f);
  end_us = g_get_monotonic_time () + HOLD_US;
  late = wherry_test_client_new (&config);
  WHERRY_WAIT_UNTIL (NULL, g_get_monotonic_time () >= end_us);
  g_assert_false (wherry_test_client_is_joined (late));
  let_hub_go (f);
  WHERRY_WAIT_UNTIL (NULL, wherry_test_client_is_joined (late));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, on_hub, func)                                                                    \
  g_test_add (path, Fixture, GINT_TO_POINTER (on_hub), set_up, func, tear_down)
  ADD ("/hub-held/messages-pass", FALSE, test_messages_pass);
  ADD ("/hub-held/measure-sees-the-hub", TRUE, test_measure_sees_the_hub);
  ADD ("/hub-held/hub-is-held", FALSE, test_hub_is_held);
  return g_test_run ();
}
