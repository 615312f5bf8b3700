/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-dtls"

#include "config.h"

#include <errno.h>

#include <gnutls/dtls.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "dtls/wherry-dtls-certificate-internal.h"
#include "dtls/wherry-dtls-engine-private.h"

/* Only what browsers, aiortc, pion and libdatachannel were seen to agree on, in both roles. */
#define PRIORITIES                                                                                 \
  "NONE:+VERS-DTLS1.2:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+ECDHE-ECDSA:+ECDHE-RSA:+AEAD:" \
  "+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256:"              \
  "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+COMP-NULL:+CTYPE-X509"

/* RFC 6347 section 4.2.4.1 says 1 s unless the application knows better: ICE has just shown that
 * the path works, and a lost packet of the handshake delays everything. Doubled by GnuTLS each
 * time, without a limit that matters. */
#define RETRANSMIT_MS 100
/* The server's last flight is sent again when the client repeats its own, but GnuTLS does so only
 * this long after the last time: it must be less than any client's timer, or the first repetition
 * is in vain. */
#define LAST_FLIGHT_MS 20
/* Not the time limit of a handshake, which is the upper layer's; only beyond any sensible one. */
#define HANDSHAKE_MS (10 * 60 * 1000)
/* GnuTLS says 0 for "due", and for "nothing to send again" too: never spin on it. */
#define TIMER_MIN_MS 50u
/* What the collecting buffer may keep when idle. */
#define OUT_KEEP_MAX (4u * WHERRY_KIB)

/* ---- GnuTLS's callbacks: only copy ---- */

static ssize_t
on_push (gnutls_transport_ptr_t ptr, const void *data, size_t length)
{
  WherryDtlsEngine *self = ptr;

  if (self->n_out == WHERRY_DTLS_OUT_PACKETS_MAX)
    wherry_dtls_engine_flush (self);
  if (self->out == NULL)
    self->out = g_byte_array_new ();
  g_byte_array_append (self->out, data, (guint) length);
  self->sent = TRUE;
  /* GnuTLS pushes each record, and a flight of the handshake is about five: in one datagram (RFC
   * 6347 section 4.1.1) they come all or not at all, and in order. */
  if (!self->whole_records && self->n_out > 0
      && self->out_sizes[self->n_out - 1] + length <= self->mtu)
    self->out_sizes[self->n_out - 1] += length;
  else
    self->out_sizes[self->n_out++] = length;
  return (ssize_t) length;
}

static ssize_t
on_pull (gnutls_transport_ptr_t ptr, void *data, size_t size)
{
  WherryDtlsEngine *self = ptr;
  gsize length = MIN (size, self->in_length);

  if (self->in == NULL)
    {
      gnutls_transport_set_errno (self->session, EAGAIN);
      return -1;
    }
  memcpy (data, self->in, length);
  self->in = NULL;
  return (ssize_t) length;
}

static int
on_pull_timeout (gnutls_transport_ptr_t ptr, unsigned int ms)
{
  WherryDtlsEngine *self = ptr;

  return self->in != NULL ? 1 : 0;
}

static gboolean
matches (const GArray *fingerprints, const guint8 *der, gsize length)
{
  for (guint i = 0; i < fingerprints->len; i++)
    {
      const WherryFingerprint *expected = &g_array_index (fingerprints, WherryFingerprint, i);
      WherryFingerprint actual;

      if (wherry_dtls_certificate_compute_fingerprint (der, length, expected->hash, &actual)
          && wherry_fingerprint_equal (expected, &actual))
        return TRUE;
    }
  return FALSE;
}

/* RFC 8827 section 6.5: the certificate is whatever was signaled, and nothing else is looked at. */
static int
on_verify (gnutls_session_t session)
{
  WherryDtlsEngine *self = gnutls_session_get_ptr (session);
  unsigned int n = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (session, &n);

  g_clear_pointer (&self->remote_der, g_bytes_unref);
  if (chain == NULL || n == 0 || gnutls_certificate_type_get (session) != GNUTLS_CRT_X509
      || self->fingerprints == NULL || !matches (self->fingerprints, chain[0].data, chain[0].size))
    return -1;
  self->remote_der = g_bytes_new (chain[0].data, chain[0].size);
  return 0;
}

/* ---- making one ---- */

static gpointer
parse_priorities (gpointer data)
{
  gnutls_priority_t priorities = NULL;
  const char *where = NULL;

  if (gnutls_priority_init (&priorities, PRIORITIES, &where) < 0)
    wherry_bug ("GnuTLS does not take our priorities at: %s", where);
  return priorities;
}

static gnutls_priority_t
get_priorities (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, parse_priorities, NULL);
}

static gboolean
check (int result, const char *doing, GError **error)
{
  if (result >= 0)
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_FAILED, "DTLS session: %s: %s", doing,
               gnutls_strerror (result));
  return FALSE;
}

static gboolean
set_up (WherryDtlsEngine *self, WherryDtlsRole role, gsize mtu, GError **error)
{
  unsigned int flags = GNUTLS_DATAGRAM | GNUTLS_NONBLOCK;
  gnutls_session_t session;

  flags |= role == WHERRY_DTLS_CLIENT ? GNUTLS_CLIENT : GNUTLS_SERVER;
  if (!check (gnutls_init (&self->session, flags), "creating it", error))
    return FALSE;
  session = self->session;
  gnutls_session_set_ptr (session, self);
  gnutls_transport_set_ptr (session, self);
  gnutls_transport_set_push_function (session, on_push);
  gnutls_transport_set_pull_function (session, on_pull);
  gnutls_transport_set_pull_timeout_function (session, on_pull_timeout);
  gnutls_session_set_verify_function (session, on_verify);
  /* REQUIRE: with less, a server never calls the verify function. */
  if (role == WHERRY_DTLS_SERVER)
    gnutls_certificate_server_set_request (session, GNUTLS_CERT_REQUIRE);
  gnutls_dtls_set_mtu (session, (unsigned int) mtu);
  gnutls_dtls_set_timeouts (session, RETRANSMIT_MS, HANDSHAKE_MS);
  /* No media here, but pion fails a handshake without use_srtp (RFC 5764 section 4.1). */
  return check (gnutls_priority_set (session, get_priorities ()), "priorities", error)
         && check (gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE,
                                           wherry_dtls_certificate_get_credentials (
                                               self->certificate)),
                   "credentials", error)
         && check (gnutls_srtp_set_profile_direct (session, "SRTP_AES128_CM_HMAC_SHA1_80", NULL),
                   "use_srtp", error);
}

WherryDtlsEngine *
wherry_dtls_engine_new (WherryDtlsCertificate *certificate, WherryDtlsRole role, gsize mtu,
                        WherryDtlsOutputFunc output, gpointer user_data, GError **error)
{
  WherryDtlsEngine *self = g_new0 (WherryDtlsEngine, 1);

  self->certificate = wherry_dtls_certificate_ref (certificate);
  self->mtu = mtu;
  self->role = role;
  self->output = output;
  self->user_data = user_data;
  if (!set_up (self, role, mtu, error))
    g_clear_pointer (&self, wherry_dtls_engine_free);
  return self;
}

void
wherry_dtls_engine_free (WherryDtlsEngine *self)
{
  g_assert (!self->inside);

  g_clear_pointer (&self->session, gnutls_deinit);
  g_clear_pointer (&self->fingerprints, g_array_unref);
  g_clear_pointer (&self->remote_der, g_bytes_unref);
  g_clear_pointer (&self->out, g_byte_array_unref);
  g_clear_pointer (&self->certificate, wherry_dtls_certificate_unref);
  g_free (self);
}

/* ---- the certificate ---- */

void
wherry_dtls_engine_set_fingerprints (WherryDtlsEngine *self, GArray *fingerprints)
{
  g_clear_pointer (&self->fingerprints, g_array_unref);
  self->fingerprints = g_array_ref (fingerprints);
}

gboolean
wherry_dtls_engine_is_verified (const WherryDtlsEngine *self)
{
  return self->remote_der != NULL;
}

gboolean
wherry_dtls_engine_matches (const WherryDtlsEngine *self, const GArray *fingerprints)
{
  gsize length;
  const guint8 *der;

  if (self->remote_der == NULL)
    return FALSE;
  der = g_bytes_get_data (self->remote_der, &length);
  return matches (fingerprints, der, length);
}

/* ---- datagrams and records ---- */

void
wherry_dtls_engine_set_input (WherryDtlsEngine *self, const guint8 *data, gsize length)
{
  self->in = data;
  self->in_length = length;
}

gboolean
wherry_dtls_engine_has_input (const WherryDtlsEngine *self)
{
  return self->in != NULL;
}

void
wherry_dtls_engine_flush (WherryDtlsEngine *self)
{
  GOutputVector packets[WHERRY_DTLS_OUT_PACKETS_MAX];
  g_autoptr (GByteArray) out = NULL;
  guint n = self->n_out;
  gsize offset = 0;

  if (n == 0)
    return;
  out = g_steal_pointer (&self->out);
  self->n_out = 0;
  for (guint i = 0; i < n; i++)
    {
      packets[i].buffer = out->data + offset;
      packets[i].size = self->out_sizes[i];
      offset += self->out_sizes[i];
    }
  self->output (self->user_data, packets, n);
  if (offset <= OUT_KEEP_MAX && self->out == NULL)
    {
      g_byte_array_set_size (out, 0);
      self->out = g_steal_pointer (&out);
    }
}

int
wherry_dtls_engine_handshake (WherryDtlsEngine *self)
{
  int result;

  self->inside = TRUE;
  result = gnutls_handshake (self->session);
  self->inside = FALSE;
  /* takes effect with the next flight */
  if (self->role == WHERRY_DTLS_SERVER && self->sent)
    gnutls_dtls_set_timeouts (self->session, LAST_FLIGHT_MS, HANDSHAKE_MS);
  wherry_dtls_engine_flush (self);
  return result;
}

ssize_t
wherry_dtls_engine_receive (WherryDtlsEngine *self, guint8 *record, gsize size)
{
  ssize_t result;

  self->inside = TRUE;
  result = gnutls_record_recv (self->session, record, size);
  self->inside = FALSE;
  wherry_dtls_engine_flush (self);
  return result;
}

ssize_t
wherry_dtls_engine_send (WherryDtlsEngine *self, const void *data, gsize length)
{
  ssize_t result;

  if (self->inside)
    return GNUTLS_E_AGAIN;
  self->inside = self->whole_records = TRUE;
  result = gnutls_record_send (self->session, data, length);
  self->inside = self->whole_records = FALSE;
  return result;
}

/* ---- what to know about it ---- */

guint
wherry_dtls_engine_get_timeout_ms (WherryDtlsEngine *self)
{
  /* A server that waits for its first ClientHello has nothing to send again. */
  if (!self->sent)
    return 0;
  return MAX (gnutls_dtls_get_timeout (self->session), TIMER_MIN_MS);
}

guint
wherry_dtls_engine_take_discarded (WherryDtlsEngine *self)
{
  guint before = self->discarded;

  self->discarded = gnutls_record_get_discarded (self->session);
  return self->discarded - before;
}

gsize
wherry_dtls_engine_get_data_mtu (WherryDtlsEngine *self)
{
  return gnutls_dtls_get_data_mtu (self->session);
}

gboolean
wherry_dtls_engine_has_sent (const WherryDtlsEngine *self)
{
  return self->sent;
}

gboolean
wherry_dtls_engine_is_inside (const WherryDtlsEngine *self)
{
  return self->inside;
}

const char *
wherry_dtls_engine_get_cipher_suite (WherryDtlsEngine *self)
{
  return gnutls_ciphersuite_get (self->session);
}

GBytes *
wherry_dtls_engine_get_remote_certificate (const WherryDtlsEngine *self)
{
  return self->remote_der;
}
