/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whose word is taken for where a request comes from. A reverse proxy adds the address that it was
 * asked from to X-Forwarded-For, or to Forwarded (RFC 7239); so does everybody who would like to be
 * somebody else, so only what trusted proxies have written counts: from the right, past each that
 * is one. Thread: any once filled */

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _WherryProxyPolicy WherryProxyPolicy;

WherryProxyPolicy *wherry_proxy_policy_new (void);
void wherry_proxy_policy_free (WherryProxyPolicy *self);

/* "10.0.0.0/8", "::1". FALSE: WHERRY_ERROR_INVALID_ARGUMENT. */
gboolean wherry_proxy_policy_trust (WherryProxyPolicy *self, const char *range, GError **error);

/**
 * wherry_proxy_policy_find_client:
 * @self: (nullable): nobody is trusted
 * @peer: who the TCP connection comes from
 * @forwarded_for: X-Forwarded-For, all of them in one list (nullable)
 * @forwarded: Forwarded, the same (nullable)
 *
 * Where both headers are there and do not agree, one of them was not written by the proxy, and
 * which one we cannot know: then it is the proxy itself that asks.
 *
 * Returns: (transfer full): the address as text
 */
char *wherry_proxy_policy_find_client (const WherryProxyPolicy *self, GInetAddress *peer,
                                       const char *forwarded_for, const char *forwarded);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryProxyPolicy, wherry_proxy_policy_free)

G_END_DECLS
