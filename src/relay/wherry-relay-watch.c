/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-log.h"
#include "relay/wherry-planted.h"
#include "relay/wherry-relay-hub-private.h"

/* Who holds back the others for too long. The timer runs only while somebody waits. */
#define WATCH_INTERVAL_US (50 * (G_USEC_PER_SEC / 1000))

static WherryRelayMember *
find (WherryRelayHub *self, guint64 id)
{
  WherryRelayMember *member = g_hash_table_lookup (self->members, &id);

  return member != NULL && wherry_relay_member_is_present (member) ? member : NULL;
}

static void
leave (WherryRelayHub *self, WherryRelayMember *member)
{
  gint64 now_us = wherry_clock_now_us (self->clock);

  wherry_cool_down_add (self->cool_down, member->room->name, member->address, member->name, now_us,
                        now_us + self->config->outbox.block_window_us);
  wherry_relay_member_end (member, WHERRY_LEAVE_SLOW, TRUE);
}

static void
leave_slow (WherryRelayHub *self, WherryRelayMember *member, const char *why, gint64 us)
{
  const WherryLogContext context = { member->id, member->room->name, NULL };
  WherryRelayRoom *room = member->room;
  gint64 now_us = wherry_clock_now_us (self->clock);

  wherry_message (&context, "slow: %s %" G_GINT64_FORMAT " ms", why, us / 1000);
  /* First, so that the others do not pay for what they waited because of this one. */
  for (guint i = 0; i < room->members->len; i++)
    {
      WherryRelayMember *other = g_ptr_array_index (room->members, i);

      if (other->port != NULL)
        wherry_outbox_set_restart_clocks (wherry_member_port_get_set (other->port), now_us);
    }
  leave (self, member);
}

/* By the policy disconnect. Nobody waited for these, so the clocks of others run on. */
static void
look_at_condemned (WherryRelayHub *self)
{
  g_autoptr (GArray) ids = wherry_block_watch_steal_condemned (self->watch);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    {
      WherryRelayMember *member = find (self, g_array_index (ids, guint64, i));
      WherryLogContext context;

      if (member == NULL)
        continue;
      context = wherry_relay_member_log_context (member);
      wherry_message (&context, "slow: its outbox is full");
      wherry_counter_inc (WHERRY_COUNTER_DISCONNECTED_FULL);
      leave (self, member);
    }
}

/* In each room in which some outbox is at its limit, the member that was waited for longest.
 * Returns whether anybody had to leave. */
static gboolean
look_at_rooms (WherryRelayHub *self, GPtrArray *sets, gint64 now_us)
{
  g_autoptr (GHashTable) worst /* room to member, a reference */
      = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) wherry_relay_member_unref);
  g_autoptr (GHashTable) longest = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_autoptr (GPtrArray) over = g_ptr_array_new (); /* rooms */
  gboolean any = FALSE;

  for (guint i = 0; i < sets->len; i++)
    {
      WherryOutboxSet *set = g_ptr_array_index (sets, i);
      WherryRelayMember *member = find (self, wherry_outbox_set_get_id (set));
      WherryBlockReport report;
      gint64 *blocked_us;

      if (member == NULL)
        continue;
      wherry_outbox_set_get_report (set, now_us, &report);
      if (report.is_over && !g_ptr_array_find (over, member->room, NULL))
        g_ptr_array_add (over, member->room);
      blocked_us = g_hash_table_lookup (longest, member->room);
      if (WHERRY_PLANT (WRONG_ONE))
        report.blocked_us = -report.blocked_us;
      if (!report.is_blocking || (blocked_us != NULL && *blocked_us >= report.blocked_us))
        continue;
      g_hash_table_insert (worst, member->room, wherry_relay_member_ref (member));
      g_hash_table_insert (longest, member->room,
                           g_memdup2 (&report.blocked_us, sizeof report.blocked_us));
    }

  for (guint i = 0; i < over->len; i++)
    {
      const WherryRelayRoom *room = g_ptr_array_index (over, i);
      WherryRelayMember *member = g_hash_table_lookup (worst, room);
      const gint64 *blocked_us = g_hash_table_lookup (longest, room);

      /* what an earlier one's leaving event did may have taken this one too */
      if (member == NULL || !wherry_relay_member_is_present (member))
        continue;
      leave_slow (self, member, "others waited for it", *blocked_us);
      any = TRUE;
    }
  return any;
}

/* Publishers wait for the process's budget, and have for the whole limit: if somebody has taken
 * nothing all that time, the one that holds most goes. Where everybody takes, the budget is only
 * what bounds the speed, and nobody's fault. */
static void
look_at_budget (WherryRelayHub *self, gboolean on_budget, gint64 now_us)
{
  gint64 limit_us = self->config->outbox.block_limit_us;
  WherryRelayMember *worst = NULL;
  gsize most = 0;
  GHashTableIter iter;
  gpointer value;

  if (!on_budget)
    {
      self->budget_since_us = -1;
      return;
    }
  if (self->budget_since_us < 0)
    self->budget_since_us = now_us;
  if (now_us - self->budget_since_us < limit_us)
    return;
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      WherryRelayMember *member = value;
      WherryBlockReport report;

      if (!wherry_relay_member_is_present (member) || member->port == NULL)
        continue;
      wherry_outbox_set_get_report (wherry_member_port_get_set (member->port), now_us, &report);
      if (report.stalled_us < limit_us || report.bytes <= most)
        continue;
      most = report.bytes;
      worst = member;
    }
  self->budget_since_us = now_us;
  if (worst != NULL)
    leave_slow (self, worst, "the memory budget waited for it", limit_us);
}

static gboolean
on_watch (gpointer data)
{
  WherryRelayHub *self = data;
  gint64 now_us = wherry_clock_now_us (self->clock);
  gboolean on_budget = FALSE;
  g_autoptr (GPtrArray) sets = wherry_block_watch_look (self->watch, &on_budget);

  if (sets == NULL)
    {
      self->budget_since_us = -1;
      wherry_clock_clear_source (&self->watch_timer);
      return G_SOURCE_REMOVE;
    }
  if (!look_at_rooms (self, sets, now_us))
    look_at_budget (self, on_budget, now_us);
  return G_SOURCE_CONTINUE;
}

void
wherry_relay_hub_watch (WherryRelayHub *self)
{
  look_at_condemned (self);
  if (self->watch_timer == NULL)
    self->watch_timer
        = wherry_clock_add (self->clock, self->context, WATCH_INTERVAL_US, on_watch, self);
}
