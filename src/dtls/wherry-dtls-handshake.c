/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-dtls"

#include "config.h"

#include "base/wherry-clock.h"
#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "dtls/wherry-dtls-certificate-internal.h"
#include "dtls/wherry-dtls-session-private.h"

static void
on_output (gpointer user_data, const GOutputVector *packets, guint n)
{
  WherryDtlsSession *self = user_data;
  g_autoptr (GError) error = NULL;

  /* A packet that cannot be sent is a lost packet; the lower transport tells its state by itself.
   */
  if (!wherry_packet_transport_send (self->lower, packets, n, &error))
    {
      wherry_debug (&self->log, "DTLS packets not sent: %s", error->message);
      return;
    }
  self->traffic.packets_sent += n;
  for (guint i = 0; i < n; i++)
    self->traffic.bytes_sent += packets[i].size;
}

static void
handshake_done (WherryDtlsSession *self)
{
  /* GnuTLS calls the verify function in every handshake that our settings let succeed; this is the
   * last line should it ever not. */
  if (!wherry_dtls_engine_is_verified (self->engine))
    {
      wherry_dtls_session_fail (self, GNUTLS_E_CERTIFICATE_ERROR);
      return;
    }
  wherry_clock_clear_source (&self->timer);
  self->data_mtu = wherry_dtls_engine_get_data_mtu (self->engine);
  self->state = WHERRY_TRANSPORT_CONNECTED;
  wherry_dtls_session_tell_state (self, WHERRY_TRANSPORT_CONNECTED, NULL);
}

static gboolean
on_timer (gpointer user_data)
{
  WherryDtlsSession *self = user_data;

  wherry_clock_clear_source (&self->timer);
  wherry_dtls_session_feed (self, NULL, 0);
  return G_SOURCE_REMOVE;
}

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

void
wherry_dtls_session_step_handshake (WherryDtlsSession *self)
{
  int result = GNUTLS_E_AGAIN;

  for (guint i = 0; i < WHERRY_DTLS_STEPS_MAX && !wherry_dtls_session_is_over (self); i++)
    {
      result = wherry_dtls_engine_handshake (self->engine);
      if (result == GNUTLS_E_SUCCESS || gnutls_error_is_fatal (result)
          || (result == GNUTLS_E_AGAIN && !wherry_dtls_engine_has_input (self->engine)))
        break;
    }
  if (wherry_dtls_session_is_over (self))
    return;
  if (result == GNUTLS_E_SUCCESS)
    handshake_done (self);
  else if (gnutls_error_is_fatal (result))
    wherry_dtls_session_fail (self, result);
  else
    arm_timer (self);
}

void
wherry_dtls_session_maybe_start (WherryDtlsSession *self)
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
      wherry_dtls_session_end (self, WHERRY_TRANSPORT_FAILED, error);
      return;
    }
  wherry_dtls_engine_set_fingerprints (self->engine, self->fingerprints);
  g_object_ref (self);
  wherry_dtls_session_tell_state (self, WHERRY_TRANSPORT_CONNECTING, NULL);
  if (!wherry_dtls_session_is_over (self))
    wherry_dtls_session_feed (self, NULL, 0);
  g_object_unref (self);
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
  g_autoptr (GArray) usable = wherry_dtls_certificate_filter_fingerprints (fingerprints, n);

  WHERRY_ASSERT_OWNER (self);

  if (wherry_dtls_session_is_over (self))
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
  wherry_dtls_session_maybe_start (self);
  return TRUE;
}

gboolean
wherry_dtls_session_is_verified (WherryDtlsSession *self)
{
  return self->engine != NULL && wherry_dtls_engine_is_verified (self->engine);
}
