/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/connection-pair.h"

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  g_set_object ((GAsyncResult **) data, result);
}

static WherryStatsReport *
get_stats (PairEnd *end)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  WherryStatsReport *report;

  wherry_peer_connection_get_stats_async (end->connection, NULL, on_result, &result);
  WHERRY_WAIT_UNTIL (NULL, result != NULL);
  report = wherry_peer_connection_get_stats_finish (end->connection, result, &error);
  g_assert_no_error (error);
  return report;
}

/* The only one of its type. */
static GVariant *
find (WherryStatsReport *report, const char *type)
{
  g_auto (GStrv) ids = wherry_stats_report_get_ids (report, type);
  GVariant *members;
  const char *its_id = NULL;

  g_assert_cmpuint (g_strv_length (ids), ==, 1);
  members = wherry_stats_report_lookup (report, ids[0]);
  g_assert_true (g_variant_lookup (members, "id", "&s", &its_id));
  g_assert_cmpstr (its_id, ==, ids[0]);
  return members;
}

static guint64
number (GVariant *members, const char *name)
{
  guint64 value = 0;

  g_assert_true (g_variant_lookup (members, name, "t", &value));
  return value;
}

static const char *
string (GVariant *members, const char *name)
{
  const char *value = NULL;

  g_assert_true (g_variant_lookup (members, name, "&s", &value));
  return value;
}

static void
test_before_and_after (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel
      = wherry_peer_connection_create_data_channel (pair->a.connection, "x", NULL, NULL);
  ChannelEnd *a = channel_end_new (channel, TRUE);
  ChannelEnd *b = NULL;
  WherryIceTransport *ice = NULL;

  pair_watch (channel);
  {
    g_autoptr (WherryStatsReport) report = get_stats (&pair->a);
    g_autoptr (GVariant) connection = find (report, "peer-connection");
    g_autoptr (GVariant) members = find (report, "data-channel");
    g_auto (GStrv) transports = wherry_stats_report_get_ids (report, "transport");

    g_assert_cmpuint (number (connection, "dataChannelsOpened"), ==, 0);
    g_assert_cmpstr (string (members, "state"), ==, "connecting");
    g_assert_cmpuint (g_strv_length (transports), ==, 0);
  }
  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, a->n_open == 1 && pair->b.channels->len == 1);
  b = channel_end_new (g_ptr_array_index (pair->b.channels, 0), TRUE);
  for (guint i = 0; i < 10; i++)
    g_assert_true (wherry_data_channel_send_text (a->channel, "twelve bytes", NULL));
  WHERRY_WAIT_UNTIL (NULL, b->messages->len == 10);
  {
    g_autoptr (WherryStatsReport) report = get_stats (&pair->a);
    g_autoptr (WherryStatsReport) other = get_stats (&pair->b);
    g_autoptr (GVariant) connection = find (report, "peer-connection");
    g_autoptr (GVariant) sent = find (report, "data-channel");
    g_autoptr (GVariant) received = find (other, "data-channel");
    g_autoptr (GVariant) transport = find (report, "transport");
    g_autoptr (GVariant) far_transport = find (other, "transport");
    g_autoptr (GVariant) candidate_pair = find (report, "candidate-pair");
    g_autoptr (GVariant) local = find (report, "local-candidate");
    g_autoptr (GVariant) far_remote = find (other, "remote-candidate");
    g_autoptr (GVariant) sctp = find (report, "sctp-transport");
    g_auto (GStrv) certificates = wherry_stats_report_get_ids (report, "certificate");
    gint32 port = 0;
    gint32 far_port = 0;

    g_assert_cmpuint (number (connection, "dataChannelsOpened"), ==, 1);
    g_assert_cmpuint (number (connection, "dataChannelsClosed"), ==, 0);
    g_assert_cmpuint (number (sent, "messagesSent"), ==, 10);
    g_assert_cmpuint (number (sent, "bytesSent"), ==, 120);
    g_assert_cmpuint (number (sent, "messagesReceived"), ==, 0);
    g_assert_cmpuint (number (received, "messagesReceived"), ==, 10);
    g_assert_cmpuint (number (received, "bytesReceived"), ==, 120);
    g_assert_cmpstr (string (sent, "state"), ==, "open");
    g_assert_cmpstr (string (sent, "label"), ==, "x");
    g_assert_cmpstr (string (transport, "dtlsState"), ==, "connected");
    g_assert_cmpstr (string (transport, "iceRole"), ==, "controlling");
    g_assert_cmpstr (string (far_transport, "iceRole"), ==, "controlled");
    g_assert_cmpstr (string (far_transport, "dtlsRole"), ==, "client");
    g_assert_cmpuint (number (transport, "bytesSent"), >, 120);
    g_assert_cmpuint (number (candidate_pair, "packetsSent"), >, 0);
    g_assert_cmpstr (string (local, "address"), ==, "127.0.0.1");
    g_assert_cmpstr (string (local, "candidateType"), ==, "host");
    g_assert_true (g_variant_lookup (local, "port", "i", &port));
    g_assert_true (g_variant_lookup (far_remote, "port", "i", &far_port));
    g_assert_cmpint (port, ==, far_port);
    g_assert_cmpuint (number (sctp, "congestionWindow"), >, 0);
    g_assert_cmpuint (g_strv_length (certificates), ==, 2);
  }
  ice = wherry_dtls_transport_get_ice_transport (
      wherry_sctp_transport_get_transport (wherry_peer_connection_get_sctp (pair->a.connection)));
  g_assert_cmpint (wherry_ice_transport_get_role (ice), ==, WHERRY_ICE_ROLE_CONTROLLING);
  g_assert_nonnull (wherry_dtls_transport_get_remote_certificate (
      wherry_sctp_transport_get_transport (wherry_peer_connection_get_sctp (pair->a.connection))));
  channel_end_free (a);
  channel_end_free (b);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
test_closed (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (GAsyncResult) waiting = NULL;
  g_autoptr (GAsyncResult) late = NULL;
  g_autoptr (GError) error = NULL;

  wherry_peer_connection_get_stats_async (pair->a.connection, NULL, on_result, &waiting);
  wherry_peer_connection_close (pair->a.connection);
  wherry_peer_connection_get_stats_async (pair->a.connection, NULL, on_result, &late);
  WHERRY_WAIT_UNTIL (NULL, waiting != NULL && late != NULL);
  g_assert_null (wherry_peer_connection_get_stats_finish (pair->a.connection, waiting, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_null (wherry_peer_connection_get_stats_finish (pair->a.connection, late, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_clear_object (&waiting);
  g_clear_object (&late);
  connection_pair_free (pair);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/before-and-after", test_before_and_after);
  g_test_add_func ("/stats/closed", test_closed);
  return g_test_run ();
}
