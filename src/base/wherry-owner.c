/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-owner.h"

void
wherry_owner_init (WherryOwner *owner)
{
  owner->thread = g_thread_self ();
}

void
wherry_owner_release (WherryOwner *owner)
{
  owner->thread = NULL;
}

gboolean
wherry_owner_is_current (const WherryOwner *owner)
{
  return owner->thread == g_thread_self ();
}
