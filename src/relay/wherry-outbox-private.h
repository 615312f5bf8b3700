/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What wherry-outbox.c and wherry-outbox-set.c share: one lock guards a set and its outboxes. */

#include "base/wherry-lock.h"
#include "base/wherry-share.h"
#include "relay/wherry-block-clock.h"
#include "relay/wherry-outbox-set.h"

G_BEGIN_DECLS

struct _WherryOutbox
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  WherryOutboxSet *set;
  WherryPolicy policy;
  WherryOutboxLimits limits;

  /* any thread: atomic */
  gint n_snapshots;

  /* any thread: under the set's lock */
  GQueue queue; /* of WherryMessage */
  gsize bytes;
  gboolean active;
  gboolean closed;
  gboolean retired;
  gboolean told_over; /* take() has told that it is over */
  gboolean ready;     /* on the ready list */
  gboolean aside;     /* and passed over until resume() */
  WherryShare share;
  gboolean sending;   /* the first message is taken: it is not dropped */
  GPtrArray *waiters; /* of WherryGate; NULL when there is none */
  WherryBlockClock clock;

  /* peer thread only */
  gpointer owner;
};

struct _WherryOutboxSet
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  guint64 id;
  gsize max_bytes;
  WherryClock *clock;
  WherryWaker *waker;
  WherryBlockWatch *watch;

  /* any thread: internally locked. Order: this lock, then a gate's or the watch's */
  WherryLock lock;
  GPtrArray *outboxes; /* not closed ones; each is a reference */
  GQueue ready;        /* of WherryOutbox, each a reference */
  guint n_aside;       /* of those */
  guint64 now;         /* the share's count of who was served last */
  gsize bytes;
  gsize max_message_size;
  guint n_blocking;
  gint64 idle_us; /* when it last sent something, or began to have something to send */
  gboolean closed;
};

/* Somebody must be told once no lock is held. */
typedef struct
{
  gboolean wake;    /* the set's waker */
  GPtrArray *gates; /* opened ones; NULL: none */
} WherryOutboxNews;

void wherry_outbox_set_make_ready_locked (WherryOutboxSet *self, WherryOutbox *outbox,
                                          WherryOutboxNews *news);
/* Waiters of outbox, or of all that have room now (NULL), are let go. force: room or not. */
void wherry_outbox_release_locked (WherryOutbox *self, gboolean force, WherryOutboxNews *news);
void wherry_outbox_set_release_locked (WherryOutboxSet *self, WherryOutboxNews *news);
/* Empties it into dropped, and takes it from the ready list. */
void wherry_outbox_close_locked (WherryOutbox *self, GQueue *dropped, WherryOutboxNews *news);
gboolean wherry_outbox_is_over_locked (WherryOutbox *self);
void wherry_outbox_set_tell (WherryOutboxSet *self, WherryOutboxNews *news);

G_END_DECLS
