/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-enums.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_DATA_CHANNEL_INIT (wherry_data_channel_init_get_type ())
/**
 * WherryDataChannelInit:
 * @ordered: whether messages arrive in the order of sending; default %TRUE
 * @max_packet_life_time: milliseconds for which a message is sent again, 0 to 65535; -1: not
 * limited
 * @max_retransmits: how often a message is sent again, 0 to 65535; -1: not limited
 * @negotiated: whether both sides make the channel with the same @id, and nothing is sent to open
 * it
 * @id: the stream, 0 to 65534, when @negotiated; -1: chosen
 * @priority: against the other channels of the connection
 *
 * How a data channel is to be (W3C webrtc-pc, RTCDataChannelInit). At most one of
 * @max_packet_life_time and @max_retransmits may be given. Its subprotocol, which is a string and
 * so has an owner, is set with [method@DataChannelInit.set_protocol].
 */
typedef struct _WherryDataChannelInit WherryDataChannelInit;
struct _WherryDataChannelInit
{
  gboolean ordered;
  int max_packet_life_time;
  int max_retransmits;
  gboolean negotiated;
  int id;
  WherryPriority priority;
  /*< private >*/
  char *protocol;
};

WHERRY_AVAILABLE_IN_0_1
GType wherry_data_channel_init_get_type (void) G_GNUC_CONST;
/**
 * wherry_data_channel_init_new:
 *
 * Makes one to be changed.
 *
 * Returns: (transfer full): one with the default values: reliable, ordered, opened in band
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
WherryDataChannelInit *wherry_data_channel_init_new (void);
/**
 * wherry_data_channel_init_set_protocol:
 * @self: an init
 * @protocol: (nullable): its name, at most 65535 bytes of UTF-8; copied; %NULL is ""
 *
 * Sets the subprotocol (RTCDataChannelInit.protocol), which is "" otherwise.
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_data_channel_init_set_protocol (WherryDataChannelInit *self, const char *protocol);
/**
 * wherry_data_channel_init_get_protocol:
 * @self: an init
 *
 * Gets the subprotocol.
 *
 * Returns: (transfer none): its name, or ""
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_data_channel_init_get_protocol (const WherryDataChannelInit *self);
/**
 * wherry_data_channel_init_copy:
 * @self: an init
 *
 * Copies it.
 *
 * Returns: (transfer full): a copy
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
WherryDataChannelInit *wherry_data_channel_init_copy (const WherryDataChannelInit *self);
/**
 * wherry_data_channel_init_free:
 * @self: an init
 *
 * Frees it.
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_data_channel_init_free (WherryDataChannelInit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryDataChannelInit, wherry_data_channel_init_free)

#define WHERRY_TYPE_DATA_CHANNEL (wherry_data_channel_get_type ())
/**
 * WherryDataChannel:
 *
 * A channel for messages between two peers (W3C webrtc-pc section 6.2, RTCDataChannel).
 *
 * Signals arrive on the main context that was the thread's default one where its connection was
 * made, and only there. Messages that come before a handler of [signal@DataChannel::message] is
 * connected are held, and told from the main loop once there is one. After
 * [method@DataChannel.close] and after its connection was closed, no message is told.
 *
 * All methods belong to the thread of that context; the last reference may be dropped anywhere. The
 * connection holds a reference while the channel is not closed, and the channel holds none to the
 * connection: when that is gone, the channel is closed.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryDataChannel, wherry_data_channel, WHERRY, DATA_CHANNEL, GObject)

/* attributes */
/**
 * wherry_data_channel_get_label:
 * @self: a channel
 *
 * Gets [property@DataChannel:label].
 *
 * Returns: its name, not unique (RTCDataChannel.label)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_data_channel_get_label (WherryDataChannel *self);
/**
 * wherry_data_channel_get_ordered:
 * @self: a channel
 *
 * Gets [property@DataChannel:ordered].
 *
 * Returns: whether messages arrive in the order of sending (RTCDataChannel.ordered)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_data_channel_get_ordered (WherryDataChannel *self);
/**
 * wherry_data_channel_get_max_packet_life_time:
 * @self: a channel
 *
 * Gets [property@DataChannel:max-packet-life-time].
 *
 * Returns: milliseconds, or -1 when it is not limited
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
int wherry_data_channel_get_max_packet_life_time (WherryDataChannel *self);
/**
 * wherry_data_channel_get_max_retransmits:
 * @self: a channel
 *
 * Gets [property@DataChannel:max-retransmits].
 *
 * Returns: retransmissions, or -1 when they are not limited
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
int wherry_data_channel_get_max_retransmits (WherryDataChannel *self);
/**
 * wherry_data_channel_get_protocol:
 * @self: a channel
 *
 * Gets [property@DataChannel:protocol].
 *
 * Returns: the subprotocol, or "" (RTCDataChannel.protocol)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_data_channel_get_protocol (WherryDataChannel *self);
/**
 * wherry_data_channel_get_negotiated:
 * @self: a channel
 *
 * Gets [property@DataChannel:negotiated].
 *
 * Returns: whether both sides made it with the same id (RTCDataChannel.negotiated)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_data_channel_get_negotiated (WherryDataChannel *self);
/**
 * wherry_data_channel_get_id:
 * @self: a channel
 *
 * Gets [property@DataChannel:id].
 *
 * Returns: the SCTP stream, 0 to 65534, or -1 while it is not chosen (before the DTLS role is
 *   settled)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
int wherry_data_channel_get_id (WherryDataChannel *self);
/**
 * wherry_data_channel_get_priority:
 * @self: a channel
 *
 * Gets [property@DataChannel:priority].
 *
 * Returns: against the other channels of the connection (RTCDataChannel.priority)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryPriority wherry_data_channel_get_priority (WherryDataChannel *self);
/**
 * wherry_data_channel_get_ready_state:
 * @self: a channel
 *
 * Gets [property@DataChannel:ready-state].
 *
 * Returns: its state (RTCDataChannel.readyState)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryDataChannelState wherry_data_channel_get_ready_state (WherryDataChannel *self);
/**
 * wherry_data_channel_get_buffered_amount:
 * @self: a channel
 *
 * Payload bytes that were given to the send functions and not yet to the network (W3C webrtc-pc,
 * bufferedAmount). It does not go back to 0 when the channel closes.
 *
 * Returns: bytes
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
guint64 wherry_data_channel_get_buffered_amount (WherryDataChannel *self);
/**
 * wherry_data_channel_get_buffered_amount_low_threshold:
 * @self: a channel
 *
 * RTCDataChannel.bufferedAmountLowThreshold: see
 * [property@DataChannel:buffered-amount-low-threshold].
 *
 * Returns: bytes; 0 by default
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
guint64 wherry_data_channel_get_buffered_amount_low_threshold (WherryDataChannel *self);
/**
 * wherry_data_channel_set_buffered_amount_low_threshold:
 * @self: a channel
 * @bytes: when the buffered amount falls to it or below,
 *   [signal@DataChannel::buffered-amount-low] is emitted
 *
 * Sets [property@DataChannel:buffered-amount-low-threshold].
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_data_channel_set_buffered_amount_low_threshold (WherryDataChannel *self, guint64 bytes);

/* sending */
/**
 * wherry_data_channel_send_text:
 * @self: a channel
 * @text: valid UTF-8
 * @error: return location
 *
 * Sends a text message, as far as the buffer has room: see
 * [property@Configuration:send-buffer-limit].
 *
 * Sends that wait for room ([method@DataChannel.send_text_async]) come first: behind one of them it
 * does not fit.
 *
 * Fails at once, and sends nothing of it, with %WHERRY_ERROR_CLOSED when the channel is not open
 * (W3C: InvalidStateError), %WHERRY_ERROR_TOO_LARGE over the remote's max-message-size (W3C:
 * TypeError), %WHERRY_ERROR_WOULD_BLOCK when it does not fit the buffer (W3C: OperationError).
 *
 * Returns: %TRUE if it was taken
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_data_channel_send_text (WherryDataChannel *self, const char *text, GError **error);
/**
 * wherry_data_channel_send_bytes:
 * @self: a channel
 * @bytes: the payload, may be empty; not copied
 * @error: return location
 *
 * Sends a binary message. Fails as [method@DataChannel.send_text].
 *
 * Returns: %TRUE if it was taken
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_data_channel_send_bytes (WherryDataChannel *self, GBytes *bytes, GError **error);
/**
 * wherry_data_channel_send_text_async:
 * @self: a channel
 * @text: valid UTF-8; copied
 * @cancellable: (nullable): cancels it while it waits
 * @callback: (scope async): called when it was taken
 * @user_data: for @callback
 *
 * Sends a text message once the buffer has room for it, in the order of the calls: who sends the
 * next one from @callback never waits by a timer and never holds more than the buffer.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_data_channel_send_text_async (WherryDataChannel *self, const char *text,
                                          GCancellable *cancellable, GAsyncReadyCallback callback,
                                          gpointer user_data);
/**
 * wherry_data_channel_send_text_finish:
 * @self: a channel
 * @result: what the callback got
 * @error: return location: %WHERRY_ERROR_CLOSED when it was closed before there was room,
 *   %WHERRY_ERROR_TOO_LARGE, %WHERRY_ERROR_INVALID_ARGUMENT for text that is no UTF-8,
 *   %G_IO_ERROR_CANCELLED
 *
 * Finishes [method@DataChannel.send_text_async].
 *
 * Returns: %TRUE if it was taken
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_data_channel_send_text_finish (WherryDataChannel *self, GAsyncResult *result,
                                               GError **error);
/**
 * wherry_data_channel_send_bytes_async:
 * @self: a channel
 * @bytes: the payload; not copied
 * @cancellable: (nullable): cancels it while it waits
 * @callback: (scope async): called when it was taken
 * @user_data: for @callback
 *
 * As [method@DataChannel.send_text_async], for a binary message.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_data_channel_send_bytes_async (WherryDataChannel *self, GBytes *bytes,
                                           GCancellable *cancellable, GAsyncReadyCallback callback,
                                           gpointer user_data);
/**
 * wherry_data_channel_send_bytes_finish:
 * @self: a channel
 * @result: what the callback got
 * @error: return location: %WHERRY_ERROR_CLOSED when it was closed before there was room,
 *   %WHERRY_ERROR_TOO_LARGE, %WHERRY_ERROR_INVALID_ARGUMENT for text that is no UTF-8,
 *   %G_IO_ERROR_CANCELLED
 *
 * Finishes [method@DataChannel.send_bytes_async].
 *
 * Returns: %TRUE if it was taken
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_data_channel_send_bytes_finish (WherryDataChannel *self, GAsyncResult *result,
                                                GError **error);

/**
 * wherry_data_channel_close:
 * @self: a channel
 *
 * Begins to close it: what was sent still goes out, then the stream is reset (RFC 8831 section
 * 6.7), and [signal@DataChannel::closed] follows. Does nothing when it is closing or closed.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_data_channel_close (WherryDataChannel *self);

/**
 * wherry_data_channel_get_stream:
 * @self: a channel whose messages nobody else takes
 *
 * A stream over the channel. Each write becomes one binary message, or several where it is larger
 * than the remote's max-message-size; a read gives what is left of one message and never joins two.
 * Empty messages are skipped in reading. Messages that wait for it are held for the stream from
 * then on, and the signal is not emitted any more.
 *
 * Closing the output closes the channel, both ways, and has ended when all that was written has
 * arrived; the input ends when the other side closes, and fails with
 * %G_IO_ERROR_CONNECTION_CLOSED when the connection ended otherwise. Closing the input drops what
 * comes. Letting go of the stream closes both, and nobody waits for it.
 *
 * Nothing blocks in its asynchronous calls, and both halves are pollable. Its other calls run the
 * main context where they are made on the thread of the channel, and on another thread wait for
 * that one to run it; so do splices from and to files. There is one stream for a channel.
 *
 * Returns: (transfer full): the stream
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
GIOStream *wherry_data_channel_get_stream (WherryDataChannel *self);

G_END_DECLS
