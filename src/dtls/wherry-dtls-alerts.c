/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-dtls"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "dtls/wherry-dtls-engine-private.h"

void
wherry_dtls_engine_alert (WherryDtlsEngine *self, gnutls_alert_level_t level,
                          gnutls_alert_description_t alert)
{
  self->inside = TRUE;
  gnutls_alert_send (self->session, level, alert);
  self->inside = FALSE;
  wherry_dtls_engine_flush (self);
}

void
wherry_dtls_engine_bye (WherryDtlsEngine *self)
{
  self->inside = TRUE;
  gnutls_bye (self->session, GNUTLS_SHUT_WR);
  self->inside = FALSE;
  wherry_dtls_engine_flush (self);
}

static gboolean
is_certificate_alert (gnutls_alert_description_t alert)
{
  return alert == GNUTLS_A_BAD_CERTIFICATE || alert == GNUTLS_A_UNSUPPORTED_CERTIFICATE
         || alert == GNUTLS_A_CERTIFICATE_REVOKED || alert == GNUTLS_A_CERTIFICATE_EXPIRED
         || alert == GNUTLS_A_CERTIFICATE_UNKNOWN || alert == GNUTLS_A_UNKNOWN_CA
         || alert == GNUTLS_A_CERTIFICATE_REQUIRED;
}

static GError *
alert_error (WherryDtlsEngine *self)
{
  gnutls_alert_description_t alert = gnutls_alert_get (self->session);
  const char *name = gnutls_alert_get_name (alert);

  return g_error_new (WHERRY_ERROR,
                      is_certificate_alert (alert) ? WHERRY_ERROR_UNVERIFIED
                                                   : WHERRY_ERROR_PROTOCOL,
                      "the other side ended DTLS with the alert: %s",
                      name != NULL ? name : "unknown");
}

static GError *
unverified_error (WherryDtlsEngine *self, const char *message)
{
  wherry_counter_inc (WHERRY_COUNTER_DTLS_UNVERIFIED);
  wherry_dtls_engine_alert (self, GNUTLS_AL_FATAL, GNUTLS_A_BAD_CERTIFICATE);
  return g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED, message);
}

/* Other than from a callback: the alert that fits, so that the other side fails now and not by a
 * timeout (RFC 5246 section 7.2.2). */
static void
send_alert_for (WherryDtlsEngine *self, int result)
{
  self->inside = TRUE;
  gnutls_alert_send_appropriate (self->session, result);
  self->inside = FALSE;
  wherry_dtls_engine_flush (self);
}

GError *
wherry_dtls_engine_fail (WherryDtlsEngine *self, int result)
{
  switch (result)
    {
    case 0:
      return g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the other side closed DTLS");
    case GNUTLS_E_FATAL_ALERT_RECEIVED:
      return alert_error (self);
    case GNUTLS_E_CERTIFICATE_ERROR:
      return unverified_error (
          self, "the other side's certificate does not have the fingerprint that was signaled");
    case GNUTLS_E_NO_CERTIFICATE_FOUND:
    case GNUTLS_E_CERTIFICATE_REQUIRED:
      return unverified_error (self, "the other side sent no certificate");
    default:
      send_alert_for (self, result);
      return g_error_new (WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "DTLS: %s",
                          gnutls_strerror (result));
    }
}
