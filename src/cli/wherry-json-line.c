/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/wherry-cli-limits.h"
#include "cli/wherry-json-line.h"
#include "lib/wherry.h"

static gboolean
fail (GError **error, const char *text)
{
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, text);
  return FALSE;
}

/* What JSON has outside of its strings (RFC 8259): brackets, commas, numbers, true, false, null. */
static gboolean
is_json (char c)
{
  return c != '\0' && strchr ("{}[],:+-.0123456789Eaeflnrstu \t\r\n", c) != NULL;
}

/* json-glib's parser calls itself for each bracket: 120,000 of them are more than a stack holds. It
 * also takes comments, and strings in single quotes, in which a quote would make this scan take
 * brackets for text, and several documents in a row, of which it leaks those before one with an
 * error: nothing of that is JSON, nor gets to the parser. */
static gboolean
is_shallow_json (const char *text, gsize length, GError **error)
{
  gboolean in_string = FALSE;
  gboolean has_ended = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < length; i++)
    {
      if (has_ended && !g_ascii_isspace (text[i]))
        return fail (error, _ ("it is more than one JSON object"));
      if (in_string && text[i] == '\\')
        i++;
      else if (text[i] == '"')
        in_string = !in_string;
      else if (in_string)
        continue;
      else if (!is_json (text[i]))
        return fail (error, _ ("it is no JSON object"));
      else if (text[i] == '{' || text[i] == '[')
        depth++;
      else if ((text[i] == '}' || text[i] == ']') && depth > 0)
        has_ended = --depth == 0;
      if (depth > WHERRY_CLI_JSON_DEPTH)
        return fail (error, _ ("it is nested too deep"));
    }
  return TRUE;
}

static gboolean
check (const char *text, gsize length, GError **error)
{
  if (length > WHERRY_CLI_JSON_BYTES)
    return fail (error, _ ("it is too long"));
  if (!g_utf8_validate_len (text, length, NULL))
    return fail (error, _ ("it is no UTF-8"));
  /* the parser takes more: “var x =” */
  if (!is_shallow_json (text, length, error))
    return FALSE;
  while (length > 0 && g_ascii_isspace (*text))
    {
      text++;
      length--;
    }
  if (length == 0 || *text != '{')
    return fail (error, _ ("it is no JSON object"));
  return TRUE;
}

JsonObject *
wherry_json_line_parse (const char *text, gssize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  gsize size = length < 0 ? strlen (text) : (gsize) length;
  JsonNode *root;

  if (!check (text, size, error))
    return NULL;
  if (!json_parser_load_from_data (parser, text, (gssize) size, error))
    return NULL;
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      fail (error, _ ("it is no JSON object"));
      return NULL;
    }
  return json_node_dup_object (root);
}

const char *
wherry_json_line_get_string (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  const char *text;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  text = json_node_get_string (node);
  /* a lone surrogate's escape comes out of the parser as bytes that are none */
  return text != NULL && g_utf8_validate (text, -1, NULL) ? text : NULL;
}

char *
wherry_json_line_format (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, FALSE);

  return g_utf8_make_valid (text, -1);
}
