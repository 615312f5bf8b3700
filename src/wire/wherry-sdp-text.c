/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <string.h>

#include "wire/wherry-sdp-text.h"

/* What a 64-bit number needs. */
#define DIGITS_MAX 20u

gboolean
wherry_sdp_text_next (WherrySdpText *rest, char separator, WherrySdpText *token)
{
  const char *end;

  if (rest->data == NULL)
    return FALSE;
  token->data = rest->data;
  end = rest->length > 0 ? memchr (rest->data, separator, rest->length) : NULL;
  if (end == NULL)
    {
      token->length = rest->length;
      rest->data = NULL;
      rest->length = 0;
      return TRUE;
    }
  token->length = (gsize) (end - rest->data);
  rest->data = end + 1;
  rest->length -= token->length + 1;
  return TRUE;
}

gboolean
wherry_sdp_text_equal (WherrySdpText text, const char *string)
{
  return text.length == strlen (string) && memcmp (text.data, string, text.length) == 0;
}

gboolean
wherry_sdp_text_equal_nocase (WherrySdpText text, const char *string)
{
  return text.length == strlen (string)
         && g_ascii_strncasecmp (text.data, string, text.length) == 0;
}

gboolean
wherry_sdp_text_skip (WherrySdpText *text, const char *prefix)
{
  gsize n = strlen (prefix);

  if (text->length < n || memcmp (text->data, prefix, n) != 0)
    return FALSE;
  text->data += n;
  text->length -= n;
  return TRUE;
}

gboolean
wherry_sdp_text_is_ice_chars (WherrySdpText text, gsize min, gsize max)
{
  if (text.length < min || text.length > max)
    return FALSE;
  for (gsize i = 0; i < text.length; i++)
    if (!g_ascii_isalnum (text.data[i]) && text.data[i] != '+' && text.data[i] != '/')
      return FALSE;
  return TRUE;
}

gboolean
wherry_sdp_text_is_token (WherrySdpText text)
{
  if (text.length == 0)
    return FALSE;
  for (gsize i = 0; i < text.length; i++)
    if (!g_ascii_isgraph (text.data[i]) || strchr ("\"(),/:;<=>?@[\\]", text.data[i]) != NULL)
      return FALSE;
  return TRUE;
}

gboolean
wherry_sdp_text_is_printable (WherrySdpText text)
{
  for (gsize i = 0; i < text.length; i++)
    if (!g_ascii_isprint (text.data[i]))
      return FALSE;
  return TRUE;
}

gboolean
wherry_sdp_text_to_uint (WherrySdpText text, guint64 max, guint64 *out)
{
  guint64 value = 0;

  if (text.length == 0 || text.length > DIGITS_MAX)
    return FALSE;
  for (gsize i = 0; i < text.length; i++)
    {
      if (!g_ascii_isdigit (text.data[i]) || !g_uint64_checked_mul (&value, value, 10)
          || !g_uint64_checked_add (&value, value, (guint64) (text.data[i] - '0')))
        return FALSE;
    }
  if (value > max)
    return FALSE;
  *out = value;
  return TRUE;
}

char *
wherry_sdp_text_dup (WherrySdpText text)
{
  return g_strndup (text.data, text.length);
}
