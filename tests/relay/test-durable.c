/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "base/wherry-counters.h"
#include "relay-fixture.h"
#include "relay/wherry-member-port-private.h"
#include "wire/wherry-frame.h"

/* Topics that are written before they are delivered, and relays that begin where one has ended. One
 * thread: the disk has written when the test says so. */

typedef struct
{
  RelayFixture fixture;
  char *dir;
} Durable;

static void
start (Durable *self)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  WherryRelayRule *rule = wherry_relay_config_add_rule (config, "h*", TRUE);
  WherryStoreOptions options;
  g_autoptr (GError) error = NULL;

  rule->history_messages = 3;
  rule = wherry_relay_config_add_rule (config, "v*", TRUE);
  rule->retain = 1;
  rule = wherry_relay_config_add_rule (config, "kept", FALSE);
  rule->keep = 1;
  config->history_dir = g_strdup (self->dir);
  relay_fixture_init (&self->fixture, config, FALSE);
  wherry_store_options_init (&options);
  options.no_thread = TRUE;
  options.clock = self->fixture.clock;
  g_assert_true (wherry_relay_hub_open_store_with (self->fixture.relay, &options, &error));
  g_assert_no_error (error);
}

static void
restart (Durable *self)
{
  relay_fixture_clear (&self->fixture);
  start (self);
}

/* As kill -9 would. */
static void
kill_and_start (Durable *self)
{
  g_clear_pointer (&self->fixture.relay->store, wherry_store_abandon);
  restart (self);
}

static void
set_up (Durable *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("wherry-durable-XXXXXX", NULL);
  g_assert_nonnull (self->dir);
  start (self);
}

static void
tear_down (Durable *self, gconstpointer data)
{
  static const char *const names[] = { "wherry.db", "wherry.db-wal", "wherry.lock" };

  relay_fixture_clear (&self->fixture);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->dir, names[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (self->dir), ==, 0);
  g_free (self->dir);
}

static void
settle (Durable *self)
{
  do
    relay_fixture_settle (&self->fixture);
  while (wherry_store_step (self->fixture.relay->store));
  relay_fixture_settle (&self->fixture);
}

static TestClient *
join (Durable *self, const char *room, const char *name, guint history)
{
  TestClient *client = test_client_join (&self->fixture, room, name, TRUE);

  client->member->history = history;
  test_client_start (client);
  test_client_wait_connected (client);
  settle (self);
  return client;
}

static TestChannel *
open_addressed (Durable *self, TestClient *client, const char *label)
{
  TestChannel *channel = test_client_open_addressed (client, label);

  settle (self);
  return channel;
}

/* Nothing is delivered or acknowledged before it is written; nor taken twice meanwhile. */
static void
test_written_first (Durable *self, gconstpointer data)
{
  TestClient *ann = join (self, "room", "ann", 0);
  TestClient *bob = join (self, "room", "bob", 0);
  TestChannel *notices = test_client_open (ann, "wherry:notices");
  TestChannel *a = open_addressed (self, ann, "h");
  TestChannel *b = test_client_open (bob, "h");
  guint64 duplicates = wherry_counter_get (WHERRY_COUNTER_DUPLICATES);

  settle (self);
  test_channel_send_to (a, 0, 1, "one");
  test_channel_send_to (a, 0, 2, "two");
  test_channel_send_to (a, 0, 1, "one");
  test_channel_send_to (a, 0, 2, "two");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DUPLICATES) - duplicates, ==, 2);
  relay_fixture_advance (&self->fixture, G_USEC_PER_SEC);
  ASSERT_TEXT (b, "");
  ASSERT_TEXT (notices, "");

  settle (self);
  ASSERT_TEXT (b, "one two");
  ASSERT_TEXT (notices, "");
  relay_fixture_advance (&self->fixture, G_USEC_PER_SEC);
  ASSERT_TEXT (notices, "{\"type\":\"ack\",\"topic\":\"h\",\"own\":2,\"sequence\":2}");
  test_channel_send_to (a, 0, 2, "two");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DUPLICATES) - duplicates, ==, 3);
}

/* What was written is there after the end, with its numbers; what was not is not. */
static void
test_killed (Durable *self, gconstpointer data)
{
  TestClient *ann = join (self, "room", "ann", 0);
  TestClient *bob;
  TestChannel *a = open_addressed (self, ann, "h");
  WherryFrame frame;

  test_channel_send_to (a, 0, 0, "1");
  test_channel_send_to (a, 0, 0, "2");
  settle (self);
  test_channel_send_to (a, 0, 0, "lost");
  kill_and_start (self);

  bob = join (self, "room", "bob", 9);
  g_assert_null (test_client_find (bob, "h")); /* nobody has said how a mirror would be */
  ann = join (self, "room", "ann", 0);
  a = test_client_open (ann, "h");
  settle (self);
  ASSERT_TEXT (test_client_find (bob, "h"), "1 2");
  test_channel_send (a, "3");
  settle (self);
  ASSERT_TEXT (test_client_find (bob, "h"), "1 2 3");

  restart (self);
  bob = join (self, "room", "bob", 9);
  a = open_addressed (self, bob, "h");
  g_assert_cmpuint (a->messages->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      gsize length;
      const guint8 *bytes = wherry_message_get_data (a->messages->pdata[i], &length);

      g_assert_true (wherry_frame_parse (&frame, bytes, length, NULL));
      g_assert_true (frame.replayed);
      g_assert_cmpuint (frame.sequence, ==, i + 1);
      g_assert_cmpint (bytes[WHERRY_FRAME_HEADER_SIZE], ==, '1' + (int) i);
    }
}

/* The last value, and only as many messages as are kept. */
static void
test_trimmed (Durable *self, gconstpointer data)
{
  TestClient *ann = join (self, "room", "ann", 0);
  TestChannel *h = test_client_open (ann, "h");
  TestChannel *v = test_client_open (ann, "v");
  WherryStoreStats stats;

  settle (self);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      test_channel_send (h, text);
      test_channel_send (v, text);
      settle (self);
    }
  relay_fixture_advance (&self->fixture, 2 * G_USEC_PER_SEC);
  settle (self);
  wherry_store_get_stats (self->fixture.relay->store, &stats);
  g_assert_cmpuint (stats.n_kept, ==, 3 + 1);

  kill_and_start (self);
  ann = join (self, "room", "ann", 9);
  h = test_client_open (ann, "h");
  v = test_client_open (ann, "v");
  settle (self);
  ASSERT_TEXT (h, "17 18 19");
  ASSERT_TEXT (v, "19");
}

static TestClient *
join_resumable (Durable *self, const char *token, char **next)
{
  const WherryJoin join = { .room = "room", .resumable = TRUE, .resume = token };
  WherrySignalError code;
  TestClient *client = test_client_try_join_as (&self->fixture, &join, &code);

  g_assert_nonnull (client);
  settle (self);
  *next = wherry_relay_member_issue_resume (client->member);
  test_client_start (client);
  test_client_wait_connected (client);
  settle (self);
  return client;
}

/* What was written beyond a number that is missing is not taken again by the next process. */
static void
test_beyond_a_gap (Durable *self, gconstpointer data)
{
  g_autofree char *token = NULL;
  g_autofree char *next = NULL;
  TestClient *ann = join_resumable (self, NULL, &token);
  TestChannel *a = open_addressed (self, ann, "h");
  TestChannel *b;

  test_channel_send_to (a, 0, 2, "two");
  test_channel_send_to (a, 0, 3, "three");
  settle (self);
  kill_and_start (self);
  b = test_client_open (join (self, "room", "bob", 0), "h");
  settle (self);
  ann = join_resumable (self, token, &next);
  a = open_addressed (self, ann, "h");
  test_channel_send_to (a, 0, 2, "two");
  test_channel_send_to (a, 0, 3, "three");
  test_channel_send_to (a, 0, 1, "one");
  test_channel_send_to (a, 0, 4, "four");
  settle (self);
  ASSERT_TEXT (b, "one four");
}

/* Where a subscriber takes nothing its publishers wait, and then it leaves as slow, as from any
 * other topic. */
static void
test_slow (Durable *self, gconstpointer data)
{
  TestClient *ann = join (self, "room", "ann", 0);
  TestClient *bob = join (self, "room", "bob", 0);
  TestClient *cyn = join (self, "room", "cyn", 0);
  TestChannel *a = test_client_open (ann, "h");
  TestChannel *c = test_client_open (cyn, "h");
  TestChannel *b = test_client_open (bob, "h");
  guint32 n = 0;

  settle (self);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  /* until nothing of it is read any more */
  for (guint blocked = 0; blocked < 3;)
    {
      g_assert_cmpuint (n, <, 10000);
      if (test_channel_send_number (a, n, 1000) == WHERRY_SEND_OK)
        n++;
      else
        blocked++;
      settle (self);
    }
  g_assert_cmpuint (c->messages->len, <, n);
  g_assert_false (bob->left);
  for (guint i = 0; i < 8 && !bob->left; i++)
    {
      relay_fixture_advance (&self->fixture, G_USEC_PER_SEC / 2);
      settle (self);
    }
  g_assert_true (bob->left);
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_SLOW);
  settle (self);
  g_assert_cmpuint (c->messages->len, ==, n);
  for (guint32 i = 0; i < n; i++)
    g_assert_cmpuint (test_channel_number (c, i), ==, i);
  g_assert_cmpuint (b->messages->len, <, n);
}

/* A room that ends takes what is on disk with it; one that is kept does not. */
static void
test_ends (Durable *self, gconstpointer data)
{
  static const char *const rooms[] = { "room", "kept" };
  WherryStoreStats stats;

  for (guint i = 0; i < 2; i++)
    {
      TestClient *ann = join (self, rooms[i], "ann", 0);
      TestChannel *h = test_client_open (ann, "h");

      settle (self);
      test_channel_send (h, "1");
      settle (self);
      wherry_relay_member_leave (ann->member, WHERRY_LEAVE_LEFT);
      settle (self);
    }
  wherry_store_get_stats (self->fixture.relay->store, &stats);
  g_assert_cmpuint (stats.n_kept, ==, 1);
}

/* A room from the disk ends if nobody comes back to it. */
static void
test_nobody_came (Durable *self, gconstpointer data)
{
  TestClient *ann = join (self, "room", "ann", 0);
  TestChannel *h = test_client_open (ann, "h");
  WherryStoreStats stats;

  settle (self);
  test_channel_send (h, "1");
  settle (self);
  kill_and_start (self);
  wherry_store_get_stats (self->fixture.relay->store, &stats);
  g_assert_cmpuint (stats.n_kept, ==, 1);
  relay_fixture_advance (&self->fixture, self->fixture.relay->config->resume_window_us);
  settle (self);
  wherry_store_get_stats (self->fixture.relay->store, &stats);
  g_assert_cmpuint (stats.n_kept, ==, 0);
  g_assert_cmpuint (g_hash_table_size (self->fixture.relay->rooms), ==, 0);
}

#define ADD(name, func) g_test_add ("/durable/" name, Durable, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("written-first", test_written_first);
  ADD ("killed", test_killed);
  ADD ("trimmed", test_trimmed);
  ADD ("beyond-a-gap", test_beyond_a_gap);
  ADD ("slow", test_slow);
  ADD ("ends", test_ends);
  ADD ("nobody-came", test_nobody_came);
  return g_test_run ();
}
