/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"
#include "fixtures/wherry-virtual-clock.h"
#include "outbox-fixture.h"

/* What each policy does to a full outbox; `block` is in test-outbox.c. */

#define FULL (HIGH / CHARGE) /* messages that fit */

static void
assert_next (OutboxFixture *self, guint32 from, guint32 to)
{
  for (guint32 i = from; i < to; i++)
    g_assert_cmpint (outbox_take (self), ==, i);
}

static void
assert_empty (OutboxFixture *self)
{
  g_assert_cmpint (outbox_take (self), ==, -1);
}

static void
test_drop_oldest (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a
      = wherry_outbox_new (self->set, WHERRY_POLICY_DROP_OLDEST, &outbox_limits);
  guint64 dropped = wherry_counter_get (WHERRY_COUNTER_DROPPED_OLDEST);
  WherryOutboxTake taken;

  wherry_outbox_activate (a, NULL);
  outbox_push (self, a, 0, TRUE);
  g_assert_true (wherry_outbox_set_take (self->set, &taken)); /* on its way: not dropped */
  for (guint32 i = 1; i < 100; i++)
    g_assert_cmpint (outbox_push (self, a, i, TRUE), ==, WHERRY_PUSH_OK);
  g_assert_false (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (wherry_outbox_get_bytes (a), <=, HIGH);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DROPPED_OLDEST), ==, dropped + 100 - FULL);
  g_assert_cmpuint (outbox_number_of (taken.message), ==, 0);
  wherry_outbox_set_give_back (self->set, &taken, TRUE);
  assert_next (self, 100 - FULL + 1, 100);
  assert_empty (self);
}

/* What waits stays, in order; what comes while there is no room is gone. */
static void
test_drop_newest (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a
      = wherry_outbox_new (self->set, WHERRY_POLICY_DROP_NEWEST, &outbox_limits);
  guint64 dropped = wherry_counter_get (WHERRY_COUNTER_DROPPED_NEWEST);

  wherry_outbox_activate (a, NULL);
  for (guint32 i = 0; i < FULL; i++)
    g_assert_cmpint (outbox_push (self, a, i, TRUE), ==, WHERRY_PUSH_OK);
  for (guint32 i = FULL; i < 100; i++)
    g_assert_cmpint (outbox_push (self, a, i, TRUE), ==, WHERRY_PUSH_DROPPED);
  g_assert_false (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (wherry_outbox_get_bytes (a), ==, HIGH);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DROPPED_NEWEST), ==, dropped + 100 - FULL);

  assert_next (self, 0, 1);
  g_assert_cmpint (outbox_push (self, a, 100, TRUE), ==, WHERRY_PUSH_OK); /* one has room */
  g_assert_cmpint (outbox_push (self, a, 101, TRUE), ==, WHERRY_PUSH_DROPPED);
  assert_next (self, 1, FULL);
  assert_next (self, 100, 101);
  assert_empty (self);
}

static void
test_latest (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_LATEST, &outbox_limits);
  guint64 dropped = wherry_counter_get (WHERRY_COUNTER_DROPPED_LATEST);
  WherryOutboxTake taken;

  wherry_outbox_activate (a, NULL);
  for (guint32 i = 0; i < 5; i++)
    g_assert_cmpint (outbox_push (self, a, i, TRUE), ==, WHERRY_PUSH_OK);
  g_assert_cmpuint (wherry_outbox_get_length (a), ==, 1);
  g_assert_cmpuint (self->n_wakes, ==, 1);

  /* the one being sent is not replaced, and those that come meanwhile replace each other */
  g_assert_true (wherry_outbox_set_take (self->set, &taken));
  for (guint32 i = 5; i < 9; i++)
    g_assert_cmpint (outbox_push (self, a, i, TRUE), ==, WHERRY_PUSH_OK);
  g_assert_cmpuint (wherry_outbox_get_length (a), ==, 2);
  g_assert_cmpuint (outbox_number_of (taken.message), ==, 4);
  wherry_outbox_set_give_back (self->set, &taken, TRUE);
  assert_next (self, 8, 9);
  assert_empty (self);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DROPPED_LATEST), ==, dropped + 4 + 3);

  /* what could not be sent is no longer being sent */
  outbox_push (self, a, 9, TRUE);
  g_assert_true (wherry_outbox_set_take (self->set, &taken));
  wherry_outbox_set_give_back (self->set, &taken, FALSE);
  outbox_push (self, a, 10, TRUE);
  assert_next (self, 10, 11);
  assert_empty (self);
}

/* Its place among the others' is that of the message that it replaced. */
static void
test_latest_in_place (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_LATEST, &outbox_limits);
  g_autoptr (WherryOutbox) b = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);

  wherry_outbox_activate (a, NULL);
  wherry_outbox_activate (b, NULL);
  outbox_push (self, a, 0, TRUE);
  outbox_push (self, b, 1, TRUE);
  outbox_push (self, a, 2, TRUE);
  assert_next (self, 2, 3);
  assert_next (self, 1, 2);
}

static WherryPushResult
push_to (OutboxFixture *self, WherryOutbox *outbox, guint32 number, guint64 recipient)
{
  const WherryStamp stamp = { .recipient = recipient };
  g_autoptr (WherryMessage) message
      = wherry_message_new (WHERRY_MESSAGE_BINARY, (const guint8 *) &number, sizeof number,
                            self->budget);
  g_autoptr (WherryMessage) stamped
      = wherry_message_new_stamped (message, 0, WHERRY_MESSAGE_BINARY, &stamp);

  return wherry_outbox_push (outbox, stamped, self->gate);
}

/* What is for this member alone and what is for everybody do not replace each other. */
static void
test_latest_of_each (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_LATEST, &outbox_limits);
  g_autoptr (WherryOutbox) b = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);

  wherry_outbox_activate (a, NULL);
  push_to (self, a, 0, 0);
  push_to (self, a, 1, 7);
  push_to (self, a, 2, 0);
  g_assert_cmpuint (wherry_outbox_get_length (a), ==, 2);
  assert_next (self, 1, 3);
  push_to (self, a, 3, 0);
  push_to (self, a, 4, 7);
  push_to (self, a, 5, 7);
  g_assert_cmpint (outbox_take (self), ==, 3);
  g_assert_cmpint (outbox_take (self), ==, 5);
  assert_empty (self);

  wherry_outbox_activate (b, NULL);
  for (guint32 i = 0; i < 8; i++)
    push_to (self, b, i, i % 3 == 0 ? 7 : 0);
  wherry_outbox_change_policy (b, WHERRY_POLICY_LATEST, &outbox_limits);
  assert_next (self, 6, 8);
  assert_empty (self);
}

static void
test_disconnect (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a
      = wherry_outbox_new (self->set, WHERRY_POLICY_DISCONNECT, &outbox_limits);
  g_autoptr (WherryOutbox) b = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  g_autoptr (GArray) ids = NULL;

  wherry_outbox_activate (a, NULL);
  for (guint32 i = 0; i < FULL; i++)
    g_assert_cmpint (outbox_push (self, a, i, TRUE), ==, WHERRY_PUSH_OK);
  g_assert_null (wherry_block_watch_steal_condemned (self->watch));
  g_assert_cmpint (outbox_push (self, a, FULL, TRUE), ==, WHERRY_PUSH_CLOSED);
  g_assert_cmpuint (self->n_watch, ==, 1);

  /* told once; whatever comes before the hub has acted is not kept */
  g_assert_cmpint (outbox_push (self, a, FULL, TRUE), ==, WHERRY_PUSH_CLOSED);
  g_assert_cmpint (outbox_push (self, b, 0, TRUE), ==, WHERRY_PUSH_CLOSED);
  g_assert_cmpuint (self->n_watch, ==, 1);
  g_assert_cmpuint (wherry_outbox_set_get_bytes (self->set), ==, HIGH);
  g_assert_false (wherry_gate_is_shut (self->gate));
  ids = wherry_block_watch_steal_condemned (self->watch);
  g_assert_cmpuint (ids->len, ==, 1);
  g_assert_cmpuint (g_array_index (ids, guint64, 0), ==, wherry_outbox_set_get_id (self->set));
  assert_next (self, 0, FULL); /* what it had is not lost by this */
}

/* One that is larger than the high mark gets through, but nothing beside it. */
static void
test_larger_than_the_mark (OutboxFixture *self, gconstpointer data)
{
  WherryOutboxLimits limits = outbox_limits;

  limits.outbox_high = CHARGE / 2;
  limits.outbox_low = CHARGE / 4;
  for (guint i = 0; i < WHERRY_N_POLICIES; i++)
    {
      g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, (WherryPolicy) i, &limits);

      wherry_outbox_activate (a, NULL);
      g_assert_cmpint (outbox_push (self, a, i, FALSE), ==,
                       i == WHERRY_POLICY_BLOCK ? WHERRY_PUSH_BLOCKED : WHERRY_PUSH_OK);
      assert_next (self, i, i + 1);
      assert_empty (self);
      wherry_outbox_close (a);
    }
}

/* The same marks in messages, for every policy. */
static void
test_messages (OutboxFixture *self, gconstpointer data)
{
  const guint expected[WHERRY_N_POLICIES] = { 8, 4, 4, 1, 4 };
  WherryOutboxLimits limits = outbox_limits;

  limits.messages_high = 4;
  limits.messages_low = 1;
  for (guint i = 0; i < WHERRY_N_POLICIES; i++)
    {
      g_autoptr (WherryOutboxSet) set
          = wherry_outbox_set_new (8, MEMBER, self->clock, self->waker, NULL);
      g_autoptr (WherryOutbox) a = wherry_outbox_new (set, (WherryPolicy) i, &limits);

      wherry_outbox_activate (a, NULL);
      for (guint32 n = 0; n < 8; n++)
        outbox_push (self, a, n, TRUE);
      g_assert_cmpuint (wherry_outbox_get_length (a), ==, expected[i]);
      g_assert_cmpint (wherry_gate_is_shut (self->gate), ==, i == WHERRY_POLICY_BLOCK);
      for (guint left = expected[i]; left > 0; left--)
        {
          WherryOutboxTake taken;

          g_assert_cmpint (wherry_gate_is_shut (self->gate), ==,
                           i == WHERRY_POLICY_BLOCK && left > limits.messages_low);
          g_assert_true (wherry_outbox_set_take (set, &taken));
          wherry_outbox_set_give_back (set, &taken, TRUE);
        }
      wherry_outbox_set_close (set);
    }
}

/* Who takes an outbox from its high to its low mark within the limit is not slow, in messages too:
 * three of ten thousand bytes' worth that are charged a tenth. */
static void
test_messages_are_progress (OutboxFixture *self, gconstpointer data)
{
  WherryOutboxLimits limits = outbox_limits;
  g_autoptr (WherryOutbox) a = NULL;
  WherryBlockReport report;

  limits.outbox_high = 100 * HIGH;
  limits.messages_high = 4;
  limits.messages_low = 1;
  a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  wherry_outbox_activate (a, NULL);
  for (guint second = 0; second < 60; second++) /* one message a second */
    {
      while (!wherry_gate_is_shut (self->gate))
        outbox_push (self, a, 0, TRUE);
      wherry_virtual_clock_advance (self->clock, G_USEC_PER_SEC);
      outbox_take (self);
      wherry_outbox_set_get_report (self->set, wherry_clock_now_us (self->clock), &report);
      g_assert_false (report.is_over);
    }
  while (!wherry_gate_is_shut (self->gate))
    outbox_push (self, a, 0, TRUE);
  wherry_virtual_clock_advance (self->clock, 3 * G_USEC_PER_SEC);
  wherry_outbox_set_get_report (self->set, wherry_clock_now_us (self->clock), &report);
  g_assert_true (report.is_over);
}

/* A member that holds too much elsewhere: each policy acts, and one message always gets in. */
static void
test_member_total (OutboxFixture *self, gconstpointer data)
{
  WherryOutboxLimits wide = outbox_limits;
  g_autoptr (WherryOutbox) full = NULL;
  g_autoptr (WherryOutbox) oldest
      = wherry_outbox_new (self->set, WHERRY_POLICY_DROP_OLDEST, &outbox_limits);
  g_autoptr (WherryOutbox) newest
      = wherry_outbox_new (self->set, WHERRY_POLICY_DROP_NEWEST, &outbox_limits);
  g_autoptr (WherryOutbox) latest
      = wherry_outbox_new (self->set, WHERRY_POLICY_LATEST, &outbox_limits);

  wide.outbox_high = 2 * MEMBER;
  full = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &wide);
  outbox_fill (self, full);
  for (guint32 i = 0; i < 10; i++)
    {
      g_assert_cmpint (outbox_push (self, oldest, i, TRUE), ==, WHERRY_PUSH_OK);
      g_assert_cmpint (outbox_push (self, newest, 100 + i, TRUE), ==,
                       i == 0 ? WHERRY_PUSH_OK : WHERRY_PUSH_DROPPED);
      g_assert_cmpint (outbox_push (self, latest, 200 + i, TRUE), ==, WHERRY_PUSH_OK);
    }
  wherry_outbox_activate (oldest, NULL);
  wherry_outbox_activate (newest, NULL);
  wherry_outbox_activate (latest, NULL);
  assert_next (self, 9, 10);
  assert_next (self, 100, 101);
  assert_next (self, 209, 210);
  assert_empty (self);
}

/* Another policy while messages wait and publishers do. */
static void
test_change (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  WherryOutboxLimits half = outbox_limits;
  WherryOutboxTake taken;

  wherry_outbox_activate (a, NULL);
  for (guint32 i = 0; i <= FULL; i++)
    outbox_push (self, a, i, TRUE);
  g_assert_true (wherry_gate_is_shut (self->gate));
  g_assert_true (wherry_outbox_set_take (self->set, &taken));

  half.outbox_high = HIGH / 2;
  wherry_outbox_change_policy (a, WHERRY_POLICY_DROP_OLDEST, &half);
  g_assert_false (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (self->n_opened, ==, 1);
  g_assert_cmpuint (wherry_outbox_get_bytes (a), ==, HIGH / 2);
  wherry_outbox_change_policy (a, WHERRY_POLICY_LATEST, &half);
  g_assert_cmpuint (wherry_outbox_get_length (a), ==, 2);
  wherry_outbox_set_give_back (self->set, &taken, TRUE);
  wherry_outbox_change_policy (a, WHERRY_POLICY_BLOCK, &outbox_limits);
  outbox_push (self, a, FULL + 1, TRUE);
  assert_next (self, FULL, FULL + 2);
  assert_empty (self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add ("/relay/outbox-policy/" path, OutboxFixture, NULL, outbox_fixture_set_up, func,      \
              outbox_fixture_tear_down)
  ADD ("drop-oldest", test_drop_oldest);
  ADD ("drop-newest", test_drop_newest);
  ADD ("latest", test_latest);
  ADD ("latest-in-place", test_latest_in_place);
  ADD ("latest-of-each", test_latest_of_each);
  ADD ("disconnect", test_disconnect);
  ADD ("larger-than-the-mark", test_larger_than_the_mark);
  ADD ("messages", test_messages);
  ADD ("messages-are-progress", test_messages_are_progress);
  ADD ("member-total", test_member_total);
  ADD ("change", test_change);
  return g_test_run ();
}
