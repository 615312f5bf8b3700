/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "peer/wherry-peer-stack.h"

#include "base/wherry-class.h"
#include "base/wherry-clock.h"
#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "base/wherry-owner.h"
#include "channel/wherry-channel-set.h"
#include "dtls/wherry-dtls-certificate.h"
#include "dtls/wherry-dtls-session.h"
#include "dtls/wherry-dtls-shared-certificate.h"
#include "ice/wherry-ice-session.h"
#include "sctp/wherry-sctp-association.h"
#include "sctp/wherry-sctp-info.h"

/* RFC 8831 section 6.2 and every browser: the SCTP port that we announce. */
#define SCTP_PORT 5000u

struct _WherryPeerStack
{
  /* peer thread only */
  WherryOwner owner;
  const WherryPeerSettings *settings;
  GMainContext *context;
  const WherryPeerStackEvents *events;
  gpointer events_data;
  WherryDtlsCertificate *certificate;
  WherryIceSession *ice;            /* NULL: a test brought the stream transport */
  WherryDtlsSession *dtls;          /* NULL without ICE */
  WherryStreamTransport *transport; /* NULL before the first remote description */
  gboolean checks;                  /* theirs is known, so ICE is CONNECTING and no longer NEW */
  WherryTransportState ice_state;   /* as told */
  GSource *connect_limit;           /* runs while CONNECTING, if the peer outlives its end */
  guint n_streams;                  /* that the association begins with, at least */
  void (*done) (gpointer user_data);
  gpointer done_data;
};

void
wherry_peer_stack_prepare (void)
{
  wherry_class_prepare (WHERRY_TYPE_ICE_SESSION);
  wherry_class_prepare (WHERRY_TYPE_DTLS_SESSION);
  wherry_class_prepare (WHERRY_TYPE_SCTP_ASSOCIATION);
  wherry_class_prepare (WHERRY_TYPE_CHANNEL_SET);
  wherry_class_prepare (WHERRY_TYPE_CHANNEL);
}

static void
on_candidate (gpointer user_data, const char *line)
{
  WherryPeerStack *self = user_data;

  self->events->candidate (self->events_data, line);
}

static void
on_gathering_done (gpointer user_data)
{
  WherryPeerStack *self = user_data;

  self->events->candidate (self->events_data, NULL);
}

static void
on_pair (gpointer user_data)
{
  WherryPeerStack *self = user_data;

  self->events->pair (self->events_data);
}

static void
on_candidate_error (gpointer user_data, const WherryIceCandidateError *error)
{
  WherryPeerStack *self = user_data;

  self->events->candidate_error (self->events_data, error);
}

static void
on_addresses_changed (gpointer user_data, gboolean lost)
{
  WherryPeerStack *self = user_data;

  self->events->addresses_changed (self->events_data, lost);
}

static void
tell_ice (WherryPeerStack *self, WherryTransportState state, const GError *error)
{
  wherry_clock_clear_source (&self->connect_limit);
  self->ice_state = state;
  self->events->layer (self->events_data, WHERRY_PEER_LAYER_ICE, state, error);
}

static gboolean
on_connect_limit (gpointer user_data)
{
  WherryPeerStack *self = user_data;
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_TIMEOUT,
                                                  "ICE found no way to the other side in time");

  tell_ice (self, WHERRY_TRANSPORT_FAILED, error);
  return G_SOURCE_REMOVE;
}

/* The session waits for ever, because a candidate may still come: who is not ended by its owner
 * (the relay does that) is told that it is in vain so far. */
static void
begin_connecting (WherryPeerStack *self)
{
  tell_ice (self, WHERRY_TRANSPORT_CONNECTING, NULL);
  if (self->settings->outlives_failure)
    self->connect_limit = wherry_clock_add (self->settings->clock, self->context,
                                            WHERRY_CONNECT_LIMIT_US, on_connect_limit, self);
}

/* Who gathers has not begun to connect yet (RTCIceTransportState). */
static void
on_ice_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  WherryPeerStack *self = user_data;

  if (state != WHERRY_TRANSPORT_CONNECTING)
    tell_ice (self, state, error);
  else if (self->checks)
    begin_connecting (self);
}

static void
on_dtls_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  WherryPeerStack *self = user_data;

  self->events->layer (self->events_data, WHERRY_PEER_LAYER_DTLS, state, error);
}

static const WherryIceSessionEvents ice_events = {
  .candidate = on_candidate,
  .gathering_done = on_gathering_done,
  .state = on_ice_state,
  .pair = on_pair,
  .candidate_error = on_candidate_error,
  .addresses_changed = on_addresses_changed,
};

static WherryDtlsCertificate *
choose_certificate (const WherryPeerSettings *settings, GError **error)
{
  if (settings->certificate != NULL)
    return wherry_dtls_certificate_ref (settings->certificate);
  if (settings->shares_certificate)
    return wherry_dtls_shared_certificate_get (settings->clock, error);
  return wherry_dtls_certificate_new (0, error);
}

static gboolean
make_ice_and_dtls (WherryPeerStack *self, GError **error)
{
  WherryLogContext log = { .peer = self->settings->id, .room = self->settings->room };

  self->certificate = choose_certificate (self->settings, error);
  if (self->certificate == NULL)
    return FALSE;
  self->ice = wherry_ice_session_new (self->settings->ice, self->context, &log, error);
  if (self->ice == NULL)
    return FALSE;
  wherry_ice_session_set_session_events (self->ice, &ice_events, self);
  self->dtls = wherry_dtls_session_new (self->certificate, WHERRY_PACKET_TRANSPORT (self->ice),
                                        self->context, &log);
  wherry_dtls_session_set_state_func (self->dtls, on_dtls_state, self);
  return TRUE;
}

WherryPeerStack *
wherry_peer_stack_new (const WherryPeerSettings *settings, GMainContext *context,
                       const WherryPeerStackEvents *events, gpointer user_data, GError **error)
{
  WherryPeerStack *self = g_new0 (WherryPeerStack, 1);

  wherry_owner_init (&self->owner);
  self->settings = settings;
  self->context = g_main_context_ref (context);
  self->events = events;
  self->events_data = user_data;

  if (settings->transport == NULL && !make_ice_and_dtls (self, error))
    g_clear_pointer (&self, wherry_peer_stack_free);
  return self;
}

void
wherry_peer_stack_start (WherryPeerStack *self)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->settings->transport == NULL)
    return;
  self->transport = self->settings->transport (self->settings->transport_data);
  self->events->transport (self->events_data, self->transport, FALSE);
}

gboolean
wherry_peer_stack_describe (WherryPeerStack *self, WherrySdpLocal *local)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->ice == NULL)
    return FALSE;
  local->ice_ufrag = wherry_ice_session_get_local_ufrag (self->ice);
  local->ice_pwd = wherry_ice_session_get_local_pwd (self->ice);
  local->fingerprint = wherry_dtls_certificate_get_fingerprint (self->certificate);
  local->sctp_port = SCTP_PORT;
  local->max_message_size = self->settings->max_message_size;
  return TRUE;
}

void
wherry_peer_stack_set_controlling (WherryPeerStack *self, gboolean controlling)
{
  WHERRY_ASSERT_OWNER (self);
  wherry_ice_session_set_controlling (self->ice, controlling);
}

gboolean
wherry_peer_stack_gather (WherryPeerStack *self, GError **error)
{
  WHERRY_ASSERT_OWNER (self);
  return wherry_ice_session_gather (self->ice, error);
}

gboolean
wherry_peer_stack_set_ice_config (WherryPeerStack *self, const WherryIceConfig *config)
{
  WHERRY_ASSERT_OWNER (self);
  return self->ice != NULL && wherry_ice_session_set_config (self->ice, config);
}

gboolean
wherry_peer_stack_has_lost_address (WherryPeerStack *self, const WherryIceNetwork *network)
{
  WHERRY_ASSERT_OWNER (self);
  return self->ice != NULL && wherry_ice_session_has_lost_address (self->ice, network);
}

gboolean
wherry_peer_stack_prepare_restart (WherryPeerStack *self, const char **ufrag, const char **pwd,
                                   GError **error)
{
  WHERRY_ASSERT_OWNER (self);
  return wherry_ice_session_prepare_restart (self->ice, ufrag, pwd, error);
}

gboolean
wherry_peer_stack_apply_restart (WherryPeerStack *self, GError **error)
{
  WHERRY_ASSERT_OWNER (self);
  return wherry_ice_session_apply_restart (self->ice, error);
}

void
wherry_peer_stack_rollback_restart (WherryPeerStack *self)
{
  WHERRY_ASSERT_OWNER (self);
  wherry_ice_session_rollback_restart (self->ice);
}

/* Theirs come at once, for whoever asks for as many as there may be, and few stacks let either side
 * have more later: so both begin with what the channels can need. */
static guint
streams_for_channels (WherryPeerStack *self)
{
  return CLAMP (WHERRY_SCTP_STREAMS_PER_CHANNEL * self->settings->max_channels,
                WHERRY_SCTP_STREAMS_INITIAL, WHERRY_SCTP_STREAMS_INCOMING);
}

static void
make_association (WherryPeerStack *self, const WherrySdp *sdp, gboolean is_client)
{
  WherryLogContext log = { .peer = self->settings->id, .room = self->settings->room };
  WherrySctpConfig config = {
    .local_port = SCTP_PORT,
    .remote_port = sdp->sctp_port,
    .max_message_size = self->settings->max_message_size,
    .initial_streams = MAX (self->n_streams, streams_for_channels (self)),
    .max_incoming_streams = streams_for_channels (self),
    .budget = self->settings->budget,
    .log = &log,
  };

  self->transport = WHERRY_STREAM_TRANSPORT (
      wherry_sctp_association_new (WHERRY_PACKET_TRANSPORT (self->dtls), self->context, &config));
  self->events->transport (self->events_data, self->transport, is_client);
}

void
wherry_peer_stack_want_streams (WherryPeerStack *self, guint n)
{
  WHERRY_ASSERT_OWNER (self);
  self->n_streams = MAX (self->n_streams, n);
}

guint
wherry_peer_stack_get_wanted_streams (WherryPeerStack *self)
{
  WHERRY_ASSERT_OWNER (self);
  return self->n_streams;
}

void
wherry_peer_stack_unwant_streams (WherryPeerStack *self, guint n)
{
  WHERRY_ASSERT_OWNER (self);
  self->n_streams = MIN (self->n_streams, n);
}

static gboolean
set_dtls_remote (WherryPeerStack *self, const WherrySdp *sdp, gboolean is_client, GError **error)
{
  return wherry_dtls_session_set_remote (
      self->dtls, (const WherryFingerprint *) (gpointer) sdp->fingerprints->data,
      sdp->fingerprints->len, is_client ? WHERRY_DTLS_CLIENT : WHERRY_DTLS_SERVER, error);
}

gboolean
wherry_peer_stack_check_remote (WherryPeerStack *self, const WherrySdp *sdp, gboolean is_client,
                                GError **error)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->dtls == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                   "a description for a peer that has no ICE");
      return FALSE;
    }
  /* Once verified, nothing but the certificate itself can be said, and that changes nothing. */
  return !wherry_dtls_session_is_verified (self->dtls)
         || set_dtls_remote (self, sdp, is_client, error);
}

gboolean
wherry_peer_stack_set_remote (WherryPeerStack *self, const WherrySdp *sdp, gboolean is_client,
                              GError **error)
{
  WHERRY_ASSERT_OWNER (self);
  /* First what can be refused without a trace. */
  if (!set_dtls_remote (self, sdp, is_client, error))
    return FALSE;
  if (self->transport == NULL)
    make_association (self, sdp, is_client);
  self->checks = TRUE;
  if (self->ice_state == WHERRY_TRANSPORT_NEW || self->ice_state == WHERRY_TRANSPORT_FAILED)
    begin_connecting (self);

  wherry_ice_session_set_remote_lite (self->ice, sdp->ice_lite);
  if (!wherry_ice_session_set_remote_credentials (self->ice, sdp->ice_ufrag, sdp->ice_pwd, error))
    return FALSE;
  if (sdp->bad_candidates > 0)
    wherry_counter_add (WHERRY_COUNTER_ICE_BAD_CANDIDATES, sdp->bad_candidates);
  for (guint i = 0; i < sdp->candidates->len; i++)
    {
      g_autofree char *line = wherry_candidate_to_string (g_ptr_array_index (sdp->candidates, i));

      wherry_peer_stack_add_remote_candidate (self, line);
    }
  if (sdp->end_of_candidates)
    wherry_peer_stack_add_remote_candidate (self, NULL);
  return TRUE;
}

void
wherry_peer_stack_add_remote_candidate (WherryPeerStack *self, const char *line)
{
  g_autoptr (GError) error = NULL;

  WHERRY_ASSERT_OWNER (self);
  if (self->ice == NULL)
    return;
  if (line == NULL)
    wherry_ice_session_end_of_remote_candidates (self->ice);
  else if (!wherry_ice_session_add_remote_candidate (self->ice, line, &error))
    wherry_debug (NULL, "candidate of %s not used: %s", self->settings->id, error->message);
}

gboolean
wherry_peer_stack_get_path (WherryPeerStack *self, WherryPeerPath *path)
{
  WherryIcePair pair;

  WHERRY_ASSERT_OWNER (self);
  if (self->ice == NULL || !wherry_ice_session_get_selected_pair (self->ice, &pair))
    return FALSE;
  path->local_type = wherry_candidate_type_to_string (pair.local_type);
  path->remote_type = wherry_candidate_type_to_string (pair.remote_type);
  path->protocol = pair.protocol;
  return TRUE;
}

void
wherry_peer_stack_get_stats (WherryPeerStack *self, WherryPeerStats *stats)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->ice != NULL)
    {
      stats->has_ice = TRUE;
      wherry_ice_session_get_stats (self->ice, &stats->ice);
      stats->local_ufrag = g_strdup (wherry_ice_session_get_local_ufrag (self->ice));
      stats->cipher_suite = wherry_dtls_session_get_cipher_suite (self->dtls);
      stats->tls_version = stats->cipher_suite != NULL ? "FEFD" : NULL; /* DTLS 1.2 is all we do */
      stats->traffic = wherry_dtls_session_get_traffic (self->dtls);
      stats->local_fingerprint = *wherry_dtls_certificate_get_fingerprint (self->certificate);
    }
  if (self->transport == NULL)
    return;
  stats->buffered = wherry_stream_transport_get_buffered (self->transport);
  if (WHERRY_IS_SCTP_ASSOCIATION (self->transport))
    stats->has_sctp = wherry_sctp_association_get_info (WHERRY_SCTP_ASSOCIATION (self->transport),
                                                        &stats->sctp);
}

GBytes *
wherry_peer_stack_get_remote_certificate (WherryPeerStack *self)
{
  WHERRY_ASSERT_OWNER (self);
  return self->dtls != NULL ? wherry_dtls_session_get_remote_certificate (self->dtls) : NULL;
}

WherryStreamTransport *
wherry_peer_stack_get_transport (WherryPeerStack *self)
{
  return self->transport;
}

static void
on_ice_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  WherryPeerStack *self = user_data;

  wherry_ice_session_close_finish (WHERRY_ICE_SESSION (source), result, NULL);
  self->done (self->done_data);
}

static gboolean
on_closed_without_ice (gpointer user_data)
{
  WherryPeerStack *self = user_data;

  self->done (self->done_data);
  return G_SOURCE_REMOVE;
}

/* From the top down, so that the ABORT and the close_notify still find their way. */
void
wherry_peer_stack_close (WherryPeerStack *self, void (*done) (gpointer user_data),
                         gpointer user_data)
{
  WHERRY_ASSERT_OWNER (self);
  wherry_clock_clear_source (&self->connect_limit);
  self->done = done;
  self->done_data = user_data;

  if (self->transport != NULL)
    {
      wherry_stream_transport_set_events (self->transport, NULL, NULL);
      wherry_stream_transport_close (self->transport);
    }
  if (self->dtls != NULL)
    wherry_packet_transport_close (WHERRY_PACKET_TRANSPORT (self->dtls));
  if (self->ice != NULL)
    {
      wherry_ice_session_set_session_events (self->ice, NULL, NULL);
      wherry_ice_session_close_async (self->ice, on_ice_closed, self);
    }
  else
    {
      g_autoptr (GSource) idle = g_idle_source_new ();

      g_source_set_priority (idle, G_PRIORITY_DEFAULT);
      g_source_set_callback (idle, on_closed_without_ice, self, NULL);
      g_source_attach (idle, self->context);
    }
}

void
wherry_peer_stack_free (WherryPeerStack *self)
{
  WHERRY_ASSERT_OWNER (self);
  g_clear_object (&self->transport);
  g_clear_object (&self->dtls);
  g_clear_object (&self->ice);
  g_clear_pointer (&self->certificate, wherry_dtls_certificate_unref);
  g_main_context_unref (self->context);
  g_free (self);
}
