/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The keys that tokens are verified with, from files that are read again when they change: that is
 * how keys are rotated. A file is a JSON Web Key Set (RFC 7517 section 5). Thread: hub */

#include "signaling/wherry-token-key.h"

G_BEGIN_DECLS

typedef struct _WherryTokenKeys WherryTokenKeys;

WherryTokenKeys *wherry_token_keys_new (void);
void wherry_token_keys_free (WherryTokenKeys *self);

/* Reads it. Fails with WHERRY_ERROR_INVALID_ARGUMENT, naming the file, for one that cannot be read,
 * holds no key or more than WHERRY_TOKEN_KEYS_MAX, or a bad one, and when one of several keys has
 * no id or another's; nothing has changed then. */
gboolean wherry_token_keys_add_file (WherryTokenKeys *self, const char *path, GError **error);
/* Every file anew. Fails as add_file(): what was read before stays in force. */
gboolean wherry_token_keys_reload (WherryTokenKeys *self, GError **error);
/* The same, if a file has changed since it was read, with a warning in the log for a failure. */
void wherry_token_keys_refresh (WherryTokenKeys *self);
guint wherry_token_keys_get_n (WherryTokenKeys *self);

/* Whether the key that it names, or the only one, signed it. */
gboolean wherry_token_keys_verify (WherryTokenKeys *self, WherryToken *token);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryTokenKeys, wherry_token_keys_free)

G_END_DECLS
