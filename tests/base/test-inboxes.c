/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-inbox.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-wait.h"

/* Several inboxes of one context. */

#define N_INBOXES 4

typedef struct _Fixture Fixture;

typedef struct
{
  Fixture *fixture;
  WherryInbox *inbox;
  guint n_seen;
  guint n_closed_at; /* it closes `victim` with that item; 0: never */
  guint victim;
  gboolean nests; /* its first item runs the loop */
} Box;

struct _Fixture
{
  GMainContext *context;
  Box boxes[N_INBOXES];
  GString *order; /* "a" for an item of the first inbox, and so on */
};

static void
close_box (Box *box)
{
  if (box->inbox == NULL)
    return;
  wherry_inbox_close (box->inbox);
  g_clear_pointer (&box->inbox, wherry_inbox_unref);
}

static void
on_item (gpointer item, gpointer user_data)
{
  Box *box = user_data;
  Fixture *self = box->fixture;

  g_string_append_c (self->order, (char) ('a' + (box - self->boxes)));
  g_assert_cmpuint (GPOINTER_TO_UINT (item), ==, ++box->n_seen);
  if (box->n_seen == box->n_closed_at)
    close_box (&self->boxes[box->victim]);
  if (box->nests && box->n_seen == 1)
    {
      while (g_main_context_iteration (self->context, FALSE))
        ;
      g_string_append_c (self->order, '.');
    }
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->context = g_main_context_new ();
  self->order = g_string_new (NULL);
  for (guint i = 0; i < N_INBOXES; i++)
    {
      self->boxes[i].fixture = self;
      self->boxes[i].inbox
          = wherry_inbox_new (self->context, 1000, 1000, NULL, on_item, &self->boxes[i], NULL);
    }
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < N_INBOXES; i++)
    close_box (&self->boxes[i]);
  g_assert_false (g_main_context_pending (self->context));
  g_main_context_unref (self->context);
  g_string_free (self->order, TRUE);
}

static void
post (Fixture *self, guint i, guint n)
{
  for (guint k = 1; k <= n; k++)
    g_assert_true (wherry_inbox_post (self->boxes[i].inbox, GUINT_TO_POINTER (k)));
}

static void
iterate (Fixture *self)
{
  while (g_main_context_iteration (self->context, FALSE))
    ;
}

static void
test_each_in_its_turn (Fixture *self, gconstpointer data)
{
  post (self, 0, 2 * WHERRY_DISPATCH_BATCH + 1);
  post (self, 1, 1);
  post (self, 2, WHERRY_DISPATCH_BATCH);
  g_main_context_iteration (self->context, FALSE);
  g_assert_cmpuint (self->boxes[0].n_seen, ==, WHERRY_DISPATCH_BATCH);
  g_assert_cmpuint (self->boxes[1].n_seen, ==, 1);
  g_assert_cmpuint (self->boxes[2].n_seen, ==, WHERRY_DISPATCH_BATCH);
  g_assert_cmpint (self->order->str[WHERRY_DISPATCH_BATCH], ==, 'b');
  iterate (self);
  g_assert_cmpuint (self->boxes[0].n_seen, ==, 2 * WHERRY_DISPATCH_BATCH + 1);
}

static void
test_one_closes_another (Fixture *self, gconstpointer data)
{
  self->boxes[0].n_closed_at = 1;
  self->boxes[0].victim = 2;
  self->boxes[1].n_closed_at = 1;
  self->boxes[1].victim = 1;
  self->boxes[3].n_closed_at = 1;
  self->boxes[3].victim = 0;
  for (guint i = 0; i < N_INBOXES; i++)
    post (self, i, 2);
  iterate (self);
  g_assert_cmpstr (self->order->str, ==, "aabdd");
}

/* The last one of a context, in its own dispatch, and there may be others later. */
static void
test_all_close (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    close_box (&self->boxes[i]);
  self->boxes[3].n_closed_at = 1;
  self->boxes[3].victim = 3;
  post (self, 3, 2);
  iterate (self);
  g_assert_cmpstr (self->order->str, ==, "d");
  self->boxes[0].inbox
      = wherry_inbox_new (self->context, 10, 10, NULL, on_item, &self->boxes[0], NULL);
  post (self, 0, 1);
  iterate (self);
  g_assert_cmpstr (self->order->str, ==, "da");
}

/* A loop within a call is for the others; what is being dispatched keeps its order. */
static void
test_a_loop_within (Fixture *self, gconstpointer data)
{
  self->boxes[0].nests = TRUE;
  post (self, 0, 2);
  post (self, 1, 2);
  post (self, 2, 1);
  iterate (self);
  g_assert_cmpstr (self->order->str, ==, "abbc.a");
}

#define N_POSTERS 4
#define N_POSTS 5000

typedef struct
{
  WherryInbox *inboxes[N_INBOXES];
  guint seen[N_INBOXES][N_POSTERS];
  guint total;
} Storm;

typedef struct
{
  Storm *storm;
  guint id;
} Poster;

typedef struct
{
  Storm *storm;
  guint i;
} Slot;

static void
on_storm (gpointer item, gpointer user_data)
{
  Slot *slot = user_data;
  guint poster = GPOINTER_TO_UINT (item) % N_POSTERS;
  guint number = GPOINTER_TO_UINT (item) / N_POSTERS;

  g_assert_cmpuint (number, ==, ++slot->storm->seen[slot->i][poster]);
  slot->storm->total++;
}

static gpointer
post_storm (gpointer data)
{
  Poster *self = data;

  for (guint n = 1; n <= N_POSTS; n++)
    for (guint i = 0; i < N_INBOXES; i++)
      {
        WherryInbox *inbox = self->storm->inboxes[i];
        gpointer item = GUINT_TO_POINTER (n * N_POSTERS + self->id);

        if (self->id % 2 == 0)
          g_assert_true (wherry_inbox_post_urgent (inbox, item));
        else if (wherry_inbox_post_quietly (inbox, item))
          wherry_inbox_wake (inbox);
      }
  return NULL;
}

/* The context has no timeout: an owner that was not woken hangs, which meson ends. */
static void
test_no_wake_up_is_lost (void)
{
  GMainContext *context = g_main_context_new ();
  Storm storm = { 0 };
  Slot slots[N_INBOXES];
  Poster posters[N_POSTERS];
  GThread *threads[N_POSTERS];

  for (guint i = 0; i < N_INBOXES; i++)
    {
      slots[i] = (Slot){ .storm = &storm, .i = i };
      storm.inboxes[i] = wherry_inbox_new (context, 0, 0, NULL, on_storm, &slots[i], NULL);
    }
  for (guint i = 0; i < N_POSTERS; i++)
    {
      posters[i] = (Poster){ .storm = &storm, .id = i };
      threads[i] = g_thread_new ("poster", post_storm, &posters[i]);
    }
  while (storm.total < N_POSTERS * N_POSTS * N_INBOXES)
    g_main_context_iteration (context, TRUE);
  for (guint i = 0; i < N_POSTERS; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < N_INBOXES; i++)
    {
      wherry_inbox_close (storm.inboxes[i]);
      wherry_inbox_unref (storm.inboxes[i]);
    }
  g_main_context_unref (context);
}

#define INBOXES_TEST(path, func)                                                                   \
  g_test_add ("/inboxes/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  INBOXES_TEST ("each-in-its-turn", test_each_in_its_turn);
  INBOXES_TEST ("one-closes-another", test_one_closes_another);
  INBOXES_TEST ("all-close", test_all_close);
  INBOXES_TEST ("a-loop-within", test_a_loop_within);
  g_test_add_func ("/inboxes/no-wake-up-is-lost", test_no_wake_up_is_lost);
  return g_test_run ();
}
