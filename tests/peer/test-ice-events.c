/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <gio/gio.h>

#include "fixtures/wherry-wait.h"
#include "ice/wherry-ice-network.h"
#include "peer/step-pair.h"

/* What ICE tells besides states and candidates comes to the hub, and what it is
 * told anew while it lives. */

static guint16 deaf_port; /* bound, and nobody listens: who connects is refused */

static GSocket *
bind_deaf (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  GSocket *socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);

  g_assert_no_error (error);
  g_assert_true (g_socket_bind (socket, any, FALSE, &error));
  bound = g_socket_get_local_address (socket, &error);
  g_assert_no_error (error);
  deaf_port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return socket;
}

static void
with_deaf_server (WherryPeerConfig *config)
{
  /* the configuration is the caller's own */
  wherry_ice_config_add_turns_server ((WherryIceConfig *) config->ice, "127.0.0.1", deaf_port,
                                      "user", "password");
}

static void
test_candidate_error (void)
{
  StepPair pair;
  g_autoptr (GSocket) socket = bind_deaf ();
  g_autofree char *url = g_strdup_printf ("turns:127.0.0.1:%u?transport=tcp", (guint) deaf_port);

  step_pair_init (&pair, with_deaf_server, NULL);
  step_pair_connect (&pair);
  WHERRY_WAIT_UNTIL (NULL, pair.a->n_gathered == 1);
  g_assert_cmpuint (pair.a->n_candidate_errors, ==, 1);
  g_assert_cmpuint (pair.a->error_code, ==, 701);
  g_assert_cmpstr (pair.a->error_url, ==, url);
  g_assert_cmpuint (pair.b->n_candidate_errors, ==, 0);
  g_assert_cmpuint (pair.a->n_addresses_changed, ==, 0);
  step_pair_clear (&pair);
}

/* with_server: one that refuses. Without it there is nothing new. */
static void
post_config (StepEnd *end, gboolean with_server)
{
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();
  g_autoptr (GError) error = NULL;

  wherry_ice_config_add_bind_address (config, "127.0.0.1", &error);
  g_assert_no_error (error);
  if (with_server)
    wherry_ice_config_add_turns_server (config, "127.0.0.1", deaf_port, "user", "password");
  wherry_peer_post_set_ice_config (end->peer, config);
}

/* Before anything was gathered: also after an offer was made, whose credentials stay. */
static void
test_config_before (StepPair *pair, gconstpointer data)
{
  g_autoptr (GSocket) socket = bind_deaf ();

  peer_traffic_create_channel (pair->a->peer, "first");
  g_assert_true (step_make_offer (pair->a, FALSE));
  post_config (pair->a, TRUE);
  g_assert_true (step_set_local (pair->a, pair->a->made));
  g_assert_true (step_set_remote (pair->b, pair->a->pending_local));
  g_assert_true (step_set_local (pair->b, NULL));
  g_assert_true (step_set_remote (pair->a, pair->b->current_local));
  step_pair_wait_open (pair);
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_gathered == 1);
  g_assert_cmpuint (pair->a->n_candidate_errors, ==, 1);
  step_pair_exchange (pair);
}

/* On a living connection: nothing happens until the next offer, which restarts ICE. */
static void
test_config_living (StepPair *pair, gconstpointer data)
{
  g_autoptr (GSocket) socket = bind_deaf ();
  g_autofree char *ufrag = NULL;

  step_pair_connect (pair);
  ufrag = g_strdup (pair->a->current_local->ice_ufrag);
  post_config (pair->a, FALSE); /* nothing new */
  step_negotiate (pair->a, FALSE);
  g_assert_cmpstr (pair->a->current_local->ice_ufrag, ==, ufrag);

  post_config (pair->a, TRUE);
  step_pair_exchange (pair);
  g_assert_cmpuint (pair->a->n_candidate_errors, ==, 0);
  g_assert_true (step_make_offer (pair->a, FALSE));
  g_assert_true (step_set_local (pair->a, NULL));
  g_assert_cmpstr (pair->a->pending_local->ice_ufrag, !=, ufrag);
  g_assert_true (step_rollback (pair->a, FALSE)); /* and so does the one after it */
  step_negotiate (pair->a, FALSE);
  g_assert_cmpstr (pair->a->current_local->ice_ufrag, !=, ufrag);
  WHERRY_WAIT_UNTIL (NULL, pair->a->n_candidate_errors > 0);
  step_pair_exchange (pair);

  g_free (ufrag);
  ufrag = g_strdup (pair->a->current_local->ice_ufrag);
  step_negotiate (pair->a, FALSE);
  g_assert_cmpstr (pair->a->current_local->ice_ufrag, ==, ufrag);
}

/* An address that is not ours fails the offer that would use it, and nothing else. */
static void
test_config_bad (StepPair *pair, gconstpointer data)
{
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();
  g_autoptr (GError) error = NULL;

  step_pair_connect (pair);
  wherry_ice_config_add_bind_address (config, "192.0.2.7", &error);
  g_assert_no_error (error);
  wherry_peer_post_set_ice_config (pair->a->peer, config);
  g_assert_true (step_make_offer (pair->a, FALSE));
  g_assert_false (step_set_local (pair->a, NULL));
  g_assert_cmpint (pair->a->signaling, ==, WHERRY_PEER_STABLE);
  step_pair_exchange (pair);
  post_config (pair->a, FALSE);
  step_negotiate (pair->a, FALSE);
  step_pair_exchange (pair);
}

/* ---- this machine's addresses ---- */

static void (*on_network_changed) (gpointer user_data);
static gpointer network_user;
static int n_watches; /* atomic */

static gpointer
watch_network (GMainContext *context, void (*changed) (gpointer user_data), gpointer user_data)
{
  on_network_changed = changed;
  network_user = user_data;
  g_atomic_int_inc (&n_watches);
  return &n_watches;
}

static void
unwatch_network (gpointer watch)
{
  g_assert_true (watch == &n_watches);
  g_atomic_int_add (&n_watches, -1);
}

static int n_asked; /* atomic */

/* It goes between the first question and the second. */
static gboolean
has_address (const char *address)
{
  g_assert_cmpstr (address, ==, "127.0.0.1");
  return g_atomic_int_add (&n_asked, 1) == 0;
}

static const WherryIceNetwork network = {
  .watch = watch_network,
  .unwatch = unwatch_network,
  .has_address = has_address,
};

static void
with_network (WherryPeerConfig *config)
{
  ((WherryIceConfig *) config->ice)->network = &network;
}

static void
change_network (WherryPeer *peer, gpointer data)
{
  on_network_changed (network_user);
}

static void
test_addresses_changed (void)
{
  StepPair pair;

  step_pair_init (&pair, with_network, NULL);
  step_pair_connect (&pair);
  g_assert_cmpint (g_atomic_int_get (&n_watches), ==, 1);
  post_config (pair.a, FALSE); /* which does not end the watch */
  wherry_peer_post_call (pair.a->peer, change_network, NULL, NULL);
  WHERRY_WAIT_UNTIL (NULL, pair.a->n_addresses_changed == 1);
  g_assert_false (pair.a->lost_address);
  wherry_peer_post_call (pair.a->peer, change_network, NULL, NULL);
  WHERRY_WAIT_UNTIL (NULL, pair.a->n_addresses_changed == 2);
  g_assert_true (pair.a->lost_address);
  step_negotiate (pair.a, TRUE);
  step_pair_exchange (&pair);
  step_pair_clear (&pair);
  g_assert_cmpint (g_atomic_int_get (&n_watches), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/peer/ice-events/candidate-error", test_candidate_error);
  g_test_add_func ("/peer/ice-events/addresses-changed", test_addresses_changed);
#define ADD(path, func)                                                                            \
  g_test_add (path, StepPair, NULL, step_pair_set_up, func, step_pair_tear_down)
  ADD ("/peer/ice-events/configuration-before-gathering", test_config_before);
  ADD ("/peer/ice-events/configuration-of-a-living-peer", test_config_living);
  ADD ("/peer/ice-events/configuration-that-cannot-be", test_config_bad);
#undef ADD

  return g_test_run ();
}
