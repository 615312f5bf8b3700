/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-budget.h"
#include "base/wherry-limits.h"

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

typedef struct
{
  WherryBudgetHolder *holder;
  guint told;
} Holding;

static void
on_must_go (gpointer data)
{
  __atomic_fetch_add (&((Holding *) data)->told, 1, __ATOMIC_SEQ_CST);
}

static void
test_largest_holder_goes (void)
{
  WherryBudget *budget = wherry_budget_new (100 * WHERRY_UNFINISHED_SHARE);
  Holding all[4] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    all[i].holder = wherry_budget_holder_new (budget, on_must_go, &all[i]);
  wherry_budget_holder_charge (all[0].holder, 30);
  wherry_budget_holder_charge (all[1].holder, 45);
  wherry_budget_holder_charge (all[2].holder, 25);
  g_assert_cmpuint (wherry_budget_get_held (budget), ==, 100);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 100);
  g_assert_false (wherry_budget_holder_must_go (all[1].holder));

  wherry_budget_holder_charge (all[3].holder, 1);
  g_assert_true (wherry_budget_holder_must_go (all[1].holder));
  g_assert_cmpuint (all[1].told, ==, 1);
  /* what it holds is on its way back: there is room for as much */
  wherry_budget_holder_charge (all[3].holder, 44);
  g_assert_cmpuint (all[0].told + all[2].told + all[3].told, ==, 0);
  wherry_budget_holder_charge (all[0].holder, 1);
  g_assert_cmpuint (all[3].told, ==, 1);
  g_assert_cmpuint (all[1].told, ==, 1);

  wherry_budget_holder_release (all[3].holder, 40);
  g_clear_pointer (&all[3].holder, wherry_budget_holder_free);
  g_clear_pointer (&all[1].holder, wherry_budget_holder_free);
  g_assert_cmpuint (wherry_budget_get_held (budget), ==, 56);
  /* it is the largest itself, and one step too large for several to go */
  wherry_budget_holder_charge (all[0].holder, 200);
  g_assert_cmpuint (all[0].told, ==, 1);
  g_assert_cmpuint (all[2].told, ==, 0);
  g_clear_pointer (&all[0].holder, wherry_budget_holder_free);
  g_clear_pointer (&all[2].holder, wherry_budget_holder_free);
  g_assert_cmpuint (wherry_budget_get_held (budget), ==, 0);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 0);
  wherry_budget_unref (budget);
}

/* Each takes what there is, and begins anew once it was told to go. */
static gpointer
hold_and_go (gpointer data)
{
  WherryBudget *budget = data;
  guint n_gone = 0;

  for (guint i = 0; i < N_ROUNDS / 10; i++)
    {
      Holding holding = { 0 };

      holding.holder = wherry_budget_holder_new (budget, on_must_go, &holding);
      for (guint n = 0; n < 50 && !wherry_budget_holder_must_go (holding.holder); n++)
        wherry_budget_holder_charge (holding.holder, 1);
      n_gone += wherry_budget_holder_must_go (holding.holder);
      wherry_budget_holder_free (holding.holder);
      g_assert_cmpuint (holding.told, <=, 1);
    }
  return GUINT_TO_POINTER (n_gone);
}

static void
test_holders_in_threads (void)
{
  WherryBudget *budget = wherry_budget_new (60 * WHERRY_UNFINISHED_SHARE);
  Holding small = { 0 };
  GThread *threads[N_THREADS];
  guint n_gone = 0;

  small.holder = wherry_budget_holder_new (budget, on_must_go, &small);
  wherry_budget_holder_charge (small.holder, 14);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("hold", hold_and_go, budget);
  for (guint i = 0; i < N_THREADS; i++)
    n_gone += GPOINTER_TO_UINT (g_thread_join (threads[i]));
  g_test_message ("%u had to go", n_gone);
  /* 46 and 14 are the share: alone, each of them goes with one more */
  g_assert_cmpuint (n_gone, >, 0);
  /* four that share 60 and one of which has 14: another one always has more */
  g_assert_cmpuint (small.told, ==, 0);
  wherry_budget_holder_free (small.holder);
  g_assert_cmpuint (wherry_budget_get_held (budget), ==, 0);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 0);
  wherry_budget_unref (budget);
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
  g_test_add_func ("/budget/largest-holder-goes", test_largest_holder_goes);
  g_test_add_func ("/budget/holders-in-threads", test_holders_in_threads);
  return g_test_run ();
}
