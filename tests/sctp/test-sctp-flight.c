/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "sctp/wherry-sctp-flight.h"

/* A common header and one chunk with a TSN behind its header. */
static gsize
make_packet (guint8 *packet, guint8 type, guint32 tsn, gsize chunk_length)
{
  memset (packet, 0, 12 + chunk_length);
  packet[12] = type;
  packet[14] = (guint8) (chunk_length >> 8);
  packet[15] = (guint8) chunk_length;
  for (guint i = 0; i < 4; i++)
    packet[16 + i] = (guint8) (tsn >> (24 - 8 * i));
  return 12 + ((chunk_length + 3) & ~(gsize) 3);
}

static void
out (WherrySctpFlight *flight, guint32 tsn, gsize payload)
{
  guint8 packet[2000];

  wherry_sctp_flight_packet_out (flight, packet, make_packet (packet, 0, tsn, 16 + payload));
}

static void
ack (WherrySctpFlight *flight, guint32 tsn)
{
  guint8 packet[2000];

  wherry_sctp_flight_packet_in (flight, packet, make_packet (packet, 3, tsn, 16));
}

static void
test_count (void)
{
  WherrySctpFlight flight;
  const guint32 first = 0xfffffffeu; /* wraps */

  wherry_sctp_flight_init (&flight);
  ack (&flight, 5);
  wherry_sctp_flight_taken (&flight, 3000);
  g_assert_cmpuint (wherry_sctp_flight_get_bytes (&flight), ==, 3000);
  out (&flight, first, 1000);
  out (&flight, first + 1, 1001);
  out (&flight, first, 1000); /* again */
  out (&flight, first + 2, 999);
  g_assert_cmpuint (flight.unsent, ==, 0);
  g_assert_cmpuint (wherry_sctp_flight_get_bytes (&flight), ==, 3000);
  ack (&flight, first - 1);
  g_assert_cmpuint (wherry_sctp_flight_get_bytes (&flight), ==, 3000);
  ack (&flight, first + 1);
  g_assert_cmpuint (wherry_sctp_flight_get_bytes (&flight), ==, 999);
  out (&flight, first, 1000); /* late */
  ack (&flight, first + 1);
  g_assert_cmpuint (wherry_sctp_flight_get_bytes (&flight), ==, 999);
  /* one TSN was given up unsent */
  wherry_sctp_flight_taken (&flight, 100);
  out (&flight, first + 4, 100);
  ack (&flight, first + 400);
  g_assert_cmpuint (wherry_sctp_flight_get_bytes (&flight), ==, 0);
  wherry_sctp_flight_clear (&flight);
}

/* TSNs are usrsctp's own, but an acknowledgement is the other side's. */
static void
test_bad_packets (void)
{
  WherrySctpFlight flight;
  guint8 packet[2000];
  gsize length;

  wherry_sctp_flight_init (&flight);
  wherry_sctp_flight_taken (&flight, 500);
  out (&flight, 100, 500);
  length = make_packet (packet, 3, 100, 16);
  for (gsize n = 0; n < 20; n++)
    {
      g_autofree guint8 *exact = g_memdup2 (packet, n);

      wherry_sctp_flight_packet_in (&flight, exact, n);
      g_assert_cmpuint (wherry_sctp_flight_get_bytes (&flight), ==, 500);
    }
  packet[14] = packet[15] = 0; /* a chunk of no length */
  wherry_sctp_flight_packet_in (&flight, packet, length);
  packet[14] = packet[15] = 0xff; /* longer than the packet */
  packet[12] = 9;
  wherry_sctp_flight_packet_in (&flight, packet, length);
  g_assert_cmpuint (wherry_sctp_flight_get_bytes (&flight), ==, 500);
  wherry_sctp_flight_reset (&flight);
  g_assert_cmpuint (wherry_sctp_flight_get_bytes (&flight), ==, 0);
  wherry_sctp_flight_clear (&flight);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/flight/counts", test_count);
  g_test_add_func ("/sctp/flight/bad-packets", test_bad_packets);
  return g_test_run ();
}
