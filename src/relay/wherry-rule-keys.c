/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-rule-keys.h"

#include "base/wherry-limits.h"

static const char *const mirror_words[] = { "no", "reliable", "lossy", NULL };
static const char *const yes_words[] = { "no", "yes", NULL };

#define FIELD(name) G_STRUCT_OFFSET (WherryRelayRule, name)
/* kind, field, least, most, words */
#define SIZE(name, min) WHERRY_RULE_SIZE, FIELD (name), min, WHERRY_RULE_SIZE_MAX, NULL
#define COUNT(name, min, max) WHERRY_RULE_COUNT, FIELD (name), min, max, NULL
#define TIME(name) WHERRY_RULE_TIME, FIELD (name), 1, 24 * 3600 * 1000, NULL
#define WORD(name, words) WHERRY_RULE_WORD, FIELD (name), 0, 0, words

/* name, of rooms, of topics, the rest */
static const WherryRuleKey keys[] = {
  { "members-per-room", TRUE, FALSE, COUNT (members_per_room, 1, 1000000) },
  { "topics-per-room", TRUE, FALSE, COUNT (topics_per_room, 1, 65535) },
  { "mirror", FALSE, TRUE, WORD (mirror, mirror_words) },
  { "policy", TRUE, TRUE, WORD (policy, wherry_policy_names) },
  { "policy-lossy", TRUE, TRUE, WORD (policy_lossy, wherry_policy_names) },
  { "outbox-bytes", TRUE, TRUE, SIZE (outbox_high, 4 * WHERRY_KIB) },
  { "outbox-low", TRUE, TRUE, SIZE (outbox_low, 0) },
  { "outbox-messages", TRUE, TRUE, COUNT (outbox_messages, 0, G_MAXINT) },
  { "keep", TRUE, FALSE, WORD (keep, yes_words) },
  { "history-messages", TRUE, TRUE, COUNT (history_messages, 0, G_MAXINT) },
  { "history-bytes", TRUE, TRUE, SIZE (history_bytes, 0) },
  { "history-ms", TRUE, TRUE, TIME (history_age_us) },
  { "retain", TRUE, TRUE, WORD (retain, yes_words) },
  { "block-limit-ms", TRUE, TRUE, TIME (block_limit_us) },
};

const WherryRuleKey *
wherry_rule_key_find (const WherryRelayRule *rule, const char *name, char **list)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (!(rule->is_topic ? keys[i].of_topics : keys[i].of_rooms))
        continue;
      if (g_str_equal (name, keys[i].name))
        return &keys[i];
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", keys[i].name);
    }
  if (list != NULL)
    *list = g_string_free (g_steal_pointer (&names), FALSE);
  return NULL;
}

void
wherry_rule_key_set (const WherryRuleKey *self, WherryRelayRule *rule, guint64 number)
{
  gint64 *field = (gint64 *) (gpointer) ((guint8 *) rule + self->offset);

  *field = (gint64) number * (self->kind == WHERRY_RULE_TIME ? G_TIME_SPAN_MILLISECOND : 1);
}
