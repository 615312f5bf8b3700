/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"
#include "cli/file/wherry-file-wire.h"

static const guint8 hash[WHERRY_FILE_HASH_SIZE] = { 1, 2, 3 };

static void
test_records (void)
{
  static const WherryFileRecord records[] = {
    { .type = WHERRY_FILE_RECORD_OFFER, .number = 7, .size = G_MAXUINT64 },
    { .type = WHERRY_FILE_RECORD_PLAN, .number = G_MAXUINT32, .hash = hash },
    { .type = WHERRY_FILE_RECORD_FILE, .number = 1, .size = 1 },
    { .type = WHERRY_FILE_RECORD_DATA, .bytes = hash, .length = 3 },
    { .type = WHERRY_FILE_RECORD_END, .hash = hash },
    { .type = WHERRY_FILE_RECORD_DONE },
    { .type = WHERRY_FILE_RECORD_ABORT, .flag = 255, .bytes = hash, .length = 2 },
    { .type = WHERRY_FILE_RECORD_ABORT },
    { .type = WHERRY_FILE_RECORD_CONNECT, .bytes = hash, .length = 1 },
    { .type = WHERRY_FILE_RECORD_READY, .number = 1 },
    { .type = WHERRY_FILE_RECORD_HAVE, .number = 3, .size = 4 },
    { .type = WHERRY_FILE_RECORD_WANT },
    { .type = WHERRY_FILE_RECORD_WANT, .bytes = hash, .length = 2 },
    { .type = WHERRY_FILE_RECORD_ACK, .size = 5 },
    { .type = WHERRY_FILE_RECORD_SAVED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (records); i++)
    {
      g_autoptr (GBytes) bytes = wherry_file_record_write (&records[i]);
      g_autoptr (GBytes) again = NULL;
      g_autoptr (GError) error = NULL;
      gsize length;
      const guint8 *data = g_bytes_get_data (bytes, &length);
      WherryFileRecord record;

      g_assert_true (wherry_file_record_parse (&record, data, length, &error));
      again = wherry_file_record_write (&record);
      g_assert_true (g_bytes_equal (bytes, again));
    }
}

/* What has a fixed length has only that. */
static void
test_lengths (void)
{
  for (guint type = 0; type < 256; type++)
    {
      guint lengths = 0;

      for (gsize n = 0; n < 100; n++)
        {
          g_autofree guint8 *exact = g_malloc0 (n + 1);
          g_autoptr (GError) error = NULL;
          WherryFileRecord record;

          exact[0] = (guint8) type;
          if (wherry_file_record_parse (&record, exact, n + 1, &error))
            lengths++;
          else
            g_assert_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_PROTOCOL);
        }
      if (type == WHERRY_FILE_RECORD_DATA || type == WHERRY_FILE_RECORD_ENTRIES
          || type == WHERRY_FILE_RECORD_ABORT || type == WHERRY_FILE_RECORD_WANT
          || type == WHERRY_FILE_RECORD_CONNECT || type == WHERRY_FILE_RECORD_CONNECTED)
        g_assert_cmpuint (lengths, >, 1);
      else
        g_assert_cmpuint (lengths, <=, 1);
    }
}

static void
test_too_long (void)
{
  g_autofree guint8 *data = g_malloc0 (WHERRY_FILE_RECORD_MAX + 1);
  WherryFileRecord record;

  data[0] = WHERRY_FILE_RECORD_DATA;
  g_assert_true (wherry_file_record_parse (&record, data, WHERRY_FILE_RECORD_MAX, NULL));
  g_assert_false (wherry_file_record_parse (&record, data, WHERRY_FILE_RECORD_MAX + 1, NULL));
}

static void
test_greetings (void)
{
  const WherryFileGreetingType types[]
      = { WHERRY_FILE_GREETING_HERE, WHERRY_FILE_GREETING_HELLO, WHERRY_FILE_GREETING_WELCOME,
          WHERRY_FILE_GREETING_REFUSED };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      const WherryFileGreeting greeting = { .type = types[i],
                                            .refusal = 1,
                                            .receiver_nonce = { 1 },
                                            .sender_nonce = { 2 },
                                            .proof = { 3 } };
      g_autoptr (GBytes) bytes = wherry_file_greeting_write (&greeting);
      gsize length;
      const guint8 *data = g_bytes_get_data (bytes, &length);
      WherryFileGreeting parsed;
      g_autoptr (GBytes) again = NULL;

      for (gsize n = 0; n < length; n++)
        {
          g_autofree guint8 *exact = g_memdup2 (data, n);

          g_assert_false (wherry_file_greeting_parse (&parsed, exact, n, NULL));
        }
      g_assert_true (wherry_file_greeting_parse (&parsed, data, length, NULL));
      g_assert_cmpint (parsed.type, ==, types[i]);
      again = wherry_file_greeting_write (&parsed);
      g_assert_true (g_bytes_equal (bytes, again));
    }
}

/* A later version may be longer: what it is called is known all the same. */
static void
test_other_version (void)
{
  static const guint8 data[] = { WHERRY_FILE_GREETING_HELLO, 2, 1, 2, 3 };
  WherryFileGreeting greeting;

  g_assert_true (wherry_file_greeting_parse (&greeting, data, sizeof data, NULL));
  g_assert_cmpuint (greeting.version, ==, 2);
}

static void
test_entries (void)
{
  const WherryFileEntry entry = {
    .executable = TRUE, .modified_ms = -5, .size = 1234567890123, .path = "a/b", .path_length = 3
  };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  WherryFileEntry parsed;
  gsize used;

  wherry_file_entry_append (&entry, bytes);
  g_assert_cmpuint (bytes->len, ==, wherry_file_entry_measure (&entry));
  g_assert_true (wherry_file_entry_parse (&parsed, bytes->data, bytes->len, &used, NULL));
  g_assert_cmpuint (used, ==, bytes->len);
  g_assert_true (parsed.executable && !parsed.is_folder);
  g_assert_cmpint (parsed.modified_ms, ==, -5);
  g_assert_cmpuint (parsed.size, ==, entry.size);
  g_assert_cmpmem (parsed.path, parsed.path_length, "a/b", 3);
  for (guint n = 0; n < bytes->len; n++)
    {
      g_autofree guint8 *exact = g_memdup2 (bytes->data, n);

      g_assert_false (wherry_file_entry_parse (&parsed, exact, n, &used, NULL));
    }
  bytes->data[0] = 2; /* a symlink, a device, whatever */
  g_assert_false (wherry_file_entry_parse (&parsed, bytes->data, bytes->len, &used, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/file-wire/records", test_records);
  g_test_add_func ("/file-wire/lengths", test_lengths);
  g_test_add_func ("/file-wire/too-long", test_too_long);
  g_test_add_func ("/file-wire/greetings", test_greetings);
  g_test_add_func ("/file-wire/another-version", test_other_version);
  g_test_add_func ("/file-wire/entries", test_entries);
  return g_test_run ();
}
