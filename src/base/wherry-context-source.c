/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-context-source.h"

static WherryContextSource *
make_locked (WherryContextKind *kind, GMainContext *context)
{
  WherryContextSource *self = (WherryContextSource *) g_source_new (kind->funcs, kind->size);

  self->context = context;
  g_source_set_static_name (&self->source, kind->name);
  g_source_set_priority (&self->source, kind->priority);
  /* what is being dispatched when somebody runs a loop in a loop is no reason to keep the rest */
  g_source_set_can_recurse (&self->source, TRUE);
  if (kind->sources == NULL)
    kind->sources = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (kind->sources, context, self);
  /* the context may run already, in another thread */
  WHERRY_TSAN_RELEASE (self);
  g_source_attach (&self->source, context);
  g_source_unref (&self->source); /* the context's is left, until it is destroyed */
  return self;
}

WherryContextSource *
wherry_context_source_join (WherryContextKind *kind, GMainContext *context)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&kind->lock);
  WherryContextSource *self
      = kind->sources != NULL ? g_hash_table_lookup (kind->sources, context) : NULL;

  if (self == NULL)
    self = make_locked (kind, context);
  self->n_users++;
  return (WherryContextSource *) g_source_ref (&self->source);
}

void
wherry_context_source_leave (WherryContextKind *kind, WherryContextSource *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&kind->lock);

  g_assert (self->n_users > 0);
  if (--self->n_users > 0)
    return;
  g_hash_table_remove (kind->sources, self->context);
  if (g_hash_table_size (kind->sources) == 0)
    g_clear_pointer (&kind->sources, g_hash_table_unref);
  g_source_destroy (&self->source);
}

void
wherry_context_source_free (WherryContextSource *self)
{
  g_source_unref (&self->source);
}
