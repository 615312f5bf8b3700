/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-sink-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-path.h"
#include "cli/wherry-terminal.h"

/* What is there already, and how a file gets its name. */

/* 1970 to 9999: what other programs can show. */
#define MODIFIED_MAX_MS (G_GINT64_CONSTANT (253402300799) * 1000)

/* ---- looking ---- */

static gboolean
in_the_way (GError **error, const char *what, const char *path)
{
  g_autofree char *safe = wherry_terminal_safe (path);

  g_set_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_IN_THE_WAY, "“%s” %s", safe, what);
  return FALSE;
}

/* Opens what was looked at; it is read only if it still is a regular file. */
static gboolean
open_found (int parent, const char *name, int *fd, guint64 *size)
{
  struct stat info;

  *fd = openat (parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (*fd < 0)
    return FALSE;
  if (fstat (*fd, &info) == 0 && S_ISREG (info.st_mode))
    {
      *size = (guint64) info.st_size;
      return TRUE;
    }
  wherry_file_close (fd);
  return FALSE;
}

static gboolean
look_for_file (WherryFileSink *self, int parent, const WherryFileItem *item, WherryFileFound *found,
               int *fd, guint64 *size, GError **error)
{
  const char *name = wherry_file_sink_get_name (item->path);
  struct stat info;

  if (fstatat (parent, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT || wherry_file_sink_fail (error, item->path, errno);
  if (!S_ISREG (info.st_mode))
    return in_the_way (error, _ ("is there and is no file"), item->path);
  if ((guint64) info.st_size == item->size && open_found (parent, name, fd, size)
      && *size == item->size)
    *found = WHERRY_FILE_FOUND_FILE;
  else if (!self->overwrite)
    return in_the_way (error, _ ("is there already, and is another one"), item->path);
  return TRUE;
}

static gboolean
look_for_part (int parent, const WherryFileItem *item, WherryFileFound *found, int *fd,
               guint64 *size, GError **error)
{
  g_autofree char *part = wherry_file_path_get_part (wherry_file_sink_get_name (item->path));
  struct stat info;

  if (fstatat (parent, part, &info, AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT || wherry_file_sink_fail (error, item->path, errno);
  if (!wherry_file_sink_is_part (&info))
    return in_the_way (error, _ ("has a part there that is no file of ours"), item->path);
  if ((guint64) info.st_size <= item->size && open_found (parent, part, fd, size))
    *found = WHERRY_FILE_FOUND_PART;
  return TRUE;
}

static gboolean
look_for_folder (int parent, const WherryFileItem *item, GError **error)
{
  struct stat info;

  if (fstatat (parent, wherry_file_sink_get_name (item->path), &info, AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT || wherry_file_sink_fail (error, item->path, errno);
  return S_ISDIR (info.st_mode) || in_the_way (error, _ ("is there and is no folder"), item->path);
}

gboolean
wherry_file_sink_look (WherryFileSink *self, const WherryFileItem *item, WherryFileFound *found,
                       int *fd, guint64 *size, GError **error)
{
  int parent = wherry_file_sink_open_parent (self, item->path, FALSE);
  gboolean free_way;

  *found = WHERRY_FILE_FOUND_NOTHING;
  *fd = -1;
  *size = 0;
  if (parent < 0 && errno == ENOENT)
    return TRUE;
  if (parent < 0 && (errno == ELOOP || errno == ENOTDIR))
    return in_the_way (error, _ ("would pass through something that is no folder"), item->path);
  if (parent < 0)
    return wherry_file_sink_fail (error, item->path, errno);
  if (item->is_folder)
    free_way = look_for_folder (parent, item, error);
  else
    free_way = look_for_file (self, parent, item, found, fd, size, error)
               && (*found != WHERRY_FILE_FOUND_NOTHING
                   || look_for_part (parent, item, found, fd, size, error));
  close (parent);
  if (!free_way)
    wherry_file_close (fd);
  return free_way;
}

/* ---- giving names ---- */

/* 0, or -1 with errno: EEXIST when there is one. */
static int
give_name (WherryFileSink *self, const WherryFileEnded *ended, const char *part)
{
  if (self->overwrite)
    return renameat (ended->parent, part, ended->parent, ended->name);
  if (renameat2 (ended->parent, part, ended->parent, ended->name, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -1;
  /* a file system that cannot: a second name, and then not the first one */
  if (linkat (ended->parent, part, ended->parent, ended->name, 0) < 0)
    return -1;
  return unlinkat (ended->parent, part, 0);
}

static void
dress (WherryFileSink *self, const WherryFileEnded *ended)
{
  const mode_t mode = (ended->executable ? 0777 : 0666) & ~self->mask;
  struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_OMIT } };

  if (ended->modified_ms >= 0 && ended->modified_ms <= MODIFIED_MAX_MS)
    times[1] = (struct timespec){ .tv_sec = ended->modified_ms / 1000,
                                  .tv_nsec = ended->modified_ms % 1000 * 1000000 };
  /* not every file system can: what counts are the bytes and the name */
  if (fchmod (ended->fd, mode) < 0 || futimens (ended->fd, times) < 0)
    g_info ("“%s”: %s", ended->name, g_strerror (errno));
}

gboolean
wherry_file_sink_flush (WherryFileSink *self, GError **error)
{
  gboolean good = TRUE;

  for (guint i = 0; i < self->ended->len; i++)
    {
      const WherryFileEnded *ended = &g_array_index (self->ended, WherryFileEnded, i);

      dress (self, ended);
      sync_file_range (ended->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    }
  for (guint i = 0; i < self->ended->len && good; i++)
    {
      const WherryFileEnded *ended = &g_array_index (self->ended, WherryFileEnded, i);

      if (fsync (ended->fd) < 0)
        good = wherry_file_sink_fail (error, ended->name, errno);
    }
  for (guint i = 0; i < self->ended->len && good; i++)
    {
      const WherryFileEnded *ended = &g_array_index (self->ended, WherryFileEnded, i);
      g_autofree char *part = wherry_file_path_get_part (ended->name);

      if (give_name (self, ended, part) < 0)
        good = wherry_file_sink_fail (error, ended->name, errno);
    }
  if (self->ended->len > 0 && good)
    fsync (g_array_index (self->ended, WherryFileEnded, self->ended->len - 1).parent);
  g_array_set_size (self->ended, 0);
  return good;
}

void
wherry_file_sink_undo (WherryFileSink *self)
{
  wherry_file_sink_flush (self, NULL);
  if (self->name != NULL)
    {
      g_autofree char *part = wherry_file_path_get_part (self->name);

      unlinkat (self->parent, part, 0);
      wherry_file_close (&self->file);
      wherry_file_close (&self->parent);
      g_clear_pointer (&self->name, g_free);
    }
  for (guint i = self->made->len; i > 0; i--)
    {
      const char *path = g_ptr_array_index (self->made, i - 1);
      int parent = wherry_file_sink_open_parent (self, path, FALSE);

      if (parent < 0)
        continue;
      unlinkat (parent, wherry_file_sink_get_name (path), AT_REMOVEDIR);
      close (parent);
    }
  g_ptr_array_set_size (self->made, 0);
}
