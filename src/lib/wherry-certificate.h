/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-version.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_CERTIFICATE (wherry_certificate_get_type ())
/**
 * WherryCertificate:
 *
 * A self-signed certificate and its key, ECDSA on P-256: what a peer is known by (W3C webrtc-pc
 * section 4.9, RTCCertificate; RFC 8827 section 6.5). Immutable, so that any thread may use it.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryCertificate, wherry_certificate, WHERRY, CERTIFICATE, GObject)

/**
 * wherry_certificate_new:
 * @days: for how long it is valid, 1 to 365; 0: 30 days
 * @error: return location: %WHERRY_ERROR_INVALID_ARGUMENT, %WHERRY_ERROR_FAILED
 *
 * Makes one (RTCPeerConnection.generateCertificate()); it takes less than a millisecond.
 *
 * Returns: (transfer full): a certificate
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
WherryCertificate *wherry_certificate_new (guint days, GError **error);
/**
 * wherry_certificate_new_from_pem:
 * @pem: a certificate and its unencrypted private key, in PEM
 * @error: return location: %WHERRY_ERROR_INVALID_ARGUMENT when they do not parse or do not belong
 *   together
 *
 * Reads what [method@Certificate.to_pem] or another program wrote.
 *
 * Returns: (transfer full): a certificate
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
WherryCertificate *wherry_certificate_new_from_pem (const char *pem, GError **error);
/**
 * wherry_certificate_to_pem:
 * @self: a certificate
 *
 * Writes it, to be kept between runs: other peers may remember the fingerprint.
 *
 * Returns: (transfer full): certificate and private key, to be kept secret
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
char *wherry_certificate_to_pem (WherryCertificate *self);
/**
 * wherry_certificate_get_expires:
 * @self: a certificate
 *
 * Gets [property@Certificate:expires].
 *
 * Returns: milliseconds since 1970 (RTCCertificate.expires)
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
gint64 wherry_certificate_get_expires (WherryCertificate *self);
/**
 * wherry_certificate_get_fingerprint:
 * @self: a certificate
 *
 * Gets [property@Certificate:fingerprint].
 *
 * Returns: "sha-256 AB:CD:…", as in an SDP (RFC 8122 section 5; RTCCertificate.getFingerprints())
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_certificate_get_fingerprint (WherryCertificate *self);

G_END_DECLS
