/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "signaling/wherry-fake-relay-private.h"

/* What a server itself says, and what an administrator sees. */

const char *
wherry_relay_member_get_attributes (WherryRelayMember *self)
{
  return self->attributes;
}

const char *
wherry_relay_member_get_name (WherryRelayMember *self)
{
  return self->name;
}

const char *
wherry_relay_member_get_address (WherryRelayMember *self)
{
  return "192.0.2.1";
}

const char *
wherry_relay_member_get_path (WherryRelayMember *self)
{
  return NULL;
}

gboolean
wherry_relay_member_is_connected (WherryRelayMember *self)
{
  return FALSE;
}

gsize
wherry_relay_member_get_queued (WherryRelayMember *self)
{
  return 0;
}

GPtrArray *
wherry_relay_member_get_outboxes (WherryRelayMember *self)
{
  return g_ptr_array_new ();
}

void
wherry_relay_member_notice (WherryRelayMember *self, char *text, gboolean last)
{
  wherry_fake_relay_note (self, "notice%s %s", last ? " last" : "", text);
  g_free (text);
}

gboolean
wherry_relay_hub_publish (WherryRelayHub *self, const char *room, const char *topic,
                          WherryMessage *message, WherrySignalError *code, GError **error)
{
  gsize length;
  const guint8 *data = wherry_message_get_data (message, &length);

  if (wherry_fake_relay_fails (self, code, error))
    return FALSE;
  g_string_append_printf (self->log, "publish %s/%s %s “%.*s”\n", room, topic,
                          wherry_message_get_kind (message) == WHERRY_MESSAGE_TEXT ? "text"
                                                                                   : "binary",
                          (int) length, (const char *) data);
  return TRUE;
}

WherryRelayMember *
wherry_relay_hub_lookup (WherryRelayHub *self, const char *id)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      WherryRelayMember *member = self->members->pdata[i];

      if (member != NULL && g_str_equal (member->id, id))
        return member;
    }
  return NULL;
}

void
wherry_relay_hub_foreach_room (WherryRelayHub *self,
                               void (*func) (const WherryRoomView *view, gpointer data),
                               gpointer data)
{
  const WherryRoomView view = { .name = "fake", .members = 2, .connected = 1, .topics = 3 };

  func (&view, data);
}

gboolean
wherry_relay_hub_get_room (WherryRelayHub *self, const char *name, WherryRoomView *out)
{
  *out = (WherryRoomView){ .name = name };
  for (guint i = 0; i < self->members->len; i++)
    {
      const WherryRelayMember *member = self->members->pdata[i];

      out->members += member != NULL && g_str_equal (member->room, name);
    }
  return out->members > 0;
}

void
wherry_relay_hub_foreach_member (WherryRelayHub *self, const char *room,
                                 void (*func) (WherryRelayMember *member, gpointer data),
                                 gpointer data)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      WherryRelayMember *member = self->members->pdata[i];

      if (member != NULL && g_str_equal (member->room, room))
        func (member, data);
    }
}

void
wherry_relay_hub_foreach_topic (WherryRelayHub *self, const char *room,
                                void (*func) (const WherryTopicView *view, gpointer data),
                                gpointer data)
{
  const WherryTopicView view = { .label = "chat", .publishers = 1, .subscribers = 2 };

  func (&view, data);
}

gboolean
wherry_relay_member_ban (WherryRelayMember *self, gint64 duration_us)
{
  wherry_fake_relay_note (self, "ban %" G_GINT64_FORMAT " s", duration_us / G_USEC_PER_SEC);
  wherry_relay_member_leave (self, WHERRY_LEAVE_BANNED);
  return TRUE;
}
