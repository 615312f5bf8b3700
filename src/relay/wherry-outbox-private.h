/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the outbox's files share: wherry-outbox.c (life, queue, end), wherry-outbox-policy.c (what
 * happens when it is full, who waits), wherry-outbox-stats.c (what is counted),
 * wherry-outbox-set.c (whose turn it is). One lock guards a set and its outboxes. */

#include "base/wherry-lock.h"
#include "base/wherry-share.h"
#include "relay/wherry-block-clock.h"
#include "relay/wherry-outbox-set.h"
#include "relay/wherry-outbox-stats.h"

G_BEGIN_DECLS

struct _WherryOutbox
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  WherryOutboxSet *set;
  char *label; /* NULL: counted without one */

  gboolean addressed;

  /* any thread: atomic */
  gint n_snapshots;

  /* any thread: under the set's lock */
  WherryPolicy policy;
  WherryOutboxLimits limits;
  GQueue replay; /* of WherryMessage: before those of queue */
  GQueue queue;  /* of WherryMessage */
  gsize bytes;   /* of queue */
  gboolean active;
  gboolean closed;
  gboolean retired;
  gboolean told_over; /* take() has told that it is over */
  gboolean ready;     /* on the ready list */
  gboolean aside;     /* and passed over until resume() */
  WherryShare share;
  gboolean sending;   /* the first message is taken: it is not dropped */
  gboolean replaying; /* and it is the first of replay */
  GPtrArray *waiters; /* of WherryGate; NULL when there is none */
  WherryBlockClock clock;
  gint64 waiting_since_us;    /* while there are waiters */
  WherryPolicyCounts *counts; /* the set's; NULL: nothing counted yet */

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
  gsize replay_bytes;
  gsize max_message_size;
  guint n_blocking;
  gint64 idle_us; /* when it last sent something, or began to have something to send */
  gboolean closed;
  gboolean condemned; /* it takes no more: the hub was told that the member has to leave */
  GHashTable *counts; /* label to WherryPolicyCounts; NULL: nothing counted yet */
  WherryPolicyCounts other_counts; /* of outboxes without a label, and beyond the limit */
};

/* What is to be done once no lock is held. */
typedef struct
{
  gboolean wake;    /* the set's waker */
  GPtrArray *gates; /* opened ones; NULL: none */
  GQueue dropped;   /* of WherryMessage, to be unreferenced */
} WherryOutboxNews;

/* wherry-outbox.c */
/* At the end of what waits, whatever there is room for. */
void wherry_outbox_append_locked (WherryOutbox *self, WherryMessage *message);
/* Empties it into news, and takes it from the ready list. */
void wherry_outbox_close_locked (WherryOutbox *self, WherryOutboxNews *news);
gboolean wherry_outbox_is_over_locked (WherryOutbox *self);

/* wherry-outbox-policy.c */
/* What its policy makes of one message more. */
WherryPushResult wherry_outbox_admit_locked (WherryOutbox *self, WherryMessage *message,
                                             WherryGate *gate, WherryOutboxNews *news);
/* Those who wait for it are let go if it has room. force: room or not. */
void wherry_outbox_release_locked (WherryOutbox *self, gboolean force, WherryOutboxNews *news);
/* from, of the same set, has sent a message that was charged so much: it may be what was waited
 * for. */
void wherry_outbox_progress_locked (WherryOutbox *self, WherryOutbox *from, gsize charge,
                                    gint64 now_us);

/* wherry-outbox-stats.c */
WherryPolicyCounts *wherry_outbox_counts_locked (WherryOutbox *self);

/* wherry-outbox-set.c */
void wherry_outbox_set_make_ready_locked (WherryOutboxSet *self, WherryOutbox *outbox,
                                          WherryOutboxNews *news);
/* Waiters of all that have room now. */
void wherry_outbox_set_release_locked (WherryOutboxSet *self, WherryOutboxNews *news);
static inline gboolean
wherry_outbox_is_empty_locked (const WherryOutbox *self)
{
  return self->queue.length == 0 && self->replay.length == 0;
}
/* No lock is held. Clears news. */
void wherry_outbox_set_tell (WherryOutboxSet *self, WherryOutboxNews *news);

G_END_DECLS
