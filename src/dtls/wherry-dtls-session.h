/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* DTLS 1.2 (RFC 6347, RFC 8827 section 6.5) over a packet transport: a WherryPacketTransport.
 *
 * It takes the lower transport's events for itself. The handshake starts once the lower transport
 * is CONNECTED and set_remote() was called, whichever comes last; a ClientHello that came earlier
 * is held and replayed. CONNECTED means verified: the other side's certificate has one of the
 * fingerprints that were signaled.
 *
 * FAILED with WHERRY_ERROR_UNVERIFIED (fingerprint or no certificate), WHERRY_ERROR_PROTOCOL (the
 * handshake failed otherwise), or the lower transport's error. A close_notify gives CLOSED with
 * WHERRY_ERROR_CLOSED. The handshake has no time limit of its own: the layer above has one. */

#include "base/wherry-log.h"
#include "dtls/wherry-dtls-certificate.h"
#include "transport/wherry-packet-transport.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_DTLS_SESSION (wherry_dtls_session_get_type ())
G_DECLARE_FINAL_TYPE (WherryDtlsSession, wherry_dtls_session, WHERRY, DTLS_SESSION, GObject)

/* a=setup:active sends the ClientHello (RFC 8842 section 5.3, RFC 4145 section 4). */
typedef enum
{
  WHERRY_DTLS_CLIENT, /* we are active */
  WHERRY_DTLS_SERVER, /* we are passive */
} WherryDtlsRole;

/* Datagrams that carry records, with their handshake, and their bytes. */
typedef struct
{
  guint64 packets_sent;
  guint64 packets_received;
  guint64 bytes_sent;
  guint64 bytes_received;
} WherryDtlsTraffic;

typedef void (*WherryDtlsStateFunc) (gpointer user_data, WherryTransportState state,
                                     const GError *error);

/* Holds references to certificate and lower; log is copied and may be NULL. context is the owner's:
 * retransmission timers run there. Thread: peer */
WherryDtlsSession *wherry_dtls_session_new (WherryDtlsCertificate *certificate,
                                            WherryPacketTransport *lower, GMainContext *context,
                                            const WherryLogContext *log);

/* The fingerprints of the remote description, any of which may match; those of hashes that we do
 * not compute are ignored, and none that we can check is WHERRY_ERROR_UNVERIFIED. Once only:
 * a second call gives WHERRY_ERROR_INVALID_ARGUMENT unless it says the same role, and then the new
 * fingerprints must match the certificate that was verified (RFC 8842 section 5.5), else
 * WHERRY_ERROR_UNVERIFIED. Thread: peer */
gboolean wherry_dtls_session_set_remote (WherryDtlsSession *self,
                                         const WherryFingerprint *fingerprints, guint n,
                                         WherryDtlsRole role, GError **error);

/* The other side's certificate matched. Thread: peer */
gboolean wherry_dtls_session_is_verified (WherryDtlsSession *self);

/* A second listener to its states, told before that of the packet transport. func: (nullable).
 * Thread: peer */
void wherry_dtls_session_set_state_func (WherryDtlsSession *self, WherryDtlsStateFunc func,
                                         gpointer user_data);
WherryDtlsTraffic wherry_dtls_session_get_traffic (WherryDtlsSession *self); /* Thread: peer */
/* As in the registry of IANA, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"; static; NULL before
 * connected. Thread: peer */
const char *wherry_dtls_session_get_cipher_suite (WherryDtlsSession *self);
/* The certificate that was verified, in DER form; NULL before. (transfer none) Thread: peer */
GBytes *wherry_dtls_session_get_remote_certificate (WherryDtlsSession *self);

G_END_DECLS
