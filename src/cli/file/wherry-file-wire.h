/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-seal.h"

/*
 * Messages and records as bytes: data/docs/files.md, sections 2 to 4. Pure. What cannot be parsed
 * sets an error of WHERRY_FILE_ERROR_PROTOCOL.
 */

#define WHERRY_FILE_VERSION 1
#define WHERRY_FILE_HASH_SIZE 32

typedef enum
{
  WHERRY_FILE_GREETING_HERE = 1,
  WHERRY_FILE_GREETING_HELLO = 2,
  WHERRY_FILE_GREETING_WELCOME = 3,
  WHERRY_FILE_GREETING_REFUSED = 4,
  WHERRY_FILE_GREETING_SEALED = 16,
} WherryFileGreetingType;

typedef enum
{
  WHERRY_FILE_REFUSAL_CODE = 1,
  WHERRY_FILE_REFUSAL_GUESSES = 2,
  WHERRY_FILE_REFUSAL_VERSION = 3,
  WHERRY_FILE_REFUSAL_REPLACED = 4,
} WherryFileRefusal;

/* A message that is not sealed; which fields count depends on the type. */
typedef struct
{
  WherryFileGreetingType type;
  guint8 version;
  guint8 refusal;
  guint8 receiver_nonce[WHERRY_FILE_NONCE_SIZE];
  guint8 sender_nonce[WHERRY_FILE_NONCE_SIZE];
  guint8 proof[WHERRY_FILE_PROOF_SIZE];
} WherryFileGreeting;

/* Of another version than ours only the type and the version are known. */
gboolean wherry_file_greeting_parse (WherryFileGreeting *self, const guint8 *data, gsize length,
                                     GError **error);
GBytes *wherry_file_greeting_write (const WherryFileGreeting *self);

typedef enum
{
  WHERRY_FILE_RECORD_OFFER = 0x20,
  WHERRY_FILE_RECORD_ENTRIES = 0x21,
  WHERRY_FILE_RECORD_PLAN = 0x22,
  WHERRY_FILE_RECORD_FILE = 0x23,
  WHERRY_FILE_RECORD_DATA = 0x24,
  WHERRY_FILE_RECORD_END = 0x25,
  WHERRY_FILE_RECORD_DONE = 0x26,
  WHERRY_FILE_RECORD_ABORT = 0x2f,
  WHERRY_FILE_RECORD_CONNECT = 0x30,
  WHERRY_FILE_RECORD_CONNECTED = 0x31,
  WHERRY_FILE_RECORD_READY = 0x40,
  WHERRY_FILE_RECORD_HAVE = 0x41,
  WHERRY_FILE_RECORD_WANT = 0x42,
  WHERRY_FILE_RECORD_ACK = 0x43,
  WHERRY_FILE_RECORD_SAVED = 0x44,
} WherryFileRecordType;

#define WHERRY_FILE_READY_NOT_DIRECT 1u

typedef struct
{
  WherryFileRecordType type;
  guint32 number;     /* READY: flags. OFFER: entries. HAVE, PLAN, FILE: the index */
  guint64 size;       /* OFFER: their sum. HAVE: of what is there. FILE: offset. ACK: so far */
  guint8 flag;        /* ABORT: the reason */
  const guint8 *hash; /* PLAN, END */
  const guint8
      *bytes; /* DATA, ENTRIES; bits of WANT; text of ABORT, CONNECT, CONNECTED (not terminated) */
  gsize length;
} WherryFileRecord;

/* @hash and @bytes point into @data. */
gboolean wherry_file_record_parse (WherryFileRecord *self, const guint8 *data, gsize length,
                                   GError **error);
GBytes *wherry_file_record_write (const WherryFileRecord *self);

/* A bundle is what is sealed at once: records, each behind its length in two bytes. */
gboolean wherry_file_bundle_has_room (const GByteArray *bundle, GBytes *record);
void wherry_file_bundle_append (GByteArray *bundle, GBytes *record);
/* (transfer full) (nullable): the record at @at, which is moved on. NULL: it is none. */
GBytes *wherry_file_bundle_next (GBytes *bundle, gsize *at);

/* One entry of ENTRIES. */
typedef struct
{
  gboolean is_folder;
  gboolean executable;
  gint64 modified_ms; /* since 1970 */
  guint64 size;
  const char *path; /* not terminated when it was parsed, and not checked */
  gsize path_length;
} WherryFileEntry;

/* Parses the first entry; @used: how many bytes it took. */
gboolean wherry_file_entry_parse (WherryFileEntry *self, const guint8 *data, gsize length,
                                  gsize *used, GError **error);
/* How long it is as bytes, and appending it. */
gsize wherry_file_entry_measure (const WherryFileEntry *self);
void wherry_file_entry_append (const WherryFileEntry *self, GByteArray *bytes);
