/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-lock.h"
#include "base/wherry-loop-end.h"

struct _WherryLoopEnd
{
  GSource source;

  /* immutable after construction: any thread reads */
  void (*func) (gpointer);
  gpointer data;

  /* who runs the context only */
  gboolean requested;
};

/* A loop asks all sources to prepare before it sleeps. */
static gboolean
loop_end_prepare (GSource *source, int *timeout)
{
  WherryLoopEnd *self = (WherryLoopEnd *) source;

  WHERRY_TSAN_ACQUIRE (source);
  *timeout = -1;
  if (self->requested)
    {
      self->requested = FALSE;
      self->func (self->data);
    }
  return FALSE;
}

static gboolean
loop_end_dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs loop_end_funcs = {
  .prepare = loop_end_prepare,
  .dispatch = loop_end_dispatch,
};

WherryLoopEnd *
wherry_loop_end_new (GMainContext *context, void (*func) (gpointer), gpointer data)
{
  WherryLoopEnd *self = (WherryLoopEnd *) g_source_new (&loop_end_funcs, sizeof *self);

  self->func = func;
  self->data = data;
  g_source_set_static_name (&self->source, "wherry-loop-end");
  /* asked first: before what func may make ready, and even when something else is ready */
  g_source_set_priority (&self->source, G_PRIORITY_HIGH);
  WHERRY_TSAN_RELEASE (self);
  g_source_attach (&self->source, context);
  return self;
}

void
wherry_loop_end_request (WherryLoopEnd *self)
{
  self->requested = TRUE;
}

void
wherry_loop_end_free (WherryLoopEnd *self)
{
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}
