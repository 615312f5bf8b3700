/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay-fixture.h"
#include "wire/wherry-frame.h"

/* Members that lose their connection and come back. One thread. */

typedef struct
{
  RelayFixture fixture;
  WherryGrant *grant;
  /* begin() */
  TestClient *ann;
  TestClient *bob;
  TestChannel *a;
  TestChannel *b;
  char *token; /* bob's */
  GPtrArray *places;
  WherrySignalPlace *place; /* of the topic */
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
  g_clear_pointer (&self->places, g_ptr_array_unref);
  g_clear_pointer (&self->token, g_free);
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

static TestClient *
join (Scene *self, const char *name)
{
  WherrySignalError code;
  TestClient *client = try_join (self, name, NULL, NULL, &code);

  test_client_connect_ready (client);
  return client;
}

/* Two who may come back, each with a channel on one topic. */
static void
begin (Scene *self)
{
  self->ann = join (self, "ann");
  self->bob = join (self, "bob");
  self->a = test_client_open_addressed (self->ann, "t");
  self->b = test_client_open_addressed (self->bob, "t");
  self->token = wherry_relay_member_issue_resume (self->bob->member);
  self->places = wherry_signal_places_new ();
  self->place = wherry_signal_places_get (self->places, "t");
}

/* Letters to everybody, or to one, each with the next number of the sender's own. */
static void
say (TestChannel *channel, guint64 recipient, guint64 own, const char *letters)
{
  for (; *letters != '\0'; letters++, own++)
    test_channel_send_to (channel, recipient, own, (const char[]){ *letters, '\0' });
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
  WherrySignalError code;
  guint64 id;
  TestClient *back;

  begin (self);
  id = test_client_get_key (self->bob);
  say (self->a, 0, 1, "ab");
  say (self->a, id, 3, "1");
  say (self->b, 0, 1, "x");
  assert_heard (self->b, self->place, "|ab1");
  test_client_cut (self->bob);
  g_assert_true (self->bob->left); /* its signaling hears so */
  g_assert_cmpint (self->bob->reason, ==, WHERRY_LEAVE_FAILED);
  g_assert_null (strstr (self->ann->heard->str, "-bob"));
  say (self->a, 0, 4, "cd");
  say (self->a, id, 6, "2");
  say (self->a, 0, 7, "e");

  back = try_join (self, NULL, self->token, self->places, &code);
  g_assert_nonnull (back);
  g_assert_cmphex (test_client_get_key (back), ==, id);
  g_assert_cmpstr (wherry_relay_member_get_name (back->member), ==, "bob");
  g_assert_true (wherry_relay_member_is_resumed (back->member));
  g_assert_cmpuint (accepted (back, "t"), ==, 1);
  say (self->a, 0, 8, "f"); /* between its join and its channel */
  say (self->a, id, 9, "3");
  test_client_connect_ready (back);
  say (self->a, 0, 10, "g");
  self->b = test_client_open_addressed (back, "t");
  say (self->a, 0, 11, "h");
  assert_heard (self->b, self->place, "cd2ef3g|h");
  say (self->b, 0, 1, "x"); /* sent again: it was accepted */
  say (self->b, 0, 2, "y");
  self->place = wherry_signal_places_get (self->places, "ann");
  assert_heard (self->a, self->place, "|xy");
}

/* Whoever has the token takes the place of a connection that still lives. */
static void
test_takes_over (Scene *self, gconstpointer data)
{
  WherrySignalError code;
  TestClient *back;

  begin (self);
  say (self->a, 0, 1, "ab");
  assert_heard (self->b, self->place, "|ab");
  back = try_join (self, NULL, self->token, self->places, &code);
  g_assert_nonnull (back);
  g_assert_true (self->bob->left);
  g_assert_cmpint (self->bob->reason, ==, WHERRY_LEAVE_REPLACED);
  relay_fixture_settle (&self->fixture); /* the peer before is finished */
  test_client_connect_ready (back);
  say (self->a, 0, 3, "c");
  self->b = test_client_open_addressed (back, "t");
  say (self->a, 0, 4, "d");
  assert_heard (self->b, self->place, "c|d");
  g_assert_null (strstr (self->ann->heard->str, "-bob"));
}

static void
test_window (Scene *self, gconstpointer data)
{
  TestClient *ann = join (self, "ann");
  TestClient *bob = join (self, "bob");
  g_autofree char *token = wherry_relay_member_issue_resume (bob->member);
  WherrySignalError code;

  test_client_cut (bob);
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
  test_client_cut (bob);
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
  test_client_cut (bob);
  bob = try_join (self, NULL, newer, NULL, &code);
  g_assert_nonnull (bob);
  g_free (wherry_relay_member_issue_resume (bob->member)); /* as joined does */
  test_client_connect_ready (bob);
  g_assert_null (try_join (self, NULL, newer, NULL, &code)); /* once */
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RESUME_REFUSED);
}

/* What it missed is not kept any more: it is not the same member any longer. */
static void
test_missed_too_much (Scene *self, gconstpointer data)
{
  WherrySignalError code;

  begin (self);
  test_client_cut (self->bob);
  for (guint i = 0; i < 300; i++)
    say (self->a, 0, 1 + i, "x");
  g_assert_null (try_join (self, NULL, self->token, NULL, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RESUME_REFUSED);
  g_assert_nonnull (strstr (self->ann->heard->str, "-bob:slow"));
}

/* The same between its join and its channel. */
static void
test_too_late (Scene *self, gconstpointer data)
{
  WherrySignalError code;

  begin (self);
  test_client_cut (self->bob);
  self->bob = try_join (self, NULL, self->token, NULL, &code);
  test_client_connect_ready (self->bob);
  for (guint i = 0; i < 300; i++)
    say (self->a, 0, 1 + i, "x");
  test_client_open_addressed (self->bob, "t");
  g_assert_true (self->bob->left);
  g_assert_cmpint (self->bob->reason, ==, WHERRY_LEAVE_SLOW);
}

/* Plain channels have no numbers: they get history, as those who are new do. */
static void
test_plain (Scene *self, gconstpointer data)
{
  TestClient *ann = join (self, "ann");
  TestClient *bob = join (self, "bob");
  TestChannel *a = test_client_open_as (ann, "h", "");
  TestChannel *b = test_client_open_as (bob, "h", "");
  g_autofree char *token = wherry_relay_member_issue_resume (bob->member);
  WherrySignalError code;

  test_channel_send (a, "1");
  relay_fixture_settle (&self->fixture);
  test_client_cut (bob);
  test_channel_send (a, "2");
  relay_fixture_settle (&self->fixture);
  bob = try_join (self, NULL, token, NULL, &code);
  test_client_connect_ready (bob);
  b = test_client_open_as (bob, "h", "");
  test_channel_send (a, "3");
  relay_fixture_settle (&self->fixture);
  ASSERT_TEXT (b, "1 2 3");
}

/* A topic that ended and came again: what was seen of the former one stays behind. */
static void
test_topic_again (Scene *self, gconstpointer data)
{
  WherrySignalError code;

  begin (self);
  say (self->a, 0, 1, "abc");
  assert_heard (self->b, self->place, "|abc");
  wherry_channel_close (self->a->channel);
  wherry_channel_close (self->b->channel);
  relay_fixture_settle (&self->fixture);
  self->a = test_client_open_addressed (self->ann, "t");
  self->b = test_client_open_addressed (self->bob, "t");
  test_client_cut (self->bob);
  say (self->a, 0, 4, "de");
  self->bob = try_join (self, NULL, self->token, self->places, &code);
  test_client_connect_ready (self->bob);
  self->b = test_client_open_addressed (self->bob, "t");
  say (self->a, 0, 6, "f");
  assert_heard (self->b, self->place, "de|f");
}

/* It comes back, and its socket goes before it is connected again. */
static void
test_away_again (Scene *self, gconstpointer data)
{
  g_autofree char *second = NULL;
  WherrySignalError code;

  begin (self);
  test_client_cut (self->bob);
  self->bob = try_join (self, NULL, self->token, NULL, &code);
  second = wherry_relay_member_issue_resume (self->bob->member);
  say (self->a, 0, 1, "a");
  wherry_relay_member_detach (self->bob->member);
  self->bob->member = NULL;
  relay_fixture_settle (&self->fixture);
  say (self->a, 0, 2, "b");
  self->bob = try_join (self, NULL, second, NULL, &code);
  g_assert_nonnull (self->bob);
  test_client_connect_ready (self->bob);
  self->b = test_client_open_addressed (self->bob, "t");
  say (self->a, 0, 3, "c");
  assert_heard (self->b, self->place, "ab|c");
  g_assert_null (strstr (self->ann->heard->str, "-bob"));
}

/* Who was to take its place goes before the connection is finished: the others know already. */
static void
test_away_once (Scene *self, gconstpointer data)
{
  guint64 before = wherry_counter_get (WHERRY_COUNTER_MEMBERS_AWAY);
  g_autofree char *second = NULL;
  WherrySignalError code;

  begin (self);
  self->bob->member->disconnected = TRUE; /* its ICE has failed */
  wherry_relay_member_detach (self->bob->member);
  self->bob->member = NULL;
  self->bob = try_join (self, NULL, self->token, NULL, &code);
  g_assert_false (wherry_relay_member_is_ready (self->bob->member));
  second = wherry_relay_member_issue_resume (self->bob->member);
  wherry_relay_member_detach (self->bob->member);
  self->bob->member = NULL;
  relay_fixture_settle (&self->fixture);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_MEMBERS_AWAY), ==, before + 1);
  say (self->a, 0, 1, "a");
  self->bob = try_join (self, NULL, second, NULL, &code);
  test_client_connect_ready (self->bob);
  self->b = test_client_open_addressed (self->bob, "t");
  assert_heard (self->b, self->place, "a");
}

#define ADD(path, func) g_test_add (path, Scene, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/resume/misses-nothing-and-gets-nothing-twice", test_misses_nothing);
  ADD ("/resume/takes-over-what-still-lives", test_takes_over);
  ADD ("/resume/window", test_window);
  ADD ("/resume/who-is-not-waited-for", test_who_is_not_waited_for);
  ADD ("/resume/tokens", test_tokens);
  ADD ("/resume/missed-too-much", test_missed_too_much);
  ADD ("/resume/too-late", test_too_late);
  ADD ("/resume/plain-channels-have-history", test_plain);
  ADD ("/resume/topic-that-came-again", test_topic_again);
  ADD ("/resume/away-again", test_away_again);
  ADD ("/resume/away-once", test_away_once);
  return g_test_run ();
}
