/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A topic as publishers see it: a label and the outboxes of its subscribers. These are an immutable
 * snapshot that the hub replaces; a publisher takes a reference to it under the topic's lock (to
 * read the pointer and reference it afterwards would be a use after free) and pushes with no lock
 * of the topic held. */

#include "relay/wherry-outbox-set.h"
#include "relay/wherry-topic-log.h"

G_BEGIN_DECLS

typedef struct _WherrySnapshot WherrySnapshot;
typedef struct _WherryTopic WherryTopic;

/* outboxes: of WherryOutbox; a reference to each is kept. Thread: any */
WherrySnapshot *wherry_snapshot_new (GPtrArray *outboxes);
WherrySnapshot *wherry_snapshot_ref (WherrySnapshot *self);
void wherry_snapshot_unref (WherrySnapshot *self);
guint wherry_snapshot_get_length (WherrySnapshot *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySnapshot, wherry_snapshot_unref)

/* Without subscribers. echo: what is published goes to the publisher too. Thread: any */
WherryTopic *wherry_topic_new (const char *label, gboolean echo);
WherryTopic *wherry_topic_ref (WherryTopic *self);
void wherry_topic_unref (WherryTopic *self);
const char *wherry_topic_get_label (WherryTopic *self);

/* Its messages are numbered from now on: somebody's channel is addressed, or it keeps some of them.
 * Thread: hub */
void wherry_topic_set_numbered (WherryTopic *self);
/* Its first message gets the number behind this one: a topic of that name may have been there
 * before, and numbers do not begin anew within a room. */
void wherry_topic_set_base (WherryTopic *self, guint64 sequence);
guint64 wherry_topic_get_highest (WherryTopic *self); /* that it gave */
/* It keeps messages, and is numbered. share, clock: referenced. Thread: hub */
void wherry_topic_set_keep (WherryTopic *self, const WherryKeep *keep, WherryLogShare *share,
                            WherryClock *clock);
/* There is history, or a value that is retained: it goes on without publishers. Thread: hub */
gboolean wherry_topic_has_history (WherryTopic *self);

/* What an outbox gets before anything that is published. */
typedef struct
{
  WherryOutbox *outbox;
  guint64 member;
  gboolean resumes; /* what it missed, by the two numbers; otherwise history */
  guint64 seen;
  guint64 direct;
  guint history;
  gboolean lost; /* (out): what it missed is not kept any more: it gets nothing of it */
} WherryReplay;

/* Whoever publishes after this has returned publishes to these. snapshot: (transfer full).
 * replays: for outboxes that are new in it, in the same step: nothing falls between. Thread: hub,
 * or whoever made the topic */
void wherry_topic_set_snapshot (WherryTopic *self, WherrySnapshot *snapshot);
void wherry_topic_set_snapshot_replaying (WherryTopic *self, WherrySnapshot *snapshot,
                                          WherryReplay *replays, guint n);
WherrySnapshot *wherry_topic_ref_snapshot (WherryTopic *self); /* (transfer full). Thread: any */

/* ---- seats: what a topic knows of a member, as long as it is one. Thread: hub ---- */

/* It is there from now on, if it was not: what it may miss begins with the next message. */
void wherry_topic_seat (WherryTopic *self, guint64 member);
/* Whether it has one, and what number it began behind. */
gboolean wherry_topic_get_seat (WherryTopic *self, guint64 member, guint64 *since);
/* It had one before the process began. */
void wherry_topic_restore_seat (WherryTopic *self, guint64 member, guint64 since);
/* Its connection is gone and may come back: direct messages are kept for it. */
void wherry_topic_set_away (WherryTopic *self, guint64 member, gboolean away);
/* It has left for good. */
void wherry_topic_unseat (WherryTopic *self, guint64 member);
/* FALSE: it missed something that is not kept any more. seen: 0: it does not say. */
gboolean wherry_topic_can_resume (WherryTopic *self, guint64 member, guint64 seen, guint64 direct);
/* The highest number of its own that was accepted, and what number that got: 0: none. Thread: any
 */
void wherry_topic_get_accepted (WherryTopic *self, guint64 member, guint64 *own, guint64 *sequence);

/* ---- durable topics: written before they are delivered and acknowledged. Thread: hub ---- */

typedef struct _WherryStore WherryStore;

/* From now on what is published goes to the store first; numbers go on above both sides'. It is
 * numbered, and keeps something. Until it is closed the store refers to it. */
void wherry_topic_set_store (WherryTopic *self, WherryStore *store, const char *room);
gboolean wherry_topic_is_durable (WherryTopic *self);
/* drop: what is on disk goes too. */
void wherry_topic_close_store (WherryTopic *self, gboolean drop);
/* What the store has of it, in order, before anybody is there. */
void wherry_topic_load_message (WherryTopic *self, WherryMessage *message);
void wherry_topic_load_accepted (WherryTopic *self, guint64 member, guint64 own);
void wherry_topic_load_direct (WherryTopic *self, guint64 member, guint64 next);

/* ---- publishing. Thread: any ---- */

typedef struct
{
  WherryMessage *message; /* as it came */
  gsize offset;           /* of its payload */
  WherryMessageKind kind; /* of its payload */
  guint64 sender;
  guint64 recipient; /* 0: everyone */
  guint64 own;       /* 0: none */
} WherryPost;

typedef struct
{
  guint n_pushed;
  guint n_too_large;      /* subscribers that take no message of this size */
  gboolean is_blocked;    /* the gate may be shut */
  gboolean is_duplicate;  /* it was accepted before: nothing was done */
  gboolean has_recipient; /* FALSE: nobody of that id is here. For everyone: TRUE */
} WherryPublished;

/* To every subscriber but the member that from belongs to. gate: the publisher's (nullable: it
 * cannot wait). The one way into a topic. Numbers, log and pushes are one step under the topic's
 * lock (order of locks: topic, outbox set, gate or watch), so that the order of numbers is the
 * order of delivery; without numbers no lock is held while it is pushed. */
void wherry_topic_publish_post (WherryTopic *self, WherryOutboxSet *from, const WherryPost *post,
                                WherryGate *gate, WherryPublished *out);
/* A whole message to everyone. from: (nullable): the server itself */
void wherry_topic_publish (WherryTopic *self, WherryOutboxSet *from, WherryMessage *message,
                           WherryGate *gate, WherryPublished *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryTopic, wherry_topic_unref)

G_END_DECLS
