/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "relay/wherry-store-file.h"

/* What says in the file's header that it is ours (SQLite, "Application ID"), and of which version:
 * one that is higher is not touched. */
#define APPLICATION_ID 0x57687279 /* Whry */
#define VERSION 1
#define PAGE_BYTES 4096u

/* `id` rises with the time of commit, so that the oldest message of all is the first row. A topic
 * that is dropped keeps its row until all of its messages are gone, some in each transaction; its
 * name is free at once. recipient 0 is everyone: only those numbers are the topic's. */
static const char schema[]
    = "CREATE TABLE topics (id INTEGER PRIMARY KEY, room TEXT NOT NULL, label TEXT NOT NULL,"
      " dropped INTEGER NOT NULL DEFAULT 0);"
      "CREATE UNIQUE INDEX topic_names ON topics (room, label) WHERE dropped = 0;"
      "CREATE INDEX topics_dropped ON topics (id) WHERE dropped = 1;"
      "CREATE TABLE messages (id INTEGER PRIMARY KEY, topic INTEGER NOT NULL,"
      " recipient INTEGER NOT NULL, sequence INTEGER NOT NULL, sender INTEGER NOT NULL,"
      " own INTEGER NOT NULL, time_us INTEGER NOT NULL, kind INTEGER NOT NULL,"
      " data BLOB NOT NULL);"
      "CREATE UNIQUE INDEX message_numbers ON messages (topic, recipient, sequence);"
      "CREATE TABLE numbers (topic INTEGER NOT NULL, recipient INTEGER NOT NULL,"
      " next INTEGER NOT NULL, PRIMARY KEY (topic, recipient)) WITHOUT ROWID;"
      "CREATE TABLE accepted (topic INTEGER NOT NULL, member INTEGER NOT NULL,"
      " own INTEGER NOT NULL, PRIMARY KEY (topic, member)) WITHOUT ROWID;"
      "CREATE TABLE resume (room TEXT NOT NULL, member INTEGER NOT NULL, hash BLOB NOT NULL,"
      " until_us INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (room, member));"
      "CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;";

static gboolean
may_pass (int code)
{
  switch (code & 0xff)
    {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
      return TRUE;
    default:
      return FALSE;
    }
}

gboolean
wherry_store_file_fail (WherryStoreFile *self, int code, const char *what, GError **error)
{
  int system_error = self->db != NULL ? sqlite3_system_errno (self->db) : 0;

  if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                 "%s: %s: the file is damaged (%s): move it away together with %s-wal, or put back "
                 "a copy of both",
                 self->path, what, sqlite3_errstr (code), self->path);
  else
    g_set_error (error, WHERRY_ERROR,
                 may_pass (code) ? WHERRY_ERROR_RESOURCES : WHERRY_ERROR_FAILED, "%s: %s: %s%s%s",
                 self->path, what, sqlite3_errstr (code), system_error != 0 ? ": " : "",
                 system_error != 0 ? g_strerror (system_error) : "");
  return FALSE;
}

static gboolean
execute (WherryStoreFile *self, const char *sql, const char *what, GError **error)
{
  int code = sqlite3_exec (self->db, sql, NULL, NULL, NULL);

  return code == SQLITE_OK || wherry_store_file_fail (self, code, what, error);
}

/* The first column of the first row; 0 for none. */
static gboolean
ask (WherryStoreFile *self, const char *sql, gint64 *value, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL);

  *value = 0;
  if (code == SQLITE_OK)
    code = sqlite3_step (statement);
  if (code == SQLITE_ROW)
    *value = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  return code == SQLITE_ROW || code == SQLITE_DONE
         || wherry_store_file_fail (self, code, "reading it", error);
}

/* ---- opening ---- */

static gboolean
fail_system (const char *path, const char *what, GError **error)
{
  int saved = errno;

  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES, "%s: %s: %s", path, what,
               g_strerror (saved));
  return FALSE;
}

static gboolean
take_directory (WherryStoreFile *self, const char *dir, GError **error)
{
  g_autofree char *lock = g_build_filename (dir, "wherry.lock", NULL);
  struct stat status;
  int fd;

  if (g_mkdir_with_parents (dir, 0700) != 0)
    return fail_system (dir, "making the directory", error);
  if (stat (dir, &status) != 0)
    return fail_system (dir, "looking at the directory", error);
  if ((status.st_mode & S_IWOTH) != 0)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE,
                   "%s: everybody may write there: take that right away (chmod o-w)", dir);
      return FALSE;
    }
  self->lock_fd = open (lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (self->lock_fd < 0)
    return fail_system (lock, "opening it", error);
  if (flock (self->lock_fd, LOCK_EX | LOCK_NB) != 0)
    {
      if (errno != EWOULDBLOCK)
        return fail_system (lock, "locking it", error);
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE,
                   "%s: another server uses this directory: stop it, or give each its own", dir);
      return FALSE;
    }
  /* SQLite would make it readable for everybody; its other files get the rights of this one */
  fd = open (self->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return fail_system (self->path, "opening it", error);
  close (fd);
  return TRUE;
}

/* Before anything is written: is it ours? */
static gboolean
look (WherryStoreFile *self, gboolean *is_new, GError **error)
{
  gint64 application, version, n_objects;

  /* alone, so that there is no shared memory: a full disk would be a SIGBUS there */
  if (!execute (self, "PRAGMA locking_mode = EXCLUSIVE", "locking it", error)
      || !ask (self, "PRAGMA application_id", &application, error)
      || !ask (self, "PRAGMA user_version", &version, error)
      || !ask (self, "SELECT count (*) FROM sqlite_schema", &n_objects, error))
    return FALSE;
  *is_new = application == 0 && version == 0 && n_objects == 0;
  if (*is_new)
    return TRUE;
  if (application != APPLICATION_ID)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                   "%s: a database of another program: use another directory", self->path);
      return FALSE;
    }
  if (version != VERSION)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                   "%s: of version %" G_GINT64_FORMAT ", and this program knows %d: use the one "
                   "that wrote it, or another directory",
                   self->path, version, VERSION);
      return FALSE;
    }
  return TRUE;
}

static gboolean
set_up (WherryStoreFile *self, const WherryStoreOptions *options, gboolean is_new, GError **error)
{
  g_autofree char *make = g_strdup_printf ("BEGIN IMMEDIATE; %s PRAGMA application_id = %d;"
                                           " PRAGMA user_version = %d; COMMIT",
                                           schema, APPLICATION_ID, VERSION);
  g_autofree char *settings
      = g_strdup_printf ("PRAGMA synchronous = %s; PRAGMA wal_autocheckpoint = %u;"
                         " PRAGMA journal_size_limit = %u; PRAGMA cell_size_check = ON;"
                         " PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
                         " PRAGMA cache_size = -%u",
                         options->full_sync ? "FULL" : "NORMAL", WHERRY_STORE_WAL_PAGES,
                         2 * WHERRY_STORE_WAL_PAGES * PAGE_BYTES,
                         WHERRY_STORE_CACHE_BYTES / WHERRY_KIB);
  g_autofree char *limit = g_strdup_printf ("PRAGMA max_page_count = %u", options->page_limit);

  if (is_new
      && !execute (self, "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL", "making it",
                   error))
    return FALSE;
  return execute (self, "PRAGMA journal_mode = WAL", "setting it up", error)
         && execute (self, settings, "setting it up", error)
         && (!is_new || execute (self, make, "making it", error))
         && (options->page_limit == 0 || execute (self, limit, "setting it up", error));
}

static gboolean
count (WherryStoreFile *self, GError **error)
{
  g_autofree char *sql
      = g_strdup_printf ("SELECT sum (length (data) + %u) FROM messages", WHERRY_STORE_ROW_BYTES);
  gint64 n_dropped;

  if (!ask (self, "SELECT count (*) FROM messages", &self->n_kept, error)
      || !ask (self, sql, &self->kept_bytes, error)
      || !ask (self, "SELECT count (*) FROM topics WHERE dropped = 1", &n_dropped, error))
    return FALSE;
  self->has_dropped = n_dropped > 0;
  self->committed_n_kept = self->n_kept;
  self->committed_kept_bytes = self->kept_bytes;
  self->committed_has_dropped = self->has_dropped;
  return TRUE;
}

WherryStoreFile *
wherry_store_file_open (const char *dir, const WherryStoreOptions *options, GError **error)
{
  WherryStoreFile *self = g_new0 (WherryStoreFile, 1);
  gboolean is_new = FALSE;
  gboolean ok;
  int code;

  self->path = g_build_filename (dir, "wherry.db", NULL);
  self->lock_fd = -1;
  ok = take_directory (self, dir, error);
  if (ok)
    {
      code = sqlite3_open_v2 (self->path, &self->db,
                              SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                              NULL);
      if (code != SQLITE_OK)
        ok = wherry_store_file_fail (self, code, "opening it", error);
    }
  ok = ok && look (self, &is_new, error) && set_up (self, options, is_new, error)
       && count (self, error);
  if (!ok)
    g_clear_pointer (&self, wherry_store_file_close);
  return self;
}

void
wherry_store_file_close (WherryStoreFile *self)
{
  for (guint i = 0; i < WHERRY_STORE_N_STATEMENTS; i++)
    sqlite3_finalize (self->statements[i]);
  if (sqlite3_close (self->db) != SQLITE_OK)
    wherry_bug ("the store's file has unfinished statements");
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  g_free (self->path);
  g_free (self);
}

/* ---- transactions ---- */

gboolean
wherry_store_file_begin (WherryStoreFile *self, GError **error)
{
  return wherry_store_file_run (self, WHERRY_STORE_BEGIN, NULL, error);
}

gboolean
wherry_store_file_commit (WherryStoreFile *self, GError **error)
{
  if (!wherry_store_file_run (self, WHERRY_STORE_COMMIT, NULL, error))
    return FALSE;
  self->committed_n_kept = self->n_kept;
  self->committed_kept_bytes = self->kept_bytes;
  self->committed_n_trimmed = self->n_trimmed;
  self->committed_has_dropped = self->has_dropped;
  return TRUE;
}

/* Some errors have rolled it back already (SQLite, "Result Codes": SQLITE_FULL, SQLITE_IOERR). */
void
wherry_store_file_rollback (WherryStoreFile *self)
{
  if (!sqlite3_get_autocommit (self->db))
    wherry_store_file_run (self, WHERRY_STORE_ROLLBACK, NULL, NULL);
  self->n_kept = self->committed_n_kept;
  self->kept_bytes = self->committed_kept_bytes;
  self->n_trimmed = self->committed_n_trimmed;
  self->has_dropped = self->committed_has_dropped;
}

gboolean
wherry_store_file_vacuum (WherryStoreFile *self)
{
  gint64 n_pages, n_free;

  if (!ask (self, "PRAGMA page_count", &n_pages, NULL)
      || !ask (self, "PRAGMA freelist_count", &n_free, NULL)
      || n_free < MAX (WHERRY_STORE_FREE_PAGES, n_pages / 4))
    return FALSE;
  return wherry_store_file_run (self, WHERRY_STORE_VACUUM, NULL, NULL);
}

guint64
wherry_store_file_get_bytes (const char *file)
{
  static const char *const endings[] = { "", "-wal" };
  guint64 bytes = 0;

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_autofree char *path = g_strconcat (file, endings[i], NULL);
      GStatBuf status;

      if (g_stat (path, &status) == 0)
        bytes += status.st_size;
    }
  return bytes;
}
