/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"
#include "relay-fixture.h"
#include "wire/wherry-frame.h"

/* Members that lose their connection and come back. One thread. */

typedef struct
{
  RelayFixture fixture;
  WherryGrant *grant;
} Scene;

static void
set_up (Scene *self, gconstpointer data)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  WherryRelayRule *rule = wherry_relay_config_add_rule (config, "h*", TRUE);

  rule->history_messages = 100;
  config->resume_bytes = 64 * WHERRY_KIB;
  relay_fixture_init (&self->fixture, config, FALSE);
}

static void
tear_down (Scene *self, gconstpointer data)
{
  g_clear_pointer (&self->grant, wherry_grant_unref);
  relay_fixture_clear (&self->fixture);
}

/* token: NULL: a new member */
static TestClient *
try_join (Scene *self, const char *name, const char *token, GPtrArray *places,
          WherrySignalError *code)
{
  const WherryJoin join = {
    .room = "room",
    .name = name,
    .address = "127.0.0.1",
    .history = 100,
    .resumable = TRUE,
    .resume = token,
    .places = places,
    .grant = self->grant,
  };

  return test_client_try_join_as (&self->fixture, &join, code);
}

static void
connect (TestClient *client)
{
  g_assert_true (wherry_relay_member_is_ready (client->member));
  test_client_start (client);
  test_client_wait_connected (client);
  relay_fixture_settle (client->fixture);
}

static TestClient *
join (Scene *self, const char *name)
{
  WherrySignalError code;
  TestClient *client = try_join (self, name, NULL, NULL, &code);

  connect (client);
  return client;
}

static TestChannel *
open_as (TestClient *client, const char *label, const char *protocol)
{
  const WherryChannelInit init = {
    .label = label,
    .protocol = protocol,
    .ordered = TRUE,
    .priority = 256,
    .id = WHERRY_CHANNEL_ID_NONE,
  };
  TestChannel *channel = test_client_open_init (client, &init);

  relay_fixture_settle (client->fixture);
  return channel;
}

static TestChannel *
open_addressed (TestClient *client, const char *label)
{
  return open_as (client, label, WHERRY_FRAME_PROTOCOL);
}

static void
fail (TestClient *client)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "cut");

  wherry_fake_stream_end (client->relay_end, WHERRY_TRANSPORT_FAILED, error);
  relay_fixture_settle (client->fixture);
}

static guint64
id_of (TestClient *client)
{
  guint64 id = 0;

  g_assert_true (wherry_member_id_parse (client->id, &id));
  return id;
}

/* Letters to everybody, or to one, each with the next number of the sender's own. */
static void
say (TestChannel *channel, guint64 recipient, guint64 own, const char *letters)
{
  for (; *letters != '\0'; letters++, own++)
    {
      const WherryFrame frame = { .text = TRUE, .member = recipient, .sequence = own };
      guint8 bytes[WHERRY_FRAME_HEADER_SIZE + 1];
      g_autoptr (WherryMessage) message = NULL;

      wherry_frame_write (&frame, bytes);
      bytes[WHERRY_FRAME_HEADER_SIZE] = (guint8) *letters;
      message = wherry_message_new (WHERRY_MESSAGE_BINARY, bytes, sizeof bytes, NULL);
      g_assert_cmpint (wherry_channel_send (channel->channel, message), ==, WHERRY_SEND_OK);
      relay_fixture_settle (channel->client->fixture);
    }
}

/* "ab|c" : what came, what was replayed before the bar. Numbers rise. */
static char *
heard_of (TestChannel *channel, WherrySignalPlace *place)
{
  GString *text = g_string_new (NULL);
  gboolean live = FALSE;

  for (guint i = 0; i < channel->messages->len; i++)
    {
      gsize length;
      const guint8 *data = wherry_message_get_data (channel->messages->pdata[i], &length);
      guint64 *last;
      WherryFrame frame;

      g_assert_true (wherry_frame_parse (&frame, data, length, NULL));
      last = frame.direct ? &place->direct : &place->seen;
      g_assert_cmpuint (frame.sequence, >, *last);
      *last = frame.sequence;
      g_assert_false (frame.replayed && live);
      if (!frame.replayed && !live)
        g_string_append_c (text, '|');
      live = !frame.replayed;
      if (length > WHERRY_FRAME_HEADER_SIZE)
        g_string_append_c (text, (char) data[WHERRY_FRAME_HEADER_SIZE]);
    }
  return g_string_free (text, FALSE);
}

static void
assert_heard (TestChannel *channel, WherrySignalPlace *place, const char *expected)
{
  g_autofree char *text = heard_of (channel, place);

  g_assert_cmpstr (text, ==, expected);
}

static guint64
accepted (TestClient *client, const char *topic)
{
  g_autoptr (GPtrArray) places = wherry_relay_member_list_accepted (client->member);

  return wherry_signal_places_get (places, topic)->accepted;
}

static void
test_misses_nothing (Scene *self, gconstpointer data)
{
  TestClient *ann = join (self, "ann");
  TestClient *bob = join (self, "bob");
  TestChannel *a = open_addressed (ann, "t");
  TestChannel *b = open_addressed (bob, "t");
  g_autofree char *token = wherry_relay_member_issue_resume (bob->member);
  g_autoptr (GPtrArray) places = wherry_signal_places_new ();
  WherrySignalPlace *place = wherry_signal_places_get (places, "t");
  WherrySignalError code;
  guint64 id = id_of (bob);
  TestClient *back;

  say (a, 0, 1, "ab");
  say (a, id, 3, "1");
  say (b, 0, 1, "x");
  assert_heard (b, place, "|ab1");
  fail (bob);
  g_assert_true (bob->left); /* its signaling hears so */
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_FAILED);
  g_assert_null (strstr (ann->heard->str, "-bob"));
  say (a, 0, 4, "cd");
  say (a, id, 6, "2");
  say (a, 0, 7, "e");

  back = try_join (self, NULL, token, places, &code);
  g_assert_nonnull (back);
  g_assert_cmphex (id_of (back), ==, id);
  g_assert_cmpstr (wherry_relay_member_get_name (back->member), ==, "bob");
  g_assert_true (wherry_relay_member_is_resumed (back->member));
  g_assert_cmpuint (accepted (back, "t"), ==, 1);
  say (a, 0, 8, "f"); /* between its join and its channel */
  say (a, id, 9, "3");
  connect (back);
  say (a, 0, 10, "g");
  b = open_addressed (back, "t");
  say (a, 0, 11, "h");
  assert_heard (b, place, "cd2ef3g|h");
  say (b, 0, 1, "x"); /* sent again: it was accepted */
  say (b, 0, 2, "y");
  place = wherry_signal_places_get (places, "ann");
  assert_heard (a, place, "|xy");
}

/* Whoever has the token takes the place of a connection that still lives. */
static void
test_takes_over (Scene *self, gconstpointer data)
{
  TestClient *ann = join (self, "ann");
  TestClient *bob = join (self, "bob");
  TestChannel *a = open_addressed (ann, "t");
  TestChannel *b = open_addressed (bob, "t");
  g_autofree char *token = wherry_relay_member_issue_resume (bob->member);
  g_autoptr (GPtrArray) places = wherry_signal_places_new ();
  WherrySignalPlace *place = wherry_signal_places_get (places, "t");
  WherrySignalError code;
  TestClient *back;

  say (a, 0, 1, "ab");
  assert_heard (b, place, "|ab");
  back = try_join (self, NULL, token, places, &code);
  g_assert_nonnull (back);
  g_assert_true (bob->left);
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_REPLACED);
  relay_fixture_settle (&self->fixture); /* the peer before is finished */
  connect (back);
  say (a, 0, 3, "c");
  b = open_addressed (back, "t");
  say (a, 0, 4, "d");
  assert_heard (b, place, "c|d");
  g_assert_null (strstr (ann->heard->str, "-bob"));
}

static void
test_window (Scene *self, gconstpointer data)
{
  TestClient *ann = join (self, "ann");
  TestClient *bob = join (self, "bob");
  g_autofree char *token = wherry_relay_member_issue_resume (bob->member);
  WherrySignalError code;

  fail (bob);
  relay_fixture_advance (&self->fixture, WHERRY_RESUME_WINDOW_US - 1);
  g_assert_null (strstr (ann->heard->str, "-bob"));
  relay_fixture_advance (&self->fixture, 2);
  g_assert_nonnull (strstr (ann->heard->str, "-bob:failed"));
  g_assert_null (try_join (self, NULL, token, NULL, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RESUME_REFUSED);
}

/* One that never connected, that said goodbye, that did not ask for it: nobody waits for them. */
static void
test_who_is_not_waited_for (Scene *self, gconstpointer data)
{
  TestClient *ann = join (self, "ann");
  TestClient *bob = test_client_connect (&self->fixture, "room", "bob");
  TestClient *cyn = join (self, "cyn");
  WherrySignalError code;
  TestClient *dan = try_join (self, "dan", NULL, NULL, &code);

  g_assert_null (wherry_relay_member_issue_resume (bob->member));
  fail (bob);
  g_assert_nonnull (strstr (ann->heard->str, "-bob:failed"));
  wherry_relay_member_leave (cyn->member, WHERRY_LEAVE_LEFT);
  g_assert_nonnull (strstr (ann->heard->str, "-cyn:left"));
  wherry_relay_member_detach (dan->member);
  dan->member = NULL;
  g_assert_nonnull (strstr (ann->heard->str, "-dan:left"));
}

static void
test_tokens (Scene *self, gconstpointer data)
{
  TestClient *bob;
  g_autofree char *token = NULL;
  g_autofree char *newer = NULL;
  WherryJoin other = { .room = "other", .resumable = TRUE };
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;
  g_autofree char *text = NULL;

  bob = join (self, "bob");
  token = wherry_relay_member_issue_resume (bob->member);
  g_assert_cmpuint (strlen (token), ==, 32);
  newer = wherry_relay_member_issue_resume (bob->member);
  g_assert_cmpstr (token, !=, newer);
  g_assert_null (try_join (self, NULL, token, NULL, &code)); /* there is a newer one */
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RESUME_REFUSED);
  g_assert_null (try_join (self, NULL, "", NULL, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RESUME_REFUSED);
  other.resume = newer;
  g_assert_null (test_client_try_join_as (&self->fixture, &other, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RESUME_REFUSED);
  g_assert_false (bob->left); /* who asks in vain does no harm */
  fail (bob);
  bob = try_join (self, NULL, newer, NULL, &code);
  g_assert_nonnull (bob);
  g_free (wherry_relay_member_issue_resume (bob->member)); /* as joined does */
  connect (bob);
  g_assert_null (try_join (self, NULL, newer, NULL, &code)); /* once */
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RESUME_REFUSED);
}

/* What it missed is not kept any more: it is not the same member any longer. */
static void
test_missed_too_much (Scene *self, gconstpointer data)
{
  TestClient *ann = join (self, "ann");
  TestClient *bob = join (self, "bob");
  TestChannel *a = open_addressed (ann, "t");
  g_autofree char *token = wherry_relay_member_issue_resume (bob->member);
  WherrySignalError code;

  open_addressed (bob, "t");
  fail (bob);
  for (guint i = 0; i < 300; i++)
    say (a, 0, 1 + i, "x");
  g_assert_null (try_join (self, NULL, token, NULL, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RESUME_REFUSED);
  g_assert_nonnull (strstr (ann->heard->str, "-bob:slow"));
}

/* The same between its join and its channel. */
static void
test_too_late (Scene *self, gconstpointer data)
{
  TestClient *ann = join (self, "ann");
  TestClient *bob = join (self, "bob");
  TestChannel *a = open_addressed (ann, "t");
  g_autofree char *token = wherry_relay_member_issue_resume (bob->member);
  WherrySignalError code;

  open_addressed (bob, "t");
  fail (bob);
  bob = try_join (self, NULL, token, NULL, &code);
  connect (bob);
  for (guint i = 0; i < 300; i++)
    say (a, 0, 1 + i, "x");
  open_addressed (bob, "t");
  g_assert_true (bob->left);
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_SLOW);
}

/* Plain channels have no numbers: they get history, as those who are new do. */
static void
test_plain (Scene *self, gconstpointer data)
{
  TestClient *ann = join (self, "ann");
  TestClient *bob = join (self, "bob");
  TestChannel *a = open_as (ann, "h", "");
  TestChannel *b = open_as (bob, "h", "");
  g_autofree char *token = wherry_relay_member_issue_resume (bob->member);
  WherrySignalError code;

  test_channel_send (a, "1");
  relay_fixture_settle (&self->fixture);
  fail (bob);
  test_channel_send (a, "2");
  relay_fixture_settle (&self->fixture);
  bob = try_join (self, NULL, token, NULL, &code);
  connect (bob);
  b = open_as (bob, "h", "");
  test_channel_send (a, "3");
  relay_fixture_settle (&self->fixture);
  ASSERT_TEXT (b, "1 2 3");
}

/* A topic that ended and came again: what was seen of the former one stays behind. */
static void
test_topic_again (Scene *self, gconstpointer data)
{
  TestClient *ann = join (self, "ann");
  TestClient *bob = join (self, "bob");
  TestChannel *a = open_addressed (ann, "t");
  TestChannel *b = open_addressed (bob, "t");
  g_autofree char *token = wherry_relay_member_issue_resume (bob->member);
  g_autoptr (GPtrArray) places = wherry_signal_places_new ();
  WherrySignalPlace *place = wherry_signal_places_get (places, "t");
  WherrySignalError code;

  say (a, 0, 1, "abc");
  assert_heard (b, place, "|abc");
  wherry_channel_close (a->channel);
  wherry_channel_close (b->channel);
  relay_fixture_settle (&self->fixture);
  a = open_addressed (ann, "t");
  b = open_addressed (bob, "t");
  fail (bob);
  say (a, 0, 4, "de");
  bob = try_join (self, NULL, token, places, &code);
  connect (bob);
  b = open_addressed (bob, "t");
  say (a, 0, 6, "f");
  assert_heard (b, place, "de|f");
}

/* It comes back, and its socket goes before it is connected again. */
static void
test_away_again (Scene *self, gconstpointer data)
{
  TestClient *ann = join (self, "ann");
  TestClient *bob = join (self, "bob");
  TestChannel *a = open_addressed (ann, "t");
  g_autofree char *token = wherry_relay_member_issue_resume (bob->member);
  g_autofree char *second = NULL;
  g_autoptr (GPtrArray) places = wherry_signal_places_new ();
  WherrySignalError code;
  TestChannel *b = open_addressed (bob, "t");

  fail (bob);
  bob = try_join (self, NULL, token, NULL, &code);
  second = wherry_relay_member_issue_resume (bob->member);
  say (a, 0, 1, "a");
  wherry_relay_member_detach (bob->member);
  bob->member = NULL;
  relay_fixture_settle (&self->fixture);
  say (a, 0, 2, "b");
  bob = try_join (self, NULL, second, NULL, &code);
  g_assert_nonnull (bob);
  connect (bob);
  b = open_addressed (bob, "t");
  say (a, 0, 3, "c");
  assert_heard (b, wherry_signal_places_get (places, "t"), "ab|c");
  g_assert_null (strstr (ann->heard->str, "-bob"));
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*test) (Scene *, gconstpointer);
  } tests[] = {
    { "/resume/misses-nothing-and-gets-nothing-twice", test_misses_nothing },
    { "/resume/takes-over-what-still-lives", test_takes_over },
    { "/resume/window", test_window },
    { "/resume/who-is-not-waited-for", test_who_is_not_waited_for },
    { "/resume/tokens", test_tokens },
    { "/resume/missed-too-much", test_missed_too_much },
    { "/resume/too-late", test_too_late },
    { "/resume/plain-channels-have-history", test_plain },
    { "/resume/topic-that-came-again", test_topic_again },
    { "/resume/away-again", test_away_again },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Scene, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
