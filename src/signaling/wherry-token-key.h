/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One key that tokens are signed with, of one algorithm for good: the token's own header never
 * chooses how it is looked at (RFC 8725 section 3.1). Thread: any, one at a time */

#include "signaling/wherry-token.h"
#include "wire/wherry-json.h"

G_BEGIN_DECLS

typedef struct _WherryTokenKey WherryTokenKey;

/* jwk: a key of a JSON Web Key Set (RFC 7517, RFC 7518 section 6): `oct` with `alg` HS256 and 32 to
 * 512 bytes, or `EC` on P-256 with `alg` ES256 and without its private half. Fails with
 * WHERRY_ERROR_INVALID_ARGUMENT; messages never repeat a secret. (transfer full) (nullable) */
WherryTokenKey *wherry_token_key_new (WherryJsonObject *jwk, GError **error);
/* One that nobody has: what tokens of no known key are held against, so that they take as long. */
WherryTokenKey *wherry_token_key_new_decoy (void);
void wherry_token_key_free (WherryTokenKey *self);

const char *wherry_token_key_get_id (WherryTokenKey *self); /* (nullable) */
WherryTokenAlgorithm wherry_token_key_get_algorithm (WherryTokenKey *self);
/* Whether this key signed it, and its header says this key's algorithm. */
gboolean wherry_token_key_verify (WherryTokenKey *self, WherryToken *token);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryTokenKey, wherry_token_key_free)

G_END_DECLS
