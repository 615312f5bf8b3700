/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-mutate.h"
#include "wire/wherry-sdp.h"

#define DIGEST                                                                                     \
  "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:"  \
  "55"
#define SHA_1_LINE                                                                                 \
  "a=fingerprint:sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB\r\n"
#define FINGERPRINT_LINE "a=fingerprint:sha-256 " DIGEST "\r\n"
#define UFRAG_LINE "a=ice-ufrag:Abcd\r\n"
#define PWD_LINE "a=ice-pwd:0123456789012345678901\r\n"
#define SETUP_LINE "a=setup:actpass\r\n"
#define MEDIA_LINE "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
#define SESSION "v=0\r\no=- 77 3 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define GROUP_LINE "a=group:BUNDLE data\r\n"
#define TRANSPORT UFRAG_LINE PWD_LINE FINGERPRINT_LINE SETUP_LINE
#define PORT_LINE "a=sctp-port:5001\r\n"
#define SIZE_LINE "a=max-message-size:1234\r\n"
#define CANDIDATE_LINE "a=candidate:1 1 udp 5 127.0.0.1 4000 typ host\r\n"
#define OFFER                                                                                      \
  SESSION GROUP_LINE MEDIA_LINE                                                                    \
      "c=IN IP4 0.0.0.0\r\na=mid:data\r\n" TRANSPORT PORT_LINE SIZE_LINE CANDIDATE_LINE            \
      "a=end-of-candidates\r\n"

static WherrySdp *
parse_type (WherrySdpType type, const char *text, GError **error)
{
  g_autofree guint8 *exact = wherry_exact_copy (text, strlen (text));

  return wherry_sdp_parse (type, (const char *) exact, strlen (text), error);
}

static WherrySdp *
parse_good (const char *text)
{
  g_autoptr (GError) error = NULL;
  WherrySdp *sdp = parse_type (WHERRY_SDP_OFFER, text, &error);

  g_assert_no_error (error);
  return sdp;
}

/* OFFER with one of its pieces replaced. */
static char *
edit (const char *piece, const char *replacement)
{
  g_autoptr (GString) text = g_string_new (OFFER);

  g_assert_cmpuint (g_string_replace (text, piece, replacement, 1), ==, 1);
  return g_strdup (text->str);
}

static void
assert_refused_as (WherrySdpType type, const char *text, WherryError code, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySdp) sdp = parse_type (type, text, &error);

  g_assert_null (sdp);
  g_assert_error (error, WHERRY_ERROR, (int) code);
  if (strstr (error->message, says) == NULL)
    g_test_message ("expected \"%s\", got \"%s\"", says, error->message);
  g_assert_nonnull (strstr (error->message, says));
}

static void
assert_edit_refused (const char *piece, const char *replacement, WherryError code, const char *says)
{
  g_autofree char *text = edit (piece, replacement);

  assert_refused_as (WHERRY_SDP_OFFER, text, code, says);
}

static void
test_parse (void)
{
  g_autoptr (WherrySdp) sdp = parse_good (OFFER);
  const WherrySdpMedia *media = g_ptr_array_index (sdp->media, 0);
  const WherryFingerprint *fingerprint = &g_array_index (sdp->fingerprints, WherryFingerprint, 0);

  g_assert_cmpint (sdp->type, ==, WHERRY_SDP_OFFER);
  g_assert_cmpuint (sdp->session_id, ==, 77);
  g_assert_cmpuint (sdp->session_version, ==, 3);
  g_assert_cmpuint (sdp->media->len, ==, 1);
  g_assert_cmpuint (sdp->index, ==, 0);
  g_assert_cmpstr (media->kind, ==, "application");
  g_assert_cmpuint (media->port, ==, 9);
  g_assert_cmpstr (media->proto, ==, "UDP/DTLS/SCTP");
  g_assert_cmpstr (media->formats, ==, "webrtc-datachannel");
  g_assert_cmpstr (wherry_sdp_get_mid (sdp), ==, "data");
  g_assert_cmpuint (g_strv_length (sdp->bundle), ==, 1);
  g_assert_cmpstr (sdp->ice_ufrag, ==, "Abcd");
  g_assert_cmpstr (sdp->ice_pwd, ==, "0123456789012345678901");
  g_assert_cmpint (sdp->ice_options, ==, WHERRY_SDP_ICE_OPTIONS_NONE);
  g_assert_false (sdp->ice_lite);
  g_assert_cmpuint (sdp->fingerprints->len, ==, 1);
  g_assert_cmpint (fingerprint->hash, ==, WHERRY_HASH_SHA_256);
  g_assert_cmpint (sdp->setup, ==, WHERRY_SDP_SETUP_ACTPASS);
  g_assert_null (sdp->tls_id);
  g_assert_false (sdp->old_form);
  g_assert_cmpuint (sdp->sctp_port, ==, 5001);
  g_assert_true (sdp->has_max_message_size);
  g_assert_cmpuint (sdp->max_message_size, ==, 1234);
  g_assert_cmpuint (sdp->candidates->len, ==, 1);
  g_assert_cmpuint (sdp->bad_candidates, ==, 0);
  g_assert_true (sdp->end_of_candidates);
}

static void
test_line_ends (void)
{
  g_autoptr (GString) text = g_string_new (OFFER);
  g_autoptr (WherrySdp) lf = NULL;
  g_autoptr (WherrySdp) no_end = NULL;
  g_autoptr (WherrySdp) blank_end = parse_good (OFFER "\r\n\n");
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;

  g_string_replace (text, "\r\n", "\n", 0);
  lf = parse_good (text->str);
  g_string_truncate (text, text->len - 1);
  no_end = parse_good (text->str);
  a = wherry_sdp_to_string (lf);
  b = wherry_sdp_to_string (no_end);
  g_assert_cmpstr (a, ==, b);

  assert_edit_refused ("s=-\r\n", "s=-\r\n\r\n", WHERRY_ERROR_PROTOCOL, "line 4:");
  assert_edit_refused ("s=-\r\n", "s=-\rx\r\n", WHERRY_ERROR_PROTOCOL, "line 3: a NUL or");
  assert_edit_refused ("s=-\r\n", "s =-\r\n", WHERRY_ERROR_PROTOCOL, "line 3:");
  assert_edit_refused ("s=-\r\n", "S=-\r\n", WHERRY_ERROR_PROTOCOL, "line 3:");
  assert_edit_refused ("v=0", "v=1", WHERRY_ERROR_PROTOCOL, "line 1:");
  assert_edit_refused ("v=0\r\n", "", WHERRY_ERROR_PROTOCOL, "line 1:");
}

static void
test_nul (void)
{
  static const char text[] = SESSION "a=tool:x\0y\r\n" MEDIA_LINE TRANSPORT;
  g_autoptr (GError) error = NULL;

  g_assert_null (wherry_sdp_parse (WHERRY_SDP_OFFER, text, sizeof text - 1, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
  g_assert_nonnull (strstr (error->message, "line 5"));
}

static void
test_missing (void)
{
  assert_edit_refused (UFRAG_LINE, "", WHERRY_ERROR_PROTOCOL, "no a=ice-ufrag");
  assert_edit_refused (PWD_LINE, "", WHERRY_ERROR_PROTOCOL, "no a=ice-pwd");
  assert_edit_refused (FINGERPRINT_LINE, "", WHERRY_ERROR_PROTOCOL, "no a=fingerprint");
  assert_edit_refused (MEDIA_LINE, "", WHERRY_ERROR_PROTOCOL, "no m=application");
  assert_edit_refused ("o=- 77 3 IN IP4 127.0.0.1\r\n", "", WHERRY_ERROR_PROTOCOL, "no o=");
  assert_refused_as (WHERRY_SDP_OFFER, "", WHERRY_ERROR_PROTOCOL, "empty");
  assert_refused_as (WHERRY_SDP_OFFER, "\r\n\n", WHERRY_ERROR_PROTOCOL, "empty");
  assert_refused_as (WHERRY_SDP_ROLLBACK, "", WHERRY_ERROR_INVALID_ARGUMENT, "rollback");
}

static void
test_malformed (void)
{
  assert_edit_refused ("Abcd", "Abc", WHERRY_ERROR_PROTOCOL, "line 9: a=ice-ufrag");
  assert_edit_refused ("Abcd", "Ab-d", WHERRY_ERROR_PROTOCOL, "a=ice-ufrag");
  assert_edit_refused ("0123456789012345678901", "012345678901234567890", WHERRY_ERROR_PROTOCOL,
                       "line 10: a=ice-pwd");
  assert_edit_refused ("sha-256 E3:", "sha-256 E3;", WHERRY_ERROR_PROTOCOL, "line 11: fingerprint");
  assert_edit_refused ("setup:actpass", "setup:maybe", WHERRY_ERROR_PROTOCOL, "line 12:");
  assert_edit_refused ("sctp-port:5001", "sctp-port:65536", WHERRY_ERROR_PROTOCOL, "a=sctp-port");
  assert_edit_refused ("sctp-port:5001", "sctp-port:0", WHERRY_ERROR_PROTOCOL, "a=sctp-port");
  assert_edit_refused ("size:1234", "size:", WHERRY_ERROR_PROTOCOL, "a=max-message-size");
  assert_edit_refused ("size:1234", "size:-1", WHERRY_ERROR_PROTOCOL, "a=max-message-size");
  assert_edit_refused ("77 3", "77", WHERRY_ERROR_PROTOCOL, "line 2:");
  assert_edit_refused ("77 3", "77 x", WHERRY_ERROR_PROTOCOL, "line 2:");
  assert_edit_refused ("77 3", "18446744073709551616 3", WHERRY_ERROR_PROTOCOL, "line 2:");
  assert_edit_refused ("BUNDLE data", "BUNDLE data a:b", WHERRY_ERROR_PROTOCOL, "line 5: a=group");
  assert_edit_refused ("mid:data", "mid:da ta", WHERRY_ERROR_PROTOCOL, "line 8: a=mid");
  assert_edit_refused ("mid:data", "mid:", WHERRY_ERROR_PROTOCOL, "line 8: a=mid");
}

static void
test_media_line (void)
{
  static const char *const bad[] = {
    "m=application\r\n",
    "m=application 9 UDP/DTLS/SCTP\r\n",
    "m=application 9 UDP/DTLS/SCTP \r\n",
    "m=application 65536 UDP/DTLS/SCTP webrtc-datachannel\r\n",
    "m=application x UDP/DTLS/SCTP webrtc-datachannel\r\n",
    "m=application 9 UDP//SCTP webrtc-datachannel\r\n",
    "m= 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
    "m=application 9 UDP/DTLS/SCTP webrtc\x7f\r\n",
  };
  const WherrySdpMedia *media;
  g_autofree char *tcp = edit ("9 UDP/DTLS", "9/1 TCP/DTLS");
  g_autofree char *text = NULL;
  g_autoptr (WherrySdp) sdp = parse_good (tcp);
  g_autoptr (WherrySdp) rejected = NULL;

  media = g_ptr_array_index (sdp->media, 0);
  g_assert_cmpstr (media->proto, ==, "TCP/DTLS/SCTP");
  g_assert_cmpuint (media->port, ==, 9);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_edit_refused (MEDIA_LINE, bad[i], WHERRY_ERROR_PROTOCOL, "line 6: ");
  assert_edit_refused ("UDP/DTLS/SCTP", "SCTP", WHERRY_ERROR_UNSUPPORTED, "not over DTLS/SCTP");
  assert_edit_refused ("webrtc-datachannel", "http", WHERRY_ERROR_UNSUPPORTED,
                       "webrtc-datachannel");
  text = edit ("n 9 UDP", "n 0 UDP");
  rejected = parse_good (text);
  g_assert_true (rejected->rejected);
  g_assert_null (rejected->ice_ufrag);
}

static void
test_fingerprints (void)
{
  g_autofree char *two = edit (FINGERPRINT_LINE, SHA_1_LINE FINGERPRINT_LINE
                               "a=fingerprint:md5 00:11\r\n" FINGERPRINT_LINE);
  g_autoptr (WherrySdp) sdp = parse_good (two);
  g_autoptr (GString) many = g_string_new (NULL);

  g_assert_cmpuint (sdp->fingerprints->len, ==, 2);
  assert_edit_refused (FINGERPRINT_LINE, SHA_1_LINE, WHERRY_ERROR_UNSUPPORTED, "SHA-256");
  for (guint i = 0; i <= WHERRY_SDP_FINGERPRINTS_MAX; i++)
    g_string_append (many, FINGERPRINT_LINE);
  assert_edit_refused (FINGERPRINT_LINE, many->str, WHERRY_ERROR_LIMIT, "fingerprints");
}

/* What the data section does not say comes from the session level. */
static void
test_session_level (void)
{
  const char *text
      = SESSION "a=ice-lite\r\na=ice-options:trickle\r\na=setup:passive\r\n" UFRAG_LINE PWD_LINE
          FINGERPRINT_LINE MEDIA_LINE "a=ice-options:renomination\r\na=setup:active\r\n"
                "a=tls-id:0123456789abcdefghij\r\n";
  g_autoptr (WherrySdp) sdp = parse_good (text);

  g_assert_cmpstr (sdp->ice_ufrag, ==, "Abcd");
  g_assert_true (sdp->ice_lite);
  g_assert_cmpint (sdp->ice_options, ==,
                   WHERRY_SDP_ICE_OPTIONS_TRICKLE | WHERRY_SDP_ICE_OPTIONS_RENOMINATION);
  g_assert_cmpint (sdp->setup, ==, WHERRY_SDP_SETUP_ACTIVE);
  g_assert_cmpstr (sdp->tls_id, ==, "0123456789abcdefghij");
  g_assert_null (wherry_sdp_get_mid (sdp));
  g_assert_null (sdp->bundle);
  g_assert_cmpuint (sdp->sctp_port, ==, 5000);
  g_assert_cmpuint (wherry_sdp_get_max_message_size (sdp), ==, WHERRY_MAX_MESSAGE_SIZE_ABSENT);
}

/* … and then from the section that carries its bundle's transport, never from another. */
static void
test_bundle_transport (void)
{
  const char *audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\n" TRANSPORT CANDIDATE_LINE;
  const char *data = "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n";
  g_autofree char *bundled = g_strconcat (SESSION "a=group:LS x\r\na=group:BUNDLE a d \r\n", audio,
                                          data, "a=bundle-only\r\n", NULL);
  g_autofree char *other
      = g_strconcat (SESSION "a=group:BUNDLE d\r\n", audio, data, "a=bundle-only\r\n", NULL);
  g_autofree char *answer
      = g_strconcat (SESSION "a=group:BUNDLE a d\r\n", audio, data, "a=bundle-only\r\n", NULL);
  g_autofree char *own_ufrag = g_strconcat (bundled, "a=ice-ufrag:Other\r\n" PWD_LINE, NULL);
  g_autoptr (WherrySdp) sdp = parse_good (bundled);
  g_autoptr (WherrySdp) own = parse_good (own_ufrag);

  g_assert_cmpuint (sdp->index, ==, 1);
  g_assert_cmpstr (sdp->ice_ufrag, ==, "Abcd");
  g_assert_cmpuint (sdp->fingerprints->len, ==, 1);
  g_assert_cmpuint (sdp->candidates->len, ==, 1);
  g_assert_cmpuint (g_strv_length (sdp->bundle), ==, 2);
  /* another ICE session's candidates are of no use */
  g_assert_cmpstr (own->ice_ufrag, ==, "Other");
  g_assert_cmpuint (own->candidates->len, ==, 0);

  assert_refused_as (WHERRY_SDP_OFFER, other, WHERRY_ERROR_PROTOCOL, "no a=ice-ufrag");
  /* which an answer cannot be */
  g_clear_pointer (&sdp, wherry_sdp_free);
  sdp = parse_type (WHERRY_SDP_ANSWER, answer, NULL);
  g_assert_true (sdp->rejected);
  g_assert_cmpuint (sdp->index, ==, 1);
  g_assert_null (sdp->ice_ufrag);
}

static void
test_candidates (void)
{
  g_autofree char *text
      = edit (CANDIDATE_LINE, CANDIDATE_LINE
              "a=candidate:2 2 udp 5 127.0.0.1 4000 typ host\r\n"
              "a=candidate:3 1 udp 5 a.local 4000 typ host\r\n"
              "a=candidate:4 1 udp 5 127.0.0.1 99999 typ host\r\n"
              "a=candidate\r\na=candidates:1\r\na=remote-candidates:1 127.0.0.1 9\r\n");
  g_autoptr (WherrySdp) sdp = parse_good (text);
  const WherryCandidate *mdns;
  g_autoptr (GString) many = g_string_new (NULL);

  g_assert_cmpuint (sdp->candidates->len, ==, 2);
  mdns = g_ptr_array_index (sdp->candidates, 1);
  g_assert_true (mdns->is_mdns);
  g_assert_cmpuint (sdp->bad_candidates, ==, 3);
  for (guint i = 0; i <= WHERRY_CANDIDATES_MAX; i++)
    g_string_append (many, i % 2 == 0 ? CANDIDATE_LINE : "a=candidate:bad\r\n");
  assert_edit_refused (CANDIDATE_LINE, many->str, WHERRY_ERROR_LIMIT, "candidates");
}

static void
test_max_message_size (void)
{
  g_autofree char *any = edit ("size:1234", "size:0");
  g_autoptr (WherrySdp) sdp = parse_good (any);

  g_assert_true (sdp->has_max_message_size);
  g_assert_cmpuint (wherry_sdp_get_max_message_size (sdp), ==, G_MAXUINT64);
  sdp->max_message_size = 70000;
  g_assert_cmpuint (wherry_sdp_get_max_message_size (sdp), ==, 70000);
}

static void
test_old_form (void)
{
  const char *start = SESSION "m=application 9 DTLS/SCTP 5002\r\na=mid:data\r\n" TRANSPORT;
  g_autofree char *streams
      = g_strconcat (start, "a=sctpmap:5002 webrtc-datachannel 1024\r\n", NULL);
  g_autofree char *no_streams = g_strconcat (start, "a=sctpmap:5002 webrtc-datachannel\r\n", NULL);
  g_autofree char *other_port = g_strconcat (start, "a=sctpmap:1 webrtc-datachannel 1\r\n", NULL);
  g_autofree char *other_app = g_strconcat (start, "a=sctpmap:5002 bfcp 1\r\n", NULL);
  g_autofree char *junk = g_strconcat (start, "a=sctpmap:5002 webrtc-datachannel 1 2\r\n", NULL);
  g_autoptr (WherrySdp) sdp = parse_good (streams);
  g_autoptr (WherrySdp) without = parse_good (no_streams);
  g_autoptr (WherrySdp) bare = parse_good (start);

  g_assert_true (sdp->old_form);
  g_assert_cmpuint (sdp->sctp_port, ==, 5002);
  g_assert_cmpuint (sdp->sctp_streams, ==, 1024);
  g_assert_cmpuint (without->sctp_streams, ==, 0);
  g_assert_true (bare->old_form);
  assert_refused_as (WHERRY_SDP_OFFER, other_port, WHERRY_ERROR_PROTOCOL, "a=sctpmap");
  assert_refused_as (WHERRY_SDP_OFFER, junk, WHERRY_ERROR_PROTOCOL, "a=sctpmap");
  assert_refused_as (WHERRY_SDP_OFFER, other_app, WHERRY_ERROR_UNSUPPORTED, "a=sctpmap");
}

static void
test_answer_decides_its_role (void)
{
  g_autofree char *holdconn = edit ("setup:actpass", "setup:holdconn");
  g_autofree char *active = edit ("setup:actpass", "setup:active");
  g_autoptr (WherrySdp) answer = parse_type (WHERRY_SDP_ANSWER, active, NULL);
  g_autoptr (WherrySdp) pranswer = parse_type (WHERRY_SDP_PRANSWER, active, NULL);
  g_autoptr (WherrySdp) held = parse_good (holdconn);

  g_assert_nonnull (answer);
  g_assert_nonnull (pranswer);
  g_assert_cmpint (held->setup, ==, WHERRY_SDP_SETUP_HOLDCONN);
  assert_refused_as (WHERRY_SDP_ANSWER, OFFER, WHERRY_ERROR_PROTOCOL, "line 12: a=setup");
  assert_refused_as (WHERRY_SDP_PRANSWER, holdconn, WHERRY_ERROR_PROTOCOL, "a=setup");
}

static void
test_duplicate_mid (void)
{
  g_autofree char *text = g_strconcat (OFFER "m=audio 9 RTP/AVP 0\r\na=mid:data\r\n", NULL);

  assert_refused_as (WHERRY_SDP_OFFER, text, WHERRY_ERROR_PROTOCOL, "line 18: two sections");
}

static void
test_limits (void)
{
  g_autofree char *filler = g_strnfill (WHERRY_SDP_MAX - strlen (OFFER) - 4, 'x');
  g_autofree char *fits = g_strconcat (OFFER "a=", filler, "\r\n", NULL);
  g_autofree char *too_long = g_strconcat (fits, "\n", NULL);
  g_autoptr (WherrySdp) sdp = parse_good (fits);
  g_autoptr (GString) lines = g_string_new (OFFER);
  g_autoptr (GString) media = g_string_new (OFFER);

  g_assert_nonnull (sdp);
  assert_refused_as (WHERRY_SDP_OFFER, too_long, WHERRY_ERROR_LIMIT, "more than 65536");
  for (guint i = 0; i < WHERRY_SDP_LINES_MAX; i++)
    g_string_append (lines, "a=x\n");
  assert_refused_as (WHERRY_SDP_OFFER, lines->str, WHERRY_ERROR_LIMIT, "more than 1024 lines");
  for (guint i = 0; i < WHERRY_SDP_MEDIA_MAX; i++)
    g_string_append (media, "m=audio 9 RTP/AVP 0\n");
  assert_refused_as (WHERRY_SDP_OFFER, media->str, WHERRY_ERROR_LIMIT, "more than 128 m-lines");
}

static void
test_types (void)
{
  WherrySdpType type = WHERRY_SDP_OFFER;

  for (guint i = WHERRY_SDP_OFFER; i <= WHERRY_SDP_ROLLBACK; i++)
    {
      g_assert_true (
          wherry_sdp_type_from_string (wherry_sdp_type_to_string ((WherrySdpType) i), &type));
      g_assert_cmpuint (type, ==, i);
    }
  g_assert_false (wherry_sdp_type_from_string ("Offer", &type));
  g_assert_false (wherry_sdp_type_from_string (NULL, &type));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sdp/parse", test_parse);
  g_test_add_func ("/sdp/parse/line-ends", test_line_ends);
  g_test_add_func ("/sdp/parse/nul", test_nul);
  g_test_add_func ("/sdp/parse/missing", test_missing);
  g_test_add_func ("/sdp/parse/malformed", test_malformed);
  g_test_add_func ("/sdp/parse/media-line", test_media_line);
  g_test_add_func ("/sdp/parse/fingerprints", test_fingerprints);
  g_test_add_func ("/sdp/parse/session-level", test_session_level);
  g_test_add_func ("/sdp/parse/bundle-transport", test_bundle_transport);
  g_test_add_func ("/sdp/parse/candidates", test_candidates);
  g_test_add_func ("/sdp/parse/max-message-size", test_max_message_size);
  g_test_add_func ("/sdp/parse/old-form", test_old_form);
  g_test_add_func ("/sdp/parse/answer-decides-its-role", test_answer_decides_its_role);
  g_test_add_func ("/sdp/parse/duplicate-mid", test_duplicate_mid);
  g_test_add_func ("/sdp/parse/limits", test_limits);
  g_test_add_func ("/sdp/types", test_types);
  return g_test_run ();
}
