/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "wire/wherry-json-scan.h"
#include "wire/wherry-json-span.h"

/* Where in RFC 8259's grammar the scan stands: what may come next. */
typedef enum
{
  WANT_VALUE,
  WANT_VALUE_OR_END, /* behind [ */
  WANT_NAME,         /* behind a comma in an object */
  WANT_NAME_OR_END,  /* behind { */
  WANT_COMMA_OR_END,
  WANT_NOTHING, /* the document is complete */
} Want;

typedef struct
{
  const char *data;
  gsize length;
  gsize offset;
  guint max_depth;
  guint depth;
  Want want;
  gboolean exact;
  const char *problem; /* static text, set once */
  gboolean too_deep;
  guint8 is_object[WHERRY_JSON_SCAN_DEPTH_MAX / 8]; /* a bit for each open object or array */
} Scan;

static gboolean
fail (Scan *scan, const char *problem)
{
  if (scan->problem == NULL)
    scan->problem = problem;
  return FALSE;
}

/* The byte at the offset, or -1 at the end. NUL never comes: the text was validated as UTF-8. */
static int
peek (const Scan *scan)
{
  return scan->offset < scan->length ? (guint8) scan->data[scan->offset] : -1;
}

static gboolean
is_space (int c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static gboolean
is_digit (int c)
{
  return c >= '0' && c <= '9';
}

static void
skip_space (Scan *scan)
{
  while (is_space (peek (scan)))
    scan->offset++;
}

/* The 4 digits behind \u, or -1. */
static int
hex4 (const char *data, gsize left)
{
  int value = 0;

  if (left < 4)
    return -1;
  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (data[i]);

      if (digit < 0)
        return -1;
      value = value << 4 | digit;
    }
  return value;
}

/* At the u of \u. RFC 8259 section 7: a character beyond the BMP is two escapes; half of one is no
 * Unicode text (section 8.2), and no receiver could make UTF-8 of it. */
static gboolean
scan_unicode_escape (Scan *scan)
{
  int unit = hex4 (scan->data + scan->offset + 1, scan->length - scan->offset - 1);
  int low;

  if (unit < 0)
    return fail (scan, "a \\u escape without four hexadecimal digits");
  if (unit == 0)
    return fail (scan, "an escaped NUL");
  scan->offset += 5;
  if (unit < 0xd800 || unit > 0xdfff)
    return TRUE;
  if (unit > 0xdbff || scan->length - scan->offset < 6
      || memcmp (scan->data + scan->offset, "\\u", 2) != 0)
    return fail (scan, "a lone surrogate escape");
  low = hex4 (scan->data + scan->offset + 2, scan->length - scan->offset - 2);
  if (low < 0xdc00 || low > 0xdfff)
    return fail (scan, "a lone surrogate escape");
  scan->offset += 6;
  return TRUE;
}

static gboolean
scan_string (Scan *scan)
{
  int c;

  for (scan->offset++; (c = peek (scan)) != '"';)
    {
      if (c < 0)
        return fail (scan, "a string without end");
      if (c < 0x20)
        return fail (scan, "a control character in a string");
      scan->offset++;
      if (c != '\\')
        continue;
      c = peek (scan);
      if (c == 'u')
        {
          if (!scan_unicode_escape (scan))
            return FALSE;
        }
      else if (c > 0 && strchr ("\"\\/bfnrt", c) != NULL)
        scan->offset++;
      else
        return fail (scan, "an escape that JSON does not have");
    }
  scan->offset++;
  return TRUE;
}

static gboolean
scan_digits (Scan *scan)
{
  if (!is_digit (peek (scan)))
    return fail (scan, "a number that is not JSON's");
  while (is_digit (peek (scan)))
    scan->offset++;
  return TRUE;
}

/* RFC 8259 section 6 */
static gboolean
scan_number (Scan *scan)
{
  gsize start = scan->offset;

  if (peek (scan) == '-')
    scan->offset++;
  if (peek (scan) == '0')
    scan->offset++; /* nothing but a fraction or exponent may follow: digits fail as a bad comma */
  else if (!scan_digits (scan))
    return FALSE;
  if (peek (scan) == '.')
    {
      scan->offset++;
      if (!scan_digits (scan))
        return FALSE;
    }
  if (peek (scan) == 'e' || peek (scan) == 'E')
    {
      scan->offset++;
      if (peek (scan) == '+' || peek (scan) == '-')
        scan->offset++;
      if (!scan_digits (scan))
        return FALSE;
    }
  if (!wherry_json_number_is_exact (scan->data + start, scan->offset - start))
    scan->exact = FALSE;
  return TRUE;
}

static gboolean
scan_word (Scan *scan, const char *word)
{
  gsize length = strlen (word);

  if (scan->length - scan->offset < length || memcmp (scan->data + scan->offset, word, length) != 0)
    return fail (scan, "something that is no JSON value");
  scan->offset += length;
  return TRUE;
}

static gboolean
in_object (const Scan *scan)
{
  guint top = scan->depth - 1;

  return (scan->is_object[top / 8] & (1u << (top % 8))) != 0;
}

static void
value_is_over (Scan *scan)
{
  scan->want = scan->depth == 0 ? WANT_NOTHING : WANT_COMMA_OR_END;
}

static gboolean
open_bracket (Scan *scan, gboolean object)
{
  guint8 bit = 1u << (scan->depth % 8);

  if (scan->depth >= scan->max_depth)
    {
      scan->too_deep = TRUE;
      return fail (scan, "nested too deeply");
    }
  if (object)
    scan->is_object[scan->depth / 8] |= bit;
  else
    scan->is_object[scan->depth / 8] &= (guint8) ~bit;
  scan->depth++;
  scan->offset++;
  scan->want = object ? WANT_NAME_OR_END : WANT_VALUE_OR_END;
  return TRUE;
}

static gboolean
close_bracket (Scan *scan)
{
  scan->depth--;
  scan->offset++;
  value_is_over (scan);
  return TRUE;
}

static gboolean
scan_value (Scan *scan)
{
  int c = peek (scan);
  gboolean ok;

  if (c == '{' || c == '[')
    return open_bracket (scan, c == '{');
  if (c == ']' && scan->want == WANT_VALUE_OR_END)
    return close_bracket (scan);

  if (c == '"')
    ok = scan_string (scan);
  else if (c == '-' || is_digit (c))
    ok = scan_number (scan);
  else if (c == 't')
    ok = scan_word (scan, "true");
  else if (c == 'f')
    ok = scan_word (scan, "false");
  else if (c == 'n')
    ok = scan_word (scan, "null");
  else
    ok = fail (scan, c < 0 ? "it ends early" : "something that is no JSON value");
  value_is_over (scan);
  return ok;
}

static gboolean
scan_name (Scan *scan)
{
  int c = peek (scan);

  if (c == '}' && scan->want == WANT_NAME_OR_END)
    return close_bracket (scan);
  if (c != '"')
    return fail (scan, c < 0 ? "it ends early" : "a member without a name in quotes");
  if (!scan_string (scan))
    return FALSE;
  skip_space (scan);
  if (peek (scan) != ':')
    return fail (scan, "a name without a colon behind it");
  scan->offset++;
  scan->want = WANT_VALUE;
  return TRUE;
}

static gboolean
scan_comma (Scan *scan)
{
  int c = peek (scan);

  if (c == (in_object (scan) ? '}' : ']'))
    return close_bracket (scan);
  if (c != ',')
    return fail (scan, c < 0 ? "it ends early" : "no comma or closing bracket behind a value");
  scan->offset++;
  scan->want = in_object (scan) ? WANT_NAME : WANT_VALUE;
  return TRUE;
}

static gboolean
scan_document (Scan *scan)
{
  gboolean ok = TRUE;

  while (ok)
    {
      skip_space (scan);
      switch (scan->want)
        {
        case WANT_VALUE:
        case WANT_VALUE_OR_END:
          ok = scan_value (scan);
          break;
        case WANT_NAME:
        case WANT_NAME_OR_END:
          ok = scan_name (scan);
          break;
        case WANT_COMMA_OR_END:
          ok = scan_comma (scan);
          break;
        case WANT_NOTHING:
          return peek (scan) < 0 || fail (scan, "something behind the document");
        default:
          g_assert_not_reached ();
        }
    }
  return FALSE;
}

gboolean
wherry_json_scan (const char *data, gsize length, const WherryJsonLimits *limits, gboolean *exact,
                  GError **error)
{
  Scan scan = {
    .data = data,
    .length = length,
    .max_depth = MIN (limits->depth, WHERRY_JSON_SCAN_DEPTH_MAX),
    .exact = TRUE,
  };
  const char *bad = NULL;

  if (length > limits->length)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE,
                   "JSON of %" G_GSIZE_FORMAT " bytes is more than %" G_GSIZE_FORMAT, length,
                   limits->length);
      return FALSE;
    }
  if (length > 0 && !g_utf8_validate (data, (gssize) length, &bad))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "JSON: not UTF-8 without NUL at byte %" G_GSIZE_FORMAT, (gsize) (bad - data));
      return FALSE;
    }
  if (!scan_document (&scan))
    {
      g_set_error (error, WHERRY_ERROR, scan.too_deep ? WHERRY_ERROR_LIMIT : WHERRY_ERROR_PROTOCOL,
                   "JSON: %s at byte %" G_GSIZE_FORMAT, scan.problem, scan.offset);
      return FALSE;
    }
  if (!wherry_json_names_are_unique (data, length))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "JSON: two members of the object have the same name");
      return FALSE;
    }
  if (exact != NULL)
    *exact = scan.exact;
  return TRUE;
}
