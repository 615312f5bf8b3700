/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A signed token (JWT: RFC 7519, RFC 7515 section 3.1) as it comes: taken apart by our own strict
 * readers before any library sees it. data/docs/tokens.md. Nothing here is verified: that is
 * wherry-token-keys.h's. Thread: any, one at a time */

#include "wire/wherry-grant.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_TOKEN_HS256, /* RFC 7518 section 3.2 */
  WHERRY_TOKEN_ES256, /* RFC 7518 section 3.4 */
} WherryTokenAlgorithm;

typedef struct _WherryToken WherryToken;

/* What the claims are held against. */
typedef struct
{
  gint64 now_us;  /* since 1970 */
  gint64 skew_us; /* how far the issuer's clock may be from ours */
  const char
      *audience; /* who we are (nullable): a token that is for somebody by name is not ours */
} WherryTokenRules;

/* "HS256", "ES256": FALSE for everything else, "none" among it. */
gboolean wherry_token_algorithm_from_string (const char *name, WherryTokenAlgorithm *out);

/**
 * wherry_token_parse:
 *
 * Fails with WHERRY_ERROR_TOO_LARGE over WHERRY_TOKEN_MAX or for a header over
 * WHERRY_TOKEN_HEADER_MAX, WHERRY_ERROR_UNSUPPORTED for an algorithm or a critical extension that
 * we do not have, otherwise WHERRY_ERROR_PROTOCOL. Messages never repeat what it held.
 *
 * Returns: (transfer full) (nullable)
 */
WherryToken *wherry_token_parse (const char *text, GError **error);
void wherry_token_free (WherryToken *self);

/* What its header says, that is, what whoever made it says. */
WherryTokenAlgorithm wherry_token_get_algorithm (WherryToken *self);
const char *wherry_token_get_key_id (WherryToken *self); /* (nullable) */
/* As it came. */
const char *wherry_token_get_text (WherryToken *self);
/* So many bytes of the text are signed. */
gsize wherry_token_get_signed_length (WherryToken *self);
const guint8 *wherry_token_get_signature (WherryToken *self, gsize *length);

/**
 * wherry_token_to_grant:
 *
 * Of one that was verified. Fails with WHERRY_ERROR_UNVERIFIED when it is over, not yet valid or
 * for somebody else, WHERRY_ERROR_PROTOCOL for a claim of the wrong form and for one without exp,
 * and as wherry_grant_new().
 *
 * Returns: (transfer full) (nullable)
 */
WherryGrant *wherry_token_to_grant (WherryToken *self, const WherryTokenRules *rules,
                                    GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryToken, wherry_token_free)

G_END_DECLS
