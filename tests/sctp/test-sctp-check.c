/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "sctp/wherry-sctp-check.h"

/* An INIT with two parameters, the last one unpadded. */
static const guint8 init[] = {
  0x13, 0x88, 0x13, 0x88, 0,    0, 0, 0, 0, 0, 0, 0,                         /* common header */
  1,    0,    0,    29,   1,    2, 3, 4, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, /* INIT */
  0xc0, 0x00, 0x00, 0x04,                                                    /* PR-SCTP */
  0x80, 0x08, 0x00, 0x05, 0x82,                                              /* extensions */
};

static gboolean
check (const guint8 *data, gsize length)
{
  g_autofree guint8 *exact = g_memdup2 (data, length);
  WherrySctpFound found;

  return wherry_sctp_check_packet (exact, length, &found);
}

static void
test_good (void)
{
  static const guint8 two_chunks[] = {
    0x13, 0x88, 0x13, 0x88, 0, 0, 0, 1, 0, 0,  0,   0, 0, 3, 0,  17, 0, 0,
    0,    1,    0,    0,    0, 0, 0, 0, 0, 51, 'x', 0, 0, 0, 11, 0,  0, 4,
  };

  g_assert_true (check (init, sizeof init));
  g_assert_true (check (two_chunks, sizeof two_chunks));
}

static void
test_heartbeats (void)
{
  /* HEARTBEAT, its information, HEARTBEAT ACK, and then a SACK's beginning */
  static const guint8 packet[] = {
    0x13, 0x88, 0x13, 0x88, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0, 8,
    0,    1,    0,    4,    5, 0, 0, 8, 0, 1, 0, 4, 3, 0, 0, 4,
  };
  WherrySctpFound found;

  g_assert_true (wherry_sctp_check_packet (packet, sizeof packet - 4, &found));
  g_assert_false (found.urgent);
  g_assert_true (wherry_sctp_check_packet (packet, sizeof packet, &found));
  g_assert_true (found.urgent);
}

static void
test_prefixes (void)
{
  for (gsize n = 0; n < sizeof init; n++)
    g_assert_false (check (init, n));
}

static void
test_lengths (void)
{
  guint8 packet[sizeof init];

  for (guint size = 0; size < 256; size++)
    {
      memcpy (packet, init, sizeof init);
      packet[15] = (guint8) size; /* the chunk's */
      g_assert_cmpint (check (packet, sizeof packet), ==, size == 29);

      memcpy (packet, init, sizeof init);
      packet[35] = (guint8) size; /* the first parameter's: a 0 hangs usrsctp */
      g_assert_cmpint (check (packet, sizeof packet), ==, size == 4 || size == 9);
    }
}

static void
test_unwanted (void)
{
  static const guint8 types[] = { 0x0f, 0x80, 0x81, 0xc1 };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      guint8 packet[16] = { 0 };

      packet[12] = types[i];
      packet[15] = 4;
      g_assert_false (check (packet, sizeof packet));
    }
}

static void
test_asked_streams (void)
{
  static const guint8 packet[] = {
    0x13, 0x88, 0x13, 0x88, 0, 0, 0, 1, 0,    0,    0, 0, /* common header */
    0x82, 0,    0,    28,                                 /* RE-CONFIG */
    0,    17,   0,    12,   1, 2, 3, 4, 0,    9,    0, 0, /* 9 more of theirs */
    0,    18,   0,    12,   1, 2, 3, 5, 0x12, 0x34, 0, 0, /* 0x1234 more of ours */
    0x82, 0,    0,    16,                                 /* RE-CONFIG */
    0,    18,   0,    12,   1, 2, 3, 6, 0,    1,    0, 0, /* and one more */
  };
  WherrySctpFound found = { .streams = 7 };

  g_assert_true (wherry_sctp_check_packet (packet, sizeof packet, &found));
  g_assert_cmpuint (found.streams, ==, 0x1235);
  g_assert_true (wherry_sctp_check_packet (init, sizeof init, &found));
  g_assert_cmpuint (found.streams, ==, 0);
}

static void
test_kinds (void)
{
  static const guint8 types[] = { 0, 0xc0, 0x40, 0xc2, 3 };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      guint8 packet[16] = { 0 };
      WherrySctpFound found;

      packet[12] = types[i];
      packet[15] = 4;
      g_assert_true (wherry_sctp_check_packet (packet, sizeof packet, &found));
      g_assert_cmpint (found.data, ==, i < 2);
      g_assert_cmpint (found.i_data, ==, i == 2 || i == 3);
      g_assert_false (found.ends);
    }
  for (guint type = 6; type <= 14; type++) /* ABORT, SHUTDOWN ACK, SHUTDOWN COMPLETE */
    {
      guint8 packet[20] = { [12] = 3, [15] = 4, [16] = (guint8) type, [19] = 4 };
      WherrySctpFound found;

      g_assert_true (wherry_sctp_check_packet (packet, sizeof packet, &found));
      g_assert_cmpint (found.ends, ==, type == 6 || type == 8 || type == 14);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/check/heartbeats", test_heartbeats);
  g_test_add_func ("/sctp/check/good", test_good);
  g_test_add_func ("/sctp/check/prefixes", test_prefixes);
  g_test_add_func ("/sctp/check/lengths", test_lengths);
  g_test_add_func ("/sctp/check/unwanted", test_unwanted);
  g_test_add_func ("/sctp/check/asked-streams", test_asked_streams);
  g_test_add_func ("/sctp/check/kinds", test_kinds);
  return g_test_run ();
}
