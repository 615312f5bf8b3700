/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "client-life.h"
#include "relay-end.h"

/* What a client says about itself, and leaves behind, over loopback. */

typedef struct
{
  RelayEnd relay_end;
  WherryClient *client;
  GString *changes; /* "{attributes} " of other members */
  guint n_notifies;
} Fixture;

static void
on_member_changed (WherryClient *client, WherryMember *member, gpointer user_data)
{
  Fixture *self = user_data;

  g_string_append_printf (self->changes, "%s%s ", wherry_member_get_name (member),
                          wherry_member_get_attributes (member));
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  ((Fixture *) user_data)->n_notifies++;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryConfiguration) configuration = relay_end_make_configuration ();

  relay_end_init (&self->relay_end, NULL);
  relay_end_start_server (&self->relay_end, 0);
  self->client = wherry_client_new (wherry_server_get_uri (self->relay_end.server), "room", "bob");
  relay_end_watch (&self->relay_end, self->client);
  g_object_set (self->client, "configuration", configuration, "reconnect", FALSE, NULL);
  self->changes = g_string_new (NULL);
  g_signal_connect (self->client, "member-changed", G_CALLBACK (on_member_changed), self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->client);
  relay_end_stop_server (&self->relay_end);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  relay_end_clear (&self->relay_end, NULL);
  g_string_free (self->changes, TRUE);
}

/* (transfer full): the relay's view of the client */
static WherryMember *
find_bob (Fixture *self)
{
  WherryRoom *room = wherry_relay_lookup_room (self->relay_end.relay, "room");

  return g_object_ref (wherry_room_lookup_member (room, wherry_client_get_id (self->client)));
}

static void
test_attributes (Fixture *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann
      = local_end_join (&self->relay_end, "room", "ann", WHERRY_JOIN_FLAGS_SEND_ONLY);
  g_autofree char *large = g_strnfill (5000, ' ');
  g_autoptr (WherryMember) seen = NULL;
  g_autoptr (WherryMember) bob = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (wherry_member_set_attributes (ann->member, "{\"seat\":1}", &error));
  g_assert_true (wherry_client_set_attributes (self->client, "{ \"x\": 1e400 }", &error));
  g_assert_false (wherry_client_set_attributes (self->client, "[]", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (wherry_client_set_attributes (self->client, large, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_cmpstr (wherry_client_get_attributes (self->client), ==, "{ \"x\": 1e400 }");
  client_join (self->client);

  bob = find_bob (self);
  g_assert_cmpstr (wherry_member_get_attributes (bob), ==, "{ \"x\": 1e400 }");
  seen = g_list_model_get_item (wherry_client_get_members (self->client), 0);
  g_assert_cmpstr (wherry_member_get_attributes (seen), ==, "{\"seat\":1}");
  g_assert_false (wherry_member_set_attributes (seen, "{}", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_FORBIDDEN);
  g_clear_error (&error);

  g_signal_connect (bob, "notify::attributes", G_CALLBACK (on_notify), self);
  g_assert_true (wherry_client_set_attributes (self->client, "{\"x\":2}", &error));
  WHERRY_WAIT_UNTIL (NULL, self->n_notifies == 1);
  g_assert_cmpstr (wherry_member_get_attributes (bob), ==, "{\"x\":2}");
  g_assert_true (wherry_member_set_attributes (ann->member, NULL, &error));
  WHERRY_WAIT_UNTIL (NULL, wherry_member_get_attributes (seen) == NULL);
  g_assert_true (wherry_member_set_attributes (ann->member, "{\"seat\":2}", &error));
  WHERRY_WAIT_UNTIL (NULL, g_str_has_suffix (self->changes->str, "ann{\"seat\":2} "));

  /* the relay's owner says something about it, and it learns that */
  g_signal_connect (self->client, "notify::attributes", G_CALLBACK (on_notify), self);
  g_assert_true (wherry_member_set_attributes (bob, "{\"x\":3}", &error));
  WHERRY_WAIT_UNTIL (NULL, self->n_notifies == 3); /* bob's own, and the client's */
  g_assert_cmpstr (wherry_client_get_attributes (self->client), ==, "{\"x\":3}");
  g_signal_handlers_disconnect_by_data (bob, self);
}

static void
test_will (Fixture *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann
      = local_end_join (&self->relay_end, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (GBytes) will = g_bytes_new_static ("gone", 4);
  g_autoptr (WherryMember) bob = NULL;
  g_autoptr (GError) error = NULL;

  local_end_listen (ann);
  local_end_send (ann, "news", "here");
  g_assert_false (wherry_client_set_will (self->client, "wherry:x", will, TRUE, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_true (wherry_client_set_will (self->client, "news", will, TRUE, &error));
  client_join (self->client);
  bob = find_bob (self);
  WHERRY_WAIT_UNTIL (NULL, wherry_member_get_state (bob) == WHERRY_MEMBER_STATE_CONNECTED);
  g_assert_true (wherry_member_kick (bob, &error));
  WHERRY_WAIT_UNTIL (NULL, ann->heard->len > 0);
  g_assert_cmpstr (ann->heard->str, ==, "news:gone ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add ("/client-presence/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("attributes", test_attributes);
  ADD ("will", test_will);
  return g_test_run ();
}
