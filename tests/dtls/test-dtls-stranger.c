/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

/* What another implementation may do and ours does not: a plain GnuTLS client against a session. */

#include <errno.h>
#include <string.h>

#include <gnutls/dtls.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "dtls/wherry-dtls-certificate-internal.h"
#include "dtls/wherry-dtls-session.h"
#include "fixtures/wherry-fake-link.h"
#include "fixtures/wherry-packet-recorder.h"
#include "fixtures/wherry-wait.h"

typedef struct
{
  WherryFakeLink *link;
  GQueue incoming; /* of GBytes */
  gnutls_certificate_credentials_t credentials;
  gnutls_session_t session;
  gnutls_alert_description_t warning;
  int result; /* of the handshake, GNUTLS_E_AGAIN until it ended */
} Stranger;

typedef struct
{
  Stranger client;
  WherryFakeLink *link;
  WherryDtlsCertificate *certificate;
  WherryDtlsCertificate *client_certificate;
  WherryDtlsSession *dtls;
  WherryPacketTransport *transport;
  WherryPacketRecorder heard;
} Fixture;

static ssize_t
on_push (gnutls_transport_ptr_t ptr, const void *data, size_t length)
{
  Stranger *self = ptr;
  GOutputVector packet = { data, length };

  wherry_packet_transport_send (WHERRY_PACKET_TRANSPORT (self->link), &packet, 1, NULL);
  return (ssize_t) length;
}

static ssize_t
on_pull (gnutls_transport_ptr_t ptr, void *data, size_t size)
{
  Stranger *self = ptr;
  g_autoptr (GBytes) packet = g_queue_pop_head (&self->incoming);
  gsize length;
  gconstpointer bytes;

  if (packet == NULL)
    {
      gnutls_transport_set_errno (self->session, EAGAIN);
      return -1;
    }
  bytes = g_bytes_get_data (packet, &length);
  g_assert_cmpuint (length, <=, size);
  memcpy (data, bytes, length);
  return (ssize_t) length;
}

static int
on_pull_timeout (gnutls_transport_ptr_t ptr, unsigned int ms)
{
  Stranger *self = ptr;

  return g_queue_is_empty (&self->incoming) ? 0 : 1;
}

static void
handshake (Stranger *self)
{
  while (self->result == GNUTLS_E_AGAIN)
    {
      int result = gnutls_handshake (self->session);

      if (result == GNUTLS_E_WARNING_ALERT_RECEIVED)
        self->warning = gnutls_alert_get (self->session);
      if (result == GNUTLS_E_SUCCESS || gnutls_error_is_fatal (result))
        self->result = result;
      else if (g_queue_is_empty (&self->incoming))
        break;
    }
}

static void
on_packet (gpointer user_data, const guint8 *data, gsize length)
{
  Stranger *self = user_data;

  g_queue_push_tail (&self->incoming, g_bytes_new (data, length));
  handshake (self);
}

static const WherryPacketTransportEvents stranger_events = { .packet = on_packet };

static void
stranger_init (Stranger *self, WherryFakeLink *link, WherryDtlsCertificate *certificate)
{
  int result;

  self->link = link;
  self->result = GNUTLS_E_AGAIN;
  g_queue_init (&self->incoming);
  gnutls_init (&self->session, GNUTLS_CLIENT | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK);
  gnutls_certificate_allocate_credentials (&self->credentials);
  gnutls_credentials_set (self->session, GNUTLS_CRD_CERTIFICATE,
                          certificate != NULL
                              ? wherry_dtls_certificate_get_credentials (certificate)
                              : self->credentials);
  result = gnutls_priority_set_direct (self->session, "NORMAL:-VERS-ALL:+VERS-DTLS1.2", NULL);
  g_assert_cmpint (result, ==, GNUTLS_E_SUCCESS);
  gnutls_dtls_set_mtu (self->session, 1500);
  gnutls_transport_set_ptr (self->session, self);
  gnutls_transport_set_push_function (self->session, on_push);
  gnutls_transport_set_pull_function (self->session, on_pull);
  gnutls_transport_set_pull_timeout_function (self->session, on_pull_timeout);
  wherry_packet_transport_set_events (WHERRY_PACKET_TRANSPORT (link), &stranger_events, self);
}

static void
fixture_init (Fixture *self, gboolean with_certificate)
{
  const WherryFakeLinkOptions options = { .mtu = 2000 };
  g_autoptr (GError) error = NULL;

  memset (self, 0, sizeof *self);
  wherry_fake_link_new_pair (&options, NULL, NULL, &self->client.link, &self->link);
  self->certificate = wherry_dtls_certificate_new (0, &error);
  g_assert_no_error (error);
  self->client_certificate = wherry_dtls_certificate_new (0, &error);
  g_assert_no_error (error);
  self->dtls = wherry_dtls_session_new (self->certificate, WHERRY_PACKET_TRANSPORT (self->link),
                                        NULL, NULL);
  self->transport = WHERRY_PACKET_TRANSPORT (self->dtls);
  wherry_packet_recorder_init (&self->heard);
  wherry_packet_recorder_listen (&self->heard, self->transport);
  g_assert_true (wherry_dtls_session_set_remote (
      self->dtls, wherry_dtls_certificate_get_fingerprint (self->client_certificate), 1,
      WHERRY_DTLS_SERVER, &error));
  g_assert_no_error (error);
  stranger_init (&self->client, self->client.link,
                 with_certificate ? self->client_certificate : NULL);
  handshake (&self->client);
}

static void
fixture_clear (Fixture *self)
{
  g_assert_finalize_object (self->dtls);
  gnutls_deinit (self->client.session);
  gnutls_certificate_free_credentials (self->client.credentials);
  g_queue_clear_full (&self->client.incoming, (GDestroyNotify) g_bytes_unref);
  g_assert_finalize_object (self->link);
  g_assert_finalize_object (self->client.link);
  wherry_dtls_certificate_unref (self->certificate);
  wherry_dtls_certificate_unref (self->client_certificate);
  wherry_packet_recorder_clear (&self->heard);
}

static WherryTransportState
state_of (Fixture *self)
{
  return wherry_packet_transport_get_state (self->transport);
}

static void
connect_fixture (Fixture *self)
{
  fixture_init (self, TRUE);
  WHERRY_WAIT_UNTIL (NULL, state_of (self) == WHERRY_TRANSPORT_CONNECTED
                               && self->client.result == GNUTLS_E_SUCCESS);
}

static void
test_no_certificate (void)
{
  guint64 unverified = wherry_counter_get (WHERRY_COUNTER_DTLS_UNVERIFIED);
  Fixture fixture;

  fixture_init (&fixture, FALSE);
  WHERRY_WAIT_UNTIL (NULL, state_of (&fixture) == WHERRY_TRANSPORT_FAILED);
  g_assert_error (fixture.heard.error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED);
  g_assert_false (wherry_dtls_session_is_verified (fixture.dtls));
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DTLS_UNVERIFIED), ==, unverified + 1);
  WHERRY_WAIT_UNTIL (NULL, fixture.client.result != GNUTLS_E_AGAIN);
  g_assert_cmpint (fixture.client.result, ==, GNUTLS_E_FATAL_ALERT_RECEIVED);
  fixture_clear (&fixture);
}

/* No use_srtp extension, larger datagrams than we send. */
static void
test_large_records (void)
{
  guint8 data[1440];
  Fixture fixture;
  gsize length;
  gconstpointer got;

  connect_fixture (&fixture);
  for (guint i = 0; i < sizeof data; i++)
    data[i] = (guint8) (i * 7);
  g_assert_cmpint (gnutls_record_send (fixture.client.session, data, sizeof data), ==, sizeof data);
  WHERRY_WAIT_UNTIL (NULL, fixture.heard.packets->len == 1);
  got = g_bytes_get_data (g_ptr_array_index (fixture.heard.packets, 0), &length);
  g_assert_cmpmem (got, length, data, sizeof data);
  fixture_clear (&fixture);
}

static void
test_renegotiation_refused (void)
{
  Fixture fixture;

  connect_fixture (&fixture);
  fixture.client.result = GNUTLS_E_AGAIN;
  handshake (&fixture.client);
  WHERRY_WAIT_UNTIL (NULL, fixture.client.warning == GNUTLS_A_NO_RENEGOTIATION);
  g_assert_cmpint (fixture.client.result, !=, GNUTLS_E_SUCCESS);
  g_assert_cmpint (state_of (&fixture), ==, WHERRY_TRANSPORT_CONNECTED);
  fixture_clear (&fixture);
}

static void
test_fatal_alert (void)
{
  Fixture fixture;

  connect_fixture (&fixture);
  gnutls_alert_send (fixture.client.session, GNUTLS_AL_FATAL, GNUTLS_A_INTERNAL_ERROR);
  WHERRY_WAIT_UNTIL (NULL, state_of (&fixture) == WHERRY_TRANSPORT_FAILED);
  g_assert_error (fixture.heard.error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dtls-stranger/no-certificate", test_no_certificate);
  g_test_add_func ("/dtls-stranger/large-records", test_large_records);
  g_test_add_func ("/dtls-stranger/renegotiation-refused", test_renegotiation_refused);
  g_test_add_func ("/dtls-stranger/fatal-alert", test_fatal_alert);
  return g_test_run ();
}
