/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/connection-pair.h"

static WherryDataChannel *
create_channel (PairEnd *end, const char *label)
{
  g_autoptr (GError) error = NULL;
  WherryDataChannel *channel
      = wherry_peer_connection_create_data_channel (end->connection, label, NULL, &error);

  g_assert_no_error (error);
  pair_watch (channel);
  return channel;
}

static void
test_messages_both_ways (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = create_channel (&pair->a, "hello");
  ChannelEnd *a = channel_end_new (channel, TRUE);
  ChannelEnd *b = NULL;

  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_CONNECTING);
  pair_negotiate (&pair->a);
  pair_wait_connected (pair);
  WHERRY_WAIT_UNTIL (NULL, a->n_open == 1 && pair->b.channels->len == 1);
  b = channel_end_new (g_ptr_array_index (pair->b.channels, 0), TRUE);
  g_assert_cmpstr (wherry_data_channel_get_label (b->channel), ==, "hello");
  g_assert_cmpint (wherry_data_channel_get_id (b->channel), ==,
                   wherry_data_channel_get_id (a->channel));

  g_assert_true (wherry_data_channel_send_text (a->channel, "to b", NULL));
  g_assert_true (wherry_data_channel_send_text (b->channel, "to a", NULL));
  WHERRY_WAIT_UNTIL (NULL, a->messages->len == 1 && b->messages->len == 1);
  g_assert_cmpstr (channel_end_text (a, 0), ==, "to a");
  g_assert_cmpstr (channel_end_text (b, 0), ==, "to b");
  g_assert_true (g_array_index (a->texts, gboolean, 0));

  channel_end_free (a);
  channel_end_free (b);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
test_states (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = create_channel (&pair->a, "x");

  pair_negotiate (&pair->a);
  pair_wait_connected (pair);
  WHERRY_WAIT_UNTIL (NULL, pair->a.n_ends == 1 && pair->b.n_ends == 1);
  WHERRY_WAIT_UNTIL (NULL, wherry_peer_connection_get_ice_connection_state (pair->a.connection)
                               == WHERRY_ICE_CONNECTION_STATE_COMPLETED);
  g_test_message ("a: %s", pair->a.trail->str);
  g_test_message ("b: %s", pair->b.trail->str);
  g_assert_nonnull (strstr (pair->a.trail->str, "signaling-state=have-local-offer"));
  g_assert_nonnull (strstr (pair->a.trail->str, "signaling-state=stable"));
  g_assert_nonnull (strstr (pair->b.trail->str, "signaling-state=have-remote-offer"));
  g_assert_nonnull (strstr (pair->a.trail->str, "ice-gathering-state=gathering"));
  g_assert_nonnull (strstr (pair->a.trail->str, "ice-gathering-state=complete"));
  g_assert_nonnull (strstr (pair->a.trail->str, "ice-connection-state=checking"));
  g_assert_nonnull (strstr (pair->a.trail->str, "connection-state=connecting"));
  g_assert_cmpuint (pair->a.n_candidates, >, 0);
  g_assert_cmpint (wherry_peer_connection_get_signaling_state (pair->a.connection), ==,
                   WHERRY_SIGNALING_STATE_STABLE);
  g_assert_true (wherry_peer_connection_get_can_trickle_ice_candidates (pair->a.connection));
  WHERRY_WAIT_UNTIL (NULL, wherry_sctp_transport_get_state (
                               wherry_peer_connection_get_sctp (pair->a.connection))
                               == WHERRY_SCTP_TRANSPORT_STATE_CONNECTED);

  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
test_descriptions (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = create_channel (&pair->a, "x");
  g_autoptr (WherrySessionDescription) offer = pair_create_offer (&pair->a, NULL);
  WherryPeerConnection *a = pair->a.connection;

  g_assert_null (wherry_peer_connection_get_local_description (a));
  pair_set_local (&pair->a, offer, NULL);
  g_assert_nonnull (wherry_peer_connection_get_pending_local_description (a));
  g_assert_null (wherry_peer_connection_get_current_local_description (a));
  WHERRY_WAIT_UNTIL (NULL, pair->a.n_ends == 1);
  g_assert_nonnull (
      strstr (wherry_session_description_get_sdp (wherry_peer_connection_get_local_description (a)),
              "a=candidate:"));
  pair_set_remote (&pair->b, offer, NULL);
  pair_set_local (&pair->b, NULL, NULL);
  pair_set_remote (&pair->a, wherry_peer_connection_get_local_description (pair->b.connection),
                   NULL);
  g_assert_null (wherry_peer_connection_get_pending_local_description (a));
  g_assert_nonnull (wherry_peer_connection_get_current_local_description (a));
  g_assert_nonnull (wherry_peer_connection_get_current_remote_description (a));
  pair_wait_connected (pair);

  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
test_negotiation_needed (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) first = create_channel (&pair->a, "first");
  g_autoptr (WherryDataChannel) second = create_channel (&pair->a, "second");
  g_autoptr (WherryDataChannel) third = NULL;

  g_assert_cmpuint (pair->a.n_needed, ==, 0); /* not within the call */
  WHERRY_WAIT_UNTIL (NULL, pair->a.n_needed == 1);
  pair_negotiate (&pair->a);
  pair_wait_connected (pair);
  third = create_channel (&pair->a, "third");
  WHERRY_WAIT_UNTIL (NULL,
                     wherry_data_channel_get_ready_state (third) == WHERRY_DATA_CHANNEL_STATE_OPEN);
  g_assert_cmpuint (pair->a.n_needed, ==, 1);
  g_assert_cmpuint (pair->b.n_needed, ==, 0);

  wherry_peer_connection_restart_ice (pair->a.connection);
  WHERRY_WAIT_UNTIL (NULL, pair->a.n_needed == 2);

  g_clear_object (&first);
  g_clear_object (&second);
  g_clear_object (&third);
  connection_pair_free (pair);
}

static void
test_ice_restart_keeps_channel (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = create_channel (&pair->a, "x");
  ChannelEnd *a = channel_end_new (channel, TRUE);
  ChannelEnd *b = NULL;
  g_autofree char *before = NULL;
  guint n_needed = 0;

  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, a->n_open == 1 && pair->b.channels->len == 1);
  b = channel_end_new (g_ptr_array_index (pair->b.channels, 0), TRUE);
  before = g_strdup (wherry_session_description_get_sdp (
      wherry_peer_connection_get_local_description (pair->a.connection)));

  n_needed = pair->a.n_needed;
  wherry_peer_connection_restart_ice (pair->a.connection);
  WHERRY_WAIT_UNTIL (NULL, pair->a.n_needed == n_needed + 1);
  g_assert_true (wherry_data_channel_send_text (b->channel, "during", NULL));
  pair_set_local (&pair->a, NULL, NULL);
  pair_set_remote (&pair->b, wherry_peer_connection_get_local_description (pair->a.connection),
                   NULL);
  pair_set_local (&pair->b, NULL, NULL);
  pair_set_remote (&pair->a, wherry_peer_connection_get_local_description (pair->b.connection),
                   NULL);
  g_assert_cmpstr (before, !=,
                   wherry_session_description_get_sdp (
                       wherry_peer_connection_get_local_description (pair->a.connection)));
  WHERRY_WAIT_UNTIL (NULL, pair->a.n_ends == 2 && pair->b.n_ends == 2);
  pair_wait_connected (pair);
  g_assert_true (wherry_data_channel_send_text (a->channel, "after", NULL));
  WHERRY_WAIT_UNTIL (NULL, a->messages->len == 1 && b->messages->len == 1);
  g_assert_cmpuint (a->n_closed + b->n_closed, ==, 0);
  g_assert_cmpuint (pair->a.n_needed, ==, n_needed + 1);

  channel_end_free (a);
  channel_end_free (b);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

/* RFC 8829 section 5.3.1: their offer has no use for data channels, and ours asks again. */
static void
test_rejecting_offer (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = create_channel (&pair->a, "x");
  ChannelEnd *a = channel_end_new (channel, TRUE);
  static const char text[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                             "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                             "c=IN IP4 0.0.0.0\r\na=mid:0\r\n";
  g_autoptr (WherrySessionDescription) offer
      = wherry_session_description_new (WHERRY_DESCRIPTION_TYPE_OFFER, text);
  g_autoptr (WherrySessionDescription) answer = NULL;
  g_autoptr (WherryIceCandidate) candidate
      = wherry_ice_candidate_new ("candidate:1 1 udp 1 127.0.0.1 9 typ host", "0", 0, "abcd");

  WHERRY_WAIT_UNTIL (NULL, pair->a.n_needed == 1);
  g_assert_true (pair_set_remote (&pair->a, offer, NULL));
  answer = pair_create_answer (&pair->a, NULL);
  g_assert_nonnull (strstr (wherry_session_description_get_sdp (answer), "m=application 0 "));
  g_assert_true (pair_set_local (&pair->a, answer, NULL));
  g_assert_true (pair_add_candidate (&pair->a, candidate, NULL));
  g_assert_null (wherry_peer_connection_get_sctp (pair->a.connection));
  g_assert_cmpint (wherry_peer_connection_get_ice_gathering_state (pair->a.connection), ==,
                   WHERRY_ICE_GATHERING_STATE_NEW);
  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_CONNECTING);
  wherry_peer_connection_restart_ice (pair->a.connection); /* of nothing */
  WHERRY_WAIT_UNTIL (NULL, pair->a.n_needed == 2);
  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, a->n_open == 1);
  channel_end_free (a);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

/* pion writes the mid of its candidates as "", and the index right. */
static void
test_candidate_with_empty_mid (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = create_channel (&pair->a, "x");
  g_autoptr (WherrySessionDescription) offer = pair_create_offer (&pair->a, NULL);
  static const char line[] = "candidate:1 1 udp 1 127.0.0.1 9 typ host";
  g_autoptr (WherryIceCandidate) by_index = wherry_ice_candidate_new (line, "", 0, NULL);
  g_autoptr (WherryIceCandidate) beyond = wherry_ice_candidate_new (line, "", 1, NULL);
  g_autoptr (WherryIceCandidate) by_mid = wherry_ice_candidate_new (line, "", -1, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (pair_set_remote (&pair->b, offer, NULL));
  g_assert_true (pair_add_candidate (&pair->b, by_index, NULL));
  g_assert_false (pair_add_candidate (&pair->b, beyond, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
  g_clear_error (&error);
  g_assert_false (pair_add_candidate (&pair->b, by_mid, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

/* W3C webrtc-pc sections 4.4.1.6 and 4.4.2: what is given is copied, and what is got is a copy. */
static void
test_configuration_is_copied (void)
{
  g_autoptr (WherryConfiguration) configuration = pair_configuration_new ();
  ConnectionPair *pair = NULL;
  g_autoptr (WherryConfiguration) got = NULL;
  g_autoptr (WherryConfiguration) set = NULL;
  g_autoptr (WherryConfiguration) now = NULL;
  static const char *const urls[] = { "stun:127.0.0.1", NULL };
  g_autoptr (WherryIceServer) server = wherry_ice_server_new (urls, NULL, NULL, NULL);

  wherry_configuration_set_port_range (configuration, 20000, 30000);
  pair = connection_pair_new (configuration);
  wherry_configuration_set_port_range (configuration, 1, 2);
  wherry_configuration_add_ice_server (configuration, server);
  got = wherry_peer_connection_get_configuration (pair->a.connection);
  g_assert_cmpuint (wherry_configuration_get_port_range_begin (got), ==, 20000);
  g_assert_cmpstr (wherry_configuration_get_bind_addresses (got)[0], ==, "127.0.0.1");
  g_assert_cmpuint (g_list_model_get_n_items (wherry_configuration_get_ice_servers (got)), ==, 0);
  wherry_configuration_set_ice_transport_policy (got, WHERRY_ICE_TRANSPORT_POLICY_RELAY);
  wherry_configuration_add_ice_server (got, server);
  set = wherry_peer_connection_get_configuration (pair->a.connection);
  g_assert_cmpint (wherry_configuration_get_ice_transport_policy (set), ==,
                   WHERRY_ICE_TRANSPORT_POLICY_ALL);
  g_assert_true (wherry_peer_connection_set_configuration (pair->a.connection, got, NULL));
  wherry_configuration_set_ice_transport_policy (got, WHERRY_ICE_TRANSPORT_POLICY_ALL);
  now = wherry_peer_connection_get_configuration (pair->a.connection);
  g_assert_cmpint (wherry_configuration_get_ice_transport_policy (now), ==,
                   WHERRY_ICE_TRANSPORT_POLICY_RELAY);
  g_assert_cmpuint (g_list_model_get_n_items (wherry_configuration_get_ice_servers (now)), ==, 1);
  connection_pair_free (pair);
}

static void
test_wrong_state_fails (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherrySessionDescription) rollback
      = wherry_session_description_new (WHERRY_DESCRIPTION_TYPE_ROLLBACK, NULL);
  g_autoptr (WherrySessionDescription) garbage
      = wherry_session_description_new (WHERRY_DESCRIPTION_TYPE_OFFER, "hello");
  g_autoptr (WherryIceCandidate) candidate
      = wherry_ice_candidate_new ("candidate:1 1 udp 1 127.0.0.1 9 typ host", "0", 0, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (pair_create_answer (&pair->a, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE);
  g_clear_error (&error);
  g_assert_false (pair_set_local (&pair->a, rollback, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE);
  g_clear_error (&error);
  g_assert_false (pair_set_remote (&pair->a, garbage, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
  g_clear_error (&error);
  g_assert_false (pair_add_candidate (&pair->a, candidate, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE);
  g_assert_cmpint (wherry_peer_connection_get_signaling_state (pair->a.connection), ==,
                   WHERRY_SIGNALING_STATE_STABLE);
  connection_pair_free (pair);
}

static void
on_failed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (
      wherry_peer_connection_create_offer_finish (WHERRY_PEER_CONNECTION (source), result, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  ++*(guint *) data;
}

static void
test_close_fails_what_waits (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (GError) error = NULL;
  guint n_failed = 0;
  gsize trail;

  wherry_peer_connection_create_offer_async (pair->a.connection, FALSE, NULL, on_failed, &n_failed);
  wherry_peer_connection_create_offer_async (pair->a.connection, FALSE, NULL, on_failed, &n_failed);
  wherry_peer_connection_close (pair->a.connection);
  g_assert_cmpint (wherry_peer_connection_get_signaling_state (pair->a.connection), ==,
                   WHERRY_SIGNALING_STATE_CLOSED);
  g_assert_cmpint (wherry_peer_connection_get_connection_state (pair->a.connection), ==,
                   WHERRY_CONNECTION_STATE_CLOSED);
  trail = pair->a.trail->len;
  wherry_peer_connection_create_offer_async (pair->a.connection, FALSE, NULL, on_failed, &n_failed);
  WHERRY_WAIT_UNTIL (NULL, n_failed == 3);
  g_assert_null (
      wherry_peer_connection_create_data_channel (pair->a.connection, "x", NULL, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_assert_cmpuint (pair->a.trail->len, ==, trail);
  connection_pair_free (pair);
}

/* The other side hears of it; nothing of the closed one is heard of again. */
static void
test_close_is_seen (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = create_channel (&pair->a, "x");
  ChannelEnd *a = channel_end_new (channel, TRUE);
  ChannelEnd *b = NULL;

  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, a->n_open == 1 && pair->b.channels->len == 1);
  b = channel_end_new (g_ptr_array_index (pair->b.channels, 0), TRUE);
  wherry_peer_connection_close (pair->a.connection);
  g_assert_cmpint (wherry_data_channel_get_ready_state (a->channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_CLOSED);
  WHERRY_WAIT_UNTIL (NULL, b->n_closed == 1);
  g_assert_cmpuint (b->n_errors, ==, 1); /* it was not the channel that was closed */
  g_assert_cmpuint (a->n_closed + a->n_closing + a->n_errors, ==, 0);
  g_assert_cmpuint (g_list_model_get_n_items (
                        wherry_peer_connection_get_channels (pair->b.connection)),
                    ==, 0);

  channel_end_free (a);
  channel_end_free (b);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
on_close_done (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (
      wherry_peer_connection_close_finish (WHERRY_PEER_CONNECTION (source), result, &error));
  g_assert_no_error (error);
  (*(guint *) data)++;
}

/* Completes when all is over, at once where it is already, and never within the call. */
static void
test_close_async (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = create_channel (&pair->a, "x");
  ChannelEnd *a = channel_end_new (channel, TRUE);
  guint n_done = 0;

  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, a->n_open == 1);
  wherry_peer_connection_close_async (pair->a.connection, NULL, on_close_done, &n_done);
  wherry_peer_connection_close_async (pair->a.connection, NULL, on_close_done, &n_done);
  g_assert_cmpint (wherry_peer_connection_get_connection_state (pair->a.connection), ==,
                   WHERRY_CONNECTION_STATE_CLOSED);
  g_assert_cmpuint (n_done, ==, 0);
  WHERRY_WAIT_UNTIL (NULL, n_done == 2);
  wherry_peer_connection_close_async (pair->a.connection, NULL, on_close_done, &n_done);
  g_assert_cmpuint (n_done, ==, 2);
  WHERRY_WAIT_UNTIL (NULL, n_done == 3);

  channel_end_free (a);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

/* Nothing but the program's references keeps a connection, whatever was called before. */
static void
test_last_reference_closes (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherrySessionDescription) offer = pair_create_offer (&pair->a, NULL);
  gpointer connection = pair->a.connection;

  pair_set_local (&pair->a, offer, NULL);
  g_object_add_weak_pointer (connection, &connection);
  WHERRY_WAIT_UNTIL (NULL, pair->a.n_ends == 1);
  g_clear_object (&pair->a.connection);
  g_assert_null (connection);
  connection_pair_free (pair);
}

static gpointer
drop (gpointer data)
{
  g_object_unref (data);
  return NULL;
}

static void
test_last_reference_on_another_thread (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = create_channel (&pair->a, "x");
  ChannelEnd *b = NULL;

  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, pair->b.channels->len == 1);
  b = channel_end_new (g_ptr_array_index (pair->b.channels, 0), TRUE);
  g_thread_join (g_thread_new ("drop", drop, g_steal_pointer (&pair->a.connection)));
  WHERRY_WAIT_UNTIL (NULL, b->n_closed == 1);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (channel)
                               == WHERRY_DATA_CHANNEL_STATE_CLOSED);
  g_thread_join (g_thread_new ("drop", drop, g_steal_pointer (&channel)));
  channel_end_free (b);
  connection_pair_free (pair);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peer-connection/messages-both-ways", test_messages_both_ways);
  g_test_add_func ("/peer-connection/states", test_states);
  g_test_add_func ("/peer-connection/descriptions", test_descriptions);
  g_test_add_func ("/peer-connection/negotiation-needed", test_negotiation_needed);
  g_test_add_func ("/peer-connection/ice-restart-keeps-channel", test_ice_restart_keeps_channel);
  g_test_add_func ("/peer-connection/rejecting-offer", test_rejecting_offer);
  g_test_add_func ("/peer-connection/candidate-with-empty-mid", test_candidate_with_empty_mid);
  g_test_add_func ("/peer-connection/configuration-is-copied", test_configuration_is_copied);
  g_test_add_func ("/peer-connection/wrong-state-fails", test_wrong_state_fails);
  g_test_add_func ("/peer-connection/close-fails-what-waits", test_close_fails_what_waits);
  g_test_add_func ("/peer-connection/close-is-seen", test_close_is_seen);
  g_test_add_func ("/peer-connection/close-async", test_close_async);
  g_test_add_func ("/peer-connection/last-reference-closes", test_last_reference_closes);
  g_test_add_func ("/peer-connection/last-reference-on-another-thread",
                   test_last_reference_on_another_thread);
  return g_test_run ();
}
