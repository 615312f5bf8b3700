/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One certificate for all peers of a server. They are told apart by their own certificates and by
 * ICE; the server is the same for all of them, and what a certificate costs (0.4 ms and 12 KiB with
 * GnuTLS) is paid once. Connections of a program get one each: theirs are told to strangers, who
 * must not be able to recognise it (RFC 8827 section 6.5). */

#include "base/wherry-clock.h"
#include "dtls/wherry-dtls-certificate.h"

G_BEGIN_DECLS

/* The one of the day: a new one is made for who comes first after it is a day old, and who has the
 * old one keeps it. WHERRY_ERROR_FAILED. Thread: any */
WherryDtlsCertificate *wherry_dtls_shared_certificate_get (WherryClock *clock, GError **error);
/* Whoever comes next has a new one. Thread: any */
void wherry_dtls_shared_certificate_forget (void);

G_END_DECLS
