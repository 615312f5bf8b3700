/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-budget.h"

typedef struct
{
  guint calls;
  guint destroyed;
} Told;

static void
on_room (gpointer data)
{
  ((Told *) data)->calls++;
}

static void
on_destroy (gpointer data)
{
  ((Told *) data)->destroyed++;
}

static void
test_over_at_the_limit (void)
{
  g_autoptr (WherryBudget) budget = wherry_budget_new (1000);

  g_assert_cmpuint (wherry_budget_get_limit (budget), ==, 1000);
  wherry_budget_charge (budget, 999);
  g_assert_false (wherry_budget_is_over (budget));
  wherry_budget_charge (budget, 1);
  g_assert_true (wherry_budget_is_over (budget));
  wherry_budget_release (budget, 1);
  g_assert_false (wherry_budget_is_over (budget));
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 999);
}

static void
test_waiter_is_told_once_below_three_quarters (void)
{
  g_autoptr (WherryBudget) budget = wherry_budget_new (1000);
  Told told = { 0 };

  wherry_budget_charge (budget, 1200);
  g_assert_true (wherry_budget_wait (budget, on_room, &told, on_destroy));
  wherry_budget_release (budget, 450); /* 750: not below three quarters */
  g_assert_cmpuint (told.calls, ==, 0);
  wherry_budget_release (budget, 1);
  g_assert_cmpuint (told.calls, ==, 1);
  g_assert_cmpuint (told.destroyed, ==, 1);
  wherry_budget_charge (budget, 1000);
  wherry_budget_release (budget, 1000);
  g_assert_cmpuint (told.calls, ==, 1);
}

static void
test_wait_with_room_does_not_call (void)
{
  g_autoptr (WherryBudget) budget = wherry_budget_new (1000);
  Told told = { 0 };

  g_assert_false (wherry_budget_wait (budget, on_room, &told, on_destroy));
  wherry_budget_charge (budget, 1000);
  wherry_budget_release (budget, 1000);
  g_assert_cmpuint (told.calls, ==, 0);
  g_assert_cmpuint (told.destroyed, ==, 1);
}

static void
test_waiter_is_freed_with_the_budget (void)
{
  WherryBudget *budget = wherry_budget_new (10);
  Told told = { 0 };

  wherry_budget_charge (budget, 10);
  g_assert_true (wherry_budget_wait (budget, on_room, &told, on_destroy));
  wherry_budget_unref (budget);
  g_assert_cmpuint (told.calls, ==, 0);
  g_assert_cmpuint (told.destroyed, ==, 1);
}

#define N_ROUNDS 20000
#define N_THREADS 3

typedef struct
{
  WherryBudget *budget;
  guint waits;
  guint calls;
} Race;

static void
on_race_room (gpointer data)
{
  __atomic_fetch_add (&((Race *) data)->calls, 1, __ATOMIC_SEQ_CST);
}

static gpointer
charge_and_release (gpointer data)
{
  Race *race = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      wherry_budget_charge (race->budget, 100);
      if (wherry_budget_wait (race->budget, on_race_room, race, NULL))
        __atomic_fetch_add (&race->waits, 1, __ATOMIC_SEQ_CST);
      wherry_budget_release (race->budget, 100);
    }
  return NULL;
}

static void
test_no_waiter_is_forgotten (void)
{
  Race race = { .budget = wherry_budget_new (100) };
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("charge", charge_and_release, &race);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);

  /* every wait saw a full budget and the last release emptied it */
  g_assert_cmpuint (race.waits, ==, N_ROUNDS * N_THREADS);
  g_assert_cmpuint (race.calls, ==, race.waits);
  g_assert_cmpuint (wherry_budget_get_used (race.budget), ==, 0);
  wherry_budget_unref (race.budget);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/budget/over-at-the-limit", test_over_at_the_limit);
  g_test_add_func ("/budget/waiter-is-told-once-below-three-quarters",
                   test_waiter_is_told_once_below_three_quarters);
  g_test_add_func ("/budget/wait-with-room-does-not-call", test_wait_with_room_does_not_call);
  g_test_add_func ("/budget/waiter-is-freed-with-the-budget", test_waiter_is_freed_with_the_budget);
  g_test_add_func ("/budget/no-waiter-is-forgotten", test_no_waiter_is_forgotten);
  return g_test_run ();
}
