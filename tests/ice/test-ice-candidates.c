/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-candidates.h"

static NiceCandidate *
make_nice (NiceCandidateType type, NiceCandidateTransport transport, const char *address,
           guint port)
{
  NiceCandidate *candidate = nice_candidate_new (type);

  g_assert_true (nice_address_set_from_string (&candidate->addr, address));
  nice_address_set_port (&candidate->addr, port);
  g_assert_true (nice_address_set_from_string (&candidate->base_addr, "192.0.2.9"));
  nice_address_set_port (&candidate->base_addr, 999);
  candidate->transport = transport;
  candidate->priority = 2122260223;
  candidate->component_id = 1;
  g_strlcpy (candidate->foundation, "7", sizeof candidate->foundation);
  return candidate;
}

/* NULL expected: not announced. */
static void
check_announced (NiceCandidateType type, NiceCandidateTransport transport, const char *address,
                 const WherryIceConfig *config, const char *expected)
{
  NiceCandidate *candidate = make_nice (type, transport, address, 5000);
  g_autoptr (WherryCandidate) announced = wherry_ice_candidate_announce (candidate, config);
  g_autofree char *line = announced != NULL ? wherry_candidate_to_string (announced) : NULL;

  g_assert_cmpstr (line, ==, expected);
  nice_candidate_free (candidate);
}

#define HOST NICE_CANDIDATE_TYPE_HOST
#define SRFLX NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE
#define RELAYED NICE_CANDIDATE_TYPE_RELAYED
#define UDP NICE_CANDIDATE_TRANSPORT_UDP
#define ACTIVE NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE
#define PASSIVE NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE

static void
test_announce (void)
{
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();

  check_announced (HOST, UDP, "192.0.2.1", config,
                   "candidate:7 1 udp 2122260223 192.0.2.1 5000 typ host");
  check_announced (HOST, UDP, "2001:db8::1", config,
                   "candidate:7 1 udp 2122260223 2001:db8::1 5000 typ host");
  check_announced (SRFLX, UDP, "203.0.113.9", config,
                   "candidate:7 1 udp 2122260223 203.0.113.9 5000 typ srflx raddr 192.0.2.9 rport "
                   "999");
  check_announced (HOST, UDP, "fe80::1", config, NULL);
  check_announced (HOST, ACTIVE, "192.0.2.1", config, NULL);
  config->link_local = TRUE;
  config->ice_tcp = TRUE;
  check_announced (HOST, UDP, "fe80::1", config,
                   "candidate:7 1 udp 2122260223 fe80::1 5000 typ host");
  check_announced (HOST, ACTIVE, "192.0.2.1", config,
                   "candidate:7 1 tcp 2122260223 192.0.2.1 9 typ host tcptype active");
  check_announced (HOST, PASSIVE, "192.0.2.1", config,
                   "candidate:7 1 tcp 2122260223 192.0.2.1 5000 typ host tcptype passive");
}

static void
test_external_address (void)
{
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();

  g_assert_true (wherry_ice_config_set_external_address (config, "203.0.113.1", NULL));
  check_announced (HOST, UDP, "192.0.2.1", config,
                   "candidate:7 1 udp 2122260223 203.0.113.1 5000 typ host");
  /* the other family, loopback and what a server saw stay as they are */
  check_announced (HOST, UDP, "2001:db8::1", config,
                   "candidate:7 1 udp 2122260223 2001:db8::1 5000 typ host");
  check_announced (HOST, UDP, "127.0.0.1", config,
                   "candidate:7 1 udp 2122260223 127.0.0.1 5000 typ host");
  check_announced (SRFLX, UDP, "203.0.113.9", config,
                   "candidate:7 1 udp 2122260223 203.0.113.9 5000 typ srflx raddr 192.0.2.9 rport "
                   "999");
}

static void
test_relay_only (void)
{
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();

  config->relay_only = TRUE;
  check_announced (HOST, UDP, "192.0.2.1", config, NULL);
  check_announced (SRFLX, UDP, "203.0.113.9", config, NULL);
  /* and the address that the policy hides is not in raddr */
  check_announced (RELAYED, UDP, "203.0.113.9", config,
                   "candidate:7 1 udp 2122260223 203.0.113.9 5000 typ relay raddr 0.0.0.0 rport 9");
}

static NiceCandidate *
remote (const char *line, const WherryIceConfig *config)
{
  g_autoptr (WherryCandidate) candidate = wherry_candidate_parse (line, strlen (line), NULL);

  g_assert_nonnull (candidate);
  return wherry_ice_candidate_to_nice (candidate, 4, config);
}

static void
test_remote (void)
{
  const char *unusable[] = {
    "candidate:1 1 udp 1 0.0.0.0 4000 typ host",
    "candidate:1 1 udp 1 :: 4000 typ host",
    "candidate:1 1 udp 1 224.0.0.1 4000 typ host",
    "candidate:1 1 udp 1 ff02::1 4000 typ host",
    "candidate:1 1 udp 1 255.255.255.255 4000 typ host",
    "candidate:1 1 tcp 1 127.0.0.1 4000 typ host tcptype passive",
    "candidate:1 1 udp 1 1c2d3e4f-0000-4000-8000-000000000000.local 4000 typ host",
  };
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();
  NiceCandidate *candidate;
  char text[64];

  for (guint i = 0; i < G_N_ELEMENTS (unusable); i++)
    {
      g_test_message ("%s", unusable[i]);
      g_assert_null (remote (unusable[i], config));
    }
  candidate = remote ("candidate:abc 1 udp 77 2001:db8::1 4000 typ srflx raddr :: rport 9", config);
  g_assert_cmpint (candidate->type, ==, SRFLX);
  g_assert_cmpint (candidate->transport, ==, UDP);
  g_assert_cmpuint (candidate->priority, ==, 77);
  g_assert_cmpuint (candidate->stream_id, ==, 4);
  g_assert_cmpuint (candidate->component_id, ==, WHERRY_ICE_COMPONENT);
  g_assert_cmpstr (candidate->foundation, ==, "abc");
  wherry_ice_address_to_string (&candidate->addr, text, sizeof text);
  g_assert_cmpstr (text, ==, "[2001:db8::1]:4000");
  nice_candidate_free (candidate);

  config->ice_tcp = TRUE;
  candidate = remote (unusable[5], config);
  g_assert_cmpint (candidate->transport, ==, PASSIVE);
  wherry_ice_address_to_string (&candidate->addr, text, sizeof text);
  g_assert_cmpstr (text, ==, "127.0.0.1:4000");
  nice_candidate_free (candidate);
}

static void
test_types (void)
{
  const WherryCandidateType types[] = { WHERRY_CANDIDATE_TYPE_HOST, WHERRY_CANDIDATE_TYPE_SRFLX,
                                        WHERRY_CANDIDATE_TYPE_PRFLX, WHERRY_CANDIDATE_TYPE_RELAY };
  const WherryCandidateTcpType tcp_types[]
      = { WHERRY_CANDIDATE_TCP_ACTIVE, WHERRY_CANDIDATE_TCP_PASSIVE, WHERRY_CANDIDATE_TCP_SO };
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();

  config->ice_tcp = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    for (guint j = 0; j < G_N_ELEMENTS (tcp_types); j++)
      {
        g_autoptr (WherryCandidate) candidate
            = wherry_candidate_new ("1", WHERRY_CANDIDATE_TRANSPORT_TCP, 1, "192.0.2.1", 1,
                                    types[i], tcp_types[j]);
        NiceCandidate *to = wherry_ice_candidate_to_nice (candidate, 1, config);
        g_autoptr (WherryCandidate) back = wherry_ice_candidate_announce (to, config);

        g_assert_cmpint (back->type, ==, types[i]);
        g_assert_cmpint (back->tcp_type, ==, tcp_types[j]);
        nice_candidate_free (to);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-candidates/announce", test_announce);
  g_test_add_func ("/ice-candidates/external-address", test_external_address);
  g_test_add_func ("/ice-candidates/relay-only", test_relay_only);
  g_test_add_func ("/ice-candidates/remote", test_remote);
  g_test_add_func ("/ice-candidates/types", test_types);
  return g_test_run ();
}
