/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-relay-config.h"

#include "base/wherry-limits.h"
#include "relay/wherry-relay-rules.h"

static void
rule_free (gpointer data)
{
  WherryRelayRule *rule = data;

  g_free (rule->pattern);
  g_free (rule);
}

WherryRelayConfig *
wherry_relay_config_new (void)
{
  WherryRelayConfig *self = g_new0 (WherryRelayConfig, 1);

  self->ice = wherry_ice_config_new ();
  self->members_per_room = WHERRY_MEMBERS_PER_ROOM;
  self->topics_per_room = WHERRY_TOPICS_PER_ROOM;
  self->channels_per_member = WHERRY_CHANNELS_PER_MEMBER;
  self->max_rooms = WHERRY_ROOMS_MAX;
  self->members_per_address = WHERRY_MEMBERS_PER_ADDRESS;
  self->topics_per_member = WHERRY_TOPICS_PER_MEMBER;
  self->message_rate = WHERRY_MESSAGE_RATE;
  self->byte_rate = WHERRY_BYTE_RATE;
  self->bad_frames = WHERRY_BAD_FRAMES_PER_MINUTE;
  self->attributes_per_room = WHERRY_ATTRIBUTES_PER_ROOM;
  self->member_bytes = WHERRY_MEMBER_BYTES;
  self->memory_budget = WHERRY_MEMORY_BUDGET;
  self->max_message_size = WHERRY_MAX_MESSAGE_SIZE_DEFAULT;
  self->tunnel = TRUE;
  self->connect_limit_us = WHERRY_CONNECT_LIMIT_US;
  self->resume_window_us = WHERRY_RESUME_WINDOW_US;
  self->resume_bytes = WHERRY_RESUME_BYTES;
  self->history_disk_bytes = WHERRY_HISTORY_DISK_BYTES;
  self->outbox = (WherryOutboxLimits){
    .outbox_high = WHERRY_OUTBOX_HIGH,
    .outbox_low = WHERRY_OUTBOX_LOW,
    .block_limit_us = WHERRY_BLOCK_LIMIT_US,
    .block_window_us = WHERRY_BLOCK_WINDOW_US,
  };
  self->policy = WHERRY_POLICY_BLOCK;
  self->policy_lossy = WHERRY_POLICY_DROP_OLDEST;
  self->turn_rest_uris = g_ptr_array_new_with_free_func (g_free);
  self->turn_rest_lifetime_us = WHERRY_TURN_REST_LIFETIME_US;
  self->rules = g_ptr_array_new_with_free_func (rule_free);
  return self;
}

WherryRelayConfig *
wherry_relay_config_copy (const WherryRelayConfig *self)
{
  WherryRelayConfig *copy = g_memdup2 (self, sizeof *self);

  copy->ice = wherry_ice_config_copy (self->ice);
  copy->turn_rest_secret = g_strdup (self->turn_rest_secret);
  copy->turn_rest_uris = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < self->turn_rest_uris->len; i++)
    g_ptr_array_add (copy->turn_rest_uris, g_strdup (self->turn_rest_uris->pdata[i]));
  copy->history_dir = g_strdup (self->history_dir);
  copy->rules = g_ptr_array_new_with_free_func (rule_free);
  for (guint i = 0; i < self->rules->len; i++)
    {
      WherryRelayRule *rule
          = g_memdup2 (g_ptr_array_index (self->rules, i), sizeof (WherryRelayRule));

      rule->pattern = g_strdup (rule->pattern);
      g_ptr_array_add (copy->rules, rule);
    }
  return copy;
}

void
wherry_relay_config_free (WherryRelayConfig *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->ice, wherry_ice_config_free);
  g_free (self->turn_rest_secret);
  g_ptr_array_unref (self->turn_rest_uris);
  g_clear_pointer (&self->rules, g_ptr_array_unref);
  g_free (self->history_dir);
  g_free (self);
}

WherryRelayRule *
wherry_relay_config_add_rule (WherryRelayConfig *self, const char *pattern, gboolean is_topic)
{
  WherryRelayRule *rule = g_new0 (WherryRelayRule, 1);

  rule->pattern = g_strdup (pattern);
  rule->is_topic = is_topic;
  rule->members_per_room = -1;
  rule->topics_per_room = -1;
  rule->outbox_high = -1;
  rule->outbox_low = -1;
  rule->outbox_messages = -1;
  rule->block_limit_us = -1;
  rule->policy = -1;
  rule->policy_lossy = -1;
  rule->history_messages = -1;
  rule->history_bytes = -1;
  rule->history_age_us = -1;
  rule->retain = -1;
  rule->keep = -1;
  rule->mirror = -1;
  g_ptr_array_add (self->rules, rule);
  return rule;
}

/* The value of the key at offset in the first matching group that sets it; -1: none does. */
static gint64
first_set (const WherryRelayConfig *self, gboolean is_topic, const char *name, gsize offset)
{
  for (guint i = 0; i < self->rules->len; i++)
    {
      const WherryRelayRule *rule = g_ptr_array_index (self->rules, i);
      gint64 value = *(const gint64 *) ((const guint8 *) rule + offset);

      if (rule->is_topic == is_topic && value >= 0 && g_pattern_match_simple (rule->pattern, name))
        return value;
    }
  return -1;
}

/* Of a topic's groups, else of its room's; -1: none sets it. */
static gint64
first_of_both (const WherryRelayConfig *self, const char *room, const char *topic, gsize offset)
{
  gint64 value = first_set (self, TRUE, topic, offset);

  return value >= 0 ? value : first_set (self, FALSE, room, offset);
}

void
wherry_relay_config_outbox_limits (const WherryRelayConfig *self, const char *room,
                                   const char *topic, WherryOutboxLimits *out)
{
  double ratio = (double) self->outbox.outbox_low / (double) self->outbox.outbox_high;
  gint64 high = first_of_both (self, room, topic, G_STRUCT_OFFSET (WherryRelayRule, outbox_high));
  gint64 low = first_of_both (self, room, topic, G_STRUCT_OFFSET (WherryRelayRule, outbox_low));
  gint64 messages
      = first_of_both (self, room, topic, G_STRUCT_OFFSET (WherryRelayRule, outbox_messages));
  gint64 limit_us
      = first_of_both (self, room, topic, G_STRUCT_OFFSET (WherryRelayRule, block_limit_us));

  *out = self->outbox;
  if (high >= 0)
    {
      /* the low mark keeps its place between nothing and the high one */
      out->outbox_low = (gsize) (ratio * (double) high);
      out->outbox_high = (gsize) high;
    }
  if (low >= 0)
    out->outbox_low = MIN ((gsize) low, out->outbox_high);
  if (messages >= 0)
    out->messages_high = (guint) MIN (messages, G_MAXUINT);
  out->messages_low = (guint) ((double) out->outbox_low / (double) out->outbox_high
                               * (double) out->messages_high);
  if (limit_us >= 0)
    out->block_limit_us = limit_us;
}

WherryPolicy
wherry_relay_config_policy (const WherryRelayConfig *self, const char *room, const char *topic,
                            gboolean is_lossy)
{
  gint64 value = first_of_both (self, room, topic,
                                is_lossy ? G_STRUCT_OFFSET (WherryRelayRule, policy_lossy)
                                         : G_STRUCT_OFFSET (WherryRelayRule, policy));

  if (value >= 0)
    return (WherryPolicy) value;
  return is_lossy ? self->policy_lossy : self->policy;
}

gint64
wherry_relay_config_shortest_block_limit (const WherryRelayConfig *self)
{
  gint64 limit_us = self->outbox.block_limit_us;

  for (guint i = 0; i < self->rules->len; i++)
    {
      const WherryRelayRule *rule = g_ptr_array_index (self->rules, i);

      if (rule->block_limit_us >= 0)
        limit_us = MIN (limit_us, rule->block_limit_us);
    }
  return limit_us;
}

static gboolean
drops (gint64 policy)
{
  return policy == WHERRY_POLICY_DROP_OLDEST || policy == WHERRY_POLICY_DROP_NEWEST
         || policy == WHERRY_POLICY_LATEST;
}

gboolean
wherry_relay_config_drops_reliable (const WherryRelayConfig *self)
{
  if (drops (self->policy))
    return TRUE;
  for (guint i = 0; i < self->rules->len; i++)
    if (drops (((const WherryRelayRule *) g_ptr_array_index (self->rules, i))->policy))
      return TRUE;
  return FALSE;
}

guint
wherry_relay_config_members_per_room (const WherryRelayConfig *self, const char *room)
{
  gint64 value = first_set (self, FALSE, room, G_STRUCT_OFFSET (WherryRelayRule, members_per_room));

  return value >= 0 ? (guint) MIN (value, G_MAXUINT) : self->members_per_room;
}

guint
wherry_relay_config_topics_per_room (const WherryRelayConfig *self, const char *room)
{
  gint64 value = first_set (self, FALSE, room, G_STRUCT_OFFSET (WherryRelayRule, topics_per_room));

  return value >= 0 ? (guint) MIN (value, G_MAXUINT) : self->topics_per_room;
}

int
wherry_relay_config_mirror (const WherryRelayConfig *self, const char *topic)
{
  return (int) first_set (self, TRUE, topic, G_STRUCT_OFFSET (WherryRelayRule, mirror));
}

/* One of the three limits is enough for there to be history; the others are as wide as they can be,
 * but for the bytes. */
void
wherry_relay_config_keep (const WherryRelayConfig *self, const char *room, const char *topic,
                          WherryKeep *out)
{
  gint64 messages
      = first_of_both (self, room, topic, G_STRUCT_OFFSET (WherryRelayRule, history_messages));
  gint64 bytes
      = first_of_both (self, room, topic, G_STRUCT_OFFSET (WherryRelayRule, history_bytes));
  gint64 age_us
      = first_of_both (self, room, topic, G_STRUCT_OFFSET (WherryRelayRule, history_age_us));

  *out = (WherryKeep){
    .bytes = bytes >= 0 ? (gsize) bytes : WHERRY_HISTORY_BYTES,
    .age_us = age_us >= 0 ? age_us : G_MAXINT64,
    .retain = first_of_both (self, room, topic, G_STRUCT_OFFSET (WherryRelayRule, retain)) == 1,
  };
  if (messages >= 0)
    out->messages = (guint) MIN (messages, G_MAXUINT);
  else if (bytes > 0 || age_us > 0)
    out->messages = G_MAXUINT;
}

gboolean
wherry_relay_config_keeps_room (const WherryRelayConfig *self, const char *room)
{
  return first_set (self, FALSE, room, G_STRUCT_OFFSET (WherryRelayRule, keep)) == 1;
}
