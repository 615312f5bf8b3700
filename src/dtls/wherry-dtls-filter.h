/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What of a datagram may reach GnuTLS. Records of the handshake are not authenticated: any datagram
 * that looks like one moves GnuTLS's replay window (RFC 6347 section 4.1.2.6) or takes a place
 * among the messages that it waits for, and the true one is then thrown away. So nothing passes
 * that is not a well-formed record in all that can be seen in the clear. This includes the first
 * byte's range of RFC 7983 section 7. Pure. Thread: any */

#include <glib.h>

G_BEGIN_DECLS

/* FALSE: drop it silently and count it (RFC 6347 section 4.1.2.7). */
gboolean wherry_dtls_filter_datagram (const guint8 *data, gsize length);

G_END_DECLS
