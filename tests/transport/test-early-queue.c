/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "transport/wherry-early-queue.h"

static void
test_order (void)
{
  g_auto (WherryEarlyQueue) queue;

  wherry_early_queue_init (&queue);
  g_assert_true (wherry_early_queue_is_empty (&queue));
  for (guint8 i = 0; i < 10; i++)
    g_assert_true (wherry_early_queue_push (&queue, &i, 1));
  for (guint8 i = 0; i < 10; i++)
    {
      g_autoptr (GBytes) packet = wherry_early_queue_pop (&queue);

      g_assert_nonnull (packet);
      g_assert_cmpmem (g_bytes_get_data (packet, NULL), g_bytes_get_size (packet), &i, 1);
    }
  g_assert_null (wherry_early_queue_pop (&queue));
  g_assert_cmpuint (queue.bytes, ==, 0);
}

static void
test_packets_capped (void)
{
  g_auto (WherryEarlyQueue) queue;
  guint64 dropped = wherry_counter_get (WHERRY_COUNTER_EARLY_DROPPED);

  wherry_early_queue_init (&queue);
  for (guint i = 0; i < WHERRY_EARLY_PACKETS_MAX; i++)
    g_assert_true (wherry_early_queue_push (&queue, (const guint8 *) "x", 1));
  g_assert_false (wherry_early_queue_push (&queue, (const guint8 *) "x", 1));
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_EARLY_DROPPED), ==, dropped + 1);
}

static void
test_bytes_capped (void)
{
  g_auto (WherryEarlyQueue) queue;
  g_autofree guint8 *data = g_malloc0 (WHERRY_EARLY_BYTES_MAX + 1);

  wherry_early_queue_init (&queue);
  g_assert_false (wherry_early_queue_push (&queue, data, WHERRY_EARLY_BYTES_MAX + 1));
  g_assert_true (wherry_early_queue_push (&queue, data, WHERRY_EARLY_BYTES_MAX - 1));
  g_assert_false (wherry_early_queue_push (&queue, data, 2));
  g_assert_true (wherry_early_queue_push (&queue, data, 1));
  wherry_early_queue_clear (&queue);
  g_assert_true (wherry_early_queue_push (&queue, data, WHERRY_EARLY_BYTES_MAX));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/early-queue/keeps-order", test_order);
  g_test_add_func ("/early-queue/caps-packets", test_packets_capped);
  g_test_add_func ("/early-queue/caps-bytes", test_bytes_capped);
  return g_test_run ();
}
