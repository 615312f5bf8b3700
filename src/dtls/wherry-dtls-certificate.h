/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A self-signed P-256 certificate and its key (RFC 8827 section 6.5), which cost some 0.4 ms and
 * 12 KiB. Immutable and reference counted: any number of sessions, on any threads, may use one. */

#include <glib.h>

#include "wire/wherry-fingerprint.h"

G_BEGIN_DECLS

typedef struct _WherryDtlsCertificate WherryDtlsCertificate;

/* Valid for days (0: 30) from now, and since a day ago (the peer's clock may be behind).
 * WHERRY_ERROR_FAILED. Thread: any */
WherryDtlsCertificate *wherry_dtls_certificate_new (guint days, GError **error);
/* A certificate and its unencrypted key. WHERRY_ERROR_INVALID_ARGUMENT: they do not parse or do not
 * belong together. Thread: any */
WherryDtlsCertificate *wherry_dtls_certificate_new_from_pem (const char *pem, GError **error);
/* (transfer full) (nullable): both, the key too: a secret. Thread: any */
char *wherry_dtls_certificate_to_pem (const WherryDtlsCertificate *self);
WherryDtlsCertificate *wherry_dtls_certificate_ref (WherryDtlsCertificate *self);
void wherry_dtls_certificate_unref (WherryDtlsCertificate *self);

/* Seconds since 1970. Thread: any */
gint64 wherry_dtls_certificate_get_expires (const WherryDtlsCertificate *self);

/* sha-256 over the DER form (RFC 8122 section 5). (transfer none). Thread: any */
const WherryFingerprint *
wherry_dtls_certificate_get_fingerprint (const WherryDtlsCertificate *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryDtlsCertificate, wherry_dtls_certificate_unref)

G_END_DECLS
