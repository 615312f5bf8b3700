/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "fixtures/wherry-mutate.h"
#include "wire/wherry-frame.h"

static const guint8 good[] = { 0x01, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                               0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88 };

static void
test_parse (void)
{
  WherryFrame frame;
  guint8 header[WHERRY_FRAME_HEADER_SIZE];
  char id[WHERRY_MEMBER_ID_SIZE];

  G_STATIC_ASSERT (sizeof good == WHERRY_FRAME_HEADER_SIZE);
  g_assert_true (wherry_frame_parse (&frame, good, sizeof good, NULL));
  g_assert_true (frame.text);
  g_assert_false (frame.replayed);
  g_assert_cmphex (frame.member, ==, 0x0123456789abcdef);
  g_assert_cmphex (frame.sequence, ==, 0xffeeddccbbaa9988);
  wherry_frame_write (&frame, header);
  g_assert_cmpmem (header, sizeof header, good, sizeof good);
  wherry_member_id_format (frame.member, id);
  g_assert_cmpstr (id, ==, "0123456789abcdef");
}

static void
test_flags (void)
{
  for (guint flags = 0; flags <= 0xff; flags++)
    {
      guint8 data[sizeof good], header[WHERRY_FRAME_HEADER_SIZE];
      g_autoptr (GError) error = NULL;
      WherryFrame frame;

      memcpy (data, good, sizeof good);
      data[0] = (guint8) flags;
      g_assert_cmpint (wherry_frame_parse (&frame, data, sizeof data, &error), ==, flags < 8);
      if (flags >= 8)
        {
          g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
          continue;
        }
      g_assert_cmpint (frame.text, ==, flags & 1);
      g_assert_cmpint (frame.replayed, ==, flags >> 1 & 1);
      g_assert_cmpint (frame.direct, ==, flags >> 2);
      wherry_frame_write (&frame, header);
      g_assert_cmpuint (header[0], ==, flags);
    }
}

static void
test_prefixes (void)
{
  for (gsize n = 0; n < sizeof good; n++)
    {
      g_autofree guint8 *exact = wherry_exact_copy (good, n);
      g_autoptr (GError) error = NULL;
      WherryFrame frame;

      g_assert_false (wherry_frame_parse (&frame, exact, n, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
    }
}

static void
test_payload (void)
{
  guint8 data[sizeof good + 5] = { 0 };
  WherryFrame frame;

  memcpy (data, good, sizeof good);
  g_assert_true (wherry_frame_parse (&frame, data, sizeof data, NULL));
}

static void
test_ids (void)
{
  static const char *const bad[] = {
    NULL,
    "",
    "0123456789abcde",
    "0123456789abcdef0",
    "0123456789ABCDEF",
    "0123456789abcdeg",
    " 123456789abcdef",
    "0000000000000000",
    "0x23456789abcdef",
  };
  char id[WHERRY_MEMBER_ID_SIZE];
  guint64 value = 7;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (wherry_member_id_parse (bad[i], &value));
  g_assert_cmpuint (value, ==, 7);
  g_assert_true (wherry_member_id_parse ("fedcba9876543210", &value));
  g_assert_cmphex (value, ==, 0xfedcba9876543210);
  wherry_member_id_format (1, id);
  g_assert_cmpstr (id, ==, "0000000000000001");
  g_assert_true (wherry_member_id_parse (id, &value));
  g_assert_cmphex (value, ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame/parses-and-writes", test_parse);
  g_test_add_func ("/frame/refuses-reserved-flags", test_flags);
  g_test_add_func ("/frame/refuses-every-prefix", test_prefixes);
  g_test_add_func ("/frame/payload-follows", test_payload);
  g_test_add_func ("/frame/member-ids", test_ids);
  return g_test_run ();
}
