/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/doctor/wherry-doctor.h"

/* Joins as any client does, and beside it asks the server's candidates by checks of its own, since
 * libnice shows no check list. */

/* The other side's candidates come one by one; more than this is no relay of ours. */
#define CANDIDATES_MAX 32u
/* How long WebRTC is waited for when messages pass by the WebSocket already: packets that pass at
 * all have made a connection by then. */
#define HOPE_US (5 * G_USEC_PER_SEC)
#define LEAVE_TIMEOUT_MS 3000u
#define GATHER_TIMEOUT_MS 8000u

typedef struct
{
  WherryDoctor *doctor;
  WherryClient *client;
  WherryPeerConnection *connection;
  WherryIceTransport *ice;
  GListModel *servers; /* those that the relay names; NULL: not known yet */
  GPtrArray *locals;   /* of GInetAddress */
  GPtrArray *probes;
  guint n_checked; /* candidates of theirs */
  GCancellable *join;
  gboolean is_done; /* with the join */
  gint64 begun_us;
  GError *error;
} Visit;

static void
visit_clear (Visit *self)
{
  g_clear_pointer (&self->probes, g_ptr_array_unref);
  g_clear_pointer (&self->locals, g_ptr_array_unref);
  g_clear_object (&self->join);
  g_clear_object (&self->servers);
  g_clear_object (&self->ice);
  g_clear_object (&self->connection);
  g_clear_object (&self->client);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Visit, visit_clear)

static void
visit_init (Visit *self, WherryDoctor *doctor)
{
  *self = (Visit){ .doctor = doctor };
  self->join = g_cancellable_new ();
  self->locals = g_ptr_array_new_with_free_func (g_object_unref);
  self->probes = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_stun_probe_free);
}

/* Those of the relay, and then those of the options, which would have hidden them. */
static void
on_prepare (WherryClient *client, WherryPeerConnection *connection, Visit *self)
{
  g_autoptr (WherryConfiguration) configuration
      = wherry_peer_connection_get_configuration (connection);
  GListModel *given = wherry_configuration_get_ice_servers (self->doctor->configuration);
  GListModel *named = wherry_configuration_get_ice_servers (configuration);
  GListStore *servers = g_list_store_new (WHERRY_TYPE_ICE_SERVER);

  for (guint i = 0; i < g_list_model_get_n_items (named); i++)
    {
      g_autoptr (WherryIceServer) server = g_list_model_get_item (named, i);

      g_list_store_append (servers, server);
    }
  g_clear_object (&self->servers);
  self->servers = G_LIST_MODEL (servers);
  g_set_object (&self->connection, connection);
  for (guint i = 0; i < g_list_model_get_n_items (given); i++)
    {
      g_autoptr (WherryIceServer) server = g_list_model_get_item (given, i);

      wherry_configuration_add_ice_server (configuration, server);
    }
  wherry_peer_connection_set_configuration (connection, configuration, NULL);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer data)
{
  Visit *self = data;

  wherry_client_join_finish (WHERRY_CLIENT (source), result, &self->error);
  self->is_done = TRUE;
}

static void
find_ice (Visit *self)
{
  WherrySctpTransport *sctp
      = self->connection != NULL ? wherry_peer_connection_get_sctp (self->connection) : NULL;

  if (self->ice == NULL && sctp != NULL)
    self->ice = g_object_ref (
        wherry_dtls_transport_get_ice_transport (wherry_sctp_transport_get_transport (sctp)));
}

/* ---- checks of our own ---- */

static gboolean
is_known (GPtrArray *locals, GInetAddress *address)
{
  for (guint i = 0; i < locals->len; i++)
    if (g_inet_address_equal (g_ptr_array_index (locals, i), address))
      return TRUE;
  return FALSE;
}

static void
find_locals (Visit *self)
{
  GListModel *ours = wherry_ice_transport_get_local_candidates (self->ice);

  for (guint i = 0; i < g_list_model_get_n_items (ours); i++)
    {
      g_autoptr (WherryIceCandidate) candidate = g_list_model_get_item (ours, i);
      g_autoptr (GInetAddress) address = NULL;

      if (!wherry_ice_candidate_is_parsed (candidate)
          || wherry_ice_candidate_get_candidate_type (candidate) != WHERRY_ICE_CANDIDATE_TYPE_HOST)
        continue;
      address = g_inet_address_new_from_string (wherry_ice_candidate_get_address (candidate));
      if (address != NULL && !g_inet_address_get_is_link_local (address)
          && !is_known (self->locals, address))
        g_ptr_array_add (self->locals, g_steal_pointer (&address));
    }
}

static void
check_new_candidates (Visit *self)
{
  WherryIceParameters *ours = wherry_ice_transport_get_local_parameters (self->ice);
  WherryIceParameters *theirs = wherry_ice_transport_get_remote_parameters (self->ice);
  GListModel *candidates = wherry_ice_transport_get_remote_candidates (self->ice);
  g_autofree char *username = NULL;

  if (ours == NULL || theirs == NULL)
    return;
  find_locals (self);
  /* RFC 8445 section 7.2.2: theirs first */
  username = g_strdup_printf ("%s:%s", wherry_ice_parameters_get_username_fragment (theirs),
                              wherry_ice_parameters_get_username_fragment (ours));
  for (; self->n_checked < MIN (g_list_model_get_n_items (candidates), CANDIDATES_MAX);
       self->n_checked++)
    {
      g_autoptr (WherryIceCandidate) candidate
          = g_list_model_get_item (candidates, self->n_checked);

      wherry_doctor_check_candidate (self->doctor, candidate, self->locals, username,
                                     wherry_ice_parameters_get_password (theirs), self->probes);
    }
}

/* By UDP: this client speaks no ICE-TCP, as no program of ours does by itself. */
static gboolean
has_answer (Visit *self)
{
  for (guint i = 0; i < self->probes->len; i++)
    {
      const WherryStunFinding *finding
          = wherry_stun_probe_get_finding (g_ptr_array_index (self->probes, i));

      if (finding->transport == WHERRY_STUN_TRANSPORT_UDP
          && finding->outcome == WHERRY_STUN_OUTCOME_ANSWERED)
        return TRUE;
    }
  return FALSE;
}

/* The client has given up on WebRTC for now, and that had its time. */
static gboolean
is_hopeless (Visit *self)
{
  return wherry_client_get_transport (self->client) == WHERRY_CLIENT_TRANSPORT_WEBSOCKET
         && g_get_monotonic_time () - self->begun_us > HOPE_US;
}

static gboolean
is_connected (Visit *self)
{
  WherryIceConnectionState state = self->ice != NULL ? wherry_ice_transport_get_state (self->ice)
                                                     : WHERRY_ICE_CONNECTION_STATE_NEW;

  return wherry_client_get_transport (self->client) == WHERRY_CLIENT_TRANSPORT_WEBRTC
         && (state == WHERRY_ICE_CONNECTION_STATE_CONNECTED
             || state == WHERRY_ICE_CONNECTION_STATE_COMPLETED);
}

/* Everything was asked, and what answers was given the time to connect. */
static gboolean
is_settled (gpointer data)
{
  Visit *self = data;

  find_ice (self);
  if (self->ice != NULL)
    check_new_candidates (self);
  if (!self->is_done)
    return FALSE;
  for (guint i = 0; i < self->probes->len; i++)
    if (wherry_stun_probe_get_finding (g_ptr_array_index (self->probes, i))->outcome
        == WHERRY_STUN_OUTCOME_NONE)
      return FALSE;
  return self->error != NULL || is_connected (self) || !has_answer (self) || is_hopeless (self);
}

/* ---- what came of it ---- */

static void
tell_pair (WherryDoctor *doctor, const WherryStunFinding *finding)
{
  g_autofree char *text = wherry_doctor_finding_text (finding);
  gboolean answered = finding->outcome == WHERRY_STUN_OUTCOME_ANSWERED;

  wherry_doctor_report_step (doctor->report, answered ? WHERRY_DOCTOR_GOOD : WHERRY_DOCTOR_BAD,
                             "pair", wherry_doctor_finding_evidence (finding),
                             answered ? "%s %s -> %s: %s" : _ ("%s %s -> %s: %s"),
                             wherry_stun_transport_name (finding->transport),
                             finding->local != NULL ? finding->local : _ ("(no socket)"),
                             finding->remote, text);
}

static void
tell_candidates (WherryDoctor *doctor, GListModel *candidates)
{
  for (guint i = 0; i < g_list_model_get_n_items (candidates) && i < CANDIDATES_MAX; i++)
    {
      g_autoptr (WherryIceCandidate) candidate = g_list_model_get_item (candidates, i);
      g_autofree char *text = wherry_doctor_candidate_text (candidate);

      if (text != NULL && *text != '\0')
        wherry_doctor_report_step (doctor->report, WHERRY_DOCTOR_NOTE, "candidate",
                                   wherry_doctor_candidate_evidence (candidate), "%s", text);
    }
}

static void
tell_candidates_of (WherryDoctor *doctor, const char *sdp)
{
  g_auto (GStrv) lines = g_strsplit (sdp, "\r\n", -1);
  g_autoptr (GListStore) candidates = g_list_store_new (WHERRY_TYPE_ICE_CANDIDATE);

  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, "a=candidate:"))
      {
        g_autoptr (WherryIceCandidate) candidate
            = wherry_ice_candidate_new (*line + strlen ("a="), NULL, 0, NULL);

        g_list_store_append (candidates, candidate);
      }
  tell_candidates (doctor, G_LIST_MODEL (candidates));
}

static void
tell_connection (Visit *self)
{
  WherryIceCandidate *local = wherry_ice_transport_get_selected_local_candidate (self->ice);
  WherryIceCandidate *remote = wherry_ice_transport_get_selected_remote_candidate (self->ice);
  g_autofree char *ours = local != NULL ? wherry_doctor_candidate_text (local) : g_strdup ("?");
  g_autofree char *theirs = remote != NULL ? wherry_doctor_candidate_text (remote) : g_strdup ("?");

  wherry_doctor_report_step (self->doctor->report, WHERRY_DOCTOR_GOOD, "connected",
                             wherry_doctor_evidence ("local", ours, "remote", theirs, NULL),
                             _ ("WebRTC connects: %s with %s"), ours, theirs);
}

static const char *
name_of (GType type, int value)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (type);

  return g_enum_get_value (class, value)->value_nick;
}

static void
tell_failure (Visit *self, const WherryDoctorPairs *pairs)
{
  WherryDoctor *doctor = self->doctor;

  wherry_doctor_report_step (doctor->report, WHERRY_DOCTOR_BAD, "connected",
                             wherry_doctor_evidence ("ice", pairs->ice_state, NULL),
                             _ ("WebRTC does not connect (ICE: %s)"), pairs->ice_state);
  if (pairs->is_tunneled)
    wherry_doctor_report_step (doctor->report, WHERRY_DOCTOR_GOOD, "tunnel", NULL,
                               _ ("messages pass by the signaling WebSocket instead"));
  wherry_doctor_judge_pairs (doctor, pairs);
}

static void
tell_visit (Visit *self)
{
  WherryDoctor *doctor = self->doctor;
  WherryDoctorPairs pairs = {
    .ours = wherry_ice_transport_get_local_candidates (self->ice),
    .theirs = wherry_ice_transport_get_remote_candidates (self->ice),
    .ice_state
    = name_of (WHERRY_TYPE_ICE_CONNECTION_STATE, (int) wherry_ice_transport_get_state (self->ice)),
    .is_tunneled = wherry_client_get_transport (self->client) == WHERRY_CLIENT_TRANSPORT_WEBSOCKET,
  };
  guint first = doctor->findings->len;

  wherry_doctor_report_section (doctor->report, "ours", _ ("Candidates of this machine"));
  tell_candidates (doctor, pairs.ours);
  wherry_doctor_report_section (doctor->report, "theirs", _ ("Candidates of the server"));
  tell_candidates (doctor, pairs.theirs);
  wherry_doctor_report_section (doctor->report, "pairs", _ ("Pairs"));
  wherry_doctor_take_probes (doctor, self->probes, tell_pair);
  if (g_cancellable_is_cancelled (doctor->cancellable))
    return;
  pairs.n = doctor->findings->len - first;
  if (pairs.n > 0) /* an empty array may have no memory to point into */
    pairs.findings = (WherryStunFinding **) (doctor->findings->pdata + first);
  if (!is_connected (self))
    {
      tell_failure (self, &pairs);
      return;
    }
  tell_connection (self);
  if (wherry_doctor_is_udp_silent (&pairs))
    wherry_doctor_report_step (doctor->report, WHERRY_DOCTOR_NOTE, "detour", NULL,
                               _ ("no UDP passes directly: a TURN server carries everything"));
}

static gboolean
is_done (gpointer data)
{
  return *(gboolean *) data;
}

static void
on_left (GObject *source, GAsyncResult *result, gpointer data)
{
  *(gboolean *) data = TRUE;
}

static void
leave (Visit *self)
{
  static gboolean has_left; /* outlives a leaving that is not waited for */
  g_autoptr (GCancellable) never = g_cancellable_new ();

  if (!self->is_done)
    {
      g_cancellable_cancel (self->join);
      wherry_await_until (is_done, &self->is_done, never, G_MAXINT);
    }
  has_left = FALSE;
  wherry_client_leave_async (self->client, NULL, on_left, &has_left);
  wherry_await_until (is_done, &has_left, never, LEAVE_TIMEOUT_MS);
}

/* What the relay said to the join is the answer about the token. */
static void
tell_join (Visit *self)
{
  WherryDoctor *doctor = self->doctor;
  const char *id = wherry_client_get_id (self->client);

  wherry_doctor_report_section (doctor->report, "join", _ ("Room"));
  if (self->connection != NULL)
    wherry_doctor_report_step (doctor->report, WHERRY_DOCTOR_GOOD, "join",
                               wherry_doctor_evidence ("room", doctor->room, "id", id, NULL),
                               doctor->invocation->token != NULL
                                   ? _ ("the token opens the room “%s”")
                                   : _ ("the room “%s” is open"),
                               doctor->room);
  else if (self->error != NULL)
    {
      wherry_doctor_report_step (doctor->report, WHERRY_DOCTOR_BAD, "join",
                                 wherry_doctor_evidence ("room", doctor->room, "error",
                                                         self->error->message, NULL),
                                 "%s: %s", doctor->room, self->error->message);
      wherry_doctor_judge_join (doctor, self->error);
    }
}

/* ---- without a join ---- */

static void
on_local_set (GObject *source, GAsyncResult *result, gpointer data)
{
  wherry_peer_connection_set_local_description_finish (WHERRY_PEER_CONNECTION (source), result,
                                                       NULL);
}

static gboolean
is_gathered (gpointer data)
{
  return wherry_peer_connection_get_ice_gathering_state (data)
         == WHERRY_ICE_GATHERING_STATE_COMPLETE;
}

/* An answer of ICMP's, "port unreachable", is one too: it says that UDP passes. */
static void
tell_udp (WherryDoctor *doctor, const WherryStunFinding *finding)
{
  gboolean is_back = finding->outcome == WHERRY_STUN_OUTCOME_ANSWERED
                     || finding->system == G_IO_ERROR_CONNECTION_REFUSED;
  gboolean is_forbidden = finding->system == G_IO_ERROR_PERMISSION_DENIED;
  g_autofree char *text = wherry_doctor_finding_text (finding);

  wherry_doctor_report_step (doctor->report,
                             is_back        ? WHERRY_DOCTOR_GOOD
                             : is_forbidden ? WHERRY_DOCTOR_BAD
                                            : WHERRY_DOCTOR_NOTE,
                             "udp", wherry_doctor_finding_evidence (finding),
                             is_back ? _ ("UDP reaches %s (%s)")
                             : is_forbidden
                                 ? _ ("UDP to %s: %s")
                                 : _ ("UDP to %s: %s; that may be, where nothing listens"),
                             finding->remote, text);
  if (is_forbidden)
    wherry_doctor_judge_forbidden_udp (doctor, finding);
}

/* What can be told all the same: what this machine gathers, and whether UDP gets out. */
static void
look_without_join (WherryDoctor *doctor)
{
  g_autoptr (WherryPeerConnection) connection
      = wherry_peer_connection_new (doctor->configuration, NULL);
  g_autoptr (WherryDataChannel) channel = NULL;
  g_autoptr (GPtrArray) probes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_stun_probe_free);
  WherrySessionDescription *description;

  wherry_doctor_report_section (doctor->report, "ours", _ ("Candidates of this machine"));
  if (connection != NULL)
    channel = wherry_peer_connection_create_data_channel (connection, "doctor", NULL, NULL);
  if (channel != NULL)
    {
      wherry_peer_connection_set_local_description_async (connection, NULL, NULL, on_local_set,
                                                          NULL);
      wherry_await_until (is_gathered, connection, doctor->cancellable, GATHER_TIMEOUT_MS);
      description = wherry_peer_connection_get_local_description (connection);
      if (description != NULL)
        tell_candidates_of (doctor, wherry_session_description_get_sdp (description));
      wherry_peer_connection_close (connection);
    }
  if (doctor->server != NULL)
    {
      WherryStunTarget target = { .question = WHERRY_STUN_QUESTION_BINDING, .url = "udp" };

      g_ptr_array_add (probes,
                       wherry_stun_probe_new (&target, G_INET_SOCKET_ADDRESS (doctor->server)));
      wherry_doctor_take_probes (doctor, probes, tell_udp);
    }
}

void
wherry_doctor_look_at_room (WherryDoctor *doctor, const char *uri)
{
  g_auto (Visit) self = { 0 };
  g_autoptr (WherryConfiguration) plain = wherry_configuration_new ();

  visit_init (&self, doctor);
  wherry_configuration_set_bind_addresses (plain, wherry_configuration_get_bind_addresses (
                                                      doctor->configuration));
  wherry_configuration_set_ice_transport_policy (plain,
                                                 wherry_configuration_get_ice_transport_policy (
                                                     doctor->configuration));
  self.client
      = g_object_new (WHERRY_TYPE_CLIENT, "uri", uri, "room", doctor->room, "name",
                      doctor->invocation->name, "token", doctor->invocation->token, "configuration",
                      plain, "reconnect", FALSE, "resume", FALSE, "mirror", FALSE, NULL);
  g_signal_connect (self.client, "prepare", G_CALLBACK (on_prepare), &self);
  self.begun_us = g_get_monotonic_time ();
  wherry_client_join_async (self.client, self.join, on_joined, &self);
  wherry_await_until (is_settled, &self, doctor->cancellable, doctor->timeout_ms);
  if (!g_cancellable_is_cancelled (doctor->cancellable))
    {
      tell_join (&self);
      if (self.servers != NULL)
        wherry_doctor_look_at_ice_servers (doctor, self.servers,
                                           _ ("ICE servers that the relay names"), _ ("the relay"));
      if (self.ice != NULL)
        tell_visit (&self);
      else
        look_without_join (doctor);
    }
  leave (&self);
  g_signal_handlers_disconnect_by_data (self.client, &self);
}
