/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/wherry-grant.h"

/* Beyond this the plain way below takes too long. */
#define PLAIN_MAX 14u

/* What a pattern means, word for word. */
static gboolean
fits (const char *pattern, const char *text)
{
  gboolean is_any = pattern[0] == '*' && pattern[1] == '*';

  if (pattern[0] == '\0')
    return text[0] == '\0';
  if (pattern[0] == '*')
    return fits (pattern + (is_any ? 2 : 1), text)
           || (text[0] != '\0' && (is_any || text[0] != '/') && fits (pattern, text + 1));
  return pattern[0] == text[0] && fits (pattern + 1, text + 1);
}

/* A pattern, a line feed, a text. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *pattern = g_strndup ((const char *) data, size);
  char *text = strchr (pattern, '\n');
  gboolean result;

  if (text == NULL)
    return 0;
  *text++ = '\0';
  result = wherry_grant_pattern_matches (pattern, text);
  if (strlen (pattern) <= PLAIN_MAX && strlen (text) <= PLAIN_MAX)
    g_assert_cmpint (result, ==, fits (pattern, text));
  return 0;
}
