/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-client.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_CLIENT_CHANNEL (wherry_client_channel_get_type ())
/**
 * WherryClientChannel:
 *
 * A client's channel on a topic of its room, which outlives the connection under it: it stays open
 * while the client comes back, and with [property@Client:resume] nothing is lost and nothing comes
 * twice by that, if it is reliable and ordered. Its messages say who sent them, and can be for one
 * member.
 *
 * It belongs to its client's thread, and is kept until it is closed.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryClientChannel, wherry_client_channel, WHERRY, CLIENT_CHANNEL, GObject)

/**
 * wherry_client_open_channel:
 * @self: a client
 * @topic: the label
 * @init: (nullable): how it is to be; the default is reliable and ordered
 * @error: return location: %WHERRY_ERROR_INVALID_ARGUMENT for a topic that cannot be, or a
 *   negotiated channel
 *
 * Opens a channel to send and hear on a topic, now or when the client has joined, and again after
 * each reconnection.
 *
 * Returns: (transfer full): the channel, connecting
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryClientChannel *wherry_client_open_channel (WherryClient *self, const char *topic,
                                                 WherryDataChannelInit *init, GError **error);
/**
 * wherry_client_channel_get_topic:
 * @self: a channel
 *
 * Gets [property@ClientChannel:topic].
 *
 * Returns: the label
 *
 * Thread: the client's
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_client_channel_get_topic (WherryClientChannel *self);
/**
 * wherry_client_channel_get_mirrored:
 * @self: a channel
 *
 * Tells whether the relay opened it, because others send on its topic.
 *
 * Returns: %TRUE for one of [signal@Client::channel]
 *
 * Thread: the client's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_client_channel_get_mirrored (WherryClientChannel *self);
/**
 * wherry_client_channel_get_ready_state:
 * @self: a channel
 *
 * Gets [property@ClientChannel:ready-state].
 *
 * Returns: whether messages can be sent
 *
 * Thread: the client's
 */
WHERRY_AVAILABLE_IN_0_1
WherryDataChannelState wherry_client_channel_get_ready_state (WherryClientChannel *self);
/**
 * wherry_client_channel_get_buffered_amount:
 * @self: a channel
 *
 * Counts what was sent and has not gone to the network yet.
 *
 * Returns: bytes
 *
 * Thread: the client's
 */
WHERRY_AVAILABLE_IN_0_1
guint64 wherry_client_channel_get_buffered_amount (WherryClientChannel *self);
/**
 * wherry_client_channel_send_text:
 * @self: a channel
 * @text: valid UTF-8
 * @to: (nullable): a member's id, for that one alone; %NULL: for everybody
 * @error: return location
 *
 * Sends a text message. While the client comes back it waits here.
 *
 * Fails with %WHERRY_ERROR_CLOSED when the channel is not open, %WHERRY_ERROR_TOO_LARGE,
 * %WHERRY_ERROR_WOULD_BLOCK when 4 MiB wait (see [signal@ClientChannel::drained]),
 * %WHERRY_ERROR_INVALID_ARGUMENT for text that is no UTF-8 and an id that is none,
 * %WHERRY_ERROR_UNSUPPORTED for one member when the server cannot do that, or
 * [property@Client:resume] is %FALSE.
 *
 * Returns: %TRUE if it was taken
 *
 * Thread: the client's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_client_channel_send_text (WherryClientChannel *self, const char *text,
                                          const char *to, GError **error);
/**
 * wherry_client_channel_send_bytes:
 * @self: a channel
 * @bytes: the payload, may be empty; not copied
 * @to: (nullable): a member's id, for that one alone; %NULL: for everybody
 * @error: return location
 *
 * Sends a binary message. Fails as [method@ClientChannel.send_text].
 *
 * Returns: %TRUE if it was taken
 *
 * Thread: the client's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_client_channel_send_bytes (WherryClientChannel *self, GBytes *bytes, const char *to,
                                           GError **error);
/**
 * wherry_client_channel_close:
 * @self: a channel
 *
 * Closes it for good, behind what was sent on it.
 *
 * Thread: the client's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_client_channel_close (WherryClientChannel *self);

G_END_DECLS
