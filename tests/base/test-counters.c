/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"

#define N_THREADS 20u /* more than the copies that a counter has */
#define N_ADDS 5000u

static gpointer
add_many (gpointer data)
{
  for (guint i = 0; i < N_ADDS; i++)
    {
      wherry_counter_inc (WHERRY_COUNTER_MESSAGES_IN);
      wherry_counter_add (WHERRY_COUNTER_BYTES_IN, 10);
    }
  return NULL;
}

static void
test_threads_lose_nothing (void)
{
  guint64 messages = wherry_counter_get (WHERRY_COUNTER_MESSAGES_IN);
  guint64 bytes = wherry_counter_get (WHERRY_COUNTER_BYTES_IN);
  guint64 others = wherry_counter_get (WHERRY_COUNTER_MESSAGES_OUT);
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("adder", add_many, NULL);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);

  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_MESSAGES_IN) - messages, ==,
                    (guint64) N_THREADS * N_ADDS);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_BYTES_IN) - bytes, ==,
                    (guint64) N_THREADS * N_ADDS * 10);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_MESSAGES_OUT), ==, others);
}

/* They become metric names: Prometheus takes no other characters. */
static void
test_names_are_metric_names (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < WHERRY_N_COUNTERS; i++)
    {
      const char *name = wherry_counter_get_name (i);

      g_assert_cmpuint (strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789_"), ==, strlen (name));
      g_assert_cmpstr (wherry_counter_get_help (i), !=, "");
      g_assert_true (g_hash_table_add (seen, (gpointer) name));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/counters/threads-lose-nothing", test_threads_lose_nothing);
  g_test_add_func ("/counters/names-are-metric-names", test_names_are_metric_names);
  return g_test_run ();
}
