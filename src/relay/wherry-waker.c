/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-waker.h"

#include "base/wherry-lock.h"

struct _WherryWaker
{
  gatomicrefcount ref_count;

  /* any thread: internally locked */
  WherryLock lock;
  WherryWakerFunc func;
  gpointer user_data;
};

WherryWaker *
wherry_waker_new (void)
{
  WherryWaker *self = g_new0 (WherryWaker, 1);

  wherry_ref_init (&self->ref_count);
  wherry_lock_init (&self->lock);
  return self;
}

WherryWaker *
wherry_waker_ref (WherryWaker *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_waker_unref (WherryWaker *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  wherry_lock_clear (&self->lock);
  g_free (self);
}

void
wherry_waker_set (WherryWaker *self, WherryWakerFunc func, gpointer user_data)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  self->func = func;
  self->user_data = user_data;
}

void
wherry_waker_post (WherryWaker *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  if (self->func != NULL)
    self->func (self->user_data);
}
