/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "base/wherry-error.h"
#include "lib/wherry-connection-private.h"
#include "lib/wherry-enum-types.h"
#include "lib/wherry-stats-report-private.h"

/* Asks the peer thread for a snapshot, and makes a report of it (W3C webrtc-stats) or brings the
 * transport objects up to date. */

/* ---- the snapshot ---- */

void
wherry_connection_snapshot_free (WherryConnectionSnapshot *self)
{
  wherry_peer_stats_clear (&self->peer);
  g_clear_pointer (&self->certificate, g_bytes_unref);
  g_free (self);
}

typedef struct
{
  WherryConnection *connection; /* a reference */
  gboolean for_report;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  wherry_connection_unref (request->connection);
  g_free (request);
}

static void
take_snapshot (WherryPeer *peer, gpointer data)
{
  Request *request = data;
  WherryConnectionSnapshot *snapshot = g_new0 (WherryConnectionSnapshot, 1);

  snapshot->for_report = request->for_report;
  wherry_peer_get_stats (peer, &snapshot->peer);
  snapshot->certificate = wherry_peer_dup_remote_certificate (peer);
  wherry_connection_post_snapshot (request->connection, snapshot);
}

static void
ask (WherryConnection *self, gboolean for_report)
{
  Request *request = g_new0 (Request, 1);

  request->connection = wherry_connection_ref (self);
  request->for_report = for_report;
  wherry_peer_post_call (self->peer, take_snapshot, request, request_free);
}

void
wherry_connection_refresh_transports (WherryConnection *self)
{
  ask (self, FALSE);
}

void
wherry_connection_get_stats (WherryConnection *self, GTask *task)
{
  if (self->closed || self->finished)
    {
      g_task_return_new_error (task, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "The connection is closed");
      g_object_unref (task);
      return;
    }
  g_queue_push_tail (&self->stats_tasks, task);
  ask (self, TRUE);
}

void
wherry_connection_fail_stats (WherryConnection *self)
{
  GTask *task = NULL;

  while ((task = g_queue_pop_head (&self->stats_tasks)) != NULL)
    {
      g_task_return_new_error (task, WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                               "The connection was closed");
      g_object_unref (task);
    }
}

/* ---- the report ---- */

/* Ids tell the objects of all connections apart, and of one its successive pairs. */

typedef struct
{
  GVariantBuilder all;
  GVariantBuilder one;
  double timestamp;
  /* ids */
  char *connection;
  char *transport;
  char *sctp;
  char *pair;
  char *local_candidate;
  char *remote_candidate;
  char *local_certificate;
  char *remote_certificate;
} Report;

static char *
certificate_id (const WherryFingerprint *fingerprint)
{
  g_autofree char *text = wherry_fingerprint_to_string (fingerprint);

  return g_strconcat ("CF", strchr (text, ' ') + 1, NULL);
}

static void
report_init (Report *self, WherryConnection *connection, const WherryPeerStats *stats)
{
  const char *id = wherry_peer_get_id (connection->peer);
  guint64 n = stats->ice.pair_changes;

  *self = (Report){ .timestamp = (double) g_get_real_time () / 1000 };
  g_variant_builder_init (&self->all, G_VARIANT_TYPE ("a{sa{sv}}"));
  self->connection = g_strconcat ("P", id, NULL);
  self->transport = g_strconcat ("T", id, NULL);
  self->sctp = g_strconcat ("S", id, NULL);
  self->pair = g_strdup_printf ("CP%s.%" G_GUINT64_FORMAT, id, n);
  self->local_candidate = g_strdup_printf ("IL%s.%" G_GUINT64_FORMAT, id, n);
  self->remote_candidate = g_strdup_printf ("IR%s.%" G_GUINT64_FORMAT, id, n);
  if (stats->has_ice)
    self->local_certificate = certificate_id (&stats->local_fingerprint);
  if (stats->has_remote_fingerprint)
    self->remote_certificate = certificate_id (&stats->remote_fingerprint);
}

static void
report_clear (Report *self)
{
  g_free (self->connection);
  g_free (self->transport);
  g_free (self->sctp);
  g_free (self->pair);
  g_free (self->local_candidate);
  g_free (self->remote_candidate);
  g_free (self->local_certificate);
  g_free (self->remote_certificate);
}

static void
add (Report *report, const char *name, GVariant *value)
{
  g_variant_builder_add (&report->one, "{sv}", name, value);
}

static void
add_string (Report *report, const char *name, const char *value)
{
  if (value != NULL)
    add (report, name, g_variant_new_string (value));
}

static void
add_number (Report *report, const char *name, guint64 value)
{
  add (report, name, g_variant_new_uint64 (value));
}

static void
begin (Report *report, const char *id, const char *type)
{
  g_variant_builder_init (&report->one, G_VARIANT_TYPE_VARDICT);
  add_string (report, "id", id);
  add_string (report, "type", type);
  add (report, "timestamp", g_variant_new_double (report->timestamp));
}

static void
end (Report *report, const char *id)
{
  g_variant_builder_add (&report->all, "{s@a{sv}}", id, g_variant_builder_end (&report->one));
}

/* As W3C writes it: "have-local-offer". */
static const char *
nick (GType type, int value)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);

  return g_enum_get_value (klass, value)->value_nick;
}

static void
add_connection (Report *report, const WherryConnection *self)
{
  begin (report, report->connection, "peer-connection");
  add_number (report, "dataChannelsOpened", self->n_opened);
  add_number (report, "dataChannelsClosed", self->n_closed);
  end (report, report->connection);
}

static void
add_transport (Report *report, WherryConnection *self, const WherryPeerStats *stats)
{
  WherryDtlsTransport *dtls = wherry_sctp_transport_get_transport (self->sctp_transport);

  begin (report, report->transport, "transport");
  add_number (report, "packetsSent", stats->traffic.packets_sent);
  add_number (report, "packetsReceived", stats->traffic.packets_received);
  add_number (report, "bytesSent", stats->traffic.bytes_sent);
  add_number (report, "bytesReceived", stats->traffic.bytes_received);
  add_string (report, "iceRole", stats->ice.controlling ? "controlling" : "controlled");
  add_string (report, "iceLocalUsernameFragment", stats->local_ufrag);
  add_string (report, "iceState", nick (WHERRY_TYPE_ICE_CONNECTION_STATE, (int) self->ice_state));
  add_string (report, "dtlsState",
              nick (WHERRY_TYPE_DTLS_TRANSPORT_STATE,
                    (int) wherry_dtls_transport_get_state (dtls)));
  add_string (report, "dtlsRole",
              !stats->has_role   ? "unknown"
              : stats->is_client ? "client"
                                 : "server");
  add_string (report, "tlsVersion", stats->tls_version);
  add_string (report, "dtlsCipher", stats->cipher_suite);
  add_number (report, "selectedCandidatePairChanges", stats->ice.pair_changes);
  if (stats->ice.has_pair)
    add_string (report, "selectedCandidatePairId", report->pair);
  add_string (report, "localCertificateId", report->local_certificate);
  add_string (report, "remoteCertificateId", report->remote_certificate);
  end (report, report->transport);
}

/* 0: never */
static void
add_time (Report *report, const char *name, gint64 monotonic_us)
{
  gint64 ago_us = g_get_monotonic_time () - monotonic_us;

  if (monotonic_us != 0)
    add (report, name, g_variant_new_double (report->timestamp - (double) ago_us / 1000));
}

static void
add_pair (Report *report, const WherryIceStats *ice)
{
  begin (report, report->pair, "candidate-pair");
  add_string (report, "transportId", report->transport);
  add_string (report, "localCandidateId", report->local_candidate);
  add_string (report, "remoteCandidateId", report->remote_candidate);
  add_string (report, "state", ice->state == WHERRY_TRANSPORT_FAILED ? "failed" : "succeeded");
  add (report, "nominated", g_variant_new_boolean (TRUE));
  add_number (report, "packetsSent", ice->pair_traffic.packets_sent);
  add_number (report, "packetsReceived", ice->pair_traffic.packets_received);
  add_number (report, "bytesSent", ice->pair_traffic.bytes_sent);
  add_number (report, "bytesReceived", ice->pair_traffic.bytes_received);
  add_number (report, "packetsDiscardedOnSend", ice->packets_dropped);
  add_time (report, "lastPacketSentTimestamp", ice->pair_traffic.last_sent_us);
  add_time (report, "lastPacketReceivedTimestamp", ice->pair_traffic.last_received_us);
  end (report, report->pair);
}

/* How a TURN server is reached: "turns:host:port?transport=tcp" */
static const char *
relay_protocol (const char *url)
{
  if (g_str_has_prefix (url, "turns:"))
    return "tls";
  return g_str_has_suffix (url, "?transport=tcp") ? "tcp" : "udp";
}

/* What a check finds has no more than what libnice tells of it. candidate: (nullable) */
static void
add_signaled (Report *report, WherryIceCandidate *candidate)
{
  const char *related = NULL;

  if (candidate == NULL)
    return;
  add_string (report, "usernameFragment", wherry_ice_candidate_get_username_fragment (candidate));
  add_string (report, "tcpType", wherry_ice_candidate_get_tcp_type (candidate));
  if (wherry_ice_transport_is_found (candidate))
    return;
  related = wherry_ice_candidate_get_related_address (candidate);
  add_string (report, "foundation", wherry_ice_candidate_get_foundation (candidate));
  add_string (report, "relatedAddress", related);
  if (related != NULL)
    add (report, "relatedPort",
         g_variant_new_int32 ((gint32) wherry_ice_candidate_get_related_port (candidate)));
}

typedef struct
{
  const char *id;
  const char *type;
  WherryCandidateType kind;
  const char *address; /* "ip:port" or "[ip]:port" */
  guint32 priority;
  WherryIceCandidate *signaled; /* (nullable) */
} PairSide;

static void
add_candidate (Report *report, const PairSide *side, const WherryIceStats *ice)
{
  const char *colon = strrchr (side->address, ':');
  g_autofree char *host = NULL;

  begin (report, side->id, side->type);
  add_string (report, "transportId", report->transport);
  if (colon != NULL)
    {
      host = g_strndup (side->address, (gsize) (colon - side->address));
      if (*host == '[')
        host[strlen (host) - 1] = '\0';
      add_string (report, "address", *host == '[' ? host + 1 : host);
      add (report, "port", g_variant_new_int32 (atoi (colon + 1)));
    }
  add_string (report, "protocol", ice->pair.protocol);
  add_string (report, "candidateType", wherry_candidate_type_to_string (side->kind));
  add (report, "priority", g_variant_new_int32 ((gint32) side->priority));
  add_signaled (report, side->signaled);
  if (side->kind == WHERRY_CANDIDATE_TYPE_RELAY && *ice->relay_url != '\0'
      && g_str_equal (side->type, "local-candidate"))
    {
      add_string (report, "url", ice->relay_url);
      add_string (report, "relayProtocol", relay_protocol (ice->relay_url));
    }
  end (report, side->id);
}

/* Their transport knows which of the candidates they are. */
static void
add_candidates (Report *report, WherryConnection *self, const WherryIceStats *ice)
{
  WherryIceTransport *transport
      = self->sctp_transport != NULL ? wherry_dtls_transport_get_ice_transport (
            wherry_sctp_transport_get_transport (self->sctp_transport))
                                     : NULL;
  PairSide local = { .id = report->local_candidate,
                     .type = "local-candidate",
                     .kind = ice->pair.local_type,
                     .address = ice->pair.local_address,
                     .priority = ice->local_priority };
  PairSide remote = { .id = report->remote_candidate,
                      .type = "remote-candidate",
                      .kind = ice->pair.remote_type,
                      .address = ice->pair.remote_address,
                      .priority = ice->remote_priority };

  if (transport != NULL)
    {
      local.signaled = wherry_ice_transport_get_selected_local_candidate (transport);
      remote.signaled = wherry_ice_transport_get_selected_remote_candidate (transport);
    }
  add_candidate (report, &local, ice);
  add_candidate (report, &remote, ice);
}

/* der: (nullable) */
static void
add_certificate (Report *report, const char *id, const WherryFingerprint *fingerprint, GBytes *der)
{
  g_autofree char *text = wherry_fingerprint_to_string (fingerprint);
  const char *space = strchr (text, ' ');
  g_autofree char *base64 = NULL;

  begin (report, id, "certificate");
  add_string (report, "fingerprint", space != NULL ? space + 1 : text);
  add_string (report, "fingerprintAlgorithm", wherry_hash_get_name (fingerprint->hash));
  if (der != NULL)
    {
      base64 = g_base64_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
      add_string (report, "base64Certificate", base64);
    }
  end (report, id);
}

static void
add_sctp (Report *report, const WherrySctpInfo *sctp)
{
  begin (report, report->sctp, "sctp-transport");
  add_string (report, "transportId", report->transport);
  add (report, "smoothedRoundTripTime",
       g_variant_new_double ((double) sctp->smoothed_rtt_ms / 1000));
  add_number (report, "congestionWindow", sctp->congestion_window);
  add_number (report, "receiverWindow", sctp->receiver_window);
  add_number (report, "mtu", sctp->mtu);
  add_number (report, "unackData", sctp->unacked);
  end (report, report->sctp);
}

static void
add_channel (Report *report, const WherryChannelCore *core)
{
  g_autofree char *id
      = g_strdup_printf ("D%s.%u", wherry_peer_get_id (core->connection->peer), core->number);

  begin (report, id, "data-channel");
  add_string (report, "label", core->label);
  add_string (report, "protocol", core->protocol);
  if (core->id >= 0)
    add (report, "dataChannelIdentifier", g_variant_new_int32 (core->id));
  add_string (report, "state", nick (WHERRY_TYPE_DATA_CHANNEL_STATE, (int) core->state));
  add_number (report, "messagesSent", core->messages_sent);
  add_number (report, "bytesSent", core->bytes_sent);
  add_number (report, "messagesReceived", core->messages_received);
  add_number (report, "bytesReceived", core->bytes_received);
  end (report, id);
}

static WherryStatsReport *
make_report (WherryConnection *self, const WherryConnectionSnapshot *snapshot)
{
  const WherryPeerStats *stats = &snapshot->peer;
  const WherryIceStats *ice = &stats->ice;
  Report report;
  WherryStatsReport *made = NULL;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->channels));

  report_init (&report, self, stats);
  add_connection (&report, self);
  if (self->sctp_transport != NULL)
    add_transport (&report, self, stats);
  if (stats->has_ice)
    add_certificate (&report, report.local_certificate, &stats->local_fingerprint, NULL);
  if (stats->has_remote_fingerprint)
    add_certificate (&report, report.remote_certificate, &stats->remote_fingerprint,
                     snapshot->certificate);
  if (ice->has_pair)
    {
      add_pair (&report, ice);
      add_candidates (&report, self, ice);
    }
  if (stats->has_sctp)
    add_sctp (&report, &stats->sctp);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WherryDataChannel) channel
          = g_list_model_get_item (G_LIST_MODEL (self->channels), i);

      add_channel (&report, wherry_data_channel_get_core (channel));
    }
  made = wherry_stats_report_new (g_variant_builder_end (&report.all));
  report_clear (&report);
  return made;
}

void
wherry_connection_take_snapshot (WherryConnection *self, const WherryConnectionSnapshot *snapshot)
{
  GTask *task = NULL;

  if (self->sctp_transport != NULL)
    wherry_sctp_transport_take_details (self->sctp_transport, &snapshot->peer,
                                        snapshot->certificate);
  if (!snapshot->for_report || self->closed)
    return;
  task = g_queue_pop_head (&self->stats_tasks);
  g_task_return_pointer (task, make_report (self, snapshot), g_object_unref);
  g_object_unref (task);
}
