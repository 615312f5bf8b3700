/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay-fixture.h"

/* Ten members, one of which stops reading, for each policy: what the others see is what they see
 * without it, on virtual time. `block` has more in test-flow.c. */

#define HIGH (64u * 1024u)
#define SIZE 1000u
#define CHARGE (SIZE + WHERRY_MESSAGE_OVERHEAD)
#define WINDOW (8u * 1024u) /* between a client and the relay, one way */
#define N_READERS 9u
#define N_MESSAGES 2000u

typedef struct
{
  RelayFixture relay;
  TestClient *publisher;
  TestClient *readers[N_READERS]; /* the first one is the one that stops */
  TestChannel *own;
  guint32 sent;
} Scene;

static void
set_up (Scene *self, gconstpointer data)
{
  WherryPolicy policy = GPOINTER_TO_INT (data);
  WherryRelayConfig *config = wherry_relay_config_new ();

  config->outbox.outbox_high = HIGH;
  config->outbox.outbox_low = HIGH / 4;
  config->policy = policy;
  relay_fixture_init (&self->relay, config, FALSE);
  for (guint i = 0; i <= N_READERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("reader-%u", i);
      TestClient *client
          = test_client_join (&self->relay, "room", i < N_READERS ? name : "publisher", TRUE);

      client->options.window = WINDOW;
      test_client_start (client);
      test_client_wait_connected (client);
      if (i < N_READERS)
        self->readers[i] = client;
      else
        self->publisher = client;
    }
  self->sent = 0;
  self->own = test_client_open (self->publisher, "t");
  relay_fixture_settle (&self->relay);
}

static void
tear_down (Scene *self, gconstpointer data)
{
  g_assert_cmpuint (wherry_budget_get_used (wherry_relay_hub_get_budget (self->relay.relay)), <,
                    WHERRY_MEMORY_BUDGET);
  relay_fixture_clear (&self->relay);
}

/* As many as n, as fast as the publisher's way takes them; returns whether all went. */
static gboolean
publish (Scene *self, guint32 n)
{
  for (guint32 i = 0; i < n; i++)
    {
      if (test_channel_send_number (self->own, self->sent, SIZE) != WHERRY_SEND_OK)
        {
          relay_fixture_settle (&self->relay);
          if (test_channel_send_number (self->own, self->sent, SIZE) != WHERRY_SEND_OK)
            return FALSE;
        }
      self->sent++;
    }
  relay_fixture_settle (&self->relay);
  return TRUE;
}

/* A millisecond each; no one waits for anything that happens later. */
static void
publish_steadily (Scene *self, guint32 n)
{
  for (guint32 i = 0; i < n; i++)
    {
      g_assert_true (publish (self, 1));
      for (guint r = 1; r < N_READERS; r++)
        g_assert_cmpuint (test_client_find (self->readers[r], "t")->messages->len, ==, self->sent);
      relay_fixture_advance (&self->relay, 1000);
    }
}

static void
assert_others_complete (Scene *self)
{
  for (guint r = 1; r < N_READERS; r++)
    {
      TestChannel *channel = test_client_find (self->readers[r], "t");

      g_assert_false (self->readers[r]->left);
      g_assert_cmpuint (channel->messages->len, ==, self->sent);
      for (guint32 i = 0; i < self->sent; i++)
        g_assert_cmpuint (test_channel_number (channel, i), ==, i);
    }
  g_assert_false (self->publisher->left);
}

static void
assert_counted (Scene *self, WherryPolicy policy, guint64 dropped, gboolean pauses)
{
  g_autoptr (GPtrArray) stats = wherry_relay_member_get_outboxes (self->readers[0]->member);
  const WherryOutboxStats *only = g_ptr_array_index (stats, 0);

  g_assert_cmpuint (stats->len, ==, 1);
  g_assert_cmpstr (only->label, ==, "t");
  g_assert_true (only->is_open);
  g_assert_cmpint (only->policy, ==, policy);
  for (guint i = 0; i < WHERRY_N_POLICIES; i++)
    g_assert_cmpuint (only->counts.dropped[i], ==, i == policy ? dropped : 0);
  g_assert_cmpint (only->counts.pauses > 0, ==, pauses);
}

static guint64
count_losses (TestChannel *channel)
{
  guint32 expected = 0;
  guint64 lost = 0;

  for (guint i = 0; i < channel->messages->len; i++)
    {
      guint32 number = test_channel_number (channel, i);

      g_assert_cmpuint (number, >=, expected); /* in order, and none twice */
      lost += number - expected;
      expected = number + 1;
    }
  return lost;
}

/* Every message reaches eight of nine in the instant in which it is published. */
static void
test_drops (Scene *self, gconstpointer data)
{
  WherryPolicy policy = GPOINTER_TO_INT (data);
  TestChannel *slow;
  guint64 lost;

  wherry_fake_stream_set_stalled (self->readers[0]->end, TRUE);
  publish_steadily (self, N_MESSAGES);
  g_assert_false (self->readers[0]->left);
  wherry_fake_stream_set_stalled (self->readers[0]->end, FALSE);
  relay_fixture_settle (&self->relay);
  assert_others_complete (self);

  slow = test_client_find (self->readers[0], "t");
  lost = count_losses (slow);
  if (policy == WHERRY_POLICY_DROP_NEWEST)
    g_assert_cmpuint (test_channel_number (slow, slow->messages->len - 1), ==,
                      slow->messages->len - 1); /* without a gap up to there */
  else
    g_assert_cmpuint (test_channel_number (slow, slow->messages->len - 1), ==, N_MESSAGES - 1);
  g_assert_cmpuint (slow->messages->len, <=,
                    WINDOW / SIZE + 2 + (policy == WHERRY_POLICY_LATEST ? 1 : HIGH / CHARGE));
  if (policy != WHERRY_POLICY_DROP_NEWEST)
    assert_counted (self, policy, lost, FALSE);
  else
    assert_counted (self, policy, N_MESSAGES - slow->messages->len, FALSE);

  publish_steadily (self, 10); /* it reads again: nothing more is lost */
  if (policy != WHERRY_POLICY_DROP_NEWEST)
    g_assert_cmpuint (count_losses (slow), ==, lost);
}

static void
test_disconnect (Scene *self, gconstpointer data)
{
  guint64 disconnected = wherry_counter_get (WHERRY_COUNTER_DISCONNECTED_FULL);
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;

  wherry_fake_stream_set_stalled (self->readers[0]->end, TRUE);
  publish_steadily (self, HIGH / CHARGE);
  g_assert_false (self->readers[0]->left);
  for (guint i = 0; i < 4 * WINDOW / CHARGE && !self->readers[0]->left; i++)
    publish_steadily (self, 1);
  g_assert_true (self->readers[0]->left);
  g_assert_cmpint (self->readers[0]->reason, ==, WHERRY_LEAVE_SLOW);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DISCONNECTED_FULL), ==, disconnected + 1);
  g_assert_null (test_client_try_join (&self->relay, "room", "reader-0", TRUE, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RATE_LIMITED);
  publish_steadily (self, 200);
  assert_others_complete (self);
}

/* Somebody who disconnects has cost nobody time, so that who did goes on being charged. */
static void
test_disconnect_restarts_no_clock (void)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  WherryRelayRule *rule = wherry_relay_config_add_rule (config, "ticker", TRUE);
  RelayFixture relay;
  TestClient *ann;
  TestClient *bob;
  TestClient *cid;
  TestChannel *ticker;
  TestChannel *chat;

  rule->policy = WHERRY_POLICY_DISCONNECT;
  rule->outbox_messages = 10;
  config->outbox.outbox_high = HIGH;
  config->outbox.outbox_low = HIGH / 4;
  relay_fixture_init (&relay, config, FALSE);
  ann = test_client_connect (&relay, "room", "ann");
  bob = test_client_connect (&relay, "room", "bob");
  cid = test_client_connect (&relay, "room", "cid");
  ticker = test_client_open (ann, "ticker");
  chat = test_client_open (cid, "chat");
  test_client_open (bob, "ticker");
  relay_fixture_settle (&relay);
  /* ann is the one whom cid's chat waits for */
  wherry_fake_stream_set_stalled (ann->end, TRUE);
  for (guint32 i = 0; i < 1000 && test_channel_send_number (chat, i, SIZE) == WHERRY_SEND_OK; i++)
    relay_fixture_settle (&relay);
  relay_fixture_advance (&relay, 2 * G_USEC_PER_SEC);
  g_assert_false (ann->left || bob->left);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  for (guint32 i = 0; i < 1000 && !bob->left; i++)
    {
      test_channel_send_number (ticker, i, SIZE);
      relay_fixture_settle (&relay);
    }
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_SLOW);
  g_assert_false (ann->left);
  relay_fixture_advance (&relay, 1100 * 1000);
  g_assert_cmpint (ann->reason, ==, WHERRY_LEAVE_SLOW);
  g_assert_false (cid->left);
  relay_fixture_clear (&relay);
}

/* Publishers pause no longer than the limit, and go on as before. */
static void
test_block (Scene *self, gconstpointer data)
{
  gint64 step_us = G_USEC_PER_SEC / 100;
  gint64 paused_us = 0;
  guint32 before;

  wherry_fake_stream_set_stalled (self->readers[0]->end, TRUE);
  g_assert_false (publish (self, N_MESSAGES));
  assert_counted (self, WHERRY_POLICY_BLOCK, 0, TRUE);
  before = self->sent;
  while (!publish (self, 10) && paused_us < 10 * G_USEC_PER_SEC)
    {
      g_assert_cmpuint (self->sent, ==, before);
      relay_fixture_advance (&self->relay, step_us);
      paused_us += step_us;
    }
  g_assert_cmpint (paused_us, <=, WHERRY_BLOCK_LIMIT_US + 100 * 1000);
  g_assert_cmpint (self->readers[0]->reason, ==, WHERRY_LEAVE_SLOW);
  publish_steadily (self, N_MESSAGES);
  assert_others_complete (self);
}

/* A member may have more than one policy at once, and the counts of each are its own. */
static void
test_by_channel (Scene *self, gconstpointer data)
{
  TestChannel *lossy = test_client_open_lossy (self->readers[0], "t");
  g_autoptr (GPtrArray) stats = NULL;

  relay_fixture_settle (&self->relay);
  wherry_fake_stream_set_stalled (self->readers[0]->end, TRUE);
  publish_steadily (self, N_MESSAGES);
  stats = wherry_relay_member_get_outboxes (self->readers[0]->member);
  g_assert_cmpuint (stats->len, ==, 1);
  g_assert_cmpint (((WherryOutboxStats *) g_ptr_array_index (stats, 0))->policy, ==,
                   WHERRY_POLICY_DROP_OLDEST);
  g_assert_cmpuint (lossy->messages->len, <=, 2 * WINDOW / SIZE);
}

static guint64
count_dropped (WherryRelayMember *member)
{
  g_autoptr (GPtrArray) stats = wherry_relay_member_get_outboxes (member);

  g_assert_cmpuint (stats->len, ==, 1);
  return ((WherryOutboxStats *) g_ptr_array_index (stats, 0))
      ->counts.dropped[WHERRY_POLICY_DROP_OLDEST];
}

/* A member that comes back on another connection is the same one. */
static void
test_counts_after_resume (Scene *self, gconstpointer data)
{
  WherryJoin join = { .room = "room", .name = "bob", .address = "127.0.0.1", .resumable = TRUE };
  WherrySignalError code;
  TestClient *bob = test_client_try_join_as (&self->relay, &join, &code);
  g_autoptr (GError) cut = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "cut");
  g_autofree char *token = NULL;
  guint64 dropped;

  bob->options.window = WINDOW;
  test_client_start (bob);
  test_client_wait_connected (bob);
  test_client_open_lossy (bob, "t");
  relay_fixture_settle (&self->relay);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  publish_steadily (self, 200);
  dropped = count_dropped (bob->member);
  g_assert_cmpuint (dropped, >, 100);

  token = wherry_relay_member_issue_resume (bob->member);
  wherry_fake_stream_end (bob->relay_end, WHERRY_TRANSPORT_FAILED, cut);
  relay_fixture_settle (&self->relay);
  join.resume = token;
  bob = test_client_try_join_as (&self->relay, &join, &code);
  g_assert_true (wherry_relay_member_is_resumed (bob->member));
  g_assert_cmpuint (count_dropped (bob->member), ==, dropped);
  bob->options.window = WINDOW;
  test_client_start (bob);
  test_client_wait_connected (bob);
  g_assert_cmpuint (count_dropped (bob->member), ==, dropped);
  test_client_open_lossy (bob, "t");
  relay_fixture_settle (&self->relay);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  publish_steadily (self, 200);
  g_assert_cmpuint (count_dropped (bob->member), >, dropped + 100);
}

/* Who had to leave is not merely away: its token is worth nothing, and the room closed to it. */
static void
test_disconnect_is_final (Scene *self, gconstpointer data)
{
  WherryJoin join = {
    .room = "room",
    .name = "bob",
    .address = "127.0.0.1",
    .mirror = TRUE,
    .resumable = TRUE,
  };
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;
  TestClient *bob = test_client_try_join_as (&self->relay, &join, &code);
  g_autofree char *token = NULL;

  bob->options.window = WINDOW;
  test_client_start (bob);
  test_client_wait_connected (bob);
  relay_fixture_settle (&self->relay);
  token = wherry_relay_member_issue_resume (bob->member);
  g_assert_nonnull (token);
  wherry_fake_stream_set_stalled (bob->end, TRUE);
  publish_steadily (self, 2 * HIGH / CHARGE);
  g_assert_true (bob->left);
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_SLOW);
  g_assert_nonnull (strstr (self->publisher->heard->str, "-bob:slow"));

  join.resume = token;
  g_assert_null (test_client_try_join_as (&self->relay, &join, &code));
  g_assert_true (code == WHERRY_SIGNAL_ERROR_RESUME_REFUSED
                 || code == WHERRY_SIGNAL_ERROR_RATE_LIMITED);
  join.resume = NULL;
  g_assert_null (test_client_try_join_as (&self->relay, &join, &code));
  g_assert_cmpint (code, ==, WHERRY_SIGNAL_ERROR_RATE_LIMITED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, policy, func)                                                                    \
  g_test_add ("/relay/policies/" path, Scene, GINT_TO_POINTER (WHERRY_POLICY_##policy), set_up,    \
              func, tear_down)
  ADD ("block", BLOCK, test_block);
  ADD ("drop-oldest", DROP_OLDEST, test_drops);
  ADD ("drop-newest", DROP_NEWEST, test_drops);
  ADD ("latest", LATEST, test_drops);
  ADD ("disconnect", DISCONNECT, test_disconnect);
  ADD ("disconnect-is-final", DISCONNECT, test_disconnect_is_final);
  ADD ("by-channel", BLOCK, test_by_channel);
  ADD ("counts-after-resume", BLOCK, test_counts_after_resume);
  g_test_add_func ("/relay/policies/disconnect-restarts-no-clock",
                   test_disconnect_restarts_no_clock);
  return g_test_run ();
}
