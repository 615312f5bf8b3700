/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"
#include "cli/wherry-terminal.h"

struct _WherryFileSource
{
  WherryFileList *list;
  GPtrArray *roots; /* what was named: a path for each */
  GArray *root_of;  /* guint: which root an item is of */
  GArray *lengths;  /* gsize: of its root's name in the item's path */
  WherryFileSkipped skipped;
  gpointer user_data;
};

typedef struct
{
  WherryFileSource *source;
  guint root;
  gsize root_length;
} Walk;

static gboolean
fail (GError **error, const char *path, int code)
{
  g_autofree char *safe = wherry_terminal_safe (path);

  g_set_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_UNREADABLE, "%s: %s", safe,
               g_strerror (code));
  return FALSE;
}

static gint64
get_modified (const struct stat *info)
{
  return (gint64) info->st_mtim.tv_sec * 1000 + info->st_mtim.tv_nsec / 1000000;
}

static gboolean
add (const Walk *walk, const char *path, const struct stat *info, GError **error)
{
  const WherryFileEntry entry = {
    .is_folder = S_ISDIR (info->st_mode),
    .executable = S_ISREG (info->st_mode) && (info->st_mode & S_IXUSR) != 0,
    .modified_ms = get_modified (info),
    .size = S_ISREG (info->st_mode) ? (guint64) info->st_size : 0,
    .path = path,
    .path_length = strlen (path),
  };

  if (!wherry_file_list_add (walk->source->list, &entry, error))
    return FALSE;
  g_array_append_val (walk->source->root_of, walk->root);
  g_array_append_val (walk->source->lengths, walk->root_length);
  return TRUE;
}

static void
skip (const Walk *walk, const char *path, const char *why)
{
  if (walk->source->skipped != NULL)
    walk->source->skipped (path, why, walk->source->user_data);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* (transfer full) (nullable): the sorted names in a folder; @fd is taken. */
static GPtrArray *
read_names (int fd)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  DIR *folder = fdopendir (fd);
  const struct dirent *entry;

  if (folder == NULL)
    {
      close (fd);
      return NULL;
    }
  while ((entry = readdir (folder)) != NULL && names->len <= WHERRY_FILE_ENTRIES_MAX)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      g_ptr_array_add (names, g_strdup (entry->d_name));
  closedir (folder);
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

static gboolean walk_folder (const Walk *walk, int fd, const char *path, guint depth,
                             GError **error);

static gboolean
walk_one (const Walk *walk, int parent, const char *name, const char *path, guint depth,
          GError **error)
{
  struct stat info;
  int fd;

  if (fstatat (parent, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
    {
      skip (walk, path, g_strerror (errno));
      return TRUE;
    }
  if (S_ISREG (info.st_mode))
    return add (walk, path, &info, error);
  if (!S_ISDIR (info.st_mode))
    {
      skip (walk, path,
            S_ISLNK (info.st_mode) ? _ ("a symbolic link") : _ ("neither a file nor a folder"));
      return TRUE;
    }
  fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    {
      skip (walk, path, g_strerror (errno));
      return TRUE;
    }
  return add (walk, path, &info, error) && walk_folder (walk, fd, path, depth + 1, error);
}

/* Takes @fd. */
static gboolean
walk_folder (const Walk *walk, int fd, const char *path, guint depth, GError **error)
{
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);
  g_autoptr (GPtrArray) names = copy >= 0 ? read_names (copy) : NULL;
  gboolean taken = TRUE;

  if (names == NULL)
    skip (walk, path, g_strerror (errno));
  if (names != NULL && names->len > 0 && depth >= WHERRY_FILE_COMPONENTS_MAX)
    {
      skip (walk, path, _ ("too deep"));
      g_clear_pointer (&names, g_ptr_array_unref);
    }
  for (guint i = 0; names != NULL && i < names->len && taken; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *below = g_strconcat (path, "/", name, NULL);

      if (g_str_has_prefix (name, ".") && g_str_has_suffix (name, ".wherry-part"))
        skip (walk, below, _ ("an unfinished file"));
      else if (!g_utf8_validate (name, -1, NULL))
        skip (walk, below, _ ("its name is no UTF-8"));
      else
        taken = walk_one (walk, fd, name, below, depth, error);
    }
  close (fd);
  return taken;
}

static gboolean
add_root (WherryFileSource *self, const char *path, GError **error)
{
  g_autofree char *full = g_canonicalize_filename (path, NULL);
  g_autofree char *name = g_path_get_basename (full);
  const Walk walk = { self, self->roots->len, strlen (name) };
  int fd = open (full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info;

  if (*path == '\0') /* of a variable that is not set: not the folder that it is run in */
    {
      if (fd >= 0)
        close (fd);
      return fail (error, "“”", ENOENT);
    }
  if (fd < 0 || fstat (fd, &info) < 0)
    {
      fail (error, path, errno);
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  g_ptr_array_add (self->roots, g_steal_pointer (&full));
  if (S_ISDIR (info.st_mode))
    {
      if (add (&walk, name, &info, error))
        return walk_folder (&walk, fd, name, 1, error);
    }
  else if (S_ISREG (info.st_mode))
    {
      close (fd);
      return add (&walk, name, &info, error);
    }
  else
    fail (error, path, EINVAL);
  close (fd);
  return FALSE;
}

WherryFileSource *
wherry_file_source_new (char **paths, WherryFileSkipped skipped, gpointer user_data, GError **error)
{
  g_autoptr (WherryFileSource) self = g_new0 (WherryFileSource, 1);

  self->list = wherry_file_list_new ();
  self->roots = g_ptr_array_new_with_free_func (g_free);
  self->root_of = g_array_new (FALSE, FALSE, sizeof (guint));
  self->lengths = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->skipped = skipped;
  self->user_data = user_data;
  for (char **path = paths; *path != NULL; path++)
    if (!add_root (self, *path, error))
      return NULL;
  if (!wherry_file_list_check (self->list, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
wherry_file_source_free (WherryFileSource *self)
{
  wherry_file_list_free (self->list);
  g_ptr_array_unref (self->roots);
  g_array_unref (self->root_of);
  g_array_unref (self->lengths);
  g_free (self);
}

WherryFileList *
wherry_file_source_get_list (WherryFileSource *self)
{
  return self->list;
}

/* Through no symlink but what was named itself. */
static int
open_below (const char *root, const char *below)
{
  g_auto (GStrv) names = g_strsplit (below, "/", -1);
  int folder = open (root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
  char **name = names;

  for (; folder >= 0 && name[1] != NULL; name++)
    {
      fd = openat (folder, *name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      close (folder);
      folder = fd;
    }
  if (folder < 0)
    return -1;
  fd = openat (folder, *name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  close (folder);
  return fd;
}

int
wherry_file_source_open (WherryFileSource *self, guint index, GError **error)
{
  const WherryFileItem *item = wherry_file_list_get (self->list, index);
  const char *root = g_ptr_array_index (self->roots, g_array_index (self->root_of, guint, index));
  const char *below = item->path + g_array_index (self->lengths, gsize, index);
  int fd = *below == '/' ? open_below (root, below + 1)
                         : open (root, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

  if (fd < 0)
    {
      fail (error, item->path, errno);
      return -1;
    }
  if (wherry_file_source_is_unchanged (self, index, fd))
    return fd;
  close (fd);
  g_set_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_UNREADABLE,
               _ ("“%s” has changed since it was listed"), item->path);
  return -1;
}

gboolean
wherry_file_source_is_unchanged (WherryFileSource *self, guint index, int fd)
{
  const WherryFileItem *item = wherry_file_list_get (self->list, index);
  struct stat info;

  return fstat (fd, &info) == 0 && S_ISREG (info.st_mode) && (guint64) info.st_size == item->size
         && get_modified (&info) == item->modified_ms;
}
