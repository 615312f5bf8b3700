/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "cli/file/wherry-file-code.h"
#include "cli/file/wherry-file-words.h"
#include "lib/wherry.h"

#define CODE "acid-acorn-knight-knock-zipper-zodiac-bone"

static void
test_words (void)
{
  for (guint i = 0; i < WHERRY_FILE_WORDS; i++)
    {
      const char *word = wherry_file_words[i];

      g_assert_cmpuint (strlen (word), >=, 4);
      g_assert_cmpuint (strlen (word), <=, 6);
      g_assert_cmpuint (strspn (word, "abcdefghijklmnopqrstuvwxyz"), ==, strlen (word));
      if (i > 0)
        {
          g_assert_cmpstr (wherry_file_words[i - 1], <, word);
          g_assert_cmpint (strncmp (wherry_file_words[i - 1], word, 4), !=, 0);
        }
    }
}

/* The number of slips from a to b (Damerau-Levenshtein), 2 for more. */
static guint
count_slips (const char *a, const char *b)
{
  guint rows[8][8];
  gsize n = strlen (a), m = strlen (b);

  for (gsize i = 0; i <= n; i++)
    for (gsize j = 0; j <= m; j++)
      {
        guint best;

        if (i == 0 || j == 0)
          {
            rows[i][j] = (guint) (i + j);
            continue;
          }
        best = MIN (rows[i - 1][j], rows[i][j - 1]) + 1;
        best = MIN (best, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
          best = MIN (best, rows[i - 2][j - 2] + 1);
        rows[i][j] = best;
      }
  return MIN (rows[n][m], 2);
}

static void
test_slips (void)
{
  for (guint i = 0; i < WHERRY_FILE_WORDS; i++)
    for (guint j = i + 1; j < WHERRY_FILE_WORDS; j++)
      if (count_slips (wherry_file_words[i], wherry_file_words[j]) < 2)
        g_error ("“%s” and “%s” are one slip apart", wherry_file_words[i], wherry_file_words[j]);
}

static void
test_make (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (GError) error = NULL;
      char *code = wherry_file_code_make (&error);
      g_autofree char *parsed = NULL;

      g_assert_no_error (error);
      parsed = wherry_file_code_parse (code, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (parsed, ==, code);
      g_assert_true (g_hash_table_add (seen, code));
    }
}

static void
test_forgiving (void)
{
  const char *const typed[] = { CODE, "ACID Acorn knight KNOCK zipper zodiac bone",
                                "  acid_acorn, knight.  knock\tzipper--zodiac - bone\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (typed); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *code = wherry_file_code_parse (typed[i], &error);

      g_assert_no_error (error);
      g_assert_cmpstr (code, ==, CODE);
    }
}

static void
test_refused (void)
{
  static const struct
  {
    const char *typed, *says;
  } cases[] = {
    { "", "7 words" },
    { "acid-acorn", "7 words" },
    { CODE "-bone", "7 words" },
    { "acdi-acorn-knight-knock-zipper-zodiac-bone", "“acid”" },
    { "acidd-acorn-knight-knock-zipper-zodiac-bone", "“acid”" },
    { "acd-acorn-knight-knock-zipper-zodiac-bone", "“acid”" },
    { "knighthood", "“knight”" },
    { "xyzzy", "no word" },
    { "\033[2J", "no word" },
    { "\xff\xfe", "no word" },
  };
  g_autofree char *endless = g_strnfill (100000, 'a');
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) refused = NULL;

      g_assert_null (wherry_file_code_parse (cases[i].typed, &refused));
      g_assert_error (refused, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
      if (strstr (refused->message, cases[i].says) == NULL || strchr (refused->message, '\033'))
        g_error ("“%s”: %s", cases[i].typed, refused->message);
    }
  g_assert_null (wherry_file_code_parse (endless, &error));
  g_assert_cmpuint (strlen (error->message), <, 200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/file-code/words", test_words);
  g_test_add_func ("/file-code/no-slip-makes-another-word", test_slips);
  g_test_add_func ("/file-code/make", test_make);
  g_test_add_func ("/file-code/forgiving", test_forgiving);
  g_test_add_func ("/file-code/refused", test_refused);
  return g_test_run ();
}
