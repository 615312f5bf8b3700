/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dtls/wherry-dtls-certificate.h"
#include "lib/wherry-certificate.h"

G_BEGIN_DECLS

/* (transfer none) Thread: any */
WherryDtlsCertificate *wherry_certificate_get_dtls (WherryCertificate *self);
/* Whether it can no longer be used (webrtc-pc section 4.4.1.1, InvalidAccessError). */
gboolean wherry_certificate_has_expired (WherryCertificate *self);

G_END_DECLS
