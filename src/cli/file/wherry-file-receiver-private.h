/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-hash.h"
#include "cli/file/wherry-file-receiver.h"

typedef enum
{
  WHERRY_FILE_RECEIVER_STOPPED,
  WHERRY_FILE_RECEIVER_WAITING,  /* for OFFER */
  WHERRY_FILE_RECEIVER_LISTING,  /* for all of the list */
  WHERRY_FILE_RECEIVER_LOOKING,  /* at what is there already */
  WHERRY_FILE_RECEIVER_PLANNING, /* PLANs are missing */
  WHERRY_FILE_RECEIVER_RECEIVING,
  WHERRY_FILE_RECEIVER_ENDED,
} WherryFileReceiverState;

/* What is there of a file already, and what the sender said of it. */
typedef struct
{
  guint index;
  WherryFileFound found;
  guint64 size;
  guint8 digest[WHERRY_FILE_HASH_SIZE];
  WherryFileHash *hash; /* (nullable): of a part that goes on */
  gboolean same;
} WherryFileHeld;

struct _WherryFileReceiver
{
  WherryFileSink *sink;
  guint64 max_bytes;
  WherryFileReceiverHooks hooks;
  gpointer user_data;

  WherryFileReceiverState state;
  WherryFileList *list;
  guint entries;
  guint64 total;
  GPtrArray *held;     /* those that HAVE was said of, in that order */
  GHashTable *held_of; /* index -> the same */
  guint next_plan;     /* how many PLANs have come */
  guint partial;
  guint next; /* of LOOKING and RECEIVING: an index */
  int fd;     /* what is being hashed, or -1 */
  WherryFileFound found;
  guint64 found_size;
  WherryFileHash *hash; /* of that, or of the file under way */
  guint64 position;
  gboolean in_file;
  guint64 cost, acked;     /* of this session: what the window counts */
  guint64 payload, spared; /* of this session: bytes of DATA, bytes that were there */
  guint64 received;        /* of all sessions */
};

void wherry_file_receiver_send (WherryFileReceiver *self, const WherryFileRecord *record);
void wherry_file_receiver_refuse (WherryFileReceiver *self, WherryFileError code, const char *what);
/* Of PLAN, in wherry-file-receiver-look.c. */
void wherry_file_receiver_take_plan (WherryFileReceiver *self, const WherryFileRecord *record);
