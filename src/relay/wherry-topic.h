/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A topic as publishers see it: a label and the outboxes of its subscribers. These are an immutable
 * snapshot that the hub replaces; a publisher takes a reference to it under the topic's lock (to
 * read the pointer and reference it afterwards would be a use after free) and pushes with no lock
 * of the topic held. */

#include "relay/wherry-outbox-set.h"

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

/* Whoever publishes after this has returned publishes to these. snapshot: (transfer full). Thread:
 * hub, or whoever made the topic */
void wherry_topic_set_snapshot (WherryTopic *self, WherrySnapshot *snapshot);
WherrySnapshot *wherry_topic_ref_snapshot (WherryTopic *self); /* (transfer full). Thread: any */

typedef struct
{
  guint n_pushed;
  guint n_too_large;   /* subscribers that take no message of this size */
  gboolean is_blocked; /* the gate may be shut */
} WherryPublished;

/* To every subscriber but the member that from belongs to. gate: the publisher's (nullable: it
 * cannot wait). The one way into a topic: numbering and history will live here. Thread: any */
void wherry_topic_publish (WherryTopic *self, WherryOutboxSet *from, WherryMessage *message,
                           WherryGate *gate, WherryPublished *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryTopic, wherry_topic_unref)

G_END_DECLS
