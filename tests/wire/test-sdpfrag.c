/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-sdpfrag.h"

#define CREDENTIALS "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
#define M_LINE "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
#define HOST "a=candidate:1 1 udp 2130706431 192.0.2.7 41000 typ host\r\n"

static WherrySdpFrag *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  WherrySdpFrag *fragment = wherry_sdpfrag_parse (text, strlen (text), &error);

  g_assert_no_error (error);
  return fragment;
}

static void
fails (const char *text, int code, const char *part)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (wherry_sdpfrag_parse (text, strlen (text), &error));
  g_assert_error (error, WHERRY_ERROR, code);
  if (strstr (error->message, part) == NULL)
    g_error ("expected “%s” in “%s”", part, error->message);
}

/* RFC 8840 section 9.2, in short */
static void
test_example (void)
{
  g_autoptr (WherrySdpFrag) fragment = parse (
      CREDENTIALS "m=audio 9 RTP/AVP 0\r\na=mid:1\r\n" HOST "a=end-of-candidates\r\n" M_LINE
                  "a=mid:2\r\na=candidate:2 1 udp 1 x.local 9 typ host\r\n"
                  "a=candidate:3 2 udp 1 192.0.2.7 9 typ host\r\na=what-else:1\r\n");
  const WherrySdpFragSection *first;
  const WherrySdpFragSection *second;

  g_assert_cmpuint (fragment->sections->len, ==, 2);
  first = g_ptr_array_index (fragment->sections, 0);
  second = g_ptr_array_index (fragment->sections, 1);
  g_assert_cmpstr (first->mid, ==, "1");
  g_assert_cmpstr (first->ice_ufrag, ==, "EsAw");
  g_assert_cmpstr (first->ice_pwd, ==, "P2uYro0UCOQ4zxjKXaWCBui1");
  g_assert_cmpuint (first->candidates->len, ==, 1);
  g_assert_true (first->end_of_candidates);
  g_assert_cmpstr (second->mid, ==, "2");
  g_assert_cmpstr (second->ice_ufrag, ==, "EsAw");
  g_assert_cmpuint (second->candidates->len, ==, 1);
  g_assert_cmpuint (second->bad_candidates, ==, 1); /* of component 2 */
  g_assert_false (second->end_of_candidates);
}

static void
test_levels (void)
{
  /* a section's own credentials are both its own */
  g_autoptr (WherrySdpFrag) own = parse (
      CREDENTIALS M_LINE "a=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n");
  g_autoptr (WherrySdpFrag) bare = parse ("a=end-of-candidates\n");
  const WherrySdpFragSection *section = g_ptr_array_index (own->sections, 0);

  g_assert_cmpstr (section->ice_ufrag, ==, "abcd");
  g_assert_cmpstr (section->ice_pwd, ==, "abcdefghijklmnopqrstuvwx");
  section = g_ptr_array_index (bare->sections, 0);
  g_assert_null (section->mid);
  g_assert_null (section->ice_ufrag);
  g_assert_true (section->end_of_candidates);
  fails (CREDENTIALS M_LINE "a=ice-ufrag:abcd\r\n", WHERRY_ERROR_PROTOCOL, "come together");
}

static void
test_malformed (void)
{
  g_autoptr (GString) many = g_string_new (M_LINE);
  g_autoptr (GString) lines = g_string_new (NULL);

  fails ("", WHERRY_ERROR_PROTOCOL, "empty");
  fails ("hello\r\n", WHERRY_ERROR_PROTOCOL, "line 1");
  fails (M_LINE "a=mid:0\r\n", WHERRY_ERROR_PROTOCOL, "neither");
  fails ("a=ice-ufrag:abcd\r\n", WHERRY_ERROR_PROTOCOL, "come together");
  fails ("a=ice-ufrag:abc\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n", WHERRY_ERROR_PROTOCOL,
         "line 1");
  fails ("a=ice-ufrag:abcd\r\na=ice-pwd:short\r\n", WHERRY_ERROR_PROTOCOL, "line 2");
  fails (M_LINE "a=mid:a b\r\n" HOST, WHERRY_ERROR_PROTOCOL, "line 2");
  for (guint i = 0; i <= WHERRY_CANDIDATES_MAX; i++)
    g_string_append (many, HOST);
  fails (many->str, WHERRY_ERROR_LIMIT, "candidates");
  for (guint i = 0; i <= WHERRY_SDP_MEDIA_MAX; i++)
    g_string_append (lines, M_LINE);
  fails (lines->str, WHERRY_ERROR_LIMIT, "m-lines");
}

static WherrySdp *
make_sdp (void)
{
  static const char text[]
      = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE data\r\n" M_LINE
        "c=IN IP4 0.0.0.0\r\na=mid:data\r\n" CREDENTIALS "a=fingerprint:sha-256 "
        "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:"
        "AB:AB\r\na=setup:actpass\r\na=sctp-port:5000\r\n" HOST "a=end-of-candidates\r\n";
  g_autoptr (GError) error = NULL;
  WherrySdp *sdp = wherry_sdp_parse (WHERRY_SDP_OFFER, text, sizeof text - 1, &error);

  g_assert_no_error (error);
  return sdp;
}

static void
test_write (void)
{
  g_autoptr (WherrySdp) sdp = make_sdp ();
  g_autofree char *text = wherry_sdpfrag_write (sdp);
  g_autoptr (WherrySdpFrag) again = parse (text);
  const WherrySdpFragSection *section = g_ptr_array_index (again->sections, 0);

  g_assert_cmpstr (text, ==,
                   CREDENTIALS "a=ice-options:trickle\r\n" M_LINE "a=mid:data\r\n" HOST
                               "a=end-of-candidates\r\n");
  g_assert_true (wherry_sdpfrag_find (again, sdp) == section);
  g_assert_cmpstr (section->ice_pwd, ==, sdp->ice_pwd);
}

static void
test_find (void)
{
  g_autoptr (WherrySdp) sdp = make_sdp ();
  g_autoptr (WherrySdpFrag) other = parse (M_LINE "a=mid:video\r\n" HOST);
  g_autoptr (WherrySdpFrag) second = parse (
      "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:video\r\n" HOST M_LINE "a=mid:data\r\n" HOST);
  g_autoptr (WherrySdpFrag) nameless = parse (HOST);

  g_assert_null (wherry_sdpfrag_find (other, sdp));
  g_assert_true (wherry_sdpfrag_find (second, sdp) == second->sections->pdata[1]);
  g_assert_true (wherry_sdpfrag_find (nameless, sdp) == nameless->sections->pdata[0]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sdpfrag/example", test_example);
  g_test_add_func ("/sdpfrag/levels", test_levels);
  g_test_add_func ("/sdpfrag/malformed", test_malformed);
  g_test_add_func ("/sdpfrag/write", test_write);
  g_test_add_func ("/sdpfrag/find", test_find);
  return g_test_run ();
}
