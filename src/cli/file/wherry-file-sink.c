/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-sink-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gi18n.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-path.h"
#include "cli/wherry-terminal.h"

/* Files whose bytes are forced to the disk together: one of them waits for the journal, 3 ms here,
 * and the others then have nothing left to wait for. Two file descriptors each. */
#define BATCH 64
/* So that the end of a large file does not stop the program for seconds. */
#define SYNC_EVERY (32u * 1024 * 1024)

gboolean
wherry_file_sink_fail (GError **error, const char *path, int code)
{
  g_autofree char *safe = wherry_terminal_safe (path);
  int reason = WHERRY_FILE_ERROR_FAILED;

  if (code == ENOSPC || code == EDQUOT || code == EFBIG)
    reason = WHERRY_FILE_ERROR_NO_SPACE;
  else if (code == EEXIST || code == ELOOP || code == ENOTDIR || code == EISDIR)
    reason = WHERRY_FILE_ERROR_IN_THE_WAY;
  g_set_error (error, WHERRY_FILE_ERROR, reason, "%s: %s", safe, g_strerror (code));
  return FALSE;
}

void
wherry_file_close (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

static void
ended_clear (gpointer data)
{
  WherryFileEnded *ended = data;

  wherry_file_close (&ended->fd);
  wherry_file_close (&ended->parent);
  g_free (ended->name);
}

WherryFileSink *
wherry_file_sink_new (const char *folder, gboolean overwrite, GError **error)
{
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  WherryFileSink *self;

  if (fd < 0)
    {
      g_autofree char *safe = wherry_terminal_safe (folder);

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), _ ("the folder “%s”: %s"),
                   safe, g_strerror (errno));
      return NULL;
    }
  self = g_new0 (WherryFileSink, 1);
  self->root = fd;
  self->overwrite = overwrite;
  self->mask = umask (0);
  umask (self->mask);
  self->file = self->parent = -1;
  self->ended = g_array_new (FALSE, FALSE, sizeof (WherryFileEnded));
  g_array_set_clear_func (self->ended, ended_clear);
  self->made = g_ptr_array_new_with_free_func (g_free);
  return self;
}

static void
drop_current (WherryFileSink *self)
{
  wherry_file_close (&self->file);
  wherry_file_close (&self->parent);
  g_clear_pointer (&self->name, g_free);
}

void
wherry_file_sink_free (WherryFileSink *self)
{
  drop_current (self);
  g_array_unref (self->ended);
  g_ptr_array_unref (self->made);
  close (self->root);
  g_free (self);
}

gboolean
wherry_file_sink_get_overwrite (WherryFileSink *self)
{
  return self->overwrite;
}

guint64
wherry_file_sink_get_free (WherryFileSink *self)
{
  struct statvfs info;

  if (fstatvfs (self->root, &info) < 0 || info.f_blocks == 0)
    return G_MAXUINT64;
  return (guint64) info.f_bavail * info.f_frsize;
}

/* ---- the way to a file ---- */

/* Opens the folder @name in @parent; makes it if @make. -1 with errno. */
static int
enter (int parent, const char *name, gboolean make, gboolean *made)
{
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat (parent, name, flags);

  if (fd >= 0 || errno != ENOENT || !make)
    return fd;
  if (mkdirat (parent, name, 0777) == 0)
    *made = TRUE;
  else if (errno != EEXIST)
    return -1;
  return openat (parent, name, flags);
}

int
wherry_file_sink_open_parent (WherryFileSink *self, const char *path, gboolean make)
{
  const char *slash;
  int folder = fcntl (self->root, F_DUPFD_CLOEXEC, 3);

  for (const char *name = path; folder >= 0 && (slash = strchr (name, '/')) != NULL;
       name = slash + 1)
    {
      g_autofree char *component = g_strndup (name, (gsize) (slash - name));
      gboolean made = FALSE;
      int below = enter (folder, component, make, &made);
      int code = errno;

      if (made)
        g_ptr_array_add (self->made, g_strndup (path, (gsize) (slash - path)));
      close (folder);
      errno = code;
      folder = below;
    }
  return folder;
}

const char *
wherry_file_sink_get_name (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash != NULL ? slash + 1 : path;
}

gboolean
wherry_file_sink_make_folder (WherryFileSink *self, const WherryFileItem *item, GError **error)
{
  g_autofree char *inside = g_strconcat (item->path, "/", NULL);
  int fd = wherry_file_sink_open_parent (self, inside, TRUE);

  if (fd < 0)
    return wherry_file_sink_fail (error, item->path, errno);
  close (fd);
  return TRUE;
}

/* ---- writing ---- */

/* A part is a file of ours alone: no link of another name, and no other program at it. */
gboolean
wherry_file_sink_is_part (const struct stat *info)
{
  return S_ISREG (info->st_mode) && info->st_nlink == 1 && info->st_uid == geteuid ();
}

static gboolean
open_part (WherryFileSink *self, const char *name, guint64 offset)
{
  g_autofree char *part = wherry_file_path_get_part (name);
  struct stat info;

  self->file
      = openat (self->parent, part, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  if (self->file < 0 || fstat (self->file, &info) < 0)
    return FALSE;
  if (!wherry_file_sink_is_part (&info) || (guint64) info.st_size < offset)
    {
      errno = EEXIST;
      return FALSE;
    }
  if (flock (self->file, LOCK_EX | LOCK_NB) < 0)
    {
      errno = EEXIST;
      return FALSE;
    }
  return ftruncate (self->file, (off_t) offset) == 0
         && lseek (self->file, (off_t) offset, SEEK_SET) >= 0;
}

gboolean
wherry_file_sink_begin (WherryFileSink *self, const WherryFileItem *item, guint64 offset,
                        GError **error)
{
  int code;

  drop_current (self);
  self->parent = wherry_file_sink_open_parent (self, item->path, TRUE);
  if (self->parent >= 0 && open_part (self, wherry_file_sink_get_name (item->path), offset))
    {
      self->name = g_strdup (wherry_file_sink_get_name (item->path));
      self->executable = item->executable;
      self->modified_ms = item->modified_ms;
      self->unsynced = 0;
      return TRUE;
    }
  code = errno;
  drop_current (self);
  return wherry_file_sink_fail (error, item->path, code);
}

gboolean
wherry_file_sink_write (WherryFileSink *self, const void *data, gsize length, GError **error)
{
  const char *at = data;

  g_return_val_if_fail (self->file >= 0, FALSE);
  for (gsize left = length; left > 0;)
    {
      gssize n = write (self->file, at, left);

      if (n < 0 && errno != EINTR)
        return wherry_file_sink_fail (error, self->name, errno);
      if (n > 0)
        {
          at += n;
          left -= (gsize) n;
        }
    }
  self->unsynced += length;
  if (self->unsynced >= SYNC_EVERY)
    {
      self->unsynced = 0;
      if (fdatasync (self->file) < 0)
        return wherry_file_sink_fail (error, self->name, errno);
    }
  return TRUE;
}

gboolean
wherry_file_sink_end (WherryFileSink *self, GError **error)
{
  WherryFileEnded ended = {
    .fd = self->file,
    .parent = self->parent,
    .name = self->name,
    .executable = self->executable,
    .modified_ms = self->modified_ms,
  };

  g_return_val_if_fail (self->file >= 0, FALSE);
  g_array_append_val (self->ended, ended);
  self->file = self->parent = -1;
  self->name = NULL;
  return self->ended->len < BATCH || wherry_file_sink_flush (self, error);
}
