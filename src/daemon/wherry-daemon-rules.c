/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include <glib/gi18n.h>

#include "base/wherry-error.h"
#include "daemon/wherry-daemon-keys.h"
#include "daemon/wherry-daemon-values.h"
#include "relay/wherry-rule-keys.h"

/* Keys of [room PATTERN] and [topic PATTERN] groups as text. */

static gboolean
parse (const WherryRuleKey *key, const char *value, guint64 *out, GError **error)
{
  gint64 us = 0;
  guint word = 0;
  gboolean ok;

  switch (key->kind)
    {
    case WHERRY_RULE_SIZE:
      return wherry_daemon_value_size (value, key->min, key->max, out, error);
    case WHERRY_RULE_COUNT:
      return wherry_daemon_value_uint (value, key->min, key->max, out, error);
    case WHERRY_RULE_TIME:
      ok = wherry_daemon_value_ms (value, &us, error);
      *out = (guint64) us / G_TIME_SPAN_MILLISECOND;
      return ok;
    case WHERRY_RULE_WORD:
    default:
      ok = wherry_daemon_value_word (value, key->words, &word, error);
      *out = word;
      return ok;
    }
}

gboolean
wherry_daemon_rule_set (WherryRelayRule *rule, const char *name, const char *value, GError **error)
{
  g_autofree char *list = NULL;
  const WherryRuleKey *key = wherry_rule_key_find (rule, name, &list);
  guint64 number = 0;

  if (key == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   rule->is_topic ? _ ("no such key; a [topic PATTERN] group has %s")
                                  : _ ("no such key; a [room PATTERN] group has %s"),
                   list);
      return FALSE;
    }
  if (!parse (key, value, &number, error))
    return FALSE;
  wherry_rule_key_set (key, rule, number);
  return TRUE;
}
