/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One ICE agent with one stream of one component (RFC 8445, RFC 8838 trickle, RFC 7675 consent): a
 * WherryPacketTransport over the pair that it selects.
 *
 * Life: new, set events (of the packet transport and of the session), hand out the local
 * credentials, gather, feed what the other side signals, close_async, unref in or after its
 * callback. Everything belongs to the owner: the thread that runs the context. Events come on it,
 * candidates and gathering_done possibly from inside gather().
 *
 * States: NEW, CONNECTING from gather() or the remote credentials on, CONNECTED, and FAILED once
 * consent ended (about 7 s after the other side went silent). Before the first connection it never
 * fails by itself, whatever the checks say: an answer may reach the other side much later
 * (peer-reflexive pairs then connect all the same). The layer above has the time limit;
 * wherry_ice_session_get_checks_failed() tells it why. */

#include "base/wherry-log.h"
#include "ice/wherry-ice-config.h"
#include "transport/wherry-packet-transport.h"
#include "wire/wherry-candidate.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_ICE_SESSION (wherry_ice_session_get_type ())
G_DECLARE_FINAL_TYPE (WherryIceSession, wherry_ice_session, WHERRY, ICE_SESSION, GObject)

/* RTCPeerConnectionIceErrorEvent; strings are valid during the call. */
typedef struct
{
  const char *url;     /* "stun:host:port", "turns:host:port?transport=tcp" */
  const char *address; /* ours, from which it was asked; NULL: it was not asked */
  guint16 port;
  guint code;       /* STUN's (300 to 699), or 701: the server could not be reached */
  const char *text; /* for people */
} WherryIceCandidateError;

typedef struct
{
  /* A local candidate to be signaled: the value of an a= line, "candidate:..." (RFC 8839 section
   * 5.1), without "a=", valid during the call. */
  void (*candidate) (gpointer user_data, const char *line);
  /* No more will come until the next gather(): signal the end of candidates. */
  void (*gathering_done) (gpointer user_data);
  /* ICE's own state. It differs from the packet transport's with outlives_failure: FAILED is no end
   * there (CONNECTING follows when a restart is applied, CONNECTED when a pair is found after all),
   * and comes too when every check of a first connection failed. error: with FAILED. (nullable) */
  void (*state) (gpointer user_data, WherryTransportState state, const GError *error);
  /* Another pair was selected. Only to be noted: the session is in the middle of it. (nullable) */
  void (*pair) (gpointer user_data);
  /* A server gave no candidate. (nullable) */
  void (*candidate_error) (gpointer user_data, const WherryIceCandidateError *error);
  /* Addresses of this machine came or went since gathering (only with a network to watch in the
   * configuration): restart ICE to use them. lost: the one that packets leave by is gone.
   * (nullable) */
  void (*addresses_changed) (gpointer user_data, gboolean lost);
} WherryIceSessionEvents;

/* How a peer is connected, for display. Addresses are "ip:port" or "[ip]:port". */
typedef struct
{
  WherryCandidateType local_type;
  WherryCandidateType remote_type;
  const char *protocol; /* "udp" or "tcp", static */
  char local_address[64];
  char remote_address[64];
} WherryIcePair;

/* Packets of the layer above, without ICE's own, TURN's framing and headers. Times: monotonic, 0:
 * never. */
typedef struct
{
  guint64 packets_sent;
  guint64 bytes_sent;
  guint64 packets_received;
  guint64 bytes_received;
  gint64 last_sent_us;
  gint64 last_received_us;
} WherryIceTraffic;

/* RTCIceTransport's part of RTCTransportStats and RTCIceCandidatePairStats. libnice 0.1.21 tells
 * nobody its check list, requests and responses, consent requests or round trip times (so there are
 * no requestsSent, responsesReceived, consentRequestsSent, currentRoundTripTime, and no pair but
 * the selected one), nor the STUN error codes of TURN servers. */
typedef struct
{
  WherryTransportState state; /* ICE's own */
  gboolean controlling;       /* now: a role conflict may have changed it */
  gboolean has_pair;
  WherryIcePair pair; /* the selected one, with has_pair */
  guint32 local_priority;
  guint32 remote_priority;
  char relay_url[300]; /* of the TURN server, when pair's local type is RELAY */
  WherryIceTraffic traffic;
  WherryIceTraffic pair_traffic; /* since the pair was selected */
  guint64 packets_dropped;       /* that the system did not take: they are lost */
  guint64 pair_changes;
  guint64 restarts;
  guint local_candidates; /* of the newest generation */
  guint remote_candidates;
} WherryIceStats;

/* The caller must own the context (be its thread, or nobody run it yet). config and log are copied;
 * log may be NULL. WHERRY_ERROR_INVALID_ARGUMENT, WHERRY_ERROR_RESOURCES. Thread: peer */
WherryIceSession *wherry_ice_session_new (const WherryIceConfig *config, GMainContext *context,
                                          const WherryLogContext *log, GError **error);

/* events: a static structure, or NULL. Thread: peer */
void wherry_ice_session_set_session_events (WherryIceSession *self,
                                            const WherryIceSessionEvents *events,
                                            gpointer user_data);

/* (transfer none), until the next restart or rollback. NULL when closed. Thread: peer */
const char *wherry_ice_session_get_local_ufrag (WherryIceSession *self);
const char *wherry_ice_session_get_local_pwd (WherryIceSession *self);

/* RFC 8445 section 6.1.1; an ice-lite other side is always controlled. Before the remote
 * credentials are set. Thread: peer */
void wherry_ice_session_set_controlling (WherryIceSession *self, gboolean controlling);
void wherry_ice_session_set_remote_lite (WherryIceSession *self, gboolean lite);

/* Start gathering; anew after apply_restart(), else only once. Candidates and gathering_done may
 * come before it returns. WHERRY_ERROR_RESOURCES: no port of the range is free, or a bind address
 * is not ours. Thread: peer */
gboolean wherry_ice_session_gather (WherryIceSession *self, GError **error);
gboolean wherry_ice_session_is_gathering_done (WherryIceSession *self);

/* Both as in RFC 8839 section 5.4: 4 to 256 and 22 to 256 ice-chars, else WHERRY_ERROR_PROTOCOL.
 * Checks start. With credentials that differ from the ones before, the other side restarted: call
 * restart() first if it was not us who began it. Thread: peer */
gboolean wherry_ice_session_set_remote_credentials (WherryIceSession *self, const char *ufrag,
                                                    const char *pwd, GError **error);
/* line: "candidate:..." with or without "a=". TRUE too for a candidate that is well formed and of
 * no use to us (mDNS names where they are not looked up, TCP when not configured, component 2): it
 * is counted or ignored. WHERRY_ERROR_PROTOCOL: malformed (counted); WHERRY_ERROR_LIMIT: more than
 * WHERRY_CANDIDATES_MAX since the last restart. Candidates that come before the remote credentials
 * are held. Thread: peer */
gboolean wherry_ice_session_add_remote_candidate (WherryIceSession *self, const char *line,
                                                  GError **error);
void wherry_ice_session_end_of_remote_candidates (WherryIceSession *self);

/* RFC 8445 section 9. A restart is described first (createOffer with iceRestart), then applied
 * (setLocalDescription), and may be rolled back as long as it has not connected.
 *
 * prepare: new credentials to describe it with, (transfer none), until the next call of one of
 * these functions; nothing else changes. apply: they are the local ones from now on, with sockets
 * of their own: gather(), and signal the remote's new credentials and candidates. What was
 * connected goes on, with its own credentials and candidates, until the new checks have selected a
 * pair; so one more port of the range is needed for that time. rollback: forget the prepared and
 * the applied one. restart: prepare and apply.
 * WHERRY_ERROR_CLOSED, WHERRY_ERROR_INVALID_ARGUMENT (nothing prepared), WHERRY_ERROR_RESOURCES.
 * Thread: peer */
gboolean wherry_ice_session_prepare_restart (WherryIceSession *self, const char **ufrag,
                                             const char **pwd, GError **error);
gboolean wherry_ice_session_apply_restart (WherryIceSession *self, GError **error);
void wherry_ice_session_rollback_restart (WherryIceSession *self);
gboolean wherry_ice_session_restart (WherryIceSession *self, GError **error);

/* config is copied and takes effect with the next gathering: at the first one, else after a restart
 * (W3C webrtc-pc section 4.4.1.6). Roles, outlives_failure and the network to watch stay as they
 * are. What it names and this machine lacks is gather()'s or apply_restart()'s error. TRUE: another
 * one would gather otherwise, so that a restart is worth it (RFC 8829 section 5.2.2).
 * Thread: peer */
gboolean wherry_ice_session_set_config (WherryIceSession *self, const WherryIceConfig *config);

/* From apply_restart() until the new checks have selected a pair, or they had no success for
 * WHERRY_CONNECT_LIMIT_US. Thread: peer */
gboolean wherry_ice_session_is_restarting (WherryIceSession *self);

/* TRUE: packets leave by an address that this machine no longer has: only a restart helps.
 * Thread: peer */
gboolean wherry_ice_session_has_lost_address (WherryIceSession *self,
                                              const WherryIceNetwork *network);

/* FALSE: no pair is selected. Thread: peer */
gboolean wherry_ice_session_get_selected_pair (WherryIceSession *self, WherryIcePair *pair);
void wherry_ice_session_get_stats (WherryIceSession *self, WherryIceStats *stats);
/* Every check failed and nothing has connected so far: the reason for a timeout. Thread: peer */
gboolean wherry_ice_session_get_checks_failed (WherryIceSession *self);
/* Connected once, and now nobody answers by the selected pair (RFC 7675): a restart that is under
 * way, or comes in time, can still save the session. Thread: peer */
gboolean wherry_ice_session_get_consent_lost (WherryIceSession *self);

/* Stops everything: no event comes after this call. callback runs on the owner's context once the
 * agent is gone; the context must run until then. May be called again: each callback is called.
 * wherry_packet_transport_close() is the same without a callback. Thread: peer */
void wherry_ice_session_close_async (WherryIceSession *self, GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean wherry_ice_session_close_finish (WherryIceSession *self, GAsyncResult *result,
                                          GError **error);

G_END_DECLS
