/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The counters and the relay's figures as Prometheus text (exposition format 0.0.4). Thread: hub */

#include "relay/wherry-relay-hub.h"

G_BEGIN_DECLS

/* connections, sockets: HTTP connections that are open, and how many of them are WebSockets.
 * (transfer full) */
char *wherry_signaling_metrics_to_text (WherryRelayHub *relay, guint connections, guint sockets);

G_END_DECLS
