/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay-fixture.h"

/* Topics and mirrors: protocol.md section 3, sentence by sentence, on one thread. */

typedef struct
{
  RelayFixture relay;
  TestClient *ann;
  TestClient *bob;
  TestClient *cid;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  relay_fixture_init (&self->relay, NULL, FALSE);
  self->ann = test_client_connect (&self->relay, "room", "ann");
  self->bob = test_client_connect (&self->relay, "room", "bob");
  self->cid = test_client_connect (&self->relay, "room", "cid");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  relay_fixture_clear (&self->relay);
}

static void
settle (Fixture *self)
{
  relay_fixture_settle (&self->relay);
}

static guint
count_topics (Fixture *self)
{
  WherryRelayStats stats;

  wherry_relay_hub_get_stats (self->relay.relay, &stats);
  return stats.topics;
}

static TestChannel *
open_and_settle (Fixture *self, TestClient *client, const char *label)
{
  TestChannel *channel = test_client_open (client, label);

  settle (self);
  g_assert_true (channel->open);
  return channel;
}

static void
test_everybody_hears (Fixture *self, gconstpointer data)
{
  TestChannel *own = open_and_settle (self, self->ann, "chat");
  TestChannel *at_bob = test_client_find (self->bob, "chat");
  TestChannel *at_cid = test_client_find (self->cid, "chat");

  g_assert_true (at_bob->open && at_cid->open);
  g_assert_null (test_client_find (self->ann, "chat"));
  test_channel_send (own, "one");
  test_channel_send (own, "");
  test_channel_send (own, "three");
  settle (self);
  ASSERT_TEXT (at_bob, "one  three");
  ASSERT_TEXT (at_cid, "one  three");
  ASSERT_TEXT (own, "");
  g_assert_cmpuint (count_topics (self), ==, 1);
}

static void
test_kind_is_kept (Fixture *self, gconstpointer data)
{
  TestChannel *own = open_and_settle (self, self->ann, "chat");
  TestChannel *at_bob = test_client_find (self->bob, "chat");

  test_channel_send (own, "text");
  test_channel_send_number (own, 5, 4);
  settle (self);
  g_assert_cmpuint (at_bob->messages->len, ==, 2);
  g_assert_cmpint (wherry_message_get_kind (at_bob->messages->pdata[0]), ==, WHERRY_MESSAGE_TEXT);
  g_assert_cmpint (wherry_message_get_kind (at_bob->messages->pdata[1]), ==, WHERRY_MESSAGE_BINARY);
}

/* The publisher's label, protocol and priority; reliable and ordered. */
static void
test_made_like_the_publishers (Fixture *self, gconstpointer data)
{
  const WherryChannelInit init = {
    .label = "x",
    .protocol = "proto",
    .ordered = FALSE,
    .reliability = WHERRY_RELIABLE,
    .priority = 512,
  };
  const WherryChannelInit *mirror;

  test_client_open_init (self->ann, &init);
  settle (self);
  mirror = wherry_channel_get_init (test_client_find (self->bob, "x")->channel);
  g_assert_cmpstr (mirror->protocol, ==, "proto");
  g_assert_cmpuint (mirror->priority, ==, 512);
  g_assert_true (mirror->ordered);
  g_assert_cmpint (mirror->reliability, ==, WHERRY_RELIABLE);
}

/* Before the association is up there is nothing to open a channel on; what exists then is opened.
 */
static void
test_late_member (Fixture *self, gconstpointer data)
{
  TestChannel *own = open_and_settle (self, self->ann, "chat");
  TestClient *eve = test_client_join (&self->relay, "room", "eve", TRUE);
  TestClient *other = test_client_connect (&self->relay, "another room", "other");

  test_channel_send (own, "early");
  settle (self);
  test_client_start (eve);
  settle (self);
  test_channel_send (own, "late");
  settle (self);
  ASSERT_TEXT (test_client_find (eve, "chat"), "late");
  g_assert_null (test_client_find (other, "chat"));
}

static void
test_no_mirror_wanted (Fixture *self, gconstpointer data)
{
  TestClient *eve = test_client_join (&self->relay, "room", "eve", FALSE);
  TestChannel *own;
  TestChannel *at_eve;

  test_client_start (eve);
  settle (self);
  own = open_and_settle (self, self->ann, "chat");
  g_assert_null (test_client_find (eve, "chat"));
  at_eve = open_and_settle (self, eve, "chat");
  test_channel_send (own, "hello");
  test_channel_send (at_eve, "hi");
  settle (self);
  ASSERT_TEXT (at_eve, "hello");
  ASSERT_TEXT (own, "hi");
}

/* It may carry data right behind its OPEN. */
static void
test_data_behind_the_open (Fixture *self, gconstpointer data)
{
  TestChannel *own;

  self->bob->no_accept = TRUE;
  own = open_and_settle (self, self->ann, "chat");
  test_channel_send (own, "hello");
  settle (self);
  g_assert_false (test_client_find (self->bob, "chat")->open);
  ASSERT_TEXT (test_client_find (self->bob, "chat"), "hello");
}

static void
test_mirror_publishes (Fixture *self, gconstpointer data)
{
  TestChannel *own = open_and_settle (self, self->ann, "chat");
  TestChannel *at_bob = test_client_find (self->bob, "chat");

  test_channel_send (at_bob, "from bob");
  settle (self);
  ASSERT_TEXT (own, "from bob");
  ASSERT_TEXT (test_client_find (self->cid, "chat"), "from bob");
  ASSERT_TEXT (at_bob, "");
}

/* A topic ends with its last publisher; who has spoken on a mirror is one. */
static void
test_topic_ends (Fixture *self, gconstpointer data)
{
  TestChannel *own = open_and_settle (self, self->ann, "chat");
  TestChannel *at_bob = test_client_find (self->bob, "chat");
  TestChannel *at_cid = test_client_find (self->cid, "chat");

  test_channel_send (own, "last words");
  wherry_channel_close (own->channel);
  settle (self);
  ASSERT_TEXT (at_bob, "last words");
  ASSERT_TEXT (at_cid, "last words");
  g_assert_true (at_bob->closed && at_cid->closed && own->closed);
  g_assert_cmpuint (count_topics (self), ==, 0);

  /* closed by the relay: a new one is mirrored anew */
  own = open_and_settle (self, self->cid, "chat");
  test_channel_send (own, "again");
  settle (self);
  ASSERT_TEXT (test_client_find (self->bob, "chat"), "again");
}

static void
test_mirror_keeps_the_topic (Fixture *self, gconstpointer data)
{
  TestChannel *own = open_and_settle (self, self->ann, "chat");
  TestChannel *at_bob = test_client_find (self->bob, "chat");
  TestChannel *at_cid = test_client_find (self->cid, "chat");

  test_channel_send (at_bob, "1");
  settle (self);
  wherry_channel_close (own->channel);
  settle (self);
  g_assert_false (at_bob->closed);
  g_assert_cmpuint (count_topics (self), ==, 1);
  test_channel_send (at_bob, "2");
  settle (self);
  ASSERT_TEXT (at_cid, "1 2");
  g_assert_null (test_client_find (self->ann, "chat")); /* she closed hers */

  wherry_channel_close (at_bob->channel);
  settle (self);
  g_assert_true (at_cid->closed);
  g_assert_cmpuint (count_topics (self), ==, 0);
}

static void
test_not_opened_again (Fixture *self, gconstpointer data)
{
  TestChannel *own = open_and_settle (self, self->ann, "chat");
  TestChannel *at_bob = test_client_find (self->bob, "chat");

  wherry_channel_close (at_bob->channel);
  settle (self);
  test_channel_send (own, "hello");
  test_client_connect (&self->relay, "room", "eve");
  open_and_settle (self, self->cid, "chat");
  g_assert_cmpuint (test_client_count (self->bob, "chat"), ==, 0);

  /* nor by a topic of that name that begins anew */
  wherry_relay_member_leave (self->ann->member, WHERRY_LEAVE_LEFT);
  wherry_relay_member_leave (self->cid->member, WHERRY_LEAVE_LEFT);
  settle (self);
  g_assert_cmpuint (count_topics (self), ==, 0);
  open_and_settle (self, g_ptr_array_index (self->relay.clients, 3), "chat");
  g_assert_cmpuint (test_client_count (self->bob, "chat"), ==, 0);

  /* but its own channel it may open */
  open_and_settle (self, self->bob, "chat");
}

/* Its own in place of the mirror: nothing lost, nothing twice, nothing overtaken. */
/* Nor if the topic ended while the member was closing it. */
static void
test_not_opened_again_later (Fixture *self, gconstpointer data)
{
  TestChannel *at_bob;

  open_and_settle (self, self->ann, "chat");
  at_bob = test_client_find (self->bob, "chat");
  wherry_channel_close (at_bob->channel);
  wherry_fake_stream_set_stalled (self->bob->end, TRUE); /* our half of the reset waits for it */
  settle (self);
  wherry_relay_member_leave (self->ann->member, WHERRY_LEAVE_LEFT);
  settle (self);
  g_assert_cmpuint (count_topics (self), ==, 0);
  wherry_fake_stream_set_stalled (self->bob->end, FALSE);
  settle (self);
  open_and_settle (self, self->cid, "chat");
  g_assert_cmpuint (test_client_count (self->bob, "chat"), ==, 0);
}

static void
test_own_replaces_mirror (Fixture *self, gconstpointer data)
{
  TestChannel *own = open_and_settle (self, self->ann, "chat");
  TestChannel *mirror = test_client_find (self->bob, "chat");
  TestChannel *at_bob;

  test_channel_send (own, "1");
  settle (self);
  at_bob = test_client_open (self->bob, "chat");
  wherry_fake_stream_set_stalled (self->bob->end, TRUE); /* the reset does not get through */
  test_channel_send (own, "2");
  settle (self);
  test_channel_send (own, "3");
  settle (self);
  test_channel_send (own, "4");
  settle (self);
  ASSERT_TEXT (mirror, "1");
  /* The relay has not sent 3 and 4: the mirror is not closed. */
  g_assert_cmpuint (wherry_fake_stream_get_n_sent (self->bob->relay_end), <=, 5);
  wherry_fake_stream_set_stalled (self->bob->end, FALSE);
  settle (self);
  g_assert_true (mirror->closed);
  g_assert_true (at_bob->open);
  {
    g_autofree char *before = test_channel_text (mirror);
    g_autofree char *after = test_channel_text (at_bob);
    g_autofree char *all = g_strconcat (before, " ", after, NULL);

    g_assert_cmpstr (all, ==, "1 2 3 4");
    g_assert_cmpstr (after, !=, "");
  }
  test_channel_send (at_bob, "from bob");
  settle (self);
  ASSERT_TEXT (own, "from bob");
  g_assert_cmpuint (test_client_count (self->bob, "chat"), ==, 1);
}

static void
test_newer_own_is_served (Fixture *self, gconstpointer data)
{
  TestChannel *own = open_and_settle (self, self->ann, "chat");
  TestChannel *older = open_and_settle (self, self->bob, "chat");
  TestChannel *newer;

  test_channel_send (own, "1");
  settle (self);
  newer = open_and_settle (self, self->bob, "chat");
  test_channel_send (own, "2");
  settle (self);
  ASSERT_TEXT (older, "1");
  ASSERT_TEXT (newer, "2");

  test_channel_send (older, "a");
  settle (self);
  test_channel_send (newer, "b");
  settle (self);
  ASSERT_TEXT (own, "a b");
  ASSERT_TEXT (older, "1"); /* it hears nothing of itself */

  wherry_channel_close (newer->channel);
  settle (self);
  test_channel_send (own, "3");
  settle (self);
  ASSERT_TEXT (older, "1 3");
  g_assert_cmpuint (test_client_count (self->bob, "chat"), ==, 1);
}

/* Lossy when every publisher is; opened anew when that changes. */
static void
test_lossy_mirror (Fixture *self, gconstpointer data)
{
  TestChannel *lossy = test_client_open_lossy (self->ann, "pos");
  TestChannel *reliable;
  TestChannel *first;
  TestChannel *second;

  settle (self);
  first = test_client_find (self->cid, "pos");
  g_assert_cmpint (wherry_channel_get_init (first->channel)->reliability, ==,
                   WHERRY_MAX_RETRANSMITS);
  g_assert_false (wherry_channel_get_init (first->channel)->ordered);
  test_channel_send (lossy, "1");
  settle (self);

  reliable = open_and_settle (self, self->bob, "pos");
  second = test_client_find (self->cid, "pos");
  g_assert_true (first->closed);
  g_assert_true (second != first);
  g_assert_cmpint (wherry_channel_get_init (second->channel)->reliability, ==, WHERRY_RELIABLE);
  g_assert_true (wherry_channel_get_init (second->channel)->ordered);
  test_channel_send (lossy, "2");
  test_channel_send (reliable, "3");
  settle (self);
  ASSERT_TEXT (first, "1");
  g_assert_cmpuint (second->messages->len, ==, 2);

  wherry_channel_close (reliable->channel);
  settle (self);
  g_assert_true (second->closed);
  g_assert_cmpuint (test_client_count (self->cid, "pos"), ==, 1);
  g_assert_cmpint (
      wherry_channel_get_init (test_client_find (self->cid, "pos")->channel)->reliability, ==,
      WHERRY_MAX_RETRANSMITS);
}

static void
test_rules (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  RelayFixture self;
  TestClient *ann;
  TestClient *bob;

  wherry_relay_config_add_rule (config, "silent", TRUE)->mirror = 0;
  wherry_relay_config_add_rule (config, "sure", TRUE)->mirror = 1;
  wherry_relay_config_add_rule (config, "fast", TRUE)->mirror = 2;
  relay_fixture_init (&self, config, FALSE);
  ann = test_client_connect (&self, "room", "ann");
  bob = test_client_connect (&self, "room", "bob");
  test_client_open (ann, "silent");
  test_client_open_lossy (ann, "sure");
  test_client_open (ann, "fast");
  relay_fixture_settle (&self);
  g_assert_null (test_client_find (bob, "silent"));
  g_assert_cmpint (wherry_channel_get_init (test_client_find (bob, "sure")->channel)->reliability,
                   ==, WHERRY_RELIABLE);
  g_assert_cmpint (wherry_channel_get_init (test_client_find (bob, "fast")->channel)->reliability,
                   ==, WHERRY_MAX_RETRANSMITS);
  relay_fixture_clear (&self);
}

/* A publisher that leaves at once: what it said, and the channel that it said it on, are heard. */
static void
test_said_and_gone (Fixture *self, gconstpointer data)
{
  TestChannel *own = test_client_open (self->ann, "will");

  test_channel_send (own, "1");
  test_channel_send (own, "2");
  wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (self->ann->end));
  settle (self);
  g_assert_true (self->ann->left);
  ASSERT_TEXT (test_client_find (self->bob, "will"), "1 2");
  ASSERT_TEXT (test_client_find (self->cid, "will"), "1 2");
  g_assert_true (test_client_find (self->bob, "will")->closed);
  g_assert_cmpuint (count_topics (self), ==, 0);
}

/* The same, but for the channel: it closes before the hub has heard of it. */
static void
test_said_and_closed (Fixture *self, gconstpointer data)
{
  TestChannel *own = test_client_open (self->ann, "will");

  test_channel_send (own, "1");
  wherry_channel_close (own->channel);
  settle (self);
  g_assert_true (own->closed);
  ASSERT_TEXT (test_client_find (self->bob, "will"), "1");
  g_assert_true (test_client_find (self->bob, "will")->closed);
  g_assert_cmpuint (count_topics (self), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/relay/mirror/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("everybody-hears", test_everybody_hears);
  ADD ("kind-is-kept", test_kind_is_kept);
  ADD ("made-like-the-publishers", test_made_like_the_publishers);
  ADD ("late-member", test_late_member);
  ADD ("no-mirror-wanted", test_no_mirror_wanted);
  ADD ("data-behind-the-open", test_data_behind_the_open);
  ADD ("mirror-publishes", test_mirror_publishes);
  ADD ("topic-ends", test_topic_ends);
  ADD ("mirror-keeps-the-topic", test_mirror_keeps_the_topic);
  ADD ("not-opened-again", test_not_opened_again);
  ADD ("not-opened-again-later", test_not_opened_again_later);
  ADD ("own-replaces-mirror", test_own_replaces_mirror);
  ADD ("newer-own-is-served", test_newer_own_is_served);
  ADD ("lossy-mirror", test_lossy_mirror);
  g_test_add_func ("/relay/mirror/rules", test_rules);
  ADD ("said-and-gone", test_said_and_gone);
  ADD ("said-and-closed", test_said_and_closed);
  return g_test_run ();
}
