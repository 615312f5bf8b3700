/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-list.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"
#include "cli/file/wherry-file-path.h"
#include "cli/wherry-terminal.h"

struct _WherryFileList
{
  GPtrArray *items;
  guint64 total;
  gsize path_bytes;
};

static void
item_free (gpointer data)
{
  WherryFileItem *item = data;

  g_free (item->path);
  g_free (item);
}

WherryFileList *
wherry_file_list_new (void)
{
  WherryFileList *self = g_new0 (WherryFileList, 1);

  self->items = g_ptr_array_new_with_free_func (item_free);
  return self;
}

void
wherry_file_list_free (WherryFileList *self)
{
  g_ptr_array_unref (self->items);
  g_free (self);
}

static gboolean
refuse (GError **error, const char *what)
{
  g_set_error_literal (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_REFUSED, what);
  return FALSE;
}

gboolean
wherry_file_list_add (WherryFileList *self, const WherryFileEntry *entry, GError **error)
{
  WherryFileItem *item;

  if (!wherry_file_path_check (entry->path, entry->path_length, error))
    return FALSE;
  if (self->items->len >= WHERRY_FILE_ENTRIES_MAX)
    return refuse (error, _ ("more than 65536 files and folders are too many at once"));
  if (self->path_bytes + entry->path_length > WHERRY_FILE_PATHS_MAX)
    return refuse (error, _ ("the names of the files are more than 16 MiB together"));
  if (entry->size > WHERRY_FILE_SIZE_MAX || self->total > WHERRY_FILE_SIZE_MAX - entry->size)
    return refuse (error, _ ("the files are larger than any disk"));
  item = g_new0 (WherryFileItem, 1);
  item->path = g_strndup (entry->path, entry->path_length);
  item->is_folder = entry->is_folder;
  item->executable = entry->executable;
  item->modified_ms = entry->modified_ms;
  item->size = entry->size;
  self->path_bytes += entry->path_length;
  self->total += entry->size;
  g_ptr_array_add (self->items, item);
  return TRUE;
}

/* As strcmp(), but '/' comes before everything: what is below a path follows it at once. */
static int
compare_paths (gconstpointer a, gconstpointer b)
{
  const char *x = (*(const WherryFileItem *const *) a)->path;
  const char *y = (*(const WherryFileItem *const *) b)->path;

  while (*x == *y && *x != '\0')
    {
      x++;
      y++;
    }
  if (*x == *y)
    return 0;
  if (*x == '\0' || *y == '\0')
    return *x == '\0' ? -1 : 1;
  if (*x == '/' || *y == '/')
    return *x == '/' ? -1 : 1;
  return (guchar) *x < (guchar) *y ? -1 : 1;
}

gboolean
wherry_file_list_check (WherryFileList *self, GError **error)
{
  g_autofree WherryFileItem **sorted = NULL;
  const guint n = self->items->len;

  if (n < 2)
    return TRUE;
  sorted = g_memdup2 (self->items->pdata, n * sizeof (gpointer));
  qsort (sorted, n, sizeof (gpointer), compare_paths);
  for (guint i = 0; i + 1 < n; i++)
    {
      const char *path = sorted[i]->path, *next = sorted[i + 1]->path;
      const gsize length = strlen (path);

      if (strncmp (path, next, length) == 0
          && (next[length] == '\0' || (next[length] == '/' && !sorted[i]->is_folder)))
        {
          g_autofree char *safe = wherry_terminal_safe (next);

          g_set_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_REFUSED,
                       _ ("“%s” is there twice, or below a file"), safe);
          return FALSE;
        }
    }
  return TRUE;
}

guint
wherry_file_list_get_length (const WherryFileList *self)
{
  return self->items->len;
}

guint64
wherry_file_list_get_total (const WherryFileList *self)
{
  return self->total;
}

const WherryFileItem *
wherry_file_list_get (const WherryFileList *self, guint index)
{
  return index < self->items->len ? g_ptr_array_index (self->items, index) : NULL;
}
