/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "relay/wherry-block-clock.h"

#define SECOND G_USEC_PER_SEC
#define LIMIT (3 * SECOND)
#define WINDOW (30 * SECOND)
#define SPAN (768u * 1024u)

static void
test_stalled (void)
{
  WherryBlockClock clock;

  wherry_block_clock_init (&clock, LIMIT, WINDOW, SPAN);
  g_assert_false (wherry_block_clock_is_running (&clock));
  g_assert_cmpint (wherry_block_clock_get (&clock, 5 * SECOND), ==, 0);

  wherry_block_clock_begin (&clock, 5 * SECOND);
  wherry_block_clock_begin (&clock, 6 * SECOND); /* one more waiter: the same pause */
  g_assert_true (wherry_block_clock_is_running (&clock));
  g_assert_cmpint (wherry_block_clock_get (&clock, 5 * SECOND + 1), ==, 1);
  g_assert_cmpint (wherry_block_clock_get (&clock, 8 * SECOND), ==, LIMIT);
  wherry_block_clock_end (&clock, 8 * SECOND);
  g_assert_cmpint (wherry_block_clock_get (&clock, 20 * SECOND), ==, LIMIT);
}

/* A pause each second, too short by itself: they add up. */
static void
test_sums_over_the_window (void)
{
  WherryBlockClock clock;
  gint64 over_at = -1;

  wherry_block_clock_init (&clock, LIMIT, WINDOW, SPAN);
  for (gint64 t = 100 * SECOND; t < 130 * SECOND && over_at < 0; t += SECOND)
    {
      wherry_block_clock_begin (&clock, t);
      wherry_block_clock_end (&clock, t + SECOND / 2);
      if (wherry_block_clock_get (&clock, t + SECOND / 2) >= LIMIT)
        over_at = t;
    }
  g_assert_cmpint (over_at, ==, 105 * SECOND);
}

static void
test_window_slides (void)
{
  WherryBlockClock clock;

  wherry_block_clock_init (&clock, LIMIT, WINDOW, SPAN);
  wherry_block_clock_begin (&clock, 100 * SECOND);
  wherry_block_clock_end (&clock, 102 * SECOND);
  g_assert_cmpint (wherry_block_clock_get (&clock, 125 * SECOND), ==, 2 * SECOND);
  g_assert_cmpint (wherry_block_clock_get (&clock, 133 * SECOND), ==, 0);

  /* 2 s in every 31 s is within 3 s in any 30 s, however long */
  for (gint64 t = 200 * SECOND; t < 2000 * SECOND; t += 31 * SECOND)
    {
      wherry_block_clock_begin (&clock, t);
      wherry_block_clock_end (&clock, t + 2 * SECOND);
      g_assert_cmpint (wherry_block_clock_get (&clock, t + 2 * SECOND), <, LIMIT);
    }
}

/* Always blocked, but what it takes shows that it is the publisher that is fast. */
static void
test_progress_is_no_fault (void)
{
  WherryBlockClock clock;
  gint64 now = 100 * SECOND;

  wherry_block_clock_init (&clock, LIMIT, WINDOW, SPAN);
  for (guint pause = 0; pause < 100; pause++)
    {
      wherry_block_clock_begin (&clock, now);
      for (guint i = 0; i < 48; i++)
        {
          now += SECOND / 64; /* 16 KiB in each: 1 MiB/s */
          wherry_block_clock_progress (&clock, now, 16 * 1024);
        }
      wherry_block_clock_end (&clock, now);
      g_assert_cmpint (wherry_block_clock_get (&clock, now), ==, 0);
    }
}

/* One message of 16 KiB a second is not progress enough. */
static void
test_one_message_a_second (void)
{
  WherryBlockClock clock;
  gint64 now = 100 * SECOND;

  wherry_block_clock_init (&clock, LIMIT, WINDOW, SPAN);
  wherry_block_clock_begin (&clock, now);
  while (wherry_block_clock_get (&clock, now) < LIMIT)
    {
      now += SECOND;
      wherry_block_clock_progress (&clock, now, 16 * 1024);
      g_assert_cmpint (now, <, 105 * SECOND);
    }
  g_assert_cmpint (now, ==, 104 * SECOND);
}

/* A burst earns nothing in advance: who then stops is charged from there on. */
static void
test_burst_and_then_nothing (void)
{
  WherryBlockClock clock;

  wherry_block_clock_init (&clock, LIMIT, WINDOW, SPAN);
  wherry_block_clock_begin (&clock, 100 * SECOND);
  wherry_block_clock_progress (&clock, 100 * SECOND + 1000, SPAN - 1);
  g_assert_cmpint (wherry_block_clock_get (&clock, 100 * SECOND + 1000), ==, 0);
  g_assert_cmpint (wherry_block_clock_get (&clock, 103 * SECOND + 1000), ==, LIMIT);
}

static void
test_restart (void)
{
  WherryBlockClock clock;

  wherry_block_clock_init (&clock, LIMIT, WINDOW, SPAN);
  wherry_block_clock_begin (&clock, 100 * SECOND);
  wherry_block_clock_end (&clock, 102 * SECOND);
  wherry_block_clock_begin (&clock, 103 * SECOND);
  wherry_block_clock_restart (&clock, 104 * SECOND);
  g_assert_cmpint (wherry_block_clock_get (&clock, 104 * SECOND), ==, 0);
  g_assert_cmpint (wherry_block_clock_get (&clock, 106 * SECOND), ==, 2 * SECOND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/block-clock/stalled", test_stalled);
  g_test_add_func ("/relay/block-clock/sums-over-the-window", test_sums_over_the_window);
  g_test_add_func ("/relay/block-clock/window-slides", test_window_slides);
  g_test_add_func ("/relay/block-clock/progress-is-no-fault", test_progress_is_no_fault);
  g_test_add_func ("/relay/block-clock/one-message-a-second", test_one_message_a_second);
  g_test_add_func ("/relay/block-clock/burst-and-then-nothing", test_burst_and_then_nothing);
  g_test_add_func ("/relay/block-clock/restart", test_restart);
  return g_test_run ();
}
