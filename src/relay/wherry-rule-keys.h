/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What can be set for a pattern of rooms or topics: the keys of a WherryRelayRule, one line for
 * each, for everybody who reads them from somewhere. Thread: any */

#include "relay/wherry-relay-config.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_RULE_SIZE,  /* bytes */
  WHERRY_RULE_COUNT, /* a whole number */
  WHERRY_RULE_TIME,  /* given in milliseconds, kept in microseconds */
  WHERRY_RULE_WORD,  /* the place of one of words */
} WherryRuleKind;

/* A bound that keeps the arithmetic behind sizes honest rather than to say what is wise. */
#define WHERRY_RULE_SIZE_MAX (G_GUINT64_CONSTANT (1) << 42)

typedef struct
{
  const char *name; /* "outbox-bytes" */
  gboolean of_rooms;
  gboolean of_topics;
  WherryRuleKind kind;
  gsize offset; /* of a gint64 in WherryRelayRule */
  guint64 min;  /* of a time: in milliseconds */
  guint64 max;
  const char *const *words; /* NULL at the end; NULL: not a word */
} WherryRuleKey;

/* (nullable): rule's group has no such key; then list, if it is not NULL, is (transfer full) the
 * keys that it has, for a person. */
const WherryRuleKey *wherry_rule_key_find (const WherryRelayRule *rule, const char *name,
                                           char **list);
/* number: within the bounds, of a word its place. */
void wherry_rule_key_set (const WherryRuleKey *self, WherryRelayRule *rule, guint64 number);

G_END_DECLS
