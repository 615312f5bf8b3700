/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-dtls"

#include "config.h"

#include "base/wherry-clock.h"
#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-owner.h"
#include "dtls/wherry-certificate-internal.h"
#include "dtls/wherry-dtls-engine.h"
#include "dtls/wherry-dtls-filter.h"
#include "dtls/wherry-dtls-session.h"
#include "transport/wherry-packet-sink.h"

/* AES-GCM: 13 bytes header (RFC 6347 section 4.1), 8 explicit nonce, 16 tag (RFC 5288 section 3).
 */
#define RECORD_OVERHEAD 37u
/* Calls of GnuTLS for one datagram: each takes at least a message, a record or an alert from it. */
#define STEPS_MAX 256u

struct _WherryDtlsSession
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  WherryCertificate *certificate;
  WherryPacketTransport *lower;
  GMainContext *context;
  WherryLogContext log;
  /* peer thread only */
  WherryOwner owner;
  WherryPacketSink sink;
  WherryTransportState state;
  WherryDtlsEngine *engine; /* NULL until the handshake starts; lives until finalize, because the
                               end may come from inside one of its calls */
  gboolean have_remote;
  WherryDtlsRole role;
  GArray *fingerprints; /* of WherryFingerprint */
  GSource *timer;
  gsize data_mtu; /* 0 until connected */
  gboolean lower_connected;
  WherryEarlyQueue held; /* from below, until the handshake starts or while busy */
  gboolean busy;         /* inside feed() */
};

static void wherry_dtls_session_iface_init (WherryPacketTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryDtlsSession, wherry_dtls_session, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WHERRY_TYPE_PACKET_TRANSPORT,
                                                      wherry_dtls_session_iface_init))

static gboolean
is_over (WherryDtlsSession *self)
{
  return self->state == WHERRY_TRANSPORT_FAILED || self->state == WHERRY_TRANSPORT_CLOSED;
}

/* FAILED or CLOSED, with the event. */
static void
end (WherryDtlsSession *self, WherryTransportState state, const GError *error)
{
  if (is_over (self))
    return;
  self->state = state;
  wherry_clock_clear_source (&self->timer);
  wherry_early_queue_clear (&self->held);
  g_object_ref (self);
  wherry_packet_transport_set_events (self->lower, NULL, NULL);
  if (error != NULL)
    wherry_info (&self->log, "DTLS %s: %s", wherry_transport_state_to_string (state),
                 error->message);
  wherry_packet_sink_state (&self->sink, state, error);
  g_object_unref (self);
}

static void
on_output (gpointer user_data, const GOutputVector *packets, guint n)
{
  WherryDtlsSession *self = user_data;
  g_autoptr (GError) error = NULL;

  /* A packet that cannot be sent is a lost packet; the lower transport tells its state by itself.
   */
  if (!wherry_packet_transport_send (self->lower, packets, n, &error))
    wherry_debug (&self->log, "DTLS packets not sent: %s", error->message);
}

static void
failed (WherryDtlsSession *self, int result)
{
  g_autoptr (GError) error = wherry_dtls_engine_fail (self->engine, result);

  end (self, result == 0 ? WHERRY_TRANSPORT_CLOSED : WHERRY_TRANSPORT_FAILED, error);
}

static void
handshake_done (WherryDtlsSession *self)
{
  /* GnuTLS calls the verify function in every handshake that our settings let succeed; this is the
   * last line should it ever not. */
  if (!wherry_dtls_engine_is_verified (self->engine))
    {
      failed (self, GNUTLS_E_CERTIFICATE_ERROR);
      return;
    }
  wherry_clock_clear_source (&self->timer);
  self->data_mtu = wherry_dtls_engine_get_data_mtu (self->engine);
  self->state = WHERRY_TRANSPORT_CONNECTED;
  wherry_packet_sink_state (&self->sink, WHERRY_TRANSPORT_CONNECTED, NULL);
}

static gboolean on_timer (gpointer user_data);

static void
arm_timer (WherryDtlsSession *self)
{
  guint ms = wherry_dtls_engine_get_timeout_ms (self->engine);

  wherry_clock_clear_source (&self->timer);
  if (ms == 0)
    return;
  /* Real time, not a WherryClock: GnuTLS reads the system's clock itself. */
  self->timer = g_timeout_source_new (ms);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, self->context);
}

static void
step_handshake (WherryDtlsSession *self)
{
  int result = GNUTLS_E_AGAIN;

  for (guint i = 0; i < STEPS_MAX && !is_over (self); i++)
    {
      result = wherry_dtls_engine_handshake (self->engine);
      if (result == GNUTLS_E_SUCCESS || gnutls_error_is_fatal (result)
          || (result == GNUTLS_E_AGAIN && !wherry_dtls_engine_has_input (self->engine)))
        break;
    }
  if (is_over (self))
    return;
  if (result == GNUTLS_E_SUCCESS)
    handshake_done (self);
  else if (gnutls_error_is_fatal (result))
    failed (self, result);
  else
    arm_timer (self);
}

static void
read_records (WherryDtlsSession *self)
{
  guint8 record[WHERRY_DATAGRAM_MAX];

  for (guint i = 0; i < STEPS_MAX && self->state == WHERRY_TRANSPORT_CONNECTED; i++)
    {
      ssize_t result = wherry_dtls_engine_receive (self->engine, record, sizeof record);

      if (result > 0)
        wherry_packet_sink_packet (&self->sink, record, (gsize) result);
      else if (result == 0 || gnutls_error_is_fatal ((int) result))
        failed (self, (int) result);
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
    step_handshake (self);
  if (self->state == WHERRY_TRANSPORT_CONNECTED)
    read_records (self);
  wherry_dtls_engine_set_input (self->engine, NULL, 0);
  wherry_counter_add (WHERRY_COUNTER_DTLS_BAD_PACKETS,
                      wherry_dtls_engine_take_discarded (self->engine));
}

static void
feed (WherryDtlsSession *self, const guint8 *data, gsize length)
{
  g_object_ref (self);
  self->busy = TRUE;
  step (self, data, length);
  while (!is_over (self))
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

static gboolean
on_timer (gpointer user_data)
{
  WherryDtlsSession *self = user_data;

  wherry_clock_clear_source (&self->timer);
  feed (self, NULL, 0);
  return G_SOURCE_REMOVE;
}

static void
maybe_start (WherryDtlsSession *self)
{
  g_autoptr (GError) error = NULL;

  if (self->state != WHERRY_TRANSPORT_NEW || !self->have_remote || !self->lower_connected)
    return;
  self->state = WHERRY_TRANSPORT_CONNECTING;
  self->engine = wherry_dtls_engine_new (self->certificate, self->role,
                                         wherry_packet_transport_get_mtu (self->lower), on_output,
                                         self, &error);
  if (self->engine == NULL)
    {
      end (self, WHERRY_TRANSPORT_FAILED, error);
      return;
    }
  wherry_dtls_engine_set_fingerprints (self->engine, self->fingerprints);
  g_object_ref (self);
  wherry_packet_sink_state (&self->sink, WHERRY_TRANSPORT_CONNECTING, NULL);
  if (!is_over (self))
    feed (self, NULL, 0);
  g_object_unref (self);
}

static void
on_lower_packet (gpointer user_data, const guint8 *data, gsize length)
{
  WherryDtlsSession *self = user_data;

  WHERRY_ASSERT_OWNER (self);

  if (is_over (self))
    return;
  if (length > WHERRY_DATAGRAM_MAX || !wherry_dtls_filter_datagram (data, length))
    wherry_counter_inc (WHERRY_COUNTER_DTLS_BAD_PACKETS);
  else if (self->engine == NULL || self->busy || wherry_dtls_engine_is_inside (self->engine))
    wherry_early_queue_push (&self->held, data, length);
  else
    feed (self, data, length);
}

static void
on_lower_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  WherryDtlsSession *self = user_data;

  WHERRY_ASSERT_OWNER (self);

  /* DISCONNECTED passes by: packets are lost meanwhile, and the keys stay good. */
  self->lower_connected = state == WHERRY_TRANSPORT_CONNECTED;
  if (state == WHERRY_TRANSPORT_FAILED || state == WHERRY_TRANSPORT_CLOSED)
    end (self, state, error);
  else
    maybe_start (self);
}

static const WherryPacketTransportEvents lower_events = {
  .packet = on_lower_packet,
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

static gboolean
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
        failed (self, (int) result);
    }
  wherry_dtls_engine_flush (self->engine);
  g_object_unref (self);
  return TRUE;
}

static void
wherry_dtls_session_close (WherryPacketTransport *transport)
{
  WherryDtlsSession *self = WHERRY_DTLS_SESSION (transport);

  WHERRY_ASSERT_OWNER (self);

  g_object_ref (self);
  /* close_notify, without waiting for theirs (RFC 5246 section 7.2.1). */
  if (!is_over (self) && self->engine != NULL && !wherry_dtls_engine_is_inside (self->engine))
    {
      if (self->state == WHERRY_TRANSPORT_CONNECTED)
        wherry_dtls_engine_bye (self->engine);
      else if (wherry_dtls_engine_has_sent (self->engine))
        wherry_dtls_engine_alert (self->engine, GNUTLS_AL_FATAL, GNUTLS_A_USER_CANCELED);
    }
  wherry_packet_sink_close (&self->sink);
  end (self, WHERRY_TRANSPORT_CLOSED, NULL);
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

  if (!is_over (self) && self->lower != NULL)
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
  g_clear_pointer (&self->certificate, wherry_certificate_unref);
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
wherry_dtls_session_new (WherryCertificate *certificate, WherryPacketTransport *lower,
                         GMainContext *context, const WherryLogContext *log)
{
  WherryDtlsSession *self = g_object_new (WHERRY_TYPE_DTLS_SESSION, NULL);

  wherry_owner_init (&self->owner);
  self->certificate = wherry_certificate_ref (certificate);
  self->lower = g_object_ref (lower);
  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());
  wherry_log_context_copy (&self->log, log);
  self->lower_connected = wherry_packet_transport_get_state (lower) == WHERRY_TRANSPORT_CONNECTED;
  wherry_packet_transport_set_events (lower, &lower_events, self);
  return self;
}

static gboolean
check_remote (WherryDtlsSession *self, GArray *usable, WherryDtlsRole role, GError **error)
{
  if (usable->len == 0)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED,
                           "no fingerprint of SHA-256 or better to verify the other side by");
      return FALSE;
    }
  if (self->have_remote && role != self->role)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                           "the DTLS role cannot change within a session");
      return FALSE;
    }
  if (wherry_dtls_session_is_verified (self) && !wherry_dtls_engine_matches (self->engine, usable))
    {
      wherry_counter_inc (WHERRY_COUNTER_DTLS_UNVERIFIED);
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED,
                           "the new fingerprints are not those of the running session");
      return FALSE;
    }
  return TRUE;
}

gboolean
wherry_dtls_session_set_remote (WherryDtlsSession *self, const WherryFingerprint *fingerprints,
                                guint n, WherryDtlsRole role, GError **error)
{
  g_autoptr (GArray) usable = wherry_certificate_filter_fingerprints (fingerprints, n);

  WHERRY_ASSERT_OWNER (self);

  if (is_over (self))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "DTLS has ended");
      return FALSE;
    }
  if (!check_remote (self, usable, role, error))
    return FALSE;
  g_clear_pointer (&self->fingerprints, g_array_unref);
  self->fingerprints = g_steal_pointer (&usable);
  if (self->engine != NULL)
    wherry_dtls_engine_set_fingerprints (self->engine, self->fingerprints);
  self->role = role;
  self->have_remote = TRUE;
  maybe_start (self);
  return TRUE;
}

gboolean
wherry_dtls_session_is_verified (WherryDtlsSession *self)
{
  return self->engine != NULL && wherry_dtls_engine_is_verified (self->engine);
}

char *
wherry_dtls_session_dup_description (WherryDtlsSession *self)
{
  if (self->state != WHERRY_TRANSPORT_CONNECTED)
    return NULL;
  return wherry_dtls_engine_dup_description (self->engine);
}
