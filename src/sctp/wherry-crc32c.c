/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

#include "sctp/wherry-crc32c.h"

/* The polynomial 0x1EDC6F41 with its bits reversed. */
#define POLYNOMIAL 0x82f63b78u

#define SCTP_CHECKSUM_OFFSET 8

static guint32 table[8][256];

static guint32
crc32c_table (guint32 crc, const guint8 *data, gsize length)
{
  for (; length >= 8; data += 8, length -= 8)
    {
      guint32 low, high;

      memcpy (&low, data, 4);
      memcpy (&high, data + 4, 4);
      low = GUINT32_FROM_LE (low) ^ crc;
      high = GUINT32_FROM_LE (high);
      crc = table[7][low & 0xff] ^ table[6][(low >> 8) & 0xff] ^ table[5][(low >> 16) & 0xff]
            ^ table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][(high >> 8) & 0xff]
            ^ table[1][(high >> 16) & 0xff] ^ table[0][high >> 24];
    }
  for (; length > 0; data++, length--)
    crc = table[0][(crc ^ *data) & 0xff] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__)
__attribute__ ((target ("sse4.2"))) static guint32
crc32c_sse42 (guint32 crc, const guint8 *data, gsize length)
{
  guint64 wide = crc;

  for (; length >= 8; data += 8, length -= 8)
    {
      guint64 word;

      memcpy (&word, data, 8);
      wide = _mm_crc32_u64 (wide, word);
    }
  crc = (guint32) wide;
  for (; length > 0; data++, length--)
    crc = _mm_crc32_u8 (crc, *data);
  return crc;
}
#endif

static void
fill_table (void)
{
  for (guint32 i = 0; i < 256; i++)
    {
      guint32 crc = i;

      for (guint bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
      table[0][i] = crc;
    }
  for (guint32 i = 0; i < 256; i++)
    for (guint k = 1; k < 8; k++)
      table[k][i] = table[0][table[k - 1][i] & 0xff] ^ (table[k - 1][i] >> 8);
}

guint32
wherry_crc32c_portable (const guint8 *data, gsize length)
{
  static gsize filled;

  if (g_once_init_enter (&filled))
    {
      fill_table ();
      g_once_init_leave (&filled, 1);
    }
  return ~crc32c_table (0xffffffffu, data, length);
}

guint32
wherry_crc32c (const guint8 *data, gsize length)
{
#if defined(__x86_64__)
  if (__builtin_cpu_supports ("sse4.2"))
    return ~crc32c_sse42 (0xffffffffu, data, length);
#endif
  return wherry_crc32c_portable (data, length);
}

void
wherry_crc32c_sign_sctp (guint8 *packet, gsize length)
{
  guint32 crc;

  memset (packet + SCTP_CHECKSUM_OFFSET, 0, 4);
  /* RFC 9260 appendix A: the least significant byte goes first */
  crc = GUINT32_TO_LE (wherry_crc32c (packet, length));
  memcpy (packet + SCTP_CHECKSUM_OFFSET, &crc, 4);
}
