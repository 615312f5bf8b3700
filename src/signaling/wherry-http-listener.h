/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Listening sockets, and a book of the connections that came in through them: how many there are,
 * and how long those may take that are not WebSockets yet. libsoup has neither cap nor deadline.
 *
 * At the cap, the oldest connection that has not sent a request makes room for a new one; when
 * there is none, the new one is closed. Both are counted (SOCKETS_REFUSED). Thread: hub */

#include <gio/gio.h>

#include "signaling/wherry-counted-stream.h"

G_BEGIN_DECLS

typedef struct _WherryHttpListener WherryHttpListener;

typedef enum
{
  WHERRY_HTTP_HEADERS,   /* waiting for a request: the header deadline */
  WHERRY_HTTP_ANSWERING, /* request read: one more of these deadlines for the answer */
  WHERRY_HTTP_WAITING,   /* the answer waits for something of ours: one more */
  WHERRY_HTTP_UPGRADED,  /* a WebSocket: it has rules of its own */
} WherryHttpPhase;

typedef void (*WherryHttpAcceptFunc) (WherryCountedStream *stream, GSocketAddress *local,
                                      GSocketAddress *remote, gpointer user_data);

/* Attached to the thread-default context. clock: (nullable) the system's. */
WherryHttpListener *wherry_http_listener_new (guint connections_max, gint64 deadline_us,
                                              WherryClock *clock, WherryHttpAcceptFunc accept,
                                              gpointer user_data);
/* Cuts off what is left. */
void wherry_http_listener_free (WherryHttpListener *self);

/* Port 0: any. (transfer full): the address that it really listens on. */
GSocketAddress *wherry_http_listener_add (WherryHttpListener *self, GSocketAddress *address,
                                          GError **error);
/* No more connections; those that are there go on. */
void wherry_http_listener_stop (WherryHttpListener *self);
/* Cut off every connection. */
void wherry_http_listener_abort_all (WherryHttpListener *self);

void wherry_http_listener_set_phase (WherryHttpListener *self, WherryCountedStream *stream,
                                     WherryHttpPhase phase);
guint wherry_http_listener_get_n_connections (WherryHttpListener *self);
guint wherry_http_listener_get_n_upgraded (WherryHttpListener *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryHttpListener, wherry_http_listener_free)

G_END_DECLS
