/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-class.h"
#include "base/wherry-lock.h"

/* all zeros is a GMutex that needs no initialization */
static WherryLock lock;

void
wherry_class_prepare (GType type)
{
  wherry_lock_acquire (&lock);
  g_type_class_ref (type); /* a static type's class stays anyway */
  wherry_lock_release (&lock);
}
