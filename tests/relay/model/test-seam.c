/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-lock.h"
#include "relay/wherry-topic.h"

/* Late joiners of a topic that runs at full speed: publishers and readers on threads of their own,
 * the hub (here: the main thread) adds subscribers one after the other. Each stream must begin with
 * all that is kept, and go on without a gap or a duplicate. */

#define N_JOINERS 1000u
#define N_HISTORY 1000u
#define N_LIVE 20u /* that each waits for behind its history */
#define N_AT_ONCE 24u
#define N_PUBLISHERS 2u
#define N_READERS 2u

static const WherryOutboxLimits limits = {
  .outbox_high = 64 * 1024,
  .outbox_low = 16 * 1024,
  .block_limit_us = G_MAXINT64,
  .block_window_us = 30 * G_USEC_PER_SEC,
};

typedef struct
{
  /* immutable after construction: any thread reads */
  WherryOutboxSet *set;
  WherryOutbox *outbox;
  /* any thread: atomic */
  gint done;
  /* its reader's thread only */
  guint64 last;
  guint n_replayed;
  guint n_live;
} Joiner;

typedef struct
{
  WherryTopic *topic;
  gint stopped; /* atomic */
  gint n_published;
} Scene;

typedef struct
{
  Scene *scene;
  guint64 id;
  WherryGate *gate;
  WherryWaker *waker;
  GThread *thread;
} Publisher;

typedef struct
{
  Scene *scene;
  GAsyncQueue *joiners; /* of Joiner, new ones; itself: the end */
  GThread *thread;
} Reader;

static gpointer
publish (gpointer data)
{
  Publisher *self = data;

  for (guint64 own = 1; g_atomic_int_get (&self->scene->stopped) == 0; own++)
    {
      g_autoptr (WherryMessage) message
          = wherry_message_new (WHERRY_MESSAGE_BINARY, (const guint8 *) &own, sizeof own, NULL);
      const WherryPost post = {
        .message = message,
        .kind = WHERRY_MESSAGE_BINARY,
        .sender = self->id,
        .own = own,
      };
      WherryPublished published;

      wherry_topic_publish_post (self->scene->topic, NULL, &post, self->gate, &published);
      g_assert_false (published.is_duplicate);
      g_atomic_int_inc (&self->scene->n_published);
      while (wherry_gate_is_shut (self->gate) && g_atomic_int_get (&self->scene->stopped) == 0)
        g_thread_yield ();
    }
  return NULL;
}

static void
take_in (Joiner *self, WherryMessage *message, gboolean replayed)
{
  guint64 sequence = wherry_message_get_stamp (message)->sequence;

  if (self->last > 0)
    g_assert_cmpuint (sequence, ==, self->last + 1);
  self->last = sequence;
  if (replayed)
    {
      g_assert_cmpuint (self->n_live, ==, 0);
      self->n_replayed++;
      return;
    }
  if (self->n_live++ == 0)
    g_assert_cmpuint (self->n_replayed, ==, MIN (N_HISTORY, sequence - 1));
  if (self->n_live == N_LIVE)
    g_atomic_int_set (&self->done, 1);
}

static void
read_some (Joiner *self)
{
  WherryOutboxTake take;

  for (guint i = 0; i < 64 && wherry_outbox_set_take (self->set, &take); i++)
    {
      if (g_atomic_int_get (&self->done) == 0)
        take_in (self, take.message, take.replayed);
      wherry_outbox_set_give_back (self->set, &take, TRUE);
    }
}

static gpointer
read_all (gpointer data)
{
  Reader *self = data;
  g_autoptr (GPtrArray) joiners = g_ptr_array_new ();

  while (g_atomic_int_get (&self->scene->stopped) == 0)
    {
      Joiner *joiner = g_async_queue_try_pop (self->joiners);

      if (joiner != NULL)
        {
          WHERRY_TSAN_ACQUIRE (joiner);
          wherry_outbox_activate (joiner->outbox, joiner);
          g_ptr_array_add (joiners, joiner);
        }
      /* what is closed has nothing to take: the hub frees all of them at the end */
      for (guint i = joiners->len; i > 0; i--)
        if (wherry_outbox_is_closed (((Joiner *) joiners->pdata[i - 1])->outbox))
          g_ptr_array_remove_index_fast (joiners, i - 1);
        else
          read_some (joiners->pdata[i - 1]);
    }
  return NULL;
}

static void
joiner_free (gpointer data)
{
  Joiner *self = data;

  wherry_outbox_set_close (self->set);
  wherry_outbox_unref (self->outbox);
  wherry_outbox_set_unref (self->set);
  g_free (self);
}

static Joiner *
joiner_new (guint64 id)
{
  Joiner *self = g_new0 (Joiner, 1);
  g_autoptr (WherryWaker) waker = wherry_waker_new ();

  self->set = wherry_outbox_set_new (id, G_MAXSIZE, wherry_clock_system (), waker, NULL);
  self->outbox = wherry_outbox_new (self->set, WHERRY_POLICY_BLOCK, &limits);
  wherry_outbox_set_addressed (self->outbox);
  return self;
}

static void
publish_snapshot (Scene *self, GPtrArray *there, Joiner *new)
{
  g_autoptr (GPtrArray) outboxes = g_ptr_array_new ();
  WherryReplay replay = { 0 };

  for (guint i = 0; i < there->len; i++)
    g_ptr_array_add (outboxes, ((Joiner *) there->pdata[i])->outbox);
  if (new != NULL)
    {
      replay.outbox = new->outbox;
      replay.member = wherry_outbox_set_get_id (new->set);
      replay.history = N_HISTORY;
    }
  wherry_topic_set_snapshot_replaying (self->topic, wherry_snapshot_new (outboxes), &replay,
                                       new != NULL ? 1 : 0);
}

/* Those that have heard enough leave. */
static void
let_go (GPtrArray *there)
{
  for (guint i = there->len; i > 0; i--)
    {
      Joiner *joiner = there->pdata[i - 1];

      if (g_atomic_int_get (&joiner->done) == 0)
        continue;
      wherry_outbox_set_close (joiner->set);
      g_ptr_array_remove_index_fast (there, i - 1);
    }
}

static void
join_all (Scene *self, Reader *readers, GPtrArray *all)
{
  g_autoptr (GPtrArray) there = g_ptr_array_new ();
  gint64 end_us = g_get_monotonic_time () + 120 * G_USEC_PER_SEC;

  while (all->len < N_JOINERS || there->len > 0)
    {
      Joiner *joiner
          = all->len < N_JOINERS && there->len < N_AT_ONCE ? joiner_new (1000 + all->len) : NULL;

      g_assert_cmpint (g_get_monotonic_time (), <, end_us);
      if (joiner != NULL)
        {
          g_ptr_array_add (there, joiner);
          g_ptr_array_add (all, joiner);
        }
      publish_snapshot (self, there, joiner);
      if (joiner != NULL)
        {
          WHERRY_TSAN_RELEASE (joiner);
          g_async_queue_push (readers[all->len % N_READERS].joiners, joiner);
        }
      else
        g_thread_yield ();
      let_go (there);
    }
  publish_snapshot (self, there, NULL);
}

static void
test_seam (void)
{
  const WherryKeep keep = { .messages = N_HISTORY, .bytes = G_MAXSIZE, .age_us = G_MAXINT64 };
  g_autoptr (WherryLogShare) share = wherry_log_share_new (G_MAXSIZE);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (joiner_free);
  Scene self = { .topic = wherry_topic_new ("t", FALSE) };
  Publisher publishers[N_PUBLISHERS];
  Reader readers[N_READERS];

  wherry_topic_set_keep (self.topic, &keep, share, wherry_clock_system ());
  for (guint i = 0; i < N_PUBLISHERS; i++)
    {
      publishers[i] = (Publisher){ .scene = &self, .id = i + 1, .waker = wherry_waker_new () };
      publishers[i].gate = wherry_gate_new (publishers[i].waker);
      publishers[i].thread = g_thread_new ("publisher", publish, &publishers[i]);
    }
  for (guint i = 0; i < N_READERS; i++)
    {
      readers[i] = (Reader){ .scene = &self, .joiners = g_async_queue_new () };
      readers[i].thread = g_thread_new ("reader", read_all, &readers[i]);
    }
  join_all (&self, readers, all);
  g_atomic_int_set (&self.stopped, 1);
  for (guint i = 0; i < N_READERS; i++)
    {
      g_thread_join (readers[i].thread);
      g_async_queue_unref (readers[i].joiners);
    }
  for (guint i = 0; i < N_PUBLISHERS; i++)
    {
      g_thread_join (publishers[i].thread);
      wherry_gate_close (publishers[i].gate);
      wherry_gate_unref (publishers[i].gate);
      wherry_waker_unref (publishers[i].waker);
    }
  g_test_message ("%u joiners while %d messages were published", N_JOINERS, self.n_published);
  for (guint i = 0; i < all->len; i++)
    g_assert_cmpuint (((Joiner *) all->pdata[i])->n_live, ==, N_LIVE);
  wherry_topic_unref (self.topic);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/seam", test_seam);
  return g_test_run ();
}
