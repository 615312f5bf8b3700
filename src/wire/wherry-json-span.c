/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <math.h>
#include <string.h>

#include "wire/wherry-json-span.h"

typedef struct
{
  const char *data;
  gsize length;
  gsize offset;
} Cursor;

/* The byte at the offset, or -1 at the end. */
static int
peek (const Cursor *cursor)
{
  return cursor->offset < cursor->length ? (guint8) cursor->data[cursor->offset] : -1;
}

static gboolean
is_space (int c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_space (Cursor *cursor)
{
  while (is_space (peek (cursor)))
    cursor->offset++;
}

static gsize
string_end (const char *data, gsize offset)
{
  for (offset++; data[offset] != '"'; offset++)
    if (data[offset] == '\\')
      offset++;
  return offset + 1;
}

static gsize
value_end (const char *data, gsize length, gsize offset)
{
  guint depth = 0;

  if (data[offset] == '"')
    return string_end (data, offset);
  while (offset < length)
    {
      char c = data[offset];

      if (c == '"')
        {
          offset = string_end (data, offset);
          continue;
        }
      if (depth == 0 && (is_space (c) || c == ',' || c == ']' || c == '}'))
        break;
      offset++;
      if (c == '{' || c == '[')
        depth++;
      else if ((c == '}' || c == ']') && --depth == 0)
        break;
    }
  return offset;
}

/* From the comma or bracket at *offset to the next member of the outermost object. FALSE: none. */
static gboolean
next_member (Cursor *cursor, gsize *name, gsize *name_end, gsize *value, gsize *value_end_out)
{
  skip_space (cursor);
  if (peek (cursor) == '{' || peek (cursor) == ',')
    cursor->offset++;
  skip_space (cursor);
  if (peek (cursor) != '"')
    return FALSE;

  *name = cursor->offset;
  cursor->offset = *name_end = string_end (cursor->data, cursor->offset);
  skip_space (cursor);
  cursor->offset++; /* the colon */
  skip_space (cursor);
  *value = cursor->offset;
  cursor->offset = *value_end_out = value_end (cursor->data, cursor->length, cursor->offset);
  return TRUE;
}

/* Parsers disagree on which of two members with one name counts: a name that stands twice could
 * mean one thing to us and another to the one that we pass the text on to. */
gboolean
wherry_json_names_are_unique (const char *data, gsize length)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Cursor cursor = { .data = data, .length = length };
  gsize name, name_end, value, end;

  skip_space (&cursor);
  if (peek (&cursor) != '{')
    return TRUE;
  while (next_member (&cursor, &name, &name_end, &value, &end))
    if (!g_hash_table_add (names, wherry_json_string_decode (data + name, name_end - name)))
      return FALSE;
  return TRUE;
}

gboolean
wherry_json_object_span (const char *data, gsize length, gsize *start, gsize *span)
{
  Cursor cursor = { .data = data, .length = length };

  skip_space (&cursor);
  if (peek (&cursor) != '{')
    return FALSE;
  *start = cursor.offset;
  *span = value_end (data, length, cursor.offset) - cursor.offset;
  return TRUE;
}

gboolean
wherry_json_element_span (const char *data, gsize length, gsize *offset, gsize *start, gsize *span)
{
  Cursor cursor = { .data = data, .length = length, .offset = *offset };

  skip_space (&cursor);
  if (peek (&cursor) != (*offset == 0 ? '[' : ','))
    return FALSE;
  cursor.offset++;
  skip_space (&cursor);
  if (peek (&cursor) == ']' || peek (&cursor) < 0)
    return FALSE;
  *start = cursor.offset;
  *offset = value_end (data, length, cursor.offset);
  *span = *offset - *start;
  return TRUE;
}

/* Whether the string value says name, without decoding it where it has no escape. */
static gboolean
string_equals (const char *data, gsize length, const char *name)
{
  g_autofree char *decoded = NULL;

  if (memchr (data, '\\', length) == NULL)
    return length - 2 == strlen (name) && memcmp (data + 1, name, length - 2) == 0;
  decoded = wherry_json_string_decode (data, length);
  return strcmp (decoded, name) == 0;
}

gboolean
wherry_json_member_span (const char *data, gsize length, const char *name, gsize *start,
                         gsize *span)
{
  Cursor cursor = { .data = data, .length = length };
  gsize name_start, name_end, value, end;

  skip_space (&cursor);
  if (peek (&cursor) != '{')
    return FALSE;
  while (next_member (&cursor, &name_start, &name_end, &value, &end))
    if (string_equals (data + name_start, name_end - name_start, name))
      {
        *start = value;
        *span = end - value;
        return TRUE;
      }
  return FALSE;
}

static gunichar
hex4 (const char *data)
{
  gunichar value = 0;

  for (guint i = 0; i < 4; i++)
    value = value << 4 | (gunichar) g_ascii_xdigit_value (data[i]);
  return value;
}

static gunichar
decode_unicode_escape (const char *data, gsize *offset)
{
  gunichar unit = hex4 (data + *offset);

  *offset += 4;
  if (unit >= 0xd800 && unit <= 0xdbff)
    {
      gunichar low = hex4 (data + *offset + 2);

      *offset += 6;
      return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
  return unit;
}

char *
wherry_json_string_decode (const char *data, gsize length)
{
  static const char letters[] = "bfnrt";
  static const char meanings[] = "\b\f\n\r\t";
  GString *string;
  gsize offset = 1;

  if (length < 2 || data[0] != '"')
    return NULL;
  string = g_string_sized_new (length);
  while (offset < length - 1)
    {
      char c = data[offset++];
      const char *letter;

      if (c == '\\')
        {
          c = data[offset++];
          if (c == 'u')
            {
              g_string_append_unichar (string, decode_unicode_escape (data, &offset));
              continue;
            }
          letter = strchr (letters, c);
          if (letter != NULL)
            c = meanings[letter - letters];
        }
      g_string_append_c (string, c);
    }
  return g_string_free (string, FALSE);
}

static gboolean
number_is_integer (const char *text, gsize length)
{
  return memchr (text, '.', length) == NULL && memchr (text, 'e', length) == NULL
         && memchr (text, 'E', length) == NULL;
}

static double
number_to_double (const char *text, gsize length)
{
  g_autofree char *copy = g_strndup (text, length);

  return g_ascii_strtod (copy, NULL);
}

gboolean
wherry_json_number_is_exact (const char *text, gsize length)
{
  gboolean negative = text[0] == '-';
  guint64 limit = negative ? (guint64) G_MAXINT64 + 1 : (guint64) G_MAXINT64;
  guint64 value = 0;

  if (!number_is_integer (text, length))
    return isfinite (number_to_double (text, length));
  for (gsize i = negative ? 1 : 0; i < length; i++)
    {
      guint digit = (guint) (text[i] - '0');

      if (value > (limit - digit) / 10)
        return FALSE;
      value = value * 10 + digit;
    }
  return TRUE;
}

static void
append_bounded_number (GString *text, const char *number, gsize length)
{
  if (!isfinite (number_to_double (number, length)))
    {
      g_string_append (text,
                       number[0] == '-' ? "-1.7976931348623157e308" : "1.7976931348623157e308");
      return;
    }
  g_string_append_len (text, number, (gssize) length);
  if (!wherry_json_number_is_exact (number, length))
    g_string_append (text, ".0"); /* an integer: as a double it is near, not wrapped around */
}

char *
wherry_json_bound_numbers (const char *data, gsize length, gsize *bounded_length)
{
  GString *text = g_string_sized_new (length + 32);
  gsize offset = 0;

  while (offset < length)
    {
      gsize start = offset;

      if (data[offset] == '"')
        {
          offset = string_end (data, offset);
          g_string_append_len (text, data + start, (gssize) (offset - start));
        }
      else if (data[offset] == '-' || g_ascii_isdigit (data[offset]))
        {
          offset = value_end (data, length, offset);
          append_bounded_number (text, data + start, offset - start);
        }
      else
        {
          g_string_append_c (text, data[offset++]);
        }
    }
  *bounded_length = text->len;
  return g_string_free (text, FALSE);
}
