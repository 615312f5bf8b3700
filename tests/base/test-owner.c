/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-owner.h"

typedef struct
{
  WherryOwner owner;
} Owned;

static gpointer
is_current (gpointer data)
{
  return GINT_TO_POINTER (wherry_owner_is_current (&((Owned *) data)->owner));
}

static gpointer
take (gpointer data)
{
  wherry_owner_init (&((Owned *) data)->owner);
  WHERRY_ASSERT_OWNER ((Owned *) data);
  return NULL;
}

static void
test_only_its_thread (void)
{
  Owned owned;

  wherry_owner_init (&owned.owner);
  WHERRY_ASSERT_OWNER (&owned);
  g_assert_false (g_thread_join (g_thread_new ("other", is_current, &owned)));
}

static void
test_handed_over (void)
{
  Owned owned;

  wherry_owner_init (&owned.owner);
  wherry_owner_release (&owned.owner);
  g_assert_false (wherry_owner_is_current (&owned.owner));
  g_thread_join (g_thread_new ("taker", take, &owned));
  g_assert_false (wherry_owner_is_current (&owned.owner));
}

static void
test_assert_stops_another_thread (void)
{
  Owned owned = { 0 };

  if (g_test_subprocess ())
    {
      WHERRY_ASSERT_OWNER (&owned);
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*wherry_owner_is_current*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/owner/only-its-thread", test_only_its_thread);
  g_test_add_func ("/owner/handed-over", test_handed_over);
  g_test_add_func ("/owner/assert-stops-another-thread", test_assert_stops_another_thread);
  return g_test_run ();
}
