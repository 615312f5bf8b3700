/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A self-signed P-256 certificate and its key (RFC 8827 section 6.5), one for each peer: it costs
 * about 0.3 ms. Immutable and reference counted. */

#include <glib.h>

#include "wire/wherry-fingerprint.h"

G_BEGIN_DECLS

typedef struct _WherryCertificate WherryCertificate;

/* Valid for 30 days from a day ago (the peer's clock may be behind). WHERRY_ERROR_FAILED.
 * Thread: any */
WherryCertificate *wherry_certificate_new (GError **error);
WherryCertificate *wherry_certificate_ref (WherryCertificate *self);
void wherry_certificate_unref (WherryCertificate *self);

/* sha-256 over the DER form (RFC 8122 section 5). (transfer none). Thread: any */
const WherryFingerprint *wherry_certificate_get_fingerprint (const WherryCertificate *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryCertificate, wherry_certificate_unref)

G_END_DECLS
