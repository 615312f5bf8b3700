/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a peer's transports have to tell of themselves, as RTCPeerConnection.getStats() asks for it.
 * A plain value, filled on the peer thread; what channels send and receive their users count. */

#include "dtls/wherry-dtls-session.h"
#include "ice/wherry-ice-session.h"
#include "peer/wherry-peer.h"
#include "sctp/wherry-sctp-info.h"

G_BEGIN_DECLS

typedef struct
{
  WherryTransportState layers[WHERRY_PEER_N_LAYERS];
  /* ICE */
  gboolean has_ice;
  WherryIceStats ice; /* when has_ice */
  char *local_ufrag;
  /* DTLS */
  gboolean has_role;
  gboolean is_client;
  const char *tls_version;  /* "FEFD", as RTCTransportStats; NULL before connected */
  const char *cipher_suite; /* static; NULL before connected */
  WherryDtlsTraffic traffic;
  WherryFingerprint local_fingerprint;
  gboolean has_remote_fingerprint;
  WherryFingerprint remote_fingerprint; /* of the certificate that was verified */
  /* SCTP */
  gboolean has_sctp;
  WherrySctpInfo sctp; /* when has_sctp */
  guint64 buffered;    /* bytes that were given to SCTP and are not acknowledged */
} WherryPeerStats;

/* FALSE: the peer has ended. Thread: peer */
gboolean wherry_peer_get_stats (WherryPeer *self, WherryPeerStats *stats);
void wherry_peer_stats_clear (WherryPeerStats *stats); /* Thread: any */
/* Theirs, in DER form, once verified. (transfer full) (nullable) Thread: peer */
GBytes *wherry_peer_dup_remote_certificate (WherryPeer *self);

G_END_DECLS
