/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-log.h"
#include "relay/wherry-store-private.h"

typedef struct
{
  WherryStore *store;
  WherryStoreFile *file;
  const WherryStoreVisitor *visitor;
  gpointer user_data;
  GError **error;
  GPtrArray *unwanted_topics; /* of WherryStoreName, borrowed */
  GPtrArray *unwanted_resume; /* of WherryStoreResume with copies */
} Load;

typedef gboolean (*RowFunc) (Load *load, sqlite3_stmt *row, gpointer data);

static gboolean
for_each (Load *load, const char *sql, gint64 topic, RowFunc func, gpointer data)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (load->file->db, sql, -1, &statement, NULL);
  gboolean ok = TRUE;

  if (code == SQLITE_OK && sqlite3_bind_parameter_count (statement) > 0)
    code = sqlite3_bind_int64 (statement, 1, topic);
  while (ok && code != SQLITE_DONE && (code == SQLITE_OK || code == SQLITE_ROW))
    {
      code = sqlite3_step (statement);
      if (code == SQLITE_ROW)
        ok = func (load, statement, data);
    }
  sqlite3_finalize (statement);
  if (ok && code != SQLITE_DONE)
    ok = wherry_store_file_fail (load->file, code, "reading it", load->error);
  return ok;
}

static gboolean
fail_damaged (Load *load)
{
  return wherry_store_file_fail (load->file, SQLITE_CORRUPT, "reading it", load->error);
}

static guint64
get_number (sqlite3_stmt *row, int column)
{
  return (guint64) sqlite3_column_int64 (row, column);
}

static void
resume_free (gpointer data)
{
  WherryStoreResume *record = data;

  g_free ((char *) record->room);
  g_free (record);
}

static gboolean
load_resume (Load *load, sqlite3_stmt *row, gpointer data)
{
  const char *room = (const char *) sqlite3_column_text (row, 0);
  g_autoptr (GBytes) blob
      = g_bytes_new (sqlite3_column_blob (row, 4), sqlite3_column_bytes (row, 4));
  WherryStoreResume record = { .room = room,
                               .member = get_number (row, 1),
                               .hash = sqlite3_column_blob (row, 2),
                               .until_us = sqlite3_column_int64 (row, 3),
                               .blob = blob };
  WherryStoreResume *copy;

  if (room == NULL || sqlite3_column_bytes (row, 2) != WHERRY_STORE_HASH_BYTES)
    return fail_damaged (load);
  if (load->visitor == NULL || load->visitor->resume == NULL
      || load->visitor->resume (&record, load->user_data))
    return TRUE;
  copy = g_new0 (WherryStoreResume, 1);
  copy->room = g_strdup (room);
  copy->member = record.member;
  g_ptr_array_add (load->unwanted_resume, copy);
  return TRUE;
}

static gboolean
load_name (Load *load, sqlite3_stmt *row, gpointer data)
{
  GPtrArray *names = data;
  const char *room = (const char *) sqlite3_column_text (row, 1);
  const char *label = (const char *) sqlite3_column_text (row, 2);
  WherryStoreName *name;

  if (room == NULL || label == NULL)
    return fail_damaged (load);
  name = wherry_store_name_new_locked (load->store, sqlite3_column_int64 (row, 0), room, label);
  name->row = WHERRY_STORE_ROW_WRITTEN;
  name->next = MAX (get_number (row, 3), 1);
  g_ptr_array_add (names, name);
  return TRUE;
}

static gboolean
load_accepted (Load *load, sqlite3_stmt *row, gpointer data)
{
  if (load->visitor->accepted != NULL)
    load->visitor->accepted (get_number (row, 0), get_number (row, 1), load->user_data);
  return TRUE;
}

static gboolean
load_direct (Load *load, sqlite3_stmt *row, gpointer data)
{
  if (load->visitor->direct != NULL)
    load->visitor->direct (get_number (row, 0), get_number (row, 1), load->user_data);
  return TRUE;
}

static gboolean
load_message (Load *load, sqlite3_stmt *row, gpointer data)
{
  WherryStoreName *name = data;
  WherryStore *store = load->store;
  WherryStamp stamp = { .recipient = get_number (row, 0),
                        .sequence = get_number (row, 1),
                        .sender = get_number (row, 2),
                        .own = get_number (row, 3),
                        .time_us = sqlite3_column_int64 (row, 4) - store->epoch_us };
  gint64 kind = sqlite3_column_int64 (row, 5);
  g_autoptr (WherryMessage) payload = NULL;
  g_autoptr (WherryMessage) message = NULL;

  if (kind != WHERRY_MESSAGE_TEXT && kind != WHERRY_MESSAGE_BINARY)
    return fail_damaged (load);
  if (stamp.recipient == 0)
    name->next = MAX (name->next, stamp.sequence + 1);
  payload = wherry_message_new ((WherryMessageKind) kind, sqlite3_column_blob (row, 6),
                                sqlite3_column_bytes (row, 6), store->budget);
  message = wherry_message_new_stamped (payload, 0, (WherryMessageKind) kind, &stamp);
  load->visitor->message (message, load->user_data);
  return TRUE;
}

static gboolean
load_topic (Load *load, WherryStoreName *name)
{
  const WherryStoreVisitor *visitor = load->visitor;

  if (visitor == NULL)
    return TRUE;
  if (visitor->topic != NULL
      && !visitor->topic (name->room, name->label, name->next, load->user_data))
    {
      g_ptr_array_add (load->unwanted_topics, name);
      return TRUE;
    }
  if (visitor->message != NULL
      && !for_each (load,
                    "SELECT recipient, sequence, sender, own, time_us, kind, data FROM messages"
                    " WHERE topic = ?1 ORDER BY recipient = 0 DESC, recipient, sequence",
                    name->id, load_message, name))
    return FALSE;
  if (visitor->loaded != NULL)
    visitor->loaded (load->user_data);
  return for_each (load, "SELECT member, own FROM accepted WHERE topic = ?1", name->id,
                   load_accepted, NULL)
         && for_each (load,
                      "SELECT recipient, next FROM numbers WHERE topic = ?1 AND recipient != 0",
                      name->id, load_direct, NULL);
}

static gboolean
load_last_member (Load *load, sqlite3_stmt *row, gpointer data)
{
  load->store->last_member = MAX (load->store->last_member, get_number (row, 0));
  load->store->stored_last_member = load->store->last_member;
  return TRUE;
}

static gboolean
load_last_id (Load *load, sqlite3_stmt *row, gpointer data)
{
  load->store->last_id = sqlite3_column_int64 (row, 0);
  return TRUE;
}

/* What belongs to a member that cannot come back is of no use to anybody. */
static const char forget[]
    = "DELETE FROM accepted WHERE member NOT IN (SELECT member FROM resume);"
      "DELETE FROM numbers WHERE recipient != 0 AND recipient NOT IN (SELECT member FROM resume)";

/* Those that the visitor did not want. */
static gboolean
delete_unwanted (Load *load)
{
  WherryStoreFile *file = load->file;

  for (guint i = 0; i < load->unwanted_resume->len; i++)
    {
      const WherryStoreResume *record = g_ptr_array_index (load->unwanted_resume, i);

      if (!wherry_store_file_delete_resume (file, record->room, record->member, load->error))
        return FALSE;
    }
  for (guint i = 0; i < load->unwanted_topics->len; i++)
    {
      WherryStoreName *name = g_ptr_array_index (load->unwanted_topics, i);

      if (!wherry_store_file_drop_topic (file, name->id, load->error))
        return FALSE;
      name->dropped = TRUE;
      g_hash_table_remove (load->store->names, name);
    }
  g_ptr_array_set_size (load->unwanted_resume, 0);
  g_ptr_array_set_size (load->unwanted_topics, 0);
  return TRUE;
}

static gboolean
load_all (Load *load)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  int code;

  if (!for_each (load, "SELECT room, member, hash, until_us, data FROM resume", 0, load_resume,
                 NULL)
      || !delete_unwanted (load))
    return FALSE;
  code = sqlite3_exec (load->file->db, forget, NULL, NULL, NULL);
  if (code != SQLITE_OK)
    return wherry_store_file_fail (load->file, code, "tidying it", load->error);
  if (!wherry_store_file_run (load->file, WHERRY_STORE_TRIM_ORPHANS, NULL, load->error)
      || !for_each (load, "SELECT value FROM facts WHERE name = 'last_member'", 0, load_last_member,
                    NULL)
      || !for_each (load, "SELECT max (id) FROM topics", 0, load_last_id, NULL)
      || !for_each (load,
                    "SELECT t.id, t.room, t.label, n.next FROM topics t"
                    " LEFT JOIN numbers n ON n.topic = t.id AND n.recipient = 0"
                    " WHERE t.dropped = 0 ORDER BY t.id",
                    0, load_name, names))
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    if (!load_topic (load, g_ptr_array_index (names, i)))
      return FALSE;
  return delete_unwanted (load);
}

gboolean
wherry_store_load (WherryStore *self, const WherryStoreVisitor *visitor, gpointer user_data,
                   GError **error)
{
  g_autoptr (GPtrArray) topics = g_ptr_array_new ();
  g_autoptr (GPtrArray) resume = g_ptr_array_new_with_free_func (resume_free);
  Load load = { .store = self,
                .file = self->file,
                .visitor = visitor,
                .user_data = user_data,
                .error = error,
                .unwanted_topics = topics,
                .unwanted_resume = resume };

  g_assert (!self->is_loaded);

  if (!wherry_store_file_begin (self->file, error))
    return FALSE;
  if (!load_all (&load) || !wherry_store_file_commit (self->file, error))
    {
      wherry_store_file_rollback (self->file);
      return FALSE;
    }
  self->is_loaded = TRUE;
  self->loaded_last_member = self->last_member;
  if (self->options.no_thread)
    return TRUE;
  WHERRY_TSAN_RELEASE (self);
  self->thread = g_thread_try_new ("store", wherry_store_run, self, error);
  return self->thread != NULL;
}
