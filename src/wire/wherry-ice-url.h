/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* URLs of STUN and TURN servers (RFC 7064 section 3.1, RFC 7065 section 3.1). Pure. Thread: any */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  gboolean is_turn;
  gboolean tls; /* stuns:, turns: */
  gboolean tcp; /* towards the server: turn: with transport=tcp, and turns: unless it says udp */
  char *host;   /* name or literal address, without brackets */
  guint16 port; /* 3478, or 5349 with TLS, when not given */
} WherryIceUrl;

/**
 * wherry_ice_url_parse:
 * @url: `stun:HOST[:PORT]`, `stuns:…`, `turn:HOST[:PORT][?transport=udp|tcp]`, `turns:…`
 *
 * Fails with WHERRY_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full) (nullable)
 * Thread: any
 */
WherryIceUrl *wherry_ice_url_parse (const char *url, GError **error);
void wherry_ice_url_free (WherryIceUrl *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryIceUrl, wherry_ice_url_free)

G_END_DECLS
