/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-list.h"

/*
 * The folder that files are received into. Nothing outside of it is ever opened: each component of
 * a path is opened from its parent with O_NOFOLLOW. A file is written as `.NAME.wherry-part` and
 * gets its name when its bytes are verified and on the disk, never over another one unless that was
 * asked for. Errors: WHERRY_FILE_ERROR_IN_THE_WAY, _NO_SPACE, _FAILED. Thread: main
 */
typedef struct _WherryFileSink WherryFileSink;

typedef enum
{
  WHERRY_FILE_FOUND_NOTHING,
  WHERRY_FILE_FOUND_PART, /* an unfinished file */
  WHERRY_FILE_FOUND_FILE, /* a file of that name and size */
} WherryFileFound;

/* (transfer full) (nullable): NULL sets @error: there is no such folder. */
WherryFileSink *wherry_file_sink_new (const char *folder, gboolean overwrite, GError **error);
/* An unfinished file stays. */
void wherry_file_sink_free (WherryFileSink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryFileSink, wherry_file_sink_free)

gboolean wherry_file_sink_get_overwrite (WherryFileSink *self);
/* How many bytes may be written there; G_MAXUINT64 where nobody knows. */
guint64 wherry_file_sink_get_free (WherryFileSink *self);
/*
 * Looks for what is there of @item, a file or a folder, and changes nothing. @fd: the caller's, to
 * read what was found; @size: of that. FALSE sets @error: something else is in the way.
 */
gboolean wherry_file_sink_look (WherryFileSink *self, const WherryFileItem *item,
                                WherryFileFound *found, int *fd, guint64 *size, GError **error);
gboolean wherry_file_sink_make_folder (WherryFileSink *self, const WherryFileItem *item,
                                       GError **error);
/* Begins with a file at @offset of its part, which is what is kept of it. */
gboolean wherry_file_sink_begin (WherryFileSink *self, const WherryFileItem *item, guint64 offset,
                                 GError **error);
gboolean wherry_file_sink_write (WherryFileSink *self, const void *data, gsize length,
                                 GError **error);
/* The file that was begun is whole and verified: it gets its name with the next flush. */
gboolean wherry_file_sink_end (WherryFileSink *self, GError **error);
/* Puts what was ended on the disk and gives the names. */
gboolean wherry_file_sink_flush (WherryFileSink *self, GError **error);
/* Takes away what is not verified: the part that was begun, and folders made here that are empty.
 */
void wherry_file_sink_undo (WherryFileSink *self);
