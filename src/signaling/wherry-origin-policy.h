/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who may talk to us from a web page. Loopback is not private: any page can open a socket to it, so
 * the Origin (RFC 6454) must be absent, our own, or allowed; and because a hostile name can be made
 * to resolve to our address (DNS rebinding), the Host must be an address or a name that is ours.
 * Thread: any once filled */

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _WherryOriginPolicy WherryOriginPolicy;

WherryOriginPolicy *wherry_origin_policy_new (void);
void wherry_origin_policy_free (WherryOriginPolicy *self);

/* "https://chat.example.org", "null" or "*" for any.
 * FALSE: WHERRY_ERROR_INVALID_ARGUMENT, it is none of them. */
gboolean wherry_origin_policy_allow_origin (WherryOriginPolicy *self, const char *origin,
                                            GError **error);
/* A name or address, without a port: "chat.example.org".
 * FALSE: WHERRY_ERROR_INVALID_ARGUMENT. */
gboolean wherry_origin_policy_allow_host (WherryOriginPolicy *self, const char *host,
                                          GError **error);

/* host: the Host header as it came (nullable). local: where the connection came in. Ours are
 * localhost and its subdomains (RFC 6761 section 6.3), loopback addresses, the address that the
 * connection came in on, and allowed ones. The port is not looked at: a forwarded port is no
 * attack, a foreign name is. */
gboolean wherry_origin_policy_check_host (const WherryOriginPolicy *self, const char *host,
                                          GSocketAddress *local);
/* origin: the Origin header (nullable); host: the Host header, already checked. */
gboolean wherry_origin_policy_check_origin (const WherryOriginPolicy *self, const char *origin,
                                            const char *host);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryOriginPolicy, wherry_origin_policy_free)

G_END_DECLS
