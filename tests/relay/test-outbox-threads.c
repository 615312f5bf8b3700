/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-budget.h"
#include "base/wherry-lock.h"
#include "relay/wherry-outbox-set.h"
#include "relay/wherry-outbox-stats.h"
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
  gpointer user_data;
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
  gint *n_publishing;
  WherryWaker *owner;
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

/* One outbox of each policy but disconnect, and one whose policy changes all the time; what is
 * taken and what is counted as dropped is all that was published, in order. */
#define N_COUNTED (WHERRY_POLICY_LATEST + 2u)

typedef struct
{
  WherryOutboxSet *set;
  WherryOutbox *changing;
  gint stop;
  guint n_changes;
} Changer;

static const WherryOutboxLimits few = {
  .outbox_high = 8000,
  .outbox_low = 2000,
  .messages_high = 4,
  .messages_low = 1,
  .block_limit_us = 3 * G_USEC_PER_SEC,
  .block_window_us = 30 * G_USEC_PER_SEC,
};

static gpointer
change_policies (gpointer data)
{
  Changer *self = data;

  for (; !g_atomic_int_get (&self->stop); self->n_changes++)
    {
      g_autoptr (GPtrArray) stats = wherry_outbox_set_get_stats (self->set);

      g_assert_cmpuint (stats->len, ==, N_COUNTED);
      wherry_outbox_change_policy (self->changing,
                                   (WherryPolicy) (self->n_changes % (WHERRY_POLICY_LATEST + 1)),
                                   self->n_changes % 3 == 0 ? &limits : &few);
    }
  return NULL;
}

/* Until every publisher has ended and nothing is left. */
static void
take_all (WherryOutboxSet *set, Bell *bell, gint *n_publishing, guint64 *taken)
{
  gint was_publishing = TRUE;

  while (was_publishing)
    {
      WherryOutboxTake take;

      was_publishing = g_atomic_int_get (n_publishing) > 0;
      while (wherry_outbox_set_take (set, &take))
        {
          guint32 *next = wherry_outbox_get_owner (take.outbox);
          Payload payload;

          memcpy (&payload, wherry_message_get_data (take.message, NULL), sizeof payload);
          g_assert_cmpuint (payload.number, >=, next[payload.publisher]);
          next[payload.publisher] = payload.number + 1;
          taken[(next - (guint32 *) bell->user_data) / N_PUBLISHERS]++;
          wherry_outbox_set_give_back (set, &take, TRUE);
        }
      if (was_publishing)
        wait_for (bell);
    }
}

static gpointer
publish_and_tell (gpointer data)
{
  Publisher *self = data;

  publish (self);
  g_atomic_int_add (self->n_publishing, -1);
  wherry_waker_post (self->owner);
  return NULL;
}

static void
test_all_counted (void)
{
  g_autoptr (WherryTopic) topic = wherry_topic_new ("t", FALSE);
  g_autoptr (GPtrArray) outboxes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_outbox_unref);
  g_autoptr (GPtrArray) stats = NULL;
  guint32 next[N_COUNTED][N_PUBLISHERS] = { 0 };
  guint64 taken[N_COUNTED] = { 0 };
  Publisher publishers[N_PUBLISHERS] = { 0 };
  GThread *threads[N_PUBLISHERS];
  Changer changer = { 0 };
  GThread *changing;
  gint n_publishing = N_PUBLISHERS;
  Bell bell;

  bell_init (&bell);
  bell.user_data = next;
  changer.set = wherry_outbox_set_new (1, G_MAXSIZE, wherry_clock_system (), bell.waker, NULL);
  for (guint i = 0; i < N_COUNTED; i++)
    {
      char label[] = { (char) ('a' + i), '\0' };
      WherryPolicy policy = i > WHERRY_POLICY_LATEST ? WHERRY_POLICY_BLOCK : (WherryPolicy) i;

      changer.changing = wherry_outbox_new_labeled (changer.set, label, policy, &few);
      wherry_outbox_activate (changer.changing, next[i]);
      g_ptr_array_add (outboxes, changer.changing);
    }
  wherry_topic_set_snapshot (topic, wherry_snapshot_new (outboxes));
  changing = g_thread_new ("changer", change_policies, &changer);
  for (guint i = 0; i < N_PUBLISHERS; i++)
    {
      publishers[i].topic = topic;
      publishers[i].index = i;
      publishers[i].n_publishing = &n_publishing;
      publishers[i].owner = bell.waker;
      bell_init (&publishers[i].bell);
      publishers[i].gate = wherry_gate_new (publishers[i].bell.waker);
      threads[i] = g_thread_new ("publisher", publish_and_tell, &publishers[i]);
    }
  take_all (changer.set, &bell, &n_publishing, taken);
  for (guint i = 0; i < N_PUBLISHERS; i++)
    {
      g_thread_join (threads[i]);
      wherry_gate_unref (publishers[i].gate);
      bell_clear (&publishers[i].bell);
    }
  g_atomic_int_set (&changer.stop, 1);
  g_thread_join (changing);

  stats = wherry_outbox_set_get_stats (changer.set);
  for (guint i = 0; i < N_COUNTED; i++)
    {
      const WherryOutboxStats *each = g_ptr_array_index (stats, i);
      guint64 dropped = 0;

      for (guint policy = 0; policy < WHERRY_N_POLICIES; policy++)
        {
          g_assert_true (i == N_COUNTED - 1 || i == policy || each->counts.dropped[policy] == 0);
          dropped += each->counts.dropped[policy];
        }
      g_assert_cmpuint (taken[i] + dropped, ==, N_PUBLISHERS * N_MESSAGES);
      g_assert_true (i == WHERRY_POLICY_BLOCK || dropped > 0); /* or this tested nothing */
    }
  g_test_message ("%u changes", changer.n_changes);
  g_assert_cmpuint (changer.n_changes, >, 10);
  wherry_outbox_set_close (changer.set);
  wherry_outbox_set_unref (changer.set);
  bell_clear (&bell);
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
        g_ptr_array_add (outboxes, wherry_outbox_new (set, round % WHERRY_N_POLICIES, &limits));
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
  g_test_add_func ("/relay/outbox-threads/all-counted", test_all_counted);
  g_test_add_func ("/relay/outbox-threads/churn", test_churn);
  return g_test_run ();
}
