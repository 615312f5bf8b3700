/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/join/wherry-chat.h"
#include "cli/wherry-json-line.h"

char *
wherry_chat_pack (const char *id, const char *name, const char *text)
{
  g_autoptr (JsonBuilder) builder = json_builder_new_immutable ();
  g_autoptr (JsonNode) node = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "from");
  json_builder_add_string_value (builder, id != NULL ? id : "");
  json_builder_set_member_name (builder, "name");
  json_builder_add_string_value (builder, name != NULL ? name : "");
  json_builder_set_member_name (builder, "text");
  json_builder_add_string_value (builder, text);
  json_builder_end_object (builder);
  node = json_builder_get_root (builder);
  return wherry_json_line_format (node);
}

char *
wherry_chat_unpack (const char *data, gsize length, char **name)
{
  g_autoptr (JsonObject) object = wherry_json_line_parse (data, (gssize) length, NULL);
  const char *text = object != NULL ? wherry_json_line_get_string (object, "text") : NULL;

  *name = NULL;
  if (text == NULL)
    return NULL;
  *name = g_strdup (wherry_json_line_get_string (object, "name"));
  return g_strdup (text);
}
