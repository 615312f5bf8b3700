/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "relay-end.h"

/* Channels that outlive connections, over loopback: what they say and hear, and what happens when
 * the server knows nothing of their client any more. */

typedef struct
{
  RelayEnd relay_end;
  WherryConfiguration *configuration;
} Fixture;

typedef struct
{
  Fixture *fixture;
  WherryClient *client;
  WherryClientChannel *chat;
  WherryClientChannel *mirror; /* the newest */
  WherryDataChannel *plain;    /* the same of plain ones */
  GString *heard;              /* "text<sender/sequence/flags " */
  GString *events;
  gboolean finished;
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
  g_object_unref (self->configuration);
  relay_end_stop_server (&self->relay_end);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  relay_end_clear (&self->relay_end, NULL);
}

static void
on_message (WherryClientChannel *channel, GBytes *data, gboolean is_text, const char *sender,
            guint64 sequence, WherryMessageFlags flags, gpointer user_data)
{
  End *self = user_data;
  gsize length;
  const char *text = g_bytes_get_data (data, &length);

  g_string_append_printf (self->heard, "%s:%.*s<%s/%" G_GUINT64_FORMAT "/%u ",
                          wherry_client_channel_get_topic (channel), (int) length,
                          text != NULL ? text : "", sender != NULL ? sender : "", sequence,
                          (guint) flags + (is_text ? 0 : 10));
}

static void
on_closed (WherryClientChannel *channel, gpointer user_data)
{
  g_string_append_printf (((End *) user_data)->events, "closed:%s ",
                          wherry_client_channel_get_topic (channel));
}

static void
on_channel (WherryClient *client, WherryClientChannel *channel, gpointer user_data)
{
  End *self = user_data;

  g_assert_true (wherry_client_channel_get_mirrored (channel));
  g_set_object (&self->mirror, channel);
  g_signal_connect (channel, "message", G_CALLBACK (on_message), self);
  g_signal_connect (channel, "closed", G_CALLBACK (on_closed), self);
}

static void
on_resumed (WherryClient *client, gpointer user_data)
{
  g_string_append (((End *) user_data)->events, "resumed ");
}

static void
on_gap (WherryClient *client, const char *const *topics, gpointer user_data)
{
  g_string_append_printf (((End *) user_data)->events, "gap:%u ",
                          g_strv_length ((char **) (gpointer) topics));
}

static void
on_plain_message (WherryDataChannel *channel, GBytes *data, gboolean is_text, gpointer user_data)
{
  g_string_append_printf (((End *) user_data)->heard, "%s:%.*s ",
                          wherry_data_channel_get_label (channel), (int) g_bytes_get_size (data),
                          (const char *) g_bytes_get_data (data, NULL));
}

static void
on_plain_mirror (WherryClient *client, WherryDataChannel *channel, gpointer user_data)
{
  End *self = user_data;

  g_set_object (&self->plain, channel);
  g_signal_connect (channel, "message", G_CALLBACK (on_plain_message), self);
}

/* resume: what is the default is not set */
static End *
end_new (Fixture *fixture, const char *room, const char *name, gboolean resume)
{
  End *self = g_new0 (End, 1);

  self->fixture = fixture;
  self->heard = g_string_new (NULL);
  self->events = g_string_new (NULL);
  self->client = wherry_client_new (wherry_server_get_uri (fixture->relay_end.server), room, name);
  relay_end_watch (&fixture->relay_end, self->client);
  g_object_set (self->client, "configuration", fixture->configuration, "min-delay", 20, NULL);
  if (!resume)
    g_object_set (self->client, "resume", FALSE, NULL);
  g_signal_connect (self->client, "channel", G_CALLBACK (on_channel), self);
  g_signal_connect (self->client, "data-channel", G_CALLBACK (on_plain_mirror), self);
  g_signal_connect (self->client, "resumed", G_CALLBACK (on_resumed), self);
  g_signal_connect (self->client, "gap", G_CALLBACK (on_gap), self);
  return self;
}

static WherryClientChannel *
open_channel (End *self, const char *topic, WherryDataChannelInit *init)
{
  g_autoptr (GError) error = NULL;
  WherryClientChannel *channel = wherry_client_open_channel (self->client, topic, init, &error);

  g_assert_no_error (error);
  relay_end_watch (&self->fixture->relay_end, channel);
  g_signal_connect (channel, "message", G_CALLBACK (on_message), self);
  g_signal_connect (channel, "closed", G_CALLBACK (on_closed), self);
  return channel;
}

static gboolean
is_open (WherryClientChannel *channel)
{
  return channel != NULL
         && wherry_client_channel_get_ready_state (channel) == WHERRY_DATA_CHANNEL_STATE_OPEN;
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  wherry_client_join_finish (WHERRY_CLIENT (source), result, &error);
  g_assert_no_error (error);
  ((End *) user_data)->finished = TRUE;
}

static End *
end_join_room (Fixture *fixture, const char *room, const char *name)
{
  End *self = end_new (fixture, room, name, TRUE);

  self->chat = open_channel (self, "chat", NULL);
  wherry_client_join_async (self->client, NULL, on_joined, self);
  WHERRY_WAIT_UNTIL (NULL, self->finished && is_open (self->chat));
  return self;
}

static End *
end_join (Fixture *fixture, const char *name)
{
  return end_join_room (fixture, "room", name);
}

static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ((End *) user_data)->finished = TRUE;
}

static void
end_leave (End *self)
{
  self->finished = FALSE;
  wherry_client_leave_async (self->client, NULL, on_left, self);
  WHERRY_WAIT_UNTIL (NULL, self->finished);
  g_signal_handlers_disconnect_by_data (self->client, self);
  if (self->mirror != NULL)
    g_signal_handlers_disconnect_by_data (self->mirror, self);
  g_clear_object (&self->mirror);
  if (self->plain != NULL)
    g_signal_handlers_disconnect_by_data (self->plain, self);
  g_clear_object (&self->plain);
  g_clear_object (&self->chat);
  g_clear_object (&self->client);
  g_string_free (self->heard, TRUE);
  g_string_free (self->events, TRUE);
  g_free (self);
}

static void
say (WherryClientChannel *channel, const char *text, const char *to)
{
  g_autoptr (GError) error = NULL;

  wherry_client_channel_send_text (channel, text, to, &error);
  g_assert_no_error (error);
}

static void
test_addressed (Fixture *self, gconstpointer data)
{
  End *ann = end_join (self, "ann");
  End *bob = end_join (self, "bob");
  const char *id = wherry_client_get_id (bob->client);
  g_autofree char *ann_id = g_strdup (wherry_client_get_id (ann->client));
  g_autofree char *expected
      = g_strdup_printf ("chat:a<%s/1/0 chat:b<%s/1/2 chat:<%s/2/10 ", ann_id, ann_id, ann_id);
  g_autofree char *mirrored = g_strdup_printf ("news:n<%s/1/0 ", ann_id);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (WherryClientChannel) news = NULL;
  g_autoptr (GError) error = NULL;

  say (ann->chat, "a", NULL);
  say (ann->chat, "b", id);
  g_assert_true (wherry_client_channel_send_bytes (ann->chat, empty, NULL, &error));
  WHERRY_WAIT_UNTIL (NULL, g_str_equal (bob->heard->str, expected));
  g_assert_false (wherry_client_channel_send_text (ann->chat, "c", "bob", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);

  g_string_truncate (bob->heard, 0);
  news = open_channel (ann, "news", NULL);
  WHERRY_WAIT_UNTIL (NULL, is_open (news));
  say (news, "n", NULL);
  WHERRY_WAIT_UNTIL (NULL, g_str_equal (bob->heard->str, mirrored));
  say (bob->mirror, "back", ann_id);
  WHERRY_WAIT_UNTIL (NULL, strstr (ann->heard->str, "news:back<") != NULL);
  wherry_client_channel_close (news);
  WHERRY_WAIT_UNTIL (NULL, g_str_equal (ann->events->str, "closed:news "));
  end_leave (ann);
  end_leave (bob);
}

static void
test_plain (Fixture *self, gconstpointer data)
{
  End *ann = end_join (self, "ann");
  End *bob = end_new (self, "room", "bob", FALSE);
  g_autoptr (WherryClientChannel) news = NULL;
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (wherry_client_open_channel (bob->client, "wherry:x", NULL, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  init->negotiated = TRUE;
  g_assert_null (wherry_client_open_channel (bob->client, "x", init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  bob->chat = open_channel (bob, "chat", NULL);
  g_assert_false (wherry_client_channel_send_text (bob->chat, "x", NULL, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_clear_error (&error);
  wherry_client_join_async (bob->client, NULL, on_joined, bob);
  WHERRY_WAIT_UNTIL (NULL, bob->finished && is_open (bob->chat));
  say (ann->chat, "a", NULL);
  WHERRY_WAIT_UNTIL (NULL, g_str_equal (bob->heard->str, "chat:a</0/0 "));
  g_assert_false (
      wherry_client_channel_send_text (bob->chat, "x", wherry_client_get_id (ann->client), &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED);
  say (bob->chat, "b", NULL);
  WHERRY_WAIT_UNTIL (NULL, g_str_has_prefix (ann->heard->str, "chat:b<"));

  g_string_truncate (bob->heard, 0);
  news = open_channel (ann, "news", NULL);
  WHERRY_WAIT_UNTIL (NULL, is_open (news) && bob->plain != NULL);
  say (news, "n", NULL);
  WHERRY_WAIT_UNTIL (NULL, g_str_equal (bob->heard->str, "news:n "));
  end_leave (ann);
  end_leave (bob);
}

/* It never comes back, and knows all the same who says what. */
static void
test_without_reconnect (Fixture *self, gconstpointer data)
{
  End *ann = end_join (self, "ann");
  End *bob = end_new (self, "room", "bob", TRUE);
  g_autoptr (WherryClientChannel) news = open_channel (ann, "news", NULL);
  g_autofree char *expected
      = g_strdup_printf ("news:n<%s/1/0 ", wherry_client_get_id (ann->client));

  g_object_set (bob->client, "reconnect", FALSE, NULL);
  bob->chat = open_channel (bob, "chat", NULL);
  wherry_client_join_async (bob->client, NULL, on_joined, bob);
  WHERRY_WAIT_UNTIL (NULL, bob->finished && is_open (bob->chat) && is_open (news));
  WHERRY_WAIT_UNTIL (NULL, is_open (bob->mirror));
  say (news, "n", NULL);
  WHERRY_WAIT_UNTIL (NULL, g_str_equal (bob->heard->str, expected));
  say (bob->chat, "x", wherry_client_get_id (ann->client));
  WHERRY_WAIT_UNTIL (NULL, g_str_has_prefix (ann->heard->str, "chat:x<"));
  end_leave (ann);
  end_leave (bob);
}

/* Each of its channels is alone there. */
static void
test_echo (Fixture *self, gconstpointer data)
{
  End *ann = end_join_room (self, "echo", "ann");
  g_autoptr (WherryClientChannel) other = open_channel (ann, "other", NULL);
  g_autoptr (WherryClientChannel) again = open_channel (ann, "other", NULL);

  WHERRY_WAIT_UNTIL (NULL, is_open (other) && is_open (again));
  say (ann->chat, "a", NULL);
  WHERRY_WAIT_UNTIL (NULL, g_str_equal (ann->heard->str, "chat:a</0/0 "));
  say (again, "b", NULL);
  WHERRY_WAIT_UNTIL (NULL, g_str_equal (ann->heard->str, "chat:a</0/0 other:b</0/0 "));
  wherry_client_channel_close (other);
  wherry_client_channel_close (again);
  WHERRY_WAIT_UNTIL (NULL, g_str_equal (ann->events->str, "closed:other closed:other "));
  end_leave (ann);
}

/* Another server at the same place, which knows nobody: they are other members, and hear so; what
 * had not been sent is sent. */
static void
test_forgotten (Fixture *self, gconstpointer data)
{
  End *ann = end_join (self, "ann");
  End *bob = end_join (self, "bob");
  g_autofree char *id = g_strdup (wherry_client_get_id (ann->client));
  g_autoptr (WherryClientChannel) news = open_channel (ann, "news", NULL);
  g_autofree char *expected = NULL;
  guint port;

  WHERRY_WAIT_UNTIL (NULL, is_open (news) && is_open (bob->mirror));
  say (ann->chat, "a", NULL);
  WHERRY_WAIT_UNTIL (NULL, g_str_has_prefix (bob->heard->str, "chat:a<"));
  port = relay_end_stop_server (&self->relay_end);
  WHERRY_WAIT_UNTIL (NULL, wherry_client_get_state (ann->client) == WHERRY_CLIENT_STATE_RECONNECTING
                               && wherry_client_get_state (bob->client)
                                      == WHERRY_CLIENT_STATE_RECONNECTING);
  g_assert_true (is_open (ann->chat));
  g_string_truncate (bob->heard, 0);
  say (ann->chat, "b", NULL); /* waits */
  g_assert_cmpuint (wherry_client_channel_get_buffered_amount (ann->chat), ==, 1);
  relay_end_start_server (&self->relay_end, port);
  WHERRY_WAIT_UNTIL (NULL,
                     wherry_client_get_state (ann->client) == WHERRY_CLIENT_STATE_CONNECTED
                         && wherry_client_get_state (bob->client) == WHERRY_CLIENT_STATE_CONNECTED);
  g_assert_cmpstr (ann->events->str, ==, "gap:2 ");
  g_assert_cmpstr (bob->events->str, ==, "closed:news gap:2 ");
  g_assert_cmpstr (wherry_client_get_id (ann->client), !=, id);
  /* who came first spoke to nobody */
  WHERRY_WAIT_UNTIL (NULL, wherry_client_channel_get_buffered_amount (ann->chat) == 0);
  say (bob->chat, "c", NULL);
  say (ann->chat, "d", NULL);
  expected = g_strdup_printf ("chat:d<%s/", wherry_client_get_id (ann->client));
  WHERRY_WAIT_UNTIL (NULL, strstr (bob->heard->str, expected) != NULL);
  end_leave (ann);
  end_leave (bob);
}

#define ADD(path, func) g_test_add ("/client-resume/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("addressed", test_addressed);
  ADD ("plain", test_plain);
  ADD ("without-reconnect", test_without_reconnect);
  ADD ("echo", test_echo);
  ADD ("forgotten", test_forgotten);
  return g_test_run ();
}
