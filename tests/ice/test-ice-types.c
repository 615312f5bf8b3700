/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-wait.h"

#include "ice/fake-stun.h"
#include "ice/ice-pair.h"

/* Which of ours are announced. */
static void
test_local_types (void)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  FakeStun server;
  IceSide side;

  fake_stun_start (&server, "203.0.113.1");
  wherry_ice_config_add_stun_server (config, "127.0.0.1", server.port);
  config->local_types = WHERRY_ICE_TYPE (SRFLX);
  ice_side_init (&side, config);
  ice_side_gather (&side);
  WHERRY_WAIT_UNTIL (NULL, side.done == 1);
  g_assert_cmpuint (side.candidates->len, ==, 1);
  /* and the address that is not announced shows nowhere else */
  g_assert_cmpuint (ice_side_count (&side, " typ srflx raddr 0.0.0.0 rport 9"), ==, 1);
  ice_side_clear (&side);

  config->local_types = WHERRY_ICE_TYPE (HOST);
  server.requests = 0;
  ice_side_init (&side, config);
  ice_side_gather (&side);
  WHERRY_WAIT_UNTIL (NULL, side.done == 1);
  g_assert_cmpuint (side.candidates->len, ==, 1);
  g_assert_cmpuint (ice_side_count (&side, " typ host"), ==, 1);
  g_assert_cmpuint (server.requests, ==, 0);
  ice_side_clear (&side);
  fake_stun_stop (&server);
}

/* Which of theirs are used: B finds A, and A does not answer by that pair until it may. */
static void
test_remote_types (void)
{
  g_autoptr (WherryIceConfig) a = ice_loopback_config ();
  g_autoptr (WherryIceConfig) b = ice_loopback_config ();
  g_autoptr (GError) error = NULL;
  WherryIcePair selected;
  IcePair pair;

  a->remote_types = WHERRY_ICE_TYPES_ALL & ~WHERRY_ICE_TYPE (PRFLX);
  ice_pair_init_with (&pair, a, b);
  pair.b.silent = TRUE; /* known to A as a peer-reflexive candidate only */
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_side_get_state (&pair.b) == WHERRY_TRANSPORT_CONNECTED
                               && wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_cmpint (selected.remote_type, ==, WHERRY_CANDIDATE_TYPE_PRFLX);
  wherry_packet_send_text (pair.b.transport, "too early");
  g_assert_cmpint (ice_side_get_state (&pair.a), ==, WHERRY_TRANSPORT_CONNECTING);
  g_assert_true (wherry_ice_session_add_remote_candidate (pair.a.ice,
                                                          g_ptr_array_index (pair.b.candidates, 0),
                                                          &error));
  g_assert_no_error (error);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  ice_pair_exchange (&pair, "allowed");
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_cmpint (selected.remote_type, ==, WHERRY_CANDIDATE_TYPE_HOST);
  ice_pair_clear (&pair);

  /* relayed ones only: there is none */
  a->remote_types = WHERRY_ICE_TYPE (RELAY);
  ice_pair_init_with (&pair, a, b);
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_side_get_state (&pair.b) == WHERRY_TRANSPORT_CONNECTED);
  wherry_packet_send_text (pair.b.transport, "never");
  WHERRY_WAIT_UNTIL (NULL, wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_cmpint (ice_side_get_state (&pair.a), ==, WHERRY_TRANSPORT_CONNECTING);
  g_assert_cmpuint (pair.a.heard.packets->len, ==, 0);
  ice_pair_clear (&pair);
}

/* RFC 6544: who is active connects to who is passive, and packets are framed (RFC 4571). */
static void
test_tcp (void)
{
  static guint8 data[100][WHERRY_MTU];
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  g_autoptr (GError) error = NULL;
  GOutputVector packets[G_N_ELEMENTS (data)];
  WherryIcePair selected;
  IcePair pair;

  config->ice_tcp = TRUE;
  config->no_udp = TRUE;
  ice_pair_init_with (&pair, config, config);
  ice_pair_start (&pair);
  g_assert_cmpuint (ice_side_count (&pair.a, " udp "), ==, 0);
  g_assert_cmpuint (ice_side_count (&pair.a, " 9 typ host tcptype active"), ==, 1);
  g_assert_cmpuint (ice_side_count (&pair.a, " tcptype passive"), ==, 1);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  ice_pair_exchange (&pair, "over TCP");
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_cmpstr (selected.protocol, ==, "tcp");
  for (guint i = 0; i < G_N_ELEMENTS (data); i++)
    {
      memset (data[i], (int) i, WHERRY_MTU);
      packets[i] = (GOutputVector){ data[i], WHERRY_MTU };
    }
  g_assert_true (
      wherry_packet_transport_send (pair.a.transport, packets, G_N_ELEMENTS (data), &error));
  g_assert_no_error (error);
  WHERRY_WAIT_UNTIL (NULL, pair.b.heard.packets->len == 1 + G_N_ELEMENTS (data));
  g_assert_true (wherry_ice_session_restart (pair.a.ice, NULL));
  g_assert_true (wherry_ice_session_restart (pair.b.ice, NULL));
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, !wherry_ice_session_is_restarting (pair.a.ice)
                               && !wherry_ice_session_is_restarting (pair.b.ice));
  ice_pair_exchange (&pair, "over TCP again");
  ice_pair_clear (&pair);
}

static gboolean
has_ipv6 (void)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV6);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocket) socket
      = g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);

  return socket != NULL && g_socket_bind (socket, address, FALSE, NULL);
}

static void
test_ipv6 (gconstpointer tcp)
{
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();
  WherryIcePair selected;
  IcePair pair;

  if (!has_ipv6 ())
    {
      g_test_skip ("this machine has no ::1");
      return;
    }
  g_assert_true (wherry_ice_config_add_bind_address (config, "::1", NULL));
  config->ice_tcp = config->no_udp = GPOINTER_TO_INT (tcp);
  ice_pair_init_with (&pair, config, config);
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  ice_pair_exchange (&pair, "over IPv6");
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_true (g_str_has_prefix (selected.local_address, "[::1]:"));
  g_assert_cmpstr (selected.protocol, ==, GPOINTER_TO_INT (tcp) ? "tcp" : "udp");
  ice_pair_clear (&pair);
}

static void
test_interface (void)
{
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();
  g_autoptr (GError) error = NULL;
  WherryIceSession *none;
  IceSide side;

  wherry_ice_config_add_interface (config, "lo");
  ice_side_init (&side, config);
  ice_side_gather (&side);
  g_assert_cmpuint (side.candidates->len, >=, 1);
  g_assert_cmpuint (ice_side_count (&side, " 127.0.0.1 ") + ice_side_count (&side, " ::1 "), ==,
                    side.candidates->len);
  ice_side_clear (&side);

  wherry_ice_config_add_interface (config, "wherry-none");
  none = wherry_ice_session_new (config, NULL, NULL, &error);
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES);
  g_assert_null (none);
}

static void
test_stats (void)
{
  WherryIceStats a;
  WherryIceStats b;
  IcePair pair;

  ice_pair_init (&pair);
  wherry_ice_session_get_stats (pair.a.ice, &a);
  g_assert_cmpint (a.state, ==, WHERRY_TRANSPORT_NEW);
  g_assert_false (a.has_pair);
  g_assert_cmpuint (a.local_candidates + a.remote_candidates, ==, 0);
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  ice_pair_exchange (&pair, "12345");
  wherry_packet_send_text (pair.a.transport, "1234567");
  WHERRY_WAIT_UNTIL (NULL, wherry_packet_recorder_has (&pair.b.heard, "1234567"));
  wherry_ice_session_get_stats (pair.a.ice, &a);
  wherry_ice_session_get_stats (pair.b.ice, &b);
  g_assert_cmpint (a.state, ==, WHERRY_TRANSPORT_CONNECTED);
  g_assert_true (a.controlling);
  g_assert_false (b.controlling);
  g_assert_true (a.has_pair);
  g_assert_cmpstr (a.pair.local_address, ==, b.pair.remote_address);
  g_assert_cmpuint (a.local_priority, ==, b.remote_priority);
  g_assert_cmpstr (a.relay_url, ==, "");
  g_assert_cmpuint (a.traffic.packets_sent, ==, 2);
  g_assert_cmpuint (a.traffic.bytes_sent, ==, 12);
  g_assert_cmpuint (b.traffic.packets_received, ==, 2);
  g_assert_cmpuint (b.traffic.bytes_received, ==, 12);
  g_assert_cmpuint (a.traffic.packets_received, ==, 1);
  g_assert_cmpuint (a.pair_traffic.bytes_sent, ==, 12);
  g_assert_cmpint (b.traffic.last_received_us, >=, a.traffic.last_sent_us);
  g_assert_cmpuint (a.restarts, ==, 0);
  g_assert_cmpuint (a.local_candidates, ==, 1);
  g_assert_cmpuint (a.remote_candidates, ==, 1);

  g_assert_true (wherry_ice_session_restart (pair.a.ice, NULL));
  g_assert_true (wherry_ice_session_restart (pair.b.ice, NULL));
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, !wherry_ice_session_is_restarting (pair.a.ice)
                               && !wherry_ice_session_is_restarting (pair.b.ice));
  wherry_packet_send_text (pair.a.transport, "123");
  wherry_ice_session_get_stats (pair.a.ice, &b);
  g_assert_cmpuint (b.restarts, ==, 1);
  g_assert_cmpuint (b.pair_changes, >, a.pair_changes);
  g_assert_cmpuint (b.traffic.bytes_sent, ==, 15);
  g_assert_cmpuint (b.pair_traffic.bytes_sent, ==, 3);
  g_assert_cmpstr (a.pair.local_address, !=, b.pair.local_address);
  ice_pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-types/local", test_local_types);
  g_test_add_func ("/ice-types/remote", test_remote_types);
  g_test_add_func ("/ice-types/tcp", test_tcp);
  g_test_add_data_func ("/ice-types/ipv6/udp", GINT_TO_POINTER (FALSE), test_ipv6);
  g_test_add_data_func ("/ice-types/ipv6/tcp", GINT_TO_POINTER (TRUE), test_ipv6);
  g_test_add_func ("/ice-types/interface", test_interface);
  g_test_add_func ("/ice-types/stats", test_stats);
  return g_test_run ();
}
