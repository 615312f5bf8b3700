/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-dtls-transport.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_SCTP_TRANSPORT (wherry_sctp_transport_get_type ())
/**
 * WherrySctpTransport:
 *
 * The SCTP transport of a connection (W3C webrtc-pc section 6.1, RTCSctpTransport). It belongs to
 * the thread of its connection, and stays as it was when that is closed or gone.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherrySctpTransport, wherry_sctp_transport, WHERRY, SCTP_TRANSPORT, GObject)

/**
 * wherry_sctp_transport_get_transport:
 * @self: an SCTP transport
 *
 * Gets [property@SctpTransport:transport].
 *
 * Returns: (transfer none): what carries it (RTCSctpTransport.transport)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryDtlsTransport *wherry_sctp_transport_get_transport (WherrySctpTransport *self);
/**
 * wherry_sctp_transport_get_state:
 * @self: an SCTP transport
 *
 * Gets [property@SctpTransport:state].
 *
 * Returns: its state (RTCSctpTransport.state)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherrySctpTransportState wherry_sctp_transport_get_state (WherrySctpTransport *self);
/**
 * wherry_sctp_transport_get_max_message_size:
 * @self: an SCTP transport
 *
 * Gets [property@SctpTransport:max-message-size].
 *
 * Returns: the largest message, in bytes, that the other side takes; %G_MAXUINT64 when it takes any
 *   (RTCSctpTransport.maxMessageSize)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
guint64 wherry_sctp_transport_get_max_message_size (WherrySctpTransport *self);
/**
 * wherry_sctp_transport_get_max_channels:
 * @self: an SCTP transport
 *
 * Gets [property@SctpTransport:max-channels].
 *
 * Returns: how many channels there may be at once, or 0 before it is connected
 *   (RTCSctpTransport.maxChannels)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
guint wherry_sctp_transport_get_max_channels (WherrySctpTransport *self);

G_END_DECLS
