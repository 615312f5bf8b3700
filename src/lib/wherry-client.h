/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-configuration.h"
#include "lib/wherry-data-channel.h"
#include "lib/wherry-enums.h"
#include "lib/wherry-member.h"
#include "lib/wherry-peer-connection.h"
#include "lib/wherry-version.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_CLIENT (wherry_client_get_type ())
/**
 * WherryClient:
 *
 * A member of a room at a relay elsewhere: it joins at the URI of a server, and gives the
 * connection to the relay, whose data channels are the topics of the room.
 *
 * When the connection is lost, it comes back by itself, as the same member: channels of
 * [method@Client.open_channel] stay open, and nothing is lost. Where it comes too late for that, or
 * [property@Client:resume] is off, it comes back as another one.
 *
 * Channels of the connection itself do not stay: what was sent on them and not acknowledged is
 * lost, [property@Client:connection] is another one, and its channels are new ones. Make those that
 * are always to be there in a handler of [signal@Client::prepare].
 *
 * Its properties are read when it joins. It belongs to the thread that made it: signals, changes
 * and completions arrive on the main context that was that thread's default one, and only there.
 * The last reference may be dropped anywhere, which ends its connection; members hear `left` then.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryClient, wherry_client, WHERRY, CLIENT, GObject)

/**
 * wherry_client_new:
 * @uri: a server's, as `http://127.0.0.1:8888/` (`https:`, `ws:` and `wss:` too)
 * @room: the room's name
 * @name: (nullable): by which the others may know it
 *
 * Makes a client.
 *
 * Returns: (transfer full): a client that has not joined
 *
 * Thread: any; from then on this one
 */
WHERRY_AVAILABLE_IN_0_1
WherryClient *wherry_client_new (const char *uri, const char *room, const char *name);
/**
 * wherry_client_join_async:
 * @self: a client
 * @cancellable: (nullable): gives it up
 * @callback: (scope async): called when messages can pass
 * @user_data: for @callback
 *
 * Joins. This first time is tried once.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_client_join_async (WherryClient *self, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
/**
 * wherry_client_join_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location: %WHERRY_ERROR_INVALID_ARGUMENT for a URI or name that is none,
 *   %WHERRY_ERROR_INVALID_STATE when it has joined, %WHERRY_ERROR_CLOSED when the server was not
 *   reached or let it go, %WHERRY_ERROR_LIMIT when it is full, %WHERRY_ERROR_UNVERIFIED and
 *   %WHERRY_ERROR_FORBIDDEN when it may not, %WHERRY_ERROR_TIMEOUT; %G_IO_ERROR_CANCELLED
 *
 * Ends [method@Client.join_async].
 *
 * Returns: %TRUE if messages can pass
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_client_join_finish (WherryClient *self, GAsyncResult *result, GError **error);
/**
 * wherry_client_leave_async:
 * @self: a client
 * @cancellable: (nullable): looked at when it has left: the leaving itself goes on
 * @callback: (scope async): called when the server has heard it
 * @user_data: for @callback
 *
 * Leaves for good, behind what was sent; some seconds at most. It may join again.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_client_leave_async (WherryClient *self, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
/**
 * wherry_client_leave_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location: %G_IO_ERROR_CANCELLED
 *
 * Ends [method@Client.leave_async].
 *
 * Returns: %TRUE if it has left
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_client_leave_finish (WherryClient *self, GAsyncResult *result, GError **error);
/**
 * wherry_client_create_data_channel:
 * @self: a client with a connection
 * @topic: the label
 * @init: (nullable): how it is to be; the default is reliable and ordered
 * @error: return location: %WHERRY_ERROR_CLOSED without a connection; those of
 *   [method@PeerConnection.create_data_channel]
 *
 * Opens a channel to send and hear on a topic.
 *
 * Returns: (transfer full): the channel, connecting
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryDataChannel *wherry_client_create_data_channel (WherryClient *self, const char *topic,
                                                      WherryDataChannelInit *init, GError **error);
/**
 * wherry_client_send_msg:
 * @self: a client
 * @json: a JSON object without the members `type` and `from`
 * @error: return location: %WHERRY_ERROR_INVALID_ARGUMENT, %WHERRY_ERROR_TOO_LARGE over 60 KiB,
 *   %WHERRY_ERROR_CLOSED without a signaling socket
 *
 * Sends a note to every member of the room, this one too, by way of signaling; see
 * [signal@Client::msg].
 *
 * Returns: %TRUE if it was sent
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_client_send_msg (WherryClient *self, const char *json, GError **error);
/**
 * wherry_client_send_signal:
 * @self: a client
 * @to: a member's id
 * @json: any JSON
 * @error: return location: as [method@Client.send_msg]'s
 *
 * Sends to one member by way of signaling, for a direct connection; see [signal@Client::signaled].
 *
 * Returns: %TRUE if it was sent
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_client_send_signal (WherryClient *self, const char *to, const char *json,
                                    GError **error);
/**
 * wherry_client_set_attributes:
 * @self: a client
 * @json: (nullable): a JSON object of at most 4 KiB; %NULL: none
 * @error: return location: %WHERRY_ERROR_INVALID_ARGUMENT, %WHERRY_ERROR_TOO_LARGE,
 *   %WHERRY_ERROR_CLOSED without a signaling socket: the others hear of it when it has joined again
 *
 * Says something about itself to everybody in the room, now and whenever it joins. They have it as
 * [property@Member:attributes]. The server may refuse it; see [signal@Client::notice].
 *
 * Returns: %TRUE if it was sent, or will be when it joins
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_client_set_attributes (WherryClient *self, const char *json, GError **error);
/**
 * wherry_client_get_attributes:
 * @self: a client
 *
 * Gets [property@Client:attributes].
 *
 * Returns: (nullable): a JSON object, as it was set last, here or by the server
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_client_get_attributes (WherryClient *self);
/**
 * wherry_client_set_will:
 * @self: a client
 * @topic: (nullable): the label; %NULL: none any more
 * @data: (nullable): at most 16 KiB; %NULL with @topic
 * @is_text: whether it is text
 * @error: return location: %WHERRY_ERROR_INVALID_ARGUMENT
 *
 * Gives the relay a message for the others, which it publishes from this member on the topic when
 * that vanishes: when its connection fails or the relay ends it, not when it leaves by itself. It
 * counts from the next time that it joins.
 *
 * Returns: %TRUE if it was taken
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_client_set_will (WherryClient *self, const char *topic, GBytes *data,
                                 gboolean is_text, GError **error);
/**
 * wherry_client_get_state:
 * @self: a client
 *
 * Gets [property@Client:state].
 *
 * Returns: whether it is there
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryClientState wherry_client_get_state (WherryClient *self);
/**
 * wherry_client_get_error:
 * @self: a client
 *
 * Gets what went wrong last.
 *
 * Returns: (transfer none) (nullable): why it failed, or what it is coming back from
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
const GError *wherry_client_get_error (WherryClient *self);
/**
 * wherry_client_get_id:
 * @self: a client
 *
 * Gets [property@Client:id].
 *
 * Returns: (nullable): its own id, as the others know it; another one after each reconnection that
 * was not resumed
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_client_get_id (WherryClient *self);
/**
 * wherry_client_get_members:
 * @self: a client
 *
 * Gets [property@Client:members].
 *
 * Returns: (transfer none): the others of the room, a list of [class@Member]
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
GListModel *wherry_client_get_members (WherryClient *self);
/**
 * wherry_client_get_connection:
 * @self: a client
 *
 * Gets [property@Client:connection].
 *
 * Returns: (transfer none) (nullable): the connection to the relay
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryPeerConnection *wherry_client_get_connection (WherryClient *self);
/**
 * wherry_client_get_transport:
 * @self: a client
 *
 * Gets [property@Client:transport].
 *
 * Returns: how its messages travel
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryClientTransport wherry_client_get_transport (WherryClient *self);

G_END_DECLS
