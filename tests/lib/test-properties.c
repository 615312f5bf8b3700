/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-wait.h"
#include "lib/connection-pair.h"
#include "lib/property-watch.h"

/* Every property of every object that stands for one of W3C's: seen with two values, and told of
 * where it changes. */

static void
on_channel (WherryPeerConnection *connection, WherryDataChannel *channel, gpointer data)
{
  property_watch (channel);
}

static void
on_candidate (WherryPeerConnection *connection, WherryIceCandidate *candidate, gpointer data)
{
  if (candidate != NULL)
    property_watch (candidate);
}

static void
watch_end (PairEnd *end)
{
  property_watch (end->connection);
  g_signal_connect (end->connection, "data-channel", G_CALLBACK (on_channel), NULL);
  g_signal_connect (end->connection, "ice-candidate", G_CALLBACK (on_candidate), NULL);
}

static WherryDataChannel *
make (PairEnd *end, WherryDataChannelInit *init)
{
  WherryDataChannel *channel
      = wherry_peer_connection_create_data_channel (end->connection,
                                                    init != NULL ? "with much" : "plain", init,
                                                    NULL);

  g_assert_nonnull (channel);
  pair_watch (channel);
  property_watch (channel);
  return channel;
}

static void
wait_open (WherryDataChannel *channel)
{
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (channel)
                               == WHERRY_DATA_CHANNEL_STATE_OPEN);
}

/* self offers; the answer allows smaller messages. */
static void
renegotiate (PairEnd *self)
{
  PairEnd *other = pair_other (self);
  g_autoptr (WherrySessionDescription) offer = pair_create_offer (self, NULL);
  g_autoptr (WherrySessionDescription) answer = NULL;
  g_autoptr (WherrySessionDescription) changed = NULL;
  g_autoptr (GString) text = NULL;

  pair_set_local (self, offer, NULL);
  pair_set_remote (other, offer, NULL);
  answer = pair_create_answer (other, NULL);
  pair_set_local (other, answer, NULL);
  text = g_string_new (wherry_session_description_get_sdp (answer));
  g_assert_cmpuint (g_string_replace (text, "a=max-message-size:262144", "a=max-message-size:1000",
                                      0),
                    ==, 1);
  changed = wherry_session_description_new (WHERRY_DESCRIPTION_TYPE_ANSWER, text->str);
  pair_set_remote (self, changed, NULL);
}

static void
use_channels (ConnectionPair *pair)
{
  g_autoptr (WherryDataChannelInit) lossy = wherry_data_channel_init_new ();
  g_autoptr (WherryDataChannelInit) timed = wherry_data_channel_init_new ();
  g_autoptr (WherryDataChannel) plain = make (&pair->a, NULL);
  g_autoptr (WherryDataChannel) first = NULL;
  g_autoptr (WherryDataChannel) second = NULL;

  lossy->ordered = FALSE;
  lossy->max_retransmits = 3;
  lossy->priority = WHERRY_PRIORITY_HIGH;
  wherry_data_channel_init_set_protocol (lossy, "own");
  timed->max_packet_life_time = 5;
  timed->negotiated = TRUE;
  timed->id = 7;
  first = make (&pair->a, lossy);
  second = make (&pair->a, timed);
  pair_negotiate (&pair->a);
  wait_open (plain);
  wait_open (first);
  wherry_data_channel_set_buffered_amount_low_threshold (plain, 5);
  g_assert_true (wherry_data_channel_send_text (plain, "more than five", NULL));
  property_watch_look (plain, "buffered-amount");
  wherry_data_channel_close (first);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (first)
                               == WHERRY_DATA_CHANNEL_STATE_CLOSED);
}

static void
use_connections (ConnectionPair *pair)
{
  g_autoptr (WherryConfiguration) configuration
      = wherry_peer_connection_get_configuration (pair->a.connection);
  g_autoptr (WherrySessionDescription) rollback
      = wherry_session_description_new (WHERRY_DESCRIPTION_TYPE_ROLLBACK, "");

  property_watch (rollback);
  wherry_peer_connection_restart_ice (pair->a.connection);
  renegotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, wherry_peer_connection_get_ice_gathering_state (pair->a.connection)
                               == WHERRY_ICE_GATHERING_STATE_COMPLETE);
  wherry_configuration_set_ice_tcp (configuration, TRUE);
  g_assert_true (
      wherry_peer_connection_set_configuration (pair->a.connection, configuration, NULL));
}

static void
test_connection (void)
{
  g_autoptr (WherryConfiguration) configuration = pair_configuration_new ();
  g_autoptr (WherryCertificate) certificate = wherry_certificate_new (3, NULL);
  ConnectionPair *pair = NULL;

  wherry_configuration_set_certificate (configuration, certificate);
  pair = connection_pair_new (configuration);
  watch_end (&pair->a);
  watch_end (&pair->b);
  use_channels (pair);
  use_connections (pair);
  property_watch_check (WHERRY_TYPE_PEER_CONNECTION, "channels", NULL);
  property_watch_check (WHERRY_TYPE_DATA_CHANNEL,
                        "label ordered max-packet-life-time max-retransmits protocol negotiated "
                        "priority",
                        "buffered-amount");
  property_watch_check (WHERRY_TYPE_SCTP_TRANSPORT, "transport", NULL);
  property_watch_check (WHERRY_TYPE_DTLS_TRANSPORT, "ice-transport", NULL);
  /* the lists tell of their items themselves */
  property_watch_check (WHERRY_TYPE_ICE_TRANSPORT, "local-candidates remote-candidates", NULL);
  property_watch_check (WHERRY_TYPE_ICE_PARAMETERS, "username-fragment password", NULL);
  property_watch_check (WHERRY_TYPE_SESSION_DESCRIPTION, "description-type sdp", NULL);
  connection_pair_free (pair);
}

static void
test_values (void)
{
  static const char *const urls[][2] = { { "stun:a", NULL }, { "turn:b", NULL } };
  static const char *const lines[]
      = { "candidate:1 1 udp 5 127.0.0.1 9 typ host",
          "candidate:2 1 tcp 6 127.0.0.2 8 typ srflx raddr 10.0.0.1 rport 7 tcptype passive" };

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (WherryIceServer) server
          = wherry_ice_server_new (urls[i], i == 0 ? NULL : "me", i == 0 ? NULL : "secret", NULL);
      g_autoptr (WherryIceCandidate) candidate
          = wherry_ice_candidate_new (lines[i], i == 0 ? "0" : "data", (int) i,
                                      i == 0 ? NULL : "ufrag");
      g_autoptr (WherryIceCandidate) last = wherry_ice_candidate_new ("", NULL, -1, NULL);
      g_autoptr (WherryCertificate) certificate = wherry_certificate_new (i + 1, NULL);

      property_watch (server);
      property_watch (candidate);
      property_watch (last);
      property_watch (certificate);
    }
  property_watch_check (WHERRY_TYPE_ICE_SERVER, "urls username credential", NULL);
  property_watch_check (WHERRY_TYPE_CERTIFICATE, "expires fingerprint", NULL);
  property_watch_check (WHERRY_TYPE_ICE_CANDIDATE,
                        "candidate sdp-mid sdp-mline-index username-fragment foundation component "
                        "priority address protocol port candidate-type tcp-type related-address "
                        "related-port",
                        NULL);
}

static void
test_configuration (void)
{
  g_autoptr (WherryConfiguration) first = wherry_configuration_new ();
  g_autoptr (WherryConfiguration) second = wherry_configuration_new ();
  g_autoptr (WherryCertificate) certificate = wherry_certificate_new (1, NULL);
  const char *const addresses[] = { "127.0.0.1", "::1", NULL };

  property_watch (first);
  property_watch (second);
  g_object_set (first, "ice-transport-policy", WHERRY_ICE_TRANSPORT_POLICY_RELAY, "candidate-types",
                WHERRY_ICE_CANDIDATE_TYPES_HOST, "remote-candidate-types",
                WHERRY_ICE_CANDIDATE_TYPES_RELAY, "ice-tcp", TRUE, "certificate", certificate,
                "bind-addresses", addresses, "port-range-begin", 1000, "port-range-end", 2000,
                "max-message-size", 5, "send-buffer-limit", G_GUINT64_CONSTANT (6),
                "restart-on-network-change", TRUE, "own-thread", TRUE, NULL);
  property_watch_check (WHERRY_TYPE_CONFIGURATION, "ice-servers", NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/properties/values", test_values);
  g_test_add_func ("/properties/configuration", test_configuration);
  g_test_add_func ("/properties/connection", test_connection);
  return g_test_run ();
}
