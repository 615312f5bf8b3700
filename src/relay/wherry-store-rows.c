/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-limits.h"
#include "relay/wherry-store-file.h"

/* Deleted messages come back as their bytes, so that what is kept can be counted. */
#define RETURNING " RETURNING length (data)"
#define TOPICS_OF_ROOM "(SELECT id FROM topics WHERE room = ?1 AND dropped = 0)"
#define DROPPED "(SELECT id FROM topics WHERE dropped = 1)"

static const char *const statements[WHERRY_STORE_N_STATEMENTS] = {
  [WHERRY_STORE_BEGIN] = "BEGIN IMMEDIATE",
  [WHERRY_STORE_COMMIT] = "COMMIT",
  [WHERRY_STORE_ROLLBACK] = "ROLLBACK",
  [WHERRY_STORE_PUT_TOPIC] = "INSERT INTO topics (id, room, label) VALUES (?1, ?2, ?3)",
  [WHERRY_STORE_PUT_MESSAGE] = "INSERT OR IGNORE INTO messages"
                               " (topic, recipient, sequence, sender, own, time_us, kind, data)"
                               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
  [WHERRY_STORE_PUT_NEXT] = "INSERT OR REPLACE INTO numbers (topic, recipient, next)"
                            " VALUES (?1, ?2, ?3)",
  [WHERRY_STORE_PUT_ACCEPTED] = "INSERT OR REPLACE INTO accepted (topic, member, own)"
                                " VALUES (?1, ?2, ?3)",
  [WHERRY_STORE_PUT_MEMBER] = "INSERT OR REPLACE INTO facts (name, value)"
                              " VALUES ('last_member', ?1)",
  [WHERRY_STORE_TRIM] = "DELETE FROM messages WHERE id IN (SELECT id FROM messages"
                        " WHERE topic = ?1 AND recipient = ?2 AND sequence < ?3"
                        " ORDER BY sequence LIMIT ?4)" RETURNING,
  [WHERRY_STORE_TRIM_OLDEST]
  = "DELETE FROM messages WHERE id IN (SELECT id FROM messages ORDER BY id LIMIT ?1)" RETURNING,
  [WHERRY_STORE_TRIM_DROPPED] = "DELETE FROM messages WHERE id IN (SELECT id FROM messages"
                                " WHERE topic IN " DROPPED " LIMIT ?1)" RETURNING,
  [WHERRY_STORE_TRIM_ORPHANS] = "DELETE FROM messages WHERE recipient != 0 AND recipient NOT IN"
                                " (SELECT member FROM resume)" RETURNING,
  [WHERRY_STORE_FORGET_ACCEPTED] = "DELETE FROM accepted WHERE topic IN " DROPPED,
  [WHERRY_STORE_FORGET_NUMBERS] = "DELETE FROM numbers WHERE topic IN " DROPPED,
  [WHERRY_STORE_FORGET_DROPPED] = "DELETE FROM topics WHERE dropped = 1",
  [WHERRY_STORE_DROP_TOPIC] = "UPDATE topics SET dropped = 1 WHERE id = ?1",
  [WHERRY_STORE_DROP_ROOM] = "UPDATE topics SET dropped = 1 WHERE room = ?1 AND dropped = 0",
  [WHERRY_STORE_DROP_ROOM_RESUME] = "DELETE FROM resume WHERE room = ?1",
  [WHERRY_STORE_PUT_RESUME] = "INSERT OR REPLACE INTO resume (room, member, hash, until_us, data)"
                              " VALUES (?1, ?2, ?3, ?4, ?5)",
  [WHERRY_STORE_DELETE_RESUME] = "DELETE FROM resume WHERE room = ?1 AND member = ?2",
  [WHERRY_STORE_DELETE_ACCEPTED]
  = "DELETE FROM accepted WHERE topic IN " TOPICS_OF_ROOM " AND member = ?2",
  [WHERRY_STORE_DELETE_NEXT]
  = "DELETE FROM numbers WHERE topic IN " TOPICS_OF_ROOM " AND recipient = ?2",
  [WHERRY_STORE_DELETE_DIRECT]
  = "DELETE FROM messages WHERE topic IN " TOPICS_OF_ROOM " AND recipient = ?2" RETURNING,
  [WHERRY_STORE_FORGET_DIRECT]
  = "DELETE FROM messages WHERE topic = ?1 AND recipient = ?2" RETURNING,
  [WHERRY_STORE_FORGET_NEXT] = "DELETE FROM numbers WHERE topic = ?1 AND recipient = ?2",
  [WHERRY_STORE_FORGET_OWN] = "DELETE FROM accepted WHERE topic = ?1 AND member = ?2",
  [WHERRY_STORE_VACUUM] = "PRAGMA incremental_vacuum (256)",
};

sqlite3_stmt *
wherry_store_file_get (WherryStoreFile *self, WherryStoreStatement which, GError **error)
{
  sqlite3_stmt **statement = &self->statements[which];
  int code;

  if (*statement != NULL)
    return *statement;
  code = sqlite3_prepare_v3 (self->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
                             NULL);
  if (code != SQLITE_OK)
    wherry_store_file_fail (self, code, "preparing to write", error);
  return *statement;
}

gboolean
wherry_store_file_run (WherryStoreFile *self, WherryStoreStatement which, guint *n_rows,
                       GError **error)
{
  sqlite3_stmt *statement = wherry_store_file_get (self, which, error);
  guint n = 0;
  gint64 bytes = 0;
  int code;

  if (statement == NULL)
    return FALSE;
  while ((code = sqlite3_step (statement)) == SQLITE_ROW)
    {
      bytes += sqlite3_column_int64 (statement, 0) + WHERRY_STORE_ROW_BYTES;
      n++;
    }
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement); /* of bytes that are the caller's */
  if (code != SQLITE_DONE)
    return wherry_store_file_fail (self, code, "writing", error);
  if (n_rows != NULL)
    *n_rows = n;
  if (which != WHERRY_STORE_VACUUM)
    {
      self->n_kept -= n;
      self->n_trimmed += n;
      self->kept_bytes -= bytes;
    }
  return TRUE;
}

/* The numbers go in as they are: 64 bits, whatever SQLite takes for their sign. */
static sqlite3_stmt *
get_with_numbers (WherryStoreFile *self, WherryStoreStatement which, guint n,
                  const guint64 *numbers, GError **error)
{
  sqlite3_stmt *statement = wherry_store_file_get (self, which, error);

  for (guint i = 0; statement != NULL && i < n; i++)
    sqlite3_bind_int64 (statement, i + 1, (gint64) numbers[i]);
  return statement;
}

#define NUMBERS(...)                                                                               \
  G_N_ELEMENTS (((const guint64[]){ __VA_ARGS__ })), ((const guint64[]){ __VA_ARGS__ })

static gboolean
run_with_numbers (WherryStoreFile *self, WherryStoreStatement which, guint n,
                  const guint64 *numbers, guint *n_rows, GError **error)
{
  return get_with_numbers (self, which, n, numbers, error) != NULL
         && wherry_store_file_run (self, which, n_rows, error);
}

static gboolean
run_with_room (WherryStoreFile *self, WherryStoreStatement which, const char *room,
               const guint64 *member, GError **error)
{
  sqlite3_stmt *statement = wherry_store_file_get (self, which, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, room, -1, SQLITE_STATIC);
  if (member != NULL)
    sqlite3_bind_int64 (statement, 2, (gint64) *member);
  return wherry_store_file_run (self, which, NULL, error);
}

/* sqlite3_bind_blob() makes NULL of an empty one. */
static void
bind_bytes (sqlite3_stmt *statement, int column, const guint8 *data, gsize length)
{
  if (length == 0)
    sqlite3_bind_zeroblob (statement, column, 0);
  else
    sqlite3_bind_blob64 (statement, column, data, length, SQLITE_STATIC);
}

gboolean
wherry_store_file_put_topic (WherryStoreFile *self, gint64 topic, const char *room,
                             const char *label, GError **error)
{
  sqlite3_stmt *statement = wherry_store_file_get (self, WHERRY_STORE_PUT_TOPIC, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, topic);
  sqlite3_bind_text (statement, 2, room, -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 3, label, -1, SQLITE_STATIC);
  return wherry_store_file_run (self, WHERRY_STORE_PUT_TOPIC, NULL, error);
}

gboolean
wherry_store_file_put_message (WherryStoreFile *self, gint64 topic, WherryMessage *message,
                               gint64 time_us, gboolean *is_new, GError **error)
{
  const WherryStamp *stamp = wherry_message_get_stamp (message);
  gsize length = 0;
  const guint8 *data = wherry_message_get_data (message, &length);
  sqlite3_stmt *statement
      = get_with_numbers (self, WHERRY_STORE_PUT_MESSAGE,
                          NUMBERS (topic, stamp->recipient, stamp->sequence, stamp->sender,
                                   stamp->own, time_us, wherry_message_get_kind (message)),
                          error);

  if (statement == NULL)
    return FALSE;
  bind_bytes (statement, 8, data, length);
  if (!wherry_store_file_run (self, WHERRY_STORE_PUT_MESSAGE, NULL, error))
    return FALSE;
  *is_new = sqlite3_changes (self->db) == 1;
  if (*is_new)
    {
      self->n_kept++;
      self->kept_bytes += length + WHERRY_STORE_ROW_BYTES;
    }
  return TRUE;
}

gboolean
wherry_store_file_put_next (WherryStoreFile *self, gint64 topic, guint64 recipient, guint64 next,
                            GError **error)
{
  return run_with_numbers (self, WHERRY_STORE_PUT_NEXT, NUMBERS (topic, recipient, next), NULL,
                           error);
}

gboolean
wherry_store_file_put_accepted (WherryStoreFile *self, gint64 topic, guint64 member, guint64 own,
                                GError **error)
{
  return run_with_numbers (self, WHERRY_STORE_PUT_ACCEPTED, NUMBERS (topic, member, own), NULL,
                           error);
}

gboolean
wherry_store_file_put_member (WherryStoreFile *self, guint64 member, GError **error)
{
  return run_with_numbers (self, WHERRY_STORE_PUT_MEMBER, NUMBERS (member), NULL, error);
}

gboolean
wherry_store_file_put_resume (WherryStoreFile *self, const WherryStoreResume *record,
                              GError **error)
{
  sqlite3_stmt *statement = wherry_store_file_get (self, WHERRY_STORE_PUT_RESUME, error);
  gsize length = 0;
  const guint8 *data;

  if (statement == NULL)
    return FALSE;
  data = g_bytes_get_data (record->blob, &length);
  sqlite3_bind_text (statement, 1, record->room, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 2, (gint64) record->member);
  bind_bytes (statement, 3, record->hash, WHERRY_STORE_HASH_BYTES);
  sqlite3_bind_int64 (statement, 4, record->until_us);
  bind_bytes (statement, 5, data, length);
  return wherry_store_file_run (self, WHERRY_STORE_PUT_RESUME, NULL, error);
}

gboolean
wherry_store_file_delete_resume (WherryStoreFile *self, const char *room, guint64 member,
                                 GError **error)
{
  return run_with_room (self, WHERRY_STORE_DELETE_RESUME, room, &member, error)
         && run_with_room (self, WHERRY_STORE_DELETE_ACCEPTED, room, &member, error)
         && run_with_room (self, WHERRY_STORE_DELETE_NEXT, room, &member, error)
         && run_with_room (self, WHERRY_STORE_DELETE_DIRECT, room, &member, error);
}

gboolean
wherry_store_file_drop_topic (WherryStoreFile *self, gint64 topic, GError **error)
{
  self->has_dropped = TRUE;
  return run_with_numbers (self, WHERRY_STORE_DROP_TOPIC, NUMBERS (topic), NULL, error);
}

gboolean
wherry_store_file_drop_room (WherryStoreFile *self, const char *room, GError **error)
{
  self->has_dropped = TRUE;
  return run_with_room (self, WHERRY_STORE_DROP_ROOM, room, NULL, error)
         && run_with_room (self, WHERRY_STORE_DROP_ROOM_RESUME, room, NULL, error);
}

gboolean
wherry_store_file_trim (WherryStoreFile *self, gint64 topic, guint64 recipient, guint64 below,
                        guint max, guint *n_rows, GError **error)
{
  return run_with_numbers (self, WHERRY_STORE_TRIM, NUMBERS (topic, recipient, below, max), n_rows,
                           error);
}

gboolean
wherry_store_file_forget (WherryStoreFile *self, gint64 topic, guint64 member, GError **error)
{
  const guint64 numbers[] = { topic, member };

  return run_with_numbers (self, WHERRY_STORE_FORGET_DIRECT, 2, numbers, NULL, error)
         && run_with_numbers (self, WHERRY_STORE_FORGET_NEXT, 2, numbers, NULL, error)
         && run_with_numbers (self, WHERRY_STORE_FORGET_OWN, 2, numbers, NULL, error);
}

gboolean
wherry_store_file_trim_oldest (WherryStoreFile *self, guint max, GError **error)
{
  return run_with_numbers (self, WHERRY_STORE_TRIM_OLDEST, NUMBERS (max), NULL, error);
}

gboolean
wherry_store_file_trim_dropped (WherryStoreFile *self, guint max, GError **error)
{
  guint n_rows = 0;

  if (!run_with_numbers (self, WHERRY_STORE_TRIM_DROPPED, NUMBERS (max), &n_rows, error))
    return FALSE;
  if (n_rows == max)
    return TRUE;
  self->has_dropped = FALSE;
  return wherry_store_file_run (self, WHERRY_STORE_FORGET_ACCEPTED, NULL, error)
         && wherry_store_file_run (self, WHERRY_STORE_FORGET_NUMBERS, NULL, error)
         && wherry_store_file_run (self, WHERRY_STORE_FORGET_DROPPED, NULL, error);
}
