/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* CRC32c (RFC 9260 appendix A), with the processor's instruction where there is one. Thread: any */

#include <glib.h>

G_BEGIN_DECLS

guint32 wherry_crc32c (const guint8 *data, gsize length);
/* The same without the instruction. */
guint32 wherry_crc32c_portable (const guint8 *data, gsize length);
/* Fill in the checksum of an SCTP packet of at least 12 bytes, whose field is zero. */
void wherry_crc32c_sign_sctp (guint8 *packet, gsize length);

G_END_DECLS
