/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an HTTP request comes from. Thread: hub */

#include <libsoup/soup.h>

#include "signaling/wherry-admission.h"
#include "signaling/wherry-proxy-policy.h"

G_BEGIN_DECLS

/* Found once for a request and kept with it: proxies (nullable) is only looked at the first time.
 * (transfer none): lives as long as the message. */
const WherryOrigin *wherry_client_origin_get (SoupServerMessage *message,
                                              const WherryProxyPolicy *proxies);

G_END_DECLS
