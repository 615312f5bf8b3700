/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-address-key.h"
#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "relay/wherry-relay-hub-private.h"

/* What a member may do, how long, and who is sent away. */

/* How often the wall clock is looked at besides: it may be set, and goes on while we sleep. */
#define EXPIRY_CHECK_US (60 * G_USEC_PER_SEC)

/* ---- until when ---- */

static void watch_expiry (WherryRelayMember *self);

static gboolean
on_expiry (gpointer data)
{
  WherryRelayMember *self = data;
  gint64 expires_us = wherry_grant_get_expires_us (self->grant);

  wherry_clock_clear_source (&self->expiry_timer);
  if (wherry_clock_now_us (self->relay->clock) >= self->expires_us
      || (self->relay->clock == wherry_clock_system () && g_get_real_time () >= expires_us))
    wherry_relay_member_leave (self, WHERRY_LEAVE_EXPIRED);
  else
    watch_expiry (self);
  return G_SOURCE_REMOVE;
}

static void
watch_expiry (WherryRelayMember *self)
{
  WherryRelayHub *relay = self->relay;
  gint64 left_us = self->expires_us - wherry_clock_now_us (relay->clock);

  self->expiry_timer = wherry_clock_add (relay->clock, relay->context,
                                         CLAMP (left_us, 0, EXPIRY_CHECK_US), on_expiry, self);
}

void
wherry_relay_member_set_grant (WherryRelayMember *self, WherryGrant *grant)
{
  gint64 expires_us = wherry_grant_get_expires_us (grant);

  self->grant = grant != NULL ? wherry_grant_ref (grant) : NULL;
  g_free (self->subject);
  self->subject = g_strdup (wherry_grant_get_subject (grant));
  if (expires_us == WHERRY_GRANT_FOREVER)
    return;
  self->expires_us
      = wherry_clock_now_us (self->relay->clock) + MAX (0, expires_us - g_get_real_time ());
  watch_expiry (self);
}

/* ---- joining ---- */

gboolean
wherry_relay_hub_check_rights (WherryRelayHub *self, const WherryJoin *join,
                               WherrySignalError *code, const char **text)
{
  gint64 expires_us = wherry_grant_get_expires_us (join->grant);
  const char *name = wherry_grant_get_name (join->grant);
  const WherryBanned who = {
    .subject = wherry_grant_get_subject (join->grant),
    .address = join->address,
    .name = name != NULL ? name : join->name,
    .room = join->room,
  };

  if (!wherry_grant_may_join (join->grant, join->room))
    {
      *code = WHERRY_SIGNAL_ERROR_FORBIDDEN;
      *text = "your token does not open this room";
      return FALSE;
    }
  if (expires_us != WHERRY_GRANT_FOREVER && expires_us <= g_get_real_time ())
    {
      *code = WHERRY_SIGNAL_ERROR_UNAUTHORIZED;
      *text = "your token has expired";
      return FALSE;
    }
  if (wherry_ban_list_covers (self->bans, &who, wherry_clock_now_us (self->clock)))
    {
      wherry_counter_inc (WHERRY_COUNTER_JOINS_BANNED);
      *code = WHERRY_SIGNAL_ERROR_FORBIDDEN;
      *text = "you are banned from here for a while";
      return FALSE;
    }
  return TRUE;
}

/* ---- sending away ---- */

gboolean
wherry_relay_hub_kick (WherryRelayHub *self, const char *id, WherryLeaveReason reason)
{
  WherryRelayMember *member;

  WHERRY_ASSERT_OWNER (self);
  member = wherry_relay_hub_lookup (self, id);
  if (member == NULL)
    return FALSE;
  wherry_relay_member_leave (member, reason);
  return TRUE;
}

static WherryBanned
who_is (const WherryRelayMember *member)
{
  return (WherryBanned){
    .subject = wherry_grant_get_subject (member->grant),
    .address = member->address,
    .name = member->name,
    .room = member->room->name,
  };
}

/* Those whom the list covers now. Ending one may end others: each is looked at again. */
static guint
end_banned (WherryRelayHub *self)
{
  g_autoptr (GPtrArray) members
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_relay_member_unref);
  gint64 now_us = wherry_clock_now_us (self->clock);
  GHashTableIter iter;
  gpointer value;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      WherryRelayMember *member = value;
      const WherryBanned who = who_is (member);

      if (wherry_relay_member_is_present (member)
          && wherry_ban_list_covers (self->bans, &who, now_us))
        g_ptr_array_add (members, wherry_relay_member_ref (member));
    }
  for (guint i = 0; i < members->len; i++)
    {
      WherryRelayMember *member = g_ptr_array_index (members, i);

      n += wherry_relay_member_is_present (member) ? 1 : 0;
      wherry_relay_member_leave (member, WHERRY_LEAVE_BANNED);
    }
  return n;
}

gboolean
wherry_relay_hub_ban (WherryRelayHub *self, const WherryBanned *who, gint64 duration_us,
                      guint *n_left, GError **error)
{
  gint64 now_us = wherry_clock_now_us (self->clock);
  gint64 until_us = duration_us < G_MAXINT64 - now_us ? now_us + duration_us : G_MAXINT64;
  guint n;

  WHERRY_ASSERT_OWNER (self);
  if (!wherry_ban_list_add (self->bans, who, now_us, until_us, error))
    return FALSE;
  n = end_banned (self);
  if (n_left != NULL)
    *n_left = n;
  return TRUE;
}

gboolean
wherry_relay_member_ban (WherryRelayMember *self, gint64 duration_us)
{
  G_GNUC_UNUSED g_autoptr (WherryRelayMember) keep = wherry_relay_member_ref (self);
  WherryBanned who = who_is (self);
  WherryAddressKey key;

  WHERRY_ASSERT_OWNER (self->relay);
  /* by what says most: others may share the address */
  if (who.subject != NULL || !wherry_address_key_parse (who.address, &key)
      || wherry_address_key_is_loopback (&key))
    who.address = NULL;
  if (who.subject != NULL || who.address != NULL)
    who.name = NULL;
  if (wherry_relay_hub_ban (self->relay, &who, duration_us, NULL, NULL))
    return TRUE;
  wherry_relay_member_leave (self, WHERRY_LEAVE_KICKED);
  return FALSE;
}

gboolean
wherry_relay_hub_unban (WherryRelayHub *self, const WherryBanned *who)
{
  WHERRY_ASSERT_OWNER (self);
  return wherry_ban_list_lift (self->bans, who);
}

gboolean
wherry_relay_hub_has_banned (WherryRelayHub *self, const WherryBanned *who)
{
  WHERRY_ASSERT_OWNER (self);
  return wherry_ban_list_covers (self->bans, who, wherry_clock_now_us (self->clock));
}
