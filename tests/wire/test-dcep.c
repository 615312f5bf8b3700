/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-mutate.h"
#include "wire/wherry-dcep.h"

/* unordered, 3 retransmits, priority 256, "chat", "wherry.1" */
static const guint8 good[] = { 0x03, 0x81, 0x01, 0x00, 0,   0,   0,   3,   0,   4,   0,   8,
                               'c',  'h',  'a',  't',  'w', 'h', 'e', 'r', 'r', 'y', '.', '1' };

static void
assert_refused (const guint8 *data, gsize length, WherryError code)
{
  g_auto (WherryDcepOpen) open = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (wherry_dcep_open_parse (&open, data, length, &error));
  g_assert_error (error, WHERRY_ERROR, (int) code);
  g_assert_null (open.label);
}

static void
test_parse (void)
{
  g_auto (WherryDcepOpen) open = { 0 };
  g_autofree guint8 *written = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_assert_true (wherry_dcep_open_parse (&open, good, sizeof good, &error));
  g_assert_no_error (error);
  g_assert_false (open.ordered);
  g_assert_cmpint (open.reliability, ==, WHERRY_DCEP_REXMIT);
  g_assert_cmpuint (open.value, ==, 3);
  g_assert_cmpuint (open.priority, ==, 256);
  g_assert_cmpstr (open.label, ==, "chat");
  g_assert_cmpstr (open.protocol, ==, "wherry.1");

  written = wherry_dcep_open_write (&open, &length, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (written, length, good, sizeof good);
}

static void
test_channel_types (void)
{
  for (guint type = 0; type <= 0xff; type++)
    {
      guint8 data[sizeof good];
      g_auto (WherryDcepOpen) open = { 0 };

      memcpy (data, good, sizeof good);
      data[1] = (guint8) type;
      if ((type & 0x7f) > 2)
        {
          assert_refused (data, sizeof data, WHERRY_ERROR_UNSUPPORTED);
          continue;
        }
      g_assert_true (wherry_dcep_open_parse (&open, data, sizeof data, NULL));
      g_assert_cmpint (open.ordered, ==, type < 0x80);
      g_assert_cmpint (open.reliability, ==, type & 0x7f);
      g_assert_cmpuint (open.value, ==, (type & 0x7f) == 0 ? 0 : 3);
    }
}

static void
test_prefixes (void)
{
  for (gsize n = 0; n < sizeof good; n++)
    {
      g_autofree guint8 *exact = wherry_exact_copy (good, n);

      assert_refused (exact, n, WHERRY_ERROR_PROTOCOL);
    }
}

static void
test_trailing (void)
{
  guint8 longer[sizeof good + 1] = { 0 };

  memcpy (longer, good, sizeof good);
  assert_refused (longer, sizeof longer, WHERRY_ERROR_PROTOCOL);
}

static void
test_text (void)
{
  static const char *const bad[] = { "ch\xff"
                                     "t",
                                     "\xc0\xaf"
                                     "xx",
                                     "\xed\xa0\x80x", "a\0bc" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      guint8 data[sizeof good];

      memcpy (data, good, sizeof good);
      memcpy (data + 12, bad[i], 4);
      assert_refused (data, sizeof data, WHERRY_ERROR_PROTOCOL);
      memcpy (data, good, sizeof good);
      memcpy (data + 16, bad[i], 4);
      assert_refused (data, sizeof data, WHERRY_ERROR_PROTOCOL);
    }
}

static guint8 *
write_lengths (gsize label, gsize protocol, gsize *length)
{
  guint8 *data = g_malloc (12 + label + protocol);

  memcpy (data, good, 8);
  data[8] = (guint8) (label >> 8);
  data[9] = (guint8) label;
  data[10] = (guint8) (protocol >> 8);
  data[11] = (guint8) protocol;
  memset (data + 12, 'x', label + protocol);
  *length = 12 + label + protocol;
  return data;
}

static void
test_limits (void)
{
  gsize length;
  g_autofree guint8 *most = write_lengths (65535, 65535, &length);
  g_auto (WherryDcepOpen) open = { 0 };

  g_assert_true (wherry_dcep_open_parse (&open, most, length, NULL));
  g_assert_cmpuint (strlen (open.label), ==, 65535);
  g_assert_cmpuint (strlen (open.protocol), ==, 65535);
  /* one byte less than they say */
  assert_refused (most, length - 1, WHERRY_ERROR_PROTOCOL);
}

static void
test_empty_strings (void)
{
  WherryDcepOpen open = { .ordered = TRUE, .value = 7, .priority = 0 };
  g_auto (WherryDcepOpen) again = { 0 };
  g_autofree guint8 *data = NULL;
  gsize length;

  data = wherry_dcep_open_write (&open, &length, NULL);
  /* the value of a reliable channel is 0 on the wire (RFC 8832 section 5.1) */
  g_assert_cmpmem (data, length, "\3\0\0\0\0\0\0\0\0\0\0\0", 12);
  g_assert_true (wherry_dcep_open_parse (&again, data, length, NULL));
  g_assert_cmpstr (again.label, ==, "");
  g_assert_cmpstr (again.protocol, ==, "");
}

static void
test_write_refuses (void)
{
  g_autofree char *longer = g_strnfill (WHERRY_CHANNEL_NAME_MAX + 1, 'x');
  WherryDcepOpen bad[] = {
    { .label = longer },
    { .protocol = longer },
    { .label = (char *) "\xff" },
    { .reliability = 3 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      gsize length;

      g_assert_null (wherry_dcep_open_write (&bad[i], &length, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
    }
}

static void
test_ack_and_type (void)
{
  g_autoptr (GError) error = NULL;
  WherryDcepType type;
  gsize length;
  const guint8 *ack = wherry_dcep_ack_get (&length);

  g_assert_cmpmem (ack, length, "\2", 1);
  g_assert_true (wherry_dcep_ack_parse (ack, length, NULL));
  g_assert_true (wherry_dcep_get_type (ack, length, &type, NULL));
  g_assert_cmpint (type, ==, WHERRY_DCEP_ACK);
  g_assert_true (wherry_dcep_get_type (good, sizeof good, &type, NULL));
  g_assert_cmpint (type, ==, WHERRY_DCEP_OPEN);

  g_assert_true (wherry_dcep_ack_parse ((const guint8 *) "\2\0\0\0", 4, NULL)); /* pion */
  g_assert_false (wherry_dcep_ack_parse ((const guint8 *) "\2\0\0\0\0", 5, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
  g_clear_error (&error);
  g_assert_false (wherry_dcep_ack_parse ((const guint8 *) "\2", 0, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
  g_clear_error (&error);
  g_assert_false (wherry_dcep_get_type ((const guint8 *) "", 0, &type, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
  g_clear_error (&error);
  g_assert_false (wherry_dcep_get_type ((const guint8 *) "\1", 1, &type, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
}

/* What a damaged message still says is written as it was read. */
static void
test_mutations (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (wherry_test_seed ());
  guint parsed = 0;

  for (guint i = 0; i < 10000; i++)
    {
      gsize length, written_length;
      g_autofree guint8 *data = wherry_mutate (rand, good, sizeof good, &length);
      g_autofree guint8 *written = NULL;
      g_auto (WherryDcepOpen) open = { 0 };

      if (!wherry_dcep_open_parse (&open, data, length, NULL))
        continue;
      parsed++;
      written = wherry_dcep_open_write (&open, &written_length, NULL);
      if (open.reliability == WHERRY_DCEP_RELIABLE)
        memset (data + 4, 0, 4);
      g_assert_cmpmem (written, written_length, data, length);
    }
  g_assert_cmpuint (parsed, >, 0);
  g_assert_cmpuint (parsed, <, 10000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dcep/parses-and-writes", test_parse);
  g_test_add_func ("/dcep/channel-types", test_channel_types);
  g_test_add_func ("/dcep/refuses-every-prefix", test_prefixes);
  g_test_add_func ("/dcep/refuses-trailing-bytes", test_trailing);
  g_test_add_func ("/dcep/refuses-what-is-no-text", test_text);
  g_test_add_func ("/dcep/limits", test_limits);
  g_test_add_func ("/dcep/empty-label-and-protocol", test_empty_strings);
  g_test_add_func ("/dcep/write-refuses", test_write_refuses);
  g_test_add_func ("/dcep/ack-and-type", test_ack_and_type);
  g_test_add_func ("/dcep/mutations", test_mutations);
  return g_test_run ();
}
