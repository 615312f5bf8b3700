/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-class.h"

#define ROUNDS 50
#define THREADS 4

typedef struct
{
  GObjectClass parent_class;
  guint round;
} RoundClass;

static guint n_inits;

static void
round_class_init (gpointer klass, gpointer data)
{
  ((RoundClass *) klass)->round = GPOINTER_TO_UINT (data);
  g_assert_cmpuint (((RoundClass *) klass)->round, ==,
                    __atomic_fetch_add (&n_inits, 1, __ATOMIC_RELAXED));
}

static GType
register_round (guint round)
{
  g_autofree char *name = g_strdup_printf ("WherryTestRound%u", round);
  const GTypeInfo info = {
    .class_size = sizeof (RoundClass),
    .class_init = round_class_init,
    .class_data = GUINT_TO_POINTER (round),
    .instance_size = sizeof (GObject),
  };

  return g_type_register_static (G_TYPE_OBJECT, name, &info, 0);
}

static gpointer
make_one (gpointer data)
{
  GType type = (GType) data;
  g_autoptr (GObject) object = NULL;

  wherry_class_prepare (type);
  object = g_object_new (type, NULL);
  return GUINT_TO_POINTER (((RoundClass *) G_OBJECT_GET_CLASS (object))->round);
}

/* Threads that make the first object of a class at once. With the thread sanitizer it is also seen
 * that what one of them wrote into the class came before what the others read of it. */
static void
test_threads (void)
{
  for (guint round = 0; round < ROUNDS; round++)
    {
      GType type = register_round (round);
      GThread *threads[THREADS];

      for (guint i = 0; i < THREADS; i++)
        threads[i] = g_thread_new ("maker", make_one, (gpointer) type);
      for (guint i = 0; i < THREADS; i++)
        g_assert_cmpuint (GPOINTER_TO_UINT (g_thread_join (threads[i])), ==, round);
      g_assert_cmpuint (n_inits, ==, round + 1);
    }
}

/* It is filled in by the call, and not by the first object. */
static void
test_now (void)
{
  guint before = n_inits;
  GType type = register_round (before);

  g_assert_null (g_type_class_peek (type));
  wherry_class_prepare (type);
  g_assert_cmpuint (n_inits, ==, before + 1);
  wherry_class_prepare (type);
  g_assert_cmpuint (n_inits, ==, before + 1);
  g_assert_nonnull (g_type_class_peek (type));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/class/threads", test_threads);
  g_test_add_func ("/base/class/now", test_now);
  return g_test_run ();
}
