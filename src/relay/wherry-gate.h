/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a publisher waits at: shut while some outbox that it published to is over its high mark. The
 * outbox puts the gate among its waiters in the same locked section in which it sees that it is
 * full, so that no opening is lost. When the last outbox lets go, the publisher is woken. */

#include "relay/wherry-waker.h"

G_BEGIN_DECLS

typedef struct _WherryGate WherryGate;
typedef struct _WherryOutbox WherryOutbox;

/* waker: posted each time the gate opens. */
WherryGate *wherry_gate_new (WherryWaker *waker);
WherryGate *wherry_gate_ref (WherryGate *self);  /* Thread: any */
void wherry_gate_unref (WherryGate *self);       /* Thread: any */
gboolean wherry_gate_is_shut (WherryGate *self); /* Thread: any */
/* The publisher is gone: it leaves every outbox that it waits on, and waits no more. Thread: peer
 */
void wherry_gate_close (WherryGate *self);

/* ---- for the outbox, which holds its set's lock (order: set, then gate). Thread: any ---- */

/* FALSE: it is closed, or waits there already. */
gboolean wherry_gate_wait_for (WherryGate *self, WherryOutbox *outbox);
/* TRUE: that was the last one; post with wherry_gate_wake() once no lock is held. */
gboolean wherry_gate_let_go (WherryGate *self, WherryOutbox *outbox);
void wherry_gate_wake (WherryGate *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryGate, wherry_gate_unref)

G_END_DECLS
