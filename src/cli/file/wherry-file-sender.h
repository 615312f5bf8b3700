/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-source.h"

/*
 * The sender's side of a transfer, behind the keys: records in, records out (data/docs/files.md,
 * section 4). It knows of no network: who owns it brings it records and sends its own, in order.
 * Main thread only.
 */
typedef struct _WherryFileSender WherryFileSender;

typedef struct
{
  /* a record for the other side */
  void (*send) (GBytes *record, gpointer user_data);
  /* the transfer is over: NULL when everything is saved; @remote: the other side said so */
  void (*ended) (const GError *error, gboolean remote, gpointer user_data);
} WherryFileSenderHooks;

/* @source is not taken, and outlives it. */
WherryFileSender *wherry_file_sender_new (WherryFileSource *source,
                                          const WherryFileSenderHooks *hooks, gpointer user_data);
void wherry_file_sender_free (WherryFileSender *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryFileSender, wherry_file_sender_free)

/* A session has begun, the first or another one: everything is offered anew. */
void wherry_file_sender_start (WherryFileSender *self);
/* The session is gone. */
void wherry_file_sender_stop (WherryFileSender *self);
/* A record from the other side. */
void wherry_file_sender_take (WherryFileSender *self, GBytes *record);
/*
 * Does a little of what there is to do: reads, hashes, sends. TRUE: there is more to do now; FALSE:
 * not before the next record.
 */
gboolean wherry_file_sender_work (WherryFileSender *self);
/* Ends it: says why, and calls ended(). */
void wherry_file_sender_abort (WherryFileSender *self, const GError *error);

/* How much of the list's total the other side has, and what it had before this session. */
guint64 wherry_file_sender_get_done (WherryFileSender *self);
guint64 wherry_file_sender_get_spared (WherryFileSender *self);
/* Bytes of files that were sent in all sessions: what was sent twice counts twice. */
guint64 wherry_file_sender_get_sent (WherryFileSender *self);
/* (nullable): the path of the file under way. */
const char *wherry_file_sender_get_path (WherryFileSender *self);
