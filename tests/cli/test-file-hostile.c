/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "cli/file-fixture.h"
#include "cli/file-hostile.h"

/* A sender that knows the code and wants to harm: it is refused in words, and leaves nothing. */

typedef struct
{
  GError *error;
  GBytes *last; /* what the receiver said last */
} Ending;

static void
on_send (GBytes *record, gpointer data)
{
  Ending *ending = data;

  g_clear_pointer (&ending->last, g_bytes_unref);
  ending->last = g_bytes_ref (record);
}

static void
on_begun (guint entries, guint64 total, gpointer data)
{
}

static void
on_verified (const char *path, guint64 size, gpointer data)
{
  g_error ("“%s” was taken for good", path);
}

static void
on_ended (const GError *error, gboolean remote, gpointer data)
{
  Ending *ending = data;

  g_assert_null (ending->error);
  g_assert_nonnull (error);
  g_assert_false (remote);
  ending->error = g_error_copy (error);
}

static void
assert_said (const Ending *ending, const WherryTestHostile *hostile)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (ending->last, &length);
  WherryFileRecord record;

  g_assert_error (ending->error, WHERRY_FILE_ERROR, (int) hostile->error);
  if (strstr (ending->error->message, hostile->says) == NULL)
    g_error ("“%s” is not in “%s”", hostile->says, ending->error->message);
  g_assert_null (strpbrk (ending->error->message, "\033\007\n"));
  g_assert_true (g_utf8_validate (ending->error->message, -1, NULL));
  /* and the other side is told */
  g_assert_true (wherry_file_record_parse (&record, data, length, NULL));
  g_assert_cmpint (record.type, ==, WHERRY_FILE_RECORD_ABORT);
  g_assert_cmpint (record.flag, ==, hostile->error);
}

static void
test_hostile (gconstpointer data)
{
  const WherryTestHostile *hostile = data;
  const WherryFileReceiverHooks hooks = { on_send, on_begun, on_verified, on_ended };
  char *outer = wherry_test_make_folder ();
  g_autofree char *folder = g_build_filename (outer, "to", NULL);
  WherryFileSink *sink;
  WherryFileReceiver *receiver;
  Ending ending = { NULL };
  GQueue records = G_QUEUE_INIT;

  wherry_test_write (folder, "mine", "mine", 4);
  sink = wherry_file_sink_new (folder, TRUE, NULL);
  receiver = wherry_file_receiver_new (sink, G_MAXINT64, &hooks, &ending);
  wherry_file_receiver_start (receiver);
  hostile->make (&records);
  while (records.length > 0)
    {
      g_autoptr (GBytes) record = g_queue_pop_head (&records);

      wherry_file_receiver_take (receiver, record);
      while (wherry_file_receiver_work (receiver))
        ;
    }
  assert_said (&ending, hostile);
  wherry_file_receiver_free (receiver);
  wherry_file_sink_free (sink);
  g_assert_cmpuint (wherry_test_count (outer), ==, 2); /* the folder, and what was in it */
  wherry_test_assert_file (folder, "mine", "mine", 4);
  g_clear_error (&ending.error);
  g_clear_pointer (&ending.last, g_bytes_unref);
  wherry_test_remove (outer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (const WherryTestHostile *hostile = wherry_test_hostile; hostile->name != NULL; hostile++)
    {
      g_autofree char *name = g_strconcat ("/file-hostile/", hostile->name, NULL);

      g_test_add_data_func (name, hostile, test_hostile);
    }
  return g_test_run ();
}
