/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-context-source.h"
#include "base/wherry-loop-end.h"

/* That of all ends of a context. */
typedef struct
{
  WherryContextSource base;

  /* who runs the context only */
  guint64 turn;
  GPtrArray *requested; /* of WherryLoopEnd, borrowed, with gaps; NULL: none ever was */
} EndSource;

struct _WherryLoopEnd
{
  /* immutable after construction: any thread reads */
  EndSource *source;
  void (*func) (gpointer);
  gpointer data;

  /* who runs the context only */
  gboolean requested;
  guint64 turn; /* that it was called in last */
};

/* Those that are still to be called move up. */
static void
close_gaps (GPtrArray *ends)
{
  guint n = 0;

  for (guint i = 0; i < ends->len; i++)
    if (g_ptr_array_index (ends, i) != NULL)
      g_ptr_array_index (ends, n++) = g_ptr_array_index (ends, i);
  g_ptr_array_set_size (ends, (int) n);
}

/* A loop asks all sources to prepare before it sleeps. One call may ask for others, which then have
 * theirs; who had it already has the next one in the next turn. */
static gboolean
end_source_prepare (GSource *source, int *timeout)
{
  EndSource *self = (EndSource *) source;

  WHERRY_TSAN_ACQUIRE (source);
  *timeout = -1;
  if (self->requested == NULL || self->requested->len == 0)
    return FALSE;
  self->turn++;
  for (guint i = 0; i < self->requested->len; i++)
    {
      WherryLoopEnd *end = g_ptr_array_index (self->requested, i);

      if (end == NULL || end->turn == self->turn)
        continue;
      g_ptr_array_index (self->requested, i) = NULL;
      end->requested = FALSE;
      end->turn = self->turn;
      end->func (end->data); /* may free it */
    }
  close_gaps (self->requested);
  return FALSE;
}

static gboolean
end_source_dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
end_source_finalize (GSource *source)
{
  g_clear_pointer (&((EndSource *) source)->requested, g_ptr_array_unref);
}

static GSourceFuncs end_source_funcs = {
  .prepare = end_source_prepare,
  .dispatch = end_source_dispatch,
  .finalize = end_source_finalize,
};

/* asked first: before what the calls may make ready, and even when something else is ready */
static WherryContextKind kind = {
  .funcs = &end_source_funcs,
  .size = sizeof (EndSource),
  .name = "wherry-loop-end",
  .priority = G_PRIORITY_HIGH,
};

WherryLoopEnd *
wherry_loop_end_new (GMainContext *context, void (*func) (gpointer), gpointer data)
{
  WherryLoopEnd *self = g_new0 (WherryLoopEnd, 1);

  self->func = func;
  self->data = data;
  self->source = (EndSource *) wherry_context_source_join (&kind, context);
  return self;
}

void
wherry_loop_end_request (WherryLoopEnd *self)
{
  if (self->requested)
    return;
  self->requested = TRUE;
  if (self->source->requested == NULL)
    self->source->requested = g_ptr_array_new ();
  g_ptr_array_add (self->source->requested, self);
}

void
wherry_loop_end_free (WherryLoopEnd *self)
{
  guint i;

  if (self->requested && g_ptr_array_find (self->source->requested, self, &i))
    g_ptr_array_index (self->source->requested, i) = NULL;
  wherry_context_source_leave (&kind, &self->source->base);
  wherry_context_source_free (&self->source->base);
  g_free (self);
}
