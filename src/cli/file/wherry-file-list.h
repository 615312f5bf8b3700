/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-wire.h"

/* What a transfer is made of: files and folders with checked paths, in an order. Pure. */

typedef struct
{
  char *path;
  gboolean is_folder;
  gboolean executable;
  gint64 modified_ms;
  guint64 size;
} WherryFileItem;

typedef struct _WherryFileList WherryFileList;

WherryFileList *wherry_file_list_new (void);
void wherry_file_list_free (WherryFileList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryFileList, wherry_file_list_free)

/* Appends an entry. Errors: WHERRY_FILE_ERROR_REFUSED, for its path and for limits. */
gboolean wherry_file_list_add (WherryFileList *self, const WherryFileEntry *entry, GError **error);
/*
 * Whether no path is there twice or passes through a file. The list is complete then. Errors:
 * WHERRY_FILE_ERROR_REFUSED.
 */
gboolean wherry_file_list_check (WherryFileList *self, GError **error);
guint wherry_file_list_get_length (const WherryFileList *self);
guint64 wherry_file_list_get_total (const WherryFileList *self);
/* (nullable): the item at @index. */
const WherryFileItem *wherry_file_list_get (const WherryFileList *self, guint index);
