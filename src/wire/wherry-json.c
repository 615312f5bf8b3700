/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <math.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "base/wherry-error.h"
#include "base/wherry-lock.h"
#include "wire/wherry-json-span.h"
#include "wire/wherry-json.h"

/* Integers that a double holds exactly: beyond, 5e0-like forms say nothing certain. */
#define DOUBLE_INT_MAX 9007199254740992.0

struct _WherryJsonObject
{
  gatomicrefcount ref_count;
  JsonObject *object;
};

struct _WherryJsonArray
{
  gatomicrefcount ref_count;
  JsonArray *array;
  char *name;
};

static WherryJsonObject *
object_new (JsonObject *object)
{
  WherryJsonObject *self = g_new0 (WherryJsonObject, 1);

  wherry_ref_init (&self->ref_count);
  self->object = json_object_ref (object);
  return self;
}

static WherryJsonArray *
array_new (JsonArray *array, const char *name)
{
  WherryJsonArray *self = g_new0 (WherryJsonArray, 1);

  wherry_ref_init (&self->ref_count);
  self->array = json_array_ref (array);
  self->name = g_strdup (name);
  return self;
}

WherryJsonObject *
wherry_json_object_parse (const char *data, gsize length, const WherryJsonLimits *limits,
                          GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) inner = NULL;
  g_autofree char *bounded = NULL;
  gboolean exact = FALSE;
  JsonNode *root;

  if (!wherry_json_scan (data, length, limits, &exact, error))
    return NULL;
  /* The library lets large integers wrap around and knows infinities. */
  if (!exact)
    data = bounded = wherry_json_bound_numbers (data, length, &length);

  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, data, (gssize) length, &inner))
    {
      /* The library's message repeats the text: not for us. */
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "JSON: not parsed (code %d)",
                   inner->code);
      return NULL;
    }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "JSON: the document is not an object");
      return NULL;
    }
  return object_new (json_node_get_object (root));
}

WherryJsonObject *
wherry_json_object_ref (WherryJsonObject *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_json_object_unref (WherryJsonObject *self)
{
  g_return_if_fail (self != NULL);

  if (!wherry_ref_dec (&self->ref_count))
    return;
  json_object_unref (self->object);
  g_free (self);
}

gboolean
wherry_json_object_has (WherryJsonObject *self, const char *name)
{
  return json_object_has_member (self->object, name);
}

GStrv
wherry_json_object_get_names (WherryJsonObject *self)
{
  g_autoptr (GList) names = json_object_get_members (self->object);
  GPtrArray *array = g_ptr_array_new ();

  for (GList *l = names; l != NULL; l = l->next)
    g_ptr_array_add (array, g_strdup (l->data));
  g_ptr_array_add (array, NULL);
  return (GStrv) g_ptr_array_free (array, FALSE);
}

/* NULL when absent or null. */
static JsonNode *
find (WherryJsonObject *self, const char *name)
{
  JsonNode *node = json_object_get_member (self->object, name);

  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

static gboolean
fail (GError **error, const char *name, const char *problem)
{
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "%s %s", name, problem);
  return FALSE;
}

static gboolean
fail_absent (GError **error, const char *name)
{
  return fail (error, name, "is missing");
}

static gboolean
node_string (JsonNode *node, const char *name, gsize max, const char **value, GError **error)
{
  const char *string;

  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return fail (error, name, "is not a string");
  string = json_node_get_string (node);
  if (strlen (string) > max)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "%s is longer than %" G_GSIZE_FORMAT " bytes", name, max);
      return FALSE;
    }
  *value = string;
  return TRUE;
}

gboolean
wherry_json_object_get_string (WherryJsonObject *self, const char *name, gsize max,
                               const char **value, GError **error)
{
  JsonNode *node = find (self, name);

  return node != NULL ? node_string (node, name, max, value, error) : fail_absent (error, name);
}

gboolean
wherry_json_object_get_string_or (WherryJsonObject *self, const char *name, gsize max,
                                  const char *fallback, const char **value, GError **error)
{
  JsonNode *node = find (self, name);

  if (node != NULL)
    return node_string (node, name, max, value, error);
  *value = fallback;
  return TRUE;
}

static gboolean
node_int (JsonNode *node, const char *name, gint64 min, gint64 max, gint64 *value, GError **error)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  gint64 number = 0;

  if (type == G_TYPE_INT64)
    {
      number = json_node_get_int (node);
    }
  else if (type == G_TYPE_DOUBLE)
    {
      double real = json_node_get_double (node);

      if (!(fabs (real) <= DOUBLE_INT_MAX) || trunc (real) != real)
        return fail (error, name, "is not a whole number");
      number = (gint64) real;
    }
  else
    {
      return fail (error, name, "is not a whole number");
    }
  if (number < min || number > max)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "%s is not from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, name, min, max);
      return FALSE;
    }
  *value = number;
  return TRUE;
}

gboolean
wherry_json_object_get_int (WherryJsonObject *self, const char *name, gint64 min, gint64 max,
                            gint64 *value, GError **error)
{
  JsonNode *node = find (self, name);

  return node != NULL ? node_int (node, name, min, max, value, error) : fail_absent (error, name);
}

gboolean
wherry_json_object_get_int_or (WherryJsonObject *self, const char *name, gint64 min, gint64 max,
                               gint64 fallback, gint64 *value, GError **error)
{
  JsonNode *node = find (self, name);

  if (node != NULL)
    return node_int (node, name, min, max, value, error);
  *value = fallback;
  return TRUE;
}

gboolean
wherry_json_object_get_double (WherryJsonObject *self, const char *name, double *value,
                               GError **error)
{
  JsonNode *node = find (self, name);
  GType type;

  if (node == NULL)
    return fail_absent (error, name);
  type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return fail (error, name, "is not a number");
  *value = json_node_get_double (node);
  return TRUE;
}

static gboolean
node_bool (JsonNode *node, const char *name, gboolean *value, GError **error)
{
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return fail (error, name, "is neither true nor false");
  *value = json_node_get_boolean (node);
  return TRUE;
}

gboolean
wherry_json_object_get_bool (WherryJsonObject *self, const char *name, gboolean *value,
                             GError **error)
{
  JsonNode *node = find (self, name);

  return node != NULL ? node_bool (node, name, value, error) : fail_absent (error, name);
}

gboolean
wherry_json_object_get_bool_or (WherryJsonObject *self, const char *name, gboolean fallback,
                                gboolean *value, GError **error)
{
  JsonNode *node = find (self, name);

  if (node != NULL)
    return node_bool (node, name, value, error);
  *value = fallback;
  return TRUE;
}

static gboolean
node_object (JsonNode *node, const char *name, WherryJsonObject **value, GError **error)
{
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (error, name, "is not an object");
  *value = object_new (json_node_get_object (node));
  return TRUE;
}

gboolean
wherry_json_object_get_object (WherryJsonObject *self, const char *name, WherryJsonObject **value,
                               GError **error)
{
  JsonNode *node = find (self, name);

  return node != NULL ? node_object (node, name, value, error) : fail_absent (error, name);
}

gboolean
wherry_json_object_get_object_or_null (WherryJsonObject *self, const char *name,
                                       WherryJsonObject **value, GError **error)
{
  JsonNode *node = find (self, name);

  if (node != NULL)
    return node_object (node, name, value, error);
  *value = NULL;
  return TRUE;
}

static gboolean
node_array (JsonNode *node, const char *name, WherryJsonArray **value, GError **error)
{
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return fail (error, name, "is not an array");
  *value = array_new (json_node_get_array (node), name);
  return TRUE;
}

gboolean
wherry_json_object_get_array (WherryJsonObject *self, const char *name, WherryJsonArray **value,
                              GError **error)
{
  JsonNode *node = find (self, name);

  return node != NULL ? node_array (node, name, value, error) : fail_absent (error, name);
}

gboolean
wherry_json_object_get_array_or_null (WherryJsonObject *self, const char *name,
                                      WherryJsonArray **value, GError **error)
{
  JsonNode *node = find (self, name);

  if (node != NULL)
    return node_array (node, name, value, error);
  *value = NULL;
  return TRUE;
}

WherryJsonArray *
wherry_json_array_ref (WherryJsonArray *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_json_array_unref (WherryJsonArray *self)
{
  g_return_if_fail (self != NULL);

  if (!wherry_ref_dec (&self->ref_count))
    return;
  json_array_unref (self->array);
  g_free (self->name);
  g_free (self);
}

guint
wherry_json_array_get_length (WherryJsonArray *self)
{
  return json_array_get_length (self->array);
}

gboolean
wherry_json_array_get_string (WherryJsonArray *self, guint index, gsize max, const char **value,
                              GError **error)
{
  g_autofree char *name = g_strdup_printf ("%s[%u]", self->name, index);

  g_return_val_if_fail (index < json_array_get_length (self->array), FALSE);

  return node_string (json_array_get_element (self->array, index), name, max, value, error);
}

gboolean
wherry_json_array_get_object (WherryJsonArray *self, guint index, WherryJsonObject **value,
                              GError **error)
{
  g_autofree char *name = g_strdup_printf ("%s[%u]", self->name, index);

  g_return_val_if_fail (index < json_array_get_length (self->array), FALSE);

  return node_object (json_array_get_element (self->array, index), name, value, error);
}
