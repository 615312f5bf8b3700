/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "relay-end.h"

/* A relay, its rooms and members inside the process. */

static void
test_lists (RelayEnd *self, gconstpointer data)
{
  GListModel *rooms = wherry_relay_get_rooms (self->relay);
  g_autoptr (LocalEnd) ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (LocalEnd) bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (LocalEnd) eve = local_end_join (self, "other", NULL, WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (WherryRoom) room = g_list_model_get_item (rooms, 0);
  g_autoptr (WherryRoom) other = g_list_model_get_item (rooms, 1);
  g_autoptr (WherryMember) second = g_list_model_get_item (wherry_room_get_members (room), 1);

  relay_end_watch (self, room);
  g_assert_cmpuint (g_list_model_get_n_items (rooms), ==, 2);
  g_assert_cmpstr (wherry_room_get_name (room), ==, "room");
  g_assert_true (wherry_relay_lookup_room (self->relay, "other") == other);
  g_assert_null (wherry_relay_lookup_room (self->relay, "none"));
  g_assert_cmpuint (g_list_model_get_n_items (wherry_room_get_members (room)), ==, 2);
  g_assert_true (second == bob->member);
  g_assert_true (wherry_room_lookup_member (room, wherry_member_get_id (ann->member))
                 == ann->member);
  g_assert_null (wherry_room_lookup_member (room, wherry_member_get_id (eve->member)));

  g_assert_cmpuint (strspn (wherry_member_get_id (ann->member), "0123456789abcdef"), ==, 16);
  g_assert_cmpstr (wherry_member_get_name (ann->member), ==, "ann");
  g_assert_null (wherry_member_get_name (eve->member));
  g_assert_cmpstr (wherry_member_get_room (eve->member), ==, "other");
  g_assert_true (wherry_member_is_local (ann->member));
  g_assert_null (wherry_member_get_path (ann->member));
  g_assert_null (wherry_member_get_leave_reason (ann->member));
  g_assert_cmpint (wherry_member_get_state (ann->member), ==, WHERRY_MEMBER_STATE_JOINED);
  WHERRY_WAIT_UNTIL (NULL, local_end_is_connected (ann));

  wherry_member_leave (eve->member);
  WHERRY_WAIT_UNTIL (NULL, local_end_has_left (eve));
  g_assert_cmpstr (wherry_member_get_leave_reason (eve->member), ==, "left");
  g_assert_cmpuint (g_list_model_get_n_items (rooms), ==, 1);
  g_assert_cmpuint (g_list_model_get_n_items (wherry_room_get_members (other)), ==, 0);
}

static void
test_messages (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (LocalEnd) bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (LocalEnd) cid = local_end_join (self, "room", "cid", WHERRY_JOIN_FLAGS_NO_MIRROR);
  g_autoptr (LocalEnd) eve = local_end_join (self, "other", "eve", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (GBytes) bytes = g_bytes_new ("\0\1\2", 3);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);

  local_end_listen (ann);
  local_end_listen (bob);
  local_end_listen (cid);
  local_end_listen (eve);
  WHERRY_WAIT_UNTIL (NULL, local_end_is_connected (ann) && local_end_is_connected (bob)
                               && local_end_is_connected (cid));
  g_assert_true (wherry_member_subscribe (cid->member, "chat", FALSE, NULL));
  /* its channel is answered once it hears somebody */
  local_end_send (cid, "chat", "first");
  WHERRY_WAIT_UNTIL (NULL, bob->n_messages == 1 && ann->n_messages == 1);

  local_end_send (ann, "chat", "hello");
  local_end_send (ann, "chat", "");
  g_assert_true (wherry_member_send_bytes (ann->member, "chat", bytes, NULL));
  g_assert_true (wherry_member_send_bytes (ann->member, "chat", empty, NULL));
  local_end_send (ann, "plot", "7");
  WHERRY_WAIT_UNTIL (NULL, bob->n_messages == 6 && cid->n_messages == 4);
  /* topics are not ordered against each other */
  g_assert_true (g_str_has_prefix (bob->heard->str, "chat:first "));
  g_assert_nonnull (strstr (bob->heard->str, "plot:7 "));
  g_assert_cmpstr (cid->heard->str, ==, "chat:hello chat: chat#3 chat#0 ");
  g_assert_cmpstr (ann->heard->str, ==, "chat:first ");
  g_assert_cmpstr (eve->heard->str, ==, "");

  /* on the channel that the relay opened */
  local_end_send (bob, "chat", "back");
  WHERRY_WAIT_UNTIL (NULL, ann->n_messages == 2 && cid->n_messages == 5);
  g_assert_cmpstr (ann->heard->str, ==, "chat:first chat:back ");
}

/* Sent before anything is connected, and right before leaving. */
static void
test_early_and_late (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (LocalEnd) ann = NULL;

  local_end_listen (bob);
  WHERRY_WAIT_UNTIL (NULL, local_end_is_connected (bob));
  ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_SEND_ONLY);
  for (guint i = 0; i < 300; i++)
    local_end_send (ann, i % 2 == 0 ? "a" : "b", "x");
  g_assert_cmpuint (wherry_member_get_buffered_amount (ann->member), ==, 300);
  wherry_member_leave (ann->member);
  g_assert_false (wherry_member_send_text (ann->member, "a", "late", NULL));
  WHERRY_WAIT_UNTIL (NULL, local_end_has_left (ann) && bob->n_messages == 300);
  g_assert_cmpstr (wherry_member_get_leave_reason (ann->member), ==, "left");
  g_assert_cmpuint (wherry_member_get_buffered_amount (ann->member), ==, 0);
}

/* Without a handler nothing is lost, and nothing is told before there is one. */
static void
test_held_for_the_handler (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_SEND_ONLY);
  g_autoptr (LocalEnd) bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (LocalEnd) cid = local_end_join (self, "room", "cid", WHERRY_JOIN_FLAGS_NONE);

  local_end_listen (cid);
  WHERRY_WAIT_UNTIL (NULL, local_end_is_connected (bob) && local_end_is_connected (cid));
  for (guint i = 0; i < 20; i++)
    local_end_send (ann, "chat", "x");
  WHERRY_WAIT_UNTIL (NULL, cid->n_messages == 20);
  g_assert_cmpuint (bob->n_messages, ==, 0);
  local_end_listen (bob);
  g_assert_cmpuint (bob->n_messages, ==, 0);
  WHERRY_WAIT_UNTIL (NULL, bob->n_messages == 20);

  wherry_member_set_paused (bob->member, TRUE);
  local_end_send (ann, "chat", "y");
  WHERRY_WAIT_UNTIL (NULL, cid->n_messages == 21);
  g_assert_cmpuint (bob->n_messages, ==, 20);
  wherry_member_set_paused (bob->member, FALSE);
  WHERRY_WAIT_UNTIL (NULL, bob->n_messages == 21);
}

/* One that takes nothing is a slow consumer like any other: who sends waits, and at the limit it
 * leaves. */
static void
test_slow (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann = NULL;
  g_autoptr (LocalEnd) bob = NULL;
  g_autofree guint8 *zeros = g_malloc0 (16 * 1024);
  g_autoptr (GBytes) bytes = g_bytes_new_static (zeros, 16 * 1024);
  g_autoptr (GError) error = NULL;
  guint n = 0;

  g_object_set (self->relay, "block-limit", 1000, "outbox-high", (guint64) 65536, "outbox-low",
                (guint64) 16384, NULL);
  ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_SEND_ONLY);
  bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NONE);
  WHERRY_WAIT_UNTIL (NULL, local_end_is_connected (ann) && local_end_is_connected (bob));
  while (wherry_member_send_bytes (ann->member, "chat", bytes, &error))
    {
      g_assert_cmpuint (n++, <, 1000);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (wherry_member_get_buffered_amount (ann->member), >, 900 * 1024);
  g_assert_cmpuint (n, >=, 64);
  WHERRY_WAIT_UNTIL (NULL, local_end_has_left (bob) && ann->n_drained == 1);
  g_assert_cmpstr (wherry_member_get_leave_reason (bob->member), ==, "slow");
  g_assert_cmpuint (wherry_member_get_buffered_amount (ann->member), ==, 0);
  local_end_send (ann, "chat", "on");
}

/* What is known of a member's outbox on a topic; NULL: nothing. */
static GVariant *
find_outbox (WherryMember *member, const char *topic)
{
  g_autoptr (GVariant) outboxes = wherry_member_get_outboxes (member);

  for (gsize i = 0; i < g_variant_n_children (outboxes); i++)
    {
      g_autoptr (GVariant) each = g_variant_get_child_value (outboxes, i);
      const char *label = NULL;

      if (g_variant_lookup (each, "topic", "&s", &label) && g_str_equal (label, topic))
        return g_steal_pointer (&each);
    }
  return NULL;
}

/* A lossy subscriber that is paused holds up nobody, and gets the newest. */
static void
test_lossy (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann = NULL;
  g_autoptr (LocalEnd) bob = NULL;
  g_autofree char *text = g_strnfill (16 * 1024, 'x');
  g_autoptr (GVariant) outbox = NULL;
  const char *policy = NULL;
  guint64 dropped = 0;
  const guint n_sent = 200;

  g_object_set (self->relay, "outbox-high", (guint64) 65536, "outbox-low", (guint64) 16384, NULL);
  ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_SEND_ONLY);
  bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NO_MIRROR);
  local_end_listen (bob);
  WHERRY_WAIT_UNTIL (NULL, local_end_is_connected (ann) && local_end_is_connected (bob));
  g_assert_true (wherry_member_subscribe (bob->member, "pose", TRUE, NULL));
  local_end_send (ann, "pose", "begin");
  WHERRY_WAIT_UNTIL (NULL, bob->n_messages == 1);
  wherry_member_set_paused (bob->member, TRUE);
  for (guint i = 0; i < n_sent; i++)
    {
      g_autoptr (GError) error = NULL;

      while (!wherry_member_send_text (ann->member, "pose", text, &error))
        {
          g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK);
          g_clear_error (&error);
          g_main_context_iteration (NULL, TRUE);
        }
    }
  local_end_send (ann, "pose", "end");
  WHERRY_WAIT_UNTIL (NULL, wherry_member_get_buffered_amount (ann->member) == 0);
  wherry_member_set_paused (bob->member, FALSE);
  WHERRY_WAIT_UNTIL (NULL, g_str_has_suffix (bob->heard->str, "pose:end "));
  g_assert_cmpuint (bob->n_messages, <, n_sent / 2);

  outbox = find_outbox (bob->member, "pose");
  g_assert_true (g_variant_lookup (outbox, "policy", "&s", &policy));
  g_assert_cmpstr (policy, ==, "drop-oldest");
  g_assert_true (g_variant_lookup (outbox, "dropped-oldest", "t", &dropped));
  g_assert_cmpuint (dropped, ==, n_sent + 2 - bob->n_messages);
  wherry_member_leave (bob->member);
  WHERRY_WAIT_UNTIL (NULL, local_end_has_left (bob));
  g_assert_null (find_outbox (bob->member, "pose"));
}

/* One topic is otherwise than the properties say. */
static void
test_rule (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann = NULL;
  g_autoptr (LocalEnd) bob = NULL;
  g_autoptr (GVariant) pose = NULL;
  g_autoptr (GVariant) chat = NULL;
  g_autoptr (GError) error = NULL;
  const char *policy = NULL;

  g_assert_true (wherry_relay_set_rule (self->relay, "topic po*", "policy",
                                        g_variant_new_string ("block"), &error));
  g_assert_true (wherry_relay_set_rule (self->relay, "topic po*", "outbox-bytes",
                                        g_variant_new_int32 (65536), &error));
  g_assert_true (wherry_relay_set_rule (self->relay, "topic po*", "policy",
                                        g_variant_new_string ("latest"), &error));
  ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_SEND_ONLY);
  bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NONE);
  local_end_listen (bob);
  WHERRY_WAIT_UNTIL (NULL, local_end_is_connected (ann) && local_end_is_connected (bob));
  local_end_send (ann, "pose", "x");
  local_end_send (ann, "chat", "x");
  WHERRY_WAIT_UNTIL (NULL, bob->n_messages == 2);
  pose = find_outbox (bob->member, "pose");
  chat = find_outbox (bob->member, "chat");
  g_assert_true (g_variant_lookup (pose, "policy", "&s", &policy));
  g_assert_cmpstr (policy, ==, "latest");
  g_assert_true (g_variant_lookup (chat, "policy", "&s", &policy));
  g_assert_cmpstr (policy, ==, "block");
}

static void
test_bad_rules (RelayEnd *self, gconstpointer data)
{
  static const struct
  {
    const char *group;
    const char *key;
    const char *value;
    const char *said;
  } bad[] = {
    { "topic", "policy", "'block'", "topic PATTERN" },
    { "*", "policy", "'block'", "topic PATTERN" },
    { "topic *", "policies", "'block'", "outbox-bytes" },
    { "topic *", "keep", "'yes'", "has no key" },
    { "room *", "mirror", "'no'", "has no key" },
    { "topic *", "policy", "'drop'", "drop-newest" },
    { "topic *", "policy", "1", "drop-newest" },
    { "topic *", "outbox-bytes", "'1M'", "whole number" },
    { "topic *", "outbox-bytes", "-1", "from 4096" },
    { "topic *", "outbox-messages", "uint64 18446744073709551615", "from 0" },
    { "topic *", "block-limit-ms", "0", "from 1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GVariant) value = g_variant_parse (NULL, bad[i].value, NULL, NULL, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_false (wherry_relay_set_rule (self->relay, bad[i].group, bad[i].key, value, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, bad[i].said));
    }
}

static void
test_refusals (RelayEnd *self, gconstpointer data)
{
  g_autofree char *large = g_strnfill (300 * 1024, 'x');
  g_autoptr (LocalEnd) ann = NULL;
  g_autoptr (GError) error = NULL;

  g_object_set (self->relay, "members-per-room", 1, NULL);
  ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  g_assert_null (wherry_relay_join (self->relay, "room", NULL, WHERRY_JOIN_FLAGS_NONE, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT);
  g_clear_error (&error);
  g_assert_null (wherry_relay_join (self->relay, "a/b", NULL, WHERRY_JOIN_FLAGS_NONE, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (wherry_member_send_text (ann->member, "wherry:x", "x", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (wherry_member_send_text (ann->member, "chat", "\xff", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (wherry_member_send_text (ann->member, "chat", large, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE);
}

/* What the relay has to say about what was sent. */
static void
test_notices (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann = NULL;
  g_autoptr (LocalEnd) bob = NULL;

  g_object_set (self->relay, "topics-per-room", 1, NULL);
  ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NONE);
  local_end_listen (ann);
  local_end_listen (bob);
  WHERRY_WAIT_UNTIL (NULL, local_end_is_connected (ann) && local_end_is_connected (bob));
  local_end_send (ann, "first", "x");
  WHERRY_WAIT_UNTIL (NULL, bob->n_messages == 1);
  local_end_send (ann, "second", "x");
  WHERRY_WAIT_UNTIL (NULL, ann->notices->len > 0);
  local_end_send (ann, "first", "y");
  WHERRY_WAIT_UNTIL (NULL, bob->n_messages == 2);
  g_assert_cmpstr (bob->heard->str, ==, "first:x first:y ");
  g_assert_cmpstr (bob->notices->str, ==, "");
}

static void
test_kick (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (GError) error = NULL;

  g_assert_true (wherry_member_kick (ann->member, &error));
  g_assert_true (local_end_has_left (ann));
  g_assert_cmpstr (wherry_member_get_leave_reason (ann->member), ==, "kicked");
  g_assert_false (wherry_member_kick (ann->member, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
}

static void
test_ban (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (LocalEnd) bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (WherryMember) again = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (wherry_member_ban (ann->member, 600, &error));
  g_assert_true (local_end_has_left (ann));
  g_assert_cmpstr (wherry_member_get_leave_reason (ann->member), ==, "banned");
  g_assert_false (local_end_has_left (bob));
  again = wherry_relay_join (self->relay, "room", "ann", WHERRY_JOIN_FLAGS_NONE, &error);
  g_assert_null (again);
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_FORBIDDEN);
  g_clear_error (&error);
  g_assert_false (wherry_member_ban (ann->member, 1, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
}

static void
test_close (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (LocalEnd) bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (GError) error = NULL;

  WHERRY_WAIT_UNTIL (NULL, local_end_is_connected (ann));
  relay_end_close (self);
  g_assert_cmpstr (wherry_member_get_leave_reason (ann->member), ==, "shutdown");
  g_assert_cmpstr (wherry_member_get_leave_reason (bob->member), ==, "shutdown");
  g_assert_null (wherry_relay_join (self->relay, "room", NULL, WHERRY_JOIN_FLAGS_NONE, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
}

static void
on_member_left (WherryMember *member, GParamSpec *pspec, gpointer user_data)
{
  /* who reacts to what happens may do anything */
  wherry_relay_close_async (user_data, NULL, NULL, NULL);
}

static void
on_rooms_changed (GListModel *rooms, guint position, guint removed, guint added, gpointer user_data)
{
  wherry_relay_close_async (user_data, NULL, NULL, NULL);
}

/* Handlers that close the relay while it is telling. */
static void
test_close_inside (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  g_autoptr (LocalEnd) bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NONE);

  g_signal_connect (ann->member, "notify::state", G_CALLBACK (on_member_left), self->relay);
  WHERRY_WAIT_UNTIL (NULL, local_end_has_left (ann) && local_end_has_left (bob));
  g_signal_handlers_disconnect_by_data (ann->member, self->relay);
}

static void
test_close_in_join (RelayEnd *self, gconstpointer data)
{
  GListModel *rooms = wherry_relay_get_rooms (self->relay);
  g_autoptr (GError) error = NULL;

  g_signal_connect (rooms, "items-changed", G_CALLBACK (on_rooms_changed), self->relay);
  g_assert_null (wherry_relay_join (self->relay, "room", NULL, WHERRY_JOIN_FLAGS_NONE, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_signal_handlers_disconnect_by_data (rooms, self->relay);
}

static gpointer
drop (gpointer data)
{
  g_object_unref (data);
  return NULL;
}

/* The last references go on another thread while members are there. */
static void
test_dropped_elsewhere (RelayEnd *self, gconstpointer data)
{
  g_autoptr (LocalEnd) ann = local_end_join (self, "room", "ann", WHERRY_JOIN_FLAGS_NONE);
  LocalEnd *bob = local_end_join (self, "room", "bob", WHERRY_JOIN_FLAGS_NONE);

  WHERRY_WAIT_UNTIL (NULL, local_end_is_connected (ann) && local_end_is_connected (bob));
  g_object_ref (bob->member);
  g_thread_join (g_thread_new ("drop", drop, bob->member));
  local_end_free (bob);
  g_thread_join (g_thread_new ("drop", drop, g_steal_pointer (&self->relay)));
  g_assert_false (local_end_has_left (ann));
  WHERRY_WAIT_UNTIL (NULL, local_end_has_left (ann));
  g_assert_cmpstr (wherry_member_get_leave_reason (ann->member), ==, "shutdown");
  /* the core goes with the hub, which is nobody's any more */
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

#define ADD(path, func)                                                                            \
  g_test_add ("/relay-objects/" path, RelayEnd, NULL, relay_end_init, func, relay_end_clear)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("lists", test_lists);
  ADD ("messages", test_messages);
  ADD ("early-and-late", test_early_and_late);
  ADD ("held-for-the-handler", test_held_for_the_handler);
  ADD ("slow", test_slow);
  ADD ("lossy", test_lossy);
  ADD ("rule", test_rule);
  ADD ("bad-rules", test_bad_rules);
  ADD ("refusals", test_refusals);
  ADD ("notices", test_notices);
  ADD ("kick", test_kick);
  ADD ("ban", test_ban);
  ADD ("close", test_close);
  ADD ("close-inside", test_close_inside);
  ADD ("close-in-join", test_close_in_join);
  ADD ("dropped-elsewhere", test_dropped_elsewhere);
  return g_test_run ();
}
