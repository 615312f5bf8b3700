/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "relay-fixture.h"
#include "wire/wherry-frame.h"

/* Mirrors of members that come back: where what they missed comes. One thread. Ann speaks on plain
 * channels; bob hears by mirrors or on his own channel. */

typedef struct
{
  RelayFixture fixture;
  TestClient *ann;
  TestClient *bob;
  TestChannel *voice; /* ann's */
  char *token;
} Scene;

static TestClient *
join (Scene *self, const char *name, GPtrArray *places)
{
  const WherryJoin join = {
    .room = "room",
    .name = name,
    .address = "127.0.0.1",
    .mirror = TRUE,
    .resumable = TRUE,
    .resume = self->token,
    .places = places,
  };
  WherrySignalError code;
  TestClient *client = test_client_try_join_as (&self->fixture, &join, &code);

  g_assert_nonnull (client);
  test_client_connect_ready (client);
  return client;
}

static void
set_up (Scene *self, gconstpointer data)
{
  relay_fixture_init (&self->fixture, wherry_relay_config_new (), FALSE);
  self->ann = join (self, "ann", NULL);
  self->voice = test_client_open_as (self->ann, "t", "");
  self->bob = join (self, "bob", NULL);
  self->token = wherry_relay_member_issue_resume (self->bob->member);
}

static void
tear_down (Scene *self, gconstpointer data)
{
  g_free (self->token);
  relay_fixture_clear (&self->fixture);
}

static void
say (Scene *self, const char *letter)
{
  test_channel_send (self->voice, letter);
  relay_fixture_settle (&self->fixture);
}

/* "r1 2": letters, r: replayed */
static void
assert_heard (TestChannel *channel, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_nonnull (channel);
  for (guint i = 0; i < channel->messages->len; i++)
    {
      gsize length;
      const guint8 *data = wherry_message_get_data (channel->messages->pdata[i], &length);
      WherryFrame frame;

      g_assert_true (wherry_frame_parse (&frame, data, length, NULL));
      g_assert_cmpuint (length, ==, WHERRY_FRAME_HEADER_SIZE + 1);
      g_string_append_printf (text, "%s%s%c", i > 0 ? " " : "", frame.replayed ? "r" : "",
                              data[WHERRY_FRAME_HEADER_SIZE]);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

/* What it missed comes on its own channel, as before, and not on a mirror that is open sooner. */
static void
test_own (Scene *self, gconstpointer data)
{
  TestChannel *own = test_client_open_addressed (self->bob, "t");

  test_client_open_as (self->ann, "u", "");
  test_client_cut (self->bob);
  say (self, "1");
  self->bob = join (self, NULL, NULL);
  g_assert_null (test_client_find (self->bob, "t"));
  g_assert_nonnull (test_client_find (self->bob, "u"));
  own = test_client_open_addressed (self->bob, "t");
  say (self, "2");
  assert_heard (own, "r1 2");
}

/* Others need not know of numbers: whoever may come back hears them by mirrors that have some. */
static void
test_of_plain (Scene *self, gconstpointer data)
{
  g_autoptr (GPtrArray) places = wherry_signal_places_new ();

  say (self, "1");
  assert_heard (test_client_find (self->bob, "t"), "1");
  wherry_signal_places_get (places, "t")->seen = 1;
  test_client_cut (self->bob);
  say (self, "2");
  self->bob = join (self, NULL, places);
  say (self, "3");
  assert_heard (test_client_find (self->bob, "t"), "r2 3");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/resume-mirrors/not-before-its-own-channel", Scene, NULL, set_up, test_own,
              tear_down);
  g_test_add ("/resume-mirrors/of-a-plain-channel", Scene, NULL, set_up, test_of_plain, tear_down);
  return g_test_run ();
}
