/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The character classes and numbers of SDP's grammar (RFC 8866 section 9, RFC 8839 section 5), over
 * memory that is not NUL-terminated. Locale-independent. Private to wire/. Thread: any. */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char *data;
  gsize length;
} WherrySdpText;

/* Take what stands before the next @separator, and skip that. An empty token is one too ("a  b" has
 * three), so that nothing malformed is smoothed over. FALSE when nothing is left; after a trailing
 * separator there is one more, empty token. */
gboolean wherry_sdp_text_next (WherrySdpText *rest, char separator, WherrySdpText *token);

gboolean wherry_sdp_text_equal (WherrySdpText text, const char *string);
gboolean wherry_sdp_text_equal_nocase (WherrySdpText text, const char *string);
/* If text starts with prefix, skip it. */
gboolean wherry_sdp_text_skip (WherrySdpText *text, const char *prefix);

/* ALPHA / DIGIT / "+" / "/" (RFC 8839 section 5.1) */
gboolean wherry_sdp_text_is_ice_chars (WherrySdpText text, gsize min, gsize max);
/* token (RFC 8866 section 9): visible ASCII without separators */
gboolean wherry_sdp_text_is_token (WherrySdpText text);
/* every byte is visible ASCII or a space */
gboolean wherry_sdp_text_is_printable (WherrySdpText text);

/* 1*DIGIT and at most max. Leading zeros count as digits; more than 20 digits are refused. */
gboolean wherry_sdp_text_to_uint (WherrySdpText text, guint64 max, guint64 *out);
char *wherry_sdp_text_dup (WherrySdpText text); /* (transfer full) */

G_END_DECLS
