/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <math.h>
#include <string.h>

#include "base/wherry-limits.h"
#include "fixtures/wherry-own-network.h"
#include "fixtures/wherry-wait.h"
#include "integration/ice/coturn.h"
#include "lib/stats-scene.h"
#include "lib/stats-table.h"

/* What a DTLS record with AES-GCM (13 + 8 + 16) adds to an SCTP packet (12, and 16 for a chunk). */
#define RECORD_OVERHEAD 37
#define PACKET_OVERHEAD (RECORD_OVERHEAD + 12 + 16)

/* ---- figures ---- */

static gboolean
agrees (Scene *self, PairEnd *end, WherryStatsReport *ours, WherryStatsReport *theirs)
{
  const WireCount *sent = counting_wire_get (self->wire, end);

  return stats_figure (ours, "transport", NULL, "packetsSent") == (double) sent->packets
         && stats_figure (ours, "transport", NULL, "bytesSent") == (double) sent->bytes
         && stats_figure (theirs, "transport", NULL, "packetsReceived") == (double) sent->packets
         && stats_figure (theirs, "transport", NULL, "bytesReceived") == (double) sent->bytes;
}

/* Once nothing is under way the wire and both ends have counted the same. */
static void
settle (Scene *self, WherryStatsReport **a, WherryStatsReport **b)
{
  gint64 end = g_get_monotonic_time () + WHERRY_WAIT_LIMIT_US;

  while (TRUE)
    {
      *a = stats_report_of (&self->pair->a);
      *b = stats_report_of (&self->pair->b);
      if (agrees (self, &self->pair->a, *a, *b) && agrees (self, &self->pair->b, *b, *a))
        return;
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_clear_object (a);
      g_clear_object (b);
    }
}

static void
compare_times (WherryStatsReport *ours, WherryStatsReport *theirs, const WireCount *sent)
{
  double last = (double) sent->last_us / 1000;

  /* the wire sees it after the one and before the other */
  stats_table_compare ("candidate-pair", "lastPacketSentTimestamp",
                       stats_figure (ours, "candidate-pair", NULL, "lastPacketSentTimestamp"), last,
                       5000, "the wire, in ms");
  stats_table_compare ("candidate-pair", "lastPacketReceivedTimestamp",
                       stats_figure (theirs, "candidate-pair", NULL, "lastPacketReceivedTimestamp"),
                       last, 5000, "the wire, in ms");
}

static void
compare_traffic (Scene *self)
{
  static const char *const types[] = { "transport", "candidate-pair" };
  const WireCount *sent[] = { counting_wire_get (self->wire, &self->pair->a),
                              counting_wire_get (self->wire, &self->pair->b) };
  g_autoptr (WherryStatsReport) a = NULL;
  g_autoptr (WherryStatsReport) b = NULL;

  settle (self, &a, &b);
  for (guint i = 0; i < 4; i++)
    {
      const char *type = types[i / 2];
      WherryStatsReport *ours = i % 2 == 0 ? a : b;
      WherryStatsReport *theirs = i % 2 == 0 ? b : a;

      stats_table_compare (type, "packetsSent", stats_figure (ours, type, NULL, "packetsSent"),
                           (double) sent[i % 2]->packets, 0, "the wire");
      stats_table_compare (type, "bytesSent", stats_figure (ours, type, NULL, "bytesSent"),
                           (double) sent[i % 2]->bytes, 0, "the wire");
      stats_table_compare (type, "packetsReceived",
                           stats_figure (theirs, type, NULL, "packetsReceived"),
                           (double) sent[i % 2]->packets, 0, "the wire");
      stats_table_compare (type, "bytesReceived",
                           stats_figure (theirs, type, NULL, "bytesReceived"),
                           (double) sent[i % 2]->bytes, 0, "the wire");
    }
  compare_times (a, b, sent[0]);
  compare_times (b, a, sent[1]);
}

static void
compare_channel (WherryStatsReport *ours, WherryStatsReport *theirs, const char *label,
                 guint n_messages, guint64 n_bytes)
{
  static const char *const members[] = { "messages", "bytes" };

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *sent = g_strconcat (members[i], "Sent", NULL);
      g_autofree char *received = g_strconcat (members[i], "Received", NULL);
      double counted = i == 0 ? (double) n_messages : (double) n_bytes;

      stats_table_compare ("data-channel", sent, stats_figure (ours, "data-channel", label, sent),
                           counted, 0, "the calls");
      stats_table_compare ("data-channel", received,
                           stats_figure (theirs, "data-channel", label, received), counted, 0,
                           "the handler");
    }
}

static void
check_messages (Scene *self)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (1000), 1000);
  g_autoptr (WherryStatsReport) a = NULL;
  g_autoptr (WherryStatsReport) b = NULL;

  for (guint i = 0; i < 10; i++)
    g_assert_true (wherry_data_channel_send_text (self->a->channel, "twelve bytes", NULL));
  for (guint i = 0; i < 3; i++)
    g_assert_true (wherry_data_channel_send_bytes (self->b->channel, bytes, NULL));
  WHERRY_WAIT_UNTIL (NULL, self->b->messages->len == 10 && self->a->messages->len == 3);
  a = stats_report_of (&self->pair->a);
  b = stats_report_of (&self->pair->b);
  compare_channel (a, b, "first", self->b->messages->len, self->b->bytes);
  compare_channel (b, a, "first", self->a->messages->len, self->a->bytes);
}

static void
check_channels (Scene *self)
{
  g_autoptr (WherryDataChannel) second = scene_make (self, "second", "two");
  ChannelEnd *end = channel_end_new (second, FALSE);

  WHERRY_WAIT_UNTIL (NULL, end->n_open == 1);
  stats_table_compare ("peer-connection", "dataChannelsOpened",
                       stats_now_of (&self->pair->a, "peer-connection", "dataChannelsOpened"),
                       self->n_opened, 0, "the events");
  wherry_data_channel_close (second);
  g_object_unref (stats_report_of (&self->pair->a));
  WHERRY_WAIT_UNTIL (NULL, end->n_closed == 1);
  stats_table_compare ("peer-connection", "dataChannelsClosed",
                       stats_now_of (&self->pair->a, "peer-connection", "dataChannelsClosed"),
                       self->n_closed, 0, "the events");
  channel_end_free (end);
}

static void
send_bytes (Scene *self, guint n, gsize length)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (length), length);

  for (guint i = 0; i < n; i++)
    g_assert_true (wherry_data_channel_send_bytes (self->a->channel, bytes, NULL));
}

/* What is kept back on the wire is what SCTP waits for. */
static void
check_flight (Scene *self)
{
  PairEnd *a = &self->pair->a;
  guint n = self->b->messages->len;

  g_assert_cmpint ((int) stats_now_of (a, "sctp-transport", "unackData"), ==, 0);
  counting_wire_hold (self->wire, TRUE);
  send_bytes (self, 3, 700); /* two do not fit into one packet */
  WHERRY_WAIT_UNTIL (NULL, counting_wire_get_held_packets (self->wire, a) >= 3);
  stats_table_compare ("sctp-transport", "unackData",
                       stats_now_of (a, "sctp-transport", "unackData"), 3, 0,
                       "messages in held packets");
  counting_wire_hold (self->wire, FALSE);
  WHERRY_WAIT_UNTIL (NULL, self->b->messages->len == n + 3);
}

/* As much is sent as the window allows: within a packet. */
static void
check_window (Scene *self)
{
  PairEnd *a = &self->pair->a;
  guint n = self->b->messages->len;
  double window = stats_now_of (a, "sctp-transport", "congestionWindow");
  double sent = 0;
  guint64 before = 0;
  guint n_packets = 0;

  counting_wire_hold (self->wire, TRUE);
  send_bytes (self, 1, 100000);
  do
    {
      before = counting_wire_get_held_bytes (self->wire, a);
      WHERRY_WAIT_UNTIL (NULL, counting_wire_get_held_bytes (self->wire, a) > 0);
      g_object_unref (stats_report_of (a)); /* a turn of the peer's thread, and of the wire's */
    }
  while (before == 0 || counting_wire_get_held_bytes (self->wire, a) != before);
  n_packets = counting_wire_get_held_packets (self->wire, a);
  sent = (double) before - n_packets * PACKET_OVERHEAD;
  stats_table_compare ("sctp-transport", "congestionWindow", window, sent,
                       1.5 * (double) counting_wire_get (self->wire, a)->largest,
                       "held payload, and a packet");
  stats_table_compare ("sctp-transport", "mtu", stats_now_of (a, "sctp-transport", "mtu"),
                       (double) counting_wire_get (self->wire, a)->largest - RECORD_OVERHEAD, 4,
                       "the largest packet");
  counting_wire_hold (self->wire, FALSE);
  WHERRY_WAIT_UNTIL (NULL, self->b->messages->len == n + 1);
}

static void
check_round_trip (Scene *self)
{
  PairEnd *a = &self->pair->a;
  const guint delay_ms = 40;
  const double delay = delay_ms / 1000.0;
  guint n = self->b->messages->len;

  counting_wire_set_delay (self->wire, delay_ms);
  /* an eighth of what is missing with each (RFC 9260 section 6.3.1) */
  while (fabs (stats_now_of (a, "sctp-transport", "smoothedRoundTripTime") - 2 * delay) > delay / 2)
    {
      send_bytes (self, 1, 1);
      n++;
      WHERRY_WAIT_UNTIL (NULL, self->b->messages->len == n);
    }
  stats_table_compare ("sctp-transport", "smoothedRoundTripTime",
                       stats_now_of (a, "sctp-transport", "smoothedRoundTripTime"), 2 * delay,
                       delay / 2, "the wire's delay");
  counting_wire_set_delay (self->wire, 0);
}

static void
count (guint *n)
{
  (*n)++;
}

/* What the other side's program does not take fills its window. */
static void
check_receiver_window (Scene *self)
{
  PairEnd *a = &self->pair->a;
  double before = stats_now_of (a, "sctp-transport", "receiverWindow");
  g_autoptr (WherryDataChannel) channel = scene_make (self, "unread", "");
  g_autoptr (WherryDataChannel) other = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (65536), 65536);
  guint n_sent = 0;
  guint n_taken = 0;

  stats_table_compare ("sctp-transport", "receiverWindow", before, WHERRY_SCTP_RCVBUF, 16 * 1024,
                       "the limit of what is received and not read");
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (channel)
                               == WHERRY_DATA_CHANNEL_STATE_OPEN);
  WHERRY_WAIT_UNTIL (NULL, self->pair->b.channels->len == 3);
  other = g_object_ref (g_ptr_array_index (self->pair->b.channels, 2));
  while (stats_now_of (a, "sctp-transport", "receiverWindow") > before / 2)
    if (wherry_data_channel_send_bytes (channel, bytes, NULL))
      n_sent++;
  g_assert_cmpuint (n_sent * 65536, >, 1024 * 1024);
  g_signal_connect_swapped (other, "message", G_CALLBACK (count), &n_taken);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_buffered_amount (channel) == 0);
  WHERRY_WAIT_UNTIL (NULL, n_taken == n_sent);
  while (stats_now_of (a, "sctp-transport", "receiverWindow") < before / 2)
    ;
}

static void
check_restart (Scene *self)
{
  g_assert_cmpuint (self->n_pairs, ==, 1);
  stats_table_compare ("transport", "selectedCandidatePairChanges",
                       stats_now_of (&self->pair->a, "transport", "selectedCandidatePairChanges"),
                       self->n_pairs, 0, "the events");
  wherry_peer_connection_restart_ice (self->pair->a.connection);
  pair_negotiate (&self->pair->a);
  WHERRY_WAIT_UNTIL (NULL, scene_carried (self));
  stats_table_compare ("transport", "selectedCandidatePairChanges",
                       stats_now_of (&self->pair->a, "transport", "selectedCandidatePairChanges"),
                       self->n_pairs, 0, "the events");
  g_object_unref (stats_report_of (&self->pair->b));
}

/* Without loopback nothing can be sent: the system refuses what DTLS has counted. In time ICE gives
 * the pair up. */
static void
check_discarded (Scene *self)
{
  PairEnd *a = &self->pair->a;
  const WireCount *sent = counting_wire_get (self->wire, a);
  g_autoptr (WherryStatsReport) report = NULL;

  wherry_own_network_ip ("link set lo down");
  send_bytes (self, 1, 5000);
  while (stats_now_of (a, "candidate-pair", "packetsDiscardedOnSend") < 3)
    ;
  report = stats_report_of (a);
  stats_table_compare ("candidate-pair", "packetsDiscardedOnSend",
                       stats_figure (report, "candidate-pair", NULL, "packetsDiscardedOnSend"),
                       stats_figure (report, "transport", NULL, "packetsSent")
                           - (double) sent->packets,
                       0, "DTLS, less what the wire got");
  WHERRY_WAIT_UNTIL (NULL, wherry_peer_connection_get_ice_connection_state (a->connection)
                               == WHERRY_ICE_CONNECTION_STATE_FAILED);
  g_object_unref (stats_report_of (a));
  wherry_own_network_ip ("link set lo up");
}

/* ---- other candidates ---- */

typedef enum
{
  ALL,
  FROM_A, /* a finds b by its checks */
  TCP,
  BASE_TOLD, /* of theirs; ours hide it where host candidates are not used (RFC 8828) */
} Told;

/* (transfer full) */
static WherryIceCandidate *
with_base (WherryIceCandidate *candidate)
{
  g_autoptr (GString) text = g_string_new (wherry_ice_candidate_get_candidate (candidate));

  if (wherry_ice_candidate_get_related_address (candidate) != NULL)
    g_assert_cmpuint (g_string_replace (text, "raddr 0.0.0.0 rport 9", "raddr 10.0.0.7 rport 77",
                                        0),
                      ==, 1);
  return wherry_ice_candidate_new (text->str, wherry_ice_candidate_get_sdp_mid (candidate),
                                   wherry_ice_candidate_get_sdp_mline_index (candidate),
                                   wherry_ice_candidate_get_username_fragment (candidate));
}

/* Carries what the other side is to be told. */
static gboolean
tell (PairEnd *end, Told told)
{
  while (end->candidates->len > 0)
    {
      g_autoptr (WherryIceCandidate) candidate = g_ptr_array_steal_index (end->candidates, 0);
      gboolean is_tcp = g_strcmp0 (wherry_ice_candidate_get_protocol (candidate), "tcp") == 0;

      if (told == BASE_TOLD)
        {
          g_autoptr (WherryIceCandidate) changed = with_base (candidate);

          pair_add_candidate (pair_other (end), changed, NULL);
        }
      else if (told == ALL || (told == FROM_A && end == &end->pair->a) || (told == TCP && is_tcp))
        pair_add_candidate (pair_other (end), candidate, NULL);
    }
  return TRUE;
}

static void
compare_candidate (WherryStatsReport *report, const char *type, WherryIceCandidate *candidate)
{
  stats_table_compare (type, "port", stats_figure (report, type, NULL, "port"),
                       wherry_ice_candidate_get_port (candidate), 0, "the candidate");
  stats_table_compare (type, "priority", stats_figure (report, type, NULL, "priority"),
                       wherry_ice_candidate_get_priority (candidate), 0, "the candidate");
  if (wherry_ice_candidate_get_related_address (candidate) != NULL)
    stats_table_compare (type, "relatedPort", stats_figure (report, type, NULL, "relatedPort"),
                         wherry_ice_candidate_get_related_port (candidate), 0, "the candidate");
}

static void
check_candidates (ConnectionPair *pair)
{
  PairEnd *ends[] = { &pair->a, &pair->b };

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (WherryStatsReport) report = stats_report_of (ends[i]);
      GListModel *local = wherry_ice_transport_get_local_candidates (stats_ice_of (ends[i]));
      GListModel *remote = wherry_ice_transport_get_remote_candidates (stats_ice_of (ends[i]));
      g_autoptr (WherryIceCandidate) ours = g_list_model_get_item (local, 0);
      g_autoptr (WherryIceCandidate) theirs = g_list_model_get_item (remote, 0);

      compare_candidate (report, "local-candidate", ours);
      compare_candidate (report, "remote-candidate", theirs);
    }
}

/* Connects, reports, ends. */
static void
see_pair (WherryConfiguration *configuration, Told told)
{
  ConnectionPair *pair = connection_pair_new (configuration);
  g_autoptr (WherryDataChannel) channel
      = wherry_peer_connection_create_data_channel (pair->a.connection, "other", NULL, NULL);

  pair_watch (channel);
  pair->holds_candidates = TRUE;
  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, tell (&pair->a, told) && tell (&pair->b, told)
                               && wherry_data_channel_get_ready_state (channel)
                                      == WHERRY_DATA_CHANNEL_STATE_OPEN);
  g_object_unref (stats_report_of (&pair->a));
  g_object_unref (stats_report_of (&pair->b));
  if (told == ALL || told == BASE_TOLD)
    check_candidates (pair);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
see_relayed (const char *address, const char *url, Told told)
{
  g_autoptr (WherryConfiguration) configuration = wherry_configuration_new ();
  const char *const addresses[] = { address, NULL };
  const char *const urls[] = { url, NULL };
  g_autoptr (WherryIceServer) server
      = wherry_ice_server_new (urls, COTURN_USER, COTURN_PASSWORD, NULL);

  g_assert_nonnull (server);
  wherry_configuration_set_bind_addresses (configuration, addresses);
  wherry_configuration_set_ice_transport_policy (configuration, WHERRY_ICE_TRANSPORT_POLICY_RELAY);
  wherry_configuration_add_ice_server (configuration, server);
  see_pair (configuration, told);
}

static void
see_others (Coturn *coturn)
{
  static const char *const elsewhere[] = { "10.77.0.1", NULL };
  g_autoptr (WherryConfiguration) configuration = pair_configuration_new ();
  g_autofree char *udp = g_strdup_printf ("turn:127.0.0.1:%u", coturn->port);
  g_autofree char *tcp = g_strdup_printf ("turn:127.0.0.1:%u?transport=tcp", coturn->port);

  see_pair (configuration, FROM_A);
  wherry_configuration_set_bind_addresses (configuration, elsewhere);
  see_pair (configuration, ALL);
  wherry_configuration_set_ice_tcp (configuration, TRUE);
  see_pair (configuration, TCP);
  see_relayed ("127.0.0.1", udp, ALL);
  see_relayed ("10.77.0.1", tcp, BASE_TOLD);
}

static void
test_members (void)
{
  Scene scene;
  Coturn coturn;

  if (!wherry_own_network_enter () || !coturn_start (&coturn))
    return;
  see_others (&coturn);
  coturn_stop (&coturn);
  scene_open (&scene);
  check_messages (&scene);
  compare_traffic (&scene);
  check_channels (&scene);
  check_flight (&scene);
  check_window (&scene);
  check_round_trip (&scene);
  check_receiver_window (&scene);
  check_restart (&scene);
  check_discarded (&scene);
  stats_table_finish ();
  scene_close (&scene);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/members", test_members);
  return g_test_run ();
}
