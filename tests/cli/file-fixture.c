/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cli/file-fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* What forces bytes to a disk waits for what others write there: not on one, if that is possible.
 */
char *
wherry_test_make_folder (void)
{
  const char *place = access ("/dev/shm", W_OK) == 0 ? "/dev/shm" : g_get_tmp_dir ();
  char *folder = g_build_filename (place, "wherry-file-XXXXXX", NULL);

  g_assert_nonnull (g_mkdtemp (folder));
  return folder;
}

static guint
walk (const char *path, gboolean removes)
{
  DIR *folder = opendir (path);
  const struct dirent *entry;
  guint n = 0;

  while (folder != NULL && (entry = readdir (folder)) != NULL)
    {
      g_autofree char *below = g_build_filename (path, entry->d_name, NULL);

      if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
        continue;
      n++;
      if (!g_file_test (below, G_FILE_TEST_IS_SYMLINK) && g_file_test (below, G_FILE_TEST_IS_DIR))
        n += walk (below, removes);
      else if (removes)
        g_unlink (below);
    }
  if (folder != NULL)
    closedir (folder);
  if (removes)
    g_rmdir (path);
  return n;
}

void
wherry_test_remove (char *folder)
{
  walk (folder, TRUE);
  g_free (folder);
}

guint
wherry_test_count (const char *folder)
{
  return walk (folder, FALSE);
}

void
wherry_test_write (const char *folder, const char *path, const void *data, gsize length)
{
  g_autofree char *full = g_build_filename (folder, path, NULL);
  g_autofree char *parent = g_path_get_dirname (full);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0777), ==, 0);
  g_file_set_contents (full, data, (gssize) length, &error);
  g_assert_no_error (error);
}

guint8 *
wherry_test_make_bytes (gsize size, guint32 seed)
{
  guint8 *bytes = g_malloc (size + 8);
  guint64 state = seed * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) + 1;

  for (gsize i = 0; i < size; i += 8)
    {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      memcpy (bytes + i, &state, 8);
    }
  return bytes;
}

void
wherry_test_assert_file (const char *folder, const char *path, const void *data, gsize length)
{
  g_autofree char *full = g_build_filename (folder, path, NULL);
  g_autofree char *found = NULL;
  g_autoptr (GError) error = NULL;
  gsize found_length;

  g_file_get_contents (full, &found, &found_length, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found_length, ==, length);
  g_assert_cmpint (memcmp (found, data, length), ==, 0);
}

/* ---- the pair ---- */

static void
keep (WherryTestEnd *end, const GError *error, gboolean remote)
{
  g_assert_false (end->ended);
  end->ended = TRUE;
  end->remote = remote;
  end->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
clear_end (WherryTestEnd *end)
{
  g_clear_error (&end->error);
  end->ended = end->remote = FALSE;
}

static void
on_sender_send (GBytes *record, gpointer data)
{
  WherryTestPair *pair = data;
  guint64 waiting = 0;

  g_queue_push_tail (&pair->to_receiver, g_bytes_ref (record));
  for (GList *link = pair->to_receiver.head; link != NULL; link = link->next)
    waiting += g_bytes_get_size (link->data);
  pair->most_waiting = MAX (pair->most_waiting, waiting);
}

static void
on_sender_ended (const GError *error, gboolean remote, gpointer data)
{
  keep (&((WherryTestPair *) data)->sender_end, error, remote);
}

static void
on_receiver_send (GBytes *record, gpointer data)
{
  g_queue_push_tail (&((WherryTestPair *) data)->to_sender, g_bytes_ref (record));
}

static void
on_receiver_begun (guint entries, guint64 total, gpointer data)
{
  ((WherryTestPair *) data)->begun++;
}

static void
on_receiver_verified (const char *path, guint64 size, gpointer data)
{
  ((WherryTestPair *) data)->verified++;
}

static void
on_receiver_ended (const GError *error, gboolean remote, gpointer data)
{
  keep (&((WherryTestPair *) data)->receiver_end, error, remote);
}

void
wherry_test_pair_init (WherryTestPair *pair)
{
  memset (pair, 0, sizeof *pair);
  pair->from = wherry_test_make_folder ();
  pair->to = wherry_test_make_folder ();
  g_queue_init (&pair->to_sender);
  g_queue_init (&pair->to_receiver);
}

static void
drop_queues (WherryTestPair *pair)
{
  g_queue_clear_full (&pair->to_sender, (GDestroyNotify) g_bytes_unref);
  g_queue_clear_full (&pair->to_receiver, (GDestroyNotify) g_bytes_unref);
}

void
wherry_test_pair_kill_sender (WherryTestPair *pair)
{
  g_clear_pointer (&pair->sender, wherry_file_sender_free);
  g_clear_pointer (&pair->source, wherry_file_source_free);
  clear_end (&pair->sender_end);
  drop_queues (pair);
}

void
wherry_test_pair_kill_receiver (WherryTestPair *pair)
{
  g_clear_pointer (&pair->receiver, wherry_file_receiver_free);
  g_clear_pointer (&pair->sink, wherry_file_sink_free);
  clear_end (&pair->receiver_end);
  drop_queues (pair);
}

void
wherry_test_pair_clear (WherryTestPair *pair)
{
  wherry_test_pair_kill_sender (pair);
  wherry_test_pair_kill_receiver (pair);
  wherry_test_remove (pair->from);
  wherry_test_remove (pair->to);
}

void
wherry_test_pair_start_sender (WherryTestPair *pair, const char *name)
{
  const WherryFileSenderHooks hooks = { on_sender_send, on_sender_ended };
  g_autofree char *path = g_build_filename (pair->from, name, NULL);
  char *paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;

  pair->source = wherry_file_source_new (paths, NULL, NULL, &error);
  g_assert_no_error (error);
  pair->sender = wherry_file_sender_new (pair->source, &hooks, pair);
}

void
wherry_test_pair_start_receiver (WherryTestPair *pair, gboolean overwrite, guint64 max_bytes)
{
  const WherryFileReceiverHooks hooks
      = { on_receiver_send, on_receiver_begun, on_receiver_verified, on_receiver_ended };
  g_autoptr (GError) error = NULL;

  pair->sink = wherry_file_sink_new (pair->to, overwrite, &error);
  g_assert_no_error (error);
  pair->receiver = wherry_file_receiver_new (pair->sink, max_bytes, &hooks, pair);
}

static gboolean
deliver (WherryTestPair *pair)
{
  g_autoptr (GBytes) up = g_queue_pop_head (&pair->to_sender);
  g_autoptr (GBytes) down = g_queue_pop_head (&pair->to_receiver);

  if (up != NULL)
    wherry_file_sender_take (pair->sender, up);
  if (down != NULL)
    wherry_file_receiver_take (pair->receiver, down);
  return down != NULL;
}

gboolean
wherry_test_pair_run (WherryTestPair *pair, guint records)
{
  guint arrived = 0, idle = 0;

  wherry_file_sender_start (pair->sender);
  wherry_file_receiver_start (pair->receiver);
  while (!pair->sender_end.ended || !pair->receiver_end.ended)
    {
      const gboolean busy = wherry_file_sender_work (pair->sender)
                            | wherry_file_receiver_work (pair->receiver)
                            | (pair->to_sender.length + pair->to_receiver.length > 0);

      if (deliver (pair) && ++arrived == records)
        return FALSE;
      idle = busy ? 0 : idle + 1;
      g_assert_cmpuint (idle, <, 3); /* or nobody would ever do anything again */
    }
  return TRUE;
}
