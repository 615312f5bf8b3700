/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What waits to be sent to one member on one channel: a bounded queue with a policy for when it is
 * full. Pushes never block. `block` takes the message and has the publisher wait, which bounds the
 * excess by what the publisher's association held already; the others keep within the marks. The
 * message that is being sent is never dropped, and an empty outbox takes any message. */

#include "relay/wherry-gate.h"
#include "relay/wherry-relay-config.h"
#include "wire/wherry-message.h"

G_BEGIN_DECLS

typedef struct _WherryOutboxSet WherryOutboxSet;

typedef enum
{
  WHERRY_PUSH_OK,
  WHERRY_PUSH_BLOCKED,   /* taken; the gate is shut until there is room */
  WHERRY_PUSH_TOO_LARGE, /* not taken: over the member's a=max-message-size */
  WHERRY_PUSH_DROPPED,   /* not taken: there is no room, by drop-newest; counted */
  WHERRY_PUSH_CLOSED,    /* not taken: nobody is there any more, or has to leave by disconnect */
} WherryPushResult;

/* It belongs to set until it is closed. Nothing can be taken from it before it is active; it may be
 * pushed to. label: (nullable): what its drops and pauses are counted for. */
WherryOutbox *wherry_outbox_new_labeled (WherryOutboxSet *set, const char *label,
                                         WherryPolicy policy, const WherryOutboxLimits *limits);
WherryOutbox *wherry_outbox_new (WherryOutboxSet *set, WherryPolicy policy,
                                 const WherryOutboxLimits *limits);
WherryOutbox *wherry_outbox_ref (WherryOutbox *self);        /* Thread: any */
void wherry_outbox_unref (WherryOutbox *self);               /* Thread: any */
WherryOutboxSet *wherry_outbox_get_set (WherryOutbox *self); /* (transfer none) Thread: any */
gsize wherry_outbox_get_bytes (WherryOutbox *self);          /* Thread: any */
guint wherry_outbox_get_length (WherryOutbox *self);         /* Thread: any */
gboolean wherry_outbox_is_closed (WherryOutbox *self);       /* Thread: any */

/* Its channel is framed (wherry-frame.h): what is sent there is longer by the header. Before
 * anybody pushes. */
void wherry_outbox_set_addressed (WherryOutbox *self);
gboolean wherry_outbox_is_addressed (WherryOutbox *self); /* Thread: any */
/* gate: the publisher's; NULL: it cannot wait (its end, or the hub). Thread: any */
WherryPushResult wherry_outbox_push (WherryOutbox *self, WherryMessage *message, WherryGate *gate);
/* The same with a lock held: *wake: its set is to be woken, by wherry_outbox_set_wake(), once that
 * is released. Thread: any */
WherryPushResult wherry_outbox_push_quietly (WherryOutbox *self, WherryMessage *message,
                                             WherryGate *gate, gboolean *wake);
/* What comes before all that is pushed, marked as replayed. It belongs to somebody's history too,
 * so no policy drops from it and no mark counts it. messages: of WherryMessage; those that are
 * larger than the member takes are left out. Thread: any */
void wherry_outbox_replay (WherryOutbox *self, GPtrArray *messages);

/* From now on. What is over the new marks goes the new policy's way, except that disconnect waits
 * for the next message; those who waited by block go on by the others. Thread: any */
void wherry_outbox_change_policy (WherryOutbox *self, WherryPolicy policy,
                                  const WherryOutboxLimits *limits);

/* What is queued is dropped, who waits is let go, further pushes are ignored. Thread: any */
void wherry_outbox_close (WherryOutbox *self);

/* It is to end once the last snapshot that contains it is gone and all of it is sent: a publisher
 * may be pushing by a snapshot from before, and that is not to be lost. Then take() tells. Thread:
 * any */
void wherry_outbox_retire (WherryOutbox *self);
/* How many snapshots contain it. Thread: any */
void wherry_outbox_enter_snapshot (WherryOutbox *self);
void wherry_outbox_leave_snapshot (WherryOutbox *self);
/* It was retired, nothing is in it, nothing will be. Thread: any */
gboolean wherry_outbox_is_over (WherryOutbox *self);

/* Its channel's, see wherry_priority_get_weight(); the default one before. Thread: peer */
void wherry_outbox_set_priority (WherryOutbox *self, guint16 priority);
/* From now on it is served; owner is what take()'s caller finds at it. Thread: peer */
void wherry_outbox_activate (WherryOutbox *self, gpointer owner);
gboolean wherry_outbox_is_active (WherryOutbox *self); /* Thread: peer */
gpointer wherry_outbox_get_owner (WherryOutbox *self); /* Thread: peer */

/* A gate that closes: it waits no more. Thread: any */
void wherry_outbox_forget (WherryOutbox *self, WherryGate *gate);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryOutbox, wherry_outbox_unref)

G_END_DECLS
