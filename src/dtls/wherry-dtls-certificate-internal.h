/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What only this folder may know: GnuTLS's side of a certificate. */

#include <gnutls/gnutls.h>

#include "dtls/wherry-dtls-certificate.h"

G_BEGIN_DECLS

/* (transfer none); never changed after construction, so sessions may share it. Thread: any */
gnutls_certificate_credentials_t
wherry_dtls_certificate_get_credentials (const WherryDtlsCertificate *self);
/* Those whose hash proves something, SHA-256 and longer. (transfer full): of WherryFingerprint.
 * Thread: any */
GArray *wherry_dtls_certificate_filter_fingerprints (const WherryFingerprint *fingerprints,
                                                     guint n);
/* A fingerprint of a certificate's DER form. FALSE: not a hash that proves anything (SHA-256 and
 * longer do). Thread: any */
gboolean wherry_dtls_certificate_compute_fingerprint (const guint8 *der, gsize length,
                                                      WherryHash hash, WherryFingerprint *out);

G_END_DECLS
