/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-limits.h"
#include "relay/wherry-cool-down.h"

static void
test_who (void)
{
  g_autoptr (WherryCoolDown) self = wherry_cool_down_new ();

  wherry_cool_down_add (self, "room", "192.0.2.1", "ann", 0, 100);
  g_assert_cmpint (wherry_cool_down_left_us (self, "room", "192.0.2.1", "ann", 40), ==, 60);
  /* another name is no disguise; another room or address is somebody else */
  g_assert_cmpint (wherry_cool_down_left_us (self, "room", "192.0.2.1", NULL, 40), ==, 60);
  g_assert_cmpint (wherry_cool_down_left_us (self, "hall", "192.0.2.1", "ann", 40), ==, 0);
  g_assert_cmpint (wherry_cool_down_left_us (self, "room", "192.0.2.2", "ann", 40), ==, 0);
  g_assert_cmpint (wherry_cool_down_left_us (self, "room", NULL, "ann", 40), ==, 0);
  g_assert_cmpint (wherry_cool_down_left_us (self, "room", "192.0.2.1", "ann", 100), ==, 0);
}

static void
test_loopback (void)
{
  g_autoptr (WherryCoolDown) self = wherry_cool_down_new ();

  wherry_cool_down_add (self, "room", "127.0.0.1", NULL, 0, 100);
  g_assert_cmpint (wherry_cool_down_left_us (self, "room", "127.0.0.1", NULL, 0), ==, 0);
  wherry_cool_down_add (self, "room", "127.0.0.1", "ann", 0, 100);
  g_assert_cmpint (wherry_cool_down_left_us (self, "room", "127.0.0.1", "ann", 0), ==, 100);
  g_assert_cmpint (wherry_cool_down_left_us (self, "room", "127.0.0.1", "bob", 0), ==, 0);
}

static void
test_bounded (void)
{
  g_autoptr (WherryCoolDown) self = wherry_cool_down_new ();
  guint n = 0;

  for (guint i = 0; i < 3 * WHERRY_COOL_DOWNS_MAX; i++)
    {
      g_autofree char *address = g_strdup_printf ("10.%u.%u.1", i / 256, i % 256);

      wherry_cool_down_add (self, "room", address, NULL, 0, 100);
      g_assert_cmpint (wherry_cool_down_left_us (self, "room", address, NULL, 0), ==, 100);
    }
  for (guint i = 0; i < 3 * WHERRY_COOL_DOWNS_MAX; i++)
    {
      g_autofree char *address = g_strdup_printf ("10.%u.%u.1", i / 256, i % 256);

      n += wherry_cool_down_left_us (self, "room", address, NULL, 0) > 0;
    }
  g_assert_cmpuint (n, <=, WHERRY_COOL_DOWNS_MAX);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/cool-down/who", test_who);
  g_test_add_func ("/relay/cool-down/loopback", test_loopback);
  g_test_add_func ("/relay/cool-down/bounded", test_bounded);
  return g_test_run ();
}
