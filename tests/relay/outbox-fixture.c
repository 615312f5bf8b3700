/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "outbox-fixture.h"

#include <string.h>

#include "fixtures/wherry-virtual-clock.h"

const WherryOutboxLimits outbox_limits = {
  .outbox_high = HIGH,
  .outbox_low = LOW,
  .block_limit_us = 3 * G_USEC_PER_SEC,
  .block_window_us = 30 * G_USEC_PER_SEC,
};

static void
count (gpointer data)
{
  (*(guint *) data)++;
}

void
outbox_fixture_set_up (OutboxFixture *self, gconstpointer data)
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

void
outbox_fixture_tear_down (OutboxFixture *self, gconstpointer data)
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

WherryPushResult
outbox_push (OutboxFixture *self, WherryOutbox *outbox, guint32 number, gboolean with_gate)
{
  guint8 data[CHARGE - WHERRY_MESSAGE_OVERHEAD] = { 0 };
  g_autoptr (WherryMessage) message = NULL;

  memcpy (data, &number, sizeof number);
  message = wherry_message_new (WHERRY_MESSAGE_BINARY, data, sizeof data, self->budget);
  return wherry_outbox_push (outbox, message, with_gate ? self->gate : NULL);
}

guint32
outbox_number_of (WherryMessage *message)
{
  guint32 number;

  memcpy (&number, wherry_message_get_data (message, NULL), sizeof number);
  return number;
}

gint64
outbox_take (OutboxFixture *self)
{
  WherryOutboxTake taken;
  gint64 number;

  if (!wherry_outbox_set_take (self->set, &taken))
    return -1;
  g_assert_nonnull (taken.message);
  number = outbox_number_of (taken.message);
  wherry_outbox_set_give_back (self->set, &taken, TRUE);
  return number;
}

void
outbox_fill (OutboxFixture *self, WherryOutbox *outbox)
{
  while (outbox_push (self, outbox, 0, TRUE) != WHERRY_PUSH_BLOCKED)
    ;
}
