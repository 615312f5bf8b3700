/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"
#include "cli/file/wherry-file-list.h"
#include "cli/file/wherry-file-path.h"

static gboolean
add (WherryFileList *list, const char *path, gboolean is_folder, guint64 size, GError **error)
{
  const WherryFileEntry entry
      = { .is_folder = is_folder, .size = size, .path = path, .path_length = strlen (path) };

  return wherry_file_list_add (list, &entry, error);
}

static void
test_good_paths (void)
{
  const char *const paths[]
      = { "a",     "a/b", "...", "a..b", ".hidden", "a b",     "ä/ö/漢",        "-rf",
          "C:\\x", "*?",  "~",   "..a",  "a/...",   ".a.part", "x.wherry-part", "%s%n" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;

      wherry_file_path_check (paths[i], strlen (paths[i]), &error);
      g_assert_no_error (error);
    }
}

static void
test_bad_paths (void)
{
  static const struct
  {
    const char *path, *says;
    gsize length; /* 0: to its NUL */
  } cases[] = {
    { "", "no name" },
    { "../x", "out of the folder" },
    { "a/../../x", "out of the folder" },
    { "a/..", "out of the folder" },
    { "..", "out of the folder" },
    { ".", "out of the folder" },
    { "a/./b", "out of the folder" },
    { "/etc/passwd", "out of the folder" },
    { "/", "out of the folder" },
    { "a//b", "empty" },
    { "a/", "empty" },
    { "a\nb", "control" },
    { "a\033[2Jb", "control" },
    { "\x7f", "control" },
    { "\xc2\x85", "control" },
    { "gpj.\xe2\x80\xae"
      "exe",
      "control" },
    { "\xe2\x81\xa6x", "control" },
    { "\xe2\x80\xa8", "control" },
    { "a\0b", "UTF-8", 3 },
    { "\xff", "UTF-8" },
    { "\xc0\xae\xc0\xae/x", "UTF-8" },
    { "\xed\xa0\x80", "UTF-8" },
    { ".x.wherry-part", "unfinished" },
    { "a/.x.wherry-part", "unfinished" },
    { ".x.wherry-part/a", "unfinished" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const gsize length = cases[i].length != 0 ? cases[i].length : strlen (cases[i].path);
      g_autofree char *exact = g_memdup2 (cases[i].path, length);
      g_autoptr (GError) error = NULL;

      g_assert_false (wherry_file_path_check (exact, length, &error));
      g_assert_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_REFUSED);
      if (strstr (error->message, cases[i].says) == NULL)
        g_error ("case %u: %s", i, error->message);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_null (strchr (error->message, '\033'));
    }
}

static void
test_long_paths (void)
{
  g_autofree char *name = g_strnfill (WHERRY_FILE_COMPONENT_MAX + 1, 'n');
  g_autoptr (GString) deep = g_string_new ("d");
  g_autofree char *part = NULL;

  g_assert_false (wherry_file_path_check (name, strlen (name), NULL));
  name[WHERRY_FILE_COMPONENT_MAX] = '\0';
  g_assert_true (wherry_file_path_check (name, strlen (name), NULL));
  part = wherry_file_path_get_part (name);
  g_assert_cmpuint (strlen (part), <=, WHERRY_FILE_COMPONENT_MAX);
  for (guint i = 1; i < WHERRY_FILE_COMPONENTS_MAX; i++)
    g_string_append (deep, "/d");
  g_assert_true (wherry_file_path_check (deep->str, deep->len, NULL));
  g_string_append (deep, "/d");
  g_assert_false (wherry_file_path_check (deep->str, deep->len, NULL));
}

static void
test_twice (void)
{
  static const struct
  {
    const char *first, *second;
    gboolean first_is_folder, good;
  } cases[] = {
    { "a", "a", FALSE, FALSE },   { "a", "a", TRUE, FALSE },          { "a", "a/b", FALSE, FALSE },
    { "a", "a/b", TRUE, TRUE },   { "a/b", "a/b/c/d", FALSE, FALSE }, { "a", "a-b", FALSE, TRUE },
    { "a", "ab/c", FALSE, TRUE }, { "a", "A", FALSE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint turned = 0; turned < 2; turned++)
      {
        g_autoptr (WherryFileList) list = wherry_file_list_new ();
        gboolean good;

        if (turned)
          add (list, cases[i].second, FALSE, 0, NULL);
        add (list, "a.b", FALSE, 0, NULL);
        add (list, "a!", FALSE, 0, NULL);
        add (list, cases[i].first, cases[i].first_is_folder, 0, NULL);
        if (!turned)
          add (list, cases[i].second, FALSE, 0, NULL);
        good = wherry_file_list_check (list, NULL);
        if (good != cases[i].good)
          g_error ("“%s” and “%s”", cases[i].first, cases[i].second);
      }
}

static void
test_sizes (void)
{
  g_autoptr (WherryFileList) list = wherry_file_list_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (add (list, "a", FALSE, G_MAXUINT64, &error));
  g_assert_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_REFUSED);
  g_assert_true (add (list, "b", FALSE, G_MAXINT64 - 1, NULL));
  g_assert_true (add (list, "c", FALSE, 1, NULL));
  g_assert_false (add (list, "d", FALSE, 1, NULL));
  g_assert_cmpuint (wherry_file_list_get_total (list), ==, G_MAXINT64);
  g_assert_cmpuint (wherry_file_list_get_length (list), ==, 2);
  g_assert_null (wherry_file_list_get (list, 2));
}

static void
test_numbers (void)
{
  g_autoptr (WherryFileList) list = wherry_file_list_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < WHERRY_FILE_ENTRIES_MAX; i++)
    {
      g_autofree char *path = g_strdup_printf ("%u", i);

      g_assert_true (add (list, path, FALSE, 0, NULL));
    }
  g_assert_false (add (list, "one-more", FALSE, 0, &error));
  g_assert_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_REFUSED);
  g_assert_true (wherry_file_list_check (list, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/file-list/good-paths", test_good_paths);
  g_test_add_func ("/file-list/bad-paths", test_bad_paths);
  g_test_add_func ("/file-list/long-paths", test_long_paths);
  g_test_add_func ("/file-list/twice", test_twice);
  g_test_add_func ("/file-list/sizes", test_sizes);
  g_test_add_func ("/file-list/numbers", test_numbers);
  return g_test_run ();
}
