/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The value of a=fingerprint (RFC 8122 section 5): which hash of the peer's certificate we expect.
 *
 *   fingerprint = hash-func SP 2UHEX *(":" 2UHEX)
 *
 * Pure values: no allocation, no library. Thread: any. */

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  WHERRY_HASH_NONE,
  WHERRY_HASH_SHA_1,
  WHERRY_HASH_SHA_224,
  WHERRY_HASH_SHA_256,
  WHERRY_HASH_SHA_384,
  WHERRY_HASH_SHA_512,
} WherryHash;

#define WHERRY_HASH_LENGTH_MAX 64u

typedef struct
{
  WherryHash hash;
  guint8 bytes[WHERRY_HASH_LENGTH_MAX]; /* beyond length: zero */
  gsize length;
} WherryFingerprint;

/**
 * wherry_hash_get_name:
 *
 * Returns: the name that RFC 8122 registers, in lower case ("sha-256"), "none" for NONE; static
 * Thread: any
 */
const char *wherry_hash_get_name (WherryHash hash);

/**
 * wherry_hash_get_length:
 *
 * Returns: bytes of a digest, 0 for NONE
 * Thread: any
 */
gsize wherry_hash_get_length (WherryHash hash);

/**
 * wherry_fingerprint_init:
 * @bytes: a digest made by ourselves, of @length bytes
 *
 * Returns: FALSE, with @self zeroed, when @length is not that of @hash
 * Thread: any
 */
gboolean wherry_fingerprint_init (WherryFingerprint *self, WherryHash hash, const guint8 *bytes,
                                  gsize length);

/**
 * wherry_fingerprint_parse:
 * @value: what follows "a=fingerprint:", not NUL-terminated
 *
 * The hash name and the digits are taken in either case. Fails with WHERRY_ERROR_PROTOCOL when it
 * is malformed, WHERRY_ERROR_UNSUPPORTED when it is well formed but its hash is unknown or weaker
 * than SHA-256 (a description may carry several: skip it and look at the others).
 *
 * Thread: any
 */
gboolean wherry_fingerprint_parse (WherryFingerprint *self, const char *value, gsize length,
                                   GError **error);

/**
 * wherry_fingerprint_to_string:
 *
 * Returns: (transfer full): "sha-256 AB:CD:…", as it stands behind "a=fingerprint:"
 * Thread: any
 */
char *wherry_fingerprint_to_string (const WherryFingerprint *self);

/**
 * wherry_fingerprint_equal:
 *
 * Compares in a time that does not depend on the digests. Two that are not set (length 0) are not
 * equal: nothing is verified by comparing nothing.
 *
 * Thread: any
 */
gboolean wherry_fingerprint_equal (const WherryFingerprint *a, const WherryFingerprint *b);

G_END_DECLS
