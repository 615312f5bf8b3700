/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-packet-recorder.h"
#include "fixtures/wherry-wait.h"
#include "ice/wherry-ice-session.h"

typedef struct _Side Side;

struct _Side
{
  WherryIceSession *ice;
  WherryPacketTransport *transport; /* ice */
  WherryPacketRecorder heard;
  GPtrArray *candidates; /* of char * */
  guint done;
  Side *other;
  gboolean silent; /* announces nothing to the other */
};

typedef struct
{
  Side a;
  Side b;
} Pair;

static void
on_candidate (gpointer user_data, const char *line)
{
  Side *side = user_data;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (side->candidates, g_strdup (line));
  if (side->other == NULL || side->silent)
    return;
  wherry_ice_session_add_remote_candidate (side->other->ice, line, &error);
  g_assert_no_error (error);
}

static void
on_done (gpointer user_data)
{
  Side *side = user_data;

  side->done++;
  if (side->other != NULL && !side->silent)
    wherry_ice_session_end_of_remote_candidates (side->other->ice);
}

static const WherryIceSessionEvents session_events
    = { .candidate = on_candidate, .gathering_done = on_done };

static WherryIceConfig *
loopback_config (void)
{
  WherryIceConfig *config = wherry_ice_config_new ();
  g_autoptr (GError) error = NULL;

  wherry_ice_config_add_bind_address (config, "127.0.0.1", &error);
  g_assert_no_error (error);
  return config;
}

static void
side_init (Side *side, const WherryIceConfig *config)
{
  const WherryLogContext log = { .peer = "0123456789abcdef", .room = "test" };
  g_autoptr (GError) error = NULL;

  memset (side, 0, sizeof *side);
  side->ice = wherry_ice_session_new (config, NULL, &log, &error);
  g_assert_no_error (error);
  side->transport = WHERRY_PACKET_TRANSPORT (side->ice);
  side->candidates = g_ptr_array_new_with_free_func (g_free);
  wherry_packet_recorder_init (&side->heard);
  wherry_packet_recorder_listen (&side->heard, side->transport);
  wherry_ice_session_set_session_events (side->ice, &session_events, side);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *closed = user_data;
  g_autoptr (GError) error = NULL;

  g_assert_true (wherry_ice_session_close_finish (WHERRY_ICE_SESSION (source), result, &error));
  g_assert_no_error (error);
  *closed += 1;
}

static void
side_clear (Side *side)
{
  guint closed = 0;
  gpointer weak = side->ice;

  if (side->ice != NULL)
    {
      g_object_add_weak_pointer (G_OBJECT (side->ice), &weak);
      wherry_ice_session_close_async (side->ice, on_closed, &closed);
      g_assert_cmpuint (closed, ==, 0);
      g_clear_object (&side->ice);
      WHERRY_WAIT_UNTIL (NULL, closed == 1 && weak == NULL);
    }
  g_clear_pointer (&side->candidates, g_ptr_array_unref);
  wherry_packet_recorder_clear (&side->heard);
}

static void
pair_init (Pair *pair)
{
  g_autoptr (WherryIceConfig) config = loopback_config ();

  side_init (&pair->b, config);
  config->controlling = TRUE;
  side_init (&pair->a, config);
  pair->a.other = &pair->b;
  pair->b.other = &pair->a;
}

static void
pair_clear (Pair *pair)
{
  side_clear (&pair->a);
  side_clear (&pair->b);
}

static void
gather (Side *side)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = wherry_ice_session_gather (side->ice, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
give_credentials (Side *from, Side *to, const char *pwd)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = wherry_ice_session_set_remote_credentials (
      to->ice, wherry_ice_session_get_local_ufrag (from->ice),
      pwd != NULL ? pwd : wherry_ice_session_get_local_pwd (from->ice), &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static WherryTransportState
state_of (Side *side)
{
  return wherry_packet_transport_get_state (side->transport);
}

static gboolean
are_connected (Pair *pair)
{
  return state_of (&pair->a) == WHERRY_TRANSPORT_CONNECTED
         && state_of (&pair->b) == WHERRY_TRANSPORT_CONNECTED;
}

static void
start (Pair *pair)
{
  give_credentials (&pair->a, &pair->b, NULL);
  give_credentials (&pair->b, &pair->a, NULL);
  gather (&pair->a);
  gather (&pair->b);
}

static void
connect_pair (Pair *pair)
{
  pair_init (pair);
  start (pair);
  WHERRY_WAIT_UNTIL (NULL, are_connected (pair));
}

static void
exchange (Pair *pair, const char *text)
{
  wherry_packet_send_text (pair->a.transport, text);
  wherry_packet_send_text (pair->b.transport, text);
  WHERRY_WAIT_UNTIL (NULL, wherry_packet_recorder_has (&pair->b.heard, text)
                               && wherry_packet_recorder_has (&pair->a.heard, text));
}

static void
test_connects (void)
{
  GOutputVector packet = { "x", 1 };
  g_autoptr (GError) error = NULL;
  WherryIcePair selected;
  Pair pair;

  pair_init (&pair);
  g_assert_cmpint (state_of (&pair.a), ==, WHERRY_TRANSPORT_NEW);
  g_assert_false (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_false (wherry_packet_transport_send (pair.a.transport, &packet, 1, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  start (&pair);
  /* No server to ask: all of it came before gather() returned. */
  g_assert_cmpuint (pair.a.candidates->len, ==, 1);
  g_assert_cmpuint (pair.a.done, ==, 1);
  g_assert_true (wherry_ice_session_is_gathering_done (pair.a.ice));
  g_assert_true (g_str_has_prefix (g_ptr_array_index (pair.a.candidates, 0), "candidate:"));
  WHERRY_WAIT_UNTIL (NULL, are_connected (&pair));
  exchange (&pair, "hello");
  g_assert_cmpuint (pair.a.heard.states->len, ==, 2);
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_cmpint (selected.local_type, ==, WHERRY_CANDIDATE_TYPE_HOST);
  g_assert_cmpstr (selected.protocol, ==, "udp");
  g_assert_true (g_str_has_prefix (selected.local_address, "127.0.0.1:"));
  g_assert_true (g_str_has_prefix (selected.remote_address, "127.0.0.1:"));
  g_assert_false (wherry_ice_session_get_checks_failed (pair.a.ice));
  pair_clear (&pair);
}

/* A browser that hides its addresses, or a client that never sends a candidate. */
static void
test_peer_reflexive (void)
{
  WherryIcePair selected;
  Pair pair;

  pair_init (&pair);
  pair.a.silent = TRUE;
  start (&pair);
  WHERRY_WAIT_UNTIL (NULL, are_connected (&pair));
  exchange (&pair, "hello");
  g_assert_true (wherry_ice_session_get_selected_pair (pair.b.ice, &selected));
  g_assert_cmpint (selected.remote_type, ==, WHERRY_CANDIDATE_TYPE_PRFLX);
  pair_clear (&pair);
}

/* Candidates before the credentials: held. */
static void
test_early_candidates (void)
{
  Pair pair;

  pair_init (&pair);
  gather (&pair.a);
  gather (&pair.b);
  give_credentials (&pair.a, &pair.b, NULL);
  give_credentials (&pair.b, &pair.a, NULL);
  WHERRY_WAIT_UNTIL (NULL, are_connected (&pair));
  pair_clear (&pair);
}

static void
test_wrong_password (void)
{
  Pair pair;

  pair_init (&pair);
  give_credentials (&pair.a, &pair.b, "0123456789012345678901");
  give_credentials (&pair.b, &pair.a, "0123456789012345678901");
  gather (&pair.a);
  gather (&pair.b);
  WHERRY_WAIT_UNTIL (NULL, wherry_ice_session_get_checks_failed (pair.a.ice)
                               && wherry_ice_session_get_checks_failed (pair.b.ice));
  g_assert_cmpint (state_of (&pair.a), ==, WHERRY_TRANSPORT_CONNECTING);
  g_assert_cmpint (state_of (&pair.b), ==, WHERRY_TRANSPORT_CONNECTING);
  pair_clear (&pair);
}

static GSocketAddress *
address_of (Side *side)
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
  Pair pair;

  g_test_message ("seed %u", seed);
  connect_pair (&pair);
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
  exchange (&pair, "after");
  g_assert_true (are_connected (&pair));
  /* nothing of it came up */
  g_assert_cmpuint (pair.a.heard.packets->len, ==, 1);
  pair_clear (&pair);
}

static void
test_port_range (void)
{
  g_autoptr (WherryIceConfig) config = loopback_config ();
  g_autoptr (GSocket) socket = plain_socket ();
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);
  guint16 port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  g_autoptr (GError) error = NULL;
  Side side;

  g_assert_true (wherry_ice_config_set_port_range (config, port, port, &error));
  side_init (&side, config);
  g_assert_false (wherry_ice_session_gather (side.ice, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES);
  g_assert_cmpuint (side.done, ==, 0);
  side_clear (&side);

  /* The same port, free again, is the one that is used. */
  g_assert_true (g_socket_close (socket, NULL));
  side_init (&side, config);
  gather (&side);
  g_clear_object (&address);
  address = address_of (&side);
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)), ==, port);
  side_clear (&side);
}

static void
test_bad_bind_address (void)
{
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();
  g_autoptr (GError) error = NULL;
  Side side;

  g_assert_true (wherry_ice_config_add_bind_address (config, "192.0.2.1", &error));
  side_init (&side, config);
  g_assert_false (wherry_ice_session_gather (side.ice, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES);
  side_clear (&side);
}

static void
test_remote_input (void)
{
  g_autoptr (WherryIceConfig) config = loopback_config ();
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
  Side side;

  side_init (&side, config);
  for (guint i = 0; i < G_N_ELEMENTS (credentials); i++)
    {
      g_assert_false (wherry_ice_session_set_remote_credentials (side.ice, credentials[i][0],
                                                                 credentials[i][1], &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
      g_clear_error (&error);
    }
  gather (&side);
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
  side_clear (&side);
}

static void
test_restart (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *ufrag = NULL;
  g_autofree char *pwd = NULL;
  Pair pair;

  connect_pair (&pair);
  exchange (&pair, "before");
  ufrag = g_strdup (wherry_ice_session_get_local_ufrag (pair.a.ice));
  pwd = g_strdup (wherry_ice_session_get_local_pwd (pair.a.ice));
  g_assert_true (wherry_ice_session_restart (pair.a.ice, &error));
  g_assert_true (wherry_ice_session_is_restarting (pair.a.ice));
  g_assert_cmpstr (wherry_ice_session_get_local_ufrag (pair.a.ice), !=, ufrag);
  g_assert_cmpstr (wherry_ice_session_get_local_pwd (pair.a.ice), !=, pwd);
  exchange (&pair, "one side has restarted");
  g_assert_true (wherry_ice_session_restart (pair.b.ice, &error));
  exchange (&pair, "both have restarted");
  start (&pair);
  /* announced again, with the new credentials */
  g_assert_cmpuint (pair.a.candidates->len, ==, 2);
  g_assert_cmpuint (pair.a.done, ==, 2);
  exchange (&pair, "checking");
  WHERRY_WAIT_UNTIL (NULL, !wherry_ice_session_is_restarting (pair.a.ice)
                               && !wherry_ice_session_is_restarting (pair.b.ice));
  exchange (&pair, "after");
  /* CONNECTING and CONNECTED, no interruption */
  g_assert_cmpuint (pair.a.heard.states->len, ==, 2);
  g_assert_cmpuint (pair.b.heard.states->len, ==, 2);
  pair_clear (&pair);
}

static void
test_consent_ends (void)
{
  GOutputVector packet = { "x", 1 };
  g_autoptr (GError) error = NULL;
  Pair pair;

  connect_pair (&pair);
  side_clear (&pair.b);
  WHERRY_WAIT_UNTIL (NULL, state_of (&pair.a) == WHERRY_TRANSPORT_FAILED);
  g_assert_error (pair.a.heard.error, WHERRY_ERROR, WHERRY_ERROR_TIMEOUT);
  g_assert_false (wherry_packet_transport_send (pair.a.transport, &packet, 1, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (wherry_ice_session_restart (pair.a.ice, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  side_clear (&pair.a);
}

static void
test_sizes_and_batches (void)
{
  static guint8 data[100][WHERRY_MTU + 1];
  GOutputVector packets[100];
  g_autoptr (GError) error = NULL;
  Pair pair;

  connect_pair (&pair);
  for (guint i = 0; i < 100; i++)
    {
      memset (data[i], (int) i, sizeof data[i]);
      packets[i] = (GOutputVector){ data[i], WHERRY_MTU };
    }
  g_assert_cmpuint (wherry_packet_transport_get_mtu (pair.a.transport), ==, WHERRY_MTU);
  g_assert_true (wherry_packet_transport_send (pair.a.transport, packets, 100, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (wherry_ice_session_get_send_dropped (pair.a.ice), ==, 0);
  WHERRY_WAIT_UNTIL (NULL, pair.b.heard.packets->len == 100);
  for (guint i = 0; i < 100; i++)
    {
      GBytes *packet = g_ptr_array_index (pair.b.heard.packets, i);

      g_assert_cmpmem (g_bytes_get_data (packet, NULL), g_bytes_get_size (packet), data[i],
                       WHERRY_MTU);
    }
  packets[0].size = WHERRY_MTU + 1;
  g_assert_false (wherry_packet_transport_send (pair.a.transport, packets, 1, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE);
  pair_clear (&pair);
}

static void
drop_session (gpointer data)
{
  Side *side = data;

  side->heard.hook = NULL;
  wherry_packet_transport_close (side->transport);
  g_clear_object (&side->ice);
}

/* Closed and the last reference dropped from inside an event that libnice's callback made. */
static void
test_unref_in_event (gconstpointer data)
{
  gboolean in_packet = GPOINTER_TO_INT (data);
  gpointer weak;
  Pair pair;

  pair_init (&pair);
  weak = pair.b.ice;
  g_object_add_weak_pointer (G_OBJECT (pair.b.ice), &weak);
  start (&pair);
  if (in_packet)
    WHERRY_WAIT_UNTIL (NULL, are_connected (&pair));
  pair.b.heard.hook = drop_session;
  pair.b.heard.hook_data = &pair.b;
  if (in_packet)
    wherry_packet_send_text (pair.a.transport, "go");
  WHERRY_WAIT_UNTIL (NULL, weak == NULL);
  pair_clear (&pair);
}

static void
close_in_candidate (gpointer user_data, const char *line)
{
  Side *side = user_data;

  wherry_packet_transport_close (side->transport);
}

static void
test_close_while_gathering (void)
{
  static const WherryIceSessionEvents closing_events = { .candidate = close_in_candidate };
  g_autoptr (WherryIceConfig) config = loopback_config ();
  g_autoptr (GError) error = NULL;
  Side side;

  side_init (&side, config);
  wherry_ice_session_set_session_events (side.ice, &closing_events, &side);
  wherry_ice_session_gather (side.ice, NULL);
  g_assert_cmpint (state_of (&side), ==, WHERRY_TRANSPORT_CLOSED);
  g_assert_null (wherry_ice_session_get_local_ufrag (side.ice));
  g_assert_false (wherry_ice_session_gather (side.ice, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  side_clear (&side);
}

static void
test_close_twice (void)
{
  g_autoptr (WherryIceConfig) config = loopback_config ();
  guint closed = 0;
  Side side;

  side_init (&side, config);
  gather (&side);
  wherry_ice_session_close_async (side.ice, on_closed, &closed);
  wherry_ice_session_close_async (side.ice, on_closed, &closed);
  WHERRY_WAIT_UNTIL (NULL, closed == 2);
  wherry_ice_session_close_async (side.ice, on_closed, &closed);
  WHERRY_WAIT_UNTIL (NULL, closed == 3);
  side_clear (&side);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice/connects", test_connects);
  g_test_add_func ("/ice/peer-reflexive", test_peer_reflexive);
  g_test_add_func ("/ice/early-candidates", test_early_candidates);
  g_test_add_func ("/ice/wrong-password", test_wrong_password);
  g_test_add_func ("/ice/garbage", test_garbage);
  g_test_add_func ("/ice/port-range", test_port_range);
  g_test_add_func ("/ice/bad-bind-address", test_bad_bind_address);
  g_test_add_func ("/ice/remote-input", test_remote_input);
  g_test_add_func ("/ice/restart-keeps-flow", test_restart);
  g_test_add_func ("/ice/consent-ends", test_consent_ends);
  g_test_add_func ("/ice/sizes-and-batches", test_sizes_and_batches);
  g_test_add_data_func ("/ice/unref-in-event/state", GINT_TO_POINTER (FALSE), test_unref_in_event);
  g_test_add_data_func ("/ice/unref-in-event/packet", GINT_TO_POINTER (TRUE), test_unref_in_event);
  g_test_add_func ("/ice/close-while-gathering", test_close_while_gathering);
  g_test_add_func ("/ice/close-twice", test_close_twice);
  return g_test_run ();
}
