/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "relay-fixture.h"

/* What a grant opens and what it does not, on members' own channels and on mirrored ones; its end;
 * kicks and bans. On one thread. */

#define STRV(...) ((const char *const[]){ __VA_ARGS__, NULL })

typedef struct
{
  RelayFixture relay;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  relay_fixture_init (&self->relay, NULL, FALSE);
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

/* Whoever joins next may publish and subscribe to these in room. */
static WherryGrant *
grant_next (Fixture *self, const char *const *publish, const char *const *subscribe)
{
  const WherryGrantInit init = { .subject = "subject",
                                 .rooms = STRV ("room"),
                                 .publish = publish,
                                 .subscribe = subscribe,
                                 .expires_us = WHERRY_GRANT_FOREVER };

  self->relay.grant = wherry_grant_new (&init, NULL);
  return self->relay.grant;
}

static TestClient *
connect_granted (Fixture *self, const char *name, const char *const *publish,
                 const char *const *subscribe)
{
  g_autoptr (WherryGrant) grant = grant_next (self, publish, subscribe);
  TestClient *client = test_client_connect (&self->relay, "room", name);

  self->relay.grant = NULL;
  return client;
}

static void
test_room (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryGrant) grant = grant_next (self, STRV ("**"), STRV ("**"));
  WherrySignalError code;

  g_assert_null (test_client_try_join (&self->relay, "other", "ann", TRUE, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_FORBIDDEN);
  g_assert_nonnull (test_client_try_join (&self->relay, "room", "ann", TRUE, &code));
}

static void
test_name (Fixture *self, gconstpointer data)
{
  const WherryGrantInit init
      = { .name = "Ann", .rooms = STRV ("*"), .expires_us = WHERRY_GRANT_FOREVER };
  g_autoptr (WherryGrant) grant = wherry_grant_new (&init, NULL);
  TestClient *ann;

  self->relay.grant = grant;
  ann = test_client_join (&self->relay, "room", "root", TRUE);
  g_assert_cmpstr (wherry_relay_member_get_name (ann->member), ==, "Ann");
}

/* Nobody hears it, it is counted, and who sent it is told, not for each. */
static void
test_publish (Fixture *self, gconstpointer data)
{
  TestClient *ann = connect_granted (self, "ann", STRV ("chat"), STRV ("**"));
  TestClient *bob = test_client_connect (&self->relay, "room", "bob");
  guint64 before = wherry_counter_get (WHERRY_COUNTER_MESSAGES_FORBIDDEN);
  TestChannel *notices = test_client_open (ann, "wherry:notices");
  TestChannel *chat, *state, *at_bob, *bobs;

  settle (self);
  state = test_client_open (ann, "state");
  chat = test_client_open (ann, "chat");
  test_channel_send (state, "early"); /* while the hub has not answered */
  settle (self);
  g_assert_true (state->open);
  g_assert_null (test_client_find (bob, "state")); /* a listener is no reason for a mirror */
  bobs = test_client_open (bob, "state");
  settle (self);
  test_channel_send (state, "no");
  test_channel_send (state, "never");
  test_channel_send (chat, "yes");
  test_channel_send (bobs, "mine");
  settle (self);
  at_bob = test_client_find (bob, "chat");
  ASSERT_TEXT (at_bob, "yes");
  ASSERT_TEXT (bobs, "");
  ASSERT_TEXT (state, "mine");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_MESSAGES_FORBIDDEN) - before, ==, 3);
  g_assert_cmpuint (notices->messages->len, ==, 1);
  {
    g_autofree char *text = test_channel_text (notices);

    g_assert_nonnull (strstr (text, "\"forbidden\""));
    g_assert_nonnull (strstr (text, "\"state\""));
  }
}

/* The mirror that the relay opened gives no right that a channel of its own would not have. */
static void
test_publish_on_mirror (Fixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (&self->relay, "room", "ann");
  TestClient *bob = connect_granted (self, "bob", NULL, STRV ("chat"));
  TestClient *cid = connect_granted (self, "cid", STRV ("chat"), STRV ("chat"));
  guint64 before = wherry_counter_get (WHERRY_COUNTER_MESSAGES_FORBIDDEN);
  TestChannel *own = test_client_open (ann, "chat");
  TestChannel *at_bob, *at_cid;

  settle (self);
  at_bob = test_client_find (bob, "chat");
  at_cid = test_client_find (cid, "chat");
  test_channel_send (at_bob, "no");
  test_channel_send (at_cid, "yes");
  settle (self);
  ASSERT_TEXT (own, "yes");
  ASSERT_TEXT (at_bob, "yes");
  ASSERT_TEXT (at_cid, "");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_MESSAGES_FORBIDDEN) - before, ==, 1);
}

/* No mirror towards it, and on its own channel it is heard and hears nothing; when another of its
 * channels with the label goes, too. */
static void
test_subscribe (Fixture *self, gconstpointer data)
{
  TestClient *ann = connect_granted (self, "ann", STRV ("**"), STRV ("chat"));
  TestClient *bob = test_client_connect (&self->relay, "room", "bob");
  TestChannel *bobs = test_client_open (bob, "secret");
  TestChannel *first, *second;

  settle (self);
  g_assert_null (test_client_find (ann, "secret"));
  first = test_client_open (ann, "secret");
  second = test_client_open (ann, "secret");
  settle (self);
  g_assert_true (first->open && second->open);
  test_channel_send (bobs, "hidden");
  test_channel_send (first, "heard");
  wherry_channel_close (second->channel);
  settle (self);
  test_channel_send (bobs, "still hidden");
  settle (self);
  ASSERT_TEXT (first, "");
  ASSERT_TEXT (second, "");
  ASSERT_TEXT (bobs, "heard");
  g_assert_null (test_client_find (ann, "secret"));
}

static void
test_neither (Fixture *self, gconstpointer data)
{
  TestClient *ann = connect_granted (self, "ann", STRV ("chat/*"), STRV ("chat/*"));
  guint64 before = wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED);
  TestChannel *secret = test_client_open (ann, "secret");

  settle (self);
  g_assert_true (secret->closed);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED) - before, ==, 1);
}

static void
test_expiry (Fixture *self, gconstpointer data)
{
  const WherryGrantInit init
      = { .rooms = STRV ("room"), .expires_us = g_get_real_time () + 100 * G_USEC_PER_SEC };
  g_autoptr (WherryGrant) grant = wherry_grant_new (&init, NULL);
  guint64 before = wherry_counter_get (WHERRY_COUNTER_LEFT_EXPIRED);
  TestClient *ann, *bob;

  self->relay.grant = grant;
  ann = test_client_connect (&self->relay, "room", "ann");
  self->relay.grant = NULL;
  bob = test_client_connect (&self->relay, "room", "bob");
  relay_fixture_advance (&self->relay, 98 * G_USEC_PER_SEC);
  settle (self);
  g_assert_false (ann->left);
  relay_fixture_advance (&self->relay, 2 * G_USEC_PER_SEC);
  settle (self);
  g_assert_true (ann->left);
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_EXPIRED);
  g_assert_cmpstr (bob->heard->str, ==, "-ann:expired ");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_LEFT_EXPIRED) - before, ==, 1);
}

static void
test_expired_before (Fixture *self, gconstpointer data)
{
  const WherryGrantInit init = { .rooms = STRV ("room"), .expires_us = g_get_real_time () - 1 };
  g_autoptr (WherryGrant) grant = wherry_grant_new (&init, NULL);
  WherrySignalError code;

  self->relay.grant = grant;
  g_assert_null (test_client_try_join (&self->relay, "room", "ann", TRUE, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_UNAUTHORIZED);
}

static void
test_kick (Fixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (&self->relay, "room", "ann");
  TestClient *bob = test_client_connect (&self->relay, "room", "bob");
  g_autofree char *id = g_strdup (ann->id);

  g_assert_false (wherry_relay_hub_kick (self->relay.relay, "0", WHERRY_LEAVE_KICKED));
  g_assert_true (wherry_relay_hub_kick (self->relay.relay, id, WHERRY_LEAVE_KICKED));
  g_assert_true (ann->left);
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_KICKED);
  g_assert_cmpstr (bob->heard->str, ==, "-ann:kicked ");
  g_assert_false (wherry_relay_hub_kick (self->relay.relay, id, WHERRY_LEAVE_KICKED));
}

static void
refuse_next (Fixture *self, const char *room, const char *name)
{
  WherrySignalError code;

  g_assert_null (test_client_try_join (&self->relay, room, name, TRUE, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_FORBIDDEN);
}

static void
test_ban_subject (Fixture *self, gconstpointer data)
{
  const WherryBanned who = { .subject = "subject", .room = "room" };
  g_autoptr (WherryGrant) grant = grant_next (self, NULL, NULL);
  TestClient *ann = test_client_join (&self->relay, "room", "ann", TRUE);
  TestClient *bob;
  guint n_left;

  self->relay.grant = NULL;
  bob = test_client_join (&self->relay, "room", "bob", TRUE);
  g_assert_true (wherry_relay_hub_ban (self->relay.relay, &who, 10, &n_left, NULL));
  g_assert_cmpuint (n_left, ==, 1);
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_BANNED);
  g_assert_false (bob->left);
  self->relay.grant = grant;
  refuse_next (self, "room", "under another name");
  relay_fixture_advance (&self->relay, 10);
  g_assert_nonnull (test_client_join (&self->relay, "room", "ann", TRUE));
}

static void
test_ban_address (Fixture *self, gconstpointer data)
{
  const WherryBanned who = { .address = "192.0.2.7" };
  g_autoptr (GError) error = NULL;
  TestClient *ann;

  self->relay.address = "::ffff:192.0.2.7";
  ann = test_client_join (&self->relay, "room", "ann", TRUE);
  g_assert_true (wherry_relay_hub_ban (self->relay.relay, &who, G_MAXINT64, NULL, NULL));
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_BANNED);
  refuse_next (self, "room", "ann");
  refuse_next (self, "elsewhere", "ann");
  self->relay.address = "192.0.2.8";
  g_assert_nonnull (test_client_join (&self->relay, "room", "bob", TRUE));
  self->relay.address = "192.0.2.7";
  g_assert_true (wherry_relay_hub_unban (self->relay.relay, &who));
  g_assert_false (wherry_relay_hub_unban (self->relay.relay, &who));
  g_assert_nonnull (test_client_join (&self->relay, "room", "ann", TRUE));

  g_assert_false (
      wherry_relay_hub_ban (self->relay.relay, &(WherryBanned){ .room = "room" }, 1, NULL, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
}

/* By what says most of it: its subject; its address; on loopback its name. */
static void
test_ban_member (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryGrant) grant = grant_next (self, NULL, NULL);
  TestClient *ann, *bob, *cid;

  self->relay.address = "192.0.2.7";
  ann = test_client_join (&self->relay, "room", "ann", TRUE);
  self->relay.grant = NULL;
  bob = test_client_join (&self->relay, "room", "bob", TRUE);
  g_assert_true (wherry_relay_member_ban (ann->member, 10));
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_BANNED);
  g_assert_false (bob->left);
  g_assert_true (wherry_relay_member_ban (bob->member, 10));
  refuse_next (self, "room", "cid");
  self->relay.address = NULL;
  cid = test_client_join (&self->relay, "room", "cid", TRUE);
  g_assert_true (wherry_relay_member_ban (cid->member, 10));
  refuse_next (self, "room", "cid");
  cid = test_client_join (&self->relay, "room", "another", TRUE);
  self->relay.grant = grant;
  refuse_next (self, "room", "ann");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/relay/rights/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("room", test_room);
  ADD ("name", test_name);
  ADD ("publish", test_publish);
  ADD ("publish/on-mirror", test_publish_on_mirror);
  ADD ("subscribe", test_subscribe);
  ADD ("neither", test_neither);
  ADD ("expiry", test_expiry);
  ADD ("expiry/before", test_expired_before);
  ADD ("kick", test_kick);
  ADD ("ban/subject", test_ban_subject);
  ADD ("ban/address", test_ban_address);
  ADD ("ban/member", test_ban_member);
  return g_test_run ();
}
