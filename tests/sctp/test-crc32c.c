/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "sctp/wherry-crc32c.h"

/* RFC 3720 appendix B.4 */
static void
test_vectors (void)
{
  guint8 data[32];

  memset (data, 0, sizeof data);
  g_assert_cmphex (wherry_crc32c (data, sizeof data), ==, 0x8a9136aa);
  memset (data, 0xff, sizeof data);
  g_assert_cmphex (wherry_crc32c (data, sizeof data), ==, 0x62a8ab43);
  for (guint i = 0; i < sizeof data; i++)
    data[i] = (guint8) i;
  g_assert_cmphex (wherry_crc32c (data, sizeof data), ==, 0x46dd794e);
  g_assert_cmphex (wherry_crc32c ((const guint8 *) "123456789", 9), ==, 0xe3069283);
  g_assert_cmphex (wherry_crc32c (data, 0), ==, 0);
}

/* One bit at a time, as the definition says. */
static guint32
slow (const guint8 *data, gsize length)
{
  guint32 crc = 0xffffffffu;

  for (gsize i = 0; i < length; i++)
    {
      crc ^= data[i];
      for (guint bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
    }
  return ~crc;
}

static void
test_lengths (void)
{
  guint8 data[300];

  for (guint i = 0; i < sizeof data; i++)
    data[i] = (guint8) (i * 7 + (i >> 3));
  for (gsize offset = 0; offset < 8; offset++)
    for (gsize length = 0; length + offset <= sizeof data; length++)
      {
        g_assert_cmphex (wherry_crc32c (data + offset, length), ==, slow (data + offset, length));
        g_assert_cmphex (wherry_crc32c_portable (data + offset, length), ==,
                         slow (data + offset, length));
      }
}

static void
test_packet (void)
{
  guint8 packet[16] = { 0x13, 0x88, 0x13, 0x88, 1, 2, 3, 4, 9, 9, 9, 9, 5, 6, 7, 8 };
  guint8 zeroed[16];
  guint32 crc;

  memcpy (zeroed, packet, sizeof packet);
  memset (zeroed + 8, 0, 4);
  wherry_crc32c_sign_sctp (packet, sizeof packet);
  crc = (guint32) packet[8] | (guint32) packet[9] << 8 | (guint32) packet[10] << 16
        | (guint32) packet[11] << 24;
  g_assert_cmphex (crc, ==, slow (zeroed, sizeof zeroed));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/crc32c/vectors", test_vectors);
  g_test_add_func ("/sctp/crc32c/lengths", test_lengths);
  g_test_add_func ("/sctp/crc32c/packet", test_packet);
  return g_test_run ();
}
