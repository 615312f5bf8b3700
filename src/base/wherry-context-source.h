/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A source that all who need one of its kind in a context share. A loop asks each of its sources,
 * twice in each turn: with some for each of 500 peers on one thread that is more than what the
 * peers have to do. */

#include <glib.h>

#include "base/wherry-lock.h"

G_BEGIN_DECLS

/* Derive from it: the first member. */
typedef struct
{
  GSource source;

  /* immutable after construction: any thread reads */
  GMainContext *context; /* borrowed: those who share it hold it */

  /* the kind's lock */
  guint n_users;
} WherryContextSource;

/* One for each kind, static. */
typedef struct
{
  /* immutable after construction: any thread reads */
  GSourceFuncs *funcs;
  guint size;
  const char *name;
  int priority;

  /* any thread: internally locked */
  WherryLock lock;
  GHashTable *sources; /* GMainContext to WherryContextSource; NULL: there is none */
} WherryContextKind;

/* That of the context (not NULL), made of zeros and attached if there is none. Its memory lasts
 * until free; it is left once before. (transfer full). Thread: any */
WherryContextSource *wherry_context_source_join (WherryContextKind *kind, GMainContext *context);
/* The last one to leave destroys it. Thread: who runs the context, or any when nobody does */
void wherry_context_source_leave (WherryContextKind *kind, WherryContextSource *self);
void wherry_context_source_free (WherryContextSource *self); /* Thread: any */

G_END_DECLS
