/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "lib/wherry-relay-private.h"
#include "relay/wherry-rule-keys.h"

/* What a relay does otherwise in some rooms and topics. */

static gboolean
fail (GError **error, const char *key, const char *expected)
{
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, "%s takes %s", key, expected);
  return FALSE;
}

static gboolean
get_number (GVariant *value, gint64 *out)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT32))
    *out = g_variant_get_int32 (value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    *out = g_variant_get_uint32 (value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
    *out = g_variant_get_int64 (value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    *out = (gint64) MIN (g_variant_get_uint64 (value), (guint64) G_MAXINT64);
  else
    return FALSE;
  return TRUE;
}

static gboolean
convert (const WherryRuleKey *key, GVariant *value, guint64 *out, GError **error)
{
  gint64 number;

  if (key->kind == WHERRY_RULE_WORD)
    {
      g_autofree char *words = g_strjoinv (", ", (char **) key->words);

      for (guint i = 0;
           key->words[i] != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_STRING); i++)
        if (strcmp (g_variant_get_string (value, NULL), key->words[i]) == 0)
          {
            *out = i;
            return TRUE;
          }
      return fail (error, key->name, words);
    }
  if (!get_number (value, &number))
    return fail (error, key->name, "a whole number");
  if (number < (gint64) key->min || number > (gint64) key->max)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "%s is from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, key->name, key->min,
                   key->max);
      return FALSE;
    }
  *out = (guint64) number;
  return TRUE;
}

gboolean
wherry_relay_set_rule (WherryRelay *self, const char *group, const char *key, GVariant *value,
                       GError **error)
{
  g_autoptr (GVariant) sunk = NULL;
  g_autofree char *list = NULL;
  const WherryRuleKey *found;
  WherryRelayRule *rule;
  const char *pattern;
  guint64 number = 0;

  g_return_val_if_fail (WHERRY_IS_RELAY (self), FALSE);
  g_return_val_if_fail (group != NULL && key != NULL && value != NULL, FALSE);
  sunk = g_variant_ref_sink (value);
  pattern = strchr (group, ' ');
  if (pattern == NULL || !(g_str_has_prefix (group, "room ") || g_str_has_prefix (group, "topic ")))
    return fail (error, "the group", "“room PATTERN” or “topic PATTERN”");
  rule = wherry_relay_ensure_rule (self, pattern + 1, *group == 't');
  found = wherry_rule_key_find (rule, key, &list);
  if (found == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "“%s” has no key “%s”; there are %s", group, key, list);
      return FALSE;
    }
  if (!convert (found, value, &number, error))
    return FALSE;
  wherry_rule_key_set (found, rule, number);
  return TRUE;
}
