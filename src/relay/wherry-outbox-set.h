/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* All outboxes of one member, under one short lock: what they hold together, which have something
 * to send (the ready list, served in turn by weight of priority), who waits for them. Publishers
 * push on their threads (wherry-outbox.h); the member's own thread takes. */

#include "base/wherry-clock.h"
#include "relay/wherry-block-watch.h"
#include "relay/wherry-outbox.h"
#include "relay/wherry-waker.h"

G_BEGIN_DECLS

/* id: the member's. max_bytes: over it every outbox of the set counts as over its high mark. waker:
 * posted when the ready list goes from empty to non-empty. watch: (nullable): told when publishers
 * begin and end to wait. */
WherryOutboxSet *wherry_outbox_set_new (guint64 id, gsize max_bytes, WherryClock *clock,
                                        WherryWaker *waker, WherryBlockWatch *watch);
WherryOutboxSet *wherry_outbox_set_ref (WherryOutboxSet *self); /* Thread: any */
void wherry_outbox_set_unref (WherryOutboxSet *self);           /* Thread: any */
guint64 wherry_outbox_set_get_id (WherryOutboxSet *self);       /* Thread: any */
gsize wherry_outbox_set_get_bytes (WherryOutboxSet *self);      /* Thread: any */

/* A message longer than this is not pushed. Starts as G_MAXSIZE. Thread: any */
void wherry_outbox_set_set_max_message_size (WherryOutboxSet *self, gsize max_message_size);

/* After wherry_outbox_push_quietly(). Thread: any */
void wherry_outbox_set_wake (WherryOutboxSet *self);
/* Closes every outbox; new ones are born closed. Thread: any */
void wherry_outbox_set_close (WherryOutboxSet *self);

/* What one step of sending gets. message is NULL when the outbox was retired and everything in it
 * is out: it is told once. */
typedef struct
{
  WherryOutbox *outbox;
  WherryMessage *message;
  gboolean replayed;
} WherryOutboxTake;

/* The next message in turn, which stays queued until it is known to be sent. FALSE: nothing to
 * send. Everything that was taken is given back before the next. Thread: peer */
gboolean wherry_outbox_set_take (WherryOutboxSet *self, WherryOutboxTake *take);
/* sent: it is out of our hands. Otherwise it stays first and will be taken again. Clears take.
 * Thread: peer */
void wherry_outbox_set_give_back (WherryOutboxSet *self, WherryOutboxTake *take, gboolean sent);

/* Instead of give_back(): not sent, and passed over by take() until resume(), because others may be
 * sent all the same. Meanwhile the waker is posted for those. Thread: peer */
void wherry_outbox_set_put_aside (WherryOutboxSet *self, WherryOutboxTake *take);
void wherry_outbox_set_resume (WherryOutboxSet *self); /* Thread: peer */

/* What the hub asks about members that hold back others. Thread: any */
typedef struct
{
  gboolean is_blocking; /* somebody waits now */
  gboolean is_over;     /* an outbox is at its limit */
  gint64 blocked_us;    /* of the outbox with the most, in its window */
  gint64 stalled_us;    /* since it last sent something, or had nothing to send */
  gsize bytes;
} WherryBlockReport;
void wherry_outbox_set_get_report (WherryOutboxSet *self, gint64 now_us, WherryBlockReport *out);
/* A member left for being slow: everybody else begins anew. */
void wherry_outbox_set_restart_clocks (WherryOutboxSet *self, gint64 now_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryOutboxSet, wherry_outbox_set_unref)

G_END_DECLS
