/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay-fixture.h"

/* Full outboxes: who waits, what is dropped, who leaves. One thread, virtual time. */

#define HIGH (64u * 1024u)
#define LOW (16u * 1024u)
#define SIZE 1000u
#define CHARGE (SIZE + WHERRY_MESSAGE_OVERHEAD)
/* Between a client and the relay, one way. */
#define WINDOW (8u * 1024u)

static WherryRelayConfig *
make_config (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();

  config->outbox.outbox_high = HIGH;
  config->outbox.outbox_low = LOW;
  return config;
}

static TestClient *
connect_client (RelayFixture *self, const char *room, const char *name)
{
  TestClient *client = test_client_join (self, room, name, TRUE);

  client->options.window = WINDOW;
  test_client_start (client);
  test_client_wait_connected (client);
  return client;
}

static void
set_up (RelayFixture *self, gconstpointer data)
{
  relay_fixture_init (self, make_config (), FALSE);
}

static void
tear_down (RelayFixture *self, gconstpointer data)
{
  relay_fixture_clear (self);
}

/* Sends what the way takes until it takes no more or n are sent. Returns the next number. */
static guint32
pump (TestChannel *channel, guint32 from, guint32 n)
{
  for (guint32 i = 0; i < n; i++)
    {
      if (test_channel_send_number (channel, from, SIZE) != WHERRY_SEND_OK)
        {
          relay_fixture_settle (channel->client->fixture);
          if (test_channel_send_number (channel, from, SIZE) != WHERRY_SEND_OK)
            break;
        }
      from++;
    }
  relay_fixture_settle (channel->client->fixture);
  return from;
}

static void
assert_complete (TestChannel *channel, guint32 n)
{
  g_assert_cmpuint (channel->messages->len, ==, n);
  for (guint32 i = 0; i < n; i++)
    g_assert_cmpuint (test_channel_number (channel, i), ==, i);
}

static void
test_slow_leaves (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = connect_client (self, "room", "ann");
  TestClient *bob = connect_client (self, "room", "bob");
  TestClient *cid = connect_client (self, "room", "cid");
  TestChannel *own = test_client_open (ann, "t");
  guint64 slow = wherry_counter_get (WHERRY_COUNTER_LEFT_SLOW);
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;
  TestChannel *at_cid;
  guint32 sent;

  relay_fixture_settle (self);
  at_cid = test_client_find (cid, "t");
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  sent = pump (own, 0, 10000);

  /* bounded: bob's outbox, what is on both ways, and one more message */
  g_assert_cmpuint (sent * CHARGE, <=, HIGH + 2 * WINDOW + 4 * CHARGE);
  g_assert_cmpuint (sent * CHARGE, >=, HIGH);
  g_assert_true (wherry_fake_stream_is_paused (ann->relay_end));
  relay_fixture_advance (self, 2900 * 1000);
  g_assert_cmpuint (pump (own, sent, 10000), ==, sent); /* the publisher's way stays closed */
  g_assert_false (bob->left);

  relay_fixture_advance (self, 200 * 1000);
  g_assert_true (bob->left);
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_SLOW);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_LEFT_SLOW), ==, slow + 1);
  g_assert_false (wherry_fake_stream_is_paused (ann->relay_end));
  g_assert_cmpuint (pump (own, sent, 500), ==, sent + 500);
  assert_complete (at_cid, sent + 500);
  g_assert_false (ann->left || cid->left);
  g_assert_cmpstr (cid->heard->str, ==, "-bob:slow ");

  /* the others have peace of it for one window */
  g_assert_null (test_client_try_join (self, "room", "bob", TRUE, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RATE_LIMITED);
  g_assert_nonnull (test_client_join (self, "hall", "bob", TRUE));
  relay_fixture_advance (self, 30 * G_USEC_PER_SEC);
  g_assert_nonnull (test_client_join (self, "room", "bob", TRUE));
}

/* What it took meanwhile is not enough to stay. */
static void
test_one_message_a_second (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = connect_client (self, "room", "ann");
  TestClient *bob = connect_client (self, "room", "bob");
  TestChannel *own = test_client_open (ann, "t");
  guint32 sent = 0;
  guint seconds = 0;

  relay_fixture_settle (self);
  bob->one_at_a_time = TRUE;
  for (; seconds < 20 && !bob->left; seconds++)
    {
      wherry_fake_stream_set_stalled (bob->end, FALSE);
      sent = pump (own, sent, 1000);
      relay_fixture_advance (self, G_USEC_PER_SEC);
    }
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_SLOW);
  g_assert_cmpuint (seconds, >=, 3);
  g_assert_cmpuint (seconds, <=, 5);
}

/* A publisher that is faster than its receiver: always blocked, nobody's fault. */
static void
test_receiver_that_reads_stays (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = connect_client (self, "room", "ann");
  TestClient *bob = connect_client (self, "room", "bob");
  TestChannel *own = test_client_open (ann, "t");
  guint64 pauses = wherry_counter_get (WHERRY_COUNTER_PAUSES);
  guint32 sent = 0;

  relay_fixture_settle (self);
  bob->one_at_a_time = TRUE;
  for (guint i = 0; i < 60 * 100; i++) /* a minute, 100 messages a second */
    {
      sent = pump (own, sent, 100);
      wherry_fake_stream_set_stalled (bob->end, FALSE);
      relay_fixture_advance (self, G_USEC_PER_SEC / 100);
    }
  g_assert_false (bob->left);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_PAUSES), >, pauses + 10);
  assert_complete (test_client_find (bob, "t"), test_client_find (bob, "t")->messages->len);
  g_assert_cmpuint (test_client_find (bob, "t")->messages->len, >, 5000);
}

/* Two that each stop reading while their sending is blocked: one of them leaves. */
static void
test_cycle (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = connect_client (self, "room", "ann");
  TestClient *bob = connect_client (self, "room", "bob");
  TestChannel *from_ann = test_client_open (ann, "t");
  TestChannel *from_bob = test_client_open (bob, "t");

  relay_fixture_settle (self);
  wherry_fake_stream_set_stalled (ann->end, TRUE);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  pump (from_ann, 0, 1000);
  pump (from_bob, 0, 1000);
  g_assert_true (wherry_fake_stream_is_paused (ann->relay_end));
  g_assert_true (wherry_fake_stream_is_paused (bob->relay_end));
  relay_fixture_advance (self, 2900 * 1000);
  g_assert_false (ann->left || bob->left);
  relay_fixture_advance (self, 300 * 1000);
  g_assert_true (ann->left != bob->left); /* one, not both */
  g_assert_cmpint (ann->left ? ann->reason : bob->reason, ==, WHERRY_LEAVE_SLOW);
  relay_fixture_advance (self, 60 * G_USEC_PER_SEC);
  g_assert_true (ann->left != bob->left); /* and nobody waits for the other */
}

/* Of two slow ones one leaves, and the clock of the other begins anew; other rooms have their own.
 */
static void
test_clocks_restart (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = connect_client (self, "room", "ann");
  TestClient *bob = connect_client (self, "room", "bob");
  TestClient *cid = connect_client (self, "room", "cid");
  TestClient *eve = connect_client (self, "another room", "eve");
  TestClient *fay = connect_client (self, "another room", "fay");
  TestChannel *own = test_client_open (ann, "t");
  TestChannel *own_2 = test_client_open (eve, "t");

  relay_fixture_settle (self);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  wherry_fake_stream_set_stalled (cid->end, TRUE);
  wherry_fake_stream_set_stalled (fay->end, TRUE);
  pump (own, 0, 1000);
  relay_fixture_advance (self, G_USEC_PER_SEC);
  pump (own_2, 0, 1000);
  relay_fixture_advance (self, 2100 * 1000);
  g_assert_true (bob->left != cid->left);
  g_assert_false (fay->left);

  relay_fixture_advance (self, 1000 * 1000);
  g_assert_cmpint (fay->reason, ==, WHERRY_LEAVE_SLOW); /* nobody restarted hers */
  relay_fixture_advance (self, 1800 * 1000);
  g_assert_true (bob->left != cid->left);
  relay_fixture_advance (self, 300 * 1000);
  g_assert_true (bob->left && cid->left);
  g_assert_false (ann->left || eve->left);
}

/* Two replace their mirrors at once and are both full before they are through: each one's mirror
 * ends with a reset that comes in on an association that waits for the other. */
static void
test_full_while_replacing (RelayFixture *self, gconstpointer data)
{
  TestClient *cid = connect_client (self, "room", "cid");
  TestClient *ann = connect_client (self, "room", "ann");
  TestClient *bob = connect_client (self, "room", "bob");
  TestChannel *from_ann;
  TestChannel *from_bob;
  guint32 by_ann;
  guint32 by_bob;

  test_client_open (cid, "t");
  relay_fixture_settle (self);
  g_assert_nonnull (test_client_find (ann, "t"));
  wherry_fake_stream_set_stalled (ann->end, TRUE);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  from_ann = test_client_open (ann, "t");
  from_bob = test_client_open (bob, "t");
  by_ann = pump (from_ann, 0, 1000);
  by_bob = pump (from_bob, 0, 1000);
  g_assert_true (wherry_fake_stream_is_paused (ann->relay_end));
  g_assert_true (wherry_fake_stream_is_paused (bob->relay_end));

  wherry_fake_stream_set_stalled (ann->end, FALSE);
  wherry_fake_stream_set_stalled (bob->end, FALSE);
  relay_fixture_settle (self);
  g_assert_true (wherry_fake_stream_is_paused (ann->relay_end)); /* or this tests nothing */
  g_assert_true (wherry_fake_stream_is_paused (bob->relay_end));
  relay_fixture_advance (self, 10 * G_USEC_PER_SEC);
  g_assert_false (ann->left || bob->left);
  assert_complete (from_bob, by_ann);
  assert_complete (from_ann, by_bob);
}

/* The same, but one never resets its half: it is read on in its favor by so much and no more. */
static void
test_never_resets (RelayFixture *self, gconstpointer data)
{
  TestClient *cid = connect_client (self, "room", "cid");
  TestClient *ann = connect_client (self, "room", "ann");
  TestChannel *at_cid = test_client_open (cid, "t");
  TestChannel *own;
  guint32 sent;

  relay_fixture_settle (self);
  wherry_fake_stream_set_stalled (ann->end, TRUE);
  own = test_client_open (ann, "t");
  relay_fixture_settle (self);
  wherry_fake_stream_set_stalled (cid->end, TRUE);
  sent = pump (own, 0, 10000);
  for (guint i = 0; i < 29 && !cid->left; i++)
    {
      relay_fixture_advance (self, G_USEC_PER_SEC / 10);
      sent = pump (own, sent, 10000);
    }
  g_assert_false (cid->left);
  g_assert_cmpuint (sent * CHARGE, >, HIGH + WHERRY_SCTP_RCVBUF);
  g_assert_cmpuint (sent * CHARGE, <, HIGH + 6 * (WHERRY_SCTP_RCVBUF + 2 * CHARGE) + 4 * WINDOW);
  wherry_fake_stream_set_stalled (cid->end, FALSE);
  relay_fixture_settle (self);
  assert_complete (at_cid, sent);
}

static void
test_lossy_is_fresh (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = connect_client (self, "room", "ann");
  TestClient *bob = connect_client (self, "room", "bob");
  TestChannel *own = test_client_open (ann, "t");
  TestChannel *at_bob = test_client_open_lossy (bob, "t");
  guint64 dropped = wherry_counter_get (WHERRY_COUNTER_DROPPED_OLDEST);
  guint32 sent;

  relay_fixture_settle (self);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  sent = pump (own, 0, 1000);
  g_assert_cmpuint (sent, ==, 1000); /* it holds up nobody */
  relay_fixture_advance (self, 10 * G_USEC_PER_SEC);
  g_assert_false (bob->left);
  wherry_fake_stream_set_stalled (bob->end, FALSE);
  relay_fixture_settle (self);

  g_assert_cmpuint (at_bob->messages->len, <=, (HIGH + WINDOW) / CHARGE + 2);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DROPPED_OLDEST), ==,
                    dropped + 1000 - at_bob->messages->len);
  for (guint i = 1; i <= HIGH / CHARGE; i++) /* the newest, all of them, in order */
    g_assert_cmpuint (test_channel_number (at_bob, at_bob->messages->len - i), ==, 1000 - i);
}

/* What a publisher's association had acknowledged reaches those that read, even though it waited.
 */
static void
test_publisher_aborts_while_paused (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = connect_client (self, "room", "ann");
  TestClient *bob = connect_client (self, "room", "bob");
  TestClient *cid = connect_client (self, "room", "cid");
  TestChannel *own = test_client_open (ann, "t");
  guint32 sent;

  relay_fixture_settle (self);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  sent = pump (own, 0, 1000);
  g_assert_true (wherry_fake_stream_is_paused (ann->relay_end));
  wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (ann->end));
  relay_fixture_settle (self);
  g_assert_true (ann->left);
  assert_complete (test_client_find (cid, "t"), sent);
  wherry_fake_stream_set_stalled (bob->end, FALSE);
  relay_fixture_settle (self);
  assert_complete (test_client_find (bob, "t"), sent);
  relay_fixture_advance (self, 10 * G_USEC_PER_SEC);
  g_assert_false (bob->left); /* nobody waits for it any more */
}

/* The same when it leaves, though nothing of its connection fails. */
static void
test_publisher_leaves_while_paused (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = connect_client (self, "room", "ann");
  TestClient *bob = connect_client (self, "room", "bob");
  TestClient *cid = connect_client (self, "room", "cid");
  TestChannel *own = test_client_open (ann, "t");
  guint32 sent;

  relay_fixture_settle (self);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  sent = pump (own, 0, 1000);
  g_assert_true (wherry_fake_stream_is_paused (ann->relay_end));
  wherry_relay_member_leave (ann->member, WHERRY_LEAVE_LEFT);
  relay_fixture_settle (self);
  assert_complete (test_client_find (cid, "t"), sent);
  wherry_fake_stream_set_stalled (bob->end, FALSE);
  relay_fixture_settle (self);
  assert_complete (test_client_find (bob, "t"), sent);
}

/* The mirror's reset is answered behind what is not read, and it was not read before. */
static void
test_mirror_replaced_while_paused (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = connect_client (self, "room", "ann");
  TestClient *bob = connect_client (self, "room", "bob");
  TestClient *cid = connect_client (self, "room", "cid");
  TestChannel *own = test_client_open (ann, "t");

  test_client_open_lossy (cid, "u");
  relay_fixture_settle (self);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  pump (own, 0, 1000);
  pump (test_client_open (cid, "u"), 0, 1);
  relay_fixture_advance (self, 700 * 1000);
  assert_complete (test_client_find (ann, "u"), 1);
  g_assert_false (bob->left);
}

/* The process is full, no outbox is: who takes nothing at all goes, and only then. */
static void
test_budget (void)
{
  WherryRelayConfig *config = make_config ();
  TestClient *ann;
  TestClient *bob;
  TestClient *eve;
  TestClient *fay;
  TestChannel *own;
  TestChannel *own_2;
  RelayFixture self;
  guint32 sent;
  guint32 sent_2;

  config->outbox.outbox_high = 1024 * 1024;
  config->memory_budget = 128 * 1024;
  relay_fixture_init (&self, config, FALSE);
  ann = connect_client (&self, "room", "ann");
  bob = connect_client (&self, "room", "bob");
  eve = connect_client (&self, "another room", "eve");
  fay = connect_client (&self, "another room", "fay");
  own = test_client_open (ann, "t");
  own_2 = test_client_open (eve, "t");
  relay_fixture_settle (&self);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  sent = pump (own, 0, 1000);
  g_assert_cmpuint (sent, <, 1000);
  g_assert_cmpuint (wherry_budget_get_used (wherry_relay_hub_get_budget (self.relay)), <,
                    config->memory_budget + 4 * WINDOW);
  sent_2 = pump (own_2, 0, 1000);
  g_assert_cmpuint (sent_2, <, 100); /* everybody waits: there is no memory */
  relay_fixture_advance (&self, 2900 * 1000);
  g_assert_false (bob->left);
  relay_fixture_advance (&self, 300 * 1000);
  g_assert_true (bob->left);
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_SLOW);
  g_assert_false (ann->left || eve->left || fay->left);
  /* there is room again (fay has read what these test messages were charged for) */
  g_ptr_array_set_size (test_client_find (fay, "t")->messages, 0);
  g_assert_cmpuint (pump (own_2, sent_2, 5), ==, sent_2 + 5);
  relay_fixture_clear (&self);
}

static void
test_echo (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = connect_client (self, "echo", "ann");
  TestClient *bob = connect_client (self, "echo", "bob");
  TestChannel *a = test_client_open (ann, "cat-noises");
  TestChannel *b = test_client_open (ann, "cat-noises");
  TestChannel *c = test_client_open (bob, "cat-noises");

  test_channel_send (a, "miaow");
  relay_fixture_settle (self);
  test_channel_send (b, "purr");
  test_channel_send (b, "");
  relay_fixture_settle (self);
  ASSERT_TEXT (a, "miaow");
  ASSERT_TEXT (b, "purr ");
  ASSERT_TEXT (c, "");
  g_assert_null (test_client_find (bob, "cat-noises"));
  wherry_channel_close (a->channel);
  relay_fixture_settle (self);
  g_assert_true (a->closed);
  test_channel_send (b, "hiss");
  relay_fixture_settle (self);
  ASSERT_TEXT (b, "purr  hiss");
}

/* An echo that its sender does not read stops that sender. */
static void
test_echo_is_bounded (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = connect_client (self, "echo", "ann");
  TestChannel *a = test_client_open (ann, "x");
  guint32 sent;

  relay_fixture_settle (self);
  wherry_fake_stream_set_stalled (ann->end, TRUE);
  sent = pump (a, 0, 1000);
  g_assert_cmpuint (sent * CHARGE, <=, HIGH + 2 * WINDOW + 4 * CHARGE);
  wherry_fake_stream_set_stalled (ann->end, FALSE);
  relay_fixture_settle (self);
  sent = pump (a, sent, 500);
  assert_complete (a, sent);
  relay_fixture_advance (self, 10 * G_USEC_PER_SEC);
  g_assert_false (ann->left);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add ("/relay/flow/" path, RelayFixture, NULL, set_up, func, tear_down)
  ADD ("slow-leaves", test_slow_leaves);
  ADD ("one-message-a-second", test_one_message_a_second);
  ADD ("receiver-that-reads-stays", test_receiver_that_reads_stays);
  ADD ("cycle", test_cycle);
  ADD ("clocks-restart", test_clocks_restart);
  ADD ("full-while-replacing", test_full_while_replacing);
  ADD ("never-resets", test_never_resets);
  ADD ("lossy-is-fresh", test_lossy_is_fresh);
  ADD ("publisher-aborts-while-paused", test_publisher_aborts_while_paused);
  ADD ("mirror-replaced-while-paused", test_mirror_replaced_while_paused);
  ADD ("publisher-leaves-while-paused", test_publisher_leaves_while_paused);
  g_test_add_func ("/relay/flow/budget", test_budget);
  ADD ("echo", test_echo);
  ADD ("echo-is-bounded", test_echo_is_bounded);
  return g_test_run ();
}
