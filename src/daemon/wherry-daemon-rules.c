/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include <glib/gi18n.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "daemon/wherry-daemon-keys.h"
#include "daemon/wherry-daemon-values.h"

/* Keys of [room PATTERN] and [topic PATTERN] groups: one line for each. */

typedef enum
{
  ROOM = 1 << 0,
  TOPIC = 1 << 1,
} Groups;

typedef enum
{
  SIZE,  /* bytes */
  COUNT, /* a whole number */
  TIME,  /* written in milliseconds, kept in microseconds */
  WORD,  /* the place of one of words */
} Kind;

typedef struct
{
  const char *name;
  Groups groups;
  Kind kind;
  gsize offset; /* of a gint64 in WherryRelayRule */
  guint64 min;
  guint64 max;
  const char *const *words;
} RuleKey;

static const char *const mirror_words[] = { "no", "reliable", "lossy", NULL };
static const char *const yes_words[] = { "no", "yes", NULL };

#define FIELD(name) G_STRUCT_OFFSET (WherryRelayRule, name)

static const RuleKey rule_keys[] = {
  { "members-per-room", ROOM, COUNT, FIELD (members_per_room), 1, 1000000, NULL },
  { "topics-per-room", ROOM, COUNT, FIELD (topics_per_room), 1, 65535, NULL },
  { "mirror", TOPIC, WORD, FIELD (mirror), 0, 0, mirror_words },
  { "policy", ROOM | TOPIC, WORD, FIELD (policy), 0, 0, wherry_policy_names },
  { "policy-lossy", ROOM | TOPIC, WORD, FIELD (policy_lossy), 0, 0, wherry_policy_names },
  { "outbox-bytes", ROOM | TOPIC, SIZE, FIELD (outbox_high), 4 * WHERRY_KIB, WHERRY_DAEMON_SIZE_MAX,
    NULL },
  { "outbox-low", ROOM | TOPIC, SIZE, FIELD (outbox_low), 0, WHERRY_DAEMON_SIZE_MAX, NULL },
  { "outbox-messages", ROOM | TOPIC, COUNT, FIELD (outbox_messages), 0, G_MAXINT, NULL },
  { "keep", ROOM, WORD, FIELD (keep), 0, 0, yes_words },
  { "history-messages", ROOM | TOPIC, COUNT, FIELD (history_messages), 0, G_MAXINT, NULL },
  { "history-bytes", ROOM | TOPIC, SIZE, FIELD (history_bytes), 0, WHERRY_DAEMON_SIZE_MAX, NULL },
  { "history-ms", ROOM | TOPIC, TIME, FIELD (history_age_us), 0, 0, NULL },
  { "retain", ROOM | TOPIC, WORD, FIELD (retain), 0, 0, yes_words },
  { "block-limit-ms", ROOM | TOPIC, TIME, FIELD (block_limit_us), 0, 0, NULL },
};

static gboolean
parse (const RuleKey *key, const char *value, gint64 *out, GError **error)
{
  guint64 number = 0;
  guint word = 0;
  gboolean ok = FALSE;

  switch (key->kind)
    {
    case SIZE:
      ok = wherry_daemon_value_size (value, key->min, key->max, &number, error);
      break;
    case COUNT:
      ok = wherry_daemon_value_uint (value, key->min, key->max, &number, error);
      break;
    case TIME:
      return wherry_daemon_value_ms (value, out, error);
    case WORD:
    default:
      ok = wherry_daemon_value_word (value, key->words, &word, error);
      number = word;
      break;
    }
  if (ok)
    *out = (gint64) number;
  return ok;
}

gboolean
wherry_daemon_rule_set (WherryRelayRule *rule, const char *name, const char *value, GError **error)
{
  Groups group = rule->is_topic ? TOPIC : ROOM;
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rule_keys); i++)
    {
      const RuleKey *key = &rule_keys[i];

      if ((key->groups & group) == 0)
        continue;
      if (g_str_equal (name, key->name))
        return parse (key, value, (gint64 *) (gpointer) ((guint8 *) rule + key->offset), error);
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", key->name);
    }
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
               rule->is_topic ? _ ("no such key; a [topic PATTERN] group has %s")
                              : _ ("no such key; a [room PATTERN] group has %s"),
               list->str);
  return FALSE;
}
