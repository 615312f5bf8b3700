/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-token-bucket.h"

static void
test_burst_then_rate (void)
{
  WherryTokenBucket bucket;
  gint64 now = G_USEC_PER_SEC;
  guint taken = 0;

  wherry_token_bucket_init (&bucket, 20, 200, now);
  while (wherry_token_bucket_take (&bucket, 1, now))
    taken++;
  g_assert_cmpuint (taken, ==, 200);

  /* a twentieth of a second gives one, and no more */
  now += 50000;
  g_assert_true (wherry_token_bucket_take (&bucket, 1, now));
  g_assert_false (wherry_token_bucket_take (&bucket, 1, now));

  /* small steps lose nothing */
  taken = 0;
  for (guint i = 0; i < 1000000; i += 100)
    {
      now += 100;
      taken += wherry_token_bucket_take (&bucket, 1, now);
    }
  g_assert_cmpuint (taken, ==, 20);
}

static void
test_never_more_than_a_burst (void)
{
  WherryTokenBucket bucket;

  wherry_token_bucket_init (&bucket, G_GUINT64_CONSTANT (1) << 40, G_GUINT64_CONSTANT (1) << 40, 0);
  g_assert_true (wherry_token_bucket_take (&bucket, G_GUINT64_CONSTANT (1) << 40, 0));
  /* a silence of centuries does not overflow */
  g_assert_true (wherry_token_bucket_take (&bucket, G_GUINT64_CONSTANT (1) << 40, G_MAXINT64 / 2));
  g_assert_false (wherry_token_bucket_take (&bucket, 1, G_MAXINT64 / 2));

  wherry_token_bucket_init (&bucket, 10, 100, 0);
  g_assert_false (wherry_token_bucket_take (&bucket, 101, 0));
  g_assert_true (wherry_token_bucket_take (&bucket, 100, 0));
}

static void
test_debt_is_bounded_and_paid (void)
{
  WherryTokenBucket bucket;
  gint64 wait;

  wherry_token_bucket_init (&bucket, 10, 100, 0);
  g_assert_cmpint (wherry_token_bucket_wait_us (&bucket, 0), ==, 0);
  wherry_token_bucket_charge (&bucket, G_MAXUINT64, 0);
  wait = wherry_token_bucket_wait_us (&bucket, 0);
  g_assert_cmpint (wait, >, 9 * G_USEC_PER_SEC);
  g_assert_cmpint (wait, <=, 10 * G_USEC_PER_SEC + 1);
  g_assert_cmpint (wherry_token_bucket_wait_us (&bucket, wait), ==, 0);
}

static void
test_time_that_stands_still_gives_nothing (void)
{
  WherryTokenBucket bucket;

  wherry_token_bucket_init (&bucket, 10, 10, 1000);
  g_assert_true (wherry_token_bucket_take (&bucket, 10, 1000));
  g_assert_false (wherry_token_bucket_take (&bucket, 1, 1000));
  g_assert_false (wherry_token_bucket_take (&bucket, 1, 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/token-bucket/burst-then-rate", test_burst_then_rate);
  g_test_add_func ("/token-bucket/never-more-than-a-burst", test_never_more_than_a_burst);
  g_test_add_func ("/token-bucket/debt-is-bounded-and-paid", test_debt_is_bounded_and_paid);
  g_test_add_func ("/token-bucket/time-that-stands-still-gives-nothing",
                   test_time_that_stands_still_gives_nothing);
  return g_test_run ();
}
