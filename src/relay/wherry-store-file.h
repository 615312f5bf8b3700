/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The store's SQLite file: every statement that there is. One connection, used by one thread at a
 * time. What fails sets WHERRY_ERROR_PROTOCOL when the file is damaged, WHERRY_ERROR_RESOURCES for
 * what may pass (disk full, I/O, memory). */

#include <sqlite3.h>

#include "relay/wherry-store.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_STORE_BEGIN,
  WHERRY_STORE_COMMIT,
  WHERRY_STORE_ROLLBACK,
  WHERRY_STORE_PUT_TOPIC,
  WHERRY_STORE_PUT_MESSAGE,
  WHERRY_STORE_PUT_NEXT,
  WHERRY_STORE_PUT_ACCEPTED,
  WHERRY_STORE_PUT_MEMBER,
  WHERRY_STORE_TRIM,
  WHERRY_STORE_TRIM_OLDEST,
  WHERRY_STORE_TRIM_DROPPED,
  WHERRY_STORE_TRIM_ORPHANS,
  WHERRY_STORE_FORGET_ACCEPTED,
  WHERRY_STORE_FORGET_NUMBERS,
  WHERRY_STORE_FORGET_DROPPED,
  WHERRY_STORE_DROP_TOPIC,
  WHERRY_STORE_DROP_ROOM,
  WHERRY_STORE_DROP_ROOM_RESUME,
  WHERRY_STORE_PUT_RESUME,
  WHERRY_STORE_DELETE_RESUME,
  WHERRY_STORE_DELETE_ACCEPTED,
  WHERRY_STORE_DELETE_NEXT,
  WHERRY_STORE_DELETE_DIRECT,
  WHERRY_STORE_FORGET_DIRECT,
  WHERRY_STORE_FORGET_NEXT,
  WHERRY_STORE_FORGET_OWN,
  WHERRY_STORE_VACUUM,
  WHERRY_STORE_N_STATEMENTS,
} WherryStoreStatement;

typedef struct
{
  sqlite3 *db;
  char *path;
  int lock_fd;
  sqlite3_stmt *statements[WHERRY_STORE_N_STATEMENTS]; /* prepared when first used */
  /* what a transaction changes; commit() keeps it, rollback() does not */
  gint64 n_kept, committed_n_kept;
  gint64 kept_bytes, committed_kept_bytes;
  guint64 n_trimmed, committed_n_trimmed;
  gboolean has_dropped, committed_has_dropped; /* topics whose messages are still there */
} WherryStoreFile;

WherryStoreFile *wherry_store_file_open (const char *dir, const WherryStoreOptions *options,
                                         GError **error);
void wherry_store_file_close (WherryStoreFile *self);

/* FALSE, always. what: what was being done. */
gboolean wherry_store_file_fail (WherryStoreFile *self, int code, const char *what, GError **error);
/* NULL and error, or a statement that is reset and without bindings. */
sqlite3_stmt *wherry_store_file_get (WherryStoreFile *self, WherryStoreStatement which,
                                     GError **error);
/* Runs it to its end; what deletes returns the bytes of each message that went. */
gboolean wherry_store_file_run (WherryStoreFile *self, WherryStoreStatement which, guint *n_rows,
                                GError **error);

gboolean wherry_store_file_begin (WherryStoreFile *self, GError **error);
gboolean wherry_store_file_commit (WherryStoreFile *self, GError **error);
void wherry_store_file_rollback (WherryStoreFile *self);

/* ---- within a transaction ---- */

gboolean wherry_store_file_put_topic (WherryStoreFile *self, gint64 topic, const char *room,
                                      const char *label, GError **error);
/* *is_new FALSE: there is one with that number; nothing was changed. */
gboolean wherry_store_file_put_message (WherryStoreFile *self, gint64 topic, WherryMessage *message,
                                        gint64 time_us, gboolean *is_new, GError **error);
gboolean wherry_store_file_put_next (WherryStoreFile *self, gint64 topic, guint64 recipient,
                                     guint64 next, GError **error);
gboolean wherry_store_file_put_accepted (WherryStoreFile *self, gint64 topic, guint64 member,
                                         guint64 own, GError **error);
gboolean wherry_store_file_put_member (WherryStoreFile *self, guint64 member, GError **error);
gboolean wherry_store_file_put_resume (WherryStoreFile *self, const WherryStoreResume *record,
                                       GError **error);
gboolean wherry_store_file_delete_resume (WherryStoreFile *self, const char *room, guint64 member,
                                          GError **error);
gboolean wherry_store_file_drop_topic (WherryStoreFile *self, gint64 topic, GError **error);
gboolean wherry_store_file_drop_room (WherryStoreFile *self, const char *room, GError **error);

/* At most max messages; *n_rows of them went. */
gboolean wherry_store_file_trim (WherryStoreFile *self, gint64 topic, guint64 recipient,
                                 guint64 below, guint max, guint *n_rows, GError **error);
/* What a topic has of a member that does not come back. */
gboolean wherry_store_file_forget (WherryStoreFile *self, gint64 topic, guint64 member,
                                   GError **error);
gboolean wherry_store_file_trim_oldest (WherryStoreFile *self, guint max, GError **error);
gboolean wherry_store_file_trim_dropped (WherryStoreFile *self, guint max, GError **error);

/* ---- outside one ---- */

/* Gives some pages back to the file system if many are free. TRUE: there are more. */
gboolean wherry_store_file_vacuum (WherryStoreFile *self);
guint64 wherry_store_file_get_bytes (const char *file); /* with its log. Thread: any */

G_END_DECLS
