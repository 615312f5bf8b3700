/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-inbox.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-wait.h"

typedef struct
{
  GMainContext *context;
  WherryInbox *inbox;
  GArray *seen; /* of guint */
  guint close_at;
  guint drain_at;
  guint freed;
} Fixture;

/* What items 1 to 3 are charged; the others one byte each. */
static gsize sizes[4];

static gsize
size_of (gconstpointer item)
{
  guint value = GPOINTER_TO_UINT (item);

  return value < G_N_ELEMENTS (sizes) ? sizes[value] : 1;
}

static Fixture *freeing; /* the item's free function gets the item only */

static void
on_item (gpointer item, gpointer user_data)
{
  Fixture *self = user_data;
  guint value = GPOINTER_TO_UINT (item);

  g_array_append_val (self->seen, value);
  if (value == self->close_at)
    wherry_inbox_close (self->inbox);
  if (value == self->drain_at)
    wherry_inbox_drain (self->inbox);
}

static void
item_free (gpointer item)
{
  freeing->freed++;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->context = g_main_context_new ();
  self->seen = g_array_new (FALSE, FALSE, sizeof (guint));
  self->inbox = wherry_inbox_new (self->context, 100, 1000, size_of, on_item, self, item_free);
  freeing = self;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    sizes[i] = 1;
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  wherry_inbox_close (self->inbox);
  wherry_inbox_unref (self->inbox);
  g_main_context_unref (self->context);
  g_array_unref (self->seen);
}

static void
assert_seen (Fixture *self, guint n)
{
  g_assert_cmpuint (self->seen->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (g_array_index (self->seen, guint, i), ==, i + 1);
}

static void
post (Fixture *self, guint from, guint to)
{
  for (guint i = from; i <= to; i++)
    g_assert_true (wherry_inbox_post (self->inbox, GUINT_TO_POINTER (i)));
}

static void
test_in_order_in_batches (Fixture *self, gconstpointer data)
{
  post (self, 1, WHERRY_DISPATCH_BATCH + 10);
  g_assert_cmpuint (wherry_inbox_get_length (self->inbox), ==, WHERRY_DISPATCH_BATCH + 10);
  g_assert_cmpuint (wherry_inbox_get_bytes (self->inbox), ==, WHERRY_DISPATCH_BATCH + 10);
  g_assert_true (g_main_context_iteration (self->context, FALSE));
  assert_seen (self, WHERRY_DISPATCH_BATCH);
  g_assert_true (g_main_context_iteration (self->context, FALSE));
  assert_seen (self, WHERRY_DISPATCH_BATCH + 10);
  g_assert_false (g_main_context_iteration (self->context, FALSE));
  g_assert_cmpuint (wherry_inbox_get_bytes (self->inbox), ==, 0);
  g_assert_cmpuint (self->freed, ==, 0);
}

static void
test_bounded_in_items (Fixture *self, gconstpointer data)
{
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_INBOX_REFUSED);

  post (self, 1, 100);
  g_assert_false (wherry_inbox_post (self->inbox, GUINT_TO_POINTER (101)));
  g_assert_cmpuint (self->freed, ==, 1);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_INBOX_REFUSED), ==, refused + 1);
  wherry_inbox_drain (self->inbox);
  assert_seen (self, 100);
  post (self, 101, 101);
}

static void
test_bounded_in_bytes (Fixture *self, gconstpointer data)
{
  static const struct
  {
    guint item;
    gsize size;
    gboolean posted;
  } steps[] = {
    { 1, 1001, FALSE }, { 1, G_MAXSIZE, FALSE }, { 1, 999, TRUE },
    { 2, 2, FALSE },    { 2, 1, TRUE },          { 3, 1, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      sizes[steps[i].item] = steps[i].size;
      g_assert_cmpint (wherry_inbox_post (self->inbox, GUINT_TO_POINTER (steps[i].item)), ==,
                       steps[i].posted);
    }
  sizes[3] = 500;
  g_assert_true (wherry_inbox_post_urgent (self->inbox, GUINT_TO_POINTER (3)));
  g_assert_cmpuint (wherry_inbox_get_bytes (self->inbox), ==, 1500);
  g_assert_cmpuint (self->freed, ==, 4);
  wherry_inbox_drain (self->inbox);
  assert_seen (self, 3);
}

static void
test_closed_frees_and_refuses (Fixture *self, gconstpointer data)
{
  post (self, 1, 5);
  wherry_inbox_close (self->inbox);
  g_assert_cmpuint (self->freed, ==, 5);
  g_assert_false (wherry_inbox_post (self->inbox, GUINT_TO_POINTER (6)));
  g_assert_false (wherry_inbox_post_urgent (self->inbox, GUINT_TO_POINTER (6)));
  g_assert_cmpuint (self->freed, ==, 7);
  g_assert_false (g_main_context_iteration (self->context, FALSE));
  assert_seen (self, 0);
  wherry_inbox_close (self->inbox);
}

static void
test_closed_in_a_dispatch (Fixture *self, gconstpointer data)
{
  self->close_at = 3;
  post (self, 1, 10);
  g_assert_true (g_main_context_iteration (self->context, FALSE));
  assert_seen (self, 3);
  g_assert_cmpuint (self->freed, ==, 7);
}

static void
test_drained_in_a_dispatch_keeps_order (Fixture *self, gconstpointer data)
{
  self->drain_at = 3;
  post (self, 1, 90);
  g_assert_true (g_main_context_iteration (self->context, FALSE));
  assert_seen (self, 90);
}

static void
test_context_goes_first (void)
{
  GMainContext *context = g_main_context_new ();
  Fixture self = { 0 };
  WherryInbox *inbox = wherry_inbox_new (context, 10, 10, NULL, on_item, &self, item_free);

  freeing = &self;
  g_assert_true (wherry_inbox_post (inbox, GUINT_TO_POINTER (1)));
  g_main_context_unref (context);
  wherry_inbox_close (inbox);
  wherry_inbox_unref (inbox);
  g_assert_cmpuint (self.freed, ==, 1);
}

/* Whether a thread that sleeps in this context would wake up now. */
static gboolean
is_woken (GMainContext *context)
{
  GPollFD fds[4];
  int priority, timeout;
  int n;

  g_assert_true (g_main_context_acquire (context));
  g_main_context_prepare (context, &priority);
  n = g_main_context_query (context, priority, &timeout, fds, G_N_ELEMENTS (fds));
  g_main_context_release (context);
  g_assert_cmpint (n, ==, 1);
  return g_poll (fds, (guint) n, 0) > 0;
}

static void
test_quietly (Fixture *self, gconstpointer data)
{
  g_assert_false (is_woken (self->context));
  wherry_inbox_wake (self->inbox);
  g_assert_false (is_woken (self->context));
  g_assert_true (wherry_inbox_post_quietly (self->inbox, GUINT_TO_POINTER (1)));
  g_assert_false (wherry_inbox_post_quietly (self->inbox, GUINT_TO_POINTER (2)));
  g_assert_false (is_woken (self->context));
  wherry_inbox_wake (self->inbox);
  g_assert_true (is_woken (self->context));
  g_assert_true (g_main_context_iteration (self->context, FALSE));
  assert_seen (self, 2);
  g_assert_true (wherry_inbox_post_quietly (self->inbox, GUINT_TO_POINTER (3)));
  wherry_inbox_close (self->inbox);
  g_assert_false (wherry_inbox_post_quietly (self->inbox, GUINT_TO_POINTER (4)));
  g_assert_cmpuint (self->freed, ==, 2);
}

/* Posters against an owner that falls asleep as often as it can: each poster has at most one item
 * in the queue, so nearly every post is the one from empty to non-empty. A lost wake-up hangs it.
 */
#define N_POSTERS 3u
#define N_POSTS 20000u

typedef struct
{
  WherryInbox *inbox;
  guint done[N_POSTERS];
  guint last[N_POSTERS];
  guint total;
} Storm;

typedef struct
{
  Storm *storm;
  guint id;
} Poster;

static void
on_storm (gpointer item, gpointer user_data)
{
  Storm *storm = user_data;
  guint value = GPOINTER_TO_UINT (item);
  guint id = value % N_POSTERS;

  g_assert_cmpuint (value / N_POSTERS, ==, storm->last[id] + 1);
  storm->last[id]++;
  storm->total++;
  __atomic_store_n (&storm->done[id], storm->last[id], __ATOMIC_RELEASE);
}

static gpointer
post_storm (gpointer data)
{
  Poster *self = data;
  Storm *storm = self->storm;

  for (guint i = 1; i <= N_POSTS; i++)
    {
      g_assert_true (wherry_inbox_post (storm->inbox, GUINT_TO_POINTER (i * N_POSTERS + self->id)));
      if (i % 4 != 0)
        continue;
      while (__atomic_load_n (&storm->done[self->id], __ATOMIC_ACQUIRE) != i)
        g_thread_yield ();
    }
  return NULL;
}

static void
test_no_wake_up_is_lost (void)
{
  GMainContext *context = g_main_context_new ();
  Storm storm = { 0 };
  Poster posters[N_POSTERS];
  GThread *threads[N_POSTERS];
  gint64 end;

  storm.inbox = wherry_inbox_new (context, 1000, 1000, NULL, on_storm, &storm, NULL);
  for (guint i = 0; i < N_POSTERS; i++)
    {
      posters[i] = (Poster){ .storm = &storm, .id = i };
      threads[i] = g_thread_new ("poster", post_storm, &posters[i]);
    }

  /* the context has no timeout: an owner that was not woken hangs, which meson ends */
  end = g_get_monotonic_time () + WHERRY_WAIT_LIMIT_US;
  while (storm.total < N_POSTERS * N_POSTS)
    {
      g_main_context_iteration (context, TRUE);
      g_assert_cmpint (g_get_monotonic_time (), <, end);
    }

  for (guint i = 0; i < N_POSTERS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (wherry_inbox_get_length (storm.inbox), ==, 0);
  wherry_inbox_close (storm.inbox);
  wherry_inbox_unref (storm.inbox);
  g_main_context_unref (context);
}

#define INBOX_TEST(path, func) g_test_add ("/inbox/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  INBOX_TEST ("in-order-in-batches", test_in_order_in_batches);
  INBOX_TEST ("bounded-in-items", test_bounded_in_items);
  INBOX_TEST ("bounded-in-bytes", test_bounded_in_bytes);
  INBOX_TEST ("closed-frees-and-refuses", test_closed_frees_and_refuses);
  INBOX_TEST ("closed-in-a-dispatch", test_closed_in_a_dispatch);
  INBOX_TEST ("drained-in-a-dispatch-keeps-order", test_drained_in_a_dispatch_keeps_order);
  g_test_add_func ("/inbox/context-goes-first", test_context_goes_first);
  INBOX_TEST ("quietly", test_quietly);
  g_test_add_func ("/inbox/no-wake-up-is-lost", test_no_wake_up_is_lost);
  return g_test_run ();
}
