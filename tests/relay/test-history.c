/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "relay-fixture.h"
#include "relay/wherry-member-port-private.h"
#include "wire/wherry-frame.h"

/* What late subscribers get first. One thread. */

static void
set_up (RelayFixture *self, gconstpointer data)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  WherryRelayRule *rule = wherry_relay_config_add_rule (config, "kept", FALSE);

  rule->keep = 1;
  rule = wherry_relay_config_add_rule (config, "h*", TRUE);
  rule->history_messages = 3;
  rule->outbox_high = 64 * 1024;
  rule = wherry_relay_config_add_rule (config, "v*", TRUE);
  rule->retain = 1;
  relay_fixture_init (self, config, FALSE);
}

static void
tear_down (RelayFixture *self, gconstpointer data)
{
  relay_fixture_clear (self);
}

static void
say (TestChannel *channel, const char *letters)
{
  for (; *letters != '\0'; letters++)
    {
      test_channel_send (channel, (const char[]){ *letters, '\0' });
      relay_fixture_settle (channel->client->fixture);
    }
}

static TestClient *
join (RelayFixture *self, const char *room, const char *name, guint history)
{
  TestClient *client = test_client_join (self, room, name, TRUE);

  client->member->history = history;
  test_client_start (client);
  test_client_wait_connected (client);
  relay_fixture_settle (self);
  return client;
}

static void
test_own_and_mirror (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = join (self, "room", "ann", 0);
  TestChannel *a = test_client_open (ann, "h");
  TestClient *bob, *cyn, *dan;

  relay_fixture_settle (self);
  say (a, "12345");
  bob = join (self, "room", "bob", 9); /* listens only */
  cyn = join (self, "room", "cyn", 2);
  dan = join (self, "room", "dan", 0);
  say (a, "6");
  ASSERT_TEXT (test_client_find (bob, "h"), "3 4 5 6");
  ASSERT_TEXT (test_client_find (cyn, "h"), "4 5 6");
  ASSERT_TEXT (test_client_find (dan, "h"), "6");
}

/* Its own channel takes the place of a mirror: nothing comes twice. */
static void
test_mirror_then_own (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = join (self, "room", "ann", 0);
  TestChannel *a = test_client_open (ann, "h");
  TestClient *bob;
  TestChannel *b;

  relay_fixture_settle (self);
  say (a, "12");
  bob = join (self, "room", "bob", 9);
  ASSERT_TEXT (test_client_find (bob, "h"), "1 2");
  b = test_client_open (bob, "h");
  relay_fixture_settle (self);
  say (a, "3");
  ASSERT_TEXT (b, "3");
  /* closed and opened again is a new subscription */
  wherry_channel_close (b->channel);
  relay_fixture_settle (self);
  say (a, "4");
  b = test_client_open (bob, "h");
  relay_fixture_settle (self);
  say (a, "5");
  ASSERT_TEXT (b, "2 3 4 5");
}

/* It said that it opens the topic: no mirror is sooner, and what is kept comes on its own channel.
 */
static void
test_named_in_join (RelayFixture *self, gconstpointer data)
{
  static const char *const opens[] = { "h", NULL };
  const WherryJoin named
      = { .room = "room", .name = "bob", .mirror = TRUE, .history = 9, .opens = opens };
  TestClient *ann = join (self, "room", "ann", 0);
  TestChannel *a = test_client_open (ann, "h");
  TestChannel *other = test_client_open (ann, "h2");
  WherrySignalError code;
  TestClient *bob;
  TestChannel *b;

  relay_fixture_settle (self);
  say (a, "12");
  say (other, "x");
  bob = test_client_try_join_as (self, &named, &code);
  g_assert_nonnull (bob);
  test_client_start (bob);
  test_client_wait_connected (bob);
  relay_fixture_settle (self);
  g_assert_null (test_client_find (bob, "h"));
  ASSERT_TEXT (test_client_find (bob, "h2"), "x");
  b = test_client_open (bob, "h");
  relay_fixture_settle (self);
  say (a, "3");
  ASSERT_TEXT (b, "1 2 3");
  g_assert_null (test_client_find (bob, "h"));
}

/* History outlives its publisher, and the room if that is configured. */
static void
test_outlives (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = join (self, "kept", "ann", 0);
  TestChannel *a = test_client_open (ann, "h");
  TestClient *bob;

  relay_fixture_settle (self);
  say (a, "12");
  wherry_relay_member_leave (ann->member, WHERRY_LEAVE_LEFT);
  relay_fixture_settle (self);
  bob = join (self, "kept", "bob", 9);
  g_assert_nonnull (test_client_find (bob, "h"));
  ASSERT_TEXT (test_client_find (bob, "h"), "1 2");

  ann = join (self, "room", "ann", 0);
  a = test_client_open (ann, "h");
  relay_fixture_settle (self);
  say (a, "12");
  wherry_relay_member_leave (ann->member, WHERRY_LEAVE_LEFT);
  relay_fixture_settle (self);
  bob = join (self, "room", "bob", 9);
  g_assert_null (test_client_find (bob, "h"));
}

static void
test_retained (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = join (self, "room", "ann", 0);
  TestChannel *a = test_client_open (ann, "v");
  TestClient *bob;

  relay_fixture_settle (self);
  say (a, "123");
  bob = join (self, "room", "bob", 0);
  ASSERT_TEXT (test_client_find (bob, "v"), "3");
  test_channel_send (a, "");
  relay_fixture_settle (self);
  bob = join (self, "room", "bob", 0);
  ASSERT_TEXT (test_client_find (bob, "v"), "");
}

static void
test_marked (RelayFixture *self, gconstpointer data)
{
  const WherryChannelInit init = {
    .label = "h",
    .protocol = WHERRY_FRAME_PROTOCOL,
    .ordered = TRUE,
    .priority = 256,
    .id = WHERRY_CHANNEL_ID_NONE,
  };
  TestClient *ann = join (self, "room", "ann", 0);
  TestChannel *a = test_client_open (ann, "h");
  TestClient *bob;
  TestChannel *b;

  relay_fixture_settle (self);
  say (a, "1234");
  bob = test_client_join (self, "room", "bob", FALSE);
  bob->member->history = 9;
  test_client_start (bob);
  test_client_wait_connected (bob);
  b = test_client_open_init (bob, &init);
  relay_fixture_settle (self);
  say (a, "56");
  g_assert_cmpuint (b->messages->len, ==, 5);
  for (guint i = 0; i < 5; i++)
    {
      WherryFrame frame;
      gsize length;
      const guint8 *bytes = wherry_message_get_data (b->messages->pdata[i], &length);

      g_assert_true (wherry_frame_parse (&frame, bytes, length, NULL));
      g_assert_cmpint (frame.replayed, ==, i < 3);
      g_assert_cmpuint (frame.sequence, ==, 2 + i);
      g_assert_cmpint (bytes[WHERRY_FRAME_HEADER_SIZE], ==, (int) ('2' + i));
    }
}

/* Replayed messages do not count against the marks: who comes late holds up nobody by that. */
static void
test_no_pressure (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = join (self, "room", "ann", 0);
  TestChannel *a = test_client_open (ann, "h");
  TestClient *bob;

  relay_fixture_settle (self);
  for (guint i = 0; i < 3; i++)
    {
      test_channel_send_number (a, i, 200 * 1024);
      relay_fixture_settle (self);
    }
  bob = test_client_join (self, "room", "bob", TRUE);
  bob->member->history = 9;
  test_client_start (bob);
  test_client_wait_connected (bob);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  relay_fixture_settle (self);
  g_assert_cmpuint (wherry_outbox_set_get_bytes (wherry_member_port_get_set (bob->member->port)), >,
                    2 * 200 * 1024);
  say (a, "4");
  g_assert_false (wherry_gate_is_shut (ann->member->port->gate));
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*test) (RelayFixture *, gconstpointer);
  } tests[] = {
    { "/history/own-channels-and-mirrors", test_own_and_mirror },
    { "/history/nothing-twice-when-a-mirror-is-replaced", test_mirror_then_own },
    { "/history/on-the-channel-that-the-join-names", test_named_in_join },
    { "/history/outlives-its-publisher", test_outlives },
    { "/history/retained-value", test_retained },
    { "/history/marked-and-numbered", test_marked },
    { "/history/does-not-hold-up", test_no_pressure },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, RelayFixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
