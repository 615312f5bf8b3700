/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is behind a WherryPeerConnection: everything but the GObject itself, which may lose its last
 * reference on any thread while this goes on until the peer has finished.
 *
 * Its parts: connection (life, what the peer tells), connection-operations (the chain of
 * operations), connection-late (candidates behind it), connection-negotiation (descriptions,
 * negotiation-needed), connection-states,
 * connection-channels (channels, on the creator's thread), connection-peer (channels and sending,
 * on the peer thread), connection-stats. "Thread: creator" is whoever runs the context that was the
 * thread-default one when the connection was made. */

#include "base/wherry-inbox.h"
#include "base/wherry-lock.h"
#include "base/wherry-owner.h"
#include "lib/wherry-configuration.h"
#include "lib/wherry-data-channel-private.h"
#include "lib/wherry-ice-candidate.h"
#include "lib/wherry-network-thread.h"
#include "lib/wherry-session-description.h"
#include "lib/wherry-transports-private.h"
#include "peer/wherry-peer-stats.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_OPERATION_CREATE_OFFER,
  WHERRY_OPERATION_CREATE_ANSWER,
  WHERRY_OPERATION_SET_LOCAL,
  WHERRY_OPERATION_SET_REMOTE,
  WHERRY_OPERATION_ADD_CANDIDATE,
} WherryOperationType;

/* One link of the chain (webrtc-pc section 4.4.1.2). */
typedef struct
{
  WherryOperationType type;
  GTask *task;
  gboolean started;
  gboolean makes_first; /* SET_LOCAL: an offer that restarts ICE is made before it is set */
  guint ticket;
  gboolean ice_restart;
  WherrySessionDescription *description; /* (nullable) */
  WherryIceCandidate *candidate;         /* (nullable) */
} WherryOperation;

typedef enum
{
  WHERRY_SLOT_CURRENT_LOCAL,
  WHERRY_SLOT_PENDING_LOCAL,
  WHERRY_SLOT_CURRENT_REMOTE,
  WHERRY_SLOT_PENDING_REMOTE,
  WHERRY_N_SLOTS,
} WherrySlot;

/* Who carries the channels while there is no other way. Thread: creator */
typedef struct
{
  void (*output) (gpointer user_data, GBytes *frames);
  void (*moved) (gpointer user_data, gboolean tunneled);
} WherryConnectionCarrier;

struct _WherryConnection
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  GMainContext *context;
  WherryOwner creator;
  WherryInbox *inbox; /* to the creator, of WherryConnectionEvent */
  WherryNetworkThread *network;
  WherryPeer *peer; /* runs on the network thread */
  guint64 send_buffer_limit;

  /* any thread: internally locked or atomic */
  GWeakRef shell; /* of WherryPeerConnection */
  WherryLock lock;
  GQueue ready;      /* lock: of WherryChannelCore, referenced, that have something to send */
  gsize undelivered; /* atomic: what received messages are charged that wait for the program */
  gint paused;       /* atomic: the association is not read */

  /* peer thread only */
  GPtrArray *touched;        /* of WherryChannelCore that sent something in this wake */
  WherryChannelCore *making; /* whose channel is being made (borrowed) */

  /* creator only */
  const WherryConnectionCarrier *carrier; /* NULL: nobody carries, or no longer */
  gpointer carrier_data;
  gboolean closed;
  gboolean finished;
  GQueue close_tasks;                 /* of GTask, till the peer has finished */
  WherryConfiguration *configuration; /* (nullable) */
  GQueue operations;                  /* of WherryOperation; the first one is under way */
  guint last_ticket;
  GTask *finishing;           /* (nullable), weak: the last operation's, if its callback is due */
  GQueue late;                /* of what came behind it: see wherry-connection-late.c */
  GSource *late_source;       /* (nullable) */
  gboolean update_when_empty; /* the negotiation-needed flag, once the chain is empty */
  gboolean negotiation_needed;
  GSource *negotiation_source; /* (nullable): will tell of it */
  gboolean made_channel;
  GPtrArray *replaced_ufrags; /* (nullable): the next offer restarts ICE until these are gone */

  WherrySdp *sdp[WHERRY_N_SLOTS];
  WherrySessionDescription *description[WHERRY_N_SLOTS]; /* made when asked for */
  char *gathered_ufrag;                                  /* the generation being gathered */
  WherrySignalingState signaling_state;
  WherryIceGatheringState gathering_state;
  WherryTransportState ice;
  WherryTransportState dtls;
  WherryTransportState sctp;
  gboolean lost_address; /* of the selected pair, when addresses changed last */
  WherryIceConnectionState ice_state;
  WherryConnectionState connection_state;
  gsize remote_max_message_size;
  WherrySctpTransport *sctp_transport; /* (nullable) */

  GQueue stats_tasks; /* of GTask, in the order of asking */
  guint n_channels;   /* ever: each has its number */
  guint64 n_opened;
  guint64 n_closed;

  GListStore *channels; /* of WherryDataChannel that are not closed */
  GHashTable *by_id;    /* stream -> WherryChannelCore of theirs, borrowed */
  gboolean has_role;    /* the DTLS roles are settled: each channel has its id */
  gboolean is_client;
  GPtrArray *holding;   /* of WherryChannelCore that hold messages */
  GSource *held_source; /* (nullable): there are some */
};

/* ---- connection ---- */
WherryConnection *wherry_connection_new (WherryConfiguration *configuration, GError **error);
WherryConnection *wherry_connection_ref (WherryConnection *self); /* Thread: any */
void wherry_connection_unref (WherryConnection *self);            /* Thread: any */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryConnection, wherry_connection_unref)
/* The object has lost its last reference. Thread: any */
void wherry_connection_post_gone (WherryConnection *self);
void wherry_connection_close (WherryConnection *self); /* Thread: creator */
/* Closes it; task is completed when the peer has finished. Takes task. Thread: creator */
void wherry_connection_close_task (WherryConnection *self, GTask *task);
/* See wherry_peer_post_tunnel(). carrier: (nullable): nothing is told any more. Thread: creator */
void wherry_connection_set_carrier (WherryConnection *self, const WherryConnectionCarrier *carrier,
                                    gpointer carrier_data);
gboolean wherry_connection_set_configuration (WherryConnection *self,
                                              WherryConfiguration *configuration, GError **error);
/* NULL: closed, or the object is gone. (transfer full) Thread: creator */
gpointer wherry_connection_get_shell (WherryConnection *self);

/* ---- connection-operations ---- */
/* Takes task. Thread: creator */
WherryOperation *wherry_operation_new (WherryOperationType type, GTask *task);
/* Takes operation. Thread: creator */
void wherry_connection_chain (WherryConnection *self, WherryOperation *operation);
void wherry_connection_stepped (WherryConnection *self, const WherryPeerStep *step,
                                const GError *error);
/* All that wait fail with WHERRY_ERROR_CLOSED. */
void wherry_connection_fail_operations (WherryConnection *self);

/* ---- connection-late ---- */
/* operation's task was returned. */
void wherry_connection_expect_callback (WherryConnection *self, GTask *task);
/* One of our candidates: now, or after the callback that is due. */
void wherry_connection_tell_candidate (WherryConnection *self, const char *text, const char *mid,
                                       guint mline_index, const char *ufrag);
void wherry_connection_clear_late (WherryConnection *self);

/* ---- connection-negotiation ---- */
void wherry_connection_set_slots (WherryConnection *self, const WherryPeerStep *step);
void wherry_connection_clear_slots (WherryConnection *self);
/* RTCPeerConnection.canTrickleIceCandidates */
gboolean wherry_connection_can_trickle (WherryConnection *self);
/* (transfer none) (nullable) */
WherrySessionDescription *wherry_connection_get_description (WherryConnection *self,
                                                             WherrySlot slot);
WherrySdp *wherry_connection_get_local (WherryConnection *self);  /* (nullable) */
WherrySdp *wherry_connection_get_remote (WherryConnection *self); /* (nullable) */
/* One of ours was told; text: NULL at the end. */
void wherry_connection_take_local_candidate (WherryConnection *self, const char *text,
                                             const char *mid, guint mline_index, const char *ufrag);
/* FALSE: it is wrong (webrtc-pc section 4.4.2, addIceCandidate) */
gboolean wherry_connection_add_candidate (WherryConnection *self, WherryIceCandidate *candidate,
                                          GError **error);
void wherry_connection_update_negotiation_needed (WherryConnection *self);
void wherry_connection_restart_ice (WherryConnection *self);
/* After a step left it stable: credentials to be replaced may be. */
void wherry_connection_check_replaced (WherryConnection *self);

/* ---- connection-states ---- */
/* Emits notify::name on the object, unless closed. */
void wherry_connection_notify (WherryConnection *self, const char *name);
void wherry_connection_set_signaling (WherryConnection *self, WherrySignalingState state);
void wherry_connection_set_gathering (WherryConnection *self, WherryIceGatheringState state);
void wherry_connection_set_layer (WherryConnection *self, WherryPeerLayer layer,
                                  WherryTransportState state, const GError *error);
/* What may change without a layer's change. */
void wherry_connection_update_states (WherryConnection *self);
/* After a step: the transports that descriptions make. */
void wherry_connection_update_transports (WherryConnection *self);
/* What the ICE transport tells of the descriptions. */
void wherry_connection_tell_candidates (WherryConnection *self);
/* Silently. */
void wherry_connection_set_closed_states (WherryConnection *self);

/* ---- connection-channels ---- */
WherryDataChannel *wherry_connection_create_channel (WherryConnection *self, const char *label,
                                                     const WherryDataChannelInit *init,
                                                     GError **error);
/* Takes event. */
void wherry_connection_handle_event (gpointer event, gpointer user_data);
void wherry_connection_close_channels (WherryConnection *self);
/* A channel begins to hold messages. */
void wherry_connection_hold (WherryConnection *self, WherryChannelCore *channel);
/* The program has got a message of so much charge, or nobody wants it. */
void wherry_connection_delivered (WherryConnection *self, gsize charge);
/* The DTLS roles may be settled now: then those that wait for an id get one. */
void wherry_connection_give_ids (WherryConnection *self, const WherryPeerStep *step);

/* ---- connection-stats ---- */
typedef struct
{
  gboolean for_report;
  WherryPeerStats peer;
  GBytes *certificate; /* theirs (nullable) */
} WherryConnectionSnapshot;

void wherry_connection_snapshot_free (WherryConnectionSnapshot *self);
/* Takes snapshot. Thread: peer */
void wherry_connection_post_snapshot (WherryConnection *self, WherryConnectionSnapshot *snapshot);
void wherry_connection_take_snapshot (WherryConnection *self,
                                      const WherryConnectionSnapshot *snapshot);
/* Takes task. */
void wherry_connection_get_stats (WherryConnection *self, GTask *task);
void wherry_connection_fail_stats (WherryConnection *self);
/* What the transport objects tell beyond states. */
void wherry_connection_refresh_transports (WherryConnection *self);

typedef enum
{
  WHERRY_CONNECTION_EVENT_INCOMING,
  WHERRY_CONNECTION_EVENT_OPEN,
  WHERRY_CONNECTION_EVENT_MESSAGE,
  WHERRY_CONNECTION_EVENT_SENT,
  WHERRY_CONNECTION_EVENT_CLOSED,
  WHERRY_CONNECTION_EVENT_FLUSHED,
  WHERRY_CONNECTION_EVENT_UNREAD, /* its stream's input is closed */
  WHERRY_CONNECTION_EVENT_CLOSE,  /* its stream's output is closed */
  WHERRY_CONNECTION_EVENT_SNAPSHOT,
  WHERRY_CONNECTION_EVENT_GONE,
} WherryConnectionEventType;

typedef struct
{
  WherryConnectionEventType type;
  WherryChannelCore *channel; /* (nullable) */
  WherryMessage *message;     /* (nullable) */
  int id;
  GError *error;                      /* (nullable) */
  WherryConnectionSnapshot *snapshot; /* (nullable) */
} WherryConnectionEvent;

void wherry_connection_event_free (gpointer event);
/* Takes message and error. Thread: peer */
void wherry_connection_post (WherryConnection *self, WherryConnectionEventType type,
                             WherryChannelCore *channel, WherryMessage *message, int id,
                             GError *error);
/* The same for an event of no more than a channel. channel: (nullable). Thread: any */
void wherry_connection_post_from_outside (WherryConnection *self, WherryConnectionEventType type,
                                          WherryChannelCore *channel);

/* ---- connection-peer ---- */
extern const WherryPeerDelegate wherry_connection_delegate;
/* Thread: any */
void wherry_connection_post_make_channel (WherryConnection *self, WherryChannelCore *channel);
void wherry_connection_post_close_channel (WherryConnection *self, WherryChannelCore *channel);
/* id: -1: there is none for it, which closes it */
void wherry_connection_post_id (WherryConnection *self, WherryChannelCore *channel, int id);
/* Takes message. */
void wherry_connection_post_send (WherryConnection *self, WherryChannelCore *channel,
                                  WherryMessage *message);
/* After the peer has finished. Thread: creator */
void wherry_connection_drop_outgoing (WherryConnection *self);
/* What was sent since the last call. */
gsize wherry_connection_take_sent (WherryConnection *self, WherryChannelCore *channel);

G_END_DECLS
