/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The peer thread's side of a peer: negotiation, the transport stack, the channels, the end.
 * Made by the handle's first request, gone with its finished event. Everything here: Thread: peer
 */

#include "peer/wherry-peer.h"

G_BEGIN_DECLS

/* The handle's copy of a WherryPeerConfig, and the delegate. */
typedef struct
{
  char *id;
  char *room;
  WherryIceConfig *ice;
  WherryClock *clock;
  WherryBudget *budget;
  gsize max_message_size;
  guint max_channels;
  gboolean long_names;
  gboolean leaves_ids;
  gboolean outlives_failure;
  gint64 ice_grace_us;
  gboolean tells_layers;              /* somebody listens */
  WherryDtlsCertificate *certificate; /* (nullable) */
  gboolean shares_certificate;
  WherrySdpSetup setup;
  WherryPeerTransportFunc transport;
  gpointer transport_data;
  const WherryPeerDelegate *delegate;
  gpointer delegate_data;
} WherryPeerSettings;

typedef struct _WherryPeerCore WherryPeerCore;

typedef enum
{
  WHERRY_PEER_MAKE_OFFER,
  WHERRY_PEER_MAKE_ANSWER,
  WHERRY_PEER_SET_LOCAL,
  WHERRY_PEER_SET_REMOTE,
  WHERRY_PEER_ROLLBACK,
} WherryPeerStepType;

typedef struct
{
  WherryPeerStepType step;
  guint ticket;
  gboolean ice_restart; /* MAKE_OFFER */
  gboolean remote;      /* ROLLBACK */
  WherrySdp *sdp;       /* SET_LOCAL (nullable), SET_REMOTE; (transfer none) */
} WherryPeerStepRequest;

/* settings live as long as the peer; the core takes over one reference to peer and gives it back
 * with the finished event. */
WherryPeerCore *wherry_peer_core_new (WherryPeer *peer, const WherryPeerSettings *settings);
/* Build the stack. May be the end already: self is gone then. */
void wherry_peer_core_start (WherryPeerCore *self, GMainContext *context);
/* channels: of WherryChannelInit (nullable) */
void wherry_peer_core_create_offer (WherryPeerCore *self, gboolean ice_restart,
                                    GPtrArray *channels);
void wherry_peer_core_set_remote_description (WherryPeerCore *self, WherrySdp *sdp,
                                              GPtrArray *channels);
/* Answered by a stepped event. */
void wherry_peer_core_step (WherryPeerCore *self, const WherryPeerStepRequest *request);
void wherry_peer_core_add_remote_candidate (WherryPeerCore *self, const WherryCandidate *candidate);
void wherry_peer_core_set_ice_config (WherryPeerCore *self, const WherryIceConfig *config);
void wherry_peer_core_check_address (WherryPeerCore *self, const WherryIceNetwork *network);
void wherry_peer_core_wake (WherryPeerCore *self);
/* See wherry_peer_post_tunnel() and what follows it. */
void wherry_peer_core_begin_tunnel (WherryPeerCore *self, gboolean is_client);
void wherry_peer_core_tunnel_input (WherryPeerCore *self, GBytes *frames);
void wherry_peer_core_lose_tunnel (WherryPeerCore *self);
/* Deliver what was received, close everything, then post finished. Safe to repeat. */
void wherry_peer_core_end (WherryPeerCore *self, WherryPeerEnd end, const GError *error);

WherryChannel *wherry_peer_core_create_channel (WherryPeerCore *self, const WherryChannelInit *init,
                                                GError **error);
void wherry_peer_core_set_paused (WherryPeerCore *self, gboolean paused);
gboolean wherry_peer_core_is_connected (WherryPeerCore *self);
gsize wherry_peer_core_get_remote_max_message_size (WherryPeerCore *self);
void wherry_peer_core_cork (WherryPeerCore *self);
void wherry_peer_core_uncork (WherryPeerCore *self);

/* ---- what the core tells the hub, through the handle ---- */

typedef enum
{
  WHERRY_PEER_EVENT_DESCRIPTION,
  WHERRY_PEER_EVENT_CANDIDATE,
  WHERRY_PEER_EVENT_REFUSED,
  WHERRY_PEER_EVENT_ANSWERED,
  WHERRY_PEER_EVENT_STATE,
  WHERRY_PEER_EVENT_STEPPED,
  WHERRY_PEER_EVENT_LAYER,
  WHERRY_PEER_EVENT_PAIR,
  WHERRY_PEER_EVENT_CANDIDATE_ERROR,
  WHERRY_PEER_EVENT_ADDRESSES_CHANGED,
  WHERRY_PEER_EVENT_TUNNEL_OUTPUT,
  WHERRY_PEER_EVENT_TUNNEL_MOVED,
  WHERRY_PEER_EVENT_FINISHED,
} WherryPeerEventType;

/* A step's descriptions. */
enum
{
  WHERRY_PEER_SDP_MADE,
  WHERRY_PEER_SDP_CURRENT_LOCAL,
  WHERRY_PEER_SDP_PENDING_LOCAL,
  WHERRY_PEER_SDP_CURRENT_REMOTE,
  WHERRY_PEER_SDP_PENDING_REMOTE,
  WHERRY_PEER_N_SDPS,
};

typedef struct
{
  WherryPeerEventType type;
  WherrySdpType sdp_type;
  char *text; /* description, candidate or what is wrong with a server */
  char *mid;
  guint mline_index;
  char *ufrag;
  WherryPeerRequest request;
  WherryPeerState state;
  WherryPeerPath path;
  guint ticket;
  WherryPeerSignaling signaling;
  gboolean has_role;
  gboolean is_client;
  WherrySdp *sdp[WHERRY_PEER_N_SDPS];
  WherryPeerLayer layer;
  WherryTransportState layer_state;
  char *url; /* CANDIDATE_ERROR, as are text and the next three */
  char *address;
  guint16 port;
  guint code;
  gboolean lost;     /* ADDRESSES_CHANGED */
  GBytes *frames;    /* TUNNEL_OUTPUT */
  gboolean tunneled; /* TUNNEL_MOVED */
  WherryPeerEnd end;
  GError *error;
  WherryPeer *peer; /* FINISHED: the core's reference */
} WherryPeerEvent;

WherryPeerEvent *wherry_peer_event_new (WherryPeerEventType type);
/* A step that a peer that has ended cannot take. */
WherryPeerEvent *wherry_peer_event_new_closed (guint ticket);
void wherry_peer_event_free (gpointer event);
/* Takes event. */
void wherry_peer_take_n_streams (WherryPeer *self, guint n);
void wherry_peer_take_event (WherryPeer *self, WherryPeerEvent *event);
void wherry_peer_take_finished (WherryPeer *self, WherryPeerEvent *event);

G_END_DECLS
