/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <glib/gstdio.h>
#include <sqlite3.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-virtual-clock.h"
#include "relay/store-fixture.h"

/* A disk that takes nothing more, and files that are not what they should be. */

/* No file of this process may grow beyond this. RLIM_INFINITY: any may */
static void
limit_files (rlim_t bytes)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = bytes;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

typedef struct
{
  WherryClock *clock;
  StoreLog logs[2];
  WherryStoreStats stats;
} Failing;

/* Three messages of the first topic are committed, nothing more can be. */
static void
begin (StoreFixture *self, Failing *failing)
{
  failing->clock = wherry_virtual_clock_new ();
  self->options.clock = failing->clock;
  store_fixture_open (self, NULL, NULL);
  store_log_open (&failing->logs[0], self->store, "r", "a");
  store_log_open (&failing->logs[1], self->store, "r", "b");
  for (guint i = 0; i < 3; i++)
    store_log_append (&failing->logs[0], self, 10);
  store_fixture_run (self);
  limit_files (8192);
}

static void
end (StoreFixture *self, Failing *failing)
{
  limit_files (RLIM_INFINITY);
  store_fixture_close (self);
  store_log_clear (&failing->logs[0]);
  store_log_clear (&failing->logs[1]);
  self->options.clock = NULL;
  wherry_clock_unref (failing->clock);
}

/* It comes back in time: nobody hears of it. */
static void
test_passes (StoreFixture *self, gconstpointer data)
{
  Failing failing;
  StoreLog *log = &failing.logs[0];
  g_autofree char *shown = NULL;

  begin (self, &failing);
  for (guint round = 0; round < 5; round++)
    {
      store_log_append (log, self, 1000);
      store_log_append (&failing.logs[1], self, 1000);
      store_fixture_run (self);
      g_assert_cmpint (log->n_told, ==, 3);
      g_assert_cmpint (failing.logs[1].n_told, ==, 0);
      wherry_virtual_clock_advance (failing.clock, WHERRY_STORE_RETRY_LAST_US);
    }
  wherry_store_get_stats (self->store, &failing.stats);
  g_assert_true (failing.stats.is_failing);
  g_assert_cmpuint (failing.stats.n_retries, ==, 5);
  g_assert_cmpuint (failing.stats.n_kept, ==, 3);

  limit_files (RLIM_INFINITY);
  store_fixture_run (self);
  assert_sequences (log->committed, 1, 8);
  assert_sequences (failing.logs[1].committed, 1, 5);
  wherry_store_get_stats (self->store, &failing.stats);
  g_assert_false (failing.stats.is_failing);
  g_assert_cmpuint (failing.stats.n_kept, ==, 13);
  end (self, &failing);
}

static void
count_done (gboolean committed, gpointer data)
{
  ((int *) data)[committed ? 1 : 0]++;
}

/* It does not: what waits is refused, in order, and the numbers can be used again. */
static void
test_stays (StoreFixture *self, gconstpointer data)
{
  guint8 hash[WHERRY_STORE_HASH_BYTES] = { 0 };
  g_autoptr (GBytes) blob = g_bytes_new_static ("x", 2);
  WherryStoreResume record
      = { .room = "r", .member = 7, .hash = hash, .until_us = 1, .blob = blob };
  int n_done[2] = { 0 };
  Failing failing;
  StoreLog *log = &failing.logs[0];
  g_autofree char *shown = NULL;

  begin (self, &failing);
  g_assert_true (wherry_store_put_resume (self->store, &record, count_done, n_done));
  for (guint i = 0; i < WHERRY_STORE_BATCH_MESSAGES + 10; i++)
    store_log_append (log, self, 10);
  store_fixture_run (self);
  wherry_virtual_clock_advance (failing.clock, WHERRY_STORE_STALL_LIMIT_US);
  store_fixture_run (self);
  assert_sequences (log->failed, 4, log->next - 1);
  assert_sequences (log->committed, 1, 3);
  g_assert_cmpint (log->failed_code, ==, WHERRY_ERROR_RESOURCES);
  g_assert_cmpint (n_done[FALSE], ==, 1);

  /* another topic's too, at once */
  store_log_append (&failing.logs[1], self, 10);
  store_fixture_run (self);
  assert_sequences (failing.logs[1].failed, 1, 1);

  /* what fails comes before what is committed again */
  limit_files (RLIM_INFINITY);
  wherry_virtual_clock_advance (failing.clock, WHERRY_STORE_RETRY_LAST_US);
  store_log_append (log, self, 10);
  store_fixture_run (self);
  assert_sequences (log->failed, 4, log->next - 1);
  store_log_append (log, self, 10);
  wherry_store_topic_restart (log->topic, 4);
  g_assert_cmpuint (wherry_store_topic_get_next (log->topic), ==, 4);
  log->next = 4;
  store_log_append (log, self, 20);
  store_fixture_run (self);
  assert_sequences (log->committed, 1, 4);
  g_assert_cmpuint (log->failed->len, ==, WHERRY_STORE_BATCH_MESSAGES + 12);
  end (self, &failing);

  shown = store_fixture_load (self);
  g_assert_cmpstr (shown, ==,
                   "resume r 7 0000 1 x\ntopic r a 5\nbinary 1 to 0 from 7 own 0 10 bytes\n"
                   "binary 2 to 0 from 7 own 0 10 bytes\nbinary 3 to 0 from 7 own 0 10 bytes\n"
                   "binary 4 to 0 from 7 own 0 20 bytes\n");
  store_fixture_close (self);
}

/* The process ends while it fails: it does, and tells nobody of a commit. */
static void
test_close (StoreFixture *self, gconstpointer data)
{
  Failing failing;

  begin (self, &failing);
  store_log_append (&failing.logs[0], self, 10);
  store_fixture_run (self);
  store_fixture_close (self);
  g_assert_cmpint (failing.logs[0].n_told, ==, 3);
  end (self, &failing);
}

/* The file may have no more pages. What can be deleted makes room. */
static void
test_full (StoreFixture *self, gconstpointer data)
{
  WherryStoreStats stats;
  StoreLog log;
  guint n;

  self->options.page_limit = 50;
  self->options.stall_limit_us = 0;
  store_fixture_open (self, NULL, NULL);
  store_log_open (&log, self->store, "r", "a");
  for (n = 0; log.failed->len == 0; n++)
    {
      g_assert_cmpuint (n, <, 50);
      store_log_append (&log, self, 8000);
      store_fixture_run (self);
    }
  g_assert_cmpint (log.failed_code, ==, WHERRY_ERROR_RESOURCES);
  assert_sequences (log.committed, 1, n - 1);
  wherry_store_get_stats (self->store, &stats);
  g_assert_cmpuint (stats.n_kept, ==, n - 1);
  store_fixture_close (self);
  store_log_clear (&log);

  self->options.page_limit = 0;
  store_fixture_open (self, NULL, NULL);
  store_log_open (&log, self->store, "r", "a");
  g_assert_cmpuint (log.next, ==, n);
  store_log_append (&log, self, 8000);
  store_fixture_run (self);
  assert_sequences (log.committed, n, n);
  store_fixture_close (self);
  store_log_clear (&log);
}

/* More operations than may wait. */
static void
test_operations (StoreFixture *self, gconstpointer data)
{
  guint8 hash[WHERRY_STORE_HASH_BYTES] = { 0 };
  g_autoptr (GBytes) blob = g_bytes_new_static ("x", 1);
  WherryStoreResume record = { .room = "r", .hash = hash, .until_us = 1, .blob = blob };
  int n_done[2] = { 0 };

  store_fixture_open (self, NULL, NULL);
  for (guint i = 0; i < WHERRY_STORE_OPERATIONS_MAX; i++)
    {
      record.member = i + 1;
      g_assert_true (wherry_store_put_resume (self->store, &record, count_done, n_done));
    }
  record.member++;
  g_assert_false (wherry_store_put_resume (self->store, &record, count_done, n_done));
  record.member--;
  g_assert_true (wherry_store_put_resume (self->store, &record, count_done, n_done));
  g_assert_cmpint (n_done[FALSE], ==, 1);
  store_fixture_run (self);
  g_assert_cmpint (n_done[TRUE], ==, WHERRY_STORE_OPERATIONS_MAX);
  store_fixture_close (self);
}

/* ---- files ---- */

static void
assert_refused (StoreFixture *self, int code, const char *says)
{
  g_autoptr (GError) error = NULL;
  WherryStore *store = wherry_store_open (self->dir, NULL, &self->options, &error);

  if (store != NULL)
    {
      g_assert_false (wherry_store_load (store, NULL, NULL, &error));
      wherry_store_close (store);
    }
  g_assert_error (error, WHERRY_ERROR, code);
  g_assert_nonnull (strstr (error->message, says));
  g_assert_nonnull (strstr (error->message, self->dir));
}

static void
test_second (StoreFixture *self, gconstpointer data)
{
  store_fixture_open (self, NULL, NULL);
  assert_refused (self, WHERRY_ERROR_INVALID_STATE, "another server");
  store_fixture_close (self);
  store_fixture_open (self, NULL, NULL);
  store_fixture_close (self);
}

static void
test_rights (StoreFixture *self, gconstpointer data)
{
  static const char *const names[] = { "wherry.db", "wherry.db-wal", "wherry.lock" };
  g_autofree char *dir = self->dir;
  g_autofree char *above = g_build_filename (dir, "above", NULL);
  GStatBuf status;

  /* it makes what is missing */
  self->dir = g_build_filename (above, "below", NULL);
  store_fixture_open (self, NULL, NULL);
  g_assert_cmpint (g_stat (self->dir, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 07777, ==, 0700);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->dir, names[i], NULL);

      g_assert_cmpint (g_stat (path, &status), ==, 0);
      g_assert_cmpint (status.st_mode & 07777, ==, 0600);
    }
  store_fixture_close (self);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->dir, names[i], NULL);

      g_unlink (path);
    }

  g_assert_cmpint (g_chmod (self->dir, 0777), ==, 0);
  assert_refused (self, WHERRY_ERROR_INVALID_STATE, "everybody may write");
  g_assert_cmpint (g_rmdir (self->dir), ==, 0);
  g_assert_cmpint (g_rmdir (above), ==, 0);
  g_free (self->dir);
  self->dir = g_steal_pointer (&dir);
}

static void
execute (StoreFixture *self, const char *sql)
{
  g_autofree char *path = g_build_filename (self->dir, "wherry.db", NULL);
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

static void
test_foreign (StoreFixture *self, gconstpointer data)
{
  execute (self, "CREATE TABLE t (x)");
  assert_refused (self, WHERRY_ERROR_UNSUPPORTED, "another program");
  execute (self, "SELECT x FROM t");
}

static void
test_version (StoreFixture *self, gconstpointer data)
{
  store_fixture_open (self, NULL, NULL);
  store_fixture_close (self);
  execute (self, "PRAGMA user_version = 2");
  assert_refused (self, WHERRY_ERROR_UNSUPPORTED, "of version 2");
}

static void
fill (StoreFixture *self)
{
  StoreLog log;

  store_fixture_open (self, NULL, NULL);
  store_log_open (&log, self->store, "r", "a");
  for (guint i = 0; i < 500; i++)
    store_log_append (&log, self, 500);
  store_fixture_close (self);
  store_log_clear (&log);
}

/* Bytes of the file are overwritten; it stays as it is, for somebody to look at. */
static void
test_damaged (StoreFixture *self, gconstpointer data)
{
  const gsize offset = GPOINTER_TO_SIZE (data);
  g_autofree char *path = g_build_filename (self->dir, "wherry.db", NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  gsize length, length_after;

  fill (self);
  g_assert_true (g_file_get_contents (path, &before, &length, NULL));
  g_assert_cmpuint (length, >, offset + 64);
  memset (before + offset, 0x5a, 64);
  g_assert_true (g_file_set_contents (path, before, (gssize) length, NULL));
  assert_refused (self, WHERRY_ERROR_PROTOCOL, "move it away");
  g_assert_true (g_file_get_contents (path, &after, &length_after, NULL));
  g_assert_cmpmem (before, length, after, length_after);
}

#define ADD(name, data, func)                                                                      \
  g_test_add ("/relay/store-failing/" name, StoreFixture, data, store_fixture_set_up, func,        \
              store_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* it warns, as it should */
  signal (SIGXFSZ, SIG_IGN);
  ADD ("passes", NULL, test_passes);
  ADD ("stays", NULL, test_stays);
  ADD ("close", NULL, test_close);
  ADD ("full", NULL, test_full);
  ADD ("operations", NULL, test_operations);
  ADD ("second", NULL, test_second);
  ADD ("rights", NULL, test_rights);
  ADD ("foreign", NULL, test_foreign);
  ADD ("version", NULL, test_version);
  ADD ("damaged-header", GSIZE_TO_POINTER (0), test_damaged);
  ADD ("damaged-page", GSIZE_TO_POINTER (20 * 4096), test_damaged);
  return g_test_run ();
}
