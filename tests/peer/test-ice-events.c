/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <gio/gio.h>

#include "fixtures/wherry-wait.h"
#include "peer/step-pair.h"

/* What ICE tells besides states and candidates comes to the hub. */

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/peer/ice-events/candidate-error", test_candidate_error);

  return g_test_run ();
}
