/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include "wire/wherry-base64url.h"

char *
wherry_base64url_encode (const guint8 *data, gsize length)
{
  char *text = g_base64_encode (data, length);
  gsize n = 0;

  for (; text[n] != '\0' && text[n] != '='; n++)
    if (text[n] == '+')
      text[n] = '-';
    else if (text[n] == '/')
      text[n] = '_';
  text[n] = '\0';
  return text;
}

static int
value_of (char c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

guint8 *
wherry_base64url_decode (const char *text, gsize length, gsize *decoded)
{
  g_autofree guint8 *bytes = NULL;
  guint32 bits = 0;
  guint n_bits = 0;
  gsize n = 0;

  if (length % 4 == 1)
    return NULL;
  bytes = g_malloc (length / 4 * 3 + 4);
  for (gsize i = 0; i < length; i++)
    {
      int value = value_of (text[i]);

      if (value < 0)
        return NULL;
      bits = bits << 6 | (guint32) value;
      n_bits += 6;
      if (n_bits < 8)
        continue;
      n_bits -= 8;
      bytes[n++] = (guint8) (bits >> n_bits);
      bits &= (1u << n_bits) - 1;
    }
  if (bits != 0)
    return NULL;
  bytes[n] = '\0';
  *decoded = n;
  return g_steal_pointer (&bytes);
}
