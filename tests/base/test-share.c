/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-share.h"

static void
test_weights (void)
{
  static const guint16 values[][2]
      = { { 0, 256 },   { 1, 128 },   { 128, 128 },   { 255, 128 },   { 256, 256 },   { 511, 256 },
          { 512, 512 }, { 700, 512 }, { 1024, 1024 }, { 2000, 1024 }, { 65535, 1024 } };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    g_assert_cmpuint (wherry_priority_get_weight (values[i][0]), ==, values[i][1]);
}

static void
test_turns (void)
{
  static const guint weights[] = { 128, 256, 512, 1024 };
  WherryShare shares[4] = { { 0 } };
  guint64 bytes[4] = { 0 };

  for (guint i = 0; i < 4; i++)
    wherry_share_join (&shares[i], weights[i], 0);
  for (guint n = 0; n < 15000; n++)
    {
      guint next = 0;

      for (guint i = 1; i < 4; i++)
        if (wherry_share_is_before (&shares[i], &shares[next]))
          next = i;
      bytes[next] += 1200;
      wherry_share_charge (&shares[next], 1200);
    }
  for (guint i = 1; i < 4; i++)
    {
      g_assert_cmpfloat ((double) bytes[i] / (double) bytes[i - 1], >, 1.98);
      g_assert_cmpfloat ((double) bytes[i] / (double) bytes[i - 1], <, 2.02);
    }
}

/* Who had nothing to send has nothing saved up. */
static void
test_join (void)
{
  WherryShare busy = { 0 };
  WherryShare quiet = { 0 };

  wherry_share_join (&busy, 256, 0);
  wherry_share_charge (&busy, 1000000);
  wherry_share_join (&quiet, 256, busy.count);
  g_assert_false (wherry_share_is_before (&quiet, &busy));
  g_assert_false (wherry_share_is_before (&busy, &quiet));
  wherry_share_charge (&quiet, 0); /* an empty message counts too */
  g_assert_true (wherry_share_is_before (&busy, &quiet));
  wherry_share_join (&quiet, 256, 0); /* and nobody goes back */
  g_assert_true (wherry_share_is_before (&busy, &quiet));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/share/weights", test_weights);
  g_test_add_func ("/base/share/turns", test_turns);
  g_test_add_func ("/base/share/join", test_join);
  return g_test_run ();
}
