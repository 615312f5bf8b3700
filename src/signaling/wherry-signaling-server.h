/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Signaling over HTTP and WebSocket: the page, health, metrics, and /connect with a session for
 * each socket. On the thread-default context of whoever makes it. Thread: hub */

#include <gio/gio.h>

#include "relay/wherry-relay-hub.h"
#include "signaling/wherry-admission.h"
#include "signaling/wherry-origin-policy.h"
#include "signaling/wherry-proxy-policy.h"

G_BEGIN_DECLS

typedef struct _WherrySignalingServer WherrySignalingServer;

typedef struct
{
  WherryOriginPolicy *origins; /* (nullable): only loopback names, our own addresses and pages */
  WherryOriginPolicy *cors_origins; /* (nullable): origins; whose pages may ask below /rooms */
  guint connections_max;      /* 0: what the file descriptors allow, WHERRY_HTTP_CONNECTIONS_MAX */
  gint64 header_deadline_us;  /* 0: WHERRY_HTTP_HEADER_DEADLINE_US */
  gint64 join_deadline_us;    /* 0: WHERRY_SIGNAL_JOIN_DEADLINE_US */
  guint ping_interval_s;      /* 0: WHERRY_SIGNAL_PING_INTERVAL_US */
  guint joins_per_address;    /* a second, loopback excepted; 0: any number */
  gboolean no_page;           /* neither the built-in page nor the browser module */
  WherryClock *clock;         /* (nullable): the system's */
  WherryAdmission *admission; /* (nullable): everybody may join */
  const WherryProxyPolicy *proxies; /* (nullable): who may say where a request comes from */
} WherrySignalingConfig;

/* relay and what config points to must outlive it. */
WherrySignalingServer *wherry_signaling_server_new (WherryRelayHub *relay,
                                                    const WherrySignalingConfig *config);
/* After shutdown has finished. */
void wherry_signaling_server_free (WherrySignalingServer *self);

/* Port 0: any. (transfer full) (nullable): "http://127.0.0.1:8888/". */
char *wherry_signaling_server_listen (WherrySignalingServer *self, GSocketAddress *address,
                                      GError **error);
/* No new connections, readyz says 503, who has not joined is told. Members hear of the shutdown
 * from the relay. */
void wherry_signaling_server_drain (WherrySignalingServer *self);
/* After drain and the relay's shutdown: done is called when the last socket is closed, or was cut
 * off because its client did not close it. */
void wherry_signaling_server_shutdown (WherrySignalingServer *self,
                                       void (*done) (gpointer user_data), gpointer user_data);

guint wherry_signaling_server_get_n_sockets (WherrySignalingServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySignalingServer, wherry_signaling_server_free)

G_END_DECLS
