/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-token-keys.h"

#include <sys/stat.h>

#include <gio/gio.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"

typedef struct
{
  char *path;
  struct stat seen; /* when it was read last, well or not; st_ino 0: never */
} KeyFile;

struct _WherryTokenKeys
{
  /* hub thread only */
  GPtrArray *files; /* of KeyFile */
  GPtrArray *keys;  /* of WherryTokenKey, of all files */
  WherryTokenKey *decoy;
};

static const WherryJsonLimits limits = { .length = WHERRY_TOKEN_KEY_FILE_MAX, .depth = 8 };

static void
key_file_free (gpointer data)
{
  KeyFile *file = data;

  g_free (file->path);
  g_free (file);
}

WherryTokenKeys *
wherry_token_keys_new (void)
{
  WherryTokenKeys *self = g_new0 (WherryTokenKeys, 1);

  self->files = g_ptr_array_new_with_free_func (key_file_free);
  self->keys = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_token_key_free);
  self->decoy = wherry_token_key_new_decoy ();
  return self;
}

void
wherry_token_keys_free (WherryTokenKeys *self)
{
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->keys);
  wherry_token_key_free (self->decoy);
  g_free (self);
}

/* ---- reading ---- */

static gboolean
has_changed (const struct stat *a, const struct stat *b)
{
  return a->st_ino != b->st_ino || a->st_dev != b->st_dev || a->st_size != b->st_size
         || a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

/* Before the file is read: what is written meanwhile is seen as a change. */
static void
look_at (KeyFile *file)
{
  struct stat now = { 0 };

  if (stat (file->path, &now) != 0)
    now = (struct stat){ 0 };
  file->seen = now;
}

static gboolean
add_keys (WherryJsonObject *set, GPtrArray *keys, GError **error)
{
  g_autoptr (WherryJsonArray) array = NULL;
  guint n;

  if (!wherry_json_object_get_array (set, "keys", &array, error))
    return FALSE;
  n = wherry_json_array_get_length (array);
  if (n == 0 || n > WHERRY_TOKEN_KEYS_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "it has %u keys, not 1 to %u", n, WHERRY_TOKEN_KEYS_MAX);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WherryJsonObject) jwk = NULL;
      g_autoptr (WherryTokenKey) key = NULL;

      if (!wherry_json_array_get_object (array, i, &jwk, error))
        return FALSE;
      key = wherry_token_key_new (jwk, error);
      if (key == NULL)
        {
          g_prefix_error (error, "key %u: ", i + 1);
          return FALSE;
        }
      g_ptr_array_add (keys, g_steal_pointer (&key));
    }
  return TRUE;
}

static gboolean
read_file (KeyFile *file, GPtrArray *keys, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (WherryJsonObject) set = NULL;
  g_autoptr (GError) inner = NULL;
  gsize length;

  if (file->seen.st_size > (goffset) WHERRY_TOKEN_KEY_FILE_MAX)
    g_set_error_literal (&inner, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, "it is too large");
  else if (g_file_get_contents (file->path, &text, &length, &inner))
    {
      set = wherry_json_object_parse (text, length, &limits, &inner);
      explicit_bzero (text, length);
    }
  if (set != NULL && add_keys (set, keys, &inner))
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, "keys of “%s”: %s", file->path,
               inner->message);
  return FALSE;
}

/* A token names its key by id, so several need one each, and a different one. */
static gboolean
check_ids (GPtrArray *keys, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; keys->len > 1 && i < keys->len; i++)
    {
      const char *id = wherry_token_key_get_id (g_ptr_array_index (keys, i));

      if (id == NULL || !g_hash_table_add (seen, (gpointer) id))
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                       id == NULL ? "keys for tokens: of several, each needs a kid"
                                  : "keys for tokens: two have the same kid");
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
wherry_token_keys_reload (WherryTokenKeys *self, GError **error)
{
  g_autoptr (GPtrArray) keys
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_token_key_free);

  for (guint i = 0; i < self->files->len; i++)
    look_at (g_ptr_array_index (self->files, i));
  for (guint i = 0; i < self->files->len; i++)
    if (!read_file (g_ptr_array_index (self->files, i), keys, error))
      return FALSE;
  if (!check_ids (keys, error))
    return FALSE;
  g_ptr_array_unref (self->keys);
  self->keys = g_steal_pointer (&keys);
  return TRUE;
}

gboolean
wherry_token_keys_add_file (WherryTokenKeys *self, const char *path, GError **error)
{
  KeyFile *file = g_new0 (KeyFile, 1);

  file->path = g_strdup (path);
  g_ptr_array_add (self->files, file);
  if (!wherry_token_keys_reload (self, error))
    {
      g_ptr_array_remove (self->files, file);
      return FALSE;
    }
  if ((file->seen.st_mode & S_IROTH) != 0)
    wherry_warning (NULL, "everybody on this machine can read the keys in “%s”", path);
  return TRUE;
}

void
wherry_token_keys_refresh (WherryTokenKeys *self)
{
  g_autoptr (GError) error = NULL;
  gboolean changed = FALSE;

  for (guint i = 0; i < self->files->len; i++)
    {
      const KeyFile *file = g_ptr_array_index (self->files, i);
      struct stat now = { 0 };

      if (stat (file->path, &now) != 0)
        now = (struct stat){ 0 };
      changed |= has_changed (&now, &file->seen);
    }
  if (!changed)
    return;
  if (wherry_token_keys_reload (self, &error))
    wherry_message (NULL, "read %u keys for tokens again", self->keys->len);
  else
    wherry_warning (NULL, "kept the keys for tokens as they were: %s", error->message);
}

guint
wherry_token_keys_get_n (WherryTokenKeys *self)
{
  return self->keys->len;
}

/* ---- verifying ---- */

static WherryTokenKey *
find_key (WherryTokenKeys *self, const char *id)
{
  for (guint i = 0; i < self->keys->len; i++)
    {
      WherryTokenKey *key = g_ptr_array_index (self->keys, i);
      const char *own = wherry_token_key_get_id (key);

      if (id == NULL ? self->keys->len == 1 : g_strcmp0 (own, id) == 0)
        return key;
    }
  return self->decoy;
}

gboolean
wherry_token_keys_verify (WherryTokenKeys *self, WherryToken *token)
{
  WherryTokenKey *key = find_key (self, wherry_token_get_key_id (token));

  return wherry_token_key_verify (key, token) && key != self->decoy;
}
