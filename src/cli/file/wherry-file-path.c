/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-path.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"
#include "cli/wherry-terminal.h"

static gboolean
refuse (GError **error, const char *what, const char *path, gsize length)
{
  g_autofree char *text = g_strndup (path, MIN (length, 200));
  g_autofree char *safe = wherry_terminal_safe (text);

  g_set_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_REFUSED, "“%s” %s", safe, what);
  return FALSE;
}

/* What changes how a name looks, or ends its line. */
static gboolean
is_hidden (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f
         || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static gboolean
has_hidden (const char *text, gsize length)
{
  for (const char *at = text; at < text + length; at = g_utf8_next_char (at))
    if (is_hidden (g_utf8_get_char (at)))
      return TRUE;
  return FALSE;
}

static gboolean
is_part (const char *name, gsize length)
{
  const gsize suffix = strlen (WHERRY_FILE_PART_SUFFIX);

  return length > suffix && name[0] == '.'
         && memcmp (name + length - suffix, WHERRY_FILE_PART_SUFFIX, suffix) == 0;
}

static gboolean
check_component (const char *name, gsize length, const char *path, gsize path_length,
                 GError **error)
{
  if (length == 0)
    return refuse (error, _ ("has a name in it that is empty"), path, path_length);
  if (length > WHERRY_FILE_COMPONENT_MAX)
    return refuse (error, _ ("has a name in it that is too long"), path, path_length);
  if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')))
    return refuse (error, _ ("would lead out of the folder"), path, path_length);
  if (is_part (name, length))
    return refuse (error, _ ("is a name for unfinished files"), path, path_length);
  return TRUE;
}

gboolean
wherry_file_path_check (const char *path, gsize length, GError **error)
{
  const char *end;
  guint n = 0;

  if (length == 0) /* the path may be NULL then */
    return refuse (error, _ ("is no name for a file"), "", 0);
  end = path + length;
  if (length > WHERRY_FILE_PATH_MAX)
    return refuse (error, _ ("is too long for a path"), path, length);
  if (memchr (path, '\0', length) != NULL || !g_utf8_validate_len (path, length, NULL))
    return refuse (error, _ ("is no name in UTF-8"), path, length);
  if (has_hidden (path, length))
    return refuse (error, _ ("has control characters in it"), path, length);
  if (path[0] == '/')
    return refuse (error, _ ("would lead out of the folder"), path, length);
  for (const char *name = path; name <= end; n++)
    {
      const char *slash = memchr (name, '/', (gsize) (end - name));
      const char *stop = slash != NULL ? slash : end;

      if (n >= WHERRY_FILE_COMPONENTS_MAX)
        return refuse (error, _ ("is too deep"), path, length);
      if (!check_component (name, (gsize) (stop - name), path, length, error))
        return FALSE;
      name = stop + 1;
    }
  return TRUE;
}

char *
wherry_file_path_get_part (const char *name)
{
  g_autofree char *plain = g_strconcat (".", name, WHERRY_FILE_PART_SUFFIX, NULL);
  g_autofree char *hash = NULL;

  if (strlen (plain) <= WHERRY_FILE_COMPONENT_MAX)
    return g_steal_pointer (&plain);
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, -1);
  return g_strconcat (".", hash, WHERRY_FILE_PART_SUFFIX, NULL);
}
