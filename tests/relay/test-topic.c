/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-budget.h"
#include "base/wherry-counters.h"
#include "relay/wherry-topic.h"

static const WherryOutboxLimits limits = {
  .outbox_high = 1 << 20,
  .outbox_low = 1 << 18,
  .block_limit_us = 3 * G_USEC_PER_SEC,
  .block_window_us = 30 * G_USEC_PER_SEC,
};

typedef struct
{
  WherryWaker *waker;
  WherryBudget *budget;
  WherryTopic *topic;
  WherryOutboxSet *sets[3];
  WherryOutbox *outboxes[3];
} Fixture;

static void
set_up (Fixture *self, gconstpointer echo)
{
  g_autoptr (GPtrArray) outboxes = g_ptr_array_new ();

  self->waker = wherry_waker_new ();
  self->budget = wherry_budget_new (G_MAXSIZE);
  self->topic = wherry_topic_new ("topic", echo != NULL);
  g_assert_cmpstr (wherry_topic_get_label (self->topic), ==, "topic");
  for (guint i = 0; i < 3; i++)
    {
      self->sets[i]
          = wherry_outbox_set_new (i, G_MAXSIZE, wherry_clock_system (), self->waker, NULL);
      self->outboxes[i] = wherry_outbox_new (self->sets[i], WHERRY_POLICY_BLOCK, &limits);
      g_ptr_array_add (outboxes, self->outboxes[i]);
    }
  wherry_topic_set_snapshot (self->topic, wherry_snapshot_new (outboxes));
}

static void
tear_down (Fixture *self, gconstpointer echo)
{
  wherry_topic_unref (self->topic);
  for (guint i = 0; i < 3; i++)
    {
      wherry_outbox_set_close (self->sets[i]);
      wherry_outbox_unref (self->outboxes[i]);
      wherry_outbox_set_unref (self->sets[i]);
    }
  g_assert_cmpuint (wherry_budget_get_used (self->budget), ==, 0);
  wherry_budget_unref (self->budget);
  wherry_waker_unref (self->waker);
}

static void
publish (Fixture *self, guint from, gsize length, WherryPublished *published)
{
  g_autofree guint8 *data = g_malloc0 (length);
  g_autoptr (WherryMessage) message
      = wherry_message_new (WHERRY_MESSAGE_BINARY, data, length, self->budget);

  wherry_topic_publish (self->topic, self->sets[from], message, NULL, published);
}

static void
assert_lengths (Fixture *self, guint a, guint b, guint c)
{
  g_assert_cmpuint (wherry_outbox_get_length (self->outboxes[0]), ==, a);
  g_assert_cmpuint (wherry_outbox_get_length (self->outboxes[1]), ==, b);
  g_assert_cmpuint (wherry_outbox_get_length (self->outboxes[2]), ==, c);
}

static void
test_not_to_the_publisher (Fixture *self, gconstpointer echo)
{
  guint64 n = wherry_counter_get (WHERRY_COUNTER_MESSAGES_IN);
  guint64 bytes = wherry_counter_get (WHERRY_COUNTER_BYTES_IN);
  WherryPublished published;

  publish (self, 1, 10, &published);
  g_assert_cmpuint (published.n_pushed, ==, 2);
  assert_lengths (self, 1, 0, 1);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_MESSAGES_IN), ==, n + 1);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_BYTES_IN), ==, bytes + 10);
}

static void
test_echo (Fixture *self, gconstpointer echo)
{
  WherryPublished published;

  publish (self, 1, 10, &published);
  assert_lengths (self, 1, 1, 1);
}

/* One payload, however many wait for it. */
static void
test_charged_once (Fixture *self, gconstpointer echo)
{
  WherryPublished published;

  publish (self, 0, 50000, &published);
  g_assert_cmpuint (wherry_budget_get_used (self->budget), <, 60000);
  wherry_outbox_set_close (self->sets[1]);
  g_assert_cmpuint (wherry_budget_get_used (self->budget), >, 50000);
  publish (self, 0, 10, &published);
  g_assert_cmpuint (published.n_pushed, ==, 1); /* the closed one is not there */
}

static void
test_too_large_for_one (Fixture *self, gconstpointer echo)
{
  guint64 dropped = wherry_counter_get (WHERRY_COUNTER_DROPPED_TOO_LARGE);
  WherryPublished published;

  wherry_outbox_set_set_max_message_size (self->sets[2], 100);
  publish (self, 0, 101, &published);
  g_assert_cmpuint (published.n_pushed, ==, 1);
  g_assert_cmpuint (published.n_too_large, ==, 1);
  assert_lengths (self, 0, 1, 0);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DROPPED_TOO_LARGE), ==, dropped + 1);
}

/* Who holds the old snapshot still pushes to all of it; who comes after does not. */
static void
test_replaced (Fixture *self, gconstpointer echo)
{
  g_autoptr (GPtrArray) outboxes = g_ptr_array_new ();
  g_autoptr (WherrySnapshot) old = wherry_topic_ref_snapshot (self->topic);
  WherryOutboxTake take;
  WherryPublished published;

  wherry_outbox_activate (self->outboxes[2], NULL);
  g_ptr_array_add (outboxes, self->outboxes[1]);
  wherry_topic_set_snapshot (self->topic, wherry_snapshot_new (outboxes));
  wherry_outbox_retire (self->outboxes[2]);
  publish (self, 0, 10, &published);
  assert_lengths (self, 0, 1, 0);
  g_assert_cmpuint (wherry_snapshot_get_length (old), ==, 3);
  g_assert_false (wherry_outbox_is_over (self->outboxes[2])); /* old is still there */
  g_assert_false (wherry_outbox_set_take (self->sets[2], &take));

  g_clear_pointer (&old, wherry_snapshot_unref);
  g_assert_true (wherry_outbox_is_over (self->outboxes[2]));
  g_assert_true (wherry_outbox_set_take (self->sets[2], &take));
  g_assert_null (take.message);
  wherry_outbox_set_give_back (self->sets[2], &take, TRUE);
}

/* Publishing against a snapshot that is replaced all the time, and outboxes that go with it. */
typedef struct
{
  WherryTopic *topic;
  gint n_pushed;
  gint stop;
} Stress;

static gpointer
stress_publish (gpointer data)
{
  Stress *stress = data;

  while (!g_atomic_int_get (&stress->stop))
    {
      g_autoptr (WherryMessage) message
          = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) "hello", 5, NULL);
      WherryPublished published;

      wherry_topic_publish (stress->topic, NULL, message, NULL, &published);
      g_atomic_int_add (&stress->n_pushed, published.n_pushed);
    }
  return NULL;
}

static void
test_replace_under_publishers (void)
{
  g_autoptr (WherryTopic) topic = wherry_topic_new ("topic", FALSE);
  g_autoptr (WherryWaker) waker = wherry_waker_new ();
  Stress stress = { .topic = topic };
  GThread *threads[2];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("publisher", stress_publish, &stress);
  for (guint round = 0; round < 5000 || g_atomic_int_get (&stress.n_pushed) < 10000; round++)
    {
      g_autoptr (GPtrArray) outboxes
          = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_outbox_unref);
      g_autoptr (WherryOutboxSet) set
          = wherry_outbox_set_new (1, G_MAXSIZE, wherry_clock_system (), waker, NULL);

      for (guint i = 0; i < round % 5; i++)
        g_ptr_array_add (outboxes, wherry_outbox_new (set, WHERRY_POLICY_DROP_OLDEST, &limits));
      wherry_topic_set_snapshot (topic, wherry_snapshot_new (outboxes));
      if (round % 16 == 0)
        g_thread_yield ();
      wherry_outbox_set_close (set);
    }
  g_atomic_int_set (&stress.stop, 1);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, data, func)                                                                      \
  g_test_add ("/relay/topic/" path, Fixture, data, set_up, func, tear_down)
  ADD ("not-to-the-publisher", NULL, test_not_to_the_publisher);
  ADD ("echo", "echo", test_echo);
  ADD ("charged-once", NULL, test_charged_once);
  ADD ("too-large-for-one", NULL, test_too_large_for_one);
  ADD ("replaced", NULL, test_replaced);
  g_test_add_func ("/relay/topic/replace-under-publishers", test_replace_under_publishers);
  return g_test_run ();
}
