/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-relay-hub-private.h"

/* What is seen of a member, and what it says to its room. */

const char *
wherry_relay_member_get_id (WherryRelayMember *self)
{
  return self->id;
}

const char *
wherry_relay_member_get_room (WherryRelayMember *self)
{
  return self->room->name;
}

const char *
wherry_relay_member_get_name (WherryRelayMember *self)
{
  return self->name;
}

const char *
wherry_relay_member_get_address (WherryRelayMember *self)
{
  return self->address;
}

WherryGrant *
wherry_relay_member_get_grant (WherryRelayMember *self)
{
  return self->grant;
}

const char *
wherry_relay_member_get_attributes (WherryRelayMember *self)
{
  return self->attributes;
}

gboolean
wherry_relay_member_is_connected (WherryRelayMember *self)
{
  return self->connected;
}

gsize
wherry_relay_member_get_queued (WherryRelayMember *self)
{
  return self->port != NULL ? wherry_outbox_set_get_bytes (wherry_member_port_get_set (self->port))
                            : 0;
}

void
wherry_relay_member_notice (WherryRelayMember *self, char *text, gboolean last)
{
  WHERRY_ASSERT_OWNER (self->relay);
  if (self->peer != NULL && self->port != NULL)
    wherry_member_port_post_notice (self->port, self->peer, text, last);
  else
    g_free (text);
}

const char *
wherry_relay_member_get_path (WherryRelayMember *self)
{
  return self->path;
}

void
wherry_relay_member_foreach_other (WherryRelayMember *self,
                                   void (*func) (const WherrySignalMemberRef *member,
                                                 gpointer data),
                                   gpointer data)
{
  WHERRY_ASSERT_OWNER (self->relay);
  for (guint i = 0; i < self->room->members->len; i++)
    {
      WherryRelayMember *member = g_ptr_array_index (self->room->members, i);

      const WherrySignalMemberRef ref = {
        .peer = member->id,
        .name = member->name,
        .attributes = member->attributes,
        .away = member->stage == WHERRY_STAGE_AWAY,
      };

      if (member != self)
        func (&ref, data);
    }
}

gboolean
wherry_relay_member_signal (WherryRelayMember *self, const char *to, const char *data, gsize length)
{
  WHERRY_ASSERT_OWNER (self->relay);
  return wherry_relay_room_signal (self->room, self, to, data, length);
}

void
wherry_relay_member_msg (WherryRelayMember *self, const char *object, gsize length)
{
  WHERRY_ASSERT_OWNER (self->relay);
  wherry_relay_room_msg (self->room, self, object, length);
}

GPtrArray *
wherry_relay_member_get_outboxes (WherryRelayMember *self)
{
  WherryOutboxSet *set
      = self->port != NULL ? wherry_member_port_get_set (self->port) : self->last_set;

  WHERRY_ASSERT_OWNER (self->relay);
  if (set == NULL)
    return g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_outbox_stats_free);
  return wherry_outbox_set_get_stats (set);
}
