/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which of somebody's own numbers were taken: all up to one, and some beyond it, because on an
 * unordered channel, or on two, they come out of order. A plain value. */

#include <glib.h>

G_BEGIN_DECLS

/* How far one may run ahead of one that is missing: then that is given up. */
#define WHERRY_NUMBERS_AHEAD 1024u

typedef struct
{
  guint64 all; /* every number up to this one is taken, or given up */
  guint8 ahead[WHERRY_NUMBERS_AHEAD / 8];
} WherryNumberWindow;

gboolean wherry_number_window_has (const WherryNumberWindow *self, guint64 number);
/* number: not taken yet, and not 0. */
void wherry_number_window_take (WherryNumberWindow *self, guint64 number);

G_END_DECLS
