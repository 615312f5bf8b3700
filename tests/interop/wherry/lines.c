/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include <lib/wherry.h>
#include <stdio.h>

#include "interop/wherry/lines.h"

const char *
line_nick (GType type, int value)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (type);

  return g_enum_get_value (class, value)->value_nick;
}

JsonBuilder *
line_begin (const char *member, const char *value)
{
  JsonBuilder *line = json_builder_new ();

  json_builder_begin_object (line);
  json_builder_set_member_name (line, member);
  json_builder_add_string_value (line, value);
  return line;
}

void
line_add_string (JsonBuilder *line, const char *member, const char *value)
{
  json_builder_set_member_name (line, member);
  if (value != NULL)
    json_builder_add_string_value (line, value);
  else
    json_builder_add_null_value (line);
}

void
line_add_int (JsonBuilder *line, const char *member, gint64 value)
{
  json_builder_set_member_name (line, member);
  if (value >= 0)
    json_builder_add_int_value (line, value);
  else
    json_builder_add_null_value (line);
}

void
line_say (JsonBuilder *line)
{
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_end_object (line);
  root = json_builder_get_root (line);
  text = json_to_string (root, FALSE);
  printf ("%s\n", text); /* UTF-8, whatever the locale */
  fflush (stdout);
  g_object_unref (line);
}

void
line_say_failed (const char *what, const char *channel, const GError *error)
{
  JsonBuilder *line = line_begin ("event", "failed");

  line_add_string (line, "do", what);
  line_add_string (line, "channel", channel);
  line_add_string (line, "message", error->message);
  if (error->domain == WHERRY_ERROR)
    line_add_string (line, "code", line_nick (WHERRY_TYPE_ERROR, error->code));
  line_say (line);
}
