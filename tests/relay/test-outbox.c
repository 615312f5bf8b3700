/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"
#include "fixtures/wherry-virtual-clock.h"
#include "outbox-fixture.h"

static void
test_wakes_once (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  g_autoptr (WherryOutbox) b = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);

  g_assert_cmpint (outbox_push (self, a, 1, TRUE), ==, WHERRY_PUSH_OK);
  g_assert_cmpuint (self->n_wakes, ==, 0); /* nobody may take it yet */
  g_assert_cmpint (outbox_take (self), ==, -1);
  wherry_outbox_activate (a, &a);
  wherry_outbox_activate (b, &b);
  g_assert_true (wherry_outbox_get_owner (a) == &a);
  g_assert_cmpuint (self->n_wakes, ==, 1);

  outbox_push (self, a, 2, TRUE);
  outbox_push (self, b, 3, TRUE);
  outbox_push (self, b, 4, TRUE);
  g_assert_cmpuint (self->n_wakes, ==, 1); /* the list was not empty */

  /* in turn, not one after the other */
  g_assert_cmpint (outbox_take (self), ==, 1);
  g_assert_cmpint (outbox_take (self), ==, 3);
  g_assert_cmpint (outbox_take (self), ==, 2);
  g_assert_cmpint (outbox_take (self), ==, 4);
  g_assert_cmpint (outbox_take (self), ==, -1);
  outbox_push (self, b, 5, TRUE);
  g_assert_cmpuint (self->n_wakes, ==, 2);
}

/* By weight, and nobody starves. */
static void
test_priority (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) low = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  g_autoptr (WherryOutbox) high
      = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  guint n[2] = { 0 };

  wherry_outbox_set_priority (low, 128);
  wherry_outbox_set_priority (high, 1024);
  wherry_outbox_activate (low, NULL);
  wherry_outbox_activate (high, NULL);
  for (guint i = 0; i < 4; i++)
    {
      outbox_push (self, low, 0, TRUE);
      outbox_push (self, high, 1, TRUE);
    }
  for (guint i = 0; i < 90; i++)
    {
      guint which = outbox_take (self) == 1 ? 1 : 0;

      n[which]++;
      outbox_push (self, which == 0 ? low : high, which, TRUE);
    }
  g_assert_cmpuint (n[0], ==, 10);
  g_assert_cmpuint (n[1], ==, 80);
}

/* One that cannot go now does not hold up the others, nor hide that there are others. */
static void
test_put_aside (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  g_autoptr (WherryOutbox) b = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  WherryOutboxTake taken;

  wherry_outbox_activate (a, NULL);
  wherry_outbox_activate (b, NULL);
  outbox_push (self, a, 1, TRUE);
  outbox_push (self, a, 2, TRUE);
  g_assert_cmpuint (self->n_wakes, ==, 1);
  g_assert_true (wherry_outbox_set_take (self->set, &taken));
  wherry_outbox_set_put_aside (self->set, &taken);
  g_assert_cmpint (outbox_take (self), ==, -1);
  outbox_push (self, b, 3, TRUE);
  g_assert_cmpuint (self->n_wakes, ==, 2);
  g_assert_cmpint (outbox_take (self), ==, 3);
  g_assert_cmpint (outbox_take (self), ==, -1);
  wherry_outbox_set_resume (self->set);
  g_assert_cmpint (outbox_take (self), ==, 1);
  g_assert_true (wherry_outbox_set_take (self->set, &taken));
  wherry_outbox_set_put_aside (self->set, &taken);
  wherry_outbox_close (a);
  outbox_push (self, b, 4, TRUE);
  g_assert_cmpuint (self->n_wakes, ==, 3);
  g_assert_cmpint (outbox_take (self), ==, 4);
  g_assert_cmpint (outbox_take (self), ==, -1);
}

static void
test_not_sent_stays_first (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  WherryOutboxTake taken;

  wherry_outbox_activate (a, NULL);
  outbox_push (self, a, 1, TRUE);
  outbox_push (self, a, 2, TRUE);
  g_assert_true (wherry_outbox_set_take (self->set, &taken));
  wherry_outbox_set_give_back (self->set, &taken, FALSE);
  g_assert_null (taken.message);
  g_assert_cmpuint (wherry_outbox_get_length (a), ==, 2);
  g_assert_cmpint (outbox_take (self), ==, 1);
  g_assert_cmpint (outbox_take (self), ==, 2);
}

static void
test_block (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  guint64 pauses = wherry_counter_get (WHERRY_COUNTER_PAUSES);
  guint32 number = 0;

  wherry_outbox_activate (a, NULL);
  for (; number < HIGH / CHARGE; number++)
    g_assert_cmpint (outbox_push (self, a, number, TRUE), ==, WHERRY_PUSH_OK);
  g_assert_false (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (self->n_watch, ==, 0);

  /* over the mark it is taken all the same */
  g_assert_cmpint (outbox_push (self, a, number++, TRUE), ==, WHERRY_PUSH_BLOCKED);
  g_assert_cmpint (outbox_push (self, a, number++, TRUE), ==, WHERRY_PUSH_BLOCKED);
  g_assert_cmpint (outbox_push (self, a, number++, FALSE), ==, WHERRY_PUSH_BLOCKED);
  g_assert_true (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (self->n_watch, ==, 1);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_PAUSES), ==, pauses + 1);

  /* it opens at the low mark, not before */
  for (guint32 i = 0; i < number; i++)
    {
      gsize left = (number - i - 1) * CHARGE;

      g_assert_cmpint (outbox_take (self), ==, i);
      g_assert_cmpuint (wherry_outbox_get_bytes (a), ==, left);
      g_assert_cmpint (wherry_gate_is_shut (self->gate), ==, left > LOW);
      g_assert_cmpuint (self->n_opened, ==, left > LOW ? 0 : 1);
    }
}

static void
test_gate_of_two (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  g_autoptr (WherryOutboxSet) other
      = wherry_outbox_set_new (8, MEMBER, self->clock, self->waker, self->watch);
  g_autoptr (WherryOutbox) b = wherry_outbox_new (other, WHERRY_POLICY_BLOCK, &outbox_limits);

  outbox_fill (self, a);
  outbox_fill (self, b);
  wherry_outbox_close (a);
  g_assert_true (wherry_gate_is_shut (self->gate)); /* b is still full */
  g_assert_cmpuint (self->n_opened, ==, 0);
  g_assert_cmpint (outbox_push (self, a, 0, TRUE), ==, WHERRY_PUSH_CLOSED);
  wherry_outbox_set_close (other);
  g_assert_false (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (self->n_opened, ==, 1);
}

static void
test_gate_closes (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  WherryBlockReport report;

  outbox_fill (self, a);
  wherry_outbox_set_get_report (self->set, wherry_clock_now_us (self->clock), &report);
  g_assert_true (report.is_blocking);
  wherry_gate_close (self->gate);
  g_assert_false (wherry_gate_is_shut (self->gate));
  wherry_outbox_set_get_report (self->set, wherry_clock_now_us (self->clock), &report);
  g_assert_false (report.is_blocking); /* nobody waits for it any more */
  g_assert_cmpint (outbox_push (self, a, 0, TRUE), ==, WHERRY_PUSH_BLOCKED);
  g_assert_false (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (self->n_opened, ==, 0);
}

/* Three outboxes below their marks, together over what the member may have. */
static void
test_member_total (OutboxFixture *self, gconstpointer data)
{
  WherryOutbox *outboxes[3];
  guint n = 0;

  for (guint i = 0; i < 3; i++)
    outboxes[i] = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  for (; n < MEMBER / CHARGE; n++)
    g_assert_cmpint (outbox_push (self, outboxes[n % 2], n, TRUE), ==, WHERRY_PUSH_OK);
  g_assert_cmpint (outbox_push (self, outboxes[2], n, TRUE), ==, WHERRY_PUSH_BLOCKED);
  for (guint i = 0; i < 3; i++)
    wherry_outbox_activate (outboxes[i], NULL);
  for (gsize left = (n + 1) * CHARGE; left > MEMBER * 3 / 4; left -= CHARGE)
    {
      g_assert_true (wherry_gate_is_shut (self->gate));
      outbox_take (self);
    }
  g_assert_false (wherry_gate_is_shut (self->gate));
  for (guint i = 0; i < 3; i++)
    wherry_outbox_unref (outboxes[i]);
}

static void
test_too_large (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);

  wherry_outbox_set_set_max_message_size (self->set, CHARGE - WHERRY_MESSAGE_OVERHEAD - 1);
  g_assert_cmpint (outbox_push (self, a, 0, TRUE), ==, WHERRY_PUSH_TOO_LARGE);
  g_assert_cmpuint (wherry_outbox_get_length (a), ==, 0);
  wherry_outbox_set_set_max_message_size (self->set, CHARGE - WHERRY_MESSAGE_OVERHEAD);
  g_assert_cmpint (outbox_push (self, a, 0, TRUE), ==, WHERRY_PUSH_OK);
}

/* It ends behind what is queued, and behind the last snapshot that could add to it. */
static void
test_retire (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  WherryOutboxTake taken;

  wherry_outbox_activate (a, NULL);
  wherry_outbox_enter_snapshot (a);
  wherry_outbox_enter_snapshot (a);
  outbox_push (self, a, 1, TRUE);
  wherry_outbox_retire (a);
  wherry_outbox_leave_snapshot (a);
  g_assert_cmpint (outbox_take (self), ==, 1);
  g_assert_false (wherry_outbox_set_take (self->set, &taken));
  outbox_push (self, a, 2, TRUE); /* by the old snapshot */
  wherry_outbox_leave_snapshot (a);
  g_assert_false (wherry_outbox_is_over (a));
  g_assert_cmpint (outbox_take (self), ==, 2);

  g_assert_true (wherry_outbox_is_over (a));
  g_assert_true (wherry_outbox_set_take (self->set, &taken));
  g_assert_true (taken.outbox == a);
  g_assert_null (taken.message);
  wherry_outbox_set_give_back (self->set, &taken, TRUE);
  g_assert_false (wherry_outbox_set_take (self->set, &taken)); /* told once */
}

static void
test_retire_wakes (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  g_autoptr (WherryOutbox) b = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  WherryOutboxTake taken;

  wherry_outbox_activate (a, NULL);
  wherry_outbox_enter_snapshot (a);
  wherry_outbox_retire (a);
  g_assert_cmpuint (self->n_wakes, ==, 0);
  wherry_outbox_leave_snapshot (a);
  g_assert_cmpuint (self->n_wakes, ==, 1);
  g_assert_true (wherry_outbox_set_take (self->set, &taken));
  wherry_outbox_set_give_back (self->set, &taken, TRUE);
  g_assert_false (wherry_outbox_set_take (self->set, &taken));

  wherry_outbox_retire (b);
  g_assert_cmpuint (self->n_wakes, ==, 1);
  wherry_outbox_activate (b, NULL); /* over before it began */
  g_assert_cmpuint (self->n_wakes, ==, 2);
}

static void
test_report (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &outbox_limits);
  WherryBlockReport report;

  wherry_outbox_activate (a, NULL);
  outbox_fill (self, a);
  wherry_virtual_clock_advance (self->clock, 2 * G_USEC_PER_SEC);
  wherry_outbox_set_get_report (self->set, wherry_clock_now_us (self->clock), &report);
  g_assert_cmpint (report.blocked_us, ==, 2 * G_USEC_PER_SEC);
  g_assert_cmpint (report.stalled_us, ==, 2 * G_USEC_PER_SEC);
  g_assert_false (report.is_over);
  wherry_virtual_clock_advance (self->clock, G_USEC_PER_SEC);
  wherry_outbox_set_get_report (self->set, wherry_clock_now_us (self->clock), &report);
  g_assert_true (report.is_over);

  wherry_outbox_set_restart_clocks (self->set, wherry_clock_now_us (self->clock));
  wherry_outbox_set_get_report (self->set, wherry_clock_now_us (self->clock), &report);
  g_assert_false (report.is_over);
  g_assert_true (report.is_blocking);
  outbox_take (self);
  wherry_outbox_set_get_report (self->set, wherry_clock_now_us (self->clock), &report);
  g_assert_cmpint (report.stalled_us, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add ("/relay/outbox/" path, OutboxFixture, NULL, outbox_fixture_set_up, func,             \
              outbox_fixture_tear_down)
  ADD ("wakes-once", test_wakes_once);
  ADD ("priority", test_priority);
  ADD ("put-aside", test_put_aside);
  ADD ("not-sent-stays-first", test_not_sent_stays_first);
  ADD ("block", test_block);
  ADD ("gate-of-two", test_gate_of_two);
  ADD ("gate-closes", test_gate_closes);
  ADD ("member-total", test_member_total);
  ADD ("too-large", test_too_large);
  ADD ("retire", test_retire);
  ADD ("retire-wakes", test_retire_wakes);
  ADD ("report", test_report);
  return g_test_run ();
}
