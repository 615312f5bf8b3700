/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay-fixture.h"
#include "wire/wherry-frame.h"

/* How many, and how fast: each limit is reached. One thread, virtual time. */

#define ELSEWHERE "192.0.2.1"
#define SIZE 100u
/* Between a client and the relay, one way: two messages. */
#define WINDOW (2 * (SIZE + 256u))

static WherryRelayConfig *
make_config (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();

  config->message_rate = 10;
  return config;
}

static TestClient *
connect_from (RelayFixture *self, const char *address, const char *name)
{
  TestClient *client;

  self->address = address;
  client = test_client_join (self, "room", name, TRUE);
  client->options.window = WINDOW;
  test_client_start (client);
  test_client_wait_connected (client);
  return client;
}

static gboolean
may_join (RelayFixture *self, const char *room, const char *name, const char *address,
          WherrySignalError expected)
{
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;

  self->address = address;
  if (test_client_try_join (self, room, name, TRUE, &code) != NULL)
    return TRUE;
  g_assert_cmpint (code, ==, expected);
  return FALSE;
}

/* ---- how many ---- */

static void
test_rooms (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_ROOMS_REFUSED);
  RelayFixture self;
  TestClient *ann;

  config->max_rooms = 2;
  relay_fixture_init (&self, config, FALSE);
  ann = test_client_join (&self, "a", "ann", TRUE);
  g_assert_true (may_join (&self, "b", "bob", NULL, WHERRY_SIGNAL_ERROR_NONE));
  g_assert_false (may_join (&self, "c", "cid", NULL, WHERRY_SIGNAL_ERROR_SERVER_FULL));
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_ROOMS_REFUSED), ==, refused + 1);
  g_assert_true (may_join (&self, "b", "cid", NULL, WHERRY_SIGNAL_ERROR_NONE));
  wherry_relay_member_leave (ann->member, WHERRY_LEAVE_LEFT);
  g_assert_true (may_join (&self, "c", "ann", NULL, WHERRY_SIGNAL_ERROR_NONE));
  relay_fixture_clear (&self);
}

static void
test_addresses (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_ADDRESSES_REFUSED);
  const WherrySignalError code = WHERRY_SIGNAL_ERROR_RATE_LIMITED;
  RelayFixture self;
  TestClient *ann;

  config->members_per_address = 2;
  relay_fixture_init (&self, config, FALSE);
  self.address = ELSEWHERE;
  ann = test_client_join (&self, "a", "ann", TRUE);
  g_assert_true (may_join (&self, "b", "bob", "::ffff:192.0.2.1", code));
  g_assert_false (may_join (&self, "c", "cid", ELSEWHERE, code));
  g_assert_true (may_join (&self, "c", "cid", "192.0.2.2", code));
  g_assert_true (may_join (&self, "c", "1", "2001:db8::1", code));
  g_assert_true (may_join (&self, "c", "2", "2001:db8::2:1", code));
  g_assert_false (may_join (&self, "c", "3", "2001:db8::3", code));
  g_assert_true (may_join (&self, "c", "4", "2001:db8:0:1::3", code));
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_ADDRESSES_REFUSED), ==, refused + 2);
  wherry_relay_member_leave (ann->member, WHERRY_LEAVE_LEFT);
  g_assert_true (may_join (&self, "c", "ann", ELSEWHERE, code));
  for (guint i = 0; i < 3; i++)
    g_assert_true (may_join (&self, "c", "local", i % 2 == 0 ? "127.0.0.1" : "::1", code));
  relay_fixture_clear (&self);
}

static void
test_topics (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_TOPICS_REFUSED);
  g_autofree char *notice = NULL;
  TestChannel *notices, *a, *c;
  TestClient *ann, *bob;
  RelayFixture self;

  config->topics_per_member = 2;
  relay_fixture_init (&self, config, FALSE);
  ann = test_client_connect (&self, "room", "ann");
  bob = test_client_connect (&self, "room", "bob");
  notices = test_client_open (ann, WHERRY_LABEL_NOTICES);
  a = test_client_open (ann, "a");
  test_client_open (ann, "b");
  relay_fixture_settle (&self);
  c = test_client_open (ann, "c");
  relay_fixture_settle (&self);
  g_assert_true (c->closed && !a->closed);
  notice = test_channel_text (notices);
  g_assert_nonnull (strstr (notice, "\"forbidden\""));
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_TOPICS_REFUSED), ==, refused + 1);

  /* one that somebody else began, and one instead of one that is over */
  test_client_open (bob, "d");
  relay_fixture_settle (&self);
  g_assert_false (test_client_open (ann, "d")->closed);
  wherry_channel_close (a->channel);
  relay_fixture_settle (&self);
  c = test_client_open (ann, "c");
  relay_fixture_settle (&self);
  g_assert_false (c->closed);
  relay_fixture_clear (&self);
}

/* The next that the hub hears it hears late: the connections have many turns before it. */
static void
keep_busy (RelayFixture *self)
{
  for (guint i = 0; i < 100 * WHERRY_DISPATCH_BATCH; i++)
    {
      WherryPortRequest *request = g_new0 (WherryPortRequest, 1);

      request->type = WHERRY_PORT_WATCH;
      wherry_inbox_post_urgent (self->relay->inbox, request);
    }
}

/* Channels that were closed before the hub heard of them are no topics too many: never is there
 * more than one. What was said on them is heard. */
static void
test_topics_gone (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_TOPICS_REFUSED);
  TestClient *ann, *bob;
  guint heard = 0;
  TestChannel *last;
  RelayFixture self;

  config->topics_per_member = 2;
  relay_fixture_init (&self, config, FALSE);
  ann = test_client_connect (&self, "room", "ann");
  bob = test_client_connect (&self, "room", "bob");
  keep_busy (&self);
  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *label = g_strdup_printf ("t%u", i % 6);
      TestChannel *own = test_client_open (ann, label);

      g_assert_cmpint (test_channel_send (own, label), ==, WHERRY_SEND_OK);
      wherry_channel_close (own->channel);
      WHERRY_WAIT_UNTIL (NULL, own->closed);
    }
  g_assert_cmpuint (ann->member->n_topics, ==, 0);
  relay_fixture_settle (&self);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_TOPICS_REFUSED), ==, refused);
  g_assert_cmpuint (ann->member->n_topics, ==, 0);
  for (guint i = 0; i < bob->channels->len; i++)
    heard += ((TestChannel *) g_ptr_array_index (bob->channels, i))->messages->len;
  g_assert_cmpuint (heard, ==, 12);

  /* and it counts on as before */
  test_client_open (ann, "a");
  test_client_open (ann, "b");
  last = test_client_open (ann, "c");
  relay_fixture_settle (&self);
  g_assert_true (last->closed);
  g_assert_cmpuint (ann->member->n_topics, ==, 2);
  relay_fixture_clear (&self);
}

/* ---- how fast ---- */

/* Sends until n are sent or the way takes no more. Returns how many there were. */
static guint32
pump (TestChannel *channel, guint32 from, guint32 n, gsize size)
{
  while (from < n && !channel->client->left)
    {
      if (test_channel_send_number (channel, from, size) == WHERRY_SEND_OK)
        {
          from++;
          continue;
        }
      relay_fixture_settle (channel->client->fixture);
      if (channel->client->left || test_channel_send_number (channel, from, size) != WHERRY_SEND_OK)
        break;
      from++;
    }
  relay_fixture_settle (channel->client->fixture);
  return from;
}

/* Time that it takes until bob has n messages, in order and complete. */
static gint64
measure (RelayFixture *self, TestChannel *from, TestChannel *to, guint32 n, gsize size)
{
  gint64 start_us = wherry_clock_now_us (self->clock);
  guint32 sent = 0;

  for (guint i = 0; to->messages->len < n && i < 100000; i++)
    {
      sent = pump (from, sent, n, size);
      if (to->messages->len < n)
        relay_fixture_advance (self, G_USEC_PER_SEC / 20);
    }
  g_assert_cmpuint (to->messages->len, ==, n);
  for (guint32 i = 0; i < n; i++)
    g_assert_cmpuint (test_channel_number (to, i), ==, i);
  return wherry_clock_now_us (self->clock) - start_us;
}

/* 20 at once, then 10 a second, and nothing is lost. Who is on loopback is not limited. */
static void
test_message_rate (void)
{
  guint64 pauses = wherry_counter_get (WHERRY_COUNTER_RATE_PAUSES);
  g_autofree char *notice = NULL;
  TestChannel *from, *to, *local, *notices;
  TestClient *ann, *bob;
  RelayFixture self;
  gint64 took_us;

  relay_fixture_init (&self, make_config (), FALSE);
  ann = connect_from (&self, ELSEWHERE, "ann");
  bob = connect_from (&self, NULL, "bob");
  notices = test_client_open (ann, WHERRY_LABEL_NOTICES);
  from = test_client_open (ann, "t");
  to = test_client_open (bob, "t");
  local = test_client_open (bob, "u");
  relay_fixture_settle (&self);

  took_us = measure (&self, from, to, 120, SIZE);
  g_assert_cmpint (took_us, >=, 9 * G_USEC_PER_SEC);
  g_assert_cmpint (took_us, <=, 11 * G_USEC_PER_SEC);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_RATE_PAUSES), >, pauses);
  notice = test_channel_text (notices);
  g_assert_nonnull (strstr (notice, "\"rate-limited\""));
  g_assert_cmpuint (notices->messages->len, <=, 2);

  g_assert_cmpuint (pump (local, 0, 1000, SIZE), ==, 1000);
  g_assert_false (ann->left || bob->left);
  relay_fixture_clear (&self);
}

static void
test_byte_rate (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  TestChannel *from, *to;
  TestClient *ann, *bob;
  RelayFixture self;
  gint64 took_us;

  config->byte_rate = 1000;
  config->max_message_size = 2000;
  relay_fixture_init (&self, config, FALSE);
  ann = connect_from (&self, ELSEWHERE, "ann");
  bob = connect_from (&self, NULL, "bob");
  from = test_client_open (ann, "t");
  to = test_client_open (bob, "t");
  relay_fixture_settle (&self);
  took_us = measure (&self, from, to, 120, SIZE); /* 2000 of 12000 bytes at once */
  g_assert_cmpint (took_us, >=, 9 * G_USEC_PER_SEC);
  g_assert_cmpint (took_us, <=, 11 * G_USEC_PER_SEC);
  relay_fixture_clear (&self);
}

static guint32
send_some (TestChannel *channel, guint32 from, guint32 n)
{
  while (from < n && test_channel_send_number (channel, from, SIZE) == WHERRY_SEND_OK)
    from++;
  return from;
}

/* The same with each peer on its thread, by the system's clock: 400 at once, then 200 a second. */
static void
test_rate_on_threads (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  TestChannel *from, *to;
  TestClient *ann, *bob;
  gint64 start_us = g_get_monotonic_time ();
  RelayFixture self;
  guint32 sent = 0;

  config->message_rate = 200;
  relay_fixture_init (&self, config, TRUE);
  ann = connect_from (&self, ELSEWHERE, "ann");
  bob = connect_from (&self, NULL, "bob");
  from = test_client_open (ann, "t");
  to = test_client_open (bob, "t");
  WHERRY_WAIT_UNTIL (NULL, from->open && to->open);
  WHERRY_WAIT_UNTIL (NULL, (sent = send_some (from, sent, 500)) == 500);
  WHERRY_WAIT_UNTIL (NULL, to->messages->len == 500);
  for (guint32 i = 0; i < 500; i++)
    g_assert_cmpuint (test_channel_number (to, i), ==, i);
  g_assert_cmpint (g_get_monotonic_time () - start_us, >=, G_USEC_PER_SEC * 45 / 100);
  sent = send_some (from, 500, 1000); /* it ends while it is not read */
  g_assert_cmpuint (sent, <, 1000);
  relay_fixture_clear (&self);
}

/* Two reasons not to read: it goes on when neither is left. */
static void
test_rate_and_gate (void)
{
  WherryRelayConfig *config = make_config ();
  TestChannel *from, *to;
  TestClient *ann, *bob;
  RelayFixture self;
  guint32 sent;

  config->outbox.outbox_high = 4 * (SIZE + WHERRY_MESSAGE_OVERHEAD);
  config->outbox.outbox_low = 0;
  relay_fixture_init (&self, config, FALSE);
  ann = connect_from (&self, ELSEWHERE, "ann");
  bob = connect_from (&self, NULL, "bob");
  from = test_client_open (ann, "t");
  to = test_client_open (bob, "t");
  relay_fixture_settle (&self);

  wherry_fake_stream_set_stalled (bob->end, TRUE);
  sent = pump (from, 0, 60, SIZE);
  g_assert_true (wherry_fake_stream_is_paused (ann->relay_end)); /* by the gate */
  g_assert_cmpuint (sent, <, 20);
  wherry_fake_stream_set_stalled (bob->end, FALSE);
  sent = pump (from, sent, 60, SIZE);
  g_assert_true (wherry_fake_stream_is_paused (ann->relay_end)); /* by its rate */
  g_assert_cmpuint (to->messages->len, >=, 20);
  g_assert_cmpuint (to->messages->len, <, 24);

  wherry_fake_stream_set_stalled (bob->end, TRUE);
  for (guint i = 0; i < 20; i++) /* its rate would let it, the gate does not */
    {
      sent = pump (from, sent, 60, SIZE);
      relay_fixture_advance (&self, G_USEC_PER_SEC / 10);
    }
  g_assert_true (wherry_fake_stream_is_paused (ann->relay_end));
  g_assert_cmpuint (sent, <, 40);
  wherry_fake_stream_set_stalled (bob->end, FALSE);
  for (guint i = 0; to->messages->len < 60 && i < 100; i++)
    {
      sent = pump (from, sent, 60, SIZE);
      relay_fixture_advance (&self, G_USEC_PER_SEC / 10);
    }
  g_assert_cmpuint (to->messages->len, ==, 60);
  g_assert_false (ann->left || bob->left);
  relay_fixture_clear (&self);
}

/* What was taken before is delivered, then it leaves, and does not come straight back. */
static void
test_rate_disconnects (void)
{
  WherryRelayConfig *config = make_config ();
  guint64 offenders = wherry_counter_get (WHERRY_COUNTER_OFFENDERS);
  const WherrySignalError code = WHERRY_SIGNAL_ERROR_RATE_LIMITED;
  g_autofree char *notice = NULL;
  TestChannel *from, *to, *notices;
  TestClient *ann, *bob;
  RelayFixture self;

  config->rate_disconnects = TRUE;
  relay_fixture_init (&self, config, FALSE);
  ann = connect_from (&self, ELSEWHERE, "ann");
  bob = connect_from (&self, NULL, "bob");
  notices = test_client_open (ann, WHERRY_LABEL_NOTICES);
  from = test_client_open (ann, "t");
  to = test_client_open (bob, "t");
  relay_fixture_settle (&self);
  pump (from, 0, 100, SIZE);
  g_assert_true (ann->left);
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_KICKED);
  g_assert_cmpstr (ann->heard->str, ==, "+bob !rate-limited ");
  notice = test_channel_text (notices);
  g_assert_nonnull (strstr (notice, "\"rate-limited\""));
  g_assert_cmpuint (to->messages->len, >=, 20);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_OFFENDERS), ==, offenders + 1);

  g_assert_false (may_join (&self, "room", "ann", ELSEWHERE, code));
  relay_fixture_advance (&self, WHERRY_BLOCK_WINDOW_US);
  g_assert_true (may_join (&self, "room", "ann", ELSEWHERE, code));
  relay_fixture_clear (&self);
}

/* Ends while it is not read. */
static void
test_ends_while_paused (void)
{
  TestChannel *from, *to;
  TestClient *ann, *bob;
  RelayFixture self;

  relay_fixture_init (&self, make_config (), FALSE);
  ann = connect_from (&self, ELSEWHERE, "ann");
  bob = connect_from (&self, NULL, "bob");
  from = test_client_open (ann, "t");
  to = test_client_open (bob, "t");
  relay_fixture_settle (&self);
  pump (from, 0, 100, SIZE);
  g_assert_true (wherry_fake_stream_is_paused (ann->relay_end));
  wherry_relay_member_leave (ann->member, WHERRY_LEAVE_KICKED);
  relay_fixture_settle (&self);
  g_assert_cmpuint (to->messages->len, >=, 20);
  relay_fixture_clear (&self); /* asserts that no timer is left */
}

static void
test_bad_frames (void)
{
  const WherryChannelInit init = {
    .label = "t",
    .protocol = WHERRY_FRAME_PROTOCOL,
    .ordered = TRUE,
    .priority = 256,
    .id = WHERRY_CHANNEL_ID_NONE,
  };
  WherryRelayConfig *config = wherry_relay_config_new ();
  TestChannel *channel;
  RelayFixture self;
  TestClient *ann;

  config->bad_frames = 3;
  relay_fixture_init (&self, config, FALSE);
  ann = test_client_connect (&self, "room", "ann");
  channel = test_client_open_init (ann, &init);
  relay_fixture_settle (&self);
  for (guint i = 0; i < 9; i++) /* two a minute are none too many */
    {
      test_channel_send (channel, "short");
      relay_fixture_settle (&self);
      if (i % 2 == 1)
        relay_fixture_advance (&self, 60 * G_USEC_PER_SEC);
    }
  g_assert_false (ann->left);
  test_channel_send (channel, "short");
  test_channel_send (channel, "short");
  relay_fixture_settle (&self);
  g_assert_true (ann->left);
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_KICKED);
  g_assert_cmpstr (ann->heard->str, ==, "!bad-message ");
  relay_fixture_clear (&self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func ("/relay/limits/" path, func)
  ADD ("rooms", test_rooms);
  ADD ("addresses", test_addresses);
  ADD ("topics", test_topics);
  ADD ("topics-gone", test_topics_gone);
  ADD ("message-rate", test_message_rate);
  ADD ("byte-rate", test_byte_rate);
  ADD ("rate-on-threads", test_rate_on_threads);
  ADD ("rate-and-gate", test_rate_and_gate);
  ADD ("rate-disconnects", test_rate_disconnects);
  ADD ("ends-while-paused", test_ends_while_paused);
  ADD ("bad-frames", test_bad_frames);
  return g_test_run ();
}
