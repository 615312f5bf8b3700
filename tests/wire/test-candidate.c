/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-mutate.h"
#include "wire/wherry-candidate.h"

#define UUID_NAME "966d1511-eb04-4501-ad43-de14be1bd859.local"

static WherryCandidate *
parse (const char *line, GError **error)
{
  g_autofree guint8 *exact = wherry_exact_copy (line, strlen (line));

  return wherry_candidate_parse ((const char *) exact, strlen (line), error);
}

static WherryCandidate *
parse_good (const char *line)
{
  g_autoptr (GError) error = NULL;
  WherryCandidate *candidate = parse (line, &error);

  g_assert_no_error (error);
  g_assert_nonnull (candidate);
  return candidate;
}

static void
assert_refused (const char *line, WherryError code)
{
  g_autoptr (GError) error = NULL;
  WherryCandidate *candidate = parse (line, &error);

  g_assert_null (candidate);
  if (!g_error_matches (error, WHERRY_ERROR, (int) code))
    g_test_message ("%s", line);
  g_assert_error (error, WHERRY_ERROR, (int) code);
}

static void
test_all_fields (void)
{
  g_autoptr (WherryCandidate) candidate
      = parse_good ("candidate:d97653b4 1 udp 1694498815 192.0.2.7 27070 typ srflx raddr 10.0.0.1 "
                    "rport 40914 generation 0 ufrag GtDs network-cost 50");

  g_assert_cmpstr (candidate->foundation, ==, "d97653b4");
  g_assert_cmpuint (candidate->component, ==, 1);
  g_assert_cmpint (candidate->transport, ==, WHERRY_CANDIDATE_TRANSPORT_UDP);
  g_assert_cmpuint (candidate->priority, ==, 1694498815);
  g_assert_cmpstr (candidate->address, ==, "192.0.2.7");
  g_assert_false (candidate->is_mdns);
  g_assert_cmpuint (candidate->port, ==, 27070);
  g_assert_cmpint (candidate->type, ==, WHERRY_CANDIDATE_TYPE_SRFLX);
  g_assert_cmpstr (candidate->related_address, ==, "10.0.0.1");
  g_assert_cmpuint (candidate->related_port, ==, 40914);
  g_assert_cmpint (candidate->tcp_type, ==, WHERRY_CANDIDATE_TCP_NONE);
  g_assert_cmpstr (candidate->ufrag, ==, "GtDs");
  g_assert_cmpstr (candidate->extensions, ==, "generation 0 network-cost 50");
}

static void
test_tcp (void)
{
  static const WherryCandidateTcpType types[]
      = { WHERRY_CANDIDATE_TCP_ACTIVE, WHERRY_CANDIDATE_TCP_PASSIVE, WHERRY_CANDIDATE_TCP_SO };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      const char *name = wherry_candidate_tcp_type_to_string (types[i]);
      g_autofree char *line
          = g_strdup_printf ("candidate:2 1 TCP 2105458943 ::1 9 typ host tcptype %s", name);
      g_autoptr (WherryCandidate) candidate = parse_good (line);

      g_assert_cmpint (candidate->transport, ==, WHERRY_CANDIDATE_TRANSPORT_TCP);
      g_assert_cmpint (candidate->tcp_type, ==, types[i]);
      g_assert_null (candidate->extensions);
    }
  assert_refused ("candidate:2 1 TCP 2105458943 ::1 9 typ host", WHERRY_ERROR_PROTOCOL);
  assert_refused ("candidate:2 1 TCP 21 ::1 9 typ host tcptype none", WHERRY_ERROR_PROTOCOL);
  assert_refused ("candidate:2 1 TCP 21 ::1 9 typ host tcptype ", WHERRY_ERROR_PROTOCOL);
}

static void
test_types (void)
{
  for (guint i = WHERRY_CANDIDATE_TYPE_HOST; i <= WHERRY_CANDIDATE_TYPE_RELAY; i++)
    {
      const char *name = wherry_candidate_type_to_string ((WherryCandidateType) i);
      g_autofree char *line = g_strdup_printf ("candidate:2 1 udp 1 ::1 9 typ %s", name);
      g_autoptr (WherryCandidate) candidate = parse_good (line);

      g_assert_cmpuint (candidate->type, ==, i);
    }
}

static void
test_prefixes_of_the_line (void)
{
  static const char *const starts[] = { "a=candidate:", "candidate:", "a=", "" };

  for (guint i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      g_autofree char *line = g_strconcat (starts[i], "1 1 UDP 5 127.0.0.1 1024 typ host", NULL);
      g_autoptr (WherryCandidate) candidate = parse_good (line);
      g_autofree char *string = wherry_candidate_to_string (candidate);

      g_assert_cmpstr (string, ==, "candidate:1 1 udp 5 127.0.0.1 1024 typ host");
    }
  assert_refused ("b=candidate:1 1 UDP 5 127.0.0.1 1024 typ host", WHERRY_ERROR_PROTOCOL);
  assert_refused ("candidate:candidate:1 1 UDP 5 127.0.0.1 1024 typ host", WHERRY_ERROR_PROTOCOL);
}

static void
test_mdns (void)
{
  g_autoptr (WherryCandidate) candidate = parse_good (
      "candidate:1424257836 1 udp 2113937151 " UUID_NAME " 34365 typ host generation 0");
  g_autoptr (WherryCandidate) upper = parse_good ("candidate:1 1 udp 1 A.LOCAL 1 typ host");

  g_assert_true (candidate->is_mdns);
  g_assert_cmpstr (candidate->address, ==, UUID_NAME);
  g_assert_true (upper->is_mdns);
  assert_refused ("candidate:1 1 udp 1 .local 34365 typ host", WHERRY_ERROR_PROTOCOL);
  assert_refused ("candidate:1 1 udp 1 a..local 34365 typ host", WHERRY_ERROR_PROTOCOL);
  assert_refused ("candidate:1 1 udp 1 local 34365 typ host", WHERRY_ERROR_UNSUPPORTED);
}

static void
test_unsupported (void)
{
  assert_refused ("candidate:1 2 udp 1 127.0.0.1 1 typ host", WHERRY_ERROR_UNSUPPORTED);
  assert_refused ("candidate:1 256 udp 1 127.0.0.1 1 typ host", WHERRY_ERROR_UNSUPPORTED);
  assert_refused ("candidate:1 1 ssltcp 1 127.0.0.1 1 typ host", WHERRY_ERROR_UNSUPPORTED);
  assert_refused ("candidate:1 1 udp 1 stun.example.org 1 typ host", WHERRY_ERROR_UNSUPPORTED);
  assert_refused ("candidate:1 1 udp 1 127.0.0.1 1 typ new", WHERRY_ERROR_UNSUPPORTED);
  /* malformed comes first */
  assert_refused ("candidate:1 2 udp 0 127.0.0.1 1 typ host", WHERRY_ERROR_PROTOCOL);
}

static void
test_refused (void)
{
  static const char *const lines[] = {
    "",
    " ",
    "candidate:",
    "candidate: 1 udp 1 127.0.0.1 1 typ host",
    "candidate:1 1 udp 1 127.0.0.1 1 typ",
    "candidate:1 1 udp 1 127.0.0.1 1 typ ",
    "candidate:1 1 udp 1 127.0.0.1 1 type host",
    "candidate:1  1 udp 1 127.0.0.1 1 typ host",
    /* foundation */
    "candidate:a-b 1 udp 1 127.0.0.1 1 typ host",
    "candidate:123456789012345678901234567890123 1 udp 1 127.0.0.1 1 typ host",
    /* component */
    "candidate:1 0 udp 1 127.0.0.1 1 typ host",
    "candidate:1 257 udp 1 127.0.0.1 1 typ host",
    "candidate:1 -1 udp 1 127.0.0.1 1 typ host",
    "candidate:1 x udp 1 127.0.0.1 1 typ host",
    /* transport */
    "candidate:1 1 u/p 1 127.0.0.1 1 typ host",
    /* priority */
    "candidate:1 1 udp 0 127.0.0.1 1 typ host",
    "candidate:1 1 udp 2147483648 127.0.0.1 1 typ host",
    "candidate:1 1 udp 4294967297 127.0.0.1 1 typ host",
    "candidate:1 1 udp 18446744073709551617 127.0.0.1 1 typ host",
    "candidate:1 1 udp 000000000000000000001 127.0.0.1 1 typ host",
    "candidate:1 1 udp +1 127.0.0.1 1 typ host",
    "candidate:1 1 udp 0x1 127.0.0.1 1 typ host",
    /* address */
    "candidate:1 1 udp 1  1 typ host",
    "candidate:1 1 udp 1 127.0.0 1 typ host",
    "candidate:1 1 udp 1 256.0.0.1 1 typ host",
    "candidate:1 1 udp 1 127.0.0.1.5 1 typ host",
    "candidate:1 1 udp 1 [::1] 1 typ host",
    "candidate:1 1 udp 1 ::1::1 1 typ host",
    "candidate:1 1 udp 1 fe80::1%eth0 1 typ host",
    "candidate:1 1 udp 1 a@b 1 typ host",
    /* port */
    "candidate:1 1 udp 1 127.0.0.1 65536 typ host",
    "candidate:1 1 udp 1 127.0.0.1 99999 typ host",
    "candidate:1 1 udp 1 127.0.0.1 -1 typ host",
    "candidate:1 1 udp 1 127.0.0.1 1a typ host",
    /* extensions */
    "candidate:1 1 udp 1 127.0.0.1 1 typ host generation",
    "candidate:1 1 udp 1 127.0.0.1 1 typ host ",
    "candidate:1 1 udp 1 127.0.0.1 1 typ srflx raddr 127.0.0.1",
    "candidate:1 1 udp 1 127.0.0.1 1 typ srflx rport 1",
    "candidate:1 1 udp 1 127.0.0.1 1 typ srflx raddr 127.0.0.1 rport 65536",
    "candidate:1 1 udp 1 127.0.0.1 1 typ srflx raddr :::: rport 1",
    "candidate:1 1 udp 1 127.0.0.1 1 typ srflx raddr ::1 rport 1 raddr ::1",
    "candidate:1 1 udp 1 127.0.0.1 1 typ srflx raddr ::1 rport 1 rport 1",
    "candidate:1 1 udp 1 127.0.0.1 1 typ host ufrag abc",
    "candidate:1 1 udp 1 127.0.0.1 1 typ host ufrag ab-cd",
    "candidate:1 1 udp 1 127.0.0.1 1 typ host ufrag abcd ufrag abcd",
    "candidate:1 1 udp 1 127.0.0.1 1 typ host x \xc3\xa4",
    "candidate:1 1 udp 1 127.0.0.1 1 typ host x y\r\na=injected 1",
    "candidate:1 1 udp 1 127.0.0.1 1 typ host\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    assert_refused (lines[i], WHERRY_ERROR_PROTOCOL);
}

static void
test_nul (void)
{
  static const char line[] = "candidate:1 1 udp 1 127.0.0.1\0 1 typ host";
  g_autoptr (GError) error = NULL;

  g_assert_null (wherry_candidate_parse (line, sizeof line - 1, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
}

static void
test_limits (void)
{
  const char *start = "candidate:1 1 udp 1 127.0.0.1 1 typ host x ";
  g_autofree char *filler = g_strnfill (WHERRY_CANDIDATE_LINE_MAX - strlen (start), 'y');
  g_autofree char *fits = g_strconcat (start, filler, NULL);
  g_autofree char *too_long = g_strconcat (fits, "y", NULL);
  g_autoptr (WherryCandidate) candidate = parse_good (fits);
  g_autoptr (WherryCandidate) least
      = parse_good ("candidate:12345678901234567890123456789012 1 udp 2147483647 :: 0 typ host");

  g_assert_cmpuint (strlen (candidate->extensions), ==, strlen (filler) + 2);
  g_assert_cmpuint (least->port, ==, 0);
  g_assert_cmpuint (least->priority, ==, 2147483647);
  assert_refused (too_long, WHERRY_ERROR_LIMIT);
}

static void
test_round_trip (void)
{
  static const char *const lines[] = {
    "candidate:1 1 udp 1 127.0.0.1 0 typ host",
    "candidate:1 1 tcp 1 ::1 9 typ host tcptype active ufrag abcd generation 0 network-id 1",
    "candidate:+/aZ09 1 udp 2147483647 ::ffff:127.0.0.1 65535 typ relay raddr 0.0.0.0 rport 0",
    "candidate:1 1 udp 5 " UUID_NAME " 1 typ host generation 0",
    "candidate:1 1 udp 5 ::1 1 typ prflx raddr a.local rport 9 empty  other x",
    "candidate:1 1 udp 5 ::1 1 typ host last ",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (WherryCandidate) candidate = parse_good (lines[i]);
      g_autoptr (WherryCandidate) copy = wherry_candidate_copy (candidate);
      g_autofree char *string = NULL;

      g_clear_pointer (&candidate, wherry_candidate_free);
      string = wherry_candidate_to_string (copy);
      g_assert_cmpstr (string, ==, lines[i]);
    }
}

static void
test_new (void)
{
  g_autoptr (WherryCandidate) candidate
      = wherry_candidate_new ("7", WHERRY_CANDIDATE_TRANSPORT_TCP, 99, "127.0.0.1", 4000,
                              WHERRY_CANDIDATE_TYPE_HOST, WHERRY_CANDIDATE_TCP_PASSIVE);
  g_autofree char *string = wherry_candidate_to_string (candidate);

  g_assert_cmpstr (string, ==, "candidate:7 1 tcp 99 127.0.0.1 4000 typ host tcptype passive");
  wherry_candidate_free (NULL);
}

static void
test_every_prefix_and_mutation (void)
{
  const char *good = "candidate:d97653b4 1 udp 1694498815 192.0.2.7 27070 typ srflx raddr 10.0.0.1 "
                     "rport 40914 generation 0 ufrag GtDs network-cost 50";
  g_autoptr (GRand) rand = g_rand_new_with_seed (wherry_test_seed ());
  guint refused = 0;

  for (gsize n = 0; n <= strlen (good); n++)
    {
      g_autofree guint8 *exact = wherry_exact_copy (good, n);
      g_autoptr (GError) error = NULL;
      g_autoptr (WherryCandidate) candidate
          = wherry_candidate_parse ((const char *) exact, n, &error);

      g_assert_true ((candidate == NULL) == (error != NULL));
    }
  for (guint i = 0; i < 10000; i++)
    {
      gsize length = 0;
      g_autofree guint8 *mutated = wherry_mutate (rand, good, strlen (good), &length);
      g_autoptr (GError) error = NULL;
      g_autoptr (WherryCandidate) candidate
          = wherry_candidate_parse ((const char *) mutated, length, &error);

      g_assert_true ((candidate == NULL) == (error != NULL));
      refused += error != NULL;
    }
  /* else the mutations test nothing */
  g_assert_cmpuint (refused, >, 1000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/candidate/all-fields", test_all_fields);
  g_test_add_func ("/candidate/tcp", test_tcp);
  g_test_add_func ("/candidate/types", test_types);
  g_test_add_func ("/candidate/with-or-without-what-stands-before", test_prefixes_of_the_line);
  g_test_add_func ("/candidate/mdns-is-flagged", test_mdns);
  g_test_add_func ("/candidate/unsupported", test_unsupported);
  g_test_add_func ("/candidate/refused", test_refused);
  g_test_add_func ("/candidate/refused/nul", test_nul);
  g_test_add_func ("/candidate/limits", test_limits);
  g_test_add_func ("/candidate/round-trip", test_round_trip);
  g_test_add_func ("/candidate/new", test_new);
  g_test_add_func ("/candidate/every-prefix-and-mutation", test_every_prefix_and_mutation);
  return g_test_run ();
}
