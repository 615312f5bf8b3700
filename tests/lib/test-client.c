/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "client-life.h"
#include "relay-end.h"

/* Clients of a server in the same process, over loopback; their channels are those of their
 * connections. What outlives these: test-client-resume.c. */

typedef struct
{
  RelayEnd relay_end;
  WherryConfiguration *configuration;
} Fixture;

typedef struct
{
  Fixture *fixture;
  WherryClient *client;
  WherryDataChannel *chat; /* its own */
  GPtrArray *channels;     /* of WherryDataChannel: the relay's */
  GString *heard;
  GString *states;
  GString *notes;
  guint n_prepared;
  gboolean no_chat;
  gboolean finished;
  GError *error;
} End;

static void
set_up (Fixture *self, gconstpointer data)
{
  relay_end_init (&self->relay_end, NULL);
  relay_end_start_server (&self->relay_end, 0);
  self->configuration = relay_end_make_configuration ();
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->relay_end.server != NULL)
    relay_end_stop_server (&self->relay_end);
  g_clear_object (&self->configuration);
  /* what objects left behind on the context */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  relay_end_clear (&self->relay_end, NULL);
}

/* ---- a client ---- */

static void
on_message (WherryDataChannel *channel, GBytes *data, gboolean is_text, gpointer user_data)
{
  End *self = user_data;

  g_assert_true (g_thread_self () == self->fixture->relay_end.thread);
  g_string_append_printf (self->heard, "%s:%.*s ", wherry_data_channel_get_label (channel),
                          (int) g_bytes_get_size (data), (char *) g_bytes_get_data (data, NULL));
}

static void
on_data_channel (WherryClient *client, WherryDataChannel *channel, gpointer user_data)
{
  End *self = user_data;

  g_ptr_array_add (self->channels, g_object_ref (channel));
  g_signal_connect (channel, "message", G_CALLBACK (on_message), self);
}

static void
on_prepare (WherryClient *client, WherryPeerConnection *connection, gpointer user_data)
{
  End *self = user_data;
  g_autoptr (GError) error = NULL;

  g_assert_true (wherry_client_get_connection (client) == connection);
  relay_end_watch (&self->fixture->relay_end, connection);
  self->n_prepared++;
  if (self->no_chat)
    return;
  if (self->chat != NULL)
    g_signal_handlers_disconnect_by_data (self->chat, self);
  g_clear_object (&self->chat);
  self->chat = wherry_client_create_data_channel (client, "chat", NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (self->chat, "message", G_CALLBACK (on_message), self);
}

static void
on_state (WherryClient *client, GParamSpec *pspec, gpointer user_data)
{
  static const char letters[] = { [WHERRY_CLIENT_STATE_CLOSED] = '0',
                                  [WHERRY_CLIENT_STATE_JOINING] = 'j',
                                  [WHERRY_CLIENT_STATE_CONNECTED] = 'c',
                                  [WHERRY_CLIENT_STATE_RECONNECTING] = 'r',
                                  [WHERRY_CLIENT_STATE_FAILED] = 'f' };
  End *self = user_data;

  g_assert_true (g_thread_self () == self->fixture->relay_end.thread);
  g_string_append_c (self->states, letters[wherry_client_get_state (client)]);
}

static void
on_text (WherryClient *client, const char *first, const char *second, gpointer user_data)
{
  g_string_append_printf (((End *) user_data)->notes, "%s ", second);
}

static End *
end_new (Fixture *fixture, const char *name)
{
  End *self = g_new0 (End, 1);

  self->fixture = fixture;
  self->client
      = wherry_client_new (wherry_server_get_uri (fixture->relay_end.server), "room", name);
  relay_end_watch (&fixture->relay_end, self->client);
  g_object_set (self->client, "configuration", fixture->configuration, "resume", FALSE, "min-delay",
                1, "max-delay", 50, NULL);
  self->channels = g_ptr_array_new_with_free_func (g_object_unref);
  self->heard = g_string_new (NULL);
  self->states = g_string_new (NULL);
  self->notes = g_string_new (NULL);
  g_signal_connect (self->client, "prepare", G_CALLBACK (on_prepare), self);
  g_signal_connect (self->client, "data-channel", G_CALLBACK (on_data_channel), self);
  g_signal_connect (self->client, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect (self->client, "msg", G_CALLBACK (on_text), self);
  g_signal_connect (self->client, "signaled", G_CALLBACK (on_text), self);
  return self;
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  End *self = user_data;

  self->finished = TRUE;
  g_clear_error (&self->error);
  wherry_client_join_finish (WHERRY_CLIENT (source), result, &self->error);
}

static void
try_join (End *self, GCancellable *cancellable)
{
  self->finished = FALSE;
  wherry_client_join_async (self->client, cancellable, on_joined, self);
}

static void
join (End *self)
{
  try_join (self, NULL);
  WHERRY_WAIT_UNTIL (NULL, self->finished);
  g_assert_no_error (self->error);
  g_assert_cmpint (wherry_client_get_state (self->client), ==, WHERRY_CLIENT_STATE_CONNECTED);
}

static void
leave (End *self)
{

  client_leave (self->client);
  g_assert_cmpint (wherry_client_get_state (self->client), ==, WHERRY_CLIENT_STATE_CLOSED);
  g_assert_null (wherry_client_get_connection (self->client));
}

static void
end_free (End *self)
{
  for (guint i = 0; i < self->channels->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (self->channels, i), self);
  if (self->chat != NULL)
    g_signal_handlers_disconnect_by_data (self->chat, self);
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->chat);
  g_clear_object (&self->client);
  g_clear_error (&self->error);
  g_ptr_array_unref (self->channels);
  g_string_free (self->heard, TRUE);
  g_string_free (self->states, TRUE);
  g_string_free (self->notes, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (End, end_free)

/* ---- the tests ---- */

static void
test_room (Fixture *self, gconstpointer data)
{
  g_autoptr (LocalEnd) local
      = local_end_join (&self->relay_end, "room", "local", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (End) ann = end_new (self, "ann");
  g_autoptr (End) bob = end_new (self, "bob");
  WherryRoom *room = wherry_relay_lookup_room (self->relay_end.relay, "room");
  g_autoptr (WherryMember) member = NULL;

  local_end_listen (local);
  bob->no_chat = TRUE;
  join (ann);
  join (bob);
  g_assert_cmpstr (ann->states->str, ==, "jc");
  member = g_object_ref (wherry_room_lookup_member (room, wherry_client_get_id (ann->client)));
  WHERRY_WAIT_UNTIL (NULL, wherry_member_get_path (member) != NULL);
  g_assert_cmpint (wherry_member_get_state (member), ==, WHERRY_MEMBER_STATE_CONNECTED);
  WHERRY_WAIT_UNTIL (NULL, g_list_model_get_n_items (wherry_client_get_members (ann->client)) == 2);
  g_assert_cmpuint (g_list_model_get_n_items (wherry_client_get_members (bob->client)), ==, 2);

  /* over the network to a member with none, and back */
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (ann->chat)
                               == WHERRY_DATA_CHANNEL_STATE_OPEN);
  g_assert_true (wherry_data_channel_send_text (ann->chat, "hello", NULL));
  WHERRY_WAIT_UNTIL (NULL, local->n_messages == 1 && bob->heard->len > 0);
  g_assert_cmpstr (local->heard->str, ==, "chat:hello ");
  g_assert_cmpstr (bob->heard->str, ==, "chat:hello ");
  local_end_send (local, "chat", "hi");
  WHERRY_WAIT_UNTIL (NULL, ann->heard->len > 0 && strstr (bob->heard->str, "hi") != NULL);
  g_assert_cmpstr (ann->heard->str, ==, "chat:hi ");

  leave (ann);
  g_assert_cmpstr (ann->states->str, ==, "jc0");
  g_assert_cmpstr (wherry_member_get_leave_reason (member), ==, "left");
  WHERRY_WAIT_UNTIL (NULL, g_list_model_get_n_items (wherry_client_get_members (bob->client)) == 1);
}

/* What was sent right before leaving arrives. */
static void
test_leave_behind (Fixture *self, gconstpointer data)
{
  g_autoptr (LocalEnd) local
      = local_end_join (&self->relay_end, "room", "local", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (End) ann = end_new (self, "ann");

  local_end_listen (local);
  join (ann);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (ann->chat)
                               == WHERRY_DATA_CHANNEL_STATE_OPEN);
  for (guint i = 0; i < 500; i++)
    g_assert_true (wherry_data_channel_send_text (ann->chat, "x", NULL));
  leave (ann);
  WHERRY_WAIT_UNTIL (NULL, local->n_messages == 500);
  /* and again */
  join (ann);
  g_assert_cmpuint (ann->n_prepared, ==, 2);
}

static void
test_notes (Fixture *self, gconstpointer data)
{
  g_autoptr (End) ann = end_new (self, "ann");
  g_autoptr (End) bob = end_new (self, "bob");
  g_autoptr (GError) error = NULL;

  join (ann);
  join (bob);
  g_assert_true (wherry_client_send_msg (ann->client, " { \"n\": 7 }", NULL));
  WHERRY_WAIT_UNTIL (NULL, strstr (bob->notes->str, "\"n\": 7") != NULL && ann->notes->len > 0);
  g_assert_true (
      wherry_client_send_signal (ann->client, wherry_client_get_id (bob->client), "[1]", NULL));
  WHERRY_WAIT_UNTIL (NULL, g_str_has_suffix (bob->notes->str, "[1] "));
  g_assert_false (wherry_client_send_msg (ann->client, "[1]", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (wherry_client_send_msg (ann->client, "{", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  g_autoptr (End) ann = end_new (self, "ann");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_object_set (ann->client, "room", "a/b", NULL);
  try_join (ann, NULL);
  WHERRY_WAIT_UNTIL (NULL, ann->finished);
  g_assert_error (ann->error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_object_set (ann->client, "room", "room", "uri", "ftp://127.0.0.1/", NULL);
  try_join (ann, NULL);
  WHERRY_WAIT_UNTIL (NULL, ann->finished);
  g_assert_error (ann->error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_assert_cmpstr (ann->states->str, ==, "");

  /* nobody listens there: tried once */
  g_object_set (ann->client, "uri", "http://127.0.0.1:1/", NULL);
  try_join (ann, NULL);
  WHERRY_WAIT_UNTIL (NULL, ann->finished);
  g_assert_error (ann->error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_assert_cmpstr (ann->states->str, ==, "jf");
  g_assert_nonnull (wherry_client_get_error (ann->client));

  g_object_set (ann->client, "uri", wherry_server_get_uri (self->relay_end.server), NULL);
  try_join (ann, cancellable);
  g_cancellable_cancel (cancellable);
  WHERRY_WAIT_UNTIL (NULL, ann->finished);
  g_assert_error (ann->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (ann->states->str, ==, "jfj0");
  join (ann);
}

static char *
dup_ufrag (WherryPeerConnection *connection, gboolean remote)
{
  WherrySessionDescription *description
      = remote ? wherry_peer_connection_get_current_remote_description (connection)
               : wherry_peer_connection_get_current_local_description (connection);
  const char *line = strstr (wherry_session_description_get_sdp (description), "a=ice-ufrag:");

  return g_strndup (line, strcspn (line, "\r\n"));
}

static gboolean
has_ufrag (WherryPeerConnection *connection, gboolean remote, const char *ufrag)
{
  g_autofree char *now = dup_ufrag (connection, remote);

  return strcmp (now, ufrag) == 0;
}

/* A restart goes over the living signaling: nothing is lost, nobody leaves. */
static void
test_restart (Fixture *self, gconstpointer data)
{
  g_autoptr (LocalEnd) local
      = local_end_join (&self->relay_end, "room", "local", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (End) ann = end_new (self, "ann");
  WherryPeerConnection *connection;
  g_autofree char *ours = NULL;
  g_autofree char *theirs = NULL;
  g_autofree char *id = NULL;

  local_end_listen (local);
  join (ann);
  connection = wherry_client_get_connection (ann->client);
  id = g_strdup (wherry_client_get_id (ann->client));
  ours = dup_ufrag (connection, FALSE);
  theirs = dup_ufrag (connection, TRUE);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (ann->chat)
                               == WHERRY_DATA_CHANNEL_STATE_OPEN);
  g_assert_true (wherry_data_channel_send_text (ann->chat, "before", NULL));
  wherry_peer_connection_restart_ice (connection);
  WHERRY_WAIT_UNTIL (NULL, !has_ufrag (connection, TRUE, theirs));
  g_assert_true (wherry_data_channel_send_text (ann->chat, "after", NULL));
  WHERRY_WAIT_UNTIL (NULL, local->n_messages == 2);
  g_assert_cmpstr (local->heard->str, ==, "chat:before chat:after ");
  g_assert_false (has_ufrag (connection, FALSE, ours));
  g_assert_true (wherry_client_get_connection (ann->client) == connection);
  g_assert_cmpstr (wherry_client_get_id (ann->client), ==, id);
  g_assert_cmpstr (ann->states->str, ==, "jc");
}

/* The server goes away with its relay; another one comes at the same place. */
static void
test_comes_back (Fixture *self, gconstpointer data)
{
  g_autoptr (End) ann = end_new (self, "ann");
  g_autoptr (LocalEnd) local = NULL;
  guint port = wherry_server_get_port (self->relay_end.server);
  g_autofree char *id = NULL;

  join (ann);
  id = g_strdup (wherry_client_get_id (ann->client));
  relay_end_stop_server (&self->relay_end);
  WHERRY_WAIT_UNTIL (NULL,
                     wherry_client_get_state (ann->client) == WHERRY_CLIENT_STATE_RECONNECTING);
  g_assert_nonnull (wherry_client_get_error (ann->client));
  g_assert_null (wherry_client_get_connection (ann->client));
  relay_end_start_server (&self->relay_end, port);
  local = local_end_join (&self->relay_end, "room", "local", WHERRY_JOIN_FLAGS_NONE);
  local_end_listen (local);
  WHERRY_WAIT_UNTIL (NULL, wherry_client_get_state (ann->client) == WHERRY_CLIENT_STATE_CONNECTED);
  g_assert_null (wherry_client_get_error (ann->client));
  g_assert_cmpstr (ann->states->str, ==, "jcrc");
  g_assert_cmpstr (id, !=, wherry_client_get_id (ann->client));
  g_assert_cmpuint (ann->n_prepared, >=, 2);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (ann->chat)
                               == WHERRY_DATA_CHANNEL_STATE_OPEN);
  g_assert_true (wherry_data_channel_send_text (ann->chat, "again", NULL));
  WHERRY_WAIT_UNTIL (NULL, local->n_messages == 1);
}

/* Who is sent away does not come back. */
static void
test_kicked (Fixture *self, gconstpointer data)
{
  g_autoptr (End) ann = end_new (self, "ann");
  WherryRoom *room;

  join (ann);
  room = wherry_relay_lookup_room (self->relay_end.relay, "room");
  g_assert_true (
      wherry_member_kick (wherry_room_lookup_member (room, wherry_client_get_id (ann->client)),
                          NULL));
  WHERRY_WAIT_UNTIL (NULL, wherry_client_get_state (ann->client) == WHERRY_CLIENT_STATE_FAILED);
  g_assert_error (wherry_client_get_error (ann->client), WHERRY_ERROR, WHERRY_ERROR_FORBIDDEN);
  g_assert_cmpstr (ann->states->str, ==, "jcf");
}

static gpointer
drop (gpointer data)
{
  g_object_unref (data);
  return NULL;
}

static void
test_dropped_elsewhere (Fixture *self, gconstpointer data)
{
  g_autoptr (LocalEnd) local
      = local_end_join (&self->relay_end, "room", "local", WHERRY_JOIN_FLAGS_NONE);
  GListModel *members
      = wherry_room_get_members (wherry_relay_lookup_room (self->relay_end.relay, "room"));
  g_autoptr (End) ann = end_new (self, "ann");

  join (ann);
  g_assert_cmpuint (g_list_model_get_n_items (members), ==, 2);
  g_signal_handlers_disconnect_by_data (ann->client, ann);
  g_thread_join (g_thread_new ("drop", drop, g_steal_pointer (&ann->client)));
  WHERRY_WAIT_UNTIL (NULL, g_list_model_get_n_items (members) == 1);
}

#define ADD(path, func) g_test_add ("/client/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("room", test_room);
  ADD ("leave-behind", test_leave_behind);
  ADD ("notes", test_notes);
  ADD ("refused", test_refused);
  ADD ("restart", test_restart);
  ADD ("comes-back", test_comes_back);
  ADD ("kicked", test_kicked);
  ADD ("dropped-elsewhere", test_dropped_elsewhere);
  return g_test_run ();
}
