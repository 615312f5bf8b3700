/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-list.h"

/* The files that are sent, as they lie on the disk. */
typedef struct _WherryFileSource WherryFileSource;

/* Something in a folder is not sent: a symlink, a device, what cannot be read. @why: for people. */
typedef void (*WherryFileSkipped) (const char *path, const char *why, gpointer user_data);

/*
 * (transfer full) (nullable): looks through files and folders. What is named in @paths may be a
 * symlink; those found in folders are skipped. NULL sets @error. Thread: main
 */
WherryFileSource *wherry_file_source_new (char **paths, WherryFileSkipped skipped,
                                          gpointer user_data, GError **error);
void wherry_file_source_free (WherryFileSource *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryFileSource, wherry_file_source_free)

WherryFileList *wherry_file_source_get_list (WherryFileSource *self);
/*
 * A file descriptor of the caller's to read item @index from; -1 sets @error: it is gone, or is
 * another file than when it was listed (WHERRY_FILE_ERROR_UNREADABLE).
 */
int wherry_file_source_open (WherryFileSource *self, guint index, GError **error);
/* Whether the open file is still as it was listed. */
gboolean wherry_file_source_is_unchanged (WherryFileSource *self, guint index, int fd);
