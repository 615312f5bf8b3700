/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "cli/file-fixture.h"
#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"

#define MIB (1024u * 1024)

static void
assert_done (const WherryTestPair *pair)
{
  g_assert_no_error (pair->sender_end.error);
  g_assert_no_error (pair->receiver_end.error);
  g_assert_true (pair->sender_end.ended && pair->receiver_end.ended);
}

static void
start (WherryTestPair *pair, const char *name)
{
  wherry_test_pair_start_sender (pair, name);
  wherry_test_pair_start_receiver (pair, FALSE, G_MAXINT64);
}

static void
test_tree (void)
{
  g_auto (WherryTestPair) pair;
  g_autofree guint8 *bytes = wherry_test_make_bytes (3 * MIB + 17, 1);
  g_autofree char *link = NULL, *tool = NULL, *got = NULL;
  struct stat info;

  wherry_test_pair_init (&pair);
  wherry_test_write (pair.from, "t/big", bytes, 3 * MIB + 17);
  wherry_test_write (pair.from, "t/empty", "", 0);
  wherry_test_write (pair.from, "t/a/b/c/tool", "#!", 2);
  wherry_test_write (pair.from, "t/\xe6\xbc\xa2 \"x\"", "y", 1);
  tool = g_build_filename (pair.from, "t/a/b/c/tool", NULL);
  g_chmod (tool, 06755);
  link = g_build_filename (pair.from, "t/link", NULL);
  g_assert_cmpint (symlink ("/etc/passwd", link), ==, 0);
  start (&pair, "t");
  g_assert_true (wherry_test_pair_run (&pair, 0));
  assert_done (&pair);
  wherry_test_assert_file (pair.to, "t/big", bytes, 3 * MIB + 17);
  wherry_test_assert_file (pair.to, "t/empty", "", 0);
  wherry_test_assert_file (pair.to, "t/\xe6\xbc\xa2 \"x\"", "y", 1);
  g_assert_cmpuint (wherry_test_count (pair.to), ==, wherry_test_count (pair.from) - 1);
  g_assert_cmpuint (pair.verified, ==, 4);
  got = g_build_filename (pair.to, "t/a/b/c/tool", NULL);
  g_assert_cmpint (g_stat (got, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 07000, ==, 0);
  g_assert_cmpuint (info.st_mode & 0100, !=, 0);
  /* neither side holds more than the window, however large the file */
  g_assert_cmpuint (pair.most_waiting, <=, WHERRY_FILE_WINDOW + 64 * 1024);
}

static void
test_modified (void)
{
  g_auto (WherryTestPair) pair;
  g_autofree char *from = NULL, *to = NULL;
  const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1000000000 } };
  struct stat info;

  wherry_test_pair_init (&pair);
  wherry_test_write (pair.from, "f", "x", 1);
  from = g_build_filename (pair.from, "f", NULL);
  to = g_build_filename (pair.to, "f", NULL);
  g_assert_cmpint (utimensat (AT_FDCWD, from, times, 0), ==, 0);
  start (&pair, "f");
  g_assert_true (wherry_test_pair_run (&pair, 0));
  assert_done (&pair);
  g_assert_cmpint (g_stat (to, &info), ==, 0);
  g_assert_cmpint (info.st_mtim.tv_sec, ==, 1000000000);
}

/* Whoever is killed, wherever: what is sent again is less than 1 MiB. */
static void
test_resume (gconstpointer data)
{
  const char *who = data;
  const gsize size = 8 * MIB + 5;
  g_autofree guint8 *bytes = wherry_test_make_bytes (size, 2);

  for (guint records = 1; records < 140; records += 27)
    {
      g_auto (WherryTestPair) pair;
      guint64 sent;

      wherry_test_pair_init (&pair);
      wherry_test_write (pair.from, "t/a", bytes, 100000);
      wherry_test_write (pair.from, "t/b", bytes, size);
      start (&pair, "t");
      g_assert_false (wherry_test_pair_run (&pair, records));
      sent = wherry_file_sender_get_sent (pair.sender);
      if (strcmp (who, "receiver") != 0)
        wherry_test_pair_kill_sender (&pair);
      if (strcmp (who, "sender") != 0)
        wherry_test_pair_kill_receiver (&pair);
      if (pair.sender == NULL)
        wherry_test_pair_start_sender (&pair, "t");
      else
        sent = 0;
      if (pair.receiver == NULL)
        wherry_test_pair_start_receiver (&pair, FALSE, G_MAXINT64);
      g_assert_true (wherry_test_pair_run (&pair, 0));
      assert_done (&pair);
      sent += wherry_file_sender_get_sent (pair.sender);
      g_assert_cmpuint (sent, <=, size + 100000 + MIB);
      wherry_test_assert_file (pair.to, "t/a", bytes, 100000);
      wherry_test_assert_file (pair.to, "t/b", bytes, size);
      g_assert_cmpuint (wherry_test_count (pair.to), ==, 3);
    }
}

/* What lies there is looked at, not believed. */
static void
test_resume_of_something_else (void)
{
  g_auto (WherryTestPair) pair;
  g_autofree guint8 *bytes = wherry_test_make_bytes (MIB, 3);

  wherry_test_pair_init (&pair);
  wherry_test_write (pair.from, "f", bytes, MIB);
  wherry_test_write (pair.to, ".f.wherry-part", bytes + 1, 500000);
  start (&pair, "f");
  g_assert_true (wherry_test_pair_run (&pair, 0));
  assert_done (&pair);
  g_assert_cmpuint (wherry_file_sender_get_sent (pair.sender), ==, MIB);
  wherry_test_assert_file (pair.to, "f", bytes, MIB);
  g_assert_cmpuint (wherry_test_count (pair.to), ==, 1);
}

static void
test_whole_part (void)
{
  g_auto (WherryTestPair) pair;
  g_autofree guint8 *bytes = wherry_test_make_bytes (MIB, 3);

  wherry_test_pair_init (&pair);
  wherry_test_write (pair.from, "f", bytes, MIB);
  wherry_test_write (pair.to, ".f.wherry-part", bytes, MIB);
  start (&pair, "f");
  g_assert_true (wherry_test_pair_run (&pair, 0));
  assert_done (&pair);
  g_assert_cmpuint (wherry_file_sender_get_sent (pair.sender), ==, 0);
  wherry_test_assert_file (pair.to, "f", bytes, MIB);
  g_assert_cmpuint (wherry_test_count (pair.to), ==, 1);
}

/* Twice the same: nothing is sent, nothing is touched. */
static void
test_there_already (void)
{
  g_auto (WherryTestPair) pair;

  wherry_test_pair_init (&pair);
  wherry_test_write (pair.from, "t/a", "same", 4);
  wherry_test_write (pair.to, "t/a", "same", 4);
  start (&pair, "t");
  g_assert_true (wherry_test_pair_run (&pair, 0));
  assert_done (&pair);
  g_assert_cmpuint (wherry_file_sender_get_sent (pair.sender), ==, 0);
}

static void
assert_in_the_way (const char *there, gboolean overwrite, gboolean taken)
{
  g_auto (WherryTestPair) pair;

  wherry_test_pair_init (&pair);
  wherry_test_write (pair.from, "t/0", "first", 5);
  wherry_test_write (pair.from, "t/a", "this", 4);
  wherry_test_write (pair.to, "t/a", there, strlen (there));
  wherry_test_pair_start_sender (&pair, "t");
  wherry_test_pair_start_receiver (&pair, overwrite, G_MAXINT64);
  g_assert_true (wherry_test_pair_run (&pair, 0));
  if (taken)
    {
      assert_done (&pair);
      wherry_test_assert_file (pair.to, "t/a", "this", 4);
      return;
    }
  g_assert_error (pair.receiver_end.error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_IN_THE_WAY);
  g_assert_error (pair.sender_end.error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_IN_THE_WAY);
  g_assert_true (pair.sender_end.remote && !pair.receiver_end.remote);
  /* nothing was begun: not the first file either */
  g_assert_cmpuint (wherry_test_count (pair.to), ==, 2);
  wherry_test_assert_file (pair.to, "t/a", there, strlen (there));
}

static void
test_in_the_way (void)
{
  assert_in_the_way ("that", FALSE, FALSE);
  assert_in_the_way ("longer", FALSE, FALSE);
  assert_in_the_way ("that", TRUE, TRUE);
  assert_in_the_way ("longer", TRUE, TRUE);
}

/* Links that lie in the folder lead nowhere, with --overwrite too. */
static void
test_links_there (void)
{
  for (guint i = 0; i < 4; i++)
    {
      const char *const names[] = { "t", "t/a", "t/.a.wherry-part", "t/a" };
      g_auto (WherryTestPair) pair;
      g_autofree char *outside = wherry_test_make_folder ();
      g_autofree char *target = NULL, *link = NULL, *parent = NULL;

      wherry_test_pair_init (&pair);
      wherry_test_write (pair.from, "t/a", "this", 4);
      wherry_test_write (outside, "a", "mine", 4);
      target = i == 0 ? g_strdup (outside) : g_build_filename (outside, "a", NULL);
      link = g_build_filename (pair.to, names[i], NULL);
      parent = g_path_get_dirname (link);
      g_mkdir_with_parents (parent, 0777);
      g_assert_cmpint (symlink (target, link), ==, 0);
      wherry_test_pair_start_sender (&pair, "t");
      wherry_test_pair_start_receiver (&pair, i == 3, G_MAXINT64);
      g_assert_true (wherry_test_pair_run (&pair, 0));
      g_assert_error (pair.receiver_end.error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_IN_THE_WAY);
      wherry_test_assert_file (outside, "a", "mine", 4);
      g_assert_cmpuint (wherry_test_count (outside), ==, 1);
      wherry_test_remove (g_steal_pointer (&outside));
    }
}

static void
test_too_large (void)
{
  g_auto (WherryTestPair) pair;

  wherry_test_pair_init (&pair);
  wherry_test_write (pair.from, "f", "12345", 5);
  wherry_test_pair_start_sender (&pair, "f");
  wherry_test_pair_start_receiver (&pair, FALSE, 4);
  g_assert_true (wherry_test_pair_run (&pair, 0));
  g_assert_error (pair.receiver_end.error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_REFUSED);
  g_assert_cmpuint (wherry_test_count (pair.to), ==, 0);
}

static void
test_changed_source (void)
{
  g_auto (WherryTestPair) pair;
  g_autofree guint8 *bytes = wherry_test_make_bytes (4 * MIB, 4);

  wherry_test_pair_init (&pair);
  wherry_test_write (pair.from, "f", bytes, 4 * MIB);
  start (&pair, "f");
  wherry_test_write (pair.from, "f", bytes, 4 * MIB - 1);
  g_assert_true (wherry_test_pair_run (&pair, 0));
  g_assert_error (pair.sender_end.error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_UNREADABLE);
  g_assert_error (pair.receiver_end.error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_UNREADABLE);
  g_assert_true (pair.receiver_end.remote);
  g_assert_cmpuint (wherry_test_count (pair.to), ==, 0);
}

static void
test_many (void)
{
  g_auto (WherryTestPair) pair;
  const guint n = g_strcmp0 (g_getenv ("WHERRY_SANITIZED"), "1") == 0 ? 300 : 2000;

  wherry_test_pair_init (&pair);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf ("t/%u/%u", i % 7, i);

      wherry_test_write (pair.from, path, path, MIN (i % 20, strlen (path)));
    }
  start (&pair, "t");
  /* in the middle, with files that wait for their names */
  g_assert_false (wherry_test_pair_run (&pair, n + 77));
  wherry_test_pair_kill_receiver (&pair);
  wherry_test_pair_start_receiver (&pair, FALSE, G_MAXINT64);
  g_assert_true (wherry_test_pair_run (&pair, 0));
  assert_done (&pair);
  g_assert_cmpuint (wherry_test_count (pair.to), ==, n + 8);
  g_assert_cmpuint (pair.most_waiting, <=, WHERRY_FILE_WINDOW + 256 * 1024);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/file-transfer/tree", test_tree);
  g_test_add_func ("/file-transfer/modified", test_modified);
  g_test_add_data_func ("/file-transfer/resume/receiver-killed", "receiver", test_resume);
  g_test_add_data_func ("/file-transfer/resume/sender-killed", "sender", test_resume);
  g_test_add_data_func ("/file-transfer/resume/both-killed", "both", test_resume);
  g_test_add_func ("/file-transfer/resume/of-something-else", test_resume_of_something_else);
  g_test_add_func ("/file-transfer/resume/whole-part", test_whole_part);
  g_test_add_func ("/file-transfer/there-already", test_there_already);
  g_test_add_func ("/file-transfer/in-the-way", test_in_the_way);
  g_test_add_func ("/file-transfer/links-there", test_links_there);
  g_test_add_func ("/file-transfer/too-large", test_too_large);
  g_test_add_func ("/file-transfer/changed-source", test_changed_source);
  g_test_add_func ("/file-transfer/many", test_many);
  return g_test_run ();
}
