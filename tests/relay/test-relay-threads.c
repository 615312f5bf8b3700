/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "base/wherry-lock.h"
#include "relay-fixture.h"

/* The relay as it runs: each peer on a thread of its own, the hub and all clients on this one. */

#define SIZE 1000u

static void
set_up (RelayFixture *self, gconstpointer data)
{
  WherryRelayConfig *config = wherry_relay_config_new ();

  config->outbox.outbox_high = 64 * 1024; /* the gates are busy */
  config->outbox.outbox_low = 16 * 1024;
  /* a loaded machine is nobody's fault, but where that is what is tested */
  config->outbox.block_limit_us = data != NULL ? G_USEC_PER_SEC / 2 : G_MAXINT64;
  relay_fixture_init (self, config, TRUE);
}

static void
tear_down (RelayFixture *self, gconstpointer data)
{
  relay_fixture_clear (self);
}

static void
iterate (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

#define WAIT(expression) WHERRY_WAIT_UNTIL (NULL, expression)

/* Three publish at once, each to the two others, as fast as their associations take it. */
static void
test_all_to_all (RelayFixture *self, gconstpointer data)
{
  enum
  {
    N = 3,
    MESSAGES = 2000
  };
  TestClient *clients[N];
  TestChannel *owns[N];
  guint32 sent[N] = { 0 };
  guint done = 0;

  for (guint i = 0; i < N; i++)
    {
      g_autofree char *label = g_strdup_printf ("t%u", i);

      clients[i] = test_client_connect (self, "room", label);
      owns[i] = test_client_open (clients[i], label);
    }
  while (done < N)
    {
      done = 0;
      for (guint i = 0; i < N; i++)
        {
          while (sent[i] < MESSAGES
                 && test_channel_send_number (owns[i], sent[i], SIZE) == WHERRY_SEND_OK)
            sent[i]++;
          done += sent[i] == MESSAGES;
        }
      iterate ();
    }
  for (guint i = 0; i < N; i++)
    for (guint j = 0; j < N; j++)
      {
        g_autofree char *label = g_strdup_printf ("t%u", j);
        TestChannel *mirror;

        if (i == j)
          continue;
        WAIT (test_client_find (clients[i], label) != NULL);
        mirror = test_client_find (clients[i], label);
        WAIT (mirror->messages->len >= MESSAGES);
        g_assert_cmpuint (mirror->messages->len, ==, MESSAGES);
        for (guint n = 0; n < MESSAGES; n++)
          g_assert_cmpuint (test_channel_number (mirror, n), ==, n);
      }
}

/* Subscribing under a stream that does not stop: from its ACK on a member hears everything. */
static void
test_late_subscribers (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestChannel *own = test_client_open (ann, "t");
  guint32 sent = 0;
  TestChannel *late[10];

  WAIT (own->open);
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    {
      TestClient *client = test_client_join (self, "room", "late", i % 2 == 0);
      guint32 at_ack = 0;

      test_client_start (client);
      test_client_wait_connected (client);
      late[i] = test_client_open (client, "t");
      while (!late[i]->open)
        {
          if (test_channel_send_number (own, sent, SIZE) == WHERRY_SEND_OK)
            sent++;
          g_main_context_iteration (NULL, FALSE);
        }
      at_ack = sent;
      while (test_channel_send_number (own, sent, SIZE) != WHERRY_SEND_OK)
        g_main_context_iteration (NULL, TRUE);
      sent++;
      WAIT (late[i]->messages->len > 0
            && test_channel_number (late[i], late[i]->messages->len - 1) == at_ack);
      g_assert_cmpuint (test_channel_number (late[i], 0), <=, at_ack);
    }
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    {
      WAIT (test_channel_number (late[i], late[i]->messages->len - 1) == sent - 1);
      for (guint n = 1; n < late[i]->messages->len; n++)
        g_assert_cmpuint (test_channel_number (late[i], n), ==,
                          test_channel_number (late[i], n - 1) + 1);
    }
}

/* Mirrors replaced by own channels, and those closed again, under a stream that does not stop:
 * whatever bob has open, he gets every message once, in order, while he has anything. */
static void
test_replace_under_load (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestChannel *own = test_client_open (ann, "t");
  TestChannel *mirror;
  TestChannel *at_bob;
  guint32 sent = 0;
  guint32 expected = 0;

  WAIT (test_client_find (bob, "t") != NULL);
  mirror = test_client_find (bob, "t");
  for (guint i = 0; i < 300; i++)
    {
      while (test_channel_send_number (own, sent, SIZE) == WHERRY_SEND_OK)
        sent++;
      g_main_context_iteration (NULL, FALSE);
    }
  at_bob = test_client_open (bob, "t");
  while (!mirror->closed || at_bob->messages->len < 500)
    {
      if (test_channel_send_number (own, sent, SIZE) == WHERRY_SEND_OK)
        sent++;
      g_main_context_iteration (NULL, FALSE);
    }
  WAIT (mirror->messages->len + at_bob->messages->len >= sent);
  for (guint n = 0; n < mirror->messages->len; n++)
    g_assert_cmpuint (test_channel_number (mirror, n), ==, expected++);
  for (guint n = 0; n < at_bob->messages->len; n++)
    g_assert_cmpuint (test_channel_number (at_bob, n), ==, expected++);
  g_assert_cmpuint (expected, ==, sent);
}

/* The hub stands still: what it has subscribed goes on without it. The clients live on the hub's
 * thread here, so what is watched is what the relay sends. */
static void
test_hub_held (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestChannel *own = test_client_open (ann, "t");
  guint64 before;
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  WAIT (test_client_find (bob, "t") != NULL && own->open);
  before = wherry_counter_get (WHERRY_COUNTER_MESSAGES_OUT);
  for (guint32 i = 0; i < 50; i++)
    g_assert_cmpint (test_channel_send_number (own, i, SIZE), ==, WHERRY_SEND_OK);
  /* this context is not iterated: a trip through the hub would never come back */
  while (wherry_counter_get (WHERRY_COUNTER_MESSAGES_OUT) < before + 50)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_thread_yield ();
    }
  WAIT (test_client_find (bob, "t")->messages->len == 50);
}

typedef struct
{
  WherryLock lock;
  GCond cond;
  gboolean let_go;
} Hold;

static void
hold_thread (WherryPeer *peer, gpointer data)
{
  Hold *hold = data;

  wherry_lock_acquire (&hold->lock);
  while (!hold->let_go)
    wherry_lock_wait (&hold->lock, &hold->cond);
  wherry_lock_release (&hold->lock);
}

/* A member whose thread does nothing at all any more: that it leaves is enough for the others. */
static void
test_thread_held (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  TestClient *cid = test_client_connect (self, "room", "cid");
  TestChannel *own = test_client_open (ann, "t");
  Hold hold = { 0 };
  guint32 sent = 0;

  wherry_lock_init (&hold.lock);
  g_cond_init (&hold.cond);
  WAIT (test_client_find (bob, "t") != NULL && test_client_find (cid, "t") != NULL);
  wherry_peer_post_call (bob->member->peer, hold_thread, &hold, NULL);
  while (sent < 1000 && !bob->left)
    {
      if (test_channel_send_number (own, sent, SIZE) == WHERRY_SEND_OK)
        sent++;
      else
        g_main_context_iteration (NULL, TRUE);
    }
  g_assert_cmpint (bob->reason, ==, WHERRY_LEAVE_SLOW);
  while (sent < 1000)
    {
      if (test_channel_send_number (own, sent, SIZE) == WHERRY_SEND_OK)
        sent++;
      else
        g_main_context_iteration (NULL, TRUE);
    }
  WAIT (test_client_find (cid, "t")->messages->len == sent);

  wherry_lock_acquire (&hold.lock);
  hold.let_go = TRUE;
  g_cond_signal (&hold.cond);
  wherry_lock_release (&hold.lock);
  WAIT (self->relay->n_peers == 2);
  g_cond_clear (&hold.cond);
  wherry_lock_clear (&hold.lock);
}

/* The peer ends before the hub has answered for its channel: what it had acknowledged is heard. */
static void
test_held_at_the_end (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");
  TestClient *bob = test_client_connect (self, "room", "bob");
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  TestChannel *own = test_client_open (ann, "will");

  /* more than one dispatch takes: the finished event gets its turn before the rest */
  for (guint i = 0; i < 2 * WHERRY_DISPATCH_BATCH; i++)
    {
      WherryPortRequest *request = g_new0 (WherryPortRequest, 1);

      request->type = WHERRY_PORT_WATCH;
      wherry_inbox_post_urgent (self->relay->inbox, request);
    }
  for (guint32 i = 0; i < 50; i++)
    g_assert_cmpint (test_channel_send_number (own, i, SIZE), ==, WHERRY_SEND_OK);
  wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (ann->end));
  /* SUBSCRIBE and FLUSH too */
  while (wherry_inbox_get_length (self->relay->inbox) < 2 * WHERRY_DISPATCH_BATCH + 2)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_thread_yield ();
    }
  WAIT (ann->left);
  WAIT (test_client_find (bob, "will") != NULL && test_client_find (bob, "will")->closed);
  g_assert_cmpuint (test_client_find (bob, "will")->messages->len, ==, 50);
  for (guint32 i = 0; i < 50; i++)
    g_assert_cmpuint (test_channel_number (test_client_find (bob, "will"), i), ==, i);
}

/* Over 64 KiB held for an unanswered channel the association is not read; nothing is lost by it. */
static void
test_held_is_bounded (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_join (self, "room", "ann", TRUE);
  TestClient *bob = test_client_connect (self, "room", "bob");
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  TestChannel *own;
  guint32 sent = 0;

  ann->options.window = 32 * 1024;
  test_client_start (ann);
  test_client_wait_connected (ann);
  own = test_client_open (ann, "t");
  /* The hub does not answer: this context is not iterated. Until its own reading stops the window
   * opens again and again; then it stays closed. */
  for (gint64 refused_since = 0;
       refused_since == 0 || g_get_monotonic_time () - refused_since < G_USEC_PER_SEC / 2;)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_assert_cmpuint (sent * (SIZE + WHERRY_MESSAGE_OVERHEAD), <=, (64 + 32 + 4) * 1024);
      if (test_channel_send_number (own, sent, SIZE) == WHERRY_SEND_OK)
        {
          sent++;
          refused_since = 0;
        }
      else if (refused_since == 0)
        refused_since = g_get_monotonic_time ();
      else
        g_thread_yield ();
    }
  g_assert_cmpuint (sent * (SIZE + WHERRY_MESSAGE_OVERHEAD), >, 64 * 1024);
  WAIT (own->open);
  WAIT (test_client_find (bob, "t") != NULL && test_client_find (bob, "t")->messages->len >= sent);
  for (guint32 i = 0; i < sent; i++)
    g_assert_cmpuint (test_channel_number (test_client_find (bob, "t"), i), ==, i);
}

/* A publisher that sends and aborts at once, many times: each word of it is heard. */
static void
test_aborts (RelayFixture *self, gconstpointer data)
{
  TestClient *bob = test_client_connect (self, "room", "bob");

  for (guint round = 1; round <= 20; round++)
    {
      g_autofree char *label = g_strdup_printf ("t%u", round);
      TestClient *ann = test_client_connect (self, "room", "ann");
      TestChannel *own = test_client_open (ann, label);
      guint32 sent = 0;

      while (sent < round * 20)
        {
          if (test_channel_send_number (own, sent, SIZE) == WHERRY_SEND_OK)
            sent++;
          else
            g_main_context_iteration (NULL, TRUE);
        }
      wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (ann->end));
      WAIT (ann->left);
      WAIT (test_client_find (bob, label) != NULL && test_client_find (bob, label)->closed);
      g_assert_cmpuint (test_client_find (bob, label)->messages->len, ==, sent);
    }
}

/* Members that come, talk and go in every way there is; the fixture sees that nothing is left. */
static void
test_churn (RelayFixture *self, gconstpointer data)
{
  for (guint round = 0; round < 10; round++)
    {
      TestClient *clients[6];

      for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
        {
          clients[i] = test_client_join (self, round % 2 == 0 ? "room" : "echo", "x", TRUE);
          test_client_start (clients[i]);
        }
      for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
        {
          TestChannel *channel;

          WAIT (clients[i]->set != NULL);
          channel = test_client_open (clients[i], i % 2 == 0 ? "a" : "b");
          test_channel_send_number (channel, i, SIZE);
          if (i % 3 == 0)
            wherry_channel_close (channel->channel);
          g_main_context_iteration (NULL, FALSE);
        }
      for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
        {
          if (i % 2 == 0)
            wherry_relay_member_leave (clients[i]->member, WHERRY_LEAVE_LEFT);
          else if (i == 3)
            wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (clients[i]->end));
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add ("/relay/threads/" path, RelayFixture, NULL, set_up, func, tear_down)
  ADD ("all-to-all", test_all_to_all);
  ADD ("late-subscribers", test_late_subscribers);
  ADD ("replace-under-load", test_replace_under_load);
  ADD ("hub-held", test_hub_held);
  g_test_add ("/relay/threads/thread-held", RelayFixture, "slow", set_up, test_thread_held,
              tear_down);
  ADD ("held-at-the-end", test_held_at_the_end);
  ADD ("held-is-bounded", test_held_is_bounded);
  ADD ("aborts", test_aborts);
  ADD ("churn", test_churn);
  return g_test_run ();
}
