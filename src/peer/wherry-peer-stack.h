/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The transports of one peer, composed: ICE below DTLS below SCTP, or whatever a test brings in
 * their place. The only file that knows all three. Everything here: Thread: peer */

#include "peer/wherry-peer-core.h"
#include "peer/wherry-peer-stats.h"
#include "wire/wherry-fingerprint.h"

G_BEGIN_DECLS

typedef struct _WherryPeerStack WherryPeerStack;

typedef struct
{
  /* "candidate:…", NULL: no more of this generation */
  void (*candidate) (gpointer user_data, const char *line);
  /* ICE's, as they come */
  void (*pair) (gpointer user_data);
  void (*candidate_error) (gpointer user_data, const WherryIceCandidateError *error);
  void (*addresses_changed) (gpointer user_data, gboolean lost);
  /* ICE and DTLS; error: with FAILED, and CLOSED by the other side */
  void (*layer) (gpointer user_data, WherryPeerLayer layer, WherryTransportState state,
                 const GError *error);
  /* The stream transport exists from now on; attach to it. is_client: of DTLS. */
  void (*transport) (gpointer user_data, WherryStreamTransport *transport, gboolean is_client);
} WherryPeerStackEvents;

/* The classes of what a peer's thread makes, before there is one. Thread: any */
void wherry_peer_stack_prepare (void);
/* WHERRY_ERROR_RESOURCES and what making a certificate or an agent may give. */
WherryPeerStack *wherry_peer_stack_new (const WherryPeerSettings *settings, GMainContext *context,
                                        const WherryPeerStackEvents *events, gpointer user_data,
                                        GError **error);
/* A stream transport that a test brings is there at once: its event comes from inside this. */
void wherry_peer_stack_start (WherryPeerStack *self);
/* Fill in what a local description says of the transports; strings are borrowed until the next ICE
 * restart. FALSE: there is no ICE below (a test's transport). */
gboolean wherry_peer_stack_describe (WherryPeerStack *self, WherrySdpLocal *local);
/* Before the first remote description. */
void wherry_peer_stack_set_controlling (WherryPeerStack *self, gboolean controlling);
gboolean wherry_peer_stack_gather (WherryPeerStack *self, GError **error);
/* See wherry_ice_session_set_config(). FALSE too without ICE. */
gboolean wherry_peer_stack_set_ice_config (WherryPeerStack *self, const WherryIceConfig *config);
/* See wherry-ice-session.h. */
/* See wherry_peer_post_check_address(). */
gboolean wherry_peer_stack_has_lost_address (WherryPeerStack *self,
                                             const WherryIceNetwork *network);
gboolean wherry_peer_stack_prepare_restart (WherryPeerStack *self, const char **ufrag,
                                            const char **pwd, GError **error);
gboolean wherry_peer_stack_apply_restart (WherryPeerStack *self, GError **error);
void wherry_peer_stack_rollback_restart (WherryPeerStack *self);
/* Before the first remote description: some stacks (pion) cannot add streams to a living
 * association, so that it has to begin with enough for the negotiated ids. */
void wherry_peer_stack_want_streams (WherryPeerStack *self, guint n);
/* What was wanted so far, and back to it when what wanted more is refused. */
guint wherry_peer_stack_get_wanted_streams (WherryPeerStack *self);
void wherry_peer_stack_unwant_streams (WherryPeerStack *self, guint n);
/* Whether a living connection can take it: it must name the certificate that was verified.
 * WHERRY_ERROR_UNVERIFIED, WHERRY_ERROR_CLOSED. */
gboolean wherry_peer_stack_check_remote (WherryPeerStack *self, const WherrySdp *sdp,
                                         gboolean is_client, GError **error);
/* The first one settles DTLS's role, makes the association and starts connecting; a later one must
 * name the same certificate. is_client: our DTLS role. WHERRY_ERROR_UNVERIFIED,
 * WHERRY_ERROR_PROTOCOL. */
gboolean wherry_peer_stack_set_remote (WherryPeerStack *self, const WherrySdp *sdp,
                                       gboolean is_client, GError **error);
/* NULL: the end of candidates. */
void wherry_peer_stack_add_remote_candidate (WherryPeerStack *self, const char *line);
/* FALSE: not connected by a pair (a test's transport, or not yet). */
gboolean wherry_peer_stack_get_path (WherryPeerStack *self, WherryPeerPath *path);
/* Its part of them. */
void wherry_peer_stack_get_stats (WherryPeerStack *self, WherryPeerStats *stats);
/* (transfer none); NULL before it was verified. */
GBytes *wherry_peer_stack_get_remote_certificate (WherryPeerStack *self);
WherryStreamTransport *wherry_peer_stack_get_transport (WherryPeerStack *self); /* (nullable) */
/* Tells the other side, ends everything; done is called on the context once nothing of the stack
 * runs any more, never from inside this call. */
void wherry_peer_stack_close (WherryPeerStack *self, void (*done) (gpointer user_data),
                              gpointer user_data);
/* After done. */
void wherry_peer_stack_free (WherryPeerStack *self);

G_END_DECLS
