/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-wire.h"
#include "fuzz/fuzz.h"

/* What is taken for an entry is written as it was. */
static void
check_entries (const guint8 *data, gsize length)
{
  g_autoptr (GByteArray) again = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  gsize used = 0, at = 0;

  for (; at < length; at += used)
    {
      WherryFileEntry entry;

      if (!wherry_file_entry_parse (&entry, data + at, length - at, &used, &error))
        {
          g_assert_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_PROTOCOL);
          break;
        }
      g_assert_cmpuint (used, <=, length - at);
      wherry_file_entry_append (&entry, again);
    }
  g_assert_cmpmem (again->data, again->len, data, at);
}

static void
check_greeting (const guint8 *data, gsize length)
{
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GError) error = NULL;
  WherryFileGreeting greeting;

  if (!wherry_file_greeting_parse (&greeting, data, length, &error))
    {
      g_assert_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_PROTOCOL);
      return;
    }
  if (greeting.version != WHERRY_FILE_VERSION)
    return;
  again = wherry_file_greeting_write (&greeting);
  g_assert_cmpmem (g_bytes_get_data (again, NULL), g_bytes_get_size (again), data, length);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GError) error = NULL;
  WherryFileRecord record;

  check_greeting (data, size);
  check_entries (data, size);
  if (!wherry_file_record_parse (&record, data, size, &error))
    {
      g_assert_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_PROTOCOL);
      return 0;
    }
  again = wherry_file_record_write (&record);
  g_assert_cmpmem (g_bytes_get_data (again, NULL), g_bytes_get_size (again), data, size);
  if (record.type == WHERRY_FILE_RECORD_ENTRIES)
    check_entries (record.bytes, record.length);
  return 0;
}
