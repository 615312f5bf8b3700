/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-transport"

#include "config.h"

#include "transport/wherry-stream-transport.h"

G_DEFINE_INTERFACE (WherryStreamTransport, wherry_stream_transport, G_TYPE_OBJECT)

static void
wherry_stream_transport_default_init (WherryStreamTransportInterface *iface)
{
}

void
wherry_stream_transport_set_events (WherryStreamTransport *self,
                                    const WherryStreamTransportEvents *events, gpointer user_data)
{
  WHERRY_STREAM_TRANSPORT_GET_IFACE (self)->set_events (self, events, user_data);
}

WherryTransportState
wherry_stream_transport_get_state (WherryStreamTransport *self)
{
  return WHERRY_STREAM_TRANSPORT_GET_IFACE (self)->get_state (self);
}

WherrySendResult
wherry_stream_transport_send (WherryStreamTransport *self, guint16 stream,
                              const WherrySendOptions *options, WherryMessage *message)
{
  return WHERRY_STREAM_TRANSPORT_GET_IFACE (self)->send (self, stream, options, message);
}

guint
wherry_stream_transport_get_n_streams (WherryStreamTransport *self)
{
  return WHERRY_STREAM_TRANSPORT_GET_IFACE (self)->get_n_streams (self);
}

gboolean
wherry_stream_transport_ensure_streams (WherryStreamTransport *self, guint n)
{
  return WHERRY_STREAM_TRANSPORT_GET_IFACE (self)->ensure_streams (self, n);
}

void
wherry_stream_transport_reset_stream (WherryStreamTransport *self, guint16 stream)
{
  WHERRY_STREAM_TRANSPORT_GET_IFACE (self)->reset_stream (self, stream);
}

void
wherry_stream_transport_set_paused (WherryStreamTransport *self, gboolean paused)
{
  WHERRY_STREAM_TRANSPORT_GET_IFACE (self)->set_paused (self, paused);
}

void
wherry_stream_transport_drain (WherryStreamTransport *self)
{
  WherryStreamTransportInterface *iface = WHERRY_STREAM_TRANSPORT_GET_IFACE (self);

  if (iface->drain != NULL)
    iface->drain (self);
  else
    iface->set_paused (self, FALSE);
}

gsize
wherry_stream_transport_get_buffered (WherryStreamTransport *self)
{
  return WHERRY_STREAM_TRANSPORT_GET_IFACE (self)->get_buffered (self);
}

gboolean
wherry_stream_transport_is_interleaving (WherryStreamTransport *self)
{
  WherryStreamTransportInterface *iface = WHERRY_STREAM_TRANSPORT_GET_IFACE (self);

  return iface->is_interleaving != NULL && iface->is_interleaving (self);
}

void
wherry_stream_transport_cork (WherryStreamTransport *self)
{
  WHERRY_STREAM_TRANSPORT_GET_IFACE (self)->cork (self);
}

void
wherry_stream_transport_uncork (WherryStreamTransport *self)
{
  WHERRY_STREAM_TRANSPORT_GET_IFACE (self)->uncork (self);
}

void
wherry_stream_transport_close (WherryStreamTransport *self)
{
  WHERRY_STREAM_TRANSPORT_GET_IFACE (self)->close (self);
}
