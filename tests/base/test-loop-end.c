/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-loop-end.h"

typedef struct
{
  GMainContext *context;
  WherryLoopEnd *end;
  GString *seen;
  gboolean again;
  WherryLoopEnd *other; /* asked for in the first one's call */
  gboolean frees;       /* then freed there */
} Fixture;

static void
on_end (gpointer data)
{
  Fixture *self = data;

  g_string_append_c (self->seen, 'e');
  if (self->again)
    wherry_loop_end_request (self->end);
  self->again = FALSE;
  if (self->other != NULL)
    wherry_loop_end_request (self->other);
  if (self->frees)
    g_clear_pointer (&self->other, wherry_loop_end_free);
}

static void
on_other (gpointer data)
{
  g_string_append_c (((Fixture *) data)->seen, 'o');
}

static gboolean
on_source (gpointer data)
{
  Fixture *self = data;

  g_string_append_c (self->seen, 's');
  wherry_loop_end_request (self->end);
  return G_SOURCE_REMOVE;
}

static void
add_source (Fixture *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, on_source, self, NULL);
  g_source_attach (source, self->context);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->context = g_main_context_new ();
  self->seen = g_string_new (NULL);
  self->end = wherry_loop_end_new (self->context, on_end, self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->end != NULL)
    wherry_loop_end_free (self->end);
  g_main_context_unref (self->context);
  g_string_free (self->seen, TRUE);
}

static void
iterate (Fixture *self)
{
  while (g_main_context_iteration (self->context, FALSE))
    ;
}

static void
test_once_for_all (Fixture *self, gconstpointer data)
{
  iterate (self);
  g_assert_cmpstr (self->seen->str, ==, "");
  for (guint i = 0; i < 3; i++)
    add_source (self);
  iterate (self);
  g_assert_cmpstr (self->seen->str, ==, "ssse");
  iterate (self);
  g_assert_cmpstr (self->seen->str, ==, "ssse");
}

/* The loop does not stay awake for it. */
static void
test_asked_for_in_the_call (Fixture *self, gconstpointer data)
{
  self->again = TRUE;
  add_source (self);
  iterate (self);
  iterate (self);
  g_assert_cmpstr (self->seen->str, ==, "see");
}

static void
test_freed (Fixture *self, gconstpointer data)
{
  wherry_loop_end_request (self->end);
  wherry_loop_end_free (g_steal_pointer (&self->end));
  iterate (self);
  g_assert_cmpstr (self->seen->str, ==, "");
}

/* There may be nothing else that turns the loop. */
static void
test_asks_for_another (Fixture *self, gconstpointer data)
{
  self->other = wherry_loop_end_new (self->context, on_other, self);
  add_source (self);
  iterate (self);
  g_assert_cmpstr (self->seen->str, ==, "seo");
  self->frees = TRUE;
  add_source (self);
  iterate (self);
  g_assert_cmpstr (self->seen->str, ==, "seose");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define LOOP_END_TEST(path, func)                                                                  \
  g_test_add ("/loop-end/" path, Fixture, NULL, set_up, func, tear_down)
  LOOP_END_TEST ("once-for-all", test_once_for_all);
  LOOP_END_TEST ("asked-for-in-the-call", test_asked_for_in_the_call);
  LOOP_END_TEST ("freed", test_freed);
  LOOP_END_TEST ("asks-for-another", test_asks_for_another);
  return g_test_run ();
}
