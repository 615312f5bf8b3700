/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "relay-fixture.h"
#include "wire/wherry-frame.h"

/* Addressed channels ("wherry.1"): sender, recipient, number, acknowledgement. One thread. */

typedef struct
{
  RelayFixture fixture;
  TestClient *ann, *bob, *cyn;
  TestChannel *a, *b;   /* addressed */
  TestChannel *c;       /* plain */
  TestChannel *notices; /* ann's */
} Scene;

static void
set_up (Scene *self, gconstpointer data)
{
  relay_fixture_init (&self->fixture, NULL, FALSE);
  self->ann = test_client_connect (&self->fixture, "room", "ann");
  self->bob = test_client_connect (&self->fixture, "room", "bob");
  self->cyn = test_client_connect (&self->fixture, "room", "cyn");
  self->notices = test_client_open (self->ann, "wherry:notices");
  self->a = test_client_open_addressed (self->ann, "t");
  self->b = test_client_open_addressed (self->bob, "t");
  self->c = test_client_open (self->cyn, "t");
  relay_fixture_settle (&self->fixture);
}

static void
tear_down (Scene *self, gconstpointer data)
{
  relay_fixture_clear (&self->fixture);
}

static void
send_bytes (TestChannel *channel, WherryMessageKind kind, const guint8 *data, gsize length)
{
  g_autoptr (WherryMessage) message = wherry_message_new (kind, data, length, NULL);

  g_assert_cmpint (wherry_channel_send (channel->channel, message), ==, WHERRY_SEND_OK);
  relay_fixture_settle (channel->client->fixture);
}

static void
assert_frame (TestChannel *channel, guint n, TestClient *sender, guint64 sequence, gboolean direct,
              const char *text)
{
  WherryFrame frame;
  const guint8 *data;
  gsize length;

  g_assert_cmpuint (channel->messages->len, >, n);
  g_assert_cmpint (wherry_message_get_kind (channel->messages->pdata[n]), ==,
                   WHERRY_MESSAGE_BINARY);
  data = wherry_message_get_data (channel->messages->pdata[n], &length);
  g_assert_true (wherry_frame_parse (&frame, data, length, NULL));
  g_assert_true (frame.text);
  g_assert_false (frame.replayed);
  g_assert_cmpint (frame.direct, ==, direct);
  g_assert_cmphex (frame.member, ==, test_client_get_key (sender));
  g_assert_cmpuint (frame.sequence, ==, sequence);
  g_assert_cmpmem (data + WHERRY_FRAME_HEADER_SIZE, length - WHERRY_FRAME_HEADER_SIZE, text,
                   strlen (text));
}

static gboolean
has_notice (Scene *self, const char *part)
{
  for (guint i = 0; i < self->notices->messages->len; i++)
    {
      gsize length;
      const guint8 *data = wherry_message_get_data (self->notices->messages->pdata[i], &length);
      g_autofree char *text = g_strndup ((const char *) data, length);

      if (strstr (text, part) != NULL)
        return TRUE;
    }
  return FALSE;
}

static void
test_plain_and_addressed (Scene *self, gconstpointer data)
{
  test_channel_send_to (self->a, 0, 1, "hi");
  assert_frame (self->b, 0, self->ann, 1, FALSE, "hi");
  ASSERT_TEXT (self->c, "hi");
  g_assert_cmpint (wherry_message_get_kind (self->c->messages->pdata[0]), ==, WHERRY_MESSAGE_TEXT);
  g_assert_cmpuint (self->a->messages->len, ==, 0);

  test_channel_send (self->c, "yo");
  relay_fixture_settle (&self->fixture);
  assert_frame (self->a, 0, self->cyn, 2, FALSE, "yo");
  assert_frame (self->b, 1, self->cyn, 2, FALSE, "yo");
}

static void
test_empty (Scene *self, gconstpointer data)
{
  test_channel_send_to (self->a, 0, 1, "");
  assert_frame (self->b, 0, self->ann, 1, FALSE, "");
  g_assert_cmpuint (self->c->messages->len, ==, 1);
  g_assert_cmpuint (wherry_message_get_length (self->c->messages->pdata[0]), ==, 0);
}

static void
test_direct (Scene *self, gconstpointer data)
{
  test_channel_send_to (self->a, test_client_get_key (self->bob), 1, "psst");
  test_channel_send_to (self->a, test_client_get_key (self->cyn), 2, "hey");
  test_channel_send_to (self->a, 0, 3, "all");
  test_channel_send_to (self->a, test_client_get_key (self->bob), 4, "again");
  assert_frame (self->b, 0, self->ann, 1, TRUE, "psst");
  assert_frame (self->b, 1, self->ann, 1, FALSE, "all");
  assert_frame (self->b, 2, self->ann, 2, TRUE, "again");
  ASSERT_TEXT (self->c, "hey all");
}

static void
test_unknown_recipient (Scene *self, gconstpointer data)
{
  guint64 before = wherry_counter_get (WHERRY_COUNTER_BAD_FRAMES);

  test_channel_send_to (self->a, 42, 1, "anybody?");
  g_assert_true (has_notice (self, "\"code\":\"no-such-member\""));
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_BAD_FRAMES), ==, before + 1);
  test_channel_send_to (self->a, 0, 2, "all");
  assert_frame (self->b, 0, self->ann, 1, FALSE, "all");
}

static void
test_duplicates_and_acks (Scene *self, gconstpointer data)
{
  test_channel_send_to (self->a, 0, 1, "one");
  test_channel_send_to (self->a, 0, 1, "one");
  test_channel_send_to (self->a, 0, 2, "two");
  test_channel_send_to (self->a, 0, 1, "one");
  g_assert_cmpuint (self->b->messages->len, ==, 2);
  g_assert_false (has_notice (self, "\"type\":\"ack\""));
  relay_fixture_advance (&self->fixture, 50 * (G_USEC_PER_SEC / 1000));
  g_assert_true (has_notice (self, "{\"type\":\"ack\",\"topic\":\"t\",\"own\":2,\"sequence\":2}"));
  g_assert_cmpuint (self->notices->messages->len, ==, 1);
  relay_fixture_advance (&self->fixture, G_USEC_PER_SEC);
  g_assert_cmpuint (self->notices->messages->len, ==, 1);
  test_channel_send_to (self->a, 0, 3, "three");
  relay_fixture_advance (&self->fixture, 50 * (G_USEC_PER_SEC / 1000));
  g_assert_true (has_notice (self, "\"own\":3,\"sequence\":3}"));
}

static void
test_bad_frames (Scene *self, gconstpointer data)
{
  guint8 frame[WHERRY_FRAME_HEADER_SIZE] = { 0 };
  guint64 before = wherry_counter_get (WHERRY_COUNTER_BAD_FRAMES);

  send_bytes (self->a, WHERRY_MESSAGE_BINARY, frame, sizeof frame - 1);
  send_bytes (self->a, WHERRY_MESSAGE_BINARY, frame, 0);
  send_bytes (self->a, WHERRY_MESSAGE_TEXT, frame, sizeof frame);
  for (guint flag = 2; flag <= 128; flag *= 2)
    {
      frame[0] = (guint8) flag;
      send_bytes (self->a, WHERRY_MESSAGE_BINARY, frame, sizeof frame);
    }
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_BAD_FRAMES), ==, before + 10);
  g_assert_cmpuint (self->notices->messages->len, ==, 10);
  g_assert_true (has_notice (self, "\"code\":\"bad-message\""));
  g_assert_cmpuint (self->b->messages->len, ==, 0);
  test_channel_send_to (self->a, 0, 1, "still here");
  assert_frame (self->b, 0, self->ann, 1, FALSE, "still here");
}

/* Who did not ask for headers sees none, whatever the publishers' channels are like. */
static void
test_mirror (Scene *self, gconstpointer data)
{
  TestClient *dan = test_client_connect (&self->fixture, "room", "dan");
  TestChannel *mirror;

  test_channel_send_to (self->a, 0, 1, "hi");
  mirror = test_client_find (dan, "t");
  g_assert_nonnull (mirror);
  g_assert_cmpstr (wherry_channel_get_init (mirror->channel)->protocol, ==, "");
  ASSERT_TEXT (mirror, "hi");
  test_channel_send (mirror, "hello");
  relay_fixture_settle (&self->fixture);
  assert_frame (self->a, 0, dan, 2, FALSE, "hello");
}

/* Who asked gets them, also of plain channels. */
static void
test_mirror_with_headers (Scene *self, gconstpointer data)
{
  const WherryJoin join = { .room = "room", .name = "dan", .mirror = TRUE, .addressed = TRUE };
  WherrySignalError code;
  TestClient *dan = test_client_try_join_as (&self->fixture, &join, &code);
  TestChannel *plain = test_client_open (self->cyn, "plain");
  TestChannel *mirror;

  g_assert_nonnull (dan);
  test_client_start (dan);
  test_client_wait_connected (dan);
  relay_fixture_settle (&self->fixture);
  test_channel_send_to (self->a, 0, 1, "hi");
  mirror = test_client_find (dan, "t");
  g_assert_nonnull (mirror);
  assert_frame (mirror, 0, self->ann, 1, FALSE, "hi");
  test_channel_send_to (mirror, 0, 1, "hello");
  assert_frame (self->a, 0, dan, 2, FALSE, "hello");

  test_channel_send (plain, "bare");
  relay_fixture_settle (&self->fixture);
  assert_frame (test_client_find (dan, "plain"), 0, self->cyn, 1, FALSE, "bare");
}

#define ADD(path, func) g_test_add (path, Scene, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/addressed/plain-members-understand", test_plain_and_addressed);
  ADD ("/addressed/empty", test_empty);
  ADD ("/addressed/one-recipient", test_direct);
  ADD ("/addressed/unknown-recipient-is-noticed", test_unknown_recipient);
  ADD ("/addressed/duplicates-are-dropped-and-all-is-acknowledged", test_duplicates_and_acks);
  ADD ("/addressed/bad-frames-are-noticed", test_bad_frames);
  ADD ("/addressed/mirror-without-headers", test_mirror);
  ADD ("/addressed/mirror-with-headers", test_mirror_with_headers);
  return g_test_run ();
}
