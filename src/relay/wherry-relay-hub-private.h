/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The hub's side of the relay, shared by its files: wherry-relay-hub.c (joins, limits, the end),
 * wherry-relay-watch.c (who is slow), wherry-relay-rights.c (who may), wherry-relay-network.c (this
 * machine's addresses), wherry-relay-member.c, wherry-relay-member-view.c, wherry-relay-presence.c
 * (attributes, wills), wherry-relay-room.c (who is there, who is told), wherry-room-topic.c
 * (subscriptions), wherry-mirror.c. Everything here: Thread: hub */

#include "base/wherry-inbox.h"
#include "base/wherry-log.h"
#include "base/wherry-owner.h"
#include "relay/wherry-ban-list.h"
#include "relay/wherry-cool-down.h"
#include "relay/wherry-member-port.h"
#include "relay/wherry-relay-hub.h"
#include "relay/wherry-resume-table.h"
#include "relay/wherry-store.h"

G_BEGIN_DECLS

typedef struct _WherryRelayRoom WherryRelayRoom;

/* Tests: change what a member's peer is made of (its transport, its context). */
typedef void (*WherryRelayPeerHook) (WherryRelayMember *member, WherryPeerConfig *config,
                                     gpointer user_data);
void wherry_relay_hub_set_peer_hook (WherryRelayHub *self, WherryRelayPeerHook hook,
                                     gpointer user_data);

struct _WherryRelayHub
{
  /* immutable after construction: any thread reads */
  WherryRelayConfig *config;
  GMainContext *context;
  WherryClock *clock;
  WherryInbox *inbox; /* of WherryPortRequest */
  WherryBudget *budget;
  WherryBlockWatch *watch;
  WherryLogShare *logs;
  WherryStore *store;         /* NULL: nothing outlives the process */
  WherryResumeTable *resumes; /* hub thread only */

  /* hub thread only */
  WherryOwner owner;
  GPtrArray *restored;   /* of WherryRelayRoom: a reference until somebody could have come back */
  GSource *restored_end; /* when that is over */
  WherryCoolDown *cool_down;
  WherryBanList *bans;
  GHashTable
      *members; /* id (guint64) to WherryRelayMember; those that left too, while their peer lives */
  GHashTable *rooms;          /* name to WherryRelayRoom */
  GHashTable *networks;       /* WherryAddressKey to the number of members from there */
  guint n_present;            /* members that have not left */
  guint n_peers;              /* peers that have not yet finished */
  WherryPeerThreads *threads; /* that carry them; NULL: each has its own */
  gsize stream_bytes;         /* of all members, charged to the budget */
  guint fds_used;             /* as last counted, and what was given since */
  gint64 fds_counted_us;
  gboolean fds_freed; /* a peer has ended since */
  GSource *watch_timer;
  const WherryIceNetwork *network;           /* NULL: not watched */
  gpointer network_watch;                    /* NULL: the system has none */
  void (*network_func) (gpointer user_data); /* NULL: nobody asked */
  gpointer network_data;
  gint64 budget_since_us; /* since when publishers wait for the budget; -1: they do not */
  WherryRelayPeerHook peer_hook;
  gpointer peer_hook_data;
  const WherryRelayObserver *observer; /* NULL: nobody */
  gpointer observer_data;
  void (*peers_func) (gpointer user_data, guint n); /* NULL: nobody asked */
  gpointer peers_data;
  gboolean shutting_down;
  void (*done) (gpointer user_data);
  gpointer done_data;
  GSource *done_source;
};

/* What a member is to its room. It goes on, and from cut and away back to waiting. */
typedef enum
{
  WHERRY_STAGE_JOINING, /* not yet known to its signaling */
  WHERRY_STAGE_WAITING, /* its record is on its way to the disk: its signaling is told nothing */
  WHERRY_STAGE_HERE,
  WHERRY_STAGE_CUT,  /* its connection ends, and another takes its place: the others do not know */
  WHERRY_STAGE_AWAY, /* its connection is gone, and it may come back: the others know */
  WHERRY_STAGE_LEFT,
} WherryMemberStage;

struct _WherryRelayMember
{
  guint ref_count;
  WherryRelayHub *relay;
  WherryRelayRoom *room;
  WherryMemberStage stage;
  guint64 key;
  char id[17];
  char *name;
  char *address;
  char *attributes;    /* raw; NULL: none */
  WherryMessage *will; /* NULL: none, or it was published */
  char *will_topic;
  WherryLeaveReason reason; /* once it has left */
  gboolean mirror;
  WherryGrant *grant;    /* NULL: it may do everything */
  gint64 expires_us;     /* on our clock */
  GSource *expiry_timer; /* NULL: it may stay */
  guint history;         /* how much of what is kept it wants */
  gboolean resumable;    /* it has a token, or will */
  gboolean addressed;    /* its mirrors may have headers */
  gboolean resumed;      /* it came back, once or more */
  char *subject;         /* of its token; NULL: none */
  char *token;           /* to come back with, not told yet; NULL */
  gboolean has_token;    /* token_hash is one's */
  gboolean has_before;   /* and hash_before that of the one before */
  guint8 token_hash[WHERRY_RESUME_HASH_BYTES];
  guint8 hash_before[WHERRY_RESUME_HASH_BYTES];
  guint n_records;    /* of them on their way to the disk, that must be there before it is told */
  GVariant *restored; /* a(st): topics that it was on, and since what number; NULL: made here */
  GSource *away_timer;

  const WherryMemberEvents *events; /* NULL: its signaling is gone, or it has left */
  gpointer user_data;
  gboolean observed;                 /* the observer was told of it */
  WherryPeerTransportFunc transport; /* NULL: the network */
  gpointer transport_data;
  char *path; /* NULL: none is known */

  WherryPeer *peer; /* NULL: none yet, or finished */
  WherryMemberPort *port;
  WherryOutboxSet *last_set; /* of a connection before, for what was counted in it; NULL: none */
  gsize stream_bytes;        /* charged for streams beyond the initial ones */
  gsize stream_bytes_taken;  /* of these, for what its peer has taken */
  GQueue stream_requests;    /* of gsize: what each request needs that its peer has not answered */
  gboolean tunnel;           /* it may go through its signaling socket */
  gboolean connected;
  gboolean was_connected;
  gboolean disconnected; /* meanwhile: ICE has failed and may be restarted */
  gboolean described;    /* one side has both descriptions, or will have soon */
  GSource *connect_timer;
  gint64 connect_by_us;
  GPtrArray *candidates; /* of WherryCandidate, until there is a peer; NULL: none */
  gboolean candidates_ended;
  GHashTable *owns;          /* token to WherryOwnChannel */
  GHashTable *closed_labels; /* topics that it closed and that are not mirrored to it; NULL: none */
  GHashTable *opens;         /* topics that it will open itself and has not yet; NULL: none */
  guint64 last_token;        /* of mirrors */
  guint n_topics;            /* that it began and that are there */
};

static inline gboolean
wherry_relay_member_is_present (const WherryRelayMember *self)
{
  return self->stage != WHERRY_STAGE_LEFT;
}

/* It has, or may have, a connection that it is served on. */
static inline gboolean
wherry_relay_member_is_served (const WherryRelayMember *self)
{
  return self->stage < WHERRY_STAGE_CUT;
}

/* It is in its room without one. */
static inline gboolean
wherry_relay_member_is_cut (const WherryRelayMember *self)
{
  return self->stage == WHERRY_STAGE_CUT || self->stage == WHERRY_STAGE_AWAY;
}

struct _WherryRelayRoom
{
  guint ref_count;
  WherryRelayHub *relay;
  char *name;
  gboolean echo;
  GPtrArray *members;    /* present ones, in the order of their joins; each is a reference */
  gsize attribute_bytes; /* of all members */
  GHashTable *topics;    /* label to WherryRoomTopic */
  guint64 sequence_base; /* numbers that topics had which ended: no new one begins below */
  gboolean kept;         /* the configuration's reference: it does not end with its last member */
  GQueue events;         /* of RoomEvent, told one after the other */
  gboolean telling;
};

/* A channel that a member opened or declared. It publishes until the member's peer is finished. */
typedef struct
{
  WherryRelayMember *member; /* borrowed: it is in member->owns */
  guint64 token;
  struct _WherryRoomTopic *topic;
  WherryChannelInit *init;
  WherryOutbox *outbox;
  gboolean may_publish;
  gboolean may_subscribe; /* otherwise it is never served on it */
  gboolean gone;          /* the member closed it; what it had said is still to be published */
} WherryOwnChannel;

/* What a topic knows of a present member. */
typedef struct
{
  WherryRelayMember *member; /* borrowed: the entry goes when it leaves */
  WherryOwnChannel *served;  /* the newest of its own, which it is served on; NULL: it has none */
  WherryOutbox *mirror;      /* NULL: none is open */
  guint64 mirror_token;
  gboolean mirror_lossy;
  gboolean mirror_sent;   /* the member published on it: it keeps the topic */
  gboolean mirror_failed; /* not tried again before one of its channels closes */
  gboolean subscribed;    /* it is in the snapshot */
  gboolean away;          /* it was, and its connection is gone: the topic waits for it */
  gboolean own_again;     /* it had one of its own then, and makes that anew: no mirror before it */
  gboolean resumes;       /* it came back: first what it missed, behind these two numbers */
  guint64 seen;
  guint64 direct;
} WherryTopicEntry;

typedef struct _WherryRoomTopic
{
  WherryRelayRoom *room;
  guint64 begun_by; /* a member, which may be gone */
  WherryTopic *topic;
  gboolean resumes;               /* it keeps messages for members that come back */
  GPtrArray *owns;                /* of WherryOwnChannel, borrowed, in the order of their opening */
  GHashTable *entries;            /* WherryRelayMember to WherryTopicEntry */
  WherryChannelInit *mirror_init; /* of the oldest publisher there is or was last */
  WherryGate *gate;               /* of the server as a publisher: it keeps the topic; or NULL */
} WherryRoomTopic;

/* wherry-relay-hub.c */
gboolean wherry_relay_hub_has_room_for_peer (WherryRelayHub *self, guint n_more);
/* A peer more, or less. */
void wherry_relay_hub_count_peer (WherryRelayHub *self, int change);
/* Told to the observer, if there is one. */
void wherry_relay_hub_tell_changed (WherryRelayHub *self, WherryRelayMember *member);
void wherry_relay_hub_tell_left (WherryRelayHub *self, WherryRelayMember *member,
                                 WherryLeaveReason reason);
void wherry_relay_hub_member_gone (WherryRelayHub *self, WherryRelayMember *member);

/* wherry-relay-resume.c */
/* Whether it may be away when its connection fails. */
gboolean wherry_relay_member_may_be_away (WherryRelayMember *self);
/* From now on, for the window; its signaling hears that it left. */
void wherry_relay_member_go_away (WherryRelayMember *self);
/* It has new signaling, and the peer before is finished. */
void wherry_relay_member_come_back (WherryRelayMember *self);
void wherry_relay_member_recorded (WherryRelayMember *self, gboolean committed);
/* join->resume is there, and all else that a join needs was checked. */
WherryRelayMember *wherry_relay_hub_resume (WherryRelayHub *self, const WherryJoin *join,
                                            const WherryMemberEvents *events, gpointer user_data,
                                            WherrySignalError *code, GError **error);

/* wherry-relay-rights.c */
/* FALSE: code and text (static) say why. */
gboolean wherry_relay_hub_check_rights (WherryRelayHub *self, const WherryJoin *join,
                                        WherrySignalError *code, const char **text);
/* Once, at its join. grant: (nullable) */
void wherry_relay_member_set_grant (WherryRelayMember *self, WherryGrant *grant);

/* wherry-relay-store.c */
/* Tests: options as they want them. */
gboolean wherry_relay_hub_open_store_with (WherryRelayHub *self, const WherryStoreOptions *options,
                                           GError **error);
/* Rooms from the disk end like others from now on. */
void wherry_relay_hub_forget_restored (WherryRelayHub *self);

/* wherry-relay-watch.c */
void wherry_relay_hub_watch (WherryRelayHub *self);

/* wherry-relay-network.c */
void wherry_relay_hub_unwatch_network (WherryRelayHub *self);

/* wherry-relay-member.c */
WherryRelayMember *wherry_relay_member_new (WherryRelayHub *relay, WherryRelayRoom *room,
                                            const WherryJoin *join,
                                            const WherryMemberEvents *events, gpointer user_data);
/* One that is away, from before the process began. topics: a(st) */
WherryRelayMember *wherry_relay_member_restore (WherryRelayHub *relay, WherryRelayRoom *room,
                                                const WherryJoin *join, guint64 key,
                                                const char *subject, GVariant *topics);
WherryRelayMember *wherry_relay_member_ref (WherryRelayMember *self);
void wherry_relay_member_unref (WherryRelayMember *self);
void wherry_relay_member_handle (WherryRelayMember *self, WherryPortRequest *request);
/* told: FALSE: the others are not told (they leave too). */
void wherry_relay_member_end (WherryRelayMember *self, WherryLeaveReason reason, gboolean told);
/* Who is not connected by then leaves. */
void wherry_relay_member_start_connect_timer (WherryRelayMember *self, gint64 limit_us);
WherryLogContext wherry_relay_member_log_context (WherryRelayMember *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryRelayMember, wherry_relay_member_unref)

/* wherry-member-streams.c */
/* FALSE: the ids of these channels cost more than the member, or the server, may use. */
gboolean wherry_relay_member_reserve_streams (WherryRelayMember *self,
                                              const WherryChannelInit *channels, guint n,
                                              WherrySignalError *code, GError **error);
/* Its peer has taken, or refused, the oldest request that something was reserved for. */
void wherry_relay_member_settle_streams (WherryRelayMember *self, gboolean taken);
void wherry_relay_member_release_streams (WherryRelayMember *self);

/* wherry-relay-room.c */
WherryRelayRoom *wherry_relay_room_get (WherryRelayHub *relay,
                                        const char *name); /* (transfer full), made if new */
WherryRelayRoom *wherry_relay_room_ref (WherryRelayRoom *self);
void wherry_relay_room_unref (WherryRelayRoom *self);
/* It ends with its last member after all: the relay goes down. */
void wherry_relay_room_let_go (WherryRelayRoom *self);
void wherry_relay_room_add (WherryRelayRoom *self, WherryRelayMember *member);
/* It is away, or back. */
void wherry_relay_room_tell_away (WherryRelayRoom *self, WherryRelayMember *member, gboolean away);
void wherry_relay_room_remove (WherryRelayRoom *self, WherryRelayMember *member,
                               WherryLeaveReason reason, gboolean told);
/* To everybody, member too. */
void wherry_relay_room_changed (WherryRelayRoom *self, WherryRelayMember *member, const char *tag);
/* To everybody, from too; or to one. FALSE: there is no such member. */
void wherry_relay_room_msg (WherryRelayRoom *self, WherryRelayMember *from, const char *object,
                            gsize length);
gboolean wherry_relay_room_signal (WherryRelayRoom *self, WherryRelayMember *from, const char *to,
                                   const char *data, gsize length);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryRelayRoom, wherry_relay_room_unref)

/* wherry-relay-limits.c */
/* FALSE: it may not join: code and text say why. */
gboolean wherry_relay_hub_check_limits (WherryRelayHub *self, const WherryJoin *join,
                                        WherrySignalError *code, const char **text);
/* One member more, or less, from its address. */
void wherry_relay_hub_count_address (WherryRelayHub *self, const char *address, int change);
/* Whether what it sends is limited: it is not on this machine. */
gboolean wherry_relay_member_is_limited (WherryRelayMember *self);
/* TRUE: it has begun as many topics as it may. */
gboolean wherry_relay_member_has_topics (WherryRelayMember *self);
void wherry_relay_hub_count_topic (WherryRelayHub *self, guint64 member, int change);
/* It leaves for what it sent. */
void wherry_relay_member_offended (WherryRelayMember *self, WherrySignalError code);

/* wherry-relay-presence.c */
/* Its token's, or what it says itself. */
const char *wherry_relay_join_attributes (const WherryJoin *join);
/* FALSE: its attributes or its will are not taken; code and text say why. */
gboolean wherry_relay_hub_check_presence (WherryRelayHub *self, const WherryJoin *join,
                                          WherrySignalError *code, const char **text);
/* It comes back, and may say something else about itself; what it does not say it keeps. */
void wherry_relay_member_renew_presence (WherryRelayMember *self, const WherryJoin *join);
/* Nothing more comes from the member, which goes or went for that reason: its will is published if
 * it is for that, and in any case done with. */
void wherry_relay_member_publish_will (WherryRelayMember *self, WherryLeaveReason reason);

/* wherry-room-topic.c */
WherryRoomTopic *wherry_room_topic_new (WherryRelayRoom *room, const char *label);
void wherry_room_topic_free (gpointer topic);
/* Of WherryRoomTopic, borrowed: for going through them where they may end meanwhile. (transfer
 * full) */
GPtrArray *wherry_relay_room_list_topics (WherryRelayRoom *self);
void wherry_own_channel_free (gpointer own);
WherryTopicEntry *wherry_topic_entry (WherryRoomTopic *topic,
                                      WherryRelayMember *member); /* made if new */
void wherry_relay_room_subscribe (WherryRelayRoom *self, WherryRelayMember *member, guint64 token,
                                  const WherryChannelInit *init);
/* Its channel is closed: the topic is not counted any more, if nobody else has one. */
void wherry_relay_room_disown (WherryRelayRoom *self, WherryRelayMember *member, guint64 token);
void wherry_relay_room_unsubscribe (WherryRelayRoom *self, WherryRelayMember *member,
                                    guint64 token);
void wherry_relay_room_flush (WherryRelayRoom *self, WherryRelayMember *member, guint64 token,
                              GPtrArray *messages);
/* It is out of every snapshot; what it still has to say is published until it is finished. */
void wherry_relay_room_leave_topics (WherryRelayRoom *self, WherryRelayMember *member);
/* The same for one that may come back: each topic knows of it still. */
void wherry_relay_room_pause_topics (WherryRelayRoom *self, WherryRelayMember *member);
/* Nothing comes from it any more. */
void wherry_relay_room_finish_topics (WherryRelayRoom *self, WherryRelayMember *member);
/* It has left and said all that it had to say: no topic remembers it. */
void wherry_relay_room_unseat (WherryRelayRoom *self, WherryRelayMember *member);

/* wherry-topic-snapshot.c */
void wherry_room_topic_keep (WherryRoomTopic *topic, gboolean resumes);
void wherry_room_topic_seat (WherryRoomTopic *topic, WherryRelayMember *member);
/* Who is subscribed, from what the entries say. */
void wherry_room_topic_publish_snapshot (WherryRoomTopic *topic);

/* wherry-mirror.c */
/* Which mirrors there must be; then the snapshot; then what the members must be told. Ends the
 * topic when nobody publishes on it: topic is gone then. */
void wherry_mirror_update (WherryRoomTopic *topic);
void wherry_mirror_connected (WherryRelayRoom *self, WherryRelayMember *member);
void wherry_mirror_sent (WherryRelayRoom *self, WherryRelayMember *member, guint64 token);
void wherry_mirror_closed (WherryRelayRoom *self, WherryRelayMember *member, guint64 token,
                           gboolean by_member, const char *label);
void wherry_mirror_failed (WherryRelayRoom *self, WherryRelayMember *member, guint64 token);
/* The member closed the channel that it was served on: it is not mirrored to it again. */
void wherry_mirror_unwanted (WherryRelayMember *member, const char *label);
/* It will open channels of its own on these topics: no mirrors before. labels: (nullable) */
void wherry_mirror_expect (WherryRelayMember *member, const char *const *labels);
/* One of its channels is closed: mirrors that did not fit may now. */
void wherry_mirror_retry (WherryRelayRoom *self, WherryRelayMember *member);

G_END_DECLS
