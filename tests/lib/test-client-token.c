/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "relay-end.h"
#include "signaling/wherry-test-token.h"

/* A client with a token at a server that asks for one, over loopback: data channels, the client's
 * own and those that the relay opened, are as open as the token says. */

#define HEADER "{\"alg\":\"HS256\",\"kid\":\"h\"}"
#define CLAIMS                                                                                     \
  "{\"exp\":4e9,\"sub\":\"bob\",\"name\":\"Bob\",\"rooms\":[\"room\"],"                            \
  "\"publish\":[\"chat\",\"deep\"],\"subscribe\":[\"chat\",\"news\"]}"

typedef struct
{
  RelayEnd relay_end;
  char *directory;
  char *path;
  WherryClient *client;
  GPtrArray *channels; /* of WherryDataChannel: the relay's */
  GString *heard;      /* "TOPIC:text ", "!code " */
  GError *error;
  gboolean finished;
} Fixture;

static void
on_message (WherryDataChannel *channel, GBytes *data, gboolean is_text, gpointer user_data)
{
  Fixture *self = user_data;

  g_string_append_printf (self->heard, "%s:%.*s ", wherry_data_channel_get_label (channel),
                          (int) g_bytes_get_size (data), (char *) g_bytes_get_data (data, NULL));
}

static void
on_notice (WherryClient *client, const char *code, const char *text, gpointer user_data)
{
  g_string_append_printf (((Fixture *) user_data)->heard, "!%s ", code);
}

static void
on_data_channel (WherryClient *client, WherryDataChannel *channel, gpointer user_data)
{
  Fixture *self = user_data;

  g_ptr_array_add (self->channels, g_object_ref (channel));
  g_signal_connect (channel, "message", G_CALLBACK (on_message), self);
}

/* (nullable) */
static WherryDataChannel *
find (Fixture *self, const char *label)
{
  for (guint i = 0; i < self->channels->len; i++)
    if (strcmp (wherry_data_channel_get_label (self->channels->pdata[i]), label) == 0)
      return self->channels->pdata[i];
  return NULL;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryConfiguration) configuration = relay_end_make_configuration ();
  const char *keys[2] = { NULL, NULL };

  self->directory = g_dir_make_tmp ("wherry-XXXXXX", NULL);
  keys[0] = self->path = g_build_filename (self->directory, "keys.json", NULL);
  g_assert_true (g_file_set_contents_full (self->path, "{\"keys\":[" TEST_SECRET_JWK "]}", -1,
                                           G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  relay_end_init (&self->relay_end, NULL);
  self->relay_end.token_keys = keys;
  relay_end_start_server (&self->relay_end, 0);
  self->client = wherry_client_new (wherry_server_get_uri (self->relay_end.server), "room", "Root");
  relay_end_watch (&self->relay_end, self->client);
  g_object_set (self->client, "configuration", configuration, "reconnect", FALSE, "resume", FALSE,
                NULL);
  self->channels = g_ptr_array_new_with_free_func (g_object_unref);
  self->heard = g_string_new (NULL);
  g_signal_connect (self->client, "notice", G_CALLBACK (on_notice), self);
  g_signal_connect (self->client, "data-channel", G_CALLBACK (on_data_channel), self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (self->client, self);
  for (guint i = 0; i < self->channels->len; i++)
    g_signal_handlers_disconnect_by_data (self->channels->pdata[i], self);
  g_ptr_array_unref (self->channels);
  g_clear_object (&self->client);
  relay_end_stop_server (&self->relay_end);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  relay_end_clear (&self->relay_end, NULL);
  g_string_free (self->heard, TRUE);
  g_clear_error (&self->error);
  g_unlink (self->path);
  g_rmdir (self->directory);
  g_free (self->path);
  g_free (self->directory);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *self = user_data;

  wherry_client_join_finish (WHERRY_CLIENT (source), result, &self->error);
  self->finished = TRUE;
}

/* token: (nullable) */
static void
join (Fixture *self, const char *token)
{
  g_clear_error (&self->error);
  self->finished = FALSE;
  g_object_set (self->client, "token", token, NULL);
  wherry_client_join_async (self->client, NULL, on_joined, self);
  WHERRY_WAIT_UNTIL (NULL, self->finished);
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  g_autofree char *wrong = test_token_hs256 (HEADER, CLAIMS, "wrong");
  g_autofree char *elsewhere
      = test_token_hs256 (HEADER, "{\"exp\":4e9,\"rooms\":[\"other\"]}", TEST_SECRET);

  join (self, NULL);
  g_assert_error (self->error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED);
  join (self, wrong);
  g_assert_error (self->error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED);
  join (self, elsewhere);
  g_assert_error (self->error, WHERRY_ERROR, WHERRY_ERROR_FORBIDDEN);
}

static WherryDataChannel *
open_channel (Fixture *self, const char *topic)
{
  g_autoptr (GError) error = NULL;
  WherryDataChannel *channel
      = wherry_client_create_data_channel (self->client, topic, NULL, &error);

  g_assert_no_error (error);
  g_ptr_array_add (self->channels, channel);
  g_signal_connect (channel, "message", G_CALLBACK (on_message), self);
  return channel;
}

static WherryDataChannelState
state_of (WherryDataChannel *channel)
{
  return wherry_data_channel_get_ready_state (channel);
}

static void
test_channels (Fixture *self, gconstpointer data)
{
  g_autofree char *token = test_token_hs256 (HEADER, CLAIMS, TEST_SECRET);
  g_autoptr (LocalEnd) ann
      = local_end_join (&self->relay_end, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  WherryDataChannel *secret, *deep;

  local_end_listen (ann);
  join (self, token);
  g_assert_no_error (self->error);
  g_assert_cmpstr (wherry_member_get_name (wherry_room_lookup_member (
                       wherry_relay_lookup_room (self->relay_end.relay, "room"),
                       wherry_client_get_id (self->client))),
                   ==, "Bob");
  secret = open_channel (self, "secret");
  deep = open_channel (self, "deep");
  WHERRY_WAIT_UNTIL (NULL, state_of (secret) == WHERRY_DATA_CHANNEL_STATE_CLOSED);
  WHERRY_WAIT_UNTIL (NULL, state_of (deep) == WHERRY_DATA_CHANNEL_STATE_OPEN);

  WHERRY_WAIT_UNTIL (NULL, strstr (self->heard->str, "!forbidden") != NULL); /* of secret */
  g_string_truncate (self->heard, 0);

  /* deep goes one way, state neither, news the other */
  local_end_send (ann, "deep", "hidden");
  local_end_send (ann, "state", "hidden");
  local_end_send (ann, "news", "told");
  local_end_send (ann, "chat", "hello");
  WHERRY_WAIT_UNTIL (NULL, strstr (self->heard->str, "news:told") != NULL
                               && strstr (self->heard->str, "chat:hello") != NULL);
  g_assert_null (find (self, "state"));
  g_assert_true (wherry_data_channel_send_text (find (self, "news"), "mine", NULL));
  g_assert_true (wherry_data_channel_send_text (find (self, "chat"), "hi", NULL));
  g_assert_true (wherry_data_channel_send_text (deep, "up", NULL));
  WHERRY_WAIT_UNTIL (NULL, strstr (ann->heard->str, "chat:hi") != NULL);
  WHERRY_WAIT_UNTIL (NULL, strstr (ann->heard->str, "deep:up") != NULL);
  WHERRY_WAIT_UNTIL (NULL, strstr (self->heard->str, "!forbidden") != NULL);
  g_assert_null (strstr (ann->heard->str, "news"));
  g_assert_null (strstr (self->heard->str, "hidden"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/client-token/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/client-token/channels", Fixture, NULL, set_up, test_channels, tear_down);
  return g_test_run ();
}
