/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Gives the pages of the calling thread's stack that nothing is on back to the system: a thread
 * keeps those of the deepest call that it ever made. FALSE: it cannot be done here.
 * Thread: any but the first */
gboolean wherry_stack_give_back (void);

G_END_DECLS
