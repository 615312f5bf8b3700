/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-dtls"

#include "config.h"

#include <string.h>
#include <time.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "base/wherry-error.h"
#include "base/wherry-lock.h"
#include "dtls/wherry-dtls-certificate-internal.h"

/* W3C WebRTC section 4.9: 30 days is what browsers give theirs. Nobody checks it (RFC 8827 section
 * 6.5: the fingerprint is the identity), but some libraries refuse one that is not valid now. */
#define VALID_BEFORE_S DAY_S
#define VALID_DAYS 30
#define DAY_S (24 * 60 * 60)

struct _WherryDtlsCertificate
{
  gatomicrefcount ref_count;
  /* immutable after construction: any thread reads */
  gnutls_certificate_credentials_t credentials;
  WherryFingerprint fingerprint;
  gint64 expires; /* seconds since 1970 */
};

static gboolean
check (int result, const char *doing, GError **error)
{
  if (result >= 0)
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_FAILED, "certificate: %s: %s", doing,
               gnutls_strerror (result));
  return FALSE;
}

static gboolean
fill (gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, guint days, GError **error)
{
  static const char name[] = "wherry"; /* says nothing about the person (RFC 8827 section 6.5) */
  time_t now = time (NULL);
  guint8 serial[16];

  if (!check (gnutls_rnd (GNUTLS_RND_NONCE, serial, sizeof serial), "serial number", error))
    return FALSE;
  serial[0] &= 0x7f; /* positive (RFC 5280 section 4.1.2.2) */
  serial[0] |= 0x01; /* and not shortened */
  return check (gnutls_x509_crt_set_version (crt, 3), "version", error)
         && check (gnutls_x509_crt_set_serial (crt, serial, sizeof serial), "serial number", error)
         && check (gnutls_x509_crt_set_dn_by_oid (crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                                  strlen (name)),
                   "name", error)
         && check (gnutls_x509_crt_set_activation_time (crt, now - VALID_BEFORE_S), "time", error)
         && check (gnutls_x509_crt_set_expiration_time (crt, now + (time_t) days * DAY_S), "time",
                   error)
         && check (gnutls_x509_crt_set_key (crt, key), "key", error)
         && check (gnutls_x509_crt_sign2 (crt, crt, key, GNUTLS_DIG_SHA256, 0), "signing", error);
}

static gboolean
take_fingerprint (WherryDtlsCertificate *self, gnutls_x509_crt_t crt, GError **error)
{
  gnutls_datum_t der = { NULL, 0 };
  gboolean ok;

  if (!check (gnutls_x509_crt_export2 (crt, GNUTLS_X509_FMT_DER, &der), "export", error))
    return FALSE;
  ok = wherry_dtls_certificate_compute_fingerprint (der.data, der.size, WHERRY_HASH_SHA_256,
                                                    &self->fingerprint);
  gnutls_free (der.data);
  if (!ok)
    g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_FAILED, "certificate: no SHA-256");
  return ok;
}

/* Takes over what the two say: from then on they are not needed. */
static gboolean
adopt (WherryDtlsCertificate *self, gnutls_x509_crt_t crt, gnutls_x509_privkey_t key,
       GError **error)
{
  self->expires = gnutls_x509_crt_get_expiration_time (crt);
  return take_fingerprint (self, crt, error)
         && check (gnutls_certificate_set_x509_key (self->credentials, &crt, 1, key), "credentials",
                   error);
}

static gboolean
generate (WherryDtlsCertificate *self, gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, guint days,
          GError **error)
{
  return check (gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA,
                                              GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0),
                "generating a P-256 key", error)
         && fill (crt, key, days, error) && adopt (self, crt, key, error);
}

static gboolean
import (WherryDtlsCertificate *self, gnutls_x509_crt_t crt, gnutls_x509_privkey_t key,
        const char *pem, GError **error)
{
  gnutls_datum_t text = { (unsigned char *) pem, (unsigned int) strlen (pem) };
  int result = gnutls_x509_crt_import (crt, &text, GNUTLS_X509_FMT_PEM);

  if (result >= 0)
    result = gnutls_x509_privkey_import2 (key, &text, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
  if (result < 0)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "reading a certificate and its key in PEM: %s", gnutls_strerror (result));
      return FALSE;
    }
  if (adopt (self, crt, key, NULL))
    return TRUE;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                       "reading a certificate: the key is not its own");
  return FALSE;
}

/* pem: to be read; NULL: one is made that is valid for days. */
static WherryDtlsCertificate *
make (const char *pem, guint days, GError **error)
{
  g_autoptr (WherryDtlsCertificate) self = g_new0 (WherryDtlsCertificate, 1);
  gnutls_x509_crt_t crt = NULL;
  gnutls_x509_privkey_t key = NULL;
  gboolean ok;

  wherry_ref_init (&self->ref_count);
  ok = check (gnutls_certificate_allocate_credentials (&self->credentials), "credentials", error)
       && check (gnutls_x509_crt_init (&crt), "start", error)
       && check (gnutls_x509_privkey_init (&key), "start", error)
       && (pem != NULL ? import (self, crt, key, pem, error)
                       : generate (self, crt, key, days, error));
  g_clear_pointer (&crt, gnutls_x509_crt_deinit);
  g_clear_pointer (&key, gnutls_x509_privkey_deinit);
  return ok ? g_steal_pointer (&self) : NULL;
}

WherryDtlsCertificate *
wherry_dtls_certificate_new (guint days, GError **error)
{
  return make (NULL, days != 0 ? days : VALID_DAYS, error);
}

WherryDtlsCertificate *
wherry_dtls_certificate_new_from_pem (const char *pem, GError **error)
{
  return make (pem, 0, error);
}

/* RFC 7468; the key as PKCS #8. */
char *
wherry_dtls_certificate_to_pem (const WherryDtlsCertificate *self)
{
  gnutls_x509_crt_t *crts = NULL;
  gnutls_x509_privkey_t key = NULL;
  gnutls_datum_t crt_pem = { NULL, 0 };
  gnutls_datum_t key_pem = { NULL, 0 };
  unsigned int n = 0;
  char *pem = NULL;

  if (gnutls_certificate_get_x509_crt (self->credentials, 0, &crts, &n) >= 0 && n > 0
      && gnutls_certificate_get_x509_key (self->credentials, 0, &key) >= 0
      && gnutls_x509_crt_export2 (crts[0], GNUTLS_X509_FMT_PEM, &crt_pem) >= 0
      && gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
                                            &key_pem)
             >= 0)
    pem = g_strdup_printf ("%.*s%.*s", (int) crt_pem.size, (const char *) crt_pem.data,
                           (int) key_pem.size, (const char *) key_pem.data);
  gnutls_free (crt_pem.data);
  gnutls_free (key_pem.data);
  g_clear_pointer (&key, gnutls_x509_privkey_deinit);
  for (unsigned int i = 0; i < n; i++)
    gnutls_x509_crt_deinit (crts[i]);
  gnutls_free (crts);
  return pem;
}

gint64
wherry_dtls_certificate_get_expires (const WherryDtlsCertificate *self)
{
  return self->expires;
}

WherryDtlsCertificate *
wherry_dtls_certificate_ref (WherryDtlsCertificate *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_dtls_certificate_unref (WherryDtlsCertificate *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->credentials, gnutls_certificate_free_credentials);
  g_free (self);
}

const WherryFingerprint *
wherry_dtls_certificate_get_fingerprint (const WherryDtlsCertificate *self)
{
  return &self->fingerprint;
}

gnutls_certificate_credentials_t
wherry_dtls_certificate_get_credentials (const WherryDtlsCertificate *self)
{
  return self->credentials;
}

static gnutls_digest_algorithm_t
digest_of (WherryHash hash)
{
  switch (hash)
    {
    case WHERRY_HASH_SHA_256:
      return GNUTLS_DIG_SHA256;
    case WHERRY_HASH_SHA_384:
      return GNUTLS_DIG_SHA384;
    case WHERRY_HASH_SHA_512:
      return GNUTLS_DIG_SHA512;
    case WHERRY_HASH_NONE:
    case WHERRY_HASH_SHA_1:
    case WHERRY_HASH_SHA_224:
    default:
      return GNUTLS_DIG_UNKNOWN;
    }
}

GArray *
wherry_dtls_certificate_filter_fingerprints (const WherryFingerprint *fingerprints, guint n)
{
  GArray *usable = g_array_new (FALSE, FALSE, sizeof (WherryFingerprint));

  for (guint i = 0; i < n; i++)
    if (digest_of (fingerprints[i].hash) != GNUTLS_DIG_UNKNOWN)
      g_array_append_val (usable, fingerprints[i]);
  return usable;
}

gboolean
wherry_dtls_certificate_compute_fingerprint (const guint8 *der, gsize length, WherryHash hash,
                                             WherryFingerprint *out)
{
  gnutls_digest_algorithm_t digest = digest_of (hash);
  guint8 bytes[WHERRY_HASH_LENGTH_MAX];

  if (digest == GNUTLS_DIG_UNKNOWN || gnutls_hash_fast (digest, der, length, bytes) < 0)
    return FALSE;
  return wherry_fingerprint_init (out, hash, bytes, gnutls_hash_get_len (digest));
}
