/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The hub's side of the relay, shared by its files: wherry-relay.c (joins, limits, the end),
 * wherry-relay-watch.c (who is slow), wherry-member.c, wherry-room.c (who is there, who is told),
 * wherry-room-topic.c (subscriptions), wherry-mirror.c. Everything here: Thread: hub */

#include "base/wherry-inbox.h"
#include "base/wherry-owner.h"
#include "relay/wherry-cool-down.h"
#include "relay/wherry-member-port.h"
#include "relay/wherry-relay.h"

G_BEGIN_DECLS

typedef struct _WherryRoom WherryRoom;

/* Tests: change what a member's peer is made of (its transport, its context). */
typedef void (*WherryRelayPeerHook) (WherryMember *member, WherryPeerConfig *config,
                                     gpointer user_data);
void wherry_relay_set_peer_hook (WherryRelay *self, WherryRelayPeerHook hook, gpointer user_data);

struct _WherryRelay
{
  /* immutable after construction: any thread reads */
  WherryRelayConfig *config;
  GMainContext *context;
  WherryClock *clock;
  WherryInbox *inbox; /* of WherryPortRequest */
  WherryBudget *budget;
  WherryBlockWatch *watch;

  /* hub thread only */
  WherryOwner owner;
  WherryCoolDown *cool_down;
  GHashTable
      *members;      /* id (guint64) to WherryMember; those that left too, while their peer lives */
  GHashTable *rooms; /* name to WherryRoom */
  guint n_present;   /* members that have not left */
  guint n_peers;     /* peers whose thread is not yet joined */
  gsize stream_bytes; /* of all members, charged to the budget */
  guint fds_used;     /* as last counted, and what was given since */
  gint64 fds_counted_us;
  gboolean fds_freed; /* a peer has ended since */
  GSource *watch_timer;
  gint64 budget_since_us; /* since when publishers wait for the budget; -1: they do not */
  WherryRelayPeerHook peer_hook;
  gpointer peer_hook_data;
  void (*peers_func) (gpointer user_data, guint n); /* NULL: nobody asked */
  gpointer peers_data;
  gboolean shutting_down;
  void (*done) (gpointer user_data);
  gpointer done_data;
  GSource *done_source;
};

struct _WherryMember
{
  guint ref_count;
  WherryRelay *relay;
  WherryRoom *room;
  guint64 key;
  char id[17];
  char *name;
  char *address;
  gboolean mirror;

  const WherryMemberEvents *events; /* NULL: its signaling is gone, or it has left */
  gpointer user_data;
  gboolean joining; /* not yet known to its signaling */
  gboolean present; /* it has not left */

  WherryPeer *peer; /* NULL: none yet, or finished */
  WherryMemberPort *port;
  gsize stream_bytes;       /* charged for streams beyond the initial ones */
  gsize stream_bytes_taken; /* of these, for what its peer has taken */
  GQueue stream_requests;   /* of gsize: what each request needs that its peer has not answered */
  gboolean connected;
  gboolean described; /* one side has both descriptions, or will have soon */
  GSource *connect_timer;
  gint64 connect_by_us;
  GPtrArray *candidates; /* of WherryCandidate, until there is a peer; NULL: none */
  gboolean candidates_ended;
  GHashTable *owns;          /* token to WherryOwnChannel */
  GHashTable *closed_labels; /* topics that it closed and that are not mirrored to it; NULL: none */
  guint64 last_token;        /* of mirrors */
};

struct _WherryRoom
{
  guint ref_count;
  WherryRelay *relay;
  char *name;
  gboolean echo;
  GPtrArray *members; /* present ones, in the order of their joins; each is a reference */
  GHashTable *topics; /* label to WherryRoomTopic */
  GQueue events;      /* of RoomEvent, told one after the other */
  gboolean telling;
};

/* A channel that a member opened or declared. It publishes until the member's peer is finished. */
typedef struct
{
  WherryMember *member; /* borrowed: it is in member->owns */
  guint64 token;
  struct _WherryRoomTopic *topic;
  WherryChannelInit *init;
  WherryOutbox *outbox;
} WherryOwnChannel;

/* What a topic knows of a present member. */
typedef struct
{
  WherryMember *member;     /* borrowed: the entry goes when it leaves */
  WherryOwnChannel *served; /* the newest of its own, which it is served on; NULL: it has none */
  WherryOutbox *mirror;     /* NULL: none is open */
  guint64 mirror_token;
  gboolean mirror_lossy;
  gboolean mirror_sent;   /* the member published on it: it keeps the topic */
  gboolean mirror_failed; /* not tried again before one of its channels closes */
} WherryTopicEntry;

typedef struct _WherryRoomTopic
{
  WherryRoom *room;
  WherryTopic *topic;
  GPtrArray *owns;                /* of WherryOwnChannel, borrowed, in the order of their opening */
  GHashTable *entries;            /* WherryMember to WherryTopicEntry */
  WherryChannelInit *mirror_init; /* of the oldest publisher there is or was last */
} WherryRoomTopic;

/* wherry-relay.c */
gboolean wherry_relay_has_room_for_peer (WherryRelay *self, guint n_more);
/* A peer more, or less. */
void wherry_relay_count_peer (WherryRelay *self, int change);
void wherry_relay_member_gone (WherryRelay *self, WherryMember *member);

/* wherry-relay-watch.c */
void wherry_relay_watch (WherryRelay *self);

/* wherry-member.c */
WherryMember *wherry_member_new (WherryRelay *relay, WherryRoom *room, const WherryJoin *join,
                                 const WherryMemberEvents *events, gpointer user_data);
WherryMember *wherry_member_ref (WherryMember *self);
void wherry_member_unref (WherryMember *self);
void wherry_member_handle (WherryMember *self, WherryPortRequest *request);
/* told: FALSE: the others are not told (they leave too). */
void wherry_member_end (WherryMember *self, WherryLeaveReason reason, gboolean told);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryMember, wherry_member_unref)

/* wherry-member-streams.c */
/* FALSE: the ids of these channels cost more than the member, or the server, may use. */
gboolean wherry_member_reserve_streams (WherryMember *self, const WherryChannelInit *channels,
                                        guint n, WherrySignalError *code, GError **error);
/* Its peer has taken, or refused, the oldest request that something was reserved for. */
void wherry_member_settle_streams (WherryMember *self, gboolean taken);
void wherry_member_release_streams (WherryMember *self);

/* wherry-room.c */
WherryRoom *wherry_room_get (WherryRelay *relay,
                             const char *name); /* (transfer full), made if new */
WherryRoom *wherry_room_ref (WherryRoom *self);
void wherry_room_unref (WherryRoom *self);
void wherry_room_add (WherryRoom *self, WherryMember *member);
void wherry_room_remove (WherryRoom *self, WherryMember *member, WherryLeaveReason reason,
                         gboolean told);
/* To everybody, from too; or to one. FALSE: there is no such member. */
void wherry_room_msg (WherryRoom *self, WherryMember *from, const char *object, gsize length);
gboolean wherry_room_signal (WherryRoom *self, WherryMember *from, const char *to, const char *data,
                             gsize length);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryRoom, wherry_room_unref)

/* wherry-room-topic.c */
void wherry_room_topic_free (gpointer topic);
void wherry_own_channel_free (gpointer own);
WherryTopicEntry *wherry_topic_entry (WherryRoomTopic *topic,
                                      WherryMember *member); /* made if new */
void wherry_room_subscribe (WherryRoom *self, WherryMember *member, guint64 token,
                            const WherryChannelInit *init);
void wherry_room_unsubscribe (WherryRoom *self, WherryMember *member, guint64 token);
void wherry_room_flush (WherryRoom *self, WherryMember *member, guint64 token, GPtrArray *messages);
/* It is out of every snapshot; what it still has to say is published until it is finished. */
void wherry_room_leave_topics (WherryRoom *self, WherryMember *member);
/* Nothing comes from it any more. */
void wherry_room_finish_topics (WherryRoom *self, WherryMember *member);

/* wherry-mirror.c */
/* Which mirrors there must be; then the snapshot; then what the members must be told. Ends the
 * topic when nobody publishes on it: topic is gone then. */
void wherry_mirror_update (WherryRoomTopic *topic);
void wherry_mirror_connected (WherryRoom *self, WherryMember *member);
void wherry_mirror_sent (WherryRoom *self, WherryMember *member, guint64 token);
void wherry_mirror_closed (WherryRoom *self, WherryMember *member, guint64 token,
                           gboolean by_member);
void wherry_mirror_failed (WherryRoom *self, WherryMember *member, guint64 token);
/* The member closed the channel that it was served on: it is not mirrored to it again. */
void wherry_mirror_unwanted (WherryMember *member, const char *label);
/* One of its channels is closed: mirrors that did not fit may now. */
void wherry_mirror_retry (WherryRoom *self, WherryMember *member);

G_END_DECLS
