/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-transport"

#include "config.h"

#include "base/wherry-error.h"
#include "transport/wherry-packet-sink.h"

void
wherry_packet_sink_init (WherryPacketSink *self)
{
  self->events = NULL;
  self->user_data = NULL;
  self->closed = FALSE;
  wherry_early_queue_init (&self->early);
}

void
wherry_packet_sink_clear (WherryPacketSink *self)
{
  self->events = NULL;
  wherry_early_queue_clear (&self->early);
}

void
wherry_packet_sink_set_events (WherryPacketSink *self, const WherryPacketTransportEvents *events,
                               gpointer user_data)
{
  if (self->closed)
    return;
  self->events = events;
  self->user_data = user_data;

  /* A callback may set other events, or none, or close: look again each time. */
  while (self->events != NULL && self->events->packet != NULL)
    {
      g_autoptr (GBytes) packet = wherry_early_queue_pop (&self->early);
      gsize length;
      const guint8 *data;

      if (packet == NULL)
        break;
      data = g_bytes_get_data (packet, &length);
      self->events->packet (self->user_data, data, length);
    }
}

void
wherry_packet_sink_packet (WherryPacketSink *self, const guint8 *data, gsize length)
{
  if (self->closed)
    return;
  /* What is held goes first: a packet that comes in while a replay is under way waits behind it. */
  if (self->events == NULL || self->events->packet == NULL
      || !wherry_early_queue_is_empty (&self->early))
    wherry_early_queue_push (&self->early, data, length);
  else
    self->events->packet (self->user_data, data, length);
}

void
wherry_packet_sink_state (WherryPacketSink *self, WherryTransportState state, const GError *error)
{
  if (!self->closed && self->events != NULL && self->events->state != NULL)
    self->events->state (self->user_data, state, error);
}

void
wherry_packet_sink_close (WherryPacketSink *self)
{
  self->closed = TRUE;
  wherry_packet_sink_clear (self);
}

gboolean
wherry_packet_sink_check_send (const char *what, WherryTransportState state, gsize mtu,
                               const GOutputVector *packets, guint n, GError **error)
{
  if (state != WHERRY_TRANSPORT_CONNECTED)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "sending over %s that is %s", what,
                   wherry_transport_state_to_string (state));
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    if (packets[i].size > mtu)
      {
        g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE,
                     "packet of %" G_GSIZE_FORMAT " bytes over %s that takes %" G_GSIZE_FORMAT,
                     packets[i].size, what, mtu);
        return FALSE;
      }
  return TRUE;
}
