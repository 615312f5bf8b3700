/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-limits.h"
#include "signaling/wherry-join-limit.h"

static guint
take_all (WherryJoinLimit *limit, const char *address, gint64 now_us)
{
  guint n = 0;

  while (n < 1000 && wherry_join_limit_take (limit, address, now_us))
    n++;
  return n;
}

static void
test_by_address (void)
{
  g_autoptr (WherryJoinLimit) limit = wherry_join_limit_new (100);

  g_assert_cmpuint (take_all (limit, "192.0.2.1", 0), ==, 100);
  g_assert_cmpuint (take_all (limit, "192.0.2.2", 0), ==, 100);
  g_assert_cmpuint (take_all (limit, "192.0.2.1", G_USEC_PER_SEC / 10), ==, 10);
  g_assert_cmpuint (take_all (limit, "::ffff:192.0.2.1", G_USEC_PER_SEC / 5), ==, 10);
  g_assert_cmpuint (take_all (limit, "192.0.2.1", 60 * G_USEC_PER_SEC), ==, 100);
  /* a site, not a host: it has 2^64 of these */
  g_assert_cmpuint (take_all (limit, "2001:db8::1", 0), ==, 100);
  g_assert_cmpuint (take_all (limit, "2001:db8::2", 0), ==, 0);
  g_assert_cmpuint (take_all (limit, "2001:db8:0:1::1", 0), ==, 100);
}

static void
test_not_limited (void)
{
  static const char *const addresses[]
      = { "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", NULL };
  g_autoptr (WherryJoinLimit) limit = wherry_join_limit_new (1);
  g_autoptr (WherryJoinLimit) none = wherry_join_limit_new (0);

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    g_assert_cmpuint (take_all (limit, addresses[i], 0), ==, 1000);
  g_assert_cmpuint (take_all (none, "192.0.2.1", 0), ==, 1000);
  g_assert_cmpuint (wherry_join_limit_get_n (limit), ==, 0);
}

static void
test_bounded (void)
{
  g_autoptr (WherryJoinLimit) limit = wherry_join_limit_new (10);

  for (guint i = 0; i < 2 * WHERRY_JOIN_ADDRESSES_MAX; i++)
    {
      g_autofree char *address = g_strdup_printf ("10.%u.%u.1", i / 256, i % 256);

      g_assert_true (wherry_join_limit_take (limit, address, i));
      g_assert_cmpuint (wherry_join_limit_get_n (limit), <=, WHERRY_JOIN_ADDRESSES_MAX);
    }
  /* those that could join as they like again are forgotten first */
  g_assert_true (wherry_join_limit_take (limit, "192.0.2.1", G_USEC_PER_SEC));
  g_assert_cmpuint (wherry_join_limit_get_n (limit), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/join-limit/by-address", test_by_address);
  g_test_add_func ("/join-limit/not-limited", test_not_limited);
  g_test_add_func ("/join-limit/bounded", test_bounded);
  return g_test_run ();
}
