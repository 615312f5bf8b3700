/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay-fixture.h"

/* Attributes and last wills. */

static void
set_up (RelayFixture *self, gconstpointer data)
{
  relay_fixture_init (self, NULL, FALSE);
}

static void
tear_down (RelayFixture *self, gconstpointer data)
{
  relay_fixture_clear (self);
}

static TestClient *
join_with (RelayFixture *self, const char *name, const char *attributes, const char *topic,
           const char *will)
{
  g_autoptr (WherryMessage) message = NULL;
  WherryJoin join = { .room = "room", .name = name, .mirror = TRUE, .attributes = attributes };
  WherrySignalError code;

  if (will != NULL)
    message = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) will, strlen (will),
                                  wherry_relay_hub_get_budget (self->relay));
  join.will = message;
  join.will_topic = topic;
  return test_client_try_join_as (self, &join, &code);
}

static gboolean
set_attributes (TestClient *client, const char *attributes, const char *tag,
                WherrySignalError *code)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = wherry_relay_member_set_attributes (client->member, attributes, tag, code, &error);

  g_assert_true (ok == (error == NULL));
  return ok;
}

static void
append_attributes (const WherrySignalMemberRef *member, gpointer data)
{
  g_string_append_printf (data, "%s%s ", member->name,
                          member->attributes != NULL ? member->attributes : "");
}

static void
test_attributes (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = join_with (self, "ann", "{ \"a\":1}", NULL, NULL);
  TestClient *bob = join_with (self, "bob", NULL, NULL, NULL);
  TestClient *cid = join_with (self, "cid", "{\"c\":1.0}", NULL, NULL);
  g_autoptr (GString) others = g_string_new (NULL);
  WherrySignalError code;

  g_assert_true (set_attributes (bob, "{\"b\":[]}", "#7", &code));
  g_assert_true (set_attributes (ann, NULL, NULL, &code));
  g_assert_cmpstr (ann->heard->str, ==, "+bob +cid{\"c\":1.0} ~bob{\"b\":[]} ~ann ");
  g_assert_cmpstr (bob->heard->str, ==, "+cid{\"c\":1.0} ~bob{\"b\":[]}#7 ~ann ");
  g_assert_cmpstr (cid->heard->str, ==, "~bob{\"b\":[]} ~ann ");
  wherry_relay_member_foreach_other (cid->member, append_attributes, others);
  g_assert_cmpstr (others->str, ==, "ann bob{\"b\":[]} ");
  g_assert_cmpstr (wherry_relay_member_get_attributes (cid->member), ==, "{\"c\":1.0}");
}

/* What a token says counts, and a will needs the right to publish. */
static void
test_grant (RelayFixture *self, gconstpointer data)
{
  static const char *const rooms[] = { "room", NULL };
  static const char *const publish[] = { "news", NULL };
  const WherryGrantInit init = {
    .rooms = rooms,
    .publish = publish,
    .attributes = "{\"t\":1}",
    .expires_us = WHERRY_GRANT_FOREVER,
  };
  g_autoptr (WherryGrant) grant = wherry_grant_new (&init, NULL);
  g_autoptr (WherryMessage) will
      = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) "x", 1, NULL);
  WherryJoin join = {
    .room = "room",
    .name = "ann",
    .grant = grant,
    .attributes = "{\"own\":1}",
    .will = will,
    .will_topic = "other",
  };
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;
  TestClient *ann;

  g_assert_null (test_client_try_join_as (self, &join, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_FORBIDDEN);
  join.will_topic = "news";
  ann = test_client_try_join_as (self, &join, &code);
  g_assert_cmpstr (wherry_relay_member_get_attributes (ann->member), ==, "{\"t\":1}");
  g_assert_false (set_attributes (ann, "{}", NULL, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_FORBIDDEN);
  g_assert_cmpstr (wherry_relay_member_get_attributes (ann->member), ==, "{\"t\":1}");
  g_assert_cmpstr (ann->heard->str, ==, "");
}

/* What a room's attributes may take: at the join, at a change, and again once somebody left. */
static void
test_attributes_limit (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_ATTRIBUTES_REFUSED);
  const WherryJoin too_much
      = { .room = "room", .name = "eve", .attributes = "{\"e\":123}", .address = "127.0.0.1" };
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;
  TestClient *ann, *bob;
  RelayFixture self;

  config->attributes_per_room = 16;
  relay_fixture_init (&self, config, FALSE);
  ann = join_with (&self, "ann", "{\"a\":123}", NULL, NULL); /* 9 bytes */
  bob = join_with (&self, "bob", "{\"b\":1}", NULL, NULL);   /* 7 */
  g_assert_nonnull (bob);
  g_assert_null (test_client_try_join_as (&self, &too_much, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_ROOM_FULL);
  g_assert_false (set_attributes (bob, "{\"b\":12}", NULL, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_ROOM_FULL);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_ATTRIBUTES_REFUSED), ==, refused + 2);
  g_assert_true (set_attributes (bob, "{\"b\":2}", NULL, &code));
  g_assert_cmpstr (ann->heard->str, ==, "+bob{\"b\":1} ~bob{\"b\":2} ");
  wherry_relay_member_leave (ann->member, WHERRY_LEAVE_LEFT);
  g_assert_true (set_attributes (bob, "{\"b\":\"1234567\"}", NULL, &code));
  relay_fixture_clear (&self);
}

/* ---- wills ---- */

static TestClient *
connect_with_will (RelayFixture *self, const char *name, const char *topic, const char *will)
{
  TestClient *client = join_with (self, name, NULL, topic, will);

  test_client_start (client);
  test_client_wait_connected (client);
  return client;
}

static void
assert_text (TestChannel *channel, const char *expected)
{
  g_autofree char *text = test_channel_text (channel);

  g_assert_cmpstr (text, ==, expected);
}

/* Behind what it said itself, also what is still on its way when it fails. */
static void
test_will (RelayFixture *self, gconstpointer data)
{
  guint64 wills = wherry_counter_get (WHERRY_COUNTER_WILLS);
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = connect_with_will (self, "bob", "news", "bob is gone");
  TestChannel *own = test_client_open (ann, "news");
  TestChannel *news = test_client_open (bob, "news");

  relay_fixture_settle (self);
  test_channel_send (news, "1");
  relay_fixture_settle (self);
  test_channel_send (news, "2");
  wherry_fake_stream_end (bob->relay_end, WHERRY_TRANSPORT_FAILED, NULL);
  relay_fixture_settle (self);
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_FAILED);
  assert_text (own, "1 2 bob is gone");
  g_assert_cmpstr (ann->heard->str, ==, "+bob -bob:failed ");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_WILLS), ==, wills + 1);
}

/* On a topic that nobody else publishes on, to who only listens. */
static void
test_will_to_mirrors (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = connect_with_will (self, "bob", "status", "offline");
  TestChannel *status = test_client_open (bob, "status");

  relay_fixture_settle (self);
  test_channel_send (status, "online");
  relay_fixture_settle (self);
  wherry_fake_stream_end (bob->relay_end, WHERRY_TRANSPORT_FAILED, NULL);
  relay_fixture_settle (self);
  assert_text (test_client_find (ann, "status"), "online offline");
}

/* A will is for every end that the member did not choose, and for no other. */
static void
test_will_reasons (RelayFixture *self, gconstpointer data)
{
  static const struct
  {
    WherryLeaveReason reason;
    gboolean heard;
  } cases[] = {
    { WHERRY_LEAVE_LEFT, FALSE },     { WHERRY_LEAVE_SLOW, TRUE },
    { WHERRY_LEAVE_KICKED, TRUE },    { WHERRY_LEAVE_BANNED, TRUE },
    { WHERRY_LEAVE_TIMEOUT, TRUE },   { WHERRY_LEAVE_EXPIRED, TRUE },
    { WHERRY_LEAVE_REPLACED, FALSE }, { WHERRY_LEAVE_SHUTDOWN, FALSE },
  };
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestChannel *own = test_client_open (ann, "news");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TestClient *bob = connect_with_will (self, "bob", "news", "gone");
      TestChannel *news = test_client_open (bob, "news");

      relay_fixture_settle (self);
      g_ptr_array_set_size (own->messages, 0);
      test_channel_send (news, "said");
      relay_fixture_settle (self);
      wherry_relay_member_leave (bob->member, cases[i].reason);
      relay_fixture_settle (self);
      assert_text (own, cases[i].heard ? "said gone" : "said");
    }
}

/* Nor for one that was never connected, nor for who closes its connection. */
static void
test_no_will (RelayFixture *self, gconstpointer data)
{
  guint64 wills = wherry_counter_get (WHERRY_COUNTER_WILLS);
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestChannel *own = test_client_open (ann, "news");
  TestClient *bob = connect_with_will (self, "bob", "news", "gone");

  join_with (self, "cid", NULL, "news", "never here");
  relay_fixture_advance (self, WHERRY_CONNECT_LIMIT_US);
  wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (bob->end));
  relay_fixture_settle (self);
  g_assert_cmpstr (ann->heard->str, ==, "+bob +cid -cid:timeout -bob:left ");
  assert_text (own, "");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_WILLS), ==, wills);
}

static void
test_will_too_large (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  g_autofree char *large = g_strnfill (1025, 'x');
  RelayFixture self;

  config->max_message_size = 1024;
  relay_fixture_init (&self, config, FALSE);
  g_assert_null (join_with (&self, "ann", NULL, "news", large));
  g_assert_nonnull (join_with (&self, "ann", NULL, "news", large + 1));
  relay_fixture_clear (&self);
}

/* ---- coming back ---- */

static TestClient *
join_resumable (RelayFixture *self, const char *address, const char *token, const char *attributes,
                const char *will)
{
  g_autoptr (WherryMessage) message = NULL;
  WherryJoin join = {
    .room = "room",
    .name = "bob",
    .mirror = TRUE,
    .address = address,
    .resumable = TRUE,
    .resume = token,
    .attributes = attributes,
    .will_topic = "news",
  };
  WherrySignalError code;

  message = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) will, strlen (will), NULL);
  join.will = message;
  return test_client_try_join_as (self, &join, &code);
}

/* From another address, with something else to say; its will is not for being away. */
static void
test_resume (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestChannel *own = test_client_open (ann, "news");
  TestClient *bob = join_resumable (self, "192.0.2.1", NULL, "{\"n\":1}", "first");
  g_autofree char *token = NULL;

  test_client_start (bob);
  test_client_wait_connected (bob);
  token = wherry_relay_member_issue_resume (bob->member);
  wherry_fake_stream_end (bob->relay_end, WHERRY_TRANSPORT_FAILED, NULL);
  relay_fixture_settle (self);
  bob = join_resumable (self, "192.0.2.2", token, "{\"n\":2}", "second");
  g_assert_nonnull (bob);
  g_assert_cmpstr (bob->heard->str, ==, "");
  g_assert_cmpstr (wherry_relay_member_get_attributes (bob->member), ==, "{\"n\":2}");
  g_assert_nonnull (strstr (ann->heard->str, "~bob{\"n\":2} "));
  test_client_start (bob);
  test_client_wait_connected (bob);
  assert_text (own, "");
  wherry_relay_member_leave (bob->member, WHERRY_LEAVE_KICKED);
  relay_fixture_settle (self);
  assert_text (own, "second");
  /* the fixture's end asserts that no address is counted any more */
}

/* It came back, and has no connection yet: its will counts, if its token still allows it. */
static void
resume_and_go (RelayFixture *self, gboolean with_less, const char *expected)
{
  static const char *const everything[] = { "**", NULL };
  WherryGrantInit init = {
    .subject = "bob",
    .rooms = everything,
    .publish = everything,
    .expires_us = WHERRY_GRANT_FOREVER,
  };
  g_autoptr (WherryGrant) more = wherry_grant_new (&init, NULL);
  g_autoptr (WherryGrant) less = NULL;
  g_autoptr (WherryMessage) will
      = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) "gone", 4, NULL);
  WherryJoin join = {
    .room = "room",
    .name = "bob",
    .resumable = TRUE,
    .grant = more,
    .will = will,
    .will_topic = "news",
  };
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestChannel *own = test_client_open (ann, "news");
  g_autofree char *token = NULL;
  WherrySignalError code;
  TestClient *bob = test_client_try_join_as (self, &join, &code);

  test_client_start (bob);
  test_client_wait_connected (bob);
  token = wherry_relay_member_issue_resume (bob->member);
  init.publish = with_less ? NULL : everything;
  join.grant = less = wherry_grant_new (&init, NULL);
  join.resume = token;
  join.will = NULL;
  wherry_fake_stream_end (bob->relay_end, WHERRY_TRANSPORT_FAILED, NULL);
  relay_fixture_settle (self);
  bob = test_client_try_join_as (self, &join, &code);
  g_assert_nonnull (bob);
  wherry_relay_member_leave (bob->member, WHERRY_LEAVE_KICKED);
  relay_fixture_settle (self);
  assert_text (own, expected);
}

static void
test_resume_unconnected (RelayFixture *self, gconstpointer data)
{
  resume_and_go (self, FALSE, "gone");
}

static void
test_resume_with_less (RelayFixture *self, gconstpointer data)
{
  resume_and_go (self, TRUE, "");
}

/* While the connection that it takes the place of ends, the room goes on. */
static void
test_take_over (RelayFixture *self, gconstpointer data)
{
  g_autoptr (GString) others = g_string_new (NULL);
  g_autofree char *token = NULL;
  TestClient *bob, *back;

  test_client_connect (self, "room", "ann");
  bob = join_resumable (self, NULL, NULL, "{}", "gone");
  test_client_start (bob);
  test_client_wait_connected (bob);
  token = wherry_relay_member_issue_resume (bob->member);
  back = join_resumable (self, NULL, token, "{}", "gone");
  test_client_join (self, "room", "cid", TRUE);
  g_assert_false (wherry_relay_member_is_ready (back->member));
  relay_fixture_settle (self);
  g_assert_true (wherry_relay_member_is_ready (back->member));
  g_assert_cmpstr (back->heard->str, ==, ""); /* it is told by joined */
  wherry_relay_member_foreach_other (back->member, append_attributes, others);
  g_assert_cmpstr (others->str, ==, "ann cid ");
  test_client_join (self, "room", "dan", TRUE);
  g_assert_cmpstr (back->heard->str, ==, "+dan ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add ("/relay/presence/" path, RelayFixture, NULL, set_up, func, tear_down)
  ADD ("attributes", test_attributes);
  g_test_add_func ("/relay/presence/attributes-limit", test_attributes_limit);
  ADD ("grant", test_grant);
  ADD ("will", test_will);
  ADD ("will-to-mirrors", test_will_to_mirrors);
  ADD ("will-reasons", test_will_reasons);
  ADD ("no-will", test_no_will);
  g_test_add_func ("/relay/presence/will-too-large", test_will_too_large);
  ADD ("resume", test_resume);
  ADD ("resume-unconnected", test_resume_unconnected);
  ADD ("resume-with-less", test_resume_with_less);
  ADD ("take-over", test_take_over);
  return g_test_run ();
}
