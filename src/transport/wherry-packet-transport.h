/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Something that carries packets: ICE over UDP, DTLS over ICE, a fake link in the tests.
 * Everything here belongs to one thread, the owner; events are called on it. */

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  WHERRY_TRANSPORT_NEW,
  WHERRY_TRANSPORT_CONNECTING,
  WHERRY_TRANSPORT_CONNECTED,
  WHERRY_TRANSPORT_DISCONNECTED, /* was connected, may come back (ICE) */
  WHERRY_TRANSPORT_FAILED,       /* final: error says why */
  WHERRY_TRANSPORT_CLOSED,       /* final: closed by us or, in order, by the other side */
} WherryTransportState;

const char *wherry_transport_state_to_string (WherryTransportState state);

#define WHERRY_TYPE_PACKET_TRANSPORT (wherry_packet_transport_get_type ())
G_DECLARE_INTERFACE (WherryPacketTransport, wherry_packet_transport, WHERRY, PACKET_TRANSPORT,
                     GObject)

/* A callback may call back into the transport, close() included; the implementation holds a
 * reference to itself over each call. */
typedef struct
{
  /* One packet in, as it came; data is valid during the call. */
  void (*packet) (gpointer user_data, const guint8 *data, gsize length);
  /* The state changed; error is set for FAILED, and for CLOSED when the other side closed. */
  void (*state) (gpointer user_data, WherryTransportState state, const GError *error);
} WherryPacketTransportEvents;

struct _WherryPacketTransportInterface
{
  GTypeInterface parent_iface;

  void (*set_events) (WherryPacketTransport *self, const WherryPacketTransportEvents *events,
                      gpointer user_data);
  gboolean (*send) (WherryPacketTransport *self, const GOutputVector *packets, guint n,
                    GError **error);
  WherryTransportState (*get_state) (WherryPacketTransport *self);
  gsize (*get_mtu) (WherryPacketTransport *self);
  void (*close) (WherryPacketTransport *self);
};

/* events: a static structure, or NULL to be told nothing more. Packets that come before events are
 * set are held, capped by WHERRY_EARLY_*, and replayed. */
void wherry_packet_transport_set_events (WherryPacketTransport *self,
                                         const WherryPacketTransportEvents *events,
                                         gpointer user_data);
/* Packets of at most get_mtu() bytes. Unreliable: a packet that the system does not take now is
 * lost without error. WHERRY_ERROR_CLOSED before connected or after the end;
 * WHERRY_ERROR_TOO_LARGE. */
gboolean wherry_packet_transport_send (WherryPacketTransport *self, const GOutputVector *packets,
                                       guint n, GError **error);
WherryTransportState wherry_packet_transport_get_state (WherryPacketTransport *self);
gsize wherry_packet_transport_get_mtu (WherryPacketTransport *self);
/* At once; tells the other side if the protocol can (DTLS close_notify). No event follows. Does not
 * close the transport below. */
void wherry_packet_transport_close (WherryPacketTransport *self);

G_END_DECLS
