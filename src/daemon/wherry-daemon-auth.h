/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who may come in, as wherryd is told: keys for tokens, trusted proxies, credentials for TURN. The
 * setters are the table of keys'. Thread: hub */

#include "relay/wherry-relay-config.h"
#include "signaling/wherry-admission.h"
#include "signaling/wherry-proxy-policy.h"

G_BEGIN_DECLS

typedef struct
{
  WherryTokenKeys *keys; /* NULL: none are asked for */
  gint64 skew_us;
  char *audience; /* NULL: none */
  WherryProxyPolicy *proxies;
} WherryDaemonAuth;

WherryDaemonAuth *wherry_daemon_auth_new (void);
void wherry_daemon_auth_free (WherryDaemonAuth *self);

gboolean wherry_daemon_auth_add_keys (WherryDaemonAuth *self, const char *path, GError **error);
gboolean wherry_daemon_auth_set_skew (WherryDaemonAuth *self, const char *seconds, GError **error);
/* TURN REST: the secret is the first line of a file. */
gboolean wherry_daemon_auth_read_turn_secret (WherryRelayConfig *config, const char *path,
                                              GError **error);
gboolean wherry_daemon_auth_add_turn_uri (WherryRelayConfig *config, const char *uri,
                                          GError **error);
gboolean wherry_daemon_auth_set_turn_lifetime (WherryRelayConfig *config, const char *seconds,
                                               GError **error);
/* A secret and where to use it come together. */
gboolean wherry_daemon_auth_check_turn (const WherryRelayConfig *config, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryDaemonAuth, wherry_daemon_auth_free)

G_END_DECLS
