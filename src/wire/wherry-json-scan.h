/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A strict look at JSON text before anything parses it, because the parser takes far more than JSON
 * and recurses without bound. One pass, no recursion, no copy. Messages name the byte's offset and
 * never repeat the text. Everything here: Thread: any */

#include <glib.h>

G_BEGIN_DECLS

/* The most that WherryJsonLimits.depth may be. */
#define WHERRY_JSON_SCAN_DEPTH_MAX 512u

typedef struct
{
  gsize length; /* bytes of text */
  guint depth;  /* objects and arrays open at once: {} is 1 deep */
} WherryJsonLimits;

/**
 * wherry_json_scan:
 * @data: need not be NUL-terminated
 * @exact: (out) (optional): whether every number of it fits a gint64, or has a fraction or exponent
 *   and is a finite double: others are good JSON (pass them on) but no parser keeps them
 *
 * Whether it is exactly one document of RFC 8259: its grammar to the letter, valid UTF-8 without a
 * byte order mark, no NUL nor \u0000, no surrogate escape without its other half, and, where the
 * document is an object, no member of it twice (compared after unescaping; deeper ones are not
 * looked at). Fails with WHERRY_ERROR_TOO_LARGE over limits->length, WHERRY_ERROR_LIMIT over
 * limits->depth, otherwise WHERRY_ERROR_PROTOCOL.
 */
gboolean wherry_json_scan (const char *data, gsize length, const WherryJsonLimits *limits,
                           gboolean *exact, GError **error);

G_END_DECLS
