/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-gate.h"

#include "base/wherry-lock.h"
#include "relay/wherry-outbox.h"

struct _WherryGate
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  WherryWaker *waker;

  /* any thread: internally locked */
  WherryLock lock;
  GPtrArray *outboxes; /* that it waits on, each once; NULL after close */
};

WherryGate *
wherry_gate_new (WherryWaker *waker)
{
  WherryGate *self = g_new0 (WherryGate, 1);

  wherry_ref_init (&self->ref_count);
  wherry_lock_init (&self->lock);
  self->waker = wherry_waker_ref (waker);
  self->outboxes = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_outbox_unref);
  return self;
}

WherryGate *
wherry_gate_ref (WherryGate *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_gate_unref (WherryGate *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->outboxes, g_ptr_array_unref);
  wherry_waker_unref (self->waker);
  wherry_lock_clear (&self->lock);
  g_free (self);
}

gboolean
wherry_gate_is_shut (WherryGate *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  return self->outboxes != NULL && self->outboxes->len > 0;
}

void
wherry_gate_close (WherryGate *self)
{
  g_autoptr (GPtrArray) outboxes = NULL;

  wherry_lock_acquire (&self->lock);
  outboxes = g_steal_pointer (&self->outboxes);
  wherry_lock_release (&self->lock);

  for (guint i = 0; outboxes != NULL && i < outboxes->len; i++)
    wherry_outbox_forget (g_ptr_array_index (outboxes, i), self);
}

gboolean
wherry_gate_wait_for (WherryGate *self, WherryOutbox *outbox)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  if (self->outboxes == NULL || g_ptr_array_find (self->outboxes, outbox, NULL))
    return FALSE;
  g_ptr_array_add (self->outboxes, wherry_outbox_ref (outbox));
  return TRUE;
}

gboolean
wherry_gate_let_go (WherryGate *self, WherryOutbox *outbox)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  if (self->outboxes == NULL || !g_ptr_array_remove_fast (self->outboxes, outbox))
    return FALSE;
  return self->outboxes->len == 0;
}

void
wherry_gate_wake (WherryGate *self)
{
  wherry_waker_post (self->waker);
}
