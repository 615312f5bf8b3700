/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "lib/wherry.h"

#define UDP "candidate:1 1 udp 2122260223 192.0.2.7 54321 typ host"
#define TCP                                                                                        \
  "candidate:2 1 tcp 1518280447 2001:db8::7 9 typ srflx raddr 10.0.0.1 rport 7 tcptype active "    \
  "ufrag abcd"

static void
test_description_json (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySessionDescription) description
      = wherry_session_description_new (WHERRY_DESCRIPTION_TYPE_PRANSWER, "v=0\r\na=\"x\"\r\n");
  g_autofree char *json = wherry_session_description_to_json (description);
  g_autoptr (WherrySessionDescription) again
      = wherry_session_description_new_from_json (json, &error);
  g_autoptr (WherrySessionDescription) rollback
      = wherry_session_description_new_from_json ("{\"type\":\"rollback\"}", NULL);

  g_assert_no_error (error);
  g_assert_null (strchr (json, '\n'));
  g_assert_cmpint (wherry_session_description_get_description_type (again), ==,
                   WHERRY_DESCRIPTION_TYPE_PRANSWER);
  g_assert_cmpstr (wherry_session_description_get_sdp (again), ==, "v=0\r\na=\"x\"\r\n");
  g_assert_cmpint (wherry_session_description_get_description_type (rollback), ==,
                   WHERRY_DESCRIPTION_TYPE_ROLLBACK);
  g_assert_cmpstr (wherry_session_description_get_sdp (rollback), ==, "");
}

static void
test_description_bad_json (void)
{
  static const char *const bad[] = {
    "",
    "offer",
    "{}",
    "[]",
    "{\"type\":\"offer\"}",
    "{\"type\":\"offer\",\"sdp\":7}",
    "{\"type\":\"call\",\"sdp\":\"v=0\"}",
    "{\"type\":\"offer\",\"sdp\":\"v=0\"} {}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (wherry_session_description_new_from_json (bad[i], &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
    }
}

static void
test_candidate_attributes (void)
{
  g_autoptr (WherryIceCandidate) udp = wherry_ice_candidate_new (UDP, "0", 0, NULL);
  g_autoptr (WherryIceCandidate) tcp = wherry_ice_candidate_new (TCP, NULL, 3, NULL);

  g_assert_true (wherry_ice_candidate_is_parsed (udp));
  g_assert_cmpstr (wherry_ice_candidate_get_foundation (udp), ==, "1");
  g_assert_cmpuint (wherry_ice_candidate_get_component (udp), ==, 1);
  g_assert_cmpuint (wherry_ice_candidate_get_priority (udp), ==, 2122260223);
  g_assert_cmpstr (wherry_ice_candidate_get_address (udp), ==, "192.0.2.7");
  g_assert_cmpstr (wherry_ice_candidate_get_protocol (udp), ==, "udp");
  g_assert_cmpuint (wherry_ice_candidate_get_port (udp), ==, 54321);
  g_assert_cmpint (wherry_ice_candidate_get_candidate_type (udp), ==,
                   WHERRY_ICE_CANDIDATE_TYPE_HOST);
  g_assert_null (wherry_ice_candidate_get_tcp_type (udp));
  g_assert_null (wherry_ice_candidate_get_related_address (udp));
  g_assert_cmpuint (wherry_ice_candidate_get_related_port (udp), ==, 0);
  g_assert_null (wherry_ice_candidate_get_username_fragment (udp));
  g_assert_cmpstr (wherry_ice_candidate_get_sdp_mid (udp), ==, "0");
  g_assert_cmpint (wherry_ice_candidate_get_sdp_mline_index (udp), ==, 0);

  g_assert_cmpstr (wherry_ice_candidate_get_protocol (tcp), ==, "tcp");
  g_assert_cmpstr (wherry_ice_candidate_get_tcp_type (tcp), ==, "active");
  g_assert_cmpint (wherry_ice_candidate_get_candidate_type (tcp), ==,
                   WHERRY_ICE_CANDIDATE_TYPE_SRFLX);
  g_assert_cmpstr (wherry_ice_candidate_get_related_address (tcp), ==, "10.0.0.1");
  g_assert_cmpuint (wherry_ice_candidate_get_related_port (tcp), ==, 7);
  g_assert_cmpstr (wherry_ice_candidate_get_username_fragment (tcp), ==, "abcd");
  g_assert_null (wherry_ice_candidate_get_sdp_mid (tcp));
  g_assert_cmpint (wherry_ice_candidate_get_sdp_mline_index (tcp), ==, 3);
}

static void
test_candidate_end_and_garbage (void)
{
  static const char *const texts[] = { NULL, "", "candidate:", "hello" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (WherryIceCandidate) candidate
          = wherry_ice_candidate_new (texts[i], "data", -1, "uf");

      g_assert_cmpstr (wherry_ice_candidate_get_candidate (candidate), ==,
                       texts[i] != NULL ? texts[i] : "");
      g_assert_false (wherry_ice_candidate_is_parsed (candidate));
      g_assert_null (wherry_ice_candidate_get_address (candidate));
      g_assert_cmpuint (wherry_ice_candidate_get_priority (candidate), ==, 0);
      g_assert_cmpstr (wherry_ice_candidate_get_username_fragment (candidate), ==, "uf");
    }
}

static void
test_candidate_json (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherryIceCandidate) candidate = wherry_ice_candidate_new (UDP, NULL, 2, "uf");
  g_autofree char *json = wherry_ice_candidate_to_json (candidate);
  g_autoptr (WherryIceCandidate) again = wherry_ice_candidate_new_from_json (json, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (json, ==,
                   "{\"candidate\":\"" UDP
                   "\",\"sdpMid\":null,\"sdpMLineIndex\":2,\"usernameFragment\":\"uf\"}");
  g_assert_cmpstr (wherry_ice_candidate_get_candidate (again), ==, UDP);
  g_assert_null (wherry_ice_candidate_get_sdp_mid (again));
  g_assert_cmpint (wherry_ice_candidate_get_sdp_mline_index (again), ==, 2);

  g_assert_null (wherry_ice_candidate_new_from_json ("{\"candidate\":\"" UDP "\"}", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
}

static void
test_server_urls (void)
{
  static const struct
  {
    const char *url;
    gboolean has_user;
    int code; /* -1: good */
  } cases[] = {
    { "stun:stun.example.org", FALSE, -1 },
    { "STUN:[2001:db8::1]:99", FALSE, -1 },
    { "turn:turn.example.org?transport=tcp", TRUE, -1 },
    { "turns:turn.example.org:443?transport=udp", TRUE, -1 },
    { "turn:turn.example.org", FALSE, WHERRY_ERROR_INVALID_ARGUMENT },
    { "stuns:stun.example.org", FALSE, WHERRY_ERROR_UNSUPPORTED },
    { "stun:", FALSE, WHERRY_ERROR_INVALID_ARGUMENT },
    { "stun:a:0", FALSE, WHERRY_ERROR_INVALID_ARGUMENT },
    { "stun:a:65536", FALSE, WHERRY_ERROR_INVALID_ARGUMENT },
    { "stun:a?transport=udp", FALSE, WHERRY_ERROR_INVALID_ARGUMENT },
    { "turn:a?transport=sctp", TRUE, WHERRY_ERROR_INVALID_ARGUMENT },
    { "stun:[::1", FALSE, WHERRY_ERROR_INVALID_ARGUMENT },
    { "stun:[::1]7", FALSE, WHERRY_ERROR_INVALID_ARGUMENT },
    { "stun://a", FALSE, WHERRY_ERROR_INVALID_ARGUMENT },
    { "stun:a b", FALSE, WHERRY_ERROR_INVALID_ARGUMENT },
    { "http:a", FALSE, WHERRY_ERROR_INVALID_ARGUMENT },
    { "", FALSE, WHERRY_ERROR_INVALID_ARGUMENT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *urls[] = { cases[i].url, NULL };
      const char *user = cases[i].has_user ? "me" : NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (WherryIceServer) server = wherry_ice_server_new (urls, user, user, &error);

      g_test_message ("%s", cases[i].url);
      if (cases[i].code < 0)
        {
          g_assert_no_error (error);
          g_assert_cmpstr (wherry_ice_server_get_urls (server)[0], ==, cases[i].url);
        }
      else
        g_assert_error (error, WHERRY_ERROR, cases[i].code);
    }
}

static void
test_certificate (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherryCertificate) first = wherry_certificate_new (7, &error);
  g_autofree char *pem = wherry_certificate_to_pem (first);
  g_autoptr (WherryCertificate) again = wherry_certificate_new_from_pem (pem, &error);
  gint64 now = g_get_real_time () / 1000;

  g_assert_no_error (error);
  g_assert_cmpstr (wherry_certificate_get_fingerprint (first), ==,
                   wherry_certificate_get_fingerprint (again));
  g_assert_true (g_str_has_prefix (wherry_certificate_get_fingerprint (first), "sha-256 "));
  g_assert_cmpint (wherry_certificate_get_expires (first), >,
                   now + 6 * G_GINT64_CONSTANT (86400000));
  g_assert_null (wherry_certificate_new (366, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
}

static void
count (guint *n)
{
  (*n)++;
}

static void
test_configuration_tells_of_changes (void)
{
  g_autoptr (WherryConfiguration) configuration = wherry_configuration_new ();
  g_autoptr (WherryCertificate) certificate = wherry_certificate_new (0, NULL);
  static const char *const urls[] = { "stun:a", NULL };
  g_autoptr (WherryIceServer) server = wherry_ice_server_new (urls, NULL, NULL, NULL);
  guint n = 0;

  g_signal_connect_swapped (configuration, "notify", G_CALLBACK (count), &n);
  wherry_configuration_set_ice_tcp (configuration, FALSE);
  g_assert_cmpuint (n, ==, 0);
  wherry_configuration_set_ice_tcp (configuration, TRUE);
  wherry_configuration_set_port_range (configuration, 10, 20);
  wherry_configuration_set_certificate (configuration, certificate);
  wherry_configuration_set_max_message_size (configuration, 1000);
  wherry_configuration_set_send_buffer_limit (configuration, 5);
  g_assert_cmpuint (n, ==, 6);
  g_assert_false (wherry_configuration_get_restart_on_network_change (configuration));
  wherry_configuration_set_restart_on_network_change (configuration, TRUE);
  g_assert_true (wherry_configuration_get_restart_on_network_change (configuration));
  g_assert_cmpuint (n, ==, 7);
  g_assert_cmpuint (wherry_configuration_get_port_range_begin (configuration), ==, 10);
  g_assert_cmpuint (wherry_configuration_get_port_range_end (configuration), ==, 20);
  g_assert_true (wherry_configuration_get_certificate (configuration) == certificate);
  wherry_configuration_add_ice_server (configuration, server);
  g_assert_cmpuint (g_list_model_get_n_items (wherry_configuration_get_ice_servers (configuration)),
                    ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session-description/json", test_description_json);
  g_test_add_func ("/session-description/bad-json", test_description_bad_json);
  g_test_add_func ("/ice-candidate/attributes", test_candidate_attributes);
  g_test_add_func ("/ice-candidate/end-and-garbage", test_candidate_end_and_garbage);
  g_test_add_func ("/ice-candidate/json", test_candidate_json);
  g_test_add_func ("/ice-server/urls", test_server_urls);
  g_test_add_func ("/certificate/pem", test_certificate);
  g_test_add_func ("/configuration/tells-of-changes", test_configuration_tells_of_changes);
  return g_test_run ();
}
