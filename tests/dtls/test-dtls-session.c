/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-wait.h"

#include "dtls/dtls-pair.h"

static void
test_both_roles (void)
{
  DtlsPair pair;

  dtls_pair_init (&pair, NULL);
  g_assert_null (wherry_dtls_session_get_cipher_suite (pair.a.dtls));
  g_assert_false (wherry_dtls_session_is_verified (pair.a.dtls));
  dtls_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, dtls_pair_is_connected (&pair));
  g_assert_true (wherry_dtls_session_is_verified (pair.a.dtls));
  g_assert_true (wherry_dtls_session_is_verified (pair.b.dtls));
  /* CONNECTING, CONNECTED, and nothing else */
  g_assert_cmpuint (pair.a.heard.states->len, ==, 2);
  g_assert_cmpuint (pair.b.heard.states->len, ==, 2);
  g_assert_cmpstr (wherry_dtls_session_get_cipher_suite (pair.a.dtls), ==,
                   "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
  dtls_pair_exchange (&pair);
  dtls_pair_clear (&pair);
}

/* The server's fingerprint comes late: the ClientHello is held and replayed. */
static void
test_early_client_hello (void)
{
  DtlsPair pair;

  dtls_pair_init (&pair, NULL);
  dtls_side_set_remote (&pair.a, wherry_dtls_certificate_get_fingerprint (pair.b.certificate),
                        WHERRY_DTLS_CLIENT);
  WHERRY_WAIT_UNTIL (NULL, wherry_fake_link_get_packets_received (pair.b.link) > 0);
  g_assert_cmpint (dtls_side_get_state (&pair.b), ==, WHERRY_TRANSPORT_NEW);
  dtls_side_set_remote (&pair.b, wherry_dtls_certificate_get_fingerprint (pair.a.certificate),
                        WHERRY_DTLS_SERVER);
  WHERRY_WAIT_UNTIL (NULL, dtls_pair_is_connected (&pair));
  dtls_pair_exchange (&pair);
  dtls_pair_clear (&pair);
}

static void
test_waits_for_lower (void)
{
  const WherryFakeLinkOptions options
      = { .unconnected = TRUE, .initial_state = WHERRY_TRANSPORT_CONNECTING };
  DtlsPair pair;

  dtls_pair_init (&pair, &options);
  dtls_pair_start (&pair);
  g_assert_cmpint (dtls_side_get_state (&pair.a), ==, WHERRY_TRANSPORT_NEW);
  g_assert_cmpuint (wherry_fake_link_get_packets_sent (pair.a.link), ==, 0);
  wherry_fake_link_set_state (pair.a.link, WHERRY_TRANSPORT_CONNECTED, NULL);
  g_assert_cmpint (dtls_side_get_state (&pair.a), ==, WHERRY_TRANSPORT_CONNECTING);
  WHERRY_WAIT_UNTIL (NULL, wherry_fake_link_get_packets_received (pair.b.link) > 0);
  g_assert_cmpint (dtls_side_get_state (&pair.b), ==, WHERRY_TRANSPORT_NEW);
  wherry_fake_link_set_state (pair.b.link, WHERRY_TRANSPORT_CONNECTED, NULL);
  WHERRY_WAIT_UNTIL (NULL, dtls_pair_is_connected (&pair));
  dtls_pair_clear (&pair);
}

static void
check_unverified (DtlsPair *pair)
{
  guint64 unverified = wherry_counter_get (WHERRY_COUNTER_DTLS_UNVERIFIED);

  WHERRY_WAIT_UNTIL (NULL, dtls_side_is_over (&pair->a) && dtls_side_is_over (&pair->b));
  g_assert_cmpint (dtls_side_get_state (&pair->a), ==, WHERRY_TRANSPORT_FAILED);
  g_assert_cmpint (dtls_side_get_state (&pair->b), ==, WHERRY_TRANSPORT_FAILED);
  g_assert_error (pair->a.heard.error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED);
  g_assert_error (pair->b.heard.error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DTLS_UNVERIFIED), ==, unverified + 1);
  for (guint i = 0; i < 2; i++)
    {
      DtlsSide *side = i == 0 ? &pair->a : &pair->b;

      for (guint j = 0; j < side->heard.states->len; j++)
        g_assert_cmpint (g_array_index (side->heard.states, WherryTransportState, j), !=,
                         WHERRY_TRANSPORT_CONNECTED);
      wherry_packet_assert_refused (side->transport, 1, WHERRY_ERROR_CLOSED);
    }
}

static void
test_wrong_fingerprint (gconstpointer data)
{
  gboolean client_is_wrong = GPOINTER_TO_INT (data);
  WherryFingerprint wrong;
  DtlsPair pair;

  dtls_pair_init (&pair, NULL);
  wrong = *wherry_dtls_certificate_get_fingerprint (client_is_wrong ? pair.a.certificate
                                                                    : pair.b.certificate);
  wrong.bytes[31] ^= 1;
  dtls_side_set_remote (&pair.a,
                        client_is_wrong
                            ? wherry_dtls_certificate_get_fingerprint (pair.b.certificate)
                            : &wrong,
                        WHERRY_DTLS_CLIENT);
  dtls_side_set_remote (&pair.b,
                        client_is_wrong
                            ? &wrong
                            : wherry_dtls_certificate_get_fingerprint (pair.a.certificate),
                        WHERRY_DTLS_SERVER);
  check_unverified (&pair);
  dtls_pair_clear (&pair);
}

static void
test_set_remote_errors (void)
{
  g_autoptr (GError) error = NULL;
  WherryFingerprint weak = { .hash = WHERRY_HASH_SHA_1, .length = 20 };
  WherryFingerprint two[2];
  DtlsPair pair;

  dtls_pair_init (&pair, NULL);
  g_assert_false (
      wherry_dtls_session_set_remote (pair.a.dtls, NULL, 0, WHERRY_DTLS_CLIENT, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED);
  g_clear_error (&error);
  g_assert_false (
      wherry_dtls_session_set_remote (pair.a.dtls, &weak, 1, WHERRY_DTLS_CLIENT, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED);
  g_clear_error (&error);

  /* Of several, one that matches is enough. */
  two[0] = *wherry_dtls_certificate_get_fingerprint (pair.a.certificate);
  two[1] = *wherry_dtls_certificate_get_fingerprint (pair.b.certificate);
  g_assert_true (wherry_dtls_session_set_remote (pair.a.dtls, two, 2, WHERRY_DTLS_CLIENT, &error));
  dtls_side_set_remote (&pair.b, &two[0], WHERRY_DTLS_SERVER);
  WHERRY_WAIT_UNTIL (NULL, dtls_pair_is_connected (&pair));

  /* A new description of the same session: same role, same certificate. */
  dtls_side_set_remote (&pair.b, &two[0], WHERRY_DTLS_SERVER);
  g_assert_false (wherry_dtls_session_set_remote (pair.b.dtls, two, 1, WHERRY_DTLS_CLIENT, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (
      wherry_dtls_session_set_remote (pair.b.dtls, &two[1], 1, WHERRY_DTLS_SERVER, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED);
  dtls_pair_exchange (&pair);
  dtls_pair_clear (&pair);
}

/* A lost datagram of five would cost a timeout each: ClientHello; the server's flight; the
 * certificate to Finished; Finished. */
static void
test_flights (void)
{
  DtlsPair pair;

  dtls_pair_connect (&pair, NULL);
  g_assert_cmpuint (wherry_fake_link_get_packets_sent (pair.a.link), ==, 2);
  g_assert_cmpuint (wherry_fake_link_get_packets_sent (pair.b.link), ==, 2);
  dtls_pair_clear (&pair);
}

static void
test_lossy (gconstpointer data)
{
  const WherryFakeLinkOptions options = { .seed = (guint32) GPOINTER_TO_INT (data),
                                          .loss = 0.2,
                                          .duplicate = 0.1,
                                          .reorder = 0.2,
                                          .delay_us = 500,
                                          .jitter_us = 500 };
  DtlsPair pair;

  g_test_message ("seed %u", options.seed);
  dtls_pair_connect (&pair, &options);
  /* Each is lost one time in five: both get one through. */
  for (guint i = 0; i < 100; i++)
    {
      wherry_packet_send_text (pair.a.transport, "from a");
      wherry_packet_send_text (pair.b.transport, "from b");
    }
  WHERRY_WAIT_UNTIL (NULL, wherry_packet_recorder_has (&pair.b.heard, "from a")
                               && wherry_packet_recorder_has (&pair.a.heard, "from b"));
  g_assert_true (dtls_pair_is_connected (&pair));
  dtls_pair_clear (&pair);
}

static void
test_close_notify (gconstpointer data)
{
  gboolean client_closes = GPOINTER_TO_INT (data);
  DtlsPair pair;
  DtlsSide *closer, *other;

  dtls_pair_connect (&pair, NULL);
  closer = client_closes ? &pair.a : &pair.b;
  other = client_closes ? &pair.b : &pair.a;
  wherry_packet_transport_close (closer->transport);
  WHERRY_WAIT_UNTIL (NULL, dtls_side_is_over (other));
  g_assert_cmpint (dtls_side_get_state (other), ==, WHERRY_TRANSPORT_CLOSED);
  g_assert_error (other->heard.error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  /* no event at the side that closed */
  g_assert_cmpint (wherry_packet_recorder_last_state (&closer->heard), ==,
                   WHERRY_TRANSPORT_CONNECTED);
  wherry_packet_assert_refused (closer->transport, 1, WHERRY_ERROR_CLOSED);
  /* again, and the one below stays open */
  wherry_packet_transport_close (closer->transport);
  g_assert_cmpint (wherry_packet_transport_get_state (WHERRY_PACKET_TRANSPORT (closer->link)), ==,
                   WHERRY_TRANSPORT_CONNECTED);
  dtls_pair_clear (&pair);
}

static void
test_close_in_handshake (void)
{
  DtlsPair pair;

  dtls_pair_init (&pair, NULL);
  dtls_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, wherry_fake_link_get_packets_received (pair.a.link) > 0);
  wherry_packet_transport_close (pair.a.transport);
  WHERRY_WAIT_UNTIL (NULL, dtls_side_is_over (&pair.b));
  g_assert_cmpint (dtls_side_get_state (&pair.b), ==, WHERRY_TRANSPORT_FAILED);
  dtls_pair_clear (&pair);
}

static void
test_lower_fails (void)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_TIMEOUT, "consent");
  DtlsPair pair;

  dtls_pair_connect (&pair, NULL);
  wherry_fake_link_set_state (pair.a.link, WHERRY_TRANSPORT_FAILED, error);
  g_assert_cmpint (dtls_side_get_state (&pair.a), ==, WHERRY_TRANSPORT_FAILED);
  g_assert_error (pair.a.heard.error, WHERRY_ERROR, WHERRY_ERROR_TIMEOUT);
  dtls_pair_clear (&pair);
}

static void
test_sizes (void)
{
  guint8 data[1163];
  GOutputVector packet = { data, sizeof data };
  g_autoptr (GError) error = NULL;
  DtlsPair pair;
  gsize length;
  const void *got;

  for (guint i = 0; i < sizeof data; i++)
    data[i] = (guint8) i;
  dtls_pair_init (&pair, NULL);
  g_assert_cmpuint (wherry_packet_transport_get_mtu (pair.a.transport), ==, 1163);
  dtls_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, dtls_pair_is_connected (&pair));
  g_assert_cmpuint (wherry_packet_transport_get_mtu (pair.a.transport), ==, 1163);
  g_assert_true (wherry_packet_transport_send (pair.a.transport, &packet, 1, &error));
  g_assert_no_error (error);
  WHERRY_WAIT_UNTIL (NULL, pair.b.heard.packets->len == 1);
  got = g_bytes_get_data (g_ptr_array_index (pair.b.heard.packets, 0), &length);
  g_assert_cmpmem (got, length, data, sizeof data);

  wherry_packet_assert_refused (pair.a.transport, 1164, WHERRY_ERROR_TOO_LARGE);
  dtls_pair_exchange (&pair);
  dtls_pair_clear (&pair);
}

static void
test_batch (void)
{
  guint8 data[200][100];
  GOutputVector packets[200];
  guint64 calls;
  DtlsPair pair;

  dtls_pair_connect (&pair, NULL);
  memset (data, 'x', sizeof data);
  for (guint i = 0; i < 200; i++)
    packets[i] = (GOutputVector){ data[i], 100 };
  calls = wherry_fake_link_get_send_calls (pair.a.link);
  g_assert_true (wherry_packet_transport_send (pair.a.transport, packets, 50, NULL));
  g_assert_cmpuint (wherry_fake_link_get_send_calls (pair.a.link), ==, calls + 1);
  g_assert_true (wherry_packet_transport_send (pair.a.transport, packets, 200, NULL));
  WHERRY_WAIT_UNTIL (NULL, pair.b.heard.packets->len == 250);
  g_assert_cmpuint (wherry_fake_link_get_send_calls (pair.a.link), <=, calls + 1 + 4);
  dtls_pair_clear (&pair);
}

/* Data right behind the handshake, before anybody listens. */
static void
test_early_data (void)
{
  DtlsPair pair;

  dtls_pair_init (&pair, NULL);
  wherry_packet_transport_set_events (pair.b.transport, NULL, NULL);
  dtls_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, dtls_side_get_state (&pair.a) == WHERRY_TRANSPORT_CONNECTED);
  wherry_packet_send_text (pair.a.transport, "early");
  WHERRY_WAIT_UNTIL (NULL, wherry_fake_link_get_packets_received (pair.b.link)
                               == wherry_fake_link_get_packets_sent (pair.a.link));
  wherry_packet_recorder_listen (&pair.b.heard, pair.b.transport);
  g_assert_true (wherry_packet_recorder_has (&pair.b.heard, "early"));
  dtls_pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dtls/both-roles", test_both_roles);
  g_test_add_func ("/dtls/early-client-hello-is-held", test_early_client_hello);
  g_test_add_func ("/dtls/waits-for-lower", test_waits_for_lower);
  g_test_add_data_func ("/dtls/wrong-fingerprint/of-client", GINT_TO_POINTER (TRUE),
                        test_wrong_fingerprint);
  g_test_add_data_func ("/dtls/wrong-fingerprint/of-server", GINT_TO_POINTER (FALSE),
                        test_wrong_fingerprint);
  g_test_add_func ("/dtls/set-remote-errors", test_set_remote_errors);
  g_test_add_data_func ("/dtls/lossy/1", GINT_TO_POINTER (1), test_lossy);
  g_test_add_data_func ("/dtls/lossy/2", GINT_TO_POINTER (2), test_lossy);
  g_test_add_data_func ("/dtls/lossy/3", GINT_TO_POINTER (3), test_lossy);
  g_test_add_data_func ("/dtls/close-notify/by-client", GINT_TO_POINTER (TRUE), test_close_notify);
  g_test_add_data_func ("/dtls/close-notify/by-server", GINT_TO_POINTER (FALSE), test_close_notify);
  g_test_add_func ("/dtls/close-in-handshake", test_close_in_handshake);
  g_test_add_func ("/dtls/lower-fails", test_lower_fails);
  g_test_add_func ("/dtls/a-flight-is-one-datagram", test_flights);
  g_test_add_func ("/dtls/sizes", test_sizes);
  g_test_add_func ("/dtls/batch-goes-down-in-one-call", test_batch);
  g_test_add_func ("/dtls/early-data-is-held", test_early_data);
  return g_test_run ();
}
