/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/*
 * JSON as the command line reads and writes it: one object in one line. What is read may come from
 * anybody: it is looked at for its size and depth before the parser, which is recursive, sees it.
 */

/*
 * (transfer full) (nullable): the object that @text is. @length: -1: to its NUL. NULL: sets @error,
 * which says what is wrong. Thread: any
 */
JsonObject *wherry_json_line_parse (const char *text, gssize length, GError **error);
/*
 * (transfer none) (nullable): the string of @object's member @name, if it is one and valid UTF-8.
 * Thread: any
 */
const char *wherry_json_line_get_string (JsonObject *object, const char *name);
/* (transfer full): @node as one line of valid UTF-8. Thread: any */
char *wherry_json_line_format (JsonNode *node);
