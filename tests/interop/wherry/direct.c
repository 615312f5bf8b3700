/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include <gio/gunixinputstream.h>
#include <lib/wherry.h>

#include "interop/wherry/channels.h"
#include "interop/wherry/lines.h"

/* A participant on the public API alone, in the direct mode of ../participant.md:
 * wherry-direct [MAX-MESSAGE-SIZE]. */

#define ADDRESS "127.0.0.1"

typedef struct
{
  GMainLoop *loop;
  GDataInputStream *input;
  WherryPeerConnection *connection;
  Channels channels;
  guint max_message_size; /* 0: the default */
  gboolean is_finalized;  /* the connection before */
} Participant;

static void
say_ready (void)
{
  JsonBuilder *line = line_begin ("event", "ready");
  g_autofree char *version = g_strdup_printf ("%d.%d.%d", WHERRY_MAJOR_VERSION,
                                              WHERRY_MINOR_VERSION, WHERRY_MICRO_VERSION);

  line_add_string (line, "stack", "wherry");
  line_add_string (line, "version", version);
  json_builder_set_member_name (line, "renews");
  json_builder_add_boolean_value (line, TRUE);
  line_say (line);
}

/* ---- descriptions and candidates ---- */

static void
on_local_set (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!wherry_peer_connection_set_local_description_finish (WHERRY_PEER_CONNECTION (source), result,
                                                            &error))
    line_say_failed (data, NULL, error);
}

/* It is said before it is set: its candidates come after it. */
static void
describe (WherryPeerConnection *connection, WherrySessionDescription *description, const char *what)
{
  JsonBuilder *line = line_begin ("type", what);

  line_add_string (line, "sdp", wherry_session_description_get_sdp (description));
  line_say (line);
  wherry_peer_connection_set_local_description_async (connection, description, NULL, on_local_set,
                                                      (gpointer) what);
}

static void
on_offer (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryPeerConnection *connection = WHERRY_PEER_CONNECTION (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySessionDescription) offer
      = wherry_peer_connection_create_offer_finish (connection, result, &error);

  if (offer != NULL)
    describe (connection, offer, "offer");
  else
    line_say_failed ("offer", NULL, error);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryPeerConnection *connection = WHERRY_PEER_CONNECTION (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySessionDescription) answer
      = wherry_peer_connection_create_answer_finish (connection, result, &error);

  if (answer != NULL)
    describe (connection, answer, "answer");
  else
    line_say_failed ("offer", NULL, error);
}

static void
on_remote_set (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryPeerConnection *connection = WHERRY_PEER_CONNECTION (source);
  g_autoptr (GError) error = NULL;
  gboolean is_offer = g_str_equal (data, "offer");

  if (!wherry_peer_connection_set_remote_description_finish (connection, result, &error))
    line_say_failed (data, NULL, error);
  else if (is_offer)
    wherry_peer_connection_create_answer_async (connection, NULL, on_answer, NULL);
}

static void
accept_description (Participant *self, JsonObject *order, gboolean is_offer)
{
  g_autoptr (WherrySessionDescription) description
      = wherry_session_description_new (is_offer ? WHERRY_DESCRIPTION_TYPE_OFFER
                                                 : WHERRY_DESCRIPTION_TYPE_ANSWER,
                                        json_object_get_string_member (order, "sdp"));

  wherry_peer_connection_set_remote_description_async (self->connection, description, NULL,
                                                       on_remote_set,
                                                       (gpointer) (is_offer ? "offer" : "answer"));
}

static void
on_candidate_added (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!wherry_peer_connection_add_ice_candidate_finish (WHERRY_PEER_CONNECTION (source), result,
                                                        &error))
    line_say_failed ("candidate", NULL, error);
}

static void
add_candidate (Participant *self, JsonObject *order)
{
  const char *text = json_object_get_string_member_with_default (order, "candidate", NULL);
  const char *mid = json_object_get_string_member_with_default (order, "sdpMid", NULL);
  gint64 index = json_object_get_int_member_with_default (order, "sdpMLineIndex", -1);
  g_autoptr (WherryIceCandidate) candidate = NULL;

  if (text != NULL && *text != '\0')
    candidate = wherry_ice_candidate_new (text, mid, (int) index, NULL);
  wherry_peer_connection_add_ice_candidate_async (self->connection, candidate, NULL,
                                                  on_candidate_added, NULL);
}

static void
on_candidate (WherryPeerConnection *connection, WherryIceCandidate *candidate, gpointer data)
{
  JsonBuilder *line;

  if (candidate == NULL)
    return; /* an empty one came before */
  line = line_begin ("type", "candidate");
  line_add_string (line, "candidate", wherry_ice_candidate_get_candidate (candidate));
  line_add_string (line, "sdpMid", wherry_ice_candidate_get_sdp_mid (candidate));
  line_add_int (line, "sdpMLineIndex", wherry_ice_candidate_get_sdp_mline_index (candidate));
  line_say (line);
}

/* The two candidates that ICE settled on, at first and after a restart */
static void
say_pair (WherryIceTransport *transport)
{
  WherryIceCandidate *local = wherry_ice_transport_get_selected_local_candidate (transport);
  WherryIceCandidate *remote = wherry_ice_transport_get_selected_remote_candidate (transport);
  JsonBuilder *line;

  if (local == NULL || remote == NULL)
    return;
  line = line_begin ("event", "pair");
  line_add_string (line, "local", wherry_ice_candidate_get_candidate (local));
  line_add_string (line, "remote", wherry_ice_candidate_get_candidate (remote));
  line_say (line);
}

static void
on_sctp (WherryPeerConnection *connection, GParamSpec *pspec, gpointer data)
{
  WherrySctpTransport *sctp = wherry_peer_connection_get_sctp (connection);
  WherryDtlsTransport *dtls = sctp != NULL ? wherry_sctp_transport_get_transport (sctp) : NULL;
  WherryIceTransport *transport
      = dtls != NULL ? wherry_dtls_transport_get_ice_transport (dtls) : NULL;

  if (transport != NULL)
    g_signal_connect (transport, "notify::selected-local-candidate", G_CALLBACK (say_pair), NULL);
}

static void
on_state (WherryPeerConnection *connection, GParamSpec *pspec, gpointer data)
{
  JsonBuilder *line = line_begin ("event", "state");

  line_add_string (line, "state",
                   line_nick (WHERRY_TYPE_CONNECTION_STATE,
                              wherry_peer_connection_get_connection_state (connection)));
  line_say (line);
}

/* ---- the connection ---- */

static void
on_channel (WherryPeerConnection *connection, WherryDataChannel *channel, gpointer data)
{
  channels_take (&((Participant *) data)->channels, channel);
}

static gboolean
connection_open (Participant *self, GError **error)
{
  g_autoptr (WherryConfiguration) configuration = wherry_configuration_new ();
  const char *const addresses[] = { ADDRESS, NULL };

  wherry_configuration_set_bind_addresses (configuration, addresses);
  if (self->max_message_size != 0)
    wherry_configuration_set_max_message_size (configuration, self->max_message_size);
  self->connection = wherry_peer_connection_new (configuration, error);
  if (self->connection == NULL)
    return FALSE;
  g_signal_connect (self->connection, "ice-candidate", G_CALLBACK (on_candidate), self);
  g_signal_connect (self->connection, "data-channel", G_CALLBACK (on_channel), self);
  g_signal_connect (self->connection, "notify::sctp", G_CALLBACK (on_sctp), self);
  g_signal_connect (self->connection, "notify::connection-state", G_CALLBACK (on_state), self);
  say_ready ();
  return TRUE;
}

static void
on_finalized (gpointer data, GObject *object)
{
  ((Participant *) data)->is_finalized = TRUE;
}

/* Runs the main context until nothing of it is left. */
static void
connection_close (Participant *self)
{
  if (self->connection == NULL)
    return;
  self->is_finalized = FALSE;
  g_object_weak_ref (G_OBJECT (self->connection), on_finalized, self);
  wherry_peer_connection_close (self->connection);
  channels_forget (&self->channels);
  g_clear_object (&self->connection);
  while (!self->is_finalized)
    g_main_context_iteration (NULL, TRUE);
}

/* ---- orders ---- */

static gboolean
obey (Participant *self, JsonObject *order, const char *what, const char *channel, GError **error)
{
  gboolean is_theirs = json_object_has_member (order, "sdp");

  if (g_str_equal (what, "create"))
    return channels_create (&self->channels, self->connection, order, channel, error);
  if (g_str_equal (what, "send"))
    return channels_send (&self->channels, order, channel, error);
  if (g_str_equal (what, "close"))
    return channels_close (&self->channels, channel, error);
  if (is_theirs)
    accept_description (self, order, g_str_equal (what, "offer"));
  else if (g_str_equal (what, "offer") || g_str_equal (what, "restart"))
    wherry_peer_connection_create_offer_async (self->connection, g_str_equal (what, "restart"),
                                               NULL, on_offer, NULL);
  else if (g_str_equal (what, "candidate"))
    add_candidate (self, order);
  else if (g_str_equal (what, "renew"))
    {
      connection_close (self);
      return connection_open (self, error);
    }
  else
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED, "There is no order %s", what);
      return FALSE;
    }
  return TRUE;
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer data)
{
  Participant *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *line = g_data_input_stream_read_line_finish (self->input, result, NULL, &error);
  const char *what;
  const char *channel;
  JsonObject *order;

  node = line != NULL ? json_from_string (line, &error) : NULL;
  if (error != NULL)
    g_error ("%s", error->message);
  order = node != NULL ? json_node_get_object (node) : NULL;
  what = order != NULL ? json_object_get_string_member_with_default (order, "do", NULL) : "quit";
  if (what == NULL)
    what = json_object_get_string_member_with_default (order, "type", "");
  if (g_str_equal (what, "quit"))
    {
      g_main_loop_quit (self->loop);
      return;
    }
  channel = json_object_get_string_member_with_default (order, "channel", NULL);
  if (!obey (self, order, what, channel, &error))
    line_say_failed (what, channel, error);
  g_data_input_stream_read_line_async (self->input, G_PRIORITY_DEFAULT, NULL, on_line, self);
}

int
main (int argc, char **argv)
{
  g_autoptr (GInputStream) standard_input = g_unix_input_stream_new (0, FALSE);
  g_autoptr (GError) error = NULL;
  Participant self = { 0 };

  g_log_writer_default_set_use_stderr (TRUE);
  channels_init (&self.channels);
  if (argc > 1)
    self.max_message_size = (guint) g_ascii_strtoull (argv[1], NULL, 10);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.input = g_data_input_stream_new (standard_input);
  if (!connection_open (&self, &error))
    g_error ("%s", error->message);
  g_data_input_stream_read_line_async (self.input, G_PRIORITY_DEFAULT, NULL, on_line, &self);
  g_main_loop_run (self.loop);

  connection_close (&self);
  channels_clear (&self.channels);
  g_object_unref (self.input);
  g_main_loop_unref (self.loop);
  return 0;
}
