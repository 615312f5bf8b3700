/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-bytes.h"

static const guint8 sample[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
                                 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 'a',  'b' };

static gboolean
read_sample (WherryReader *reader)
{
  const guint8 *bytes;
  guint8 u8;
  guint16 u16;
  guint32 u32;
  guint64 u64;

  wherry_reader_u8 (reader, &u8);
  wherry_reader_u16 (reader, &u16);
  wherry_reader_u32 (reader, &u32);
  wherry_reader_u64 (reader, &u64);
  wherry_reader_bytes (reader, 2, &bytes);
  if (reader->failed)
    return FALSE;

  g_assert_cmphex (u8, ==, 0x01);
  g_assert_cmphex (u16, ==, 0x0203);
  g_assert_cmphex (u32, ==, 0x04050607);
  g_assert_cmphex (u64, ==, 0x08090a0b0c0d0e0f);
  g_assert_cmpmem (bytes, 2, "ab", 2);
  return TRUE;
}

static void
test_reads_big_endian (void)
{
  WherryReader reader;

  wherry_reader_init (&reader, sample, sizeof sample);
  g_assert_cmpuint (wherry_reader_left (&reader), ==, sizeof sample);
  g_assert_true (read_sample (&reader));
  g_assert_cmpuint (wherry_reader_left (&reader), ==, 0);
}

static void
test_every_prefix_fails (void)
{
  for (gsize n = 0; n < sizeof sample; n++)
    {
      g_autofree guint8 *exact = g_memdup2 (sample, n);
      WherryReader reader;

      wherry_reader_init (&reader, exact, n);
      g_assert_false (read_sample (&reader));
    }
}

static void
test_failure_is_sticky (void)
{
  WherryReader reader;
  guint32 u32 = 1;
  guint8 u8 = 1;
  const guint8 *bytes = sample;

  wherry_reader_init (&reader, sample, 3);
  g_assert_false (wherry_reader_u32 (&reader, &u32));
  g_assert_cmpuint (u32, ==, 0);
  g_assert_false (wherry_reader_u8 (&reader, &u8));
  g_assert_cmpuint (u8, ==, 0);
  g_assert_cmpuint (wherry_reader_left (&reader), ==, 0);
  g_assert_false (wherry_reader_bytes (&reader, 0, &bytes));
  g_assert_null (bytes);
}

static void
test_a_huge_length_fails (void)
{
  WherryReader reader;
  const guint8 *bytes;
  guint8 u8;

  wherry_reader_init (&reader, sample, sizeof sample);
  g_assert_true (wherry_reader_u8 (&reader, &u8));
  g_assert_false (wherry_reader_bytes (&reader, G_MAXSIZE, &bytes));
}

static void
test_writes_what_it_reads (void)
{
  guint8 buffer[sizeof sample];
  WherryWriter writer;

  wherry_writer_init (&writer, buffer, sizeof buffer);
  wherry_writer_u8 (&writer, 0x01);
  wherry_writer_u16 (&writer, 0x0203);
  wherry_writer_u32 (&writer, 0x04050607);
  wherry_writer_u64 (&writer, 0x08090a0b0c0d0e0f);
  wherry_writer_bytes (&writer, (const guint8 *) "ab", 2);
  g_assert_false (writer.failed);
  g_assert_cmpmem (buffer, writer.length, sample, sizeof sample);
}

static void
test_writer_stops_at_its_capacity (void)
{
  for (gsize capacity = 0; capacity < 7; capacity++)
    {
      g_autofree guint8 *exact = g_malloc0 (MAX (capacity, 1));
      WherryWriter writer;

      wherry_writer_init (&writer, exact, capacity);
      wherry_writer_u32 (&writer, 1);
      wherry_writer_u16 (&writer, 2);
      wherry_writer_u8 (&writer, 3);
      g_assert_true (writer.failed);
      g_assert_cmpuint (writer.length, <=, capacity);
    }
}

static void
test_nothing_from_nowhere (void)
{
  WherryReader reader;
  WherryWriter writer;
  const guint8 *bytes;

  wherry_reader_init (&reader, NULL, 0);
  g_assert_true (wherry_reader_bytes (&reader, 0, &bytes));
  wherry_writer_init (&writer, NULL, 0);
  wherry_writer_bytes (&writer, NULL, 0);
  g_assert_false (writer.failed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bytes/reads-big-endian", test_reads_big_endian);
  g_test_add_func ("/bytes/every-prefix-fails", test_every_prefix_fails);
  g_test_add_func ("/bytes/failure-is-sticky", test_failure_is_sticky);
  g_test_add_func ("/bytes/a-huge-length-fails", test_a_huge_length_fails);
  g_test_add_func ("/bytes/writes-what-it-reads", test_writes_what_it_reads);
  g_test_add_func ("/bytes/writer-stops-at-its-capacity", test_writer_stops_at_its_capacity);
  g_test_add_func ("/bytes/nothing-from-nowhere", test_nothing_from_nowhere);
  return g_test_run ();
}
