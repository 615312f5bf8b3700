/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-transport"

#include "config.h"

#include "transport/wherry-packet-transport.h"

G_DEFINE_INTERFACE (WherryPacketTransport, wherry_packet_transport, G_TYPE_OBJECT)

static void
wherry_packet_transport_default_init (WherryPacketTransportInterface *iface)
{
}

const char *
wherry_transport_state_to_string (WherryTransportState state)
{
  switch (state)
    {
    case WHERRY_TRANSPORT_NEW:
      return "new";
    case WHERRY_TRANSPORT_CONNECTING:
      return "connecting";
    case WHERRY_TRANSPORT_CONNECTED:
      return "connected";
    case WHERRY_TRANSPORT_DISCONNECTED:
      return "disconnected";
    case WHERRY_TRANSPORT_FAILED:
      return "failed";
    case WHERRY_TRANSPORT_CLOSED:
      return "closed";
    default:
      g_assert_not_reached ();
    }
}

void
wherry_packet_transport_set_events (WherryPacketTransport *self,
                                    const WherryPacketTransportEvents *events, gpointer user_data)
{
  g_assert (WHERRY_IS_PACKET_TRANSPORT (self));

  WHERRY_PACKET_TRANSPORT_GET_IFACE (self)->set_events (self, events, user_data);
}

gboolean
wherry_packet_transport_send (WherryPacketTransport *self, const GOutputVector *packets, guint n,
                              GError **error)
{
  g_assert (WHERRY_IS_PACKET_TRANSPORT (self));

  return WHERRY_PACKET_TRANSPORT_GET_IFACE (self)->send (self, packets, n, error);
}

WherryTransportState
wherry_packet_transport_get_state (WherryPacketTransport *self)
{
  g_assert (WHERRY_IS_PACKET_TRANSPORT (self));

  return WHERRY_PACKET_TRANSPORT_GET_IFACE (self)->get_state (self);
}

gsize
wherry_packet_transport_get_mtu (WherryPacketTransport *self)
{
  g_assert (WHERRY_IS_PACKET_TRANSPORT (self));

  return WHERRY_PACKET_TRANSPORT_GET_IFACE (self)->get_mtu (self);
}

void
wherry_packet_transport_close (WherryPacketTransport *self)
{
  g_assert (WHERRY_IS_PACKET_TRANSPORT (self));

  WHERRY_PACKET_TRANSPORT_GET_IFACE (self)->close (self);
}
