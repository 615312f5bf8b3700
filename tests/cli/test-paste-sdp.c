/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "cli/peer/wherry-paste-sdp.h"

#define HOST "a=candidate:1 1 udp 2130706431 10.0.0.2 5001 typ host\r\n"
#define SRFLX                                                                                      \
  "a=candidate:2 1 udp 1694498815 192.0.2.1 5002 typ srflx raddr 10.0.0.2 rport 5001 generation "  \
  "0\r\n"
#define SRFLX_HIDDEN                                                                               \
  "a=candidate:2 1 udp 1694498815 192.0.2.1 5002 typ srflx raddr 0.0.0.0 rport 9 generation 0\r\n"
#define RELAY "a=candidate:3 1 udp 16777215 192.0.2.3 5004 typ relay raddr 192.0.2.1 rport 5002\r\n"
#define TCP "a=candidate:4 1 tcp 1518280447 10.0.0.2 9 typ host tcptype active\r\n"
#define UNREADABLE "a=candidate:5 1 udp what is this\r\n"
#define HEAD "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"
#define MEDIA "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
#define TAIL "a=ice-ufrag:uf\r\na=mid:data\r\na=end-of-candidates\r\n"

static WherryIceCandidateTypes
parse (const char *words)
{
  g_auto (GStrv) names = g_strsplit (words, " ", -1);
  WherryIceCandidateTypes types = WHERRY_ICE_CANDIDATE_TYPES_NONE;

  g_assert_true (wherry_paste_sdp_parse_types ((const char *const *) names, &types, NULL));
  return types;
}

static void
test_types (void)
{
  static const char *const wrong[] = { "none", "all", "Host", "", "tcp", "host,relay" };

  g_assert_cmpint (parse (""), ==, WHERRY_ICE_CANDIDATE_TYPES_ALL);
  g_assert_cmpint (parse ("host"), ==, WHERRY_ICE_CANDIDATE_TYPES_HOST);
  g_assert_cmpint (parse ("relay srflx relay"), ==,
                   WHERRY_ICE_CANDIDATE_TYPES_RELAY | WHERRY_ICE_CANDIDATE_TYPES_SRFLX);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      const char *names[] = { "host", wrong[i], NULL };
      g_autoptr (GError) error = NULL;
      WherryIceCandidateTypes types;

      g_assert_false (wherry_paste_sdp_parse_types (names, &types, &error));
      g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
    }
}

static void
check (const char *types, const char *sdp, const char *expected)
{
  g_autofree char *filtered = wherry_paste_sdp_filter (sdp, parse (types), NULL, NULL);

  g_assert_cmpstr (filtered, ==, expected);
}

static void
test_filter (void)
{
  check ("", HEAD MEDIA HOST SRFLX RELAY TAIL, HEAD MEDIA HOST SRFLX RELAY TAIL);
  check ("host", HEAD MEDIA HOST SRFLX RELAY TCP TAIL, HEAD MEDIA HOST TAIL);
  check ("host srflx", HEAD MEDIA HOST SRFLX RELAY TAIL, HEAD MEDIA HOST SRFLX TAIL);
  check ("prflx", HEAD MEDIA HOST SRFLX RELAY TAIL, HEAD MEDIA TAIL);
  /* the library says what is wrong with it */
  check ("relay", HEAD MEDIA UNREADABLE HOST TAIL, HEAD MEDIA UNREADABLE TAIL);
  check ("relay", HEAD MEDIA "a=candidate:1 1 udp 1 ::1 9 typ srflx raddr ::1 rport ",
         HEAD MEDIA "a=candidate:1 1 udp 1 ::1 9 typ srflx raddr ::1 rport ");
}

/* What is not offered is not told as another candidate's base either. */
static void
test_hidden_base (void)
{
  check ("srflx", HEAD MEDIA HOST SRFLX TAIL, HEAD MEDIA SRFLX_HIDDEN TAIL);
  check ("srflx", "a=candidate:2 1 udp 1 192.0.2.1 5002 typ srflx raddr 10.0.0.2 rport 5001",
         "a=candidate:2 1 udp 1 192.0.2.1 5002 typ srflx raddr 0.0.0.0 rport 9");
}

/* Bytes that are no candidates stay as they are, however lines end. */
static void
test_other_lines (void)
{
  static const char *const sdps[] = {
    "", "\n", "\r\n", "v=0", "v=0\n\n\nm=\n", "a=candidate", "a=mid:\r\r\n", "m=\nm=\nm=\na=mid:x",
  };

  for (guint i = 0; i < G_N_ELEMENTS (sdps); i++)
    check ("relay", sdps[i], sdps[i]);
}

typedef struct
{
  GString *seen;
} Seen;

static void
on_candidate (WherryIceCandidate *candidate, gboolean is_used, gpointer data)
{
  g_autofree char *text = wherry_paste_sdp_describe (candidate);

  g_string_append_printf (((Seen *) data)->seen, "%s %d\n", text, is_used);
}

/* Each one belongs to its section, whatever order the attributes of that have. */
static void
test_told (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Seen seen = { text };
  g_autofree char *filtered
      = wherry_paste_sdp_filter (HEAD "a=ice-ufrag:session\r\n" MEDIA HOST
                                      "a=mid:first\r\n" MEDIA TCP UNREADABLE TAIL,
                                 WHERRY_ICE_CANDIDATE_TYPES_HOST, on_candidate, &seen);

  g_assert_cmpstr (text->str, ==,
                   "foundation=1 protocol=udp priority=2130706431 address=10.0.0.2 port=5001 "
                   "type=host related=none media-line=0 mid=first ufrag=session 1\n"
                   "foundation=4 protocol=tcp priority=1518280447 address=10.0.0.2 port=9 "
                   "type=host tcptype=active related=none media-line=1 mid=data ufrag=uf 0\n"
                   "unread=“candidate:5 1 udp what is this” media-line=1 mid=data ufrag=uf 0\n");
  g_assert_nonnull (filtered);
}

/* Nothing in it reaches a terminal as it is. */
static void
test_safe (void)
{
  g_autoptr (WherryIceCandidate) candidate
      = wherry_ice_candidate_new ("candidate:\033[2J", "\033]0;x\007", 0, "\xff\n");
  g_autofree char *text = wherry_paste_sdp_describe (candidate);

  g_assert_null (strpbrk (text, "\033\007\n"));
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/paste-sdp/types", test_types);
  g_test_add_func ("/paste-sdp/filter", test_filter);
  g_test_add_func ("/paste-sdp/hidden-base", test_hidden_base);
  g_test_add_func ("/paste-sdp/other-lines", test_other_lines);
  g_test_add_func ("/paste-sdp/told", test_told);
  g_test_add_func ("/paste-sdp/safe", test_safe);
  return g_test_run ();
}
