/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which thread an object belongs to. An owner function begins with WHERRY_ASSERT_OWNER (self). */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  GThread *thread; /* compared, never dereferenced */
} WherryOwner;

/* The calling thread becomes the owner. */
void wherry_owner_init (WherryOwner *owner);
/* Forget the owner: the next wherry_owner_init() may come from another thread. */
void wherry_owner_release (WherryOwner *owner);
gboolean wherry_owner_is_current (const WherryOwner *owner);

#define WHERRY_ASSERT_OWNER(self) g_assert (wherry_owner_is_current (&(self)->owner))

G_END_DECLS
