/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* GnuTLS's half of a DTLS session: datagrams in and out by memory, settings, and the check of the
 * certificate. It knows no events, timers or states; WherryDtlsSession does. Thread: peer */

#include <gio/gio.h>
#include <gnutls/gnutls.h>

#include "dtls/wherry-dtls-session.h"

G_BEGIN_DECLS

typedef struct _WherryDtlsEngine WherryDtlsEngine;

/* Datagrams to be sent, in one call; may come from inside handshake() or send(). */
typedef void (*WherryDtlsOutputFunc) (gpointer user_data, const GOutputVector *packets, guint n);

WherryDtlsEngine *wherry_dtls_engine_new (WherryDtlsCertificate *certificate, WherryDtlsRole role,
                                          gsize mtu, WherryDtlsOutputFunc output,
                                          gpointer user_data, GError **error);
/* Not from inside a call of it: see is_inside(). */
void wherry_dtls_engine_free (WherryDtlsEngine *self);

/* fingerprints: GArray of WherryFingerprint, (transfer none); any one must match. */
void wherry_dtls_engine_set_fingerprints (WherryDtlsEngine *self, GArray *fingerprints);
gboolean wherry_dtls_engine_is_verified (const WherryDtlsEngine *self);
/* Whether the certificate that was verified has one of them. */
gboolean wherry_dtls_engine_matches (const WherryDtlsEngine *self, const GArray *fingerprints);

/* The datagram that the next calls read; borrowed until it was read or set to NULL. */
void wherry_dtls_engine_set_input (WherryDtlsEngine *self, const guint8 *data, gsize length);
gboolean wherry_dtls_engine_has_input (const WherryDtlsEngine *self);

/* Each returns what GnuTLS does, having handed out what it wrote, except send(), after which
 * flush() is to be called once for a batch. send() from inside another call loses the packet. */
int wherry_dtls_engine_handshake (WherryDtlsEngine *self);
ssize_t wherry_dtls_engine_receive (WherryDtlsEngine *self, guint8 *record, gsize size);
ssize_t wherry_dtls_engine_send (WherryDtlsEngine *self, const void *data, gsize length);
void wherry_dtls_engine_flush (WherryDtlsEngine *self);

void wherry_dtls_engine_alert (WherryDtlsEngine *self, gnutls_alert_level_t level,
                               gnutls_alert_description_t alert);
void wherry_dtls_engine_bye (WherryDtlsEngine *self);

/* Milliseconds until handshake() must be called though nothing came; 0: no timer is needed. */
guint wherry_dtls_engine_get_timeout_ms (WherryDtlsEngine *self);
/* Records that GnuTLS threw away since the last call (RFC 6347 section 4.1.2.7). */
guint wherry_dtls_engine_take_discarded (WherryDtlsEngine *self);
gsize wherry_dtls_engine_get_data_mtu (WherryDtlsEngine *self);
gboolean wherry_dtls_engine_has_sent (const WherryDtlsEngine *self);
/* A GnuTLS call is on the stack: no other may begin. */
gboolean wherry_dtls_engine_is_inside (const WherryDtlsEngine *self);
/* A fatal result, or 0 for a close_notify, as an error: CLOSED, UNVERIFIED for anything about
 * either side's certificate, else PROTOCOL. Tells the other side by an alert, and counts. */
GError *wherry_dtls_engine_fail (WherryDtlsEngine *self, int result);
const char *wherry_dtls_engine_get_cipher_suite (WherryDtlsEngine *self);
/* The one that was verified, (transfer none); NULL before. */
GBytes *wherry_dtls_engine_get_remote_certificate (const WherryDtlsEngine *self);

G_END_DECLS
