/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-dtls"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "dtls/wherry-dtls-filter.h"
#include "dtls/wherry-dtls-session-private.h"

static void
read_records (WherryDtlsSession *self)
{
  guint8 record[WHERRY_DATAGRAM_MAX];

  for (guint i = 0; i < WHERRY_DTLS_STEPS_MAX && self->state == WHERRY_TRANSPORT_CONNECTED; i++)
    {
      ssize_t result = wherry_dtls_engine_receive (self->engine, record, sizeof record);

      if (result > 0)
        wherry_packet_sink_packet (&self->sink, record, (gsize) result);
      else if (result == 0 || gnutls_error_is_fatal ((int) result))
        wherry_dtls_session_fail (self, (int) result);
      /* RFC 8827 section 6.5 has no use for renegotiation: refuse it, go on. */
      else if (result == GNUTLS_E_REHANDSHAKE)
        wherry_dtls_engine_alert (self->engine, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
      else if (result == GNUTLS_E_AGAIN && !wherry_dtls_engine_has_input (self->engine))
        break;
    }
}

/* One datagram, or none when the timer fired. */
static void
step (WherryDtlsSession *self, const guint8 *data, gsize length)
{
  wherry_dtls_engine_set_input (self->engine, data, length);
  if (self->state == WHERRY_TRANSPORT_CONNECTING)
    wherry_dtls_session_step_handshake (self);
  if (self->state == WHERRY_TRANSPORT_CONNECTED)
    read_records (self);
  wherry_dtls_engine_set_input (self->engine, NULL, 0);
  wherry_counter_add (WHERRY_COUNTER_DTLS_BAD_PACKETS,
                      wherry_dtls_engine_take_discarded (self->engine));
}

void
wherry_dtls_session_feed (WherryDtlsSession *self, const guint8 *data, gsize length)
{
  g_object_ref (self);
  self->busy = TRUE;
  step (self, data, length);
  while (!wherry_dtls_session_is_over (self))
    {
      g_autoptr (GBytes) packet = wherry_early_queue_pop (&self->held);
      gsize size;
      const guint8 *bytes;

      if (packet == NULL)
        break;
      bytes = g_bytes_get_data (packet, &size);
      step (self, bytes, size);
    }
  self->busy = FALSE;
  g_object_unref (self);
}

void
wherry_dtls_session_lower_packet (gpointer user_data, const guint8 *data, gsize length)
{
  WherryDtlsSession *self = user_data;

  WHERRY_ASSERT_OWNER (self);

  if (wherry_dtls_session_is_over (self))
    return;
  self->traffic.packets_received++;
  self->traffic.bytes_received += length;
  if (length > WHERRY_DATAGRAM_MAX || !wherry_dtls_filter_datagram (data, length))
    wherry_counter_inc (WHERRY_COUNTER_DTLS_BAD_PACKETS);
  else if (self->engine == NULL || self->busy || wherry_dtls_engine_is_inside (self->engine))
    wherry_early_queue_push (&self->held, data, length);
  else
    wherry_dtls_session_feed (self, data, length);
}

gboolean
wherry_dtls_session_send (WherryPacketTransport *transport, const GOutputVector *packets, guint n,
                          GError **error)
{
  WherryDtlsSession *self = WHERRY_DTLS_SESSION (transport);

  WHERRY_ASSERT_OWNER (self);

  /* GnuTLS would say EMSGSIZE, and the packet would be gone for good: whoever sends must know. */
  if (!wherry_packet_sink_check_send ("DTLS", self->state, self->data_mtu, packets, n, error))
    return FALSE;
  g_object_ref (self);
  for (guint i = 0; i < n && self->state == WHERRY_TRANSPORT_CONNECTED; i++)
    {
      ssize_t result;

      if (packets[i].size == 0)
        continue;
      result = wherry_dtls_engine_send (self->engine, packets[i].buffer, packets[i].size);
      if (result < 0 && gnutls_error_is_fatal ((int) result))
        wherry_dtls_session_fail (self, (int) result);
    }
  wherry_dtls_engine_flush (self->engine);
  g_object_unref (self);
  return TRUE;
}
