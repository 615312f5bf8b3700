/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A member's outboxes with everything around them counted, on virtual time. */

#include "base/wherry-budget.h"
#include "base/wherry-limits.h"
#include "relay/wherry-outbox-set.h"

G_BEGIN_DECLS

#define HIGH 10000u
#define LOW 2000u
#define MEMBER 20000u
#define CHARGE 1000u /* of a message made here */

/* HIGH and LOW, and three seconds in any thirty. */
extern const WherryOutboxLimits outbox_limits;

typedef struct
{
  WherryClock *clock;
  WherryBudget *budget; /* every message is charged to it: nothing left means nothing leaked */
  WherryBlockWatch *watch;
  guint n_watch;
  WherryWaker *waker;
  guint n_wakes;
  WherryWaker *gate_waker;
  guint n_opened;
  WherryGate *gate;
  WherryOutboxSet *set;
} OutboxFixture;

void outbox_fixture_set_up (OutboxFixture *self, gconstpointer data);
/* Nothing may be left. */
void outbox_fixture_tear_down (OutboxFixture *self, gconstpointer data);

/* Its first bytes say which one it is. */
WherryPushResult outbox_push (OutboxFixture *self, WherryOutbox *outbox, guint32 number,
                              gboolean with_gate);
guint32 outbox_number_of (WherryMessage *message);
/* Takes the next one and has it sent. -1: nothing to take */
gint64 outbox_take (OutboxFixture *self);
/* One that blocks, until it does. */
void outbox_fill (OutboxFixture *self, WherryOutbox *outbox);

G_END_DECLS
