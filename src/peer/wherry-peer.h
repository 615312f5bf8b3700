/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One remote peer: a worker thread with its ICE session, DTLS session, SCTP association and data
 * channels. This is the handle: its post_ functions may be called on any thread, copy or take what
 * they are given, and never block. Requests are handled in the order of posting.
 *
 * Two parties listen. The hub hears of signaling and of the end (WherryPeerHubEvents, on the hub's
 * context). The delegate lives on the peer thread beside the channels (WherryPeerDelegate): it is
 * where the relay's data path runs.
 *
 * Life: new -> requests -> post_close (or the connection ends by itself) -> on the peer thread what
 * was received is delivered, channels close, the delegate's ended is called -> on the hub, finished
 * is the last event -> wherry_peer_unref (joins the thread, which has nothing left to do). */

#include <glib-object.h>

#include "base/wherry-budget.h"
#include "base/wherry-clock.h"
#include "base/wherry-worker.h"
#include "channel/wherry-channel.h"
#include "dtls/wherry-dtls-certificate.h"
#include "ice/wherry-ice-config.h"
#include "peer/wherry-peer-threads.h"
#include "wire/wherry-candidate.h"
#include "wire/wherry-sdp.h"

G_BEGIN_DECLS

typedef struct _WherryPeer WherryPeer;

typedef enum
{
  WHERRY_PEER_NEW,
  WHERRY_PEER_CONNECTING,   /* a remote description was applied */
  WHERRY_PEER_CONNECTED,    /* the association is up */
  WHERRY_PEER_DISCONNECTED, /* ICE lost it, may come back (CONNECTED): see ice_grace_us */
  WHERRY_PEER_CLOSED,       /* ended: see WherryPeerEnd */
} WherryPeerState;

typedef enum
{
  WHERRY_PEER_END_LOCAL,  /* wherry_peer_post_close() */
  WHERRY_PEER_END_REMOTE, /* the other side closed it: SCTP ABORT or SHUTDOWN, DTLS close_notify */
  WHERRY_PEER_END_FAILED, /* ICE, DTLS or SCTP failed: error tells */
} WherryPeerEnd;

/* How the selected pair connects; strings are the field's: "host", "srflx", "prflx", "relay". */
typedef struct
{
  const char *local_type;
  const char *remote_type;
  const char *protocol; /* "udp", "tcp" */
} WherryPeerPath;

/* The layers of a peer's connection, from the bottom. */
typedef enum
{
  WHERRY_PEER_LAYER_ICE,
  WHERRY_PEER_LAYER_DTLS,
  WHERRY_PEER_LAYER_SCTP,
  WHERRY_PEER_N_LAYERS,
} WherryPeerLayer;

/* RFC 8829 section 3.2, figure 2; RTCSignalingState but for "closed". */
typedef enum
{
  WHERRY_PEER_STABLE,
  WHERRY_PEER_HAVE_LOCAL_OFFER,
  WHERRY_PEER_HAVE_REMOTE_OFFER,
  WHERRY_PEER_HAVE_LOCAL_PRANSWER,
  WHERRY_PEER_HAVE_REMOTE_PRANSWER,
} WherryPeerSignaling;

/* How a step of negotiation ended: borrowed, valid during the event. A step that failed changed
 * nothing, and tells what is in force all the same. */
typedef struct
{
  guint ticket; /* the request's */
  WherryPeerSignaling signaling;
  gboolean has_role;     /* the DTLS roles are settled, for good... */
  gboolean is_client;    /* ...and this is ours */
  const WherrySdp *made; /* make_offer, make_answer: the description; NULL otherwise */
  /* what is in force now; NULL where there is none */
  const WherrySdp *current_local;
  const WherrySdp *pending_local;
  const WherrySdp *current_remote;
  const WherrySdp *pending_remote;
} WherryPeerStep;

/* RTCPeerConnectionIceErrorEvent: borrowed, valid during the event. */
typedef struct
{
  const char *url;     /* "stun:host:port", "turns:host:port?transport=tcp" */
  const char *address; /* ours, from which it was asked; NULL: it was not asked */
  guint16 port;
  guint code;       /* STUN's (300 to 699), or 701: the server could not be reached */
  const char *text; /* for people */
} WherryPeerCandidateError;

/* What was asked of it and could not be done. */
typedef enum
{
  WHERRY_PEER_CALL,   /* wherry_peer_post_create_offer() */
  WHERRY_PEER_OFFER,  /* wherry_peer_post_remote_description() with an offer */
  WHERRY_PEER_ANSWER, /* the same with an answer */
} WherryPeerRequest;

/* On the hub's context. After finished nothing is called. */
typedef struct
{
  /* Ours, ready to be sent: the answer to post_remote_description() or post_create_offer()'s offer.
   * Candidates come after it, never before. */
  void (*description) (gpointer user_data, WherrySdpType type, const char *sdp);
  /* NULL: no more candidates of this generation. */
  void (*candidate) (gpointer user_data, const char *candidate, const char *mid, guint mline_index,
                     const char *ufrag);
  /* It could not be done, and the peer stays as it was. WHERRY_ERROR_RESOURCES: there was no port
   * to reach us at, and the peer ends. */
  void (*refused) (gpointer user_data, WherryPeerRequest request, const GError *error);
  /* The other side's answer was applied. (nullable) */
  void (*answered) (gpointer user_data);
  /* path is NULL but for CONNECTED. */
  void (*state) (gpointer user_data, WherryPeerState state, const WherryPeerPath *path);
  void (*finished) (gpointer user_data, WherryPeerEnd end, const GError *error);
  /* Each step that was asked for, once, in the order of asking; error: it failed. (nullable) */
  void (*stepped) (gpointer user_data, const WherryPeerStep *step, const GError *error);
  /* ICE: CONNECTING is checking. error: with FAILED. (nullable) */
  void (*layer) (gpointer user_data, WherryPeerLayer layer, WherryTransportState state,
                 const GError *error);
  /* ICE has selected another pair of candidates. (nullable) */
  void (*pair) (gpointer user_data);
  /* A STUN or TURN server gave no candidate. (nullable) */
  void (*candidate_error) (gpointer user_data, const WherryPeerCandidateError *error);
  /* This machine's addresses have changed since ICE gathered them: an ICE restart uses the new
   * ones. Only with a network to watch in the ICE configuration, or after
   * wherry_peer_post_check_address(). lost: the one that packets leave by is gone. (nullable) */
  void (*addresses_changed) (gpointer user_data, gboolean lost);
  /* After wherry_peer_post_tunnel(): a binary message for the carrier. (nullable) */
  void (*tunnel_output) (gpointer user_data, GBytes *frames);
  /* What is sent goes through the tunnel from now on, or no longer. (nullable) */
  void (*tunnel_moved) (gpointer user_data, gboolean tunneled);
} WherryPeerHubEvents;

/* On the peer thread. Channels: see channel/wherry-channel.h. */
typedef struct
{
  void (*connected) (gpointer user_data);
  /* Their OPEN: answer with wherry_channel_accept() or wherry_channel_close(), now or later. */
  void (*incoming) (gpointer user_data, WherryChannel *channel);
  /* Usable: a negotiated one, one of ours that was acknowledged, or one that we accepted. */
  void (*open) (gpointer user_data, WherryChannel *channel);
  void (*message) (gpointer user_data, WherryChannel *channel, WherryMessage *message);
  /* We close it and all that we sent on it has arrived; closed follows when the other side answers,
   * which some never do. (nullable) */
  void (*flushed) (gpointer user_data, WherryChannel *channel);
  void (*closed) (gpointer user_data, WherryChannel *channel);
  /* The association has room again, or wherry_peer_post_wake() was called (coalesced). Runs corked.
   */
  void (*wake) (gpointer user_data);
  /* Nothing more comes, channels are closed. The last call; user_data may be let go. */
  void (*ended) (gpointer user_data);
} WherryPeerDelegate;

/* Makes the stream transport of a peer without ICE, DTLS and SCTP, on the peer thread (tests, and
 * members that need no network). (transfer full) */
typedef WherryStreamTransport *(*WherryPeerTransportFunc) (gpointer user_data);

typedef struct
{
  const char *id;             /* 16 lowercase hexadecimal digits; copied */
  const char *room;           /* for the log; copied (nullable) */
  const WherryIceConfig *ice; /* copied */
  WherryClock *clock;         /* (nullable): the system's */
  WherryBudget *budget;       /* (nullable) */
  gsize max_message_size;     /* what we announce; 0: the default */
  guint max_channels;
  gboolean long_names; /* see wherry_channel_set_allow_long_names() */
  gboolean leaves_ids; /* see wherry_channel_set_leave_ids() */
  /* ICE may fail and be restarted, and the end of the association is told and does not end the
   * peer: it lives until post_close() (RTCPeerConnection). FALSE: either ends it (the relay). */
  gboolean outlives_failure;
  /* For who does not outlive it: how long a peer that was connected waits for an ICE restart,
   * DISCONNECTED; 0: not at all. */
  gint64 ice_grace_us;
  WherryDtlsCertificate *certificate; /* in place of a fresh one; referenced (nullable) */
  gboolean shares_certificate;        /* without one: that of the process, see its header */
  /* The DTLS role that our offers ask for and our answers take where they can: ACTIVE or PASSIVE;
   * NONE and ACTPASS: the other side's choice, then active. */
  WherrySdpSetup setup;
  /* The first of these that is set says where it runs; none: on a thread of its own. */
  GMainContext *context;             /* here, no thread at all (nullable) */
  WherryPeerThreads *threads;        /* on one of them, given back before finished (nullable) */
  WherryWorker *worker;              /* on this one (nullable) */
  WherryPeerTransportFunc transport; /* (nullable): the real stack */
  gpointer transport_data;
} WherryPeerConfig;

/* hub_context: where hub events are called. WHERRY_ERROR_RESOURCES. Thread: hub */
WherryPeer *wherry_peer_new (const WherryPeerConfig *config, GMainContext *hub_context,
                             const WherryPeerHubEvents *events, gpointer events_data,
                             const WherryPeerDelegate *delegate, gpointer delegate_data,
                             GError **error);
WherryPeer *wherry_peer_ref (WherryPeer *self); /* Thread: any */
/* The last reference after finished joins the thread. Thread: hub for the last; any otherwise */
void wherry_peer_unref (WherryPeer *self);
const char *wherry_peer_get_id (WherryPeer *self); /* Thread: any */
/* That the association began with; 0 before it is up (set before the layer event). Thread: any */
guint wherry_peer_get_n_streams (WherryPeer *self);

/* ---- Thread: any ---- */

/* Make an offer (once more: a renegotiation; ice_restart: with new ICE credentials). channels:
 * negotiated ones to be made first, n of them, copied. */
void wherry_peer_post_create_offer (WherryPeer *self, gboolean ice_restart,
                                    const WherryChannelInit *channels, guint n);
/* An offer (answered by the description event) or an answer. Takes sdp. */
void wherry_peer_post_remote_description (WherryPeer *self, WherrySdp *sdp,
                                          const WherryChannelInit *channels, guint n);
/* Takes candidate; NULL: the end of candidates. Held until there is a remote description. */
void wherry_peer_post_remote_candidate (WherryPeer *self, WherryCandidate *candidate);
/* Run func (user_data of the delegate is not passed: bring your own) on the peer thread. Dropped
 * (destroy is called) once the peer has ended. */
void wherry_peer_post_call (WherryPeer *self, void (*func) (WherryPeer *peer, gpointer data),
                            gpointer data, GDestroyNotify destroy);
/* Negotiation in the steps of RFC 8829 (JSEP), for who wants each by itself; a peer uses either
 * these or the two requests above. Each is answered by one stepped event, also when the peer has
 * ended (WHERRY_ERROR_CLOSED). ticket: any number, given back.
 *
 * make: describe, change nothing (new ICE credentials are only prepared). set_local: sdp as it was
 * made (NULL: the description that fits the state is made now); gathers where it has to.
 * set_remote: takes sdp; one that needs an answer waits for make_answer. An offer while ours is
 * pending rolls ours back first (W3C webrtc-pc section 4.4.1.5). rollback: to the last stable state
 * (RFC 8829 section 4.1.10.2). WHERRY_ERROR_INVALID_STATE: not in this signaling state;
 * WHERRY_ERROR_INVALID_ARGUMENT: sdp is not what was made; others as of the parts. */
void wherry_peer_post_make_offer (WherryPeer *self, guint ticket, gboolean ice_restart);
void wherry_peer_post_make_answer (WherryPeer *self, guint ticket);
void wherry_peer_post_set_local (WherryPeer *self, guint ticket, WherrySdp *sdp);
void wherry_peer_post_set_remote (WherryPeer *self, guint ticket, WherrySdp *sdp);
void wherry_peer_post_rollback (WherryPeer *self, guint ticket, gboolean remote);
/* Servers, addresses and the transport policy of the next gathering (W3C webrtc-pc
 * section 4.4.1.6): the first one, or that of the next ICE restart, which our next offer is when
 * they have changed (RFC 8829 section 5.2.2). config is copied; its roles, outlives_failure and
 * network are not looked at. A bind address or an interface that is not there fails the step that
 * gathers. */
void wherry_peer_post_set_ice_config (WherryPeer *self, const WherryIceConfig *config);
/* For who watches the network for many peers: the addresses have changed. The peer tells
 * addresses_changed if the one that it sends from is gone. network: static */
void wherry_peer_post_check_address (WherryPeer *self, const WherryIceNetwork *network);
/* Carry the channels by binary messages (transport/wherry-frame-stream.h) until SCTP is connected;
 * nothing if it is. is_client: whether even streams are ours where no description has said so yet.
 */
void wherry_peer_post_tunnel (WherryPeer *self, gboolean is_client);
/* One that came. FALSE: so much waits that the other side does not heed its credit: end it. */
gboolean wherry_peer_post_tunnel_input (WherryPeer *self, GBytes *frames);
/* Nothing can be carried any more: the end of a peer that needs it. */
void wherry_peer_post_tunnel_lost (WherryPeer *self);
/* The delegate's wake is called soon, once however often this is. */
void wherry_peer_post_wake (WherryPeer *self);
/* End it. Safe to repeat. */
void wherry_peer_post_close (WherryPeer *self);

/* ---- Thread: peer ---- */

/* A channel of ours. (transfer none) See wherry_channel_set_create(). */
WherryChannel *wherry_peer_create_channel (WherryPeer *self, const WherryChannelInit *init,
                                           GError **error);
/* Stop reading the association: its receive window closes. */
void wherry_peer_set_paused (WherryPeer *self, gboolean paused);
gboolean wherry_peer_is_connected (WherryPeer *self);
/* The other side's a=max-message-size; G_MAXSIZE when it takes any. */
gsize wherry_peer_get_remote_max_message_size (WherryPeer *self);
void wherry_peer_cork (WherryPeer *self);
void wherry_peer_uncork (WherryPeer *self);
WherryClock *wherry_peer_get_clock (WherryPeer *self);    /* (transfer none) */
GMainContext *wherry_peer_get_context (WherryPeer *self); /* (transfer none) Thread: any */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryPeer, wherry_peer_unref)

G_END_DECLS
