/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-budget.h"
#include "base/wherry-lock.h"
#include "relay/wherry-outbox-set.h"
#include "relay/wherry-topic.h"

/* Publishers and the owner on threads of their own, with real waiting: a wake-up that is lost, of
 * the owner or of a publisher, is a test that hangs until its end. */

#define N_PUBLISHERS 3u
#define N_MESSAGES 20000u
#define N_OUTBOXES 2u

static const WherryOutboxLimits limits = {
  .outbox_high = 8000, /* some twenty messages: the gates are busy */
  .outbox_low = 2000,
  .block_limit_us = 3 * G_USEC_PER_SEC,
  .block_window_us = 30 * G_USEC_PER_SEC,
};

/* A thread's own bell: rung by a waker, waited for by the thread. */
typedef struct
{
  WherryLock lock;
  GCond cond;
  gboolean rung;
  WherryWaker *waker;
} Bell;

static void
ring (gpointer data)
{
  Bell *bell = data;

  wherry_lock_acquire (&bell->lock);
  bell->rung = TRUE;
  g_cond_signal (&bell->cond);
  wherry_lock_release (&bell->lock);
}

static void
wait_for (Bell *bell)
{
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  wherry_lock_acquire (&bell->lock);
  while (!bell->rung)
    if (!wherry_lock_wait_until (&bell->lock, &bell->cond, end))
      g_error ("a wake-up was lost");
  bell->rung = FALSE;
  wherry_lock_release (&bell->lock);
}

static void
bell_init (Bell *bell)
{
  wherry_lock_init (&bell->lock);
  g_cond_init (&bell->cond);
  bell->rung = FALSE;
  bell->waker = wherry_waker_new ();
  wherry_waker_set (bell->waker, ring, bell);
}

static void
bell_clear (Bell *bell)
{
  wherry_waker_set (bell->waker, NULL, NULL);
  wherry_waker_unref (bell->waker);
  g_cond_clear (&bell->cond);
  wherry_lock_clear (&bell->lock);
}

typedef struct
{
  WherryTopic *topic;
  WherryBudget *budget;
  guint32 index;
  Bell bell;
  WherryGate *gate;
  guint n_waits;
} Publisher;

typedef struct
{
  guint32 publisher;
  guint32 number;
} Payload;

static gpointer
publish (gpointer data)
{
  Publisher *self = data;

  for (guint32 i = 0; i < N_MESSAGES; i++)
    {
      Payload payload = { self->index, i };
      g_autoptr (WherryMessage) message
          = wherry_message_new (WHERRY_MESSAGE_BINARY, (guint8 *) &payload, sizeof payload,
                                self->budget);
      WherryPublished published;

      while (wherry_gate_is_shut (self->gate))
        {
          self->n_waits++;
          wait_for (&self->bell);
        }
      wherry_topic_publish (self->topic, NULL, message, self->gate, &published);
    }
  return NULL;
}

static void
test_nothing_lost (void)
{
  g_autoptr (WherryBudget) budget = wherry_budget_new (G_MAXSIZE);
  g_autoptr (WherryTopic) topic = wherry_topic_new ("t", FALSE);
  g_autoptr (GPtrArray) outboxes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_outbox_unref);
  WherryOutboxSet *set = NULL;
  Bell bell;
  Publisher publishers[N_PUBLISHERS] = { 0 };
  GThread *threads[N_PUBLISHERS];
  guint32 expected[N_OUTBOXES][N_PUBLISHERS] = { 0 };
  gsize peak = 0;

  bell_init (&bell);
  set = wherry_outbox_set_new (1, G_MAXSIZE, wherry_clock_system (), bell.waker, NULL);
  for (guint i = 0; i < N_OUTBOXES; i++)
    {
      WherryOutbox *outbox = wherry_outbox_new (set, WHERRY_POLICY_BLOCK, &limits);

      wherry_outbox_activate (outbox, expected[i]);
      g_ptr_array_add (outboxes, outbox);
    }
  wherry_topic_set_snapshot (topic, wherry_snapshot_new (outboxes));
  for (guint i = 0; i < N_PUBLISHERS; i++)
    {
      publishers[i].topic = topic;
      publishers[i].budget = budget;
      publishers[i].index = i;
      bell_init (&publishers[i].bell);
      publishers[i].gate = wherry_gate_new (publishers[i].bell.waker);
      threads[i] = g_thread_new ("publisher", publish, &publishers[i]);
    }

  for (guint n = 0; n < N_OUTBOXES * N_PUBLISHERS * N_MESSAGES;)
    {
      WherryOutboxTake take;

      if (!wherry_outbox_set_take (set, &take))
        {
          wait_for (&bell);
          continue;
        }
      if (n % 7 != 0) /* now and then the association is full */
        {
          guint32 *next = wherry_outbox_get_owner (take.outbox);
          Payload payload;

          memcpy (&payload, wherry_message_get_data (take.message, NULL), sizeof payload);
          g_assert_cmpuint (payload.number, ==, next[payload.publisher]);
          next[payload.publisher]++;
          peak = MAX (peak, wherry_outbox_get_bytes (take.outbox));
          wherry_outbox_set_give_back (set, &take, TRUE);
          n++;
        }
      else
        {
          wherry_outbox_set_give_back (set, &take, FALSE);
          n++;
          g_assert_true (wherry_outbox_set_take (set, &take));
          {
            guint32 *next = wherry_outbox_get_owner (take.outbox);
            Payload payload;

            memcpy (&payload, wherry_message_get_data (take.message, NULL), sizeof payload);
            g_assert_cmpuint (payload.number, ==, next[payload.publisher]);
            next[payload.publisher]++;
          }
          wherry_outbox_set_give_back (set, &take, TRUE);
        }
    }

  for (guint i = 0; i < N_PUBLISHERS; i++)
    {
      g_thread_join (threads[i]);
      g_assert_cmpuint (publishers[i].n_waits, >, 0); /* or this tested nothing */
      g_assert_false (wherry_gate_is_shut (publishers[i].gate));
      wherry_gate_unref (publishers[i].gate);
      bell_clear (&publishers[i].bell);
    }
  /* each publisher goes over the mark by one message at most */
  g_assert_cmpuint (peak, <=, limits.outbox_high + N_PUBLISHERS * 300);
  wherry_outbox_set_close (set);
  wherry_outbox_set_unref (set);
  bell_clear (&bell);
  g_clear_pointer (&topic, wherry_topic_unref);
  g_clear_pointer (&outboxes, g_ptr_array_unref);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 0);
}

/* Outboxes that close and gates that close while others push and wait. */
typedef struct
{
  WherryTopic *topic;
  gint n_pushed;
  gint stop;
} Churn;

static gpointer
publish_until_stopped (gpointer data)
{
  Churn *churn = data;

  while (!g_atomic_int_get (&churn->stop))
    {
      Bell bell;
      WherryGate *gate;

      bell_init (&bell);
      gate = wherry_gate_new (bell.waker);
      for (guint i = 0; i < 100 && !wherry_gate_is_shut (gate); i++)
        {
          g_autoptr (WherryMessage) message
              = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) "x", 1, NULL);
          WherryPublished published;

          wherry_topic_publish (churn->topic, NULL, message, gate, &published);
          g_atomic_int_add (&churn->n_pushed, published.n_pushed);
        }
      wherry_gate_close (gate); /* whether it waits or not */
      wherry_gate_unref (gate);
      bell_clear (&bell);
    }
  return NULL;
}

static void
test_churn (void)
{
  g_autoptr (WherryTopic) topic = wherry_topic_new ("t", FALSE);
  g_autoptr (WherryWaker) waker = wherry_waker_new ();
  Churn churn = { .topic = topic };
  GThread *threads[2];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("publisher", publish_until_stopped, &churn);
  for (guint round = 0; round < 3000 || g_atomic_int_get (&churn.n_pushed) < 10000; round++)
    {
      g_autoptr (GPtrArray) outboxes
          = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_outbox_unref);
      g_autoptr (WherryOutboxSet) set
          = wherry_outbox_set_new (1, 20000, wherry_clock_system (), waker, NULL);
      WherryOutboxTake take;

      for (guint i = 0; i < 3; i++)
        g_ptr_array_add (outboxes, wherry_outbox_new (set, i % 2, &limits));
      for (guint i = 0; i < 3; i++)
        wherry_outbox_activate (g_ptr_array_index (outboxes, i), NULL);
      wherry_topic_set_snapshot (topic, wherry_snapshot_new (outboxes));
      for (guint i = 0; i < 50 && wherry_outbox_set_take (set, &take); i++)
        wherry_outbox_set_give_back (set, &take, i % 3 != 0);
      wherry_outbox_close (g_ptr_array_index (outboxes, round % 3));
      wherry_outbox_set_close (set);
      g_assert_cmpuint (wherry_outbox_set_get_bytes (set), ==, 0);
    }
  g_atomic_int_set (&churn.stop, 1);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/outbox-threads/nothing-lost", test_nothing_lost);
  g_test_add_func ("/relay/outbox-threads/churn", test_churn);
  return g_test_run ();
}
