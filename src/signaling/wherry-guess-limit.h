/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How often one network (base/wherry-address-key.h) may be wrong about a secret. When that is used
 * up nothing of its is looked at any more, right or wrong, until some of it has come back:
 * otherwise guessing would go on. Networks beyond those that are remembered share one. Thread: hub
 */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryGuessLimit WherryGuessLimit;

WherryGuessLimit *wherry_guess_limit_new (void);
void wherry_guess_limit_free (WherryGuessLimit *self);
/* Whether to look at a secret from there. address: as text (nullable): never limited. */
gboolean wherry_guess_limit_may_try (WherryGuessLimit *self, const char *address, gint64 now_us);
/* It was wrong. */
void wherry_guess_limit_note (WherryGuessLimit *self, const char *address, gint64 now_us);
/* Networks that are remembered. */
guint wherry_guess_limit_get_n (WherryGuessLimit *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryGuessLimit, wherry_guess_limit_free)

G_END_DECLS
