/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay-fixture.h"

/* What a member's channels may be, and what it is told when they may not. One thread. */

static void
set_up (RelayFixture *self, gconstpointer data)
{
  WherryRelayConfig *config = wherry_relay_config_new ();

  config->channels_per_member = 3;
  config->topics_per_room = 4;
  relay_fixture_init (self, config, FALSE);
}

static void
tear_down (RelayFixture *self, gconstpointer data)
{
  relay_fixture_clear (self);
}

static TestChannel *
open_settled (TestClient *client, const char *label)
{
  TestChannel *channel = test_client_open (client, label);

  relay_fixture_settle (client->fixture);
  return channel;
}

/* The nth notice: an error with this code about this topic. */
static void
assert_notice (TestChannel *notices, guint n, const char *code, const char *topic)
{
  g_autofree char *code_member = g_strdup_printf ("\"code\":\"%s\"", code);
  g_autofree char *topic_member = g_strdup_printf ("\"topic\":\"%s\"", topic);
  g_autofree char *text = NULL;
  const guint8 *data;
  gsize length;

  g_assert_cmpuint (notices->messages->len, >, n);
  g_assert_cmpint (wherry_message_get_kind (notices->messages->pdata[n]), ==, WHERRY_MESSAGE_TEXT);
  data = wherry_message_get_data (notices->messages->pdata[n], &length);
  text = g_strndup ((const char *) data, length);
  g_assert_nonnull (strstr (text, "\"type\":\"error\""));
  g_assert_nonnull (strstr (text, code_member));
  g_assert_nonnull (strstr (text, topic_member));
}

static void
test_reserved_labels (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestChannel *notices = open_settled (ann, "wherry:notices");
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED);
  guint64 ignored = wherry_counter_get (WHERRY_COUNTER_NOTICES_IN);
  TestChannel *other;

  g_assert_true (notices->open);
  other = open_settled (ann, "wherry:mine");
  g_assert_true (other->closed && !other->open);
  assert_notice (notices, 0, "forbidden", "wherry:mine");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED), ==, refused + 1);

  other = open_settled (ann, "wherry:notices"); /* one is enough */
  g_assert_true (other->closed);
  test_channel_send (notices, "anybody?");
  relay_fixture_settle (self);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_NOTICES_IN), ==, ignored + 1);
  g_assert_cmpuint (bob->channels->len, ==, 0);

  wherry_channel_close (notices->channel);
  relay_fixture_settle (self);
  g_assert_true (open_settled (ann, "wherry:notices")->open);
}

static void
test_own_limit (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestChannel *notices = open_settled (ann, "wherry:notices");
  TestChannel *first = open_settled (ann, "a");
  TestChannel *fourth;

  g_assert_true (first->open);
  g_assert_true (open_settled (ann, "b")->open);
  g_assert_true (open_settled (ann, "b")->open);
  fourth = open_settled (ann, "c");
  g_assert_true (fourth->closed && !fourth->open);
  assert_notice (notices, 0, "forbidden", "c");
  wherry_channel_close (first->channel);
  relay_fixture_settle (self);
  g_assert_true (open_settled (ann, "c")->open);
}

/* Opened and closed as fast as the association carries it: never more than the limit at the hub. */
static void
test_flood_of_channels (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED);

  for (guint i = 0; i < 40; i++)
    wherry_channel_close (test_client_open (ann, "x")->channel);
  relay_fixture_settle (self);
  for (guint i = 0; i < ann->channels->len; i++)
    g_assert_true (((TestChannel *) ann->channels->pdata[i])->closed);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED), >, refused);
  g_assert_true (open_settled (ann, "x")->open); /* and it is well */
}

static void
test_topic_limit (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestChannel *notices = open_settled (bob, "wherry:notices");
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_TOPICS_REFUSED);
  TestChannel *a = open_settled (ann, "a");
  TestChannel *e;

  open_settled (ann, "b");
  open_settled (bob, "c");
  open_settled (bob, "d");
  e = test_client_open (bob, "e");
  test_channel_send (e, "held, then dropped with its channel");
  relay_fixture_settle (self);
  g_assert_true (e->closed && !e->open);
  assert_notice (notices, notices->messages->len - 1, "room-full", "e");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_TOPICS_REFUSED), ==, refused + 1);
  g_assert_true (open_settled (bob, "b")->open); /* one that there is */

  wherry_channel_close (a->channel);
  relay_fixture_settle (self);
  g_assert_true (open_settled (ann, "e")->open);
}

/* Mirrors get what the member's own channels leave, and more when one of those closes. */
static void
test_mirror_limit (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestChannel *notices = open_settled (bob, "wherry:notices");
  TestChannel *own;
  TestChannel *at_ann;

  own = open_settled (bob, "1");
  open_settled (bob, "2");
  at_ann = open_settled (ann, "a");
  open_settled (ann, "b");
  g_assert_cmpuint (test_client_count (bob, "a"), ==, 1);
  g_assert_cmpuint (test_client_count (bob, "b"), ==, 0);
  assert_notice (notices, 0, "forbidden", "b");

  wherry_channel_close (own->channel);
  relay_fixture_settle (self);
  g_assert_cmpuint (test_client_count (bob, "b"), ==, 1);
  test_channel_send (at_ann, "hello");
  relay_fixture_settle (self);
  ASSERT_TEXT (test_client_find (bob, "a"), "hello");
}

/* Opened anew as it is to be another one, it is none more. */
static void
test_mirror_replaced_at_limit (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  guint64 before = wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED);
  TestChannel *lossy, *first, *second, *own;

  open_settled (bob, "1");
  open_settled (bob, "2");
  lossy = test_client_open_lossy (ann, "a");
  relay_fixture_settle (self);
  first = test_client_find (bob, "a");
  g_assert_nonnull (first);
  own = open_settled (ann, "a");
  second = test_client_find (bob, "a");
  g_assert_true (second != first);
  g_assert_cmpint (wherry_channel_get_init (second->channel)->reliability, ==, WHERRY_RELIABLE);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED), ==, before);

  wherry_channel_close (lossy->channel);
  test_channel_send (own, "hello");
  relay_fixture_settle (self);
  ASSERT_TEXT (second, "hello");
  open_settled (ann, "b"); /* one more is one too many, as before */
  g_assert_cmpuint (test_client_count (bob, "b"), ==, 0);
}

/* Kept from who cannot take it, said to the sender: once a second, with how many. */
static void
test_too_large (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestClient *cid = test_client_connect (self, "room", "cid");
  TestChannel *notices = open_settled (ann, "wherry:notices");
  TestChannel *own = open_settled (ann, "t");
  guint64 dropped = wherry_counter_get (WHERRY_COUNTER_DROPPED_TOO_LARGE);

  wherry_outbox_set_set_max_message_size (wherry_member_port_get_set (bob->member->port), 10);
  for (guint i = 0; i < 5; i++)
    test_channel_send (own, "much too long for bob");
  test_channel_send (own, "short");
  relay_fixture_settle (self);
  ASSERT_TEXT (test_client_find (bob, "t"), "short");
  g_assert_cmpuint (test_client_find (cid, "t")->messages->len, ==, 6);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DROPPED_TOO_LARGE), ==, dropped + 5);
  g_assert_cmpuint (notices->messages->len, ==, 1);
  assert_notice (notices, 0, "too-large", "t");

  relay_fixture_advance (self, G_USEC_PER_SEC);
  test_channel_send (own, "much too long for bob");
  relay_fixture_settle (self);
  g_assert_cmpuint (notices->messages->len, ==, 2);
  {
    g_autofree char *text = test_channel_text (notices);

    g_assert_nonnull (strstr (text, "5 deliveries")); /* four that were not said, and this one */
  }
}

static void
create_negotiated (WherryPeer *peer, gpointer data)
{
  g_autoptr (GError) error = NULL;

  wherry_peer_create_channel (peer, data, &error);
  g_assert_no_error (error);
}

/* Declared in signaling: there is no OPEN and no ACK, it counts from the association's start. */
static void
test_negotiated (RelayFixture *self, gconstpointer data)
{
  const WherryChannelInit init
      = { .label = "cat-noises", .protocol = "", .ordered = TRUE, .negotiated = TRUE, .id = 8 };
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestChannel *own;

  wherry_peer_post_call (ann->member->peer, create_negotiated, (gpointer) &init, NULL);
  own = test_client_open_init (ann, &init);
  test_channel_send (own, "miaow");
  relay_fixture_settle (self);
  ASSERT_TEXT (test_client_find (bob, "cat-noises"), "miaow");
  g_assert_false (
      wherry_channel_get_init (test_client_find (bob, "cat-noises")->channel)->negotiated);
  test_channel_send (test_client_find (bob, "cat-noises"), "purr");
  relay_fixture_settle (self);
  ASSERT_TEXT (own, "purr");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add ("/relay/channels/" path, RelayFixture, NULL, set_up, func, tear_down)
  ADD ("reserved-labels", test_reserved_labels);
  ADD ("own-limit", test_own_limit);
  ADD ("flood-of-channels", test_flood_of_channels);
  ADD ("topic-limit", test_topic_limit);
  ADD ("mirror-limit", test_mirror_limit);
  ADD ("mirror-replaced-at-the-limit", test_mirror_replaced_at_limit);
  ADD ("too-large", test_too_large);
  ADD ("negotiated", test_negotiated);
  return g_test_run ();
}
