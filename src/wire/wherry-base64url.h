/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* base64url without padding (RFC 4648 section 5, RFC 7515 section 2). Thread: any */

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full) */
char *wherry_base64url_encode (const guint8 *data, gsize length);
/* Strict: nothing outside the alphabet, no padding, no bits left over, so that what decodes to the
 * same bytes is the same text. text: need not be NUL-terminated. decoded: (out). Behind the bytes
 * is a NUL. (transfer full) (nullable): it is none */
guint8 *wherry_base64url_decode (const char *text, gsize length, gsize *decoded);

G_END_DECLS
