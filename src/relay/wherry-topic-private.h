/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What wherry-topic.c and wherry-topic-durable.c share. */

#include "base/wherry-lock.h"
#include "relay/wherry-number-window.h"
#include "relay/wherry-store.h"
#include "relay/wherry-topic.h"

G_BEGIN_DECLS

struct _WherrySnapshot
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  guint n;
  WherryOutbox *outboxes[];
};

/* What a topic knows of a member. */
typedef struct
{
  guint64 member;
  WherryNumberWindow taken;  /* of its own numbers */
  guint64 accepted;          /* all up to this one are, and on disk where that is promised */
  guint64 accepted_sequence; /* what number that message got */
  guint n_unwritten;         /* what of it is not on disk yet */
  guint64 direct;            /* messages to it alone */
  guint64 since;             /* the topic's number when it came */
  gboolean away;
} WherrySeat;

struct _WherryTopic
{
  gatomicrefcount ref_count;
  /* immutable after construction: any thread reads */
  char *label;
  gboolean echo;
  /* any thread: internally locked */
  WherryLock lock;
  WherrySnapshot *snapshot;
  gboolean numbered;
  guint64 base;            /* numbers of former topics with this label are not above it */
  guint64 sequence;        /* of the newest message to everyone */
  guint64 delivered;       /* the same, but of what is on disk where that is promised */
  guint64 direct;          /* the highest that a message to one member had */
  GHashTable *seats;       /* member (guint64) to WherrySeat */
  WherryTopicLog *log;     /* NULL: nothing is kept */
  WherryClock *clock;      /* NULL while there is no log */
  WherryStoreTopic *store; /* NULL: nothing is on disk */
};

/* made if new */
WherrySeat *wherry_topic_seat_locked (WherryTopic *self, guint64 member);
/* Into the log and to whom it is for. from: (nullable): its publisher's, which does not get it.
 * wakes: one for each outbox of the snapshot, all FALSE */
void wherry_topic_deliver_locked (WherryTopic *self, WherryOutboxSet *from, WherryMessage *message,
                                  WherryGate *gate, gboolean *wakes, WherryPublished *out);

/* ---- durable ones ---- */

/* What the log has of the member's is taken, too. */
void wherry_topic_retake_locked (WherryTopic *self, WherrySeat *seat);

/* On its way to the disk; delivered from there. */
void wherry_topic_append_locked (WherryTopic *self, WherryMessage *message, WherryGate *gate,
                                 WherryPublished *out);

G_END_DECLS
