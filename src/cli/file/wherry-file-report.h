/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-link.h"

/*
 * How `wherry send` and `wherry receive` tell of a transfer: a bar on a terminal, words on standard
 * error, JSON on standard output if that was asked for. Main thread only.
 */
typedef struct _WherryFileReport WherryFileReport;

WherryFileReport *wherry_file_report_new (WherryInvocation *invocation);
void wherry_file_report_free (WherryFileReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryFileReport, wherry_file_report_free)

/*
 * With --json, prints {"event":@event,…}: pairs of a name and a value follow, up to NULL. A name
 * that begins with '#' (not printed) has a guint64, others a string or NULL, which is left out.
 */
void wherry_file_report_event (WherryFileReport *self, const char *event,
                               ...) G_GNUC_NULL_TERMINATED;
/* What is under way now. @spared: was there before this session. */
void wherry_file_report_progress (WherryFileReport *self, const char *path, guint64 done,
                                  guint64 total, guint64 spared);
/* A session has begun. */
void wherry_file_report_met (WherryFileReport *self, WherryFileLink *link);
/* It is over, and another one is waited for. */
void wherry_file_report_lost (WherryFileReport *self);
/* It failed: says so, and gives the exit code. */
WherryExit wherry_file_report_failed (WherryFileReport *self, const GError *error, gboolean remote);
/*
 * All is done. Says it, with what passed on the connection, and then ends the run by way of @link.
 */
void wherry_file_report_done (WherryFileReport *self, WherryFileLink *link, guint files,
                              guint64 total, guint64 moved);
