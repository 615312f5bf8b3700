/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-hash.h"
#include "cli/file/wherry-file-sender.h"

typedef enum
{
  WHERRY_FILE_SENDER_STOPPED,
  WHERRY_FILE_SENDER_LISTING,  /* OFFER and ENTRIES */
  WHERRY_FILE_SENDER_PLANNING, /* HAVEs come, until WANT */
  WHERRY_FILE_SENDER_SENDING,
  WHERRY_FILE_SENDER_WAITING, /* for SAVED */
  WHERRY_FILE_SENDER_ENDED,
} WherryFileSenderState;

/* A HAVE that no PLAN has answered. */
typedef struct
{
  guint32 index;
  guint64 size;
} WherryFileClaim;

/* Where to go on with a file, if what comes before is the same on both sides. */
typedef struct
{
  guint32 index;
  guint64 offset;
  WherryFileHash *hash; /* (nullable): none when nothing is missing */
} WherryFileResume;

struct _WherryFileSender
{
  WherryFileSource *source;
  WherryFileList *list;
  WherryFileSenderHooks hooks;
  gpointer user_data;

  WherryFileSenderState state;
  gboolean offered, wanted;
  guint next; /* of WHERRY_FILE_SENDER_LISTING and WHERRY_FILE_SENDER_SENDING: an index */
  guint partial;
  gint64 last_have; /* the index in the newest HAVE, -1: none */
  GQueue claims;
  GPtrArray *answered;     /* of WherryFileResume: a PLAN for each, in that order */
  GHashTable *resumes;     /* index -> one of them that is the same */
  int fd;                  /* of the claim or file under way, or -1 */
  WherryFileHash *hash;    /* of the same */
  guint64 position;        /* in the same */
  guint64 cost, acked;     /* of this session: what the window counts */
  guint64 payload, spared; /* of this session: bytes of DATA, bytes that the other side had */
  guint64 sent;            /* of all sessions */
  gboolean in_file;
};

void wherry_file_claim_free (gpointer data);
void wherry_file_sender_send (WherryFileSender *self, const WherryFileRecord *record);
/* Ends it: the receiver breaks the protocol. */
void wherry_file_sender_refuse (WherryFileSender *self, const char *what);
/* Closes the file under way. */
void wherry_file_sender_drop (WherryFileSender *self);

/* ---- wherry-file-sender-claims.c ---- */
/* Ends it: the file cannot be read (@code: an errno), or changes (0). */
void wherry_file_sender_unreadable (WherryFileSender *self, guint index, int code);
/* Opens the file for a claim or for sending; FALSE: it ended. */
gboolean wherry_file_sender_open (WherryFileSender *self, guint index);
void wherry_file_sender_take_have (WherryFileSender *self, const WherryFileRecord *record);
void wherry_file_sender_take_want (WherryFileSender *self, const WherryFileRecord *record);
/* Compares on; TRUE: there is more to do. */
gboolean wherry_file_sender_work_claim (WherryFileSender *self);
