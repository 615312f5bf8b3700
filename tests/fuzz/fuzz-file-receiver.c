/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "cli/file-fixture.h"
#include "cli/file/wherry-file-hash.h"
#include "fuzz/fuzz.h"

/*
 * Records as somebody sends them who knows the code: two bytes of length before each. Whatever they
 * are, nothing appears beside the folder, and one that says END gets the hash that is right, so
 * that the way behind it is tried too.
 */

static void
on_send (GBytes *record, gpointer data)
{
}

static void
on_begun (guint entries, guint64 total, gpointer data)
{
}

static void
on_verified (const char *path, guint64 size, gpointer data)
{
}

static void
on_ended (const GError *error, gboolean remote, gpointer data)
{
  gboolean *ended = data;

  g_assert_false (*ended);
  *ended = TRUE;
}

static void
feed (WherryFileReceiver *receiver, const guint8 *data, gsize size)
{
  g_autoptr (WherryFileHash) hash = wherry_file_hash_new ();
  guint8 end[1 + WHERRY_FILE_HASH_SIZE] = { WHERRY_FILE_RECORD_END };

  while (size >= 2)
    {
      const gsize length = MIN ((gsize) data[0] << 8 | data[1], size - 2);
      const guint8 *record = data + 2;
      g_autoptr (GBytes) bytes = NULL;

      data += 2 + length;
      size -= 2 + length;
      if (length > 0 && record[0] == WHERRY_FILE_RECORD_DATA)
        wherry_file_hash_update (hash, record + 1, length - 1);
      if (length == 1 && record[0] == WHERRY_FILE_RECORD_END)
        {
          wherry_file_hash_peek (hash, end + 1);
          bytes = g_bytes_new (end, sizeof end);
        }
      else
        bytes = g_bytes_new (record, length);
      wherry_file_receiver_take (receiver, bytes);
      for (guint i = 0; i < 4; i++)
        wherry_file_receiver_work (receiver);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const WherryFileReceiverHooks hooks = { on_send, on_begun, on_verified, on_ended };
  char *outer = wherry_test_make_folder ();
  g_autofree char *folder = g_build_filename (outer, "to", NULL);
  gboolean ended = FALSE;
  WherryFileSink *sink;
  WherryFileReceiver *receiver;

  wherry_test_write (folder, "mine", "mine", 4);
  sink = wherry_file_sink_new (folder, FALSE, NULL);
  receiver = wherry_file_receiver_new (sink, 1024 * 1024, &hooks, &ended);
  wherry_file_receiver_start (receiver);
  feed (receiver, data, size);
  wherry_file_receiver_free (receiver);
  wherry_file_sink_free (sink);
  wherry_test_assert_file (folder, "mine", "mine", 4);
  g_assert_cmpuint (wherry_test_count (outer), ==, 1 + wherry_test_count (folder));
  wherry_test_remove (outer);
  return 0;
}
