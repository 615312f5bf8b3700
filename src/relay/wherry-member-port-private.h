/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the port's files share: wherry-member-port.c (life, sending, waiting),
 * wherry-port-channel.c (their channels, ours, what the hub says), wherry-port-pause.c (when it is
 * read), wherry-port-frame.c (addressed channels). */

#include "base/wherry-lock.h"
#include "base/wherry-owner.h"
#include "base/wherry-token-bucket.h"
#include "relay/wherry-member-port.h"

G_BEGIN_DECLS

typedef struct _WherryBudgetWait WherryBudgetWait;

struct _WherryMemberPort
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  guint64 id;
  char *name;
  char *room;
  gboolean echo;
  gboolean limited;   /* by what it sends a second */
  WherryGrant *grant; /* NULL: it may do everything */
  const WherryRelayConfig *config;
  WherryInbox *hub;
  WherryBudget *budget;
  WherryBlockWatch *watch;
  WherryClock *clock;

  /* any thread: internally locked or atomic */
  WherryOutboxSet *set;
  WherryGate *gate;
  WherryWaker *waker;
  WherryLock start_lock; /* held until peer is known: the peer thread may be faster */
  WherryPeer *peer;      /* written once under start_lock; the peer outlives its delegate */

  /* peer thread only */
  gboolean started; /* start_lock was passed: peer can be read */
  gboolean ended;
  gboolean paused;
  GHashTable *channels; /* token (guint64) to WherryPortChannel */
  guint64 last_token;
  guint64 last_turn;
  guint n_own;
  guint n_orphans; /* of these, closed before the hub has answered */
  guint n_mirrors;
  guint n_waiting;  /* channels that wait for a mirror's end */
  gsize grace_left; /* bytes that are read on for their sake though the gate is shut */
  GSource *grace_timer;
  GSource *ack_timer;
  guint n_idle_acks;                  /* intervals in which there was nothing to acknowledge */
  struct _WherryPortChannel *notices; /* NULL: none is open */
  gsize held_bytes;
  WherryBudgetWait *budget_wait; /* NULL: does not wait */
  WherryTokenBucket messages;
  WherryTokenBucket bytes;
  GSource *rate_timer;    /* it is not read until then */
  gint64 rate_noticed_us; /* when it was last told; -1: never */
  guint n_bad;            /* since bad_since_us */
  gint64 bad_since_us;
  gboolean offended; /* the hub was told to send it away */
};

typedef enum
{
  WHERRY_PORT_OWN,    /* the member opened or declared it */
  WHERRY_PORT_MIRROR, /* we open it towards the member */
  WHERRY_PORT_NOTICES,
} WherryPortKind;

typedef struct _WherryPortChannel
{
  WherryPortKind kind;
  guint64 token;
  WherryChannel *channel; /* NULL: a mirror before its OPEN, or closed */
  WherryChannelInit *init;
  WherryTopic *topic; /* NULL: the hub has not answered */
  WherryOutbox *outbox;
  /* Of channels with one label, each waits until what was sent on the mirrors before it has
   * arrived. 0: not yet, or arrived. */
  guint64 turn;
  gboolean waiting; /* counted in the port's n_waiting */
  gboolean closing; /* we closed it */
  gboolean orphan;  /* counted in the port's n_orphans */
  gboolean has_sent;
  gboolean addressed;
  guint64 own;           /* the highest number that came on it */
  guint64 acked;         /* the highest that was acknowledged */
  WherryMessage *framed; /* of framed_of, which could not be sent yet; NULL: none */
  WherryMessage *framed_of;
  gboolean may_publish;
  GPtrArray *held; /* of WherryMessage; NULL: nothing */
  guint n_too_large;
  gint64 noticed_us;   /* when too-large was last noticed; -1: never */
  gint64 forbidden_us; /* the same of forbidden */
} WherryPortChannel;

/* ---- Thread: peer ---- */

void wherry_port_post (WherryMemberPort *self, WherryPortRequestType type, guint64 token,
                       WherryPortRequest *filled);
void wherry_port_notice (WherryMemberPort *self, WherrySignalError code, const char *text,
                         const char *topic);
/* wherry-port-rights.c: what it published where it may not is counted and, now and then, noticed.
 */
void wherry_port_refuse_message (WherryMemberPort *self, WherryPortChannel *record);
/* (nullable) static: why it may have no channel of its own with this label. */
const char *wherry_port_forbids_channel (WherryMemberPort *self, const char *label);
/* Read the association, or stop. */
void wherry_port_update_pause (WherryMemberPort *self);
void wherry_port_publish (WherryMemberPort *self, WherryPortChannel *record,
                          WherryMessage *message);

/* ---- wherry-port-frame.c ---- */

/* What goes out for message; (transfer full) */
WherryMessage *wherry_port_frame (WherryPortChannel *record, WherryMessage *message,
                                  gboolean replayed);
/* It could not be sent: the same again next time. framed: NULL: it was. */
void wherry_port_keep_framed (WherryPortChannel *record, WherryMessage *message,
                              WherryMessage *framed);
/* own came: the member is told when it is accepted. */
void wherry_port_ack_later (WherryMemberPort *self, WherryPortChannel *record, guint64 own);

/* ---- wherry-port-channel.c ---- */

void wherry_port_channel_free (gpointer record);
void wherry_port_channel_begin (WherryMemberPort *self, WherryChannel *channel, gboolean accept);
void wherry_port_channel_closed (WherryMemberPort *self, WherryPortChannel *record);
/* We closed it, and what was sent on it has arrived: who waits for that has its turn. */
void wherry_port_channel_flushed (WherryMemberPort *self, WherryPortChannel *record);
/* Its outbox was retired and is empty. */
void wherry_port_channel_over (WherryMemberPort *self, WherryPortChannel *record);
void wherry_port_channel_hold (WherryMemberPort *self, WherryPortChannel *record,
                               WherryMessage *message);
void wherry_port_channel_attach (WherryMemberPort *self, guint64 token, WherryTopic *topic,
                                 WherryOutbox *outbox);
void wherry_port_channel_refuse (WherryMemberPort *self, guint64 token, WherrySignalError code,
                                 const char *reason);
void wherry_port_channel_mirror (WherryMemberPort *self, guint64 token, WherryTopic *topic,
                                 WherryOutbox *outbox, const WherryChannelInit *init);

/* wherry-port-rate.c */
void wherry_port_rate_init (WherryMemberPort *self);
/* A message came, on whichever channel. */
void wherry_port_rate_charge (WherryMemberPort *self, WherryMessage *message);
/* A message came that is no good. */
void wherry_port_count_bad (WherryMemberPort *self);
/* TRUE: it sends too much. Whether to read is asked again when it may go on. */
gboolean wherry_port_rate_is_over (WherryMemberPort *self);

/* The end: nothing is waited for any more. */
void wherry_port_stop_waiting (WherryMemberPort *self);

G_END_DECLS
