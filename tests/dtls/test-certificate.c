/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "dtls/wherry-dtls-certificate-internal.h"
#include "dtls/wherry-dtls-shared-certificate.h"
#include "fixtures/wherry-virtual-clock.h"

#include <gnutls/x509.h>

static void
get_crt (WherryDtlsCertificate *certificate, gnutls_x509_crt_t *crt, gnutls_datum_t *der)
{
  gnutls_x509_crt_t *list = NULL;
  unsigned int n = 0;
  int result
      = gnutls_certificate_get_x509_crt (wherry_dtls_certificate_get_credentials (certificate), 0,
                                         &list, &n);

  g_assert_cmpint (result, ==, GNUTLS_E_SUCCESS);
  g_assert_cmpuint (n, ==, 1);
  *crt = list[0];
  gnutls_free (list);
  g_assert_cmpint (gnutls_x509_crt_export2 (*crt, GNUTLS_X509_FMT_DER, der), >=, 0);
}

static void
test_new (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherryDtlsCertificate) certificate = wherry_dtls_certificate_new (0, &error);
  g_autofree char *expected = NULL;
  const WherryFingerprint *fingerprint;
  gnutls_x509_crt_t crt;
  gnutls_datum_t der;
  gnutls_ecc_curve_t curve;
  gnutls_datum_t x, y;
  WherryFingerprint parsed;
  g_autofree char *line = NULL;
  GString *hex = g_string_new ("sha-256 ");

  g_assert_no_error (error);
  get_crt (certificate, &crt, &der);

  g_assert_cmpint (gnutls_x509_crt_get_pk_ecc_raw (crt, &curve, &x, &y), ==, 0);
  g_assert_cmpint (curve, ==, GNUTLS_ECC_CURVE_SECP256R1);
  g_assert_cmpint (gnutls_x509_crt_get_signature_algorithm (crt), ==, GNUTLS_SIGN_ECDSA_SHA256);
  g_assert_cmpint (gnutls_x509_crt_check_issuer (crt, crt), ==, 1);
  g_assert_cmpint (gnutls_x509_crt_get_activation_time (crt), <, time (NULL));
  g_assert_cmpint (gnutls_x509_crt_get_expiration_time (crt), >, time (NULL));

  /* Against GLib's own hash, not the one that made it. */
  expected = g_compute_checksum_for_data (G_CHECKSUM_SHA256, der.data, der.size);
  for (guint i = 0; i < 64; i += 2)
    g_string_append_printf (hex, "%s%.2s", i == 0 ? "" : ":", expected + i);
  line = g_string_free (hex, FALSE);
  g_assert_true (wherry_fingerprint_parse (&parsed, line, strlen (line), &error));
  g_assert_no_error (error);
  fingerprint = wherry_dtls_certificate_get_fingerprint (certificate);
  g_assert_true (wherry_fingerprint_equal (fingerprint, &parsed));

  gnutls_free (x.data);
  gnutls_free (y.data);
  gnutls_free (der.data);
  gnutls_x509_crt_deinit (crt);
}

static void
test_each_different (void)
{
  g_autoptr (WherryDtlsCertificate) a = wherry_dtls_certificate_new (0, NULL);
  g_autoptr (WherryDtlsCertificate) b = wherry_dtls_certificate_new (0, NULL);

  g_assert_false (wherry_fingerprint_equal (wherry_dtls_certificate_get_fingerprint (a),
                                            wherry_dtls_certificate_get_fingerprint (b)));
}

static void
test_expires (void)
{
  g_autoptr (WherryDtlsCertificate) usual = wherry_dtls_certificate_new (0, NULL);
  g_autoptr (WherryDtlsCertificate) day = wherry_dtls_certificate_new (1, NULL);
  gint64 now = time (NULL);

  g_assert_cmpint (wherry_dtls_certificate_get_expires (usual) - now, >, 29 * 86400);
  g_assert_cmpint (wherry_dtls_certificate_get_expires (usual) - now, <=, 30 * 86400);
  g_assert_cmpint (wherry_dtls_certificate_get_expires (day) - now, >, 86400 - 600);
  g_assert_cmpint (wherry_dtls_certificate_get_expires (day) - now, <=, 86400);
}

static void
test_pem (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherryDtlsCertificate) first = wherry_dtls_certificate_new (0, NULL);
  g_autoptr (WherryDtlsCertificate) other = wherry_dtls_certificate_new (0, NULL);
  g_autofree char *pem = wherry_dtls_certificate_to_pem (first);
  g_autofree char *other_pem = wherry_dtls_certificate_to_pem (other);
  g_autoptr (WherryDtlsCertificate) again = wherry_dtls_certificate_new_from_pem (pem, &error);
  g_autofree char *mixed = NULL;

  g_assert_no_error (error);
  g_assert_true (wherry_fingerprint_equal (wherry_dtls_certificate_get_fingerprint (first),
                                           wherry_dtls_certificate_get_fingerprint (again)));
  g_assert_cmpint (wherry_dtls_certificate_get_expires (first), ==,
                   wherry_dtls_certificate_get_expires (again));

  /* the certificate of one with the key of the other */
  mixed = g_strdup_printf ("%.*s%s", (int) (strstr (pem, "-----BEGIN PRIVATE") - pem), pem,
                           strstr (other_pem, "-----BEGIN PRIVATE"));
  g_assert_null (wherry_dtls_certificate_new_from_pem (mixed, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (wherry_dtls_certificate_new_from_pem ("no certificate", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  *strstr (pem, "-----BEGIN PRIVATE") = '\0';
  g_assert_null (wherry_dtls_certificate_new_from_pem (pem, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
}

static void
test_hashes (void)
{
  const guint8 der[] = "anything";
  const struct
  {
    WherryHash hash;
    gsize length;
  } cases[] = {
    { WHERRY_HASH_SHA_256, 32 }, { WHERRY_HASH_SHA_384, 48 }, { WHERRY_HASH_SHA_512, 64 },
    { WHERRY_HASH_NONE, 0 },     { WHERRY_HASH_SHA_1, 0 },    { WHERRY_HASH_SHA_224, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      WherryFingerprint fingerprint = { 0 };
      g_autoptr (GArray) usable = NULL;
      gboolean ok = wherry_dtls_certificate_compute_fingerprint (der, sizeof der, cases[i].hash,
                                                                 &fingerprint);

      g_assert_cmpint (ok, ==, cases[i].length > 0);
      g_assert_cmpuint (fingerprint.length, ==, cases[i].length);
      fingerprint.hash = cases[i].hash;
      usable = wherry_dtls_certificate_filter_fingerprints (&fingerprint, 1);
      g_assert_cmpuint (usable->len, ==, cases[i].length > 0 ? 1 : 0);
    }
}

/* One for all, a new one each day; who has the old one keeps it. */
static void
test_shared (void)
{
  g_autoptr (WherryClock) clock = wherry_virtual_clock_new ();
  g_autoptr (WherryDtlsCertificate) first = NULL;
  g_autoptr (WherryDtlsCertificate) next_day = NULL;
  g_autoptr (WherryDtlsCertificate) forgotten = NULL;
  const gint64 day_us = 24 * 60 * 60 * (gint64) G_USEC_PER_SEC;

  wherry_dtls_shared_certificate_forget ();
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (WherryDtlsCertificate) same = wherry_dtls_shared_certificate_get (clock, &error);

      g_assert_no_error (error);
      if (first == NULL)
        first = wherry_dtls_certificate_ref (same);
      g_assert_true (same == first);
      wherry_virtual_clock_advance (clock, day_us / 2 - 1);
    }
  next_day = wherry_dtls_shared_certificate_get (clock, NULL);
  g_assert_true (next_day != first);
  g_assert_false (wherry_fingerprint_equal (wherry_dtls_certificate_get_fingerprint (first),
                                            wherry_dtls_certificate_get_fingerprint (next_day)));
  wherry_dtls_shared_certificate_forget ();
  forgotten = wherry_dtls_shared_certificate_get (clock, NULL);
  g_assert_true (forgotten != next_day);
  wherry_dtls_shared_certificate_forget ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/certificate/self-signed-p256", test_new);
  g_test_add_func ("/certificate/each-different", test_each_different);
  g_test_add_func ("/certificate/expires", test_expires);
  g_test_add_func ("/certificate/pem", test_pem);
  g_test_add_func ("/certificate/hashes", test_hashes);
  g_test_add_func ("/certificate/shared", test_shared);
  return g_test_run ();
}
