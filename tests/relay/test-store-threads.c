/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"
#include "base/wherry-lock.h"
#include "relay/store-fixture.h"

/* The store with its thread, and publishers on threads of their own. */

#define N_PUBLISHERS 2u
#define N_TOPICS 20u
#define N_MESSAGES 400u

/* ---- order, with real waiting: a wake-up that is lost is a test that hangs ---- */

typedef struct
{
  StoreFixture *fixture;
  guint index;
  WherryStoreTopic *topics[N_TOPICS];
  guint64 told[N_TOPICS]; /* the store's thread only */
  WherryLock lock;
  GCond cond;
  gboolean rung;
  guint n_waits;
} Publisher;

typedef struct
{
  Publisher *publisher;
  guint index;
} Owner;

static void
ring (gpointer data)
{
  Publisher *self = data;

  wherry_lock_acquire (&self->lock);
  self->rung = TRUE;
  g_cond_signal (&self->cond);
  wherry_lock_release (&self->lock);
}

static void
wait_while_shut (Publisher *self, WherryGate *gate)
{
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  while (wherry_gate_is_shut (gate))
    {
      self->n_waits++;
      wherry_lock_acquire (&self->lock);
      while (!self->rung)
        if (!wherry_lock_wait_until (&self->lock, &self->cond, end))
          g_error ("a wake-up was lost");
      self->rung = FALSE;
      wherry_lock_release (&self->lock);
    }
}

static gpointer
publish (gpointer data)
{
  Publisher *self = data;
  g_autoptr (WherryWaker) waker = wherry_waker_new ();
  g_autoptr (WherryGate) gate = wherry_gate_new (waker);

  wherry_waker_set (waker, ring, self);
  for (guint64 i = 1; i <= N_MESSAGES; i++)
    for (guint topic = 0; topic < N_TOPICS; topic++)
      {
        WherryStamp stamp = { .sequence = i, .sender = 1 };
        /* one that the disk is slow for */
        g_autoptr (GBytes) payload = store_payload (topic, i, topic == 0 ? 50000 : 20);
        g_autoptr (WherryMessage) message
            = store_message (WHERRY_MESSAGE_BINARY, payload, &stamp, self->fixture->budget);

        wherry_store_topic_append (self->topics[topic], message, gate);
        wait_while_shut (self, gate);
      }
  wherry_waker_set (waker, NULL, NULL);
  return NULL;
}

static void
on_committed (gpointer data, WherryMessage *message)
{
  Owner *owner = data;

  g_assert_cmpuint (wherry_message_get_stamp (message)->sequence, ==,
                    ++owner->publisher->told[owner->index]);
}

static void
on_failed (gpointer data, WherryMessage *message, const GError *error)
{
  g_error ("%s", error->message);
}

static const WherryStoreTopicFuncs funcs = { on_committed, on_failed };

static void
test_order (StoreFixture *self, gconstpointer data)
{
  Publisher publishers[N_PUBLISHERS] = { 0 };
  GThread *threads[N_PUBLISHERS];
  WherryStoreStats stats;
  guint n_waits = 0;

  self->options.no_thread = FALSE;
  store_fixture_open (self, NULL, NULL);
  for (guint i = 0; i < N_PUBLISHERS; i++)
    {
      Publisher *publisher = &publishers[i];
      g_autofree char *room = g_strdup_printf ("room %u", i);

      publisher->fixture = self;
      wherry_lock_init (&publisher->lock);
      g_cond_init (&publisher->cond);
      for (guint j = 0; j < N_TOPICS; j++)
        {
          g_autofree char *label = g_strdup_printf ("topic %u", j);
          Owner *owner = g_new0 (Owner, 1);

          owner->publisher = publisher;
          owner->index = j;
          publisher->topics[j]
              = wherry_store_topic_new (self->store, room, label, &funcs, owner, g_free);
        }
      threads[i] = g_thread_new ("publisher", publish, publisher);
    }
  for (guint i = 0; i < N_PUBLISHERS; i++)
    {
      g_thread_join (threads[i]);
      n_waits += publishers[i].n_waits;
    }
  wherry_store_get_stats (self->store, &stats);
  store_fixture_close (self);
  g_test_message ("%u waits, at least %" G_GUINT64_FORMAT " commits", n_waits, stats.n_commits);
  g_assert_cmpuint (n_waits, >, 0); /* or the gates were not tested */
  for (guint i = 0; i < N_PUBLISHERS; i++)
    {
      for (guint j = 0; j < N_TOPICS; j++)
        {
          g_assert_cmpuint (publishers[i].told[j], ==, N_MESSAGES);
          wherry_store_topic_unref (publishers[i].topics[j]);
        }
      g_cond_clear (&publishers[i].cond);
      wherry_lock_clear (&publishers[i].lock);
    }
}

/* ---- topics that are closed, dropped and opened again while others publish on them ---- */

#define N_SLOTS 4u

typedef struct
{
  StoreFixture *fixture;
  WherryLock lock; /* as a topic's of the relay */
  WherryStoreTopic *topic;
  guint64 next;
  char *label;
} Slot;

typedef struct
{
  Slot slots[N_SLOTS];
  gint stop;
  gint n_published;
  gint n_told;
} Churn;

static void
count_committed (gpointer data, WherryMessage *message)
{
  g_atomic_int_inc (&((Churn *) data)->n_told);
}

static gpointer
publish_until_stopped (gpointer data)
{
  Churn *churn = data;

  for (guint i = 0; !g_atomic_int_get (&churn->stop); i++)
    {
      Slot *slot = &churn->slots[i % N_SLOTS];
      G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&slot->lock);
      WherryStamp stamp = { .sequence = slot->next++, .sender = 1, .own = i + 1 };
      g_autoptr (GBytes) payload = store_payload (0, stamp.sequence, i % 300);
      g_autoptr (WherryMessage) message
          = store_message (WHERRY_MESSAGE_TEXT, payload, &stamp, slot->fixture->budget);

      wherry_store_topic_append (slot->topic, message, NULL);
      if (i % 50 == 0)
        wherry_store_topic_trim (slot->topic, stamp.sequence);
      g_atomic_int_inc (&churn->n_published);
    }
  return NULL;
}

static void
open_slot (Slot *slot, Churn *churn)
{
  static const WherryStoreTopicFuncs counting = { count_committed, on_failed };

  slot->topic
      = wherry_store_topic_new (slot->fixture->store, "room", slot->label, &counting, churn, NULL);
  slot->next = wherry_store_topic_get_next (slot->topic);
}

static void
replace_slot (Slot *slot, Churn *churn, gboolean drop)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&slot->lock);

  if (drop)
    wherry_store_topic_drop (slot->topic);
  else
    wherry_store_topic_close (slot->topic);
  wherry_store_topic_unref (slot->topic);
  open_slot (slot, churn);
}

typedef struct
{
  guint64 last;
  guint64 next;
} Seen;

static gboolean
see_topic (const char *room, const char *label, guint64 next, gpointer data)
{
  Seen *seen = data;

  if (seen->last != 0)
    g_assert_cmpuint (seen->last + 1, ==, seen->next);
  *seen = (Seen){ .next = next };
  return TRUE;
}

static void
see_message (WherryMessage *message, gpointer data)
{
  const WherryStamp *stamp = wherry_message_get_stamp (message);
  Seen *seen = data;

  if (seen->last != 0)
    g_assert_cmpuint (stamp->sequence, ==, seen->last + 1);
  seen->last = stamp->sequence;
}

static void
test_churn (StoreFixture *self, gconstpointer data)
{
  static const WherryStoreVisitor visitor = { .topic = see_topic, .message = see_message };
  Churn churn = { 0 };
  GThread *threads[N_PUBLISHERS];
  guint8 hash[WHERRY_STORE_HASH_BYTES] = { 0 };
  g_autoptr (GBytes) blob = g_bytes_new_static ("x", 1);
  WherryStoreResume record = { .room = "room", .hash = hash, .until_us = G_MAXINT64, .blob = blob };
  Seen seen = { 0 };

  self->options.no_thread = FALSE;
  store_fixture_open (self, NULL, NULL);
  for (guint i = 0; i < N_SLOTS; i++)
    {
      churn.slots[i].fixture = self;
      churn.slots[i].label = g_strdup_printf ("topic %u", i);
      wherry_lock_init (&churn.slots[i].lock);
      open_slot (&churn.slots[i], &churn);
    }
  for (guint i = 0; i < N_PUBLISHERS; i++)
    threads[i] = g_thread_new ("publisher", publish_until_stopped, &churn);
  for (guint round = 0; round < 300 || g_atomic_int_get (&churn.n_told) < 3000; round++)
    {
      replace_slot (&churn.slots[g_test_rand_int_range (0, N_SLOTS)], &churn, round % 8 == 0);
      record.member = 1 + round % 10;
      if (round % 3 == 0)
        wherry_store_delete_resume (self->store, "room", record.member);
      else
        wherry_store_put_resume (self->store, &record, NULL, NULL);
      g_thread_yield ();
    }
  g_atomic_int_set (&churn.stop, 1);
  for (guint i = 0; i < N_PUBLISHERS; i++)
    g_thread_join (threads[i]);
  store_fixture_close (self);
  g_test_message ("%d published, %d told", churn.n_published, churn.n_told);
  g_assert_cmpint (churn.n_told, <=, churn.n_published);
  for (guint i = 0; i < N_SLOTS; i++)
    {
      wherry_store_topic_unref (churn.slots[i].topic);
      wherry_lock_clear (&churn.slots[i].lock);
      g_free (churn.slots[i].label);
    }

  self->options.no_thread = TRUE;
  store_fixture_open (self, &visitor, &seen);
  see_topic (NULL, NULL, 0, &seen);
  store_fixture_close (self);
}

#define ADD(name, func)                                                                            \
  g_test_add ("/relay/store-threads/" name, StoreFixture, NULL, store_fixture_set_up, func,        \
              store_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("order", test_order);
  ADD ("churn", test_churn);
  return g_test_run ();
}
