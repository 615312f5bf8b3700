/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-certificate-private.h"

#include "base/wherry-error.h"

#define DAYS_MAX 365u /* webrtc-pc section 4.9: no longer than a year */

struct _WherryCertificate
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  WherryDtlsCertificate *dtls;
  char *fingerprint;
};

typedef enum
{
  PROP_EXPIRES = 1,
  PROP_FINGERPRINT,
} Property;

static GParamSpec *properties[PROP_FINGERPRINT + 1];

G_DEFINE_FINAL_TYPE (WherryCertificate, wherry_certificate, G_TYPE_OBJECT)

static void
wherry_certificate_finalize (GObject *object)
{
  WherryCertificate *self = WHERRY_CERTIFICATE (object);

  g_clear_pointer (&self->dtls, wherry_dtls_certificate_unref);
  g_free (self->fingerprint);
  G_OBJECT_CLASS (wherry_certificate_parent_class)->finalize (object);
}

static void
wherry_certificate_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryCertificate *self = WHERRY_CERTIFICATE (object);

  switch ((Property) id)
    {
    case PROP_EXPIRES:
      g_value_set_int64 (value, wherry_certificate_get_expires (self));
      break;
    case PROP_FINGERPRINT:
      g_value_set_string (value, self->fingerprint);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_certificate_class_init (WherryCertificateClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_certificate_finalize;
  object_class->get_property = wherry_certificate_get_property;

  /**
   * WherryCertificate:expires:
   *
   * Milliseconds since 1970 (RTCCertificate.expires).
   */
  properties[PROP_EXPIRES]
      = g_param_spec_int64 ("expires", NULL, NULL, G_MININT64, G_MAXINT64, 0, flags);
  /**
   * WherryCertificate:fingerprint:
   *
   * "sha-256 AB:CD:…" (RTCCertificate.getFingerprints()).
   */
  properties[PROP_FINGERPRINT] = g_param_spec_string ("fingerprint", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_certificate_init (WherryCertificate *self)
{
}

/* Takes dtls; NULL: there is none. */
static WherryCertificate *
wrap (WherryDtlsCertificate *dtls)
{
  WherryCertificate *self = NULL;

  if (dtls == NULL)
    return NULL;
  self = g_object_new (WHERRY_TYPE_CERTIFICATE, NULL);
  self->dtls = dtls;
  self->fingerprint = wherry_fingerprint_to_string (wherry_dtls_certificate_get_fingerprint (dtls));
  return self;
}

WherryCertificate *
wherry_certificate_new (guint days, GError **error)
{
  if (days > DAYS_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "a certificate is valid for at most %u days", DAYS_MAX);
      return NULL;
    }
  return wrap (wherry_dtls_certificate_new (days, error));
}

WherryCertificate *
wherry_certificate_new_from_pem (const char *pem, GError **error)
{
  g_return_val_if_fail (pem != NULL, NULL);
  return wrap (wherry_dtls_certificate_new_from_pem (pem, error));
}

char *
wherry_certificate_to_pem (WherryCertificate *self)
{
  g_return_val_if_fail (WHERRY_IS_CERTIFICATE (self), NULL);
  return wherry_dtls_certificate_to_pem (self->dtls);
}

gint64
wherry_certificate_get_expires (WherryCertificate *self)
{
  g_return_val_if_fail (WHERRY_IS_CERTIFICATE (self), 0);
  return wherry_dtls_certificate_get_expires (self->dtls) * 1000;
}

const char *
wherry_certificate_get_fingerprint (WherryCertificate *self)
{
  g_return_val_if_fail (WHERRY_IS_CERTIFICATE (self), NULL);
  return self->fingerprint;
}

WherryDtlsCertificate *
wherry_certificate_get_dtls (WherryCertificate *self)
{
  return self->dtls;
}

gboolean
wherry_certificate_has_expired (WherryCertificate *self)
{
  return wherry_certificate_get_expires (self) <= g_get_real_time () / 1000;
}
