/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

#include "cli/file/wherry-file-sink.h"

/* A file that is whole and waits for its name. */
typedef struct
{
  int fd, parent;
  char *name;
  gboolean executable;
  gint64 modified_ms;
} WherryFileEnded;

struct _WherryFileSink
{
  int root;
  gboolean overwrite;
  mode_t mask;
  /* the file that was begun, or -1 */
  int file, parent;
  char *name;
  gboolean executable;
  gint64 modified_ms;
  gsize unsynced; /* bytes written since the last fdatasync() */
  GArray *ended;
  GPtrArray *made; /* paths of folders that were made here, parents first */
};

/* Sets @error from an errno, for @path; returns FALSE. */
gboolean wherry_file_sink_fail (GError **error, const char *path, int code);
/* The folder that @path is in; -1 with errno. */
int wherry_file_sink_open_parent (WherryFileSink *self, const char *path, gboolean make);
const char *wherry_file_sink_get_name (const char *path);
gboolean wherry_file_sink_is_part (const struct stat *info);
/* Closes it, if it is open, and forgets it. */
void wherry_file_close (int *fd);
