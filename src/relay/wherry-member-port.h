/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A member's side of the data path, on its peer thread: its channels, the topic and the outbox of
 * each, and whether its association is read. It asks the hub to subscribe a channel and
 * acknowledges the channel only when the hub has answered, that is, when the snapshot that contains
 * it is published; what arrives before that is held. Nothing else of the data path waits for the
 * hub. */

#include "base/wherry-inbox.h"
#include "peer/wherry-peer.h"
#include "relay/wherry-relay-config.h"
#include "relay/wherry-topic.h"
#include "wire/wherry-grant.h"
#include "wire/wherry-reason.h"

G_BEGIN_DECLS

/* Held for channels that the hub has not yet answered for; over it the association is not read. */
#define WHERRY_PORT_HELD_MAX (64u * 1024u)
/* Labels that begin so are the relay's own. */
#define WHERRY_LABEL_RESERVED "wherry:"
#define WHERRY_LABEL_NOTICES "wherry:notices"

typedef struct _WherryMemberPort WherryMemberPort;

/* What it posts to the hub's inbox. A member has at most three requests for each of its channels
 * under way, so that these need no bound of their own. */
typedef enum
{
  WHERRY_PORT_CONNECTED,   /* the association is up */
  WHERRY_PORT_SUBSCRIBE,   /* token, init: answered by attach or refuse */
  WHERRY_PORT_GONE,        /* token: its channel closed before the answer came; the next follows */
  WHERRY_PORT_UNSUBSCRIBE, /* token: its channel is closed, and what it had said is published */
  WHERRY_PORT_FLUSH,       /* token, messages: the peer ended before the answer came */
  WHERRY_PORT_MIRROR_SENT, /* token: the member published on its mirror */
  WHERRY_PORT_MIRROR_CLOSED, /* token, by_member */
  WHERRY_PORT_MIRROR_FAILED, /* token: it could not be opened */
  WHERRY_PORT_NOTICES_OPEN,  /* the member has a channel for notices, perhaps once more */
  WHERRY_PORT_LOST,          /* what it missed while it was away is not kept any more */
  WHERRY_PORT_OFFENDED,      /* code: it sent what it may not, and is to leave */
  WHERRY_PORT_RECORDED,      /* by_member: its record is on disk */
  WHERRY_PORT_WATCH,         /* no member: somebody begins to hold back others */
} WherryPortRequestType;

typedef struct
{
  WherryPortRequestType type;
  guint64 member;
  guint64 token;
  WherryChannelInit *init;
  GPtrArray *messages; /* of WherryMessage */
  gboolean by_member;
  WherrySignalError code;
} WherryPortRequest;

void wherry_port_request_free (gpointer request);

/* Copies the strings too. */
WherryChannelInit *wherry_port_init_copy (const WherryChannelInit *init);
void wherry_port_init_free (WherryChannelInit *init);

/* Whether a channel's messages are framed, by its protocol. Thread: any */
gboolean wherry_port_is_addressed (const WherryChannelInit *init);
/* What came on a channel of sender's, as its topic takes it. FALSE: WHERRY_ERROR_PROTOCOL: it is
 * addressed and the header is wrong. Thread: any */
gboolean wherry_port_make_post (const WherryChannelInit *init, guint64 sender,
                                WherryMessage *message, WherryPost *post, GError **error);

typedef struct
{
  guint64 id;
  const char *name; /* the id in hexadecimal; copied */
  const char *room; /* copied */
  gboolean echo;
  gboolean limited;                /* by what it sends a second */
  WherryGrant *grant;              /* (nullable): it may do everything */
  const WherryRelayConfig *config; /* outlives the port */
  WherryInbox *hub;
  WherryBudget *budget;
  WherryBlockWatch *watch;
  WherryClock *clock;
} WherryPortSettings;

/* ---- Thread: hub ---- */

WherryMemberPort *wherry_member_port_new (const WherryPortSettings *settings);
WherryMemberPort *wherry_member_port_ref (WherryMemberPort *self); /* Thread: any */
void wherry_member_port_unref (WherryMemberPort *self);            /* Thread: any */
/* What the hub's outboxes for this member are made in. Thread: any */
WherryOutboxSet *wherry_member_port_get_set (WherryMemberPort *self);

/* Makes the peer that this is the delegate of. */
WherryPeer *wherry_member_port_start (WherryMemberPort *self, const WherryPeerConfig *config,
                                      GMainContext *hub_context, const WherryPeerHubEvents *events,
                                      gpointer events_data, GError **error);

/* The snapshot that contains outbox is published. */
void wherry_member_port_post_attach (WherryMemberPort *self, WherryPeer *peer, guint64 token,
                                     WherryTopic *topic, WherryOutbox *outbox);
void wherry_member_port_post_refuse (WherryMemberPort *self, WherryPeer *peer, guint64 token,
                                     WherrySignalError code, const char *reason);
/* Open a channel of ours for outbox, which is in the published snapshot already. */
void wherry_member_port_post_mirror (WherryMemberPort *self, WherryPeer *peer, guint64 token,
                                     WherryTopic *topic, WherryOutbox *outbox,
                                     const WherryChannelInit *init);
/* On the channel for notices, if there is one. text: (transfer full). last: past what waits there
 * and without waiting, because the peer is about to be closed. */
void wherry_member_port_post_notice (WherryMemberPort *self, WherryPeer *peer, char *text,
                                     gboolean last);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryMemberPort, wherry_member_port_unref)

G_END_DECLS
