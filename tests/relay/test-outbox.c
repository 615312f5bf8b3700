/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-budget.h"
#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-virtual-clock.h"
#include "relay/wherry-outbox-set.h"

#define HIGH 10000u
#define LOW 2000u
#define MEMBER 20000u
#define CHARGE 1000u /* of a message made here */

static const WherryOutboxLimits limits = {
  .outbox_high = HIGH,
  .outbox_low = LOW,
  .block_limit_us = 3 * G_USEC_PER_SEC,
  .block_window_us = 30 * G_USEC_PER_SEC,
};

typedef struct
{
  WherryClock *clock;
  WherryBudget *budget; /* every message is charged to it: nothing left means nothing leaked */
  WherryBlockWatch *watch;
  guint n_watch;
  WherryWaker *waker;
  guint n_wakes;
  WherryWaker *gate_waker;
  guint n_opened;
  WherryGate *gate;
  WherryOutboxSet *set;
} Fixture;

static void
count (gpointer data)
{
  (*(guint *) data)++;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->clock = wherry_virtual_clock_new ();
  self->budget = wherry_budget_new (G_MAXSIZE);
  self->watch = wherry_block_watch_new (count, &self->n_watch);
  self->waker = wherry_waker_new ();
  wherry_waker_set (self->waker, count, &self->n_wakes);
  self->gate_waker = wherry_waker_new ();
  wherry_waker_set (self->gate_waker, count, &self->n_opened);
  self->gate = wherry_gate_new (self->gate_waker);
  self->set = wherry_outbox_set_new (7, MEMBER, self->clock, self->waker, self->watch);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  gboolean on_budget = TRUE;

  wherry_outbox_set_close (self->set);
  g_assert_false (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (wherry_outbox_set_get_bytes (self->set), ==, 0);
  g_assert_cmpuint (wherry_budget_get_used (self->budget), ==, 0);
  g_assert_null (wherry_block_watch_look (self->watch, &on_budget));
  g_assert_false (on_budget);
  wherry_outbox_set_unref (self->set);
  wherry_gate_unref (self->gate);
  wherry_waker_unref (self->waker);
  wherry_waker_unref (self->gate_waker);
  wherry_block_watch_unref (self->watch);
  wherry_budget_unref (self->budget);
  wherry_clock_unref (self->clock);
}

/* Its first bytes say which one it is. */
static WherryPushResult
push (Fixture *self, WherryOutbox *outbox, guint32 number, gboolean with_gate)
{
  guint8 data[CHARGE - WHERRY_MESSAGE_OVERHEAD] = { 0 };
  g_autoptr (WherryMessage) message = NULL;

  memcpy (data, &number, sizeof number);
  message = wherry_message_new (WHERRY_MESSAGE_BINARY, data, sizeof data, self->budget);
  return wherry_outbox_push (outbox, message, with_gate ? self->gate : NULL);
}

static guint32
number_of (WherryMessage *message)
{
  guint32 number;

  memcpy (&number, wherry_message_get_data (message, NULL), sizeof number);
  return number;
}

/* -1: nothing to take */
static gint64
take (Fixture *self)
{
  WherryOutboxTake taken;
  gint64 number;

  if (!wherry_outbox_set_take (self->set, &taken))
    return -1;
  g_assert_nonnull (taken.message);
  number = number_of (taken.message);
  wherry_outbox_set_give_back (self->set, &taken, TRUE);
  return number;
}

static void
test_wakes_once (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  g_autoptr (WherryOutbox) b = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);

  g_assert_cmpint (push (self, a, 1, TRUE), ==, WHERRY_PUSH_OK);
  g_assert_cmpuint (self->n_wakes, ==, 0); /* nobody may take it yet */
  g_assert_cmpint (take (self), ==, -1);
  wherry_outbox_activate (a, &a);
  wherry_outbox_activate (b, &b);
  g_assert_true (wherry_outbox_get_owner (a) == &a);
  g_assert_cmpuint (self->n_wakes, ==, 1);

  push (self, a, 2, TRUE);
  push (self, b, 3, TRUE);
  push (self, b, 4, TRUE);
  g_assert_cmpuint (self->n_wakes, ==, 1); /* the list was not empty */

  /* in turn, not one after the other */
  g_assert_cmpint (take (self), ==, 1);
  g_assert_cmpint (take (self), ==, 3);
  g_assert_cmpint (take (self), ==, 2);
  g_assert_cmpint (take (self), ==, 4);
  g_assert_cmpint (take (self), ==, -1);
  push (self, b, 5, TRUE);
  g_assert_cmpuint (self->n_wakes, ==, 2);
}

/* By weight, and nobody starves. */
static void
test_priority (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) low = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  g_autoptr (WherryOutbox) high = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  guint n[2] = { 0 };

  wherry_outbox_set_priority (low, 128);
  wherry_outbox_set_priority (high, 1024);
  wherry_outbox_activate (low, NULL);
  wherry_outbox_activate (high, NULL);
  for (guint i = 0; i < 4; i++)
    {
      push (self, low, 0, TRUE);
      push (self, high, 1, TRUE);
    }
  for (guint i = 0; i < 90; i++)
    {
      guint which = take (self) == 1 ? 1 : 0;

      n[which]++;
      push (self, which == 0 ? low : high, which, TRUE);
    }
  g_assert_cmpuint (n[0], ==, 10);
  g_assert_cmpuint (n[1], ==, 80);
}

/* One that cannot go now does not hold up the others, nor hide that there are others. */
static void
test_put_aside (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  g_autoptr (WherryOutbox) b = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  WherryOutboxTake taken;

  wherry_outbox_activate (a, NULL);
  wherry_outbox_activate (b, NULL);
  push (self, a, 1, TRUE);
  push (self, a, 2, TRUE);
  g_assert_cmpuint (self->n_wakes, ==, 1);
  g_assert_true (wherry_outbox_set_take (self->set, &taken));
  wherry_outbox_set_put_aside (self->set, &taken);
  g_assert_cmpint (take (self), ==, -1);
  push (self, b, 3, TRUE);
  g_assert_cmpuint (self->n_wakes, ==, 2);
  g_assert_cmpint (take (self), ==, 3);
  g_assert_cmpint (take (self), ==, -1);
  wherry_outbox_set_resume (self->set);
  g_assert_cmpint (take (self), ==, 1);
  g_assert_true (wherry_outbox_set_take (self->set, &taken));
  wherry_outbox_set_put_aside (self->set, &taken);
  wherry_outbox_close (a);
  push (self, b, 4, TRUE);
  g_assert_cmpuint (self->n_wakes, ==, 3);
  g_assert_cmpint (take (self), ==, 4);
  g_assert_cmpint (take (self), ==, -1);
}

static void
test_not_sent_stays_first (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  WherryOutboxTake taken;

  wherry_outbox_activate (a, NULL);
  push (self, a, 1, TRUE);
  push (self, a, 2, TRUE);
  g_assert_true (wherry_outbox_set_take (self->set, &taken));
  wherry_outbox_set_give_back (self->set, &taken, FALSE);
  g_assert_null (taken.message);
  g_assert_cmpuint (wherry_outbox_get_length (a), ==, 2);
  g_assert_cmpint (take (self), ==, 1);
  g_assert_cmpint (take (self), ==, 2);
}

static void
test_block (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  guint64 pauses = wherry_counter_get (WHERRY_COUNTER_PAUSES);
  guint32 number = 0;

  wherry_outbox_activate (a, NULL);
  for (; number < HIGH / CHARGE; number++)
    g_assert_cmpint (push (self, a, number, TRUE), ==, WHERRY_PUSH_OK);
  g_assert_false (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (self->n_watch, ==, 0);

  /* over the mark it is taken all the same */
  g_assert_cmpint (push (self, a, number++, TRUE), ==, WHERRY_PUSH_BLOCKED);
  g_assert_cmpint (push (self, a, number++, TRUE), ==, WHERRY_PUSH_BLOCKED);
  g_assert_cmpint (push (self, a, number++, FALSE), ==, WHERRY_PUSH_BLOCKED);
  g_assert_true (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (self->n_watch, ==, 1);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_PAUSES), ==, pauses + 1);

  /* it opens at the low mark, not before */
  for (guint32 i = 0; i < number; i++)
    {
      gsize left = (number - i - 1) * CHARGE;

      g_assert_cmpint (take (self), ==, i);
      g_assert_cmpuint (wherry_outbox_get_bytes (a), ==, left);
      g_assert_cmpint (wherry_gate_is_shut (self->gate), ==, left > LOW);
      g_assert_cmpuint (self->n_opened, ==, left > LOW ? 0 : 1);
    }
}

static void
fill (Fixture *self, WherryOutbox *outbox)
{
  while (push (self, outbox, 0, TRUE) != WHERRY_PUSH_BLOCKED)
    ;
}

static void
test_gate_of_two (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  g_autoptr (WherryOutboxSet) other
      = wherry_outbox_set_new (8, MEMBER, self->clock, self->waker, self->watch);
  g_autoptr (WherryOutbox) b = wherry_outbox_new (other, WHERRY_POLICY_BLOCK, &limits);

  fill (self, a);
  fill (self, b);
  wherry_outbox_close (a);
  g_assert_true (wherry_gate_is_shut (self->gate)); /* b is still full */
  g_assert_cmpuint (self->n_opened, ==, 0);
  g_assert_cmpint (push (self, a, 0, TRUE), ==, WHERRY_PUSH_CLOSED);
  wherry_outbox_set_close (other);
  g_assert_false (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (self->n_opened, ==, 1);
}

static void
test_gate_closes (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  WherryBlockReport report;

  fill (self, a);
  wherry_outbox_set_get_report (self->set, wherry_clock_now_us (self->clock), &report);
  g_assert_true (report.is_blocking);
  wherry_gate_close (self->gate);
  g_assert_false (wherry_gate_is_shut (self->gate));
  wherry_outbox_set_get_report (self->set, wherry_clock_now_us (self->clock), &report);
  g_assert_false (report.is_blocking); /* nobody waits for it any more */
  g_assert_cmpint (push (self, a, 0, TRUE), ==, WHERRY_PUSH_BLOCKED);
  g_assert_false (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (self->n_opened, ==, 0);
}

/* Three outboxes below their marks, together over what the member may have. */
static void
test_member_total (Fixture *self, gconstpointer data)
{
  WherryOutbox *outboxes[3];
  guint n = 0;

  for (guint i = 0; i < 3; i++)
    outboxes[i] = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  for (; n < MEMBER / CHARGE; n++)
    g_assert_cmpint (push (self, outboxes[n % 2], n, TRUE), ==, WHERRY_PUSH_OK);
  g_assert_cmpint (push (self, outboxes[2], n, TRUE), ==, WHERRY_PUSH_BLOCKED);
  for (guint i = 0; i < 3; i++)
    wherry_outbox_activate (outboxes[i], NULL);
  for (gsize left = (n + 1) * CHARGE; left > MEMBER * 3 / 4; left -= CHARGE)
    {
      g_assert_true (wherry_gate_is_shut (self->gate));
      take (self);
    }
  g_assert_false (wherry_gate_is_shut (self->gate));
  for (guint i = 0; i < 3; i++)
    wherry_outbox_unref (outboxes[i]);
}

static void
test_drop_oldest (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_DROP_OLDEST, &limits);
  guint64 dropped = wherry_counter_get (WHERRY_COUNTER_DROPPED_OLDEST);
  WherryOutboxTake taken;

  wherry_outbox_activate (a, NULL);
  push (self, a, 0, TRUE);
  g_assert_true (wherry_outbox_set_take (self->set, &taken)); /* on its way: not dropped */
  for (guint32 i = 1; i < 100; i++)
    g_assert_cmpint (push (self, a, i, TRUE), ==, WHERRY_PUSH_OK);
  g_assert_false (wherry_gate_is_shut (self->gate));
  g_assert_cmpuint (wherry_outbox_get_bytes (a), <=, HIGH);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DROPPED_OLDEST), ==,
                    dropped + 100 - HIGH / CHARGE);
  wherry_outbox_set_give_back (self->set, &taken, TRUE);
  for (guint32 i = 100 - HIGH / CHARGE + 1; i < 100; i++)
    g_assert_cmpint (take (self), ==, i);
  g_assert_cmpint (take (self), ==, -1);
}

static void
test_too_large (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);

  wherry_outbox_set_set_max_message_size (self->set, CHARGE - WHERRY_MESSAGE_OVERHEAD - 1);
  g_assert_cmpint (push (self, a, 0, TRUE), ==, WHERRY_PUSH_TOO_LARGE);
  g_assert_cmpuint (wherry_outbox_get_length (a), ==, 0);
  wherry_outbox_set_set_max_message_size (self->set, CHARGE - WHERRY_MESSAGE_OVERHEAD);
  g_assert_cmpint (push (self, a, 0, TRUE), ==, WHERRY_PUSH_OK);
}

/* It ends behind what is queued, and behind the last snapshot that could add to it. */
static void
test_retire (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  WherryOutboxTake taken;

  wherry_outbox_activate (a, NULL);
  wherry_outbox_enter_snapshot (a);
  wherry_outbox_enter_snapshot (a);
  push (self, a, 1, TRUE);
  wherry_outbox_retire (a);
  wherry_outbox_leave_snapshot (a);
  g_assert_cmpint (take (self), ==, 1);
  g_assert_false (wherry_outbox_set_take (self->set, &taken));
  push (self, a, 2, TRUE); /* by the old snapshot */
  wherry_outbox_leave_snapshot (a);
  g_assert_false (wherry_outbox_is_over (a));
  g_assert_cmpint (take (self), ==, 2);

  g_assert_true (wherry_outbox_is_over (a));
  g_assert_true (wherry_outbox_set_take (self->set, &taken));
  g_assert_true (taken.outbox == a);
  g_assert_null (taken.message);
  wherry_outbox_set_give_back (self->set, &taken, TRUE);
  g_assert_false (wherry_outbox_set_take (self->set, &taken)); /* told once */
}

static void
test_retire_wakes (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  g_autoptr (WherryOutbox) b = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
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
test_report (Fixture *self, gconstpointer data)
{
  g_autoptr (WherryOutbox) a = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  WherryBlockReport report;

  wherry_outbox_activate (a, NULL);
  fill (self, a);
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
  take (self);
  wherry_outbox_set_get_report (self->set, wherry_clock_now_us (self->clock), &report);
  g_assert_cmpint (report.stalled_us, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/relay/outbox/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("wakes-once", test_wakes_once);
  ADD ("priority", test_priority);
  ADD ("put-aside", test_put_aside);
  ADD ("not-sent-stays-first", test_not_sent_stays_first);
  ADD ("block", test_block);
  ADD ("gate-of-two", test_gate_of_two);
  ADD ("gate-closes", test_gate_closes);
  ADD ("member-total", test_member_total);
  ADD ("drop-oldest", test_drop_oldest);
  ADD ("too-large", test_too_large);
  ADD ("retire", test_retire);
  ADD ("retire-wakes", test_retire_wakes);
  ADD ("report", test_report);
  return g_test_run ();
}
