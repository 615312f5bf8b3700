/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Unfinished files are `.NAME.wherry-part`, so nobody may send one of that name. */
#define WHERRY_FILE_PART_SUFFIX ".wherry-part"

/*
 * Whether a path from the other side may become a file below a folder of ours: data/docs/files.md,
 * section 5. Errors: WHERRY_FILE_ERROR_REFUSED, in words for people. Pure. Thread: any
 */
gboolean wherry_file_path_check (const char *path, gsize length, GError **error);
/* (transfer full): the name of the unfinished file for @name, a component. */
char *wherry_file_path_get_part (const char *name);
