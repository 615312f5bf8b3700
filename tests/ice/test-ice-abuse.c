/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-wait.h"

#include "ice/ice-pair.h"

static GSocketAddress *
address_of (IceSide *side)
{
  g_autoptr (WherryCandidate) candidate = NULL;
  const char *line = g_ptr_array_index (side->candidates, 0);

  candidate = wherry_candidate_parse (line, strlen (line), NULL);
  g_assert_nonnull (candidate);
  return g_inet_socket_address_new_from_string (candidate->address, candidate->port);
}

static GSocket *
plain_socket (void)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GError) error = NULL;
  GSocket *socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);

  g_assert_no_error (error);
  g_assert_true (g_socket_bind (socket, any_port, FALSE, &error));
  g_assert_no_error (error);
  return socket;
}

static void
test_garbage (void)
{
  const guint32 seed = 3;
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GSocket) socket = plain_socket ();
  g_autoptr (GSocketAddress) address = NULL;
  IcePair pair;

  g_test_message ("seed %u", seed);
  ice_pair_connect (&pair);
  address = address_of (&pair.a);
  for (guint i = 0; i < 10000; i++)
    {
      guint8 data[1400];
      gsize length = (gsize) g_rand_int_range (rand, 0, (gint32) sizeof data);

      for (gsize j = 0; j < length; j++)
        data[j] = (guint8) g_rand_int (rand);
      /* half of them with the head of a STUN request, its length and magic cookie right */
      if (length >= 20 && i % 2 == 0)
        {
          gsize body = (length - 20) & ~(gsize) 3;

          memcpy (data, "\x00\x01\x00\x00\x21\x12\xa4\x42", 8);
          data[2] = (guint8) (body >> 8);
          data[3] = (guint8) body;
          length = body + 20;
        }
      g_socket_send_to (socket, address, (const char *) data, length, NULL, NULL);
      if (i % 50 == 0)
        g_main_context_iteration (NULL, FALSE);
    }
  ice_pair_exchange (&pair, "after");
  g_assert_true (ice_pair_is_connected (&pair));
  /* nothing of it came up */
  g_assert_cmpuint (pair.a.heard.packets->len, ==, 1);
  ice_pair_clear (&pair);
}

static void
test_port_range (void)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  g_autoptr (GSocket) socket = plain_socket ();
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);
  guint16 port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  g_autoptr (GError) error = NULL;
  IceSide side;

  g_assert_true (wherry_ice_config_set_port_range (config, port, port, &error));
  ice_side_init (&side, config);
  g_assert_false (wherry_ice_session_gather (side.ice, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES);
  g_assert_cmpuint (side.done, ==, 0);
  ice_side_clear (&side);

  /* The same port, free again, is the one that is used. */
  g_assert_true (g_socket_close (socket, NULL));
  ice_side_init (&side, config);
  ice_side_gather (&side);
  g_clear_object (&address);
  address = address_of (&side);
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)), ==, port);
  ice_side_clear (&side);
}

static void
test_bad_bind_address (void)
{
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();
  g_autoptr (GError) error = NULL;
  IceSide side;

  g_assert_true (wherry_ice_config_add_bind_address (config, "192.0.2.1", &error));
  ice_side_init (&side, config);
  g_assert_false (wherry_ice_session_gather (side.ice, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES);
  ice_side_clear (&side);
}

static void
test_remote_input (void)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  g_autoptr (GError) error = NULL;
  guint64 bad = wherry_counter_get (WHERRY_COUNTER_ICE_BAD_CANDIDATES);
  guint64 mdns = wherry_counter_get (WHERRY_COUNTER_ICE_MDNS_IGNORED);
  const char *fine[] = {
    "candidate:1 1 udp 2122260223 127.0.0.1 4000 typ host",
    "a=candidate:1 1 udp 2122260223 127.0.0.1 4001 typ host ufrag other",
    "candidate:1 1 tcp 1518280447 127.0.0.1 9 typ host tcptype active",
    "candidate:1 2 udp 2122260223 127.0.0.1 4000 typ host",
    "candidate:1 1 udp 2122260223 0.0.0.0 4000 typ host",
    "candidate:1 1 udp 2122260223 224.0.0.1 4000 typ host",
    "candidate:1 1 udp 2122260223 1c2d3e4f-0000-4000-8000-000000000000.local 4000 typ host",
  };
  const char *credentials[][2] = {
    { "abc", "0123456789012345678901" },
    { "abcd", "012345678901234567890" },
    { "ab d", "0123456789012345678901" },
    { "abcd", "0123456789012345678901\n" },
    { "", "" },
  };
  guint added = 0;
  IceSide side;

  ice_side_init (&side, config);
  for (guint i = 0; i < G_N_ELEMENTS (credentials); i++)
    {
      g_assert_false (wherry_ice_session_set_remote_credentials (side.ice, credentials[i][0],
                                                                 credentials[i][1], &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
      g_clear_error (&error);
    }
  ice_side_gather (&side);
  g_assert_true (wherry_ice_session_set_remote_credentials (side.ice, "abcd",
                                                            "0123456789012345678901", &error));
  for (guint i = 0; i < G_N_ELEMENTS (fine); i++, added++)
    {
      g_assert_true (wherry_ice_session_add_remote_candidate (side.ice, fine[i], &error));
      g_assert_no_error (error);
    }
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_ICE_MDNS_IGNORED), ==, mdns + 1);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_ICE_BAD_CANDIDATES), ==, bad);
  for (; added < WHERRY_CANDIDATES_MAX; added++)
    {
      g_assert_false (wherry_ice_session_add_remote_candidate (
          side.ice, "candidate:1 1 udp 2122260223 127.0.0.1 99999 typ host", &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
      g_clear_error (&error);
    }
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_ICE_BAD_CANDIDATES), ==,
                    bad + WHERRY_CANDIDATES_MAX - G_N_ELEMENTS (fine));
  g_assert_false (wherry_ice_session_add_remote_candidate (side.ice, fine[0], &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT);
  ice_side_clear (&side);
}

/* Closed and the last reference dropped from inside an event that libnice's callback made. */
static void
test_unref_in_event (gconstpointer data)
{
  gboolean in_packet = GPOINTER_TO_INT (data);
  IcePair pair;

  ice_pair_init (&pair);
  ice_pair_start (&pair);
  if (in_packet)
    WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  wherry_packet_recorder_drop_at_next_event (&pair.b.heard, (gpointer *) &pair.b.ice);
  if (in_packet)
    wherry_packet_send_text (pair.a.transport, "go");
  WHERRY_WAIT_UNTIL (NULL, wherry_packet_recorder_is_dropped (&pair.b.heard));
  ice_pair_clear (&pair);
}

static void
close_in_candidate (gpointer user_data, const char *line)
{
  IceSide *side = user_data;

  wherry_packet_transport_close (side->transport);
}

static void
test_close_while_gathering (void)
{
  static const WherryIceSessionEvents closing_events = { .candidate = close_in_candidate };
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  g_autoptr (GError) error = NULL;
  IceSide side;

  ice_side_init (&side, config);
  wherry_ice_session_set_session_events (side.ice, &closing_events, &side);
  wherry_ice_session_gather (side.ice, NULL);
  g_assert_cmpint (ice_side_get_state (&side), ==, WHERRY_TRANSPORT_CLOSED);
  g_assert_null (wherry_ice_session_get_local_ufrag (side.ice));
  g_assert_false (wherry_ice_session_gather (side.ice, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  ice_side_clear (&side);
}

static void
test_close_twice (void)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  guint closed = 0;
  IceSide side;

  ice_side_init (&side, config);
  ice_side_gather (&side);
  wherry_ice_session_close_async (side.ice, ice_on_closed, &closed);
  wherry_ice_session_close_async (side.ice, ice_on_closed, &closed);
  WHERRY_WAIT_UNTIL (NULL, closed == 2);
  wherry_ice_session_close_async (side.ice, ice_on_closed, &closed);
  WHERRY_WAIT_UNTIL (NULL, closed == 3);
  ice_side_clear (&side);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-abuse/garbage", test_garbage);
  g_test_add_func ("/ice-abuse/port-range", test_port_range);
  g_test_add_func ("/ice-abuse/bad-bind-address", test_bad_bind_address);
  g_test_add_func ("/ice-abuse/remote-input", test_remote_input);
  g_test_add_data_func ("/ice-abuse/unref-in-event/state", GINT_TO_POINTER (FALSE),
                        test_unref_in_event);
  g_test_add_data_func ("/ice-abuse/unref-in-event/packet", GINT_TO_POINTER (TRUE),
                        test_unref_in_event);
  g_test_add_func ("/ice-abuse/close-while-gathering", test_close_while_gathering);
  g_test_add_func ("/ice-abuse/close-twice", test_close_twice);
  return g_test_run ();
}
