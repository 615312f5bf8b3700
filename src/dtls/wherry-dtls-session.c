/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-dtls"

#include "config.h"

#include "base/wherry-clock.h"
#include "base/wherry-error.h"
#include "dtls/wherry-dtls-session-private.h"

/* AES-GCM: 13 bytes header (RFC 6347 section 4.1), 8 explicit nonce, 16 tag (RFC 5288 section 3).
 */
#define RECORD_OVERHEAD 37u

static void wherry_dtls_session_iface_init (WherryPacketTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryDtlsSession, wherry_dtls_session, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WHERRY_TYPE_PACKET_TRANSPORT,
                                                      wherry_dtls_session_iface_init))

gboolean
wherry_dtls_session_is_over (WherryDtlsSession *self)
{
  return self->state == WHERRY_TRANSPORT_FAILED || self->state == WHERRY_TRANSPORT_CLOSED;
}

void
wherry_dtls_session_tell_state (WherryDtlsSession *self, WherryTransportState state,
                                const GError *error)
{
  if (self->state_func != NULL)
    self->state_func (self->state_data, state, error);
  if (self->state == state)
    wherry_packet_sink_state (&self->sink, state, error);
}

void
wherry_dtls_session_end (WherryDtlsSession *self, WherryTransportState state, const GError *error)
{
  if (wherry_dtls_session_is_over (self))
    return;
  self->state = state;
  wherry_clock_clear_source (&self->timer);
  wherry_early_queue_clear (&self->held);
  g_object_ref (self);
  wherry_packet_transport_set_events (self->lower, NULL, NULL);
  if (error != NULL)
    wherry_info (&self->log, "DTLS %s: %s", wherry_transport_state_to_string (state),
                 error->message);
  wherry_dtls_session_tell_state (self, state, error);
  g_object_unref (self);
}

void
wherry_dtls_session_fail (WherryDtlsSession *self, int result)
{
  g_autoptr (GError) error = wherry_dtls_engine_fail (self->engine, result);

  wherry_dtls_session_end (self, result == 0 ? WHERRY_TRANSPORT_CLOSED : WHERRY_TRANSPORT_FAILED,
                           error);
}

static void
on_lower_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  WherryDtlsSession *self = user_data;

  WHERRY_ASSERT_OWNER (self);

  /* DISCONNECTED passes by: packets are lost meanwhile, and the keys stay good. */
  self->lower_connected = state == WHERRY_TRANSPORT_CONNECTED;
  if (state == WHERRY_TRANSPORT_FAILED || state == WHERRY_TRANSPORT_CLOSED)
    wherry_dtls_session_end (self, state, error);
  else
    wherry_dtls_session_maybe_start (self);
}

static const WherryPacketTransportEvents lower_events = {
  .packet = wherry_dtls_session_lower_packet,
  .state = on_lower_state,
};

static void
wherry_dtls_session_set_events (WherryPacketTransport *transport,
                                const WherryPacketTransportEvents *events, gpointer user_data)
{
  WherryDtlsSession *self = WHERRY_DTLS_SESSION (transport);

  WHERRY_ASSERT_OWNER (self);

  g_object_ref (self);
  wherry_packet_sink_set_events (&self->sink, events, user_data);
  g_object_unref (self);
}

static gsize
wherry_dtls_session_get_mtu (WherryPacketTransport *transport)
{
  WherryDtlsSession *self = WHERRY_DTLS_SESSION (transport);

  if (self->data_mtu != 0)
    return self->data_mtu;
  return wherry_packet_transport_get_mtu (self->lower) - RECORD_OVERHEAD;
}

static WherryTransportState
wherry_dtls_session_get_state (WherryPacketTransport *transport)
{
  return WHERRY_DTLS_SESSION (transport)->state;
}

static void
wherry_dtls_session_close (WherryPacketTransport *transport)
{
  WherryDtlsSession *self = WHERRY_DTLS_SESSION (transport);

  WHERRY_ASSERT_OWNER (self);

  g_object_ref (self);
  /* close_notify, without waiting for theirs (RFC 5246 section 7.2.1). */
  if (!wherry_dtls_session_is_over (self) && self->engine != NULL
      && !wherry_dtls_engine_is_inside (self->engine))
    {
      if (self->state == WHERRY_TRANSPORT_CONNECTED)
        wherry_dtls_engine_bye (self->engine);
      else if (wherry_dtls_engine_has_sent (self->engine))
        wherry_dtls_engine_alert (self->engine, GNUTLS_AL_FATAL, GNUTLS_A_USER_CANCELED);
    }
  wherry_packet_sink_close (&self->sink);
  self->state_func = NULL;
  wherry_dtls_session_end (self, WHERRY_TRANSPORT_CLOSED, NULL);
  self->state = WHERRY_TRANSPORT_CLOSED;
  g_object_unref (self);
}

static void
wherry_dtls_session_iface_init (WherryPacketTransportInterface *iface)
{
  iface->set_events = wherry_dtls_session_set_events;
  iface->send = wherry_dtls_session_send;
  iface->get_state = wherry_dtls_session_get_state;
  iface->get_mtu = wherry_dtls_session_get_mtu;
  iface->close = wherry_dtls_session_close;
}

static void
wherry_dtls_session_dispose (GObject *object)
{
  WherryDtlsSession *self = WHERRY_DTLS_SESSION (object);

  if (!wherry_dtls_session_is_over (self) && self->lower != NULL)
    wherry_dtls_session_close (WHERRY_PACKET_TRANSPORT (self));
  G_OBJECT_CLASS (wherry_dtls_session_parent_class)->dispose (object);
}

static void
wherry_dtls_session_finalize (GObject *object)
{
  WherryDtlsSession *self = WHERRY_DTLS_SESSION (object);

  wherry_clock_clear_source (&self->timer);
  g_clear_pointer (&self->engine, wherry_dtls_engine_free);
  wherry_packet_sink_clear (&self->sink);
  wherry_early_queue_clear (&self->held);
  g_clear_pointer (&self->fingerprints, g_array_unref);
  g_clear_pointer (&self->certificate, wherry_dtls_certificate_unref);
  g_clear_object (&self->lower);
  g_clear_pointer (&self->context, g_main_context_unref);
  wherry_log_context_clear (&self->log);
  G_OBJECT_CLASS (wherry_dtls_session_parent_class)->finalize (object);
}

static void
wherry_dtls_session_class_init (WherryDtlsSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = wherry_dtls_session_dispose;
  object_class->finalize = wherry_dtls_session_finalize;
}

static void
wherry_dtls_session_init (WherryDtlsSession *self)
{
  wherry_packet_sink_init (&self->sink);
  wherry_early_queue_init (&self->held);
}

WherryDtlsSession *
wherry_dtls_session_new (WherryDtlsCertificate *certificate, WherryPacketTransport *lower,
                         GMainContext *context, const WherryLogContext *log)
{
  WherryDtlsSession *self = g_object_new (WHERRY_TYPE_DTLS_SESSION, NULL);

  wherry_owner_init (&self->owner);
  self->certificate = wherry_dtls_certificate_ref (certificate);
  self->lower = g_object_ref (lower);
  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());
  wherry_log_context_copy (&self->log, log);
  self->lower_connected = wherry_packet_transport_get_state (lower) == WHERRY_TRANSPORT_CONNECTED;
  wherry_packet_transport_set_events (lower, &lower_events, self);
  return self;
}

void
wherry_dtls_session_set_state_func (WherryDtlsSession *self, WherryDtlsStateFunc func,
                                    gpointer user_data)
{
  WHERRY_ASSERT_OWNER (self);

  self->state_func = func;
  self->state_data = user_data;
}

WherryDtlsTraffic
wherry_dtls_session_get_traffic (WherryDtlsSession *self)
{
  return self->traffic;
}

const char *
wherry_dtls_session_get_cipher_suite (WherryDtlsSession *self)
{
  if (self->state != WHERRY_TRANSPORT_CONNECTED)
    return NULL;
  return wherry_dtls_engine_get_cipher_suite (self->engine);
}

GBytes *
wherry_dtls_session_get_remote_certificate (WherryDtlsSession *self)
{
  return self->engine != NULL ? wherry_dtls_engine_get_remote_certificate (self->engine) : NULL;
}
