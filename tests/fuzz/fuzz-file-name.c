/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "cli/file/wherry-file-code.h"
#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-path.h"
#include "fuzz/fuzz.h"
#include "lib/wherry.h"

static void
assert_words (const char *text)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_null (strchr (text, '\033'));
}

/* A good path has no component that leads anywhere but below. */
static void
check_path (const char *path, gsize length)
{
  g_autofree char *text = g_strndup (path, length);
  g_auto (GStrv) names = g_strsplit (text, "/", -1);
  g_autoptr (GError) error = NULL;

  if (!wherry_file_path_check (path, length, &error))
    {
      g_assert_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_REFUSED);
      assert_words (error->message);
      return;
    }
  g_assert_cmpuint (strlen (text), ==, length);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_assert_cmpstr (names[i], !=, "");
      g_assert_cmpstr (names[i], !=, ".");
      g_assert_cmpstr (names[i], !=, "..");
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_autofree char *code = wherry_file_code_parse (text, &error);

  check_path ((const char *) data, size);
  if (code == NULL)
    {
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
      assert_words (error->message);
    }
  else
    {
      g_autofree char *again = wherry_file_code_parse (code, NULL);

      g_assert_cmpstr (again, ==, code);
    }
  return 0;
}
