/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* ice-ufrag and ice-pwd (RFC 8839 section 5.4). Ours are made here and not by libnice, so that a
 * restart can be described before it is begun. Thread: any */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char *ufrag; /* NULL: none */
  char *pwd;
} WherryIceCredentials;

/* New random ones, in place of what there was. */
void wherry_ice_credentials_generate (WherryIceCredentials *self);
void wherry_ice_credentials_clear (WherryIceCredentials *self);
/* 4 to 256 and 22 to 256 ice-chars, else WHERRY_ERROR_PROTOCOL. */
gboolean wherry_ice_credentials_check (const char *ufrag, const char *pwd, GError **error);

G_END_DECLS
