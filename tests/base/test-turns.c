/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wherry-inbox.h"
#include "base/wherry-turns.h"
#include "fixtures/wherry-wait.h"

/* Here the thread of the test runs the contexts, so that each turn can be looked at. */

#define N_CONTEXTS 3

typedef struct _Fixture Fixture;

typedef struct
{
  Fixture *fixture;
  GMainContext *context;
  GSource *watch; /* of fds[0] */
  int fds[2];
  guint n_read;
  gboolean swaps; /* its descriptors for new ones of the same numbers, when it reads */
} Place;

struct _Fixture
{
  WherryTurns *turns;
  Place places[N_CONTEXTS];
  GString *order;
};

static void add_watch (Place *place);

static void
open_pair (Place *place)
{
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_DGRAM, 0, place->fds), ==, 0);
}

static void
close_pair (Place *place)
{
  for (guint i = 0; i < 2; i++)
    close (place->fds[i]);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  Place *place = user_data;
  char byte;

  g_assert_true (g_main_context_get_thread_default () == place->context);
  g_assert_cmpint (read (fd, &byte, 1), ==, 1);
  g_string_append_c (place->fixture->order, byte);
  place->n_read++;
  if (place->swaps)
    {
      int before = place->fds[0];

      close_pair (place);
      g_source_destroy (place->watch);
      g_clear_pointer (&place->watch, g_source_unref);
      open_pair (place);
      g_assert_cmpint (place->fds[0], ==, before);
      add_watch (place);
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

static void
add_watch (Place *place)
{
  place->watch = g_unix_fd_source_new (place->fds[0], G_IO_IN);
  g_source_set_callback (place->watch, G_SOURCE_FUNC (on_readable), place, NULL);
  g_source_attach (place->watch, place->context);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->turns = wherry_turns_new (NULL);
  self->order = g_string_new (NULL);
  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      Place *place = &self->places[i];

      place->fixture = self;
      place->context = g_main_context_new ();
      open_pair (place);
      add_watch (place);
      wherry_turns_add (self->turns, place->context);
    }
}

static void
leave (Place *place)
{
  if (place->context == NULL)
    return;
  wherry_turns_remove (place->fixture->turns, place->context);
  g_source_destroy (place->watch);
  g_source_unref (place->watch);
  g_clear_pointer (&place->context, g_main_context_unref);
  close_pair (place);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < N_CONTEXTS; i++)
    leave (&self->places[i]);
  g_assert_cmpuint (wherry_turns_get_n_contexts (self->turns), ==, 0);
  wherry_turns_free (self->turns);
  g_string_free (self->order, TRUE);
}

static void
write_byte (Place *place, char byte)
{
  g_assert_cmpint (write (place->fds[1], &byte, 1), ==, 1);
}

static void
test_who_is_busy (Fixture *self, gconstpointer data)
{
  write_byte (&self->places[1], 'b');
  wherry_turns_run_once (self->turns);
  g_assert_cmpstr (self->order->str, ==, "b");

  /* one that has more takes its turn with the others */
  write_byte (&self->places[2], 'c');
  write_byte (&self->places[2], 'c');
  write_byte (&self->places[0], 'a');
  wherry_turns_run_once (self->turns);
  g_assert_cmpuint (self->places[0].n_read, ==, 1);
  g_assert_cmpuint (self->places[2].n_read, ==, 1);
  wherry_turns_run_once (self->turns);
  g_assert_cmpuint (self->places[2].n_read, ==, 2);
}

/* What libnice does when it restarts: the kernel forgets a descriptor that is closed. */
static void
test_same_numbers (Fixture *self, gconstpointer data)
{
  self->places[1].swaps = TRUE;
  for (guint i = 1; i <= 5; i++)
    {
      write_byte (&self->places[1], 'b');
      wherry_turns_run_once (self->turns);
      g_assert_cmpuint (self->places[1].n_read, ==, i);
    }
}

/* The numbers of one that has left are those of one that comes. */
static void
test_come_and_go (Fixture *self, gconstpointer data)
{
  for (guint i = 1; i <= 5; i++)
    {
      Place *place = &self->places[i % N_CONTEXTS];

      leave (place);
      place->n_read = 0;
      open_pair (place);
      place->context = g_main_context_new ();
      add_watch (place);
      wherry_turns_add (self->turns, place->context);
      write_byte (place, 'x');
      wherry_turns_run_once (self->turns);
      g_assert_cmpuint (place->n_read, ==, 1);
    }
  g_assert_cmpuint (wherry_turns_get_n_contexts (self->turns), ==, N_CONTEXTS);
}

static gboolean
on_time (gpointer data)
{
  g_string_append_c (((Fixture *) data)->order, 't');
  return G_SOURCE_REMOVE;
}

static void
test_timers (Fixture *self, gconstpointer data)
{
  gint64 begun_us = g_get_monotonic_time ();
  const guint ms[] = { 30, 0, 10 };

  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      g_autoptr (GSource) source = g_timeout_source_new (ms[i]);
      Place *place = &self->places[i];

      g_source_set_callback (source, on_time, self, NULL);
      g_source_attach (source, place->context);
      wherry_turns_ring (place->context); /* its thread owns it: GLib wakes nobody */
    }
  while (self->order->len < 3)
    wherry_turns_run_once (self->turns);
  g_assert_cmpint (g_get_monotonic_time () - begun_us, >=, 30 * 1000);
}

typedef struct
{
  Fixture *fixture;
  WherryInbox *to; /* (nullable) */
  char letter;
} Stage;

static void
on_item (gpointer item, gpointer user_data)
{
  Stage *stage = user_data;

  g_string_append_c (stage->fixture->order, stage->letter);
  if (stage->to != NULL)
    wherry_inbox_post_urgent (stage->to, item);
}

/* From one context to another of the same thread. */
static void
test_from_one_to_another (Fixture *self, gconstpointer data)
{
  Stage stages[N_CONTEXTS];
  WherryInbox *inboxes[N_CONTEXTS];

  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      stages[i] = (Stage){ .fixture = self, .letter = (char) ('a' + i) };
      inboxes[i]
          = wherry_inbox_new (self->places[i].context, 0, 0, NULL, on_item, &stages[i], NULL);
    }
  stages[0].to = inboxes[2];
  stages[2].to = inboxes[1];
  wherry_inbox_post_urgent (inboxes[0], GUINT_TO_POINTER (1));
  while (self->order->len < 3) /* it hangs where one is not told */
    wherry_turns_run_once (self->turns);
  g_assert_cmpstr (self->order->str, ==, "acb");
  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      wherry_inbox_close (inboxes[i]);
      wherry_inbox_unref (inboxes[i]);
    }
}

#define N_POSTS 20000

static gpointer
post_many (gpointer data)
{
  WherryInbox **inboxes = data;

  for (guint n = 0; n < N_POSTS; n++)
    wherry_inbox_post_urgent (inboxes[n % N_CONTEXTS], GUINT_TO_POINTER (1));
  return NULL;
}

static void
test_from_other_threads (Fixture *self, gconstpointer data)
{
  Stage stages[N_CONTEXTS];
  WherryInbox *inboxes[N_CONTEXTS];
  GThread *threads[2];

  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      stages[i] = (Stage){ .fixture = self, .letter = (char) ('a' + i) };
      inboxes[i]
          = wherry_inbox_new (self->places[i].context, 0, 0, NULL, on_item, &stages[i], NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("poster", post_many, inboxes);
  while (self->order->len < G_N_ELEMENTS (threads) * N_POSTS)
    wherry_turns_run_once (self->turns);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      wherry_inbox_close (inboxes[i]);
      wherry_inbox_unref (inboxes[i]);
    }
}

#define TURNS_TEST(path, func) g_test_add ("/turns/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TURNS_TEST ("who-is-busy", test_who_is_busy);
  TURNS_TEST ("same-numbers", test_same_numbers);
  TURNS_TEST ("come-and-go", test_come_and_go);
  TURNS_TEST ("timers", test_timers);
  TURNS_TEST ("from-one-to-another", test_from_one_to_another);
  TURNS_TEST ("from-other-threads", test_from_other_threads);
  return g_test_run ();
}
