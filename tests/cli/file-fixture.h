/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-receiver.h"
#include "cli/file/wherry-file-sender.h"

/* Folders of a test's own, and both sides of a transfer with nothing but two queues between. */

/* (transfer full): a new folder; wherry_test_remove() takes it away with all that is in it. */
char *wherry_test_make_folder (void);
void wherry_test_remove (char *folder);
void wherry_test_write (const char *folder, const char *path, const void *data, gsize length);
/* (transfer full): @size bytes that depend on @seed alone. */
guint8 *wherry_test_make_bytes (gsize size, guint32 seed);
void wherry_test_assert_file (const char *folder, const char *path, const void *data, gsize length);
/* How many files, folders and whatever else are below @folder. */
guint wherry_test_count (const char *folder);

/* How one side ended. */
typedef struct
{
  gboolean ended, remote;
  GError *error;
} WherryTestEnd;

typedef struct
{
  char *from, *to; /* folders */
  WherryFileSource *source;
  WherryFileSender *sender; /* (nullable) */
  WherryFileSink *sink;
  WherryFileReceiver *receiver;  /* (nullable) */
  GQueue to_sender, to_receiver; /* of GBytes */
  WherryTestEnd sender_end, receiver_end;
  guint verified, begun;
  guint64 most_waiting; /* bytes in a queue at once */
} WherryTestPair;

/* @names: what is sent, in pair->from, ends with NULL. */
void wherry_test_pair_init (WherryTestPair *pair);
void wherry_test_pair_clear (WherryTestPair *pair);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WherryTestPair, wherry_test_pair_clear)
void wherry_test_pair_start_sender (WherryTestPair *pair, const char *name);
void wherry_test_pair_start_receiver (WherryTestPair *pair, gboolean overwrite, guint64 max_bytes);
/* As a kill does: what is in the program is gone, what is on the disk stays. */
void wherry_test_pair_kill_sender (WherryTestPair *pair);
void wherry_test_pair_kill_receiver (WherryTestPair *pair);
/*
 * Starts both, and lets them work until both have ended or @records have arrived at the receiver
 * (0: no limit). TRUE: they have ended.
 */
gboolean wherry_test_pair_run (WherryTestPair *pair, guint records);
