/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-ice-transport.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_DTLS_TRANSPORT (wherry_dtls_transport_get_type ())
/**
 * WherryDtlsTransport:
 *
 * The DTLS transport of a connection (W3C webrtc-pc section 5.5, RTCDtlsTransport). It belongs to
 * the thread of its connection, and stays as it was when that is closed or gone.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryDtlsTransport, wherry_dtls_transport, WHERRY, DTLS_TRANSPORT, GObject)

/**
 * wherry_dtls_transport_get_ice_transport:
 * @self: a DTLS transport
 *
 * Gets [property@DtlsTransport:ice-transport].
 *
 * Returns: (transfer none): what carries it (RTCDtlsTransport.iceTransport)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceTransport *wherry_dtls_transport_get_ice_transport (WherryDtlsTransport *self);
/**
 * wherry_dtls_transport_get_state:
 * @self: a DTLS transport
 *
 * Gets [property@DtlsTransport:state].
 *
 * Returns: its state (RTCDtlsTransport.state)
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryDtlsTransportState wherry_dtls_transport_get_state (WherryDtlsTransport *self);
/**
 * wherry_dtls_transport_get_remote_certificate:
 * @self: a DTLS transport
 *
 * Gets [property@DtlsTransport:remote-certificate].
 *
 * Returns: (transfer none) (nullable): the other side's certificate in DER form, of which there is
 *   one, once it was verified; its notify signal follows that of the state
 *   (RTCDtlsTransport.getRemoteCertificates())
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
GBytes *wherry_dtls_transport_get_remote_certificate (WherryDtlsTransport *self);

G_END_DECLS
