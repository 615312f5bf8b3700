/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include "fixtures/wherry-wait.h"

#include "dtls/dtls-pair.h"

static void
side_init (DtlsSide *side)
{
  g_autoptr (GError) error = NULL;
  const WherryLogContext log = { .peer = "0123456789abcdef", .room = "test" };

  side->certificate = wherry_dtls_certificate_new (0, &error);
  g_assert_no_error (error);
  side->dtls = wherry_dtls_session_new (side->certificate, WHERRY_PACKET_TRANSPORT (side->link),
                                        NULL, &log);
  side->transport = WHERRY_PACKET_TRANSPORT (side->dtls);
  wherry_packet_recorder_init (&side->heard);
  wherry_packet_recorder_listen (&side->heard, side->transport);
}

static void
side_clear (DtlsSide *side)
{
  if (side->dtls != NULL)
    g_assert_finalize_object (side->dtls);
  g_assert_finalize_object (side->link);
  wherry_dtls_certificate_unref (side->certificate);
  wherry_packet_recorder_clear (&side->heard);
}

void
dtls_pair_init (DtlsPair *pair, const WherryFakeLinkOptions *options)
{
  wherry_fake_link_new_pair (options, NULL, NULL, &pair->a.link, &pair->b.link);
  side_init (&pair->a);
  side_init (&pair->b);
}

void
dtls_pair_clear (DtlsPair *pair)
{
  side_clear (&pair->a);
  side_clear (&pair->b);
}

void
dtls_side_set_remote (DtlsSide *side, const WherryFingerprint *fingerprint, WherryDtlsRole role)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = wherry_dtls_session_set_remote (side->dtls, fingerprint, 1, role, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

void
dtls_pair_start (DtlsPair *pair)
{
  dtls_side_set_remote (&pair->a, wherry_dtls_certificate_get_fingerprint (pair->b.certificate),
                        WHERRY_DTLS_CLIENT);
  dtls_side_set_remote (&pair->b, wherry_dtls_certificate_get_fingerprint (pair->a.certificate),
                        WHERRY_DTLS_SERVER);
}

WherryTransportState
dtls_side_get_state (DtlsSide *side)
{
  WherryTransportState state = wherry_packet_transport_get_state (side->transport);

  if (side->heard.states->len > 0)
    g_assert_cmpint (state, ==, wherry_packet_recorder_last_state (&side->heard));
  return state;
}

gboolean
dtls_side_is_over (DtlsSide *side)
{
  return dtls_side_get_state (side) >= WHERRY_TRANSPORT_FAILED;
}

gboolean
dtls_pair_is_connected (DtlsPair *pair)
{
  g_assert_no_error (pair->a.heard.error);
  g_assert_no_error (pair->b.heard.error);
  return dtls_side_get_state (&pair->a) == WHERRY_TRANSPORT_CONNECTED
         && dtls_side_get_state (&pair->b) == WHERRY_TRANSPORT_CONNECTED;
}

void
dtls_pair_connect (DtlsPair *pair, const WherryFakeLinkOptions *options)
{
  dtls_pair_init (pair, options);
  dtls_pair_start (pair);
  WHERRY_WAIT_UNTIL (NULL, dtls_pair_is_connected (pair));
}

void
dtls_pair_exchange (DtlsPair *pair)
{
  wherry_packet_send_text (pair->a.transport, "from a");
  wherry_packet_send_text (pair->b.transport, "from b");
  WHERRY_WAIT_UNTIL (NULL, wherry_packet_recorder_has (&pair->b.heard, "from a")
                               && wherry_packet_recorder_has (&pair->a.heard, "from b"));
}
