/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include "dtls/wherry-dtls-session.h"
#include "fixtures/wherry-fake-link.h"
#include "fuzz/fuzz.h"

/* A server in its handshake gets datagrams, each behind two bytes of length (big-endian, 0 to
 * 2047). Whatever comes, nobody without the right key is ever connected. */

static WherryDtlsCertificate *
get_certificate (void)
{
  static WherryDtlsCertificate *certificate = NULL;

  if (certificate == NULL)
    certificate = wherry_dtls_certificate_new (0, NULL);
  g_assert_nonnull (certificate);
  return certificate;
}

static guint
inject_all (WherryFakeLink *link, const uint8_t *data, size_t size)
{
  guint n = 0;

  while (size > 2)
    {
      size_t length = ((size_t) data[0] << 8 | data[1]) & 2047;

      length = MIN (length, size - 2);
      wherry_fake_link_inject (link, data + 2, length);
      data += 2 + length;
      size -= 2 + length;
      n++;
    }
  return n;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (WherryFakeLink) link = NULL;
  g_autoptr (WherryFakeLink) other = NULL;
  g_autoptr (WherryDtlsSession) dtls = NULL;
  guint n;

  wherry_fake_link_new_pair (NULL, NULL, NULL, &link, &other);
  dtls = wherry_dtls_session_new (get_certificate (), WHERRY_PACKET_TRANSPORT (link), NULL, NULL);
  g_assert_true (
      wherry_dtls_session_set_remote (dtls,
                                      wherry_dtls_certificate_get_fingerprint (get_certificate ()),
                                      1, WHERRY_DTLS_SERVER, NULL));
  n = inject_all (link, data, size);
  while (wherry_fake_link_get_packets_received (link) < n
         && wherry_packet_transport_get_state (WHERRY_PACKET_TRANSPORT (dtls))
                < WHERRY_TRANSPORT_FAILED)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (wherry_packet_transport_get_state (WHERRY_PACKET_TRANSPORT (dtls)), !=,
                   WHERRY_TRANSPORT_CONNECTED);
  g_assert_false (wherry_dtls_session_is_verified (dtls));
  wherry_packet_transport_close (WHERRY_PACKET_TRANSPORT (dtls));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}
