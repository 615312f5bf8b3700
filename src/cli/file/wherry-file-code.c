/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-code.h"

#include <string.h>

#include <glib/gi18n.h>
#include <gnutls/crypto.h>

#include "cli/file/wherry-file-words.h"
#include "cli/wherry-terminal.h"
#include "lib/wherry.h"

#define WORD_MAX 32

char *
wherry_file_code_make (GError **error)
{
  const char *words[WHERRY_FILE_CODE_WORDS + 1] = { NULL };
  guint16 numbers[WHERRY_FILE_CODE_WORDS];

  if (gnutls_rnd (GNUTLS_RND_KEY, numbers, sizeof numbers) < 0)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES,
                           _ ("the system gives no random numbers"));
      return NULL;
    }
  G_STATIC_ASSERT (65536 % WHERRY_FILE_WORDS == 0); /* or some words would be likelier */
  for (guint i = 0; i < WHERRY_FILE_CODE_WORDS; i++)
    words[i] = wherry_file_words[numbers[i] % WHERRY_FILE_WORDS];
  return g_strjoinv ("-", (char **) words);
}

static gboolean
is_word (const char *word)
{
  for (guint i = 0; i < WHERRY_FILE_WORDS; i++)
    if (strcmp (wherry_file_words[i], word) == 0)
      return TRUE;
  return FALSE;
}

/* Whether one slip lies between them: a letter wrong, missing, too much, or two swapped. */
static gboolean
is_slip (const char *a, const char *b)
{
  gsize same = 0, length_a = strlen (a), length_b = strlen (b);

  while (a[same] != '\0' && a[same] == b[same])
    same++;
  a += same;
  b += same;
  if (length_a > length_b)
    return strcmp (a + 1, b) == 0;
  if (length_a < length_b)
    return strcmp (a, b + 1) == 0;
  if (length_a == same)
    return TRUE;
  return strcmp (a + 1, b + 1) == 0
         || (a[1] != '\0' && a[0] == b[1] && a[1] == b[0] && strcmp (a + 2, b + 2) == 0);
}

/* (nullable): the word that was meant */
static const char *
find_meant (const char *word)
{
  for (guint i = 0; i < WHERRY_FILE_WORDS; i++)
    if (is_slip (word, wherry_file_words[i])
        || (strlen (word) >= 4 && strncmp (word, wherry_file_words[i], 4) == 0))
      return wherry_file_words[i];
  return NULL;
}

static gboolean
check_word (const char *word, GError **error)
{
  g_autofree char *safe = NULL;
  const char *meant;

  if (strlen (word) <= WORD_MAX && is_word (word))
    return TRUE;
  meant = strlen (word) <= WORD_MAX ? find_meant (word) : NULL;
  safe = wherry_terminal_safe (word);
  if (strlen (word) > WORD_MAX)
    g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                         _ ("a word of the code is too long to be one"));
  else if (meant != NULL)
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                 _ ("“%s” is no word of a code: is it “%s”?"), safe, meant);
  else
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                 _ ("“%s” is no word of a code"), safe);
  return FALSE;
}

char *
wherry_file_code_parse (const char *text, GError **error)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);
  g_auto (GStrv) parts = g_strsplit_set (lower, " \t\r\n-_,.", -1);
  const char *words[WHERRY_FILE_CODE_WORDS + 1] = { NULL };
  guint n = 0;

  for (char **part = parts; *part != NULL; part++)
    {
      if (**part == '\0')
        continue;
      if (!check_word (*part, error))
        return NULL;
      if (n < WHERRY_FILE_CODE_WORDS)
        words[n] = *part;
      n++;
    }
  if (n == WHERRY_FILE_CODE_WORDS)
    return g_strjoinv ("-", (char **) words);
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
               _ ("a code has %d words, this one has %u"), WHERRY_FILE_CODE_WORDS, n);
  return NULL;
}
