/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The relay: rooms of members. Signaling talks to it, on the hub thread; the data path does not
 * touch it. Everything here: Thread: hub */

#include <gio/gio.h>

#include "base/wherry-budget.h"
#include "base/wherry-clock.h"
#include "peer/wherry-peer.h"
#include "relay/wherry-relay-config.h"
#include "wire/wherry-signal.h"

G_BEGIN_DECLS

typedef struct _WherryRelay WherryRelay;
typedef struct _WherryMember WherryMember;

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
  void (*member_joined) (gpointer user_data, const char *peer, const char *name);
  void (*member_left) (gpointer user_data, const char *peer, WherryLeaveReason reason);
  /* data: raw JSON bytes as they came */
  void (*signal) (gpointer user_data, const char *from, const char *data, gsize length);
  void (*msg) (gpointer user_data, const char *from, const char *object, gsize length);
  /* The last call. The member is gone; so is the WherryMember pointer when it returns. */
  void (*left) (gpointer user_data, WherryLeaveReason reason);
} WherryMemberEvents;

typedef struct
{
  const char *room;
  const char *name; /* (nullable) */
  gboolean mirror;
  const char *address; /* where its signaling comes from, for the log and limits (nullable) */
} WherryJoin;

/* config: (transfer full). hub_context: the hub's. clock: (nullable) the system's. */
WherryRelay *wherry_relay_new (WherryRelayConfig *config, GMainContext *hub_context,
                               WherryClock *clock);
/* After shutdown has finished. */
void wherry_relay_free (WherryRelay *self);
const WherryRelayConfig *wherry_relay_get_config (WherryRelay *self);
WherryBudget *wherry_relay_get_budget (WherryRelay *self);

/* func is called on the hub when a peer was made and when one is gone with its thread: n are left.
 */
void wherry_relay_set_peers_func (WherryRelay *self, void (*func) (gpointer user_data, guint n),
                                  gpointer user_data);

/* A new member, already announced to the others of its room. (transfer none): it lives until its
 * left event. NULL: code says why (room-full, server-full, rate-limited, shutting-down, bad-room,
 * internal) and error in words. */
WherryMember *wherry_relay_join (WherryRelay *self, const WherryJoin *join,
                                 const WherryMemberEvents *events, gpointer user_data,
                                 WherrySignalError *code, GError **error);
/* Everybody leaves with reason shutdown; done is called on the hub when every peer thread is
 * joined. New joins are refused with shutting-down from now on. */
void wherry_relay_shutdown (WherryRelay *self, void (*done) (gpointer user_data),
                            gpointer user_data);

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
void wherry_relay_get_stats (WherryRelay *self, WherryRelayStats *out);

const char *wherry_member_get_id (WherryMember *self);
const char *wherry_member_get_room (WherryMember *self);
const char *wherry_member_get_name (WherryMember *self);
/* The other members of its room: func is called for each. */
void wherry_member_foreach_other (WherryMember *self,
                                  void (*func) (const char *peer, const char *name, gpointer data),
                                  gpointer data);

/* Makes the peer (thread) if there is none yet. FALSE with code server-full or internal when the
 * system has no room for it. Negotiated channels are copied. */
gboolean wherry_member_call (WherryMember *self, const WherryChannelInit *channels, guint n,
                             WherrySignalError *code, GError **error);
/* sdp: (transfer full), an offer or an answer. */
gboolean wherry_member_remote_description (WherryMember *self, WherrySdp *sdp,
                                           const WherryChannelInit *channels, guint n,
                                           WherrySignalError *code, GError **error);
/* candidate: (transfer full) (nullable): the end of candidates. Held when there is no peer yet. */
void wherry_member_remote_candidate (WherryMember *self, WherryCandidate *candidate);
/* FALSE: no such member in the room, or its signaling socket is closed. */
gboolean wherry_member_signal (WherryMember *self, const char *to, const char *data, gsize length);
void wherry_member_msg (WherryMember *self, const char *object, gsize length);
/* Ends the membership: others get member-left, this one its left event (synchronously). */
void wherry_member_leave (WherryMember *self, WherryLeaveReason reason);
/* Its signaling socket is gone: no event is called any more. The member stays while its peer
 * connection lives, or may still come to be: that is, when descriptions were exchanged, for
 * WHERRY_DETACHED_LIMIT_US more. Without one it leaves. */
void wherry_member_detach (WherryMember *self);

G_END_DECLS
