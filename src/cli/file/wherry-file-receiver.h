/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-list.h"
#include "cli/file/wherry-file-sink.h"

/*
 * The receiver's side of a transfer, behind the keys: the twin of wherry-file-sender.h, and the one
 * that trusts nobody. Main thread only.
 */
typedef struct _WherryFileReceiver WherryFileReceiver;

typedef struct
{
  /* a record for the other side */
  void (*send) (GBytes *record, gpointer user_data);
  /* what is offered has passed the checks, and is begun */
  void (*begun) (guint entries, guint64 total, gpointer user_data);
  /* a file has passed its check; it has its name when ended() is called, or before */
  void (*verified) (const char *path, guint64 size, gpointer user_data);
  /* the transfer is over: NULL when everything is saved; @remote: the other side said so */
  void (*ended) (const GError *error, gboolean remote, gpointer user_data);
} WherryFileReceiverHooks;

/* @sink is not taken, and outlives it. @max_bytes: of all files together. */
WherryFileReceiver *wherry_file_receiver_new (WherryFileSink *sink, guint64 max_bytes,
                                              const WherryFileReceiverHooks *hooks,
                                              gpointer user_data);
void wherry_file_receiver_free (WherryFileReceiver *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryFileReceiver, wherry_file_receiver_free)

/* A session has begun, the first or another one. */
void wherry_file_receiver_start (WherryFileReceiver *self);
/* The session is gone; what was received stays for the next one. */
void wherry_file_receiver_stop (WherryFileReceiver *self);
/* A record from the other side. */
void wherry_file_receiver_take (WherryFileReceiver *self, GBytes *record);
/* Does a little of what there is to do; TRUE: there is more to do now. */
gboolean wherry_file_receiver_work (WherryFileReceiver *self);
/* Ends it: says why, and calls ended(). What is not verified is removed unless its user ended it.
 */
void wherry_file_receiver_abort (WherryFileReceiver *self, const GError *error);

/* How much of the total is there, and what was there before this session. */
guint64 wherry_file_receiver_get_done (WherryFileReceiver *self);
guint64 wherry_file_receiver_get_spared (WherryFileReceiver *self);
guint64 wherry_file_receiver_get_total (WherryFileReceiver *self);
guint wherry_file_receiver_get_entries (WherryFileReceiver *self);
/* Bytes of files that came in all sessions. */
guint64 wherry_file_receiver_get_received (WherryFileReceiver *self);
/* (nullable): the path of the file under way. */
const char *wherry_file_receiver_get_path (WherryFileReceiver *self);
