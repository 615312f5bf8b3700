/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "lib/property-watch.h"

typedef struct
{
  GHashTable *values; /* of char * */
  guint n_changes;    /* told, and in fact another value */
} Seen;

/* "type:property" to Seen */
static GHashTable *all;

static void
seen_free (gpointer data)
{
  Seen *seen = data;

  g_hash_table_unref (seen->values);
  g_free (seen);
}

static Seen *
seen_of (GType type, const char *property)
{
  g_autofree char *key = g_strconcat (g_type_name (type), ":", property, NULL);
  Seen *seen = NULL;

  if (all == NULL)
    all = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, seen_free);
  seen = g_hash_table_lookup (all, key);
  if (seen == NULL)
    {
      seen = g_new0 (Seen, 1);
      seen->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_hash_table_insert (all, g_steal_pointer (&key), seen);
    }
  return seen;
}

static gboolean
is_ours (gpointer object)
{
  return g_str_has_prefix (G_OBJECT_TYPE_NAME (object), "Wherry");
}

/* Another object may come to be where one was. */
static char *
describe_object (GObject *object)
{
  static gsize last;
  gsize serial = GPOINTER_TO_SIZE (g_object_get_data (object, "watch-serial"));

  if (serial == 0)
    {
      serial = ++last;
      g_object_set_data (object, "watch-serial", GSIZE_TO_POINTER (serial));
    }
  return g_strdup_printf ("%s %" G_GSIZE_FORMAT, G_OBJECT_TYPE_NAME (object), serial);
}

static char *
describe (const GValue *value)
{
  if (G_VALUE_HOLDS_OBJECT (value) && g_value_get_object (value) != NULL)
    return describe_object (g_value_get_object (value));
  if (G_VALUE_HOLDS (value, G_TYPE_STRV) && g_value_get_boxed (value) != NULL)
    return g_strjoinv (",", g_value_get_boxed (value));
  return g_strdup_value_contents (value);
}

static void
look (GObject *object, GParamSpec *pspec, gboolean told)
{
  Seen *seen = seen_of (G_OBJECT_TYPE (object), pspec->name);
  g_auto (GValue) value = G_VALUE_INIT;
  g_autofree char *key = g_strconcat ("watched-", pspec->name, NULL);
  g_autofree char *text = NULL;
  const char *before = g_object_get_data (object, key);

  if ((pspec->flags & G_PARAM_READABLE) == 0)
    return;
  g_object_get_property (object, pspec->name, &value);
  text = describe (&value);
  if (told && g_strcmp0 (before, text) != 0)
    seen->n_changes++;
  g_hash_table_add (seen->values, g_strdup (text));
  g_object_set_data_full (object, key, g_steal_pointer (&text), g_free);
  if (G_VALUE_HOLDS_OBJECT (&value) && g_value_get_object (&value) != NULL
      && is_ours (g_value_get_object (&value)))
    property_watch (g_value_get_object (&value));
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  look (object, pspec, TRUE);
}

void
property_watch (gpointer object)
{
  g_autofree GParamSpec **specs = NULL;
  guint n = 0;

  if (g_object_get_data (object, "watched") != NULL)
    return;
  g_object_set_data (object, "watched", object);
  g_signal_connect (object, "notify", G_CALLBACK (on_notify), NULL);
  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  for (guint i = 0; i < n; i++)
    look (object, specs[i], FALSE);
}

void
property_watch_look (gpointer object, const char *property)
{
  look (object, g_object_class_find_property (G_OBJECT_GET_CLASS (object), property), FALSE);
}

static gboolean
is_in (const char *list, const char *name)
{
  g_auto (GStrv) names = g_strsplit (list != NULL ? list : "", " ", -1);

  return g_strv_contains ((const char *const *) names, name);
}

/* NULL: none */
static const char *
fault (const Seen *seen, gboolean fixed, gboolean untold)
{
  if (fixed && seen->n_changes > 0)
    return "has changed in an object's life";
  if (!fixed && !untold && seen->n_changes == 0)
    return "never told of a change";
  return NULL;
}

void
property_watch_check (GType type, const char *fixed, const char *untold)
{
  GObjectClass *klass = g_type_class_ref (type);
  g_autofree GParamSpec **specs = NULL;
  guint n = 0;
  guint n_faults = 0;

  specs = g_object_class_list_properties (klass, &n);
  for (guint i = 0; i < n; i++)
    {
      Seen *seen = seen_of (type, specs[i]->name);
      guint n_values = g_hash_table_size (seen->values);
      const char *wrong = NULL;

      if ((specs[i]->flags & G_PARAM_READABLE) == 0)
        continue;
      wrong = n_values < 2
                  ? "was always the same"
                  : fault (seen, is_in (fixed, specs[i]->name), is_in (untold, specs[i]->name));
      g_test_message ("%s:%s: %u values, %u changes told%s%s", g_type_name (type), specs[i]->name,
                      n_values, seen->n_changes, wrong != NULL ? ": " : "",
                      wrong != NULL ? wrong : "");
      n_faults += wrong != NULL ? 1 : 0;
    }
  g_type_class_unref (klass);
  g_assert_cmpuint (n_faults, ==, 0);
}
