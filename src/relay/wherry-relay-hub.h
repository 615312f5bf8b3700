/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The relay: rooms of members. Signaling talks to it, on the hub thread; the data path does not
 * touch it. Everything here: Thread: hub */

#include <gio/gio.h>

#include "base/wherry-budget.h"
#include "base/wherry-clock.h"
#include "peer/wherry-peer.h"
#include "relay/wherry-ban-list.h"
#include "relay/wherry-outbox-stats.h"
#include "relay/wherry-relay-config.h"
#include "wire/wherry-grant.h"
#include "wire/wherry-message.h"
#include "wire/wherry-signal.h"

G_BEGIN_DECLS

typedef struct _WherryRelayHub WherryRelayHub;
typedef struct _WherryRelayMember WherryRelayMember;

#define WHERRY_ECHO_ROOM "echo"

/* What a member's signaling hears, on the hub. After left nothing is called. */
typedef struct
{
  void (*description) (gpointer user_data, WherrySdpType type, const char *sdp);
  void (*candidate) (gpointer user_data, const char *candidate, const char *mid, guint mline_index,
                     const char *ufrag);
  /* What was asked could not be done: bad-sdp, or server-full (WHERRY_ERROR_RESOURCES), after which
   * it leaves. */
  void (*refused) (gpointer user_data, WherryPeerRequest request, const GError *error);
  /* Its answer was applied. */
  void (*answered) (gpointer user_data);
  /* The way to it is lost: the address of ours that it is connected to is gone, or it no longer
   * answers. Restart ICE, by an offer of its own or by wherry_relay_member_restart(), and it is
   * still there. */
  void (*path_lost) (gpointer user_data);
  /* What another member does, or says to it or to all; also of this one: what it said to all, and
   * its own attributes, with the tid that they were set with. */
  void (*news) (gpointer user_data, const WherrySignalNews *news);
  /* (nullable): something is wrong with what it sends on its channels; it leaves. */
  void (*offended) (gpointer user_data, WherrySignalError code, const char *text);
  /* (nullable): it may be told that it joined, and connect: all that its connection before had said
   * is published, its record is on disk. From within its join, or later. */
  void (*ready) (gpointer user_data);
  /* Its channel wherry:notices is open, perhaps once more: from now on it can be told by
   * wherry_relay_member_notice(). (nullable) */
  void (*notices_open) (gpointer user_data);
  /* It ends: time for a last notice, before its connection is closed. (nullable) */
  void (*leaving) (gpointer user_data, WherryLeaveReason reason);
  /* A binary message, after wherry_relay_member_tunnel(). (nullable) */
  void (*tunnel_output) (gpointer user_data, GBytes *frames);
  /* The last call. The member is gone; so is the WherryRelayMember pointer when it returns. */
  void (*left) (gpointer user_data, WherryLeaveReason reason);
} WherryMemberEvents;

typedef struct
{
  const char *room;
  const char *name; /* (nullable) */
  gboolean mirror;
  /* (nullable): raw JSON that wherry_signal_attributes_check() took */
  const char *attributes;
  /* (nullable): what is published on will_topic when the member vanishes; a reference is kept */
  WherryMessage *will;
  const char *will_topic;
  guint history;      /* so many kept messages of each topic first */
  gboolean resumable; /* it may be away when its connection fails, and come back with a token */
  const char *resume; /* (nullable): the token of one that comes back */
  const GPtrArray *places;  /* (nullable) (element-type WherrySignalPlace): how far it got */
  gboolean addressed;       /* it understands headers on mirrors; resumable says so too */
  const char *const *opens; /* (nullable): no mirrors of these: it opens channels of its own */
  const char *address;      /* where its signaling comes from, for the log and limits (nullable) */
  WherryGrant *grant;       /* what it may do here; a reference is taken (nullable): everything */
  /* (nullable): it has no network: made on the hub's context by wherry_relay_member_start() */
  WherryPeerTransportFunc transport;
  gpointer transport_data;
} WherryJoin;

/* What the owner of the relay sees of its members, on the hub; reads them with the getters. */
typedef struct
{
  void (*joined) (gpointer user_data, WherryRelayMember *member);
  /* It is connected, or the path or its attributes changed. */
  void (*changed) (gpointer user_data, WherryRelayMember *member);
  /* After its left event; the pointer is gone when this returns. */
  void (*left) (gpointer user_data, WherryRelayMember *member, WherryLeaveReason reason);
} WherryRelayObserver;

/* config: (transfer full). hub_context: the hub's. clock: (nullable) the system's. */
WherryRelayHub *wherry_relay_hub_new (WherryRelayConfig *config, GMainContext *hub_context,
                                      WherryClock *clock);
/* After shutdown has finished. */
void wherry_relay_hub_free (WherryRelayHub *self);
const WherryRelayConfig *wherry_relay_hub_get_config (WherryRelayHub *self);
WherryBudget *wherry_relay_hub_get_budget (WherryRelayHub *self);

/* Opens config's history_dir, if there is one, with what was kept there: rooms, topics and their
 * messages. Before anybody joins. Errors: wherry_store_open()'s. */
gboolean wherry_relay_hub_open_store (WherryRelayHub *self, GError **error);

/* func is called on the hub when a peer was made and when one is gone with its thread: n are left.
 */
void wherry_relay_hub_set_peers_func (WherryRelayHub *self,
                                      void (*func) (gpointer user_data, guint n),
                                      gpointer user_data);

/* observer: (nullable) */
void wherry_relay_hub_set_observer (WherryRelayHub *self, const WherryRelayObserver *observer,
                                    gpointer user_data);
/* What members that join from now on gather with, and all with the network's next change.
 * (transfer full) */
void wherry_relay_hub_set_ice (WherryRelayHub *self, WherryIceConfig *ice);
/* From now on members whose way goes by an address of this machine that went are told to restart
 * ICE. network: static. changed is called before, on the hub: time for set_ice(). (nullable) */
void wherry_relay_hub_watch_network (WherryRelayHub *self, const WherryIceNetwork *network,
                                     void (*changed) (gpointer user_data), gpointer user_data);
/* (nullable): a member that has not left. */
WherryRelayMember *wherry_relay_hub_lookup (WherryRelayHub *self, const char *id);

/* A new member, already announced to the others of its room. (transfer none): it lives until its
 * left event. NULL: code says why (room-full, server-full, rate-limited, shutting-down, bad-room,
 * forbidden, unauthorized, internal) and error in words. */
WherryRelayMember *wherry_relay_hub_join (WherryRelayHub *self, const WherryJoin *join,
                                          const WherryMemberEvents *events, gpointer user_data,
                                          WherrySignalError *code, GError **error);
/* Sends it away: reason is kicked, or what else is true. FALSE: no such member. */
gboolean wherry_relay_hub_kick (WherryRelayHub *self, const char *id, WherryLeaveReason reason);

/* Whom it covers leaves with reason banned, and is refused with forbidden for so long. n_left:
 * (out) (optional). Errors: wherry_ban_list_add()'s. */
gboolean wherry_relay_hub_ban (WherryRelayHub *self, const WherryBanned *who, gint64 duration_us,
                               guint *n_left, GError **error);
gboolean wherry_relay_hub_has_banned (WherryRelayHub *self, const WherryBanned *who);
/* FALSE: there was no such ban. */
gboolean wherry_relay_hub_unban (WherryRelayHub *self, const WherryBanned *who);

/* Everybody leaves with reason shutdown; done is called on the hub when every peer thread is
 * joined. New joins are refused with shutting-down from now on. */
void wherry_relay_hub_shutdown (WherryRelayHub *self, void (*done) (gpointer user_data),
                                gpointer user_data);

const char *wherry_relay_member_get_id (WherryRelayMember *self);
const char *wherry_relay_member_get_room (WherryRelayMember *self);
const char *wherry_relay_member_get_name (WherryRelayMember *self);
const char *wherry_relay_member_get_attributes (WherryRelayMember *self); /* NULL: none */
/* (transfer none) (nullable): it may do everything */
WherryGrant *wherry_relay_member_get_grant (WherryRelayMember *self);
gboolean wherry_relay_member_is_connected (WherryRelayMember *self);
/* Whether its signaling may be told that it joined, and may connect it; otherwise the ready event
 * follows. */
gboolean wherry_relay_member_is_ready (WherryRelayMember *self);
/* It came back: its connection is not its first. */
gboolean wherry_relay_member_is_resumed (WherryRelayMember *self);
/* A token to come back with, in place of the one before. (transfer full) (nullable): it may not. */
char *wherry_relay_member_issue_resume (WherryRelayMember *self);
/* (transfer full) (element-type WherrySignalPlace): its own numbers that topics have accepted. */
GPtrArray *wherry_relay_member_list_accepted (WherryRelayMember *self);
/* "host to srflx over udp", once it is connected through the network; NULL otherwise. */
const char *wherry_relay_member_get_path (WherryRelayMember *self);
/* The other members of its room: func is called for each. */
void wherry_relay_member_foreach_other (WherryRelayMember *self,
                                        void (*func) (const WherrySignalMemberRef *member,
                                                      gpointer data),
                                        gpointer data);

/* Makes the peer of one that joined with a transport. Errors as call()'s. */
gboolean wherry_relay_member_start (WherryRelayMember *self, WherrySignalError *code,
                                    GError **error);
/* Makes the peer (thread) if there is none yet. FALSE with code server-full or internal when the
 * system has no room for it. Negotiated channels are copied. */
gboolean wherry_relay_member_call (WherryRelayMember *self, const WherryChannelInit *channels,
                                   guint n, WherrySignalError *code, GError **error);
/* Its channels go through its signaling socket until they find another way. FALSE: as call(), and
 * forbidden. */
gboolean wherry_relay_member_tunnel (WherryRelayMember *self, WherrySignalError *code,
                                     GError **error);
/* A binary message that came. FALSE: it sends more than it may. */
gboolean wherry_relay_member_tunnel_input (WherryRelayMember *self, GBytes *frames);
/* An offer of ours that restarts ICE. Errors as call()'s. */
gboolean wherry_relay_member_restart (WherryRelayMember *self, WherrySignalError *code,
                                      GError **error);
/* sdp: (transfer full), an offer or an answer. */
gboolean wherry_relay_member_remote_description (WherryRelayMember *self, WherrySdp *sdp,
                                                 const WherryChannelInit *channels, guint n,
                                                 WherrySignalError *code, GError **error);
/* candidate: (transfer full) (nullable): the end of candidates. Held when there is no peer yet. */
void wherry_relay_member_remote_candidate (WherryRelayMember *self, WherryCandidate *candidate);
/* FALSE: no such member in the room, or its signaling socket is closed. */
gboolean wherry_relay_member_signal (WherryRelayMember *self, const char *to, const char *data,
                                     gsize length);
void wherry_relay_member_msg (WherryRelayMember *self, const char *object, gsize length);
/* attributes: raw JSON that wherry_signal_attributes_check() took; (nullable): none. Everybody in
 * the room is told, this member too, with tag (nullable). FALSE with code forbidden when its token
 * says what they are, room-full when the room's are too much. */
gboolean wherry_relay_member_set_attributes (WherryRelayMember *self, const char *attributes,
                                             const char *tag, WherrySignalError *code,
                                             GError **error);
/* A text message on its channel wherry:notices, if that is open. text: (transfer full). last: from
 * the leaving event: sent at once if the association takes it. */
void wherry_relay_member_notice (WherryRelayMember *self, char *text, gboolean last);
/* Ends the membership: others get member-left, this one its left event (synchronously). */
void wherry_relay_member_leave (WherryRelayMember *self, WherryLeaveReason reason);
/* Its signaling socket is gone: no event is called any more. The member stays while its peer
 * connection lives, or may still come to be: that is, when descriptions were exchanged, for
 * WHERRY_DETACHED_LIMIT_US more. Without one it leaves. */
void wherry_relay_member_detach (WherryRelayMember *self);

/* ---- wherry-relay-publish.c: what the server itself says ---- */

/* On a topic of a room, from nobody (sender 0), to everybody: who is subscribed, and by mirrors who
 * listens. A room that is not there, and is not kept by the configuration, has nobody in it; in one
 * that is, the topic is there from then on, until the room ends. FALSE: code says why (bad-room,
 * bad-message: the names; forbidden: a label of the relay's own, or the room echo; too-large;
 * room-full: of topics; rate-limited: its subscribers are behind, try again; server-full: the
 * memory budget is). */
gboolean wherry_relay_hub_publish (WherryRelayHub *self, const char *room, const char *topic,
                                   WherryMessage *message, WherrySignalError *code, GError **error);

/* ---- wherry-relay-list.c: what there is, and who is sent away ---- */

typedef struct
{
  guint rooms;
  guint members;
  guint connected; /* members whose association is up */
  guint topics;
  guint peers; /* peer threads not yet joined */
  gsize outbox_bytes;
  gsize budget_used;
} WherryRelayStats;
void wherry_relay_hub_get_stats (WherryRelayHub *self, WherryRelayStats *out);

typedef struct
{
  const char *name;
  guint members;
  guint connected;
  guint topics;
} WherryRoomView;

typedef struct
{
  const char *label;
  guint publishers;  /* channels of members */
  guint subscribers; /* channels that are served */
} WherryTopicView;

void wherry_relay_hub_foreach_room (WherryRelayHub *self,
                                    void (*func) (const WherryRoomView *view, gpointer data),
                                    gpointer data);
/* FALSE: nobody is there, and the configuration does not keep it. */
gboolean wherry_relay_hub_get_room (WherryRelayHub *self, const char *name, WherryRoomView *out);
/* Of a room that is there. */
void wherry_relay_hub_foreach_member (WherryRelayHub *self, const char *room,
                                      void (*func) (WherryRelayMember *member, gpointer data),
                                      gpointer data);
void wherry_relay_hub_foreach_topic (WherryRelayHub *self, const char *room,
                                     void (*func) (const WherryTopicView *view, gpointer data),
                                     gpointer data);
/* Who it is may not join its room again for so long: known by its token's subject, without one
 * by its address, and on loopback, where everybody has the same, by its name. It leaves as banned,
 * and who else it covers does. FALSE: there are WHERRY_BANS_MAX, or nothing that it could be known
 * by (it leaves as kicked). */
gboolean wherry_relay_member_ban (WherryRelayMember *self, gint64 duration_us);
const char *wherry_relay_member_get_address (WherryRelayMember *self); /* (nullable) */
/* What waits in its outboxes. */
gsize wherry_relay_member_get_queued (WherryRelayMember *self);
/* (transfer full): the same by topic, and what policies did to it: of WherryOutboxStats, ordered by
 * label. */
GPtrArray *wherry_relay_member_get_outboxes (WherryRelayMember *self);

G_END_DECLS
