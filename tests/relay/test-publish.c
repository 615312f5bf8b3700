/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "relay-fixture.h"

/* What the server itself says, what it says on the notices of one member, and what an administrator
 * sees. One thread. */

#define OUTBOX_HIGH (64u * 1024u)

static void
set_up (RelayFixture *self, gconstpointer data)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  WherryRelayRule *rule = wherry_relay_config_add_rule (config, "kept", FALSE);

  rule->keep = 1;
  rule = wherry_relay_config_add_rule (config, "h*", TRUE);
  rule->history_messages = 3;
  rule = wherry_relay_config_add_rule (config, "no*", TRUE);
  rule->mirror = 0;
  rule = wherry_relay_config_add_rule (config, "few", FALSE);
  rule->topics_per_room = 1;
  config->outbox.outbox_high = OUTBOX_HIGH;
  config->outbox.outbox_low = OUTBOX_HIGH / 4;
  config->memory_budget = 8 * WHERRY_MIB;
  config->max_rooms = 2;
  relay_fixture_init (self, config, FALSE);
}

static void
tear_down (RelayFixture *self, gconstpointer data)
{
  relay_fixture_clear (self);
}

/* WHERRY_SIGNAL_ERROR_NONE: it was published. */
static WherrySignalError
publish_bytes (RelayFixture *self, const char *room, const char *topic, const char *data,
               gsize length)
{
  g_autoptr (WherryMessage) message
      = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) data, length,
                            wherry_relay_hub_get_budget (self->relay));
  WherrySignalError code = WHERRY_SIGNAL_ERROR_INTERNAL;
  g_autoptr (GError) error = NULL;

  if (wherry_relay_hub_publish (self->relay, room, topic, message, &code, &error))
    {
      g_assert_no_error (error);
      return WHERRY_SIGNAL_ERROR_NONE;
    }
  g_assert_nonnull (error);
  return code;
}

static void
publish (RelayFixture *self, const char *room, const char *topic, const char *text)
{
  g_assert_cmpint (publish_bytes (self, room, topic, text, strlen (text)), ==,
                   WHERRY_SIGNAL_ERROR_NONE);
  relay_fixture_settle (self);
}

/* Who is subscribed hears it, and who listens by mirrors; in order with what members say. */
static void
test_everybody_hears (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestChannel *own = test_client_open (ann, "chat");

  relay_fixture_settle (self);
  publish (self, "room", "chat", "one");
  test_channel_send (own, "two");
  relay_fixture_settle (self);
  publish (self, "room", "chat", "");
  publish (self, "room", "chat", "four");
  ASSERT_TEXT (own, "one  four");
  ASSERT_TEXT (test_client_find (bob, "chat"), "one two  four");
}

/* A topic that nobody has opened is there from the first word on, until the room ends. */
static void
test_opens_topic (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob;
  TestChannel *own;

  publish (self, "room", "news", "one");
  ASSERT_TEXT (test_client_find (ann, "news"), "one");
  bob = test_client_connect (self, "room", "bob");
  relay_fixture_settle (self);
  publish (self, "room", "news", "two");
  ASSERT_TEXT (test_client_find (ann, "news"), "one two");
  ASSERT_TEXT (test_client_find (bob, "news"), "two");

  own = test_client_open (bob, "news");
  relay_fixture_settle (self);
  publish (self, "room", "news", "three");
  ASSERT_TEXT (own, "three");
  wherry_channel_close (own->channel);
  relay_fixture_settle (self);
  publish (self, "room", "news", "four");
  ASSERT_TEXT (test_client_find (ann, "news"), "one two three four");
  publish (self, "room", "no-mirrors", "x");
  g_assert_null (test_client_find (ann, "no-mirrors"));

  wherry_relay_member_leave (ann->member, WHERRY_LEAVE_LEFT);
  wherry_relay_member_leave (bob->member, WHERRY_LEAVE_LEFT);
  relay_fixture_settle (self);
  g_assert_cmpuint (g_hash_table_size (self->relay->rooms), ==, 0);
}

static void
test_nobody_there (RelayFixture *self, gconstpointer data)
{
  TestClient *ann;

  publish (self, "empty", "chat", "x");
  g_assert_cmpuint (g_hash_table_size (self->relay->rooms), ==, 0);
  /* a room that the configuration keeps has its history before anybody comes */
  publish (self, "kept", "h", "one");
  publish (self, "kept", "h", "two");
  publish (self, "kept", "h", "three");
  publish (self, "kept", "h", "four");
  ann = test_client_join (self, "kept", "ann", TRUE);
  ann->member->history = 10;
  test_client_start (ann);
  test_client_wait_connected (ann);
  relay_fixture_settle (self);
  ASSERT_TEXT (test_client_find (ann, "h"), "two three four");
}

static void
test_too_many_rooms (RelayFixture *self, gconstpointer data)
{
  test_client_connect (self, "a", "ann");
  test_client_connect (self, "b", "bob");
  g_assert_cmpint (publish_bytes (self, "kept", "h", "x", 1), ==, WHERRY_SIGNAL_ERROR_SERVER_FULL);
  publish (self, "nobody", "h", "x"); /* takes no room */
}

static void
test_refused (RelayFixture *self, gconstpointer data)
{
  static const struct
  {
    const char *room;
    const char *topic;
    WherrySignalError code;
  } rows[] = {
    { "", "t", WHERRY_SIGNAL_ERROR_BAD_ROOM },
    { "a/b", "t", WHERRY_SIGNAL_ERROR_BAD_ROOM },
    { "room", "", WHERRY_SIGNAL_ERROR_BAD_MESSAGE },
    { "room", "\xff", WHERRY_SIGNAL_ERROR_BAD_MESSAGE },
    { "room", "wherry:notices", WHERRY_SIGNAL_ERROR_FORBIDDEN },
    { "room", "wherry:x", WHERRY_SIGNAL_ERROR_FORBIDDEN },
    { "echo", "t", WHERRY_SIGNAL_ERROR_FORBIDDEN },
  };
  g_autofree char *large = g_malloc0 (WHERRY_MAX_MESSAGE_SIZE_DEFAULT + 1);
  g_autofree char *label = g_strnfill (WHERRY_LABEL_MAX + 1, 'x');
  guint64 before = wherry_counter_get (WHERRY_COUNTER_TOPICS_REFUSED);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpint (publish_bytes (self, rows[i].room, rows[i].topic, "x", 1), ==, rows[i].code);
  g_assert_cmpint (publish_bytes (self, "room", label, "x", 1), ==,
                   WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  g_assert_cmpint (publish_bytes (self, "room", "t", large, WHERRY_MAX_MESSAGE_SIZE_DEFAULT + 1),
                   ==, WHERRY_SIGNAL_ERROR_TOO_LARGE);
  test_client_connect (self, "few", "ann");
  publish (self, "few", "one", "x");
  publish (self, "few", "one", "x");
  g_assert_cmpint (publish_bytes (self, "few", "two", "x", 1), ==, WHERRY_SIGNAL_ERROR_ROOM_FULL);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_TOPICS_REFUSED), ==, before + 1);
}

/* A subscriber that does not read holds up the server as it does any publisher: what is said is
 * refused, not kept without bound, and taken again when there is room. */
static void
test_waits_for_the_slow (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestChannel *own = test_client_open (ann, "chat");
  g_autofree char *kilobyte = g_malloc0 (1024);
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;
  WherryRelayStats stats;
  guint n = 0;

  relay_fixture_settle (self);
  wherry_fake_stream_set_stalled (ann->end, TRUE);
  for (; n < 10000 && code == WHERRY_SIGNAL_ERROR_NONE; n++)
    {
      code = publish_bytes (self, "room", "chat", kilobyte, 1024);
      relay_fixture_settle (self);
    }
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RATE_LIMITED);
  wherry_relay_hub_get_stats (self->relay, &stats);
  g_assert_cmpuint (stats.outbox_bytes, <, 2 * OUTBOX_HIGH);

  wherry_fake_stream_set_stalled (ann->end, FALSE);
  relay_fixture_settle (self);
  publish (self, "room", "chat", "x");
  g_assert_cmpuint (own->messages->len, ==, n); /* all but the refused one, and the last */
}

/* And it leaves as slow when it does so for too long. */
static void
test_slow_leaves (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  g_autofree char *large = g_malloc0 (OUTBOX_HIGH);

  test_client_open (ann, "chat");
  relay_fixture_settle (self);
  wherry_fake_stream_set_stalled (ann->end, TRUE);
  for (guint i = 0; i < 10; i++)
    {
      publish_bytes (self, "room", "chat", large, OUTBOX_HIGH);
      relay_fixture_settle (self);
    }
  for (guint i = 0; i < 40 && !ann->left; i++)
    relay_fixture_advance (self, 100 * G_TIME_SPAN_MILLISECOND);
  g_assert_true (ann->left);
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_SLOW);
}

static void
test_budget (RelayFixture *self, gconstpointer data)
{
  WherryBudget *budget = wherry_relay_hub_get_budget (self->relay);

  wherry_budget_charge (budget, 8 * WHERRY_MIB);
  g_assert_cmpint (publish_bytes (self, "room", "t", "x", 1), ==, WHERRY_SIGNAL_ERROR_SERVER_FULL);
  wherry_budget_release (budget, 8 * WHERRY_MIB);
  publish (self, "room", "t", "x");
}

/* ---- notices ---- */

static void
test_notices (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestChannel *notices;

  wherry_relay_member_notice (ann->member, g_strdup ("lost"), FALSE); /* nothing is open */
  relay_fixture_settle (self);
  notices = test_client_open (ann, "wherry:notices");
  relay_fixture_settle (self);
  wherry_relay_member_notice (ann->member, g_strdup ("one"), FALSE);
  wherry_relay_member_notice (bob->member, g_strdup ("not here"), FALSE);
  wherry_relay_member_notice (ann->member, g_strdup ("two"), TRUE);
  relay_fixture_settle (self);
  g_assert_cmpuint (notices->messages->len, ==, 2);
}

/* ---- lists ---- */

static void
note_room (const WherryRoomView *view, gpointer data)
{
  g_string_append_printf (data, "%s %u/%u %u;", view->name, view->connected, view->members,
                          view->topics);
}

static void
note_member (WherryRelayMember *member, gpointer data)
{
  g_string_append_printf (data, "%s from %s;", wherry_relay_member_get_name (member),
                          wherry_relay_member_get_address (member));
}

static void
note_topic (const WherryTopicView *view, gpointer data)
{
  g_string_append_printf (data, "%s %u>%u;", view->label, view->publishers, view->subscribers);
}

static void
test_lists (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  g_autoptr (GString) text = g_string_new (NULL);
  WherryRoomView view;

  test_client_join (self, "room", "bob", TRUE);
  test_client_open (ann, "chat");
  relay_fixture_settle (self);
  publish (self, "kept", "h", "x");
  wherry_relay_hub_foreach_member (self->relay, "room", note_member, text);
  wherry_relay_hub_foreach_topic (self->relay, "room", note_topic, text);
  wherry_relay_hub_foreach_member (self->relay, "kept", note_member, text);
  wherry_relay_hub_foreach_topic (self->relay, "kept", note_topic, text);
  wherry_relay_hub_foreach_topic (self->relay, "nowhere", note_topic, text);
  g_assert_cmpstr (text->str, ==, "ann from 127.0.0.1;bob from 127.0.0.1;chat 1>1;h 0>0;");
  g_string_truncate (text, 0);
  wherry_relay_hub_foreach_room (self->relay, note_room, text);
  g_assert_nonnull (strstr (text->str, "room 1/2 1;"));
  g_assert_nonnull (strstr (text->str, "kept 0/0 1;"));
  g_assert_true (wherry_relay_hub_get_room (self->relay, "room", &view));
  g_assert_cmpuint (view.members, ==, 2);
  g_assert_false (wherry_relay_hub_get_room (self->relay, "nowhere", &view));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/publish/" path, RelayFixture, NULL, set_up, func, tear_down)
  ADD ("everybody-hears", test_everybody_hears);
  ADD ("opens-topic", test_opens_topic);
  ADD ("nobody-there", test_nobody_there);
  ADD ("too-many-rooms", test_too_many_rooms);
  ADD ("refused", test_refused);
  ADD ("waits-for-the-slow", test_waits_for_the_slow);
  ADD ("slow-leaves", test_slow_leaves);
  ADD ("budget", test_budget);
  ADD ("notices", test_notices);
  ADD ("lists", test_lists);
  return g_test_run ();
}
