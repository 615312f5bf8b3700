/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-sdp.h"

#define TRANSPORT                                                                                  \
  "a=ice-ufrag:Abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 "                 \
  "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:"  \
  "55\r\n"
#define SESSION "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"

static const WherryFingerprint own_fingerprint
    = { .hash = WHERRY_HASH_SHA_256, .bytes = { 0xab, 0xcd }, .length = 32 };
static const WherrySdpLocal local = {
  .session_id = 4611686018427387904,
  .session_version = 1,
  .ice_ufrag = "ours",
  .ice_pwd = "ourpasswordourpassword",
  .fingerprint = &own_fingerprint,
};

static WherrySdp *
parse (WherrySdpType type, const char *text)
{
  g_autoptr (GError) error = NULL;
  WherrySdp *sdp = wherry_sdp_parse (type, text, strlen (text), &error);

  g_assert_no_error (error);
  return sdp;
}

static WherrySdp *
answer_to (const WherrySdp *offer)
{
  g_autoptr (GError) error = NULL;
  WherrySdp *answer = wherry_sdp_new_answer (offer, &local, &error);

  g_assert_no_error (error);
  return answer;
}

static void
assert_has_line (const char *text, const char *line)
{
  g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);

  if (!g_strv_contains ((const char *const *) lines, line))
    g_test_message ("no line \"%s\" in:\n%s", line, text);
  g_assert_true (g_strv_contains ((const char *const *) lines, line));
}

/* What some peer does not connect without. */
static void
test_new_offer (void)
{
  static const char *const lines[] = {
    "v=0",
    "o=- 4611686018427387904 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "c=IN IP4 0.0.0.0",
    "a=mid:0",
    "a=ice-ufrag:ours",
    "a=ice-pwd:ourpasswordourpassword",
    "a=ice-options:trickle",
    "a=setup:actpass",
    "a=sctp-port:5000",
    "a=max-message-size:262144",
  };
  g_autoptr (WherrySdp) offer = wherry_sdp_new_offer (&local);
  g_autofree char *text = wherry_sdp_to_string (offer);
  g_autoptr (WherrySdp) again = parse (WHERRY_SDP_OFFER, text);

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    assert_has_line (text, lines[i]);
  g_assert_true (g_str_has_prefix (text, "v=0\r\no="));
  g_assert_true (g_str_has_suffix (text, "\r\n"));
  g_assert_cmpuint (again->max_message_size, ==, WHERRY_MAX_MESSAGE_SIZE_DEFAULT);
  g_assert_true (
      wherry_fingerprint_equal (&g_array_index (again->fingerprints, WherryFingerprint, 0),
                                &own_fingerprint));
}

static void
test_everything_is_written (void)
{
  g_autoptr (WherrySdp) offer = wherry_sdp_new_offer (&local);
  g_autofree char *text = NULL;

  offer->ice_lite = TRUE;
  offer->ice_options = WHERRY_SDP_ICE_OPTIONS_TRICKLE | WHERRY_SDP_ICE_OPTIONS_ICE2
                       | WHERRY_SDP_ICE_OPTIONS_RENOMINATION;
  offer->tls_id = g_strdup ("0123456789abcdefghij");
  offer->sctp_port = 4999;
  offer->max_message_size = 0;
  offer->end_of_candidates = TRUE;
  g_ptr_array_add (offer->candidates,
                   wherry_candidate_new ("1", WHERRY_CANDIDATE_TRANSPORT_UDP, 7, "::1", 4000,
                                         WHERRY_CANDIDATE_TYPE_HOST, WHERRY_CANDIDATE_TCP_NONE));
  text = wherry_sdp_to_string (offer);
  assert_has_line (text, "a=ice-lite");
  assert_has_line (text, "a=ice-options:trickle ice2 renomination");
  assert_has_line (text, "a=tls-id:0123456789abcdefghij");
  assert_has_line (text, "a=sctp-port:4999");
  assert_has_line (text, "a=max-message-size:0");
  assert_has_line (text, "a=candidate:1 1 udp 7 ::1 4000 typ host");
  assert_has_line (text, "a=end-of-candidates");
}

static void
test_answer (void)
{
  g_autoptr (WherrySdp) offer = wherry_sdp_new_offer (&local);
  g_autoptr (WherrySdp) answer = answer_to (offer);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (answer->type, ==, WHERRY_SDP_ANSWER);
  g_assert_cmpint (answer->setup, ==, WHERRY_SDP_SETUP_ACTIVE);
  g_assert_cmpstr (wherry_sdp_get_mid (answer), ==, "0");
  g_assert_cmpuint (answer->candidates->len, ==, 0);
  g_assert_true (wherry_sdp_check_answer (offer, answer, &error));
  g_assert_no_error (error);
}

static void
test_answer_role (void)
{
  static const WherrySdpSetup offered[] = { WHERRY_SDP_SETUP_NONE, WHERRY_SDP_SETUP_ACTPASS,
                                            WHERRY_SDP_SETUP_ACTIVE, WHERRY_SDP_SETUP_PASSIVE };
  static const WherrySdpSetup answered[] = { WHERRY_SDP_SETUP_ACTIVE, WHERRY_SDP_SETUP_ACTIVE,
                                             WHERRY_SDP_SETUP_PASSIVE, WHERRY_SDP_SETUP_ACTIVE };
  g_autoptr (WherrySdp) offer = wherry_sdp_new_offer (&local);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (offered); i++)
    {
      g_autoptr (WherrySdp) answer = NULL;

      offer->setup = offered[i];
      answer = answer_to (offer);
      g_assert_cmpint (answer->setup, ==, answered[i]);
    }
  offer->setup = WHERRY_SDP_SETUP_HOLDCONN;
  g_assert_null (wherry_sdp_new_answer (offer, &local, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED);
}

static void
test_answer_rejects_media (void)
{
  g_autoptr (WherrySdp) offer
      = parse (WHERRY_SDP_OFFER,
               SESSION "a=group:BUNDLE a d v\r\n"
                       "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=mid:a\r\n" TRANSPORT
                       "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n"
                       "a=bundle-only\r\n"
                       "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=bundle-only\r\n"
                       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:e\r\n");
  g_autoptr (WherrySdp) answer = answer_to (offer);
  g_autoptr (WherrySdp) again = NULL;
  g_autofree char *text = NULL;
  const char *mid = NULL;
  guint index = 0;

  g_ptr_array_add (answer->candidates,
                   wherry_candidate_new ("1", WHERRY_CANDIDATE_TRANSPORT_UDP, 7, "::1", 4000,
                                         WHERRY_CANDIDATE_TYPE_HOST, WHERRY_CANDIDATE_TCP_NONE));
  text = wherry_sdp_to_string (answer);
  again = parse (WHERRY_SDP_ANSWER, text);
  /* Chromium takes candidates nowhere else */
  wherry_sdp_get_candidate_target (answer, &mid, &index);
  g_assert_cmpstr (mid, ==, "a");
  g_assert_cmpuint (index, ==, 0);
  g_assert_true (strstr (text, "a=candidate") < strstr (text, "a=mid:d"));
  g_assert_cmpuint (again->candidates->len, ==, 1);

  g_assert_cmpuint (offer->index, ==, 1);
  g_assert_cmpuint (again->index, ==, 1);
  g_assert_cmpuint (again->media->len, ==, 4);
  /* Chromium loses the bundle's transport if the section that carries it is rejected */
  assert_has_line (text, "a=group:BUNDLE a d");
  assert_has_line (text, "m=audio 9 UDP/TLS/RTP/SAVPF 111 0");
  assert_has_line (text, "a=rtcp-mux");
  assert_has_line (text, "a=inactive");
  assert_has_line (text, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel");
  assert_has_line (text, "m=video 0 UDP/TLS/RTP/SAVPF 96");
  assert_has_line (text, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel");
  assert_has_line (text, "a=mid:v");
  g_assert_null (strstr (text, "bundle-only"));
  g_assert_true (wherry_sdp_check_answer (offer, again, NULL));
}

/* RFC 8829 section 5.3.1 */
static void
test_answer_to_rejected (void)
{
  g_autoptr (WherrySdp) offer
      = parse (WHERRY_SDP_OFFER, SESSION
               "a=group:BUNDLE a\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\n" TRANSPORT
               "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n");
  g_autoptr (WherrySdp) answer = answer_to (offer);
  g_autofree char *text = wherry_sdp_to_string (answer);
  g_autoptr (WherrySdp) again = parse (WHERRY_SDP_ANSWER, text);

  g_assert_true (offer->rejected && answer->rejected && again->rejected);
  assert_has_line (text, "m=audio 0 UDP/TLS/RTP/SAVPF 111");
  assert_has_line (text, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel");
  assert_has_line (text, "a=mid:d");
  g_assert_null (strstr (text, "BUNDLE"));
  g_assert_null (strstr (text, "ice-ufrag"));
  g_assert_true (wherry_sdp_check_answer (offer, again, NULL));
  again->rejected = FALSE;
  g_assert_false (wherry_sdp_check_answer (offer, again, NULL));
}

static void
test_answer_rejects_unbundled_media (void)
{
  g_autoptr (WherrySdp) offer
      = parse (WHERRY_SDP_OFFER,
               SESSION "a=group:BUNDLE d\r\nm=audio 9 RTP/AVP 0\r\na=mid:a\r\n"
                       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n" TRANSPORT);
  g_autoptr (WherrySdp) answer = answer_to (offer);
  g_autofree char *text = wherry_sdp_to_string (answer);
  const char *mid = NULL;
  guint index = 0;

  assert_has_line (text, "a=group:BUNDLE d");
  assert_has_line (text, "m=audio 0 RTP/AVP 0");
  wherry_sdp_get_candidate_target (answer, &mid, &index);
  g_assert_cmpstr (mid, ==, "d");
  g_assert_cmpuint (index, ==, 1);
  wherry_sdp_get_candidate_target (offer, &mid, NULL);
  g_assert_cmpstr (mid, ==, "d");
  g_assert_null (strstr (text, "a=rtcp-mux"));
}

/* RFC 5888 section 9.1, RFC 8843 section 7.3: what was not offered is not answered. */
static void
test_answer_without_mid_or_bundle (void)
{
  g_autoptr (WherrySdp) offer
      = parse (WHERRY_SDP_OFFER, SESSION "m=application 9 DTLS/SCTP 5003\r\n" TRANSPORT);
  g_autoptr (WherrySdp) answer = answer_to (offer);
  g_autofree char *text = wherry_sdp_to_string (answer);

  g_assert_null (strstr (text, "a=mid"));
  g_assert_null (strstr (text, "a=group"));
  /* the old form mirrored, the port our own */
  assert_has_line (text, "m=application 9 DTLS/SCTP 5000");
  assert_has_line (text, "a=sctpmap:5000 webrtc-datachannel 65535");
  g_assert_null (strstr (text, "a=sctp-port"));
}

static void
test_old_form_without_streams (void)
{
  g_autoptr (WherrySdp) offer
      = parse (WHERRY_SDP_OFFER, SESSION "m=application 9 DTLS/SCTP 5003\r\n" TRANSPORT);
  g_autofree char *text = wherry_sdp_to_string (offer);

  assert_has_line (text, "a=sctpmap:5003 webrtc-datachannel");
  g_assert_null (strstr (text, "max-message-size"));
  g_assert_null (strstr (text, "a=setup"));
}

static void
assert_no_answer (const WherrySdp *offer, const WherrySdp *answer, const char *says)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (wherry_sdp_check_answer (offer, answer, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
  g_assert_nonnull (strstr (error->message, says));
}

static void
test_check_answer (void)
{
  g_autoptr (WherrySdp) offer = wherry_sdp_new_offer (&local);
  g_autoptr (WherrySdp) two
      = parse (WHERRY_SDP_OFFER,
               SESSION "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n" TRANSPORT
                       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n" TRANSPORT);
  g_autoptr (WherrySdp) answer = answer_to (offer);
  g_autoptr (WherrySdp) answer_two = answer_to (two);
  WherrySdpMedia *media = g_ptr_array_index (answer->media, 0);

  assert_no_answer (offer, offer, "no answer");
  assert_no_answer (offer, answer_two, "number of m-lines");
  answer_two->index = 1;
  assert_no_answer (two, answer_two, "not where");
  g_free (media->mid);
  media->mid = g_strdup ("1");
  assert_no_answer (offer, answer, "another mid");
  g_clear_pointer (&media->mid, g_free); /* an old stack that does not know a=mid */
  g_assert_true (wherry_sdp_check_answer (offer, answer, NULL));
  offer->setup = WHERRY_SDP_SETUP_ACTIVE;
  assert_no_answer (offer, answer, "a=setup");
}

static void
test_owns_candidate (void)
{
  g_autoptr (WherrySdp) sdp
      = parse (WHERRY_SDP_OFFER,
               SESSION "a=group:BUNDLE a d\r\n"
                       "m=audio 9 RTP/AVP 0\r\na=mid:a\r\n"
                       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n" TRANSPORT
                       "m=video 9 RTP/AVP 96\r\na=mid:v\r\nm=video 9 RTP/AVP 96\r\n");
  g_autoptr (WherrySdp) bare
      = parse (WHERRY_SDP_OFFER, SESSION "m=application 9 DTLS/SCTP 5003\r\n" TRANSPORT);

  g_assert_true (wherry_sdp_owns_candidate (sdp, "d", -1));
  g_assert_true (wherry_sdp_owns_candidate (sdp, "a", 0));
  g_assert_false (wherry_sdp_owns_candidate (sdp, "v", 2));
  g_assert_false (wherry_sdp_owns_candidate (sdp, "x", 1));
  g_assert_true (wherry_sdp_owns_candidate (sdp, NULL, 0));
  g_assert_true (wherry_sdp_owns_candidate (sdp, NULL, 1));
  g_assert_false (wherry_sdp_owns_candidate (sdp, NULL, 2));
  g_assert_false (wherry_sdp_owns_candidate (sdp, NULL, 3));
  g_assert_false (wherry_sdp_owns_candidate (sdp, NULL, 4));
  g_assert_true (wherry_sdp_owns_candidate (sdp, NULL, -1));
  g_assert_true (wherry_sdp_owns_candidate (bare, NULL, 0));
  g_assert_false (wherry_sdp_owns_candidate (bare, "0", 0));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sdp/write/new-offer", test_new_offer);
  g_test_add_func ("/sdp/write/everything", test_everything_is_written);
  g_test_add_func ("/sdp/write/old-form-without-streams", test_old_form_without_streams);
  g_test_add_func ("/sdp/answer", test_answer);
  g_test_add_func ("/sdp/answer/role", test_answer_role);
  g_test_add_func ("/sdp/answer/rejects-media", test_answer_rejects_media);
  g_test_add_func ("/sdp/answer/to-rejected", test_answer_to_rejected);
  g_test_add_func ("/sdp/answer/rejects-unbundled-media", test_answer_rejects_unbundled_media);
  g_test_add_func ("/sdp/answer/without-mid-or-bundle", test_answer_without_mid_or_bundle);
  g_test_add_func ("/sdp/check-answer", test_check_answer);
  g_test_add_func ("/sdp/owns-candidate", test_owns_candidate);
  return g_test_run ();
}
