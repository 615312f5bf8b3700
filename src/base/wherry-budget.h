/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bytes that the whole process may hold for its peers. Charged by messages (once, however many
 * outboxes share one), reassembly and held early data. Charging never fails: whoever reads from the
 * network asks wherry_budget_is_over() first and waits for room. Thread: any (atomic / locked). */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryBudget WherryBudget;
typedef void (*WherryBudgetFunc) (gpointer user_data);

/* over when used >= limit; waiters are told when used < limit - limit / 4 */
WherryBudget *wherry_budget_new (gsize limit);
WherryBudget *wherry_budget_ref (WherryBudget *self);
void wherry_budget_unref (WherryBudget *self);
void wherry_budget_charge (WherryBudget *self, gsize bytes);
void wherry_budget_release (WherryBudget *self, gsize bytes);
gboolean wherry_budget_is_over (WherryBudget *self);
gsize wherry_budget_get_used (WherryBudget *self);
gsize wherry_budget_get_limit (WherryBudget *self);

/* If over: func is called once, on the thread whose release makes room (it only posts), and TRUE
 * comes back. If not over: FALSE, and func will not be called. destroy is called in either case,
 * once user_data is done with. */
gboolean wherry_budget_wait (WherryBudget *self, WherryBudgetFunc func, gpointer user_data,
                             GDestroyNotify destroy);

/* What one peer holds of messages that have begun and not ended: charged to the budget, of which
 * all holders together may take one part in WHERRY_UNFINISHED_SHARE. When they take more, the one
 * with most is told that it must go; it is not asked for anything else, nor are the others. */
typedef struct _WherryBudgetHolder WherryBudgetHolder;

/* must_go: called at most once, on whichever thread takes too much, with the budget locked: it only
 * posts. Not after holder_free(). */
WherryBudgetHolder *wherry_budget_holder_new (WherryBudget *budget, WherryBudgetFunc must_go,
                                              gpointer user_data);
/* Releases what it still holds. */
void wherry_budget_holder_free (WherryBudgetHolder *self);
void wherry_budget_holder_charge (WherryBudgetHolder *self, gsize bytes);
void wherry_budget_holder_release (WherryBudgetHolder *self, gsize bytes);
gboolean wherry_budget_holder_must_go (WherryBudgetHolder *self);
/* By all holders. */
gsize wherry_budget_get_held (WherryBudget *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryBudgetHolder, wherry_budget_holder_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryBudget, wherry_budget_unref)

G_END_DECLS
