/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-address-key.h"
#include "base/wherry-counters.h"
#include "relay/wherry-relay-hub-private.h"

/* How many: rooms, members from one address, topics of one member; and who leaves for having sent
 * too much. */

/* FALSE: it is on this machine, as everything behind a proxy here seems to be, or inside the
 * process. */
static gboolean
parse_address (const char *address, WherryAddressKey *key)
{
  return wherry_address_key_parse (address, key) && !wherry_address_key_is_loopback (key);
}

gboolean
wherry_relay_member_is_limited (WherryRelayMember *self)
{
  WherryAddressKey key;

  return parse_address (self->address, &key);
}

void
wherry_relay_hub_count_address (WherryRelayHub *self, const char *address, int change)
{
  WherryAddressKey key;
  guint n;

  if (!parse_address (address, &key))
    return;
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->networks, &key)) + (guint) change;
  if (n == 0)
    g_hash_table_remove (self->networks, &key);
  else
    g_hash_table_replace (self->networks, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (n));
}

gboolean
wherry_relay_hub_check_limits (WherryRelayHub *self, const WherryJoin *join,
                               WherrySignalError *code, const char **text)
{
  WherryAddressKey key;

  if (self->config->max_rooms > 0 && g_hash_table_size (self->rooms) >= self->config->max_rooms
      && !g_hash_table_contains (self->rooms, join->room))
    {
      wherry_counter_inc (WHERRY_COUNTER_ROOMS_REFUSED);
      *code = WHERRY_SIGNAL_ERROR_SERVER_FULL;
      *text = "the server has as many rooms as it may";
      return FALSE;
    }
  if (self->config->members_per_address > 0 && parse_address (join->address, &key)
      && GPOINTER_TO_UINT (g_hash_table_lookup (self->networks, &key))
             >= self->config->members_per_address)
    {
      wherry_counter_inc (WHERRY_COUNTER_ADDRESSES_REFUSED);
      *code = WHERRY_SIGNAL_ERROR_RATE_LIMITED;
      *text = "there are as many members from your address as may be";
      return FALSE;
    }
  return TRUE;
}

gboolean
wherry_relay_member_has_topics (WherryRelayMember *self)
{
  return self->n_topics >= self->relay->config->topics_per_member;
}

void
wherry_relay_hub_count_topic (WherryRelayHub *self, guint64 member, int change)
{
  WherryRelayMember *begun_by = g_hash_table_lookup (self->members, &member);

  if (begun_by != NULL)
    begun_by->n_topics += (guint) change;
}

void
wherry_relay_member_offended (WherryRelayMember *self, WherrySignalError code)
{
  const WherryLogContext context = wherry_relay_member_log_context (self);
  const char *text = code == WHERRY_SIGNAL_ERROR_RATE_LIMITED
                         ? "you sent more than you may"
                         : "too many of your messages were no good";
  WherryRelayHub *relay = self->relay;
  gint64 now_us = wherry_clock_now_us (relay->clock);

  if (!wherry_relay_member_is_present (self))
    return;
  wherry_message (&context, "sent away: %s", text);
  wherry_counter_inc (WHERRY_COUNTER_OFFENDERS);
  wherry_relay_member_notice (self, wherry_signal_write_notice (code, text, NULL, NULL), TRUE);
  if (self->events != NULL && self->events->offended != NULL)
    self->events->offended (self->user_data, code, text);
  wherry_cool_down_add (relay->cool_down, self->room->name, self->address, self->name, now_us,
                        now_us + relay->config->outbox.block_window_us);
  wherry_relay_member_end (self, WHERRY_LEAVE_KICKED, TRUE);
}
