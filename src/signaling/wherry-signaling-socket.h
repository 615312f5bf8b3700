/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One signaling WebSocket: a session over libsoup's connection, with a bound on what waits to be
 * written and a watch over its pongs. Thread: hub */

#include <libsoup/soup.h>

#include "relay/wherry-relay-hub.h"
#include "signaling/wherry-admission.h"
#include "signaling/wherry-counted-stream.h"
#include "signaling/wherry-join-limit.h"

G_BEGIN_DECLS

typedef struct _WherrySignalingSocket WherrySignalingSocket;

/* closed: called once, when the connection is gone; free the socket then. */
WherrySignalingSocket *wherry_signaling_socket_new (
    WherryRelayHub *relay, WherryJoinLimit *joins, SoupWebsocketConnection *connection,
    WherryCountedStream *stream, const char *address, WherryClock *clock,
    void (*closed) (WherrySignalingSocket *socket, gpointer user_data), gpointer user_data);
/* See wherry_signaling_session_set_admission(). */
void wherry_signaling_socket_set_admission (WherrySignalingSocket *self, WherryAdmission *admission,
                                            gboolean is_local);
void wherry_signaling_socket_free (WherrySignalingSocket *self);

/* Sends a ping, or cuts it off when the last two had no pong. Call it once in each interval: a
 * timer for each socket would be one more source for the main context to go through. */
void wherry_signaling_socket_ping (WherrySignalingSocket *self);
/* The server goes down: see wherry_signaling_session_shutdown(). */
void wherry_signaling_socket_shutdown (WherrySignalingSocket *self);
/* See wherry_signaling_session_end_waiting(). */
void wherry_signaling_socket_end_waiting (WherrySignalingSocket *self);
void wherry_signaling_socket_abort (WherrySignalingSocket *self);

G_END_DECLS
