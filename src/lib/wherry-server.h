/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-relay.h"
#include "lib/wherry-version.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_SERVER (wherry_server_get_type ())
/**
 * WherryServer:
 *
 * Lets browsers and programs into the rooms of a relay: signaling over HTTP and WebSocket, and the
 * built-in page with the browser module `wherry.js`.
 *
 * Loopback is not private: any web page can open a socket to it. Pages of this server and of
 * loopback names may use it, others only where [property@Server:allowed-origins] names them; and
 * it listens beyond loopback only where [property@Server:token-keys] has everybody show a token, or
 * [property@Server:insecure-open] says so, because everybody who reaches it may join any room then.
 *
 * Its properties are read by [method@Server.start]. It belongs to the thread that made it; the last
 * reference may be dropped anywhere, which stops it from that thread's main context.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryServer, wherry_server, WHERRY, SERVER, GObject)

/**
 * wherry_server_new:
 * @relay: a relay that was made on this thread; several servers may serve it
 *
 * Makes a server.
 *
 * Returns: (transfer full): a server that does not listen yet
 *
 * Thread: the relay's
 */
WHERRY_AVAILABLE_IN_0_1
WherryServer *wherry_server_new (WherryRelay *relay);
/**
 * wherry_server_start:
 * @self: a server
 * @error: return location: %WHERRY_ERROR_INVALID_STATE when it was started before,
 *   %WHERRY_ERROR_INVALID_ARGUMENT for a host that is no address, an origin, host or proxy that is
 *   none, and keys that cannot be read, %WHERRY_ERROR_FORBIDDEN beyond loopback without
 *   [property@Server:token-keys] or [property@Server:insecure-open],
 *   %WHERRY_ERROR_CLOSED; a #GIOErrorEnum when the system does not let it listen
 *
 * Listens. Nothing here waits.
 *
 * Returns: %TRUE if it does
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_server_start (WherryServer *self, GError **error);
/**
 * wherry_server_run:
 * @self: a server
 * @cancellable: (nullable): ends it
 * @error: return location: what [method@Server.start] fails with
 *
 * For a program that does nothing else: starts the server if it was not started, runs the main loop
 * until the program is asked to end (`SIGINT`, `SIGTERM`) or @cancellable is cancelled, and closes
 * the relay. A program with a main loop of its own does not need it.
 *
 * Returns: %TRUE once everybody has left
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_server_run (WherryServer *self, GCancellable *cancellable, GError **error);
/**
 * wherry_server_stop_async:
 * @self: a server
 * @cancellable: (nullable): looked at when it has stopped: the stopping itself goes on
 * @callback: (scope async): called when the last socket is closed
 * @user_data: for @callback
 *
 * Listens no more, and closes the sockets: at once where their members have left, so that who
 * closes the relay first need not wait, otherwise after two seconds. Members that are connected
 * stay in the relay.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_server_stop_async (WherryServer *self, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
/**
 * wherry_server_stop_finish:
 * @self: a server
 * @result: what the callback got
 * @error: return location: %G_IO_ERROR_CANCELLED
 *
 * Ends [method@Server.stop_async].
 *
 * Returns: %TRUE if it has stopped
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_server_stop_finish (WherryServer *self, GAsyncResult *result, GError **error);
/**
 * wherry_server_get_relay:
 * @self: a server
 *
 * Gets [property@Server:relay].
 *
 * Returns: (transfer none): its relay
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryRelay *wherry_server_get_relay (WherryServer *self);
/**
 * wherry_server_get_uri:
 * @self: a server
 *
 * Gets [property@Server:uri].
 *
 * Returns: (nullable): where it is found, as `http://127.0.0.1:8888/`; %NULL while it does not
 *   listen
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_server_get_uri (WherryServer *self);
/**
 * wherry_server_get_port:
 * @self: a server
 *
 * Gets [property@Server:port].
 *
 * Returns: the port that it listens on; before it is started, as it was given
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
guint wherry_server_get_port (WherryServer *self);

G_END_DECLS
