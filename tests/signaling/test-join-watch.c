/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-virtual-clock.h"
#include "signaling/wherry-join-watch.h"

typedef struct
{
  WherryClock *clock;
  WherryJoinWatch *watch;
  GString *late;    /* a letter for each */
  gpointer removes; /* what the first late one takes along; NULL: nothing */
} Fixture;

static void
on_late (gpointer socket, gpointer user_data)
{
  Fixture *f = user_data;

  g_string_append_c (f->late, (char) GPOINTER_TO_INT (socket));
  if (f->removes != NULL)
    wherry_join_watch_remove (f->watch, g_steal_pointer (&f->removes));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->clock = wherry_virtual_clock_new ();
  f->late = g_string_new (NULL);
  f->watch = wherry_join_watch_new (100, f->clock, g_main_context_default (), on_late, f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  wherry_join_watch_free (f->watch);
  /* no timer is left behind */
  wherry_virtual_clock_advance (f->clock, 1000);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  g_string_free (f->late, TRUE);
  wherry_clock_unref (f->clock);
}

static void
advance (Fixture *f, gint64 us, const char *late)
{
  g_string_truncate (f->late, 0);
  wherry_virtual_clock_advance (f->clock, us);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (f->late->str, ==, late);
}

#define SOCKET(c) GINT_TO_POINTER (c)

static void
test_each_has_as_long (Fixture *f, gconstpointer data)
{
  wherry_join_watch_add (f->watch, SOCKET ('a'));
  advance (f, 30, "");
  wherry_join_watch_add (f->watch, SOCKET ('b'));
  wherry_join_watch_add (f->watch, SOCKET ('c'));
  advance (f, 69, "");
  advance (f, 1, "a");
  advance (f, 29, "");
  advance (f, 1, "bc");
  advance (f, 1000, "");
  wherry_join_watch_add (f->watch, SOCKET ('a'));
  advance (f, 99, "");
  advance (f, 1, "a");
}

static void
test_removed (Fixture *f, gconstpointer data)
{
  wherry_join_watch_remove (f->watch, SOCKET ('x'));
  wherry_join_watch_add (f->watch, SOCKET ('a'));
  advance (f, 50, "");
  wherry_join_watch_add (f->watch, SOCKET ('b'));
  wherry_join_watch_remove (f->watch, SOCKET ('a'));
  advance (f, 99, "");
  advance (f, 1, "b");
  wherry_join_watch_remove (f->watch, SOCKET ('b'));
  wherry_join_watch_add (f->watch, SOCKET ('c')); /* freed with it */
}

/* What one does that is late may close another. */
static void
test_removed_meanwhile (Fixture *f, gconstpointer data)
{
  wherry_join_watch_add (f->watch, SOCKET ('a'));
  wherry_join_watch_add (f->watch, SOCKET ('b'));
  wherry_join_watch_add (f->watch, SOCKET ('c'));
  f->removes = SOCKET ('b');
  advance (f, 100, "ac");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/join-watch/each-has-as-long", test_each_has_as_long);
  ADD ("/join-watch/removed", test_removed);
  ADD ("/join-watch/removed-meanwhile", test_removed_meanwhile);
  return g_test_run ();
}
