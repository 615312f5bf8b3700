/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One signaling WebSocket: a session over libsoup's connection, with a bound on what waits to be
 * written and a watch over its pongs. Thread: hub */

#include <libsoup/soup.h>

#include "relay/wherry-relay.h"
#include "signaling/wherry-counted-stream.h"

G_BEGIN_DECLS

typedef struct _WherrySignalingSocket WherrySignalingSocket;

/* closed: called once, when the connection is gone; free the socket then. */
WherrySignalingSocket *wherry_signaling_socket_new (
    WherryRelay *relay, SoupWebsocketConnection *connection, WherryCountedStream *stream,
    const char *address, WherryClock *clock, guint ping_interval_s,
    void (*closed) (WherrySignalingSocket *socket, gpointer user_data), gpointer user_data);
void wherry_signaling_socket_free (WherrySignalingSocket *self);

/* Cuts it off when two pings in a row had no pong. Call it now and then. */
void wherry_signaling_socket_check_pongs (WherrySignalingSocket *self);
/* The server goes down: see wherry_signaling_session_shutdown(). */
void wherry_signaling_socket_shutdown (WherrySignalingSocket *self);
void wherry_signaling_socket_abort (WherrySignalingSocket *self);

G_END_DECLS
