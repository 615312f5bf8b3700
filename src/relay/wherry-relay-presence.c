/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-log.h"
#include "relay/wherry-relay-hub-private.h"
#include "relay/wherry-resume-record.h"

/* What a member says about itself, and what it leaves behind. */

static gsize
size_of (const char *attributes)
{
  return attributes != NULL ? strlen (attributes) : 0;
}

const char *
wherry_relay_join_attributes (const WherryJoin *join)
{
  const char *fixed = wherry_grant_get_attributes (join->grant);

  return fixed != NULL ? fixed : join->attributes;
}

gboolean
wherry_relay_hub_check_presence (WherryRelayHub *self, const WherryJoin *join,
                                 WherrySignalError *code, const char **text)
{
  const WherryRelayRoom *room = g_hash_table_lookup (self->rooms, join->room);
  gsize others = room != NULL ? room->attribute_bytes : 0;

  if (join->will != NULL && wherry_message_get_length (join->will) > self->config->max_message_size)
    {
      *code = WHERRY_SIGNAL_ERROR_TOO_LARGE;
      *text = "the will is larger than any message may be";
      return FALSE;
    }
  if (join->will != NULL && !wherry_grant_may_publish (join->grant, join->will_topic))
    {
      *code = WHERRY_SIGNAL_ERROR_FORBIDDEN;
      *text = "your token does not let you publish where your will would be";
      return FALSE;
    }
  if (size_of (wherry_relay_join_attributes (join)) > 0
      && others + size_of (wherry_relay_join_attributes (join)) > self->config->attributes_per_room)
    {
      wherry_counter_inc (WHERRY_COUNTER_ATTRIBUTES_REFUSED);
      *code = WHERRY_SIGNAL_ERROR_ROOM_FULL;
      *text = "the room's attributes are full: join with fewer";
      return FALSE;
    }
  return TRUE;
}

/* FALSE: the room holds too much already. */
static gboolean
take_attributes (WherryRelayMember *self, const char *attributes)
{
  WherryRelayRoom *room = self->room;
  gsize others = room->attribute_bytes - size_of (self->attributes);

  if (attributes != NULL
      && others + size_of (attributes) > self->relay->config->attributes_per_room)
    return FALSE;
  room->attribute_bytes = others + size_of (attributes);
  g_free (self->attributes);
  self->attributes = g_strdup (attributes);
  wherry_resume_record_update (self);
  return TRUE;
}

gboolean
wherry_relay_member_set_attributes (WherryRelayMember *self, const char *attributes,
                                    const char *tag, WherrySignalError *code, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryRelayMember) keep = wherry_relay_member_ref (self);

  WHERRY_ASSERT_OWNER (self->relay);
  if (!wherry_relay_member_is_present (self)) /* somebody who is told of its end asks */
    {
      *code = WHERRY_SIGNAL_ERROR_NOT_JOINED;
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the member has left");
      return FALSE;
    }
  if (wherry_grant_get_attributes (self->grant) != NULL)
    {
      *code = WHERRY_SIGNAL_ERROR_FORBIDDEN;
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_FORBIDDEN,
                           "your token says what your attributes are");
      return FALSE;
    }
  if (!take_attributes (self, attributes))
    {
      *code = WHERRY_SIGNAL_ERROR_ROOM_FULL;
      wherry_counter_inc (WHERRY_COUNTER_ATTRIBUTES_REFUSED);
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                           "the room's attributes are full");
      return FALSE;
    }
  wherry_relay_room_changed (self->room, self, tag);
  if (wherry_relay_member_is_present (self))
    wherry_relay_hub_tell_changed (self->relay, self);
  return TRUE;
}

void
wherry_relay_member_renew_presence (WherryRelayMember *self, const WherryJoin *join)
{
  const char *attributes = wherry_relay_join_attributes (join);

  if (join->will != NULL && wherry_grant_may_publish (self->grant, join->will_topic)
      && wherry_message_get_length (join->will) <= self->relay->config->max_message_size)
    {
      g_clear_pointer (&self->will, wherry_message_unref);
      self->will = wherry_message_ref (join->will);
      g_free (self->will_topic);
      self->will_topic = g_strdup (join->will_topic);
    }
  if (attributes == NULL || g_strcmp0 (attributes, self->attributes) == 0)
    return;
  if (take_attributes (self, attributes))
    wherry_relay_room_changed (self->room, self, NULL);
  else
    wherry_counter_inc (WHERRY_COUNTER_ATTRIBUTES_REFUSED);
}

/* It did not go by itself, and is not here on another connection; when the server goes down there
 * is nobody to hear it. */
static gboolean
is_vanished (WherryLeaveReason reason)
{
  switch (reason)
    {
    case WHERRY_LEAVE_FAILED:
    case WHERRY_LEAVE_SLOW:
    case WHERRY_LEAVE_KICKED:
    case WHERRY_LEAVE_BANNED:
    case WHERRY_LEAVE_TIMEOUT:
    case WHERRY_LEAVE_EXPIRED:
      return TRUE;
    case WHERRY_LEAVE_LEFT:
    case WHERRY_LEAVE_REPLACED:
    case WHERRY_LEAVE_SHUTDOWN:
    default:
      return FALSE;
    }
}

void
wherry_relay_member_publish_will (WherryRelayMember *self, WherryLeaveReason reason)
{
  g_autoptr (WherryMessage) will = g_steal_pointer (&self->will);
  const WherryLogContext context = { self->id, self->room->name, self->will_topic };
  WherryRoomTopic *topic;
  WherryPublished published;
  WherryPost post;

  if (will == NULL || !self->was_connected || !is_vanished (reason))
    return;
  if (!wherry_grant_may_publish (self->grant, self->will_topic)) /* it came back with less */
    return;
  wherry_counter_inc (WHERRY_COUNTER_WILLS);
  wherry_info (&context, "last will published");
  topic = g_hash_table_lookup (self->room->topics, self->will_topic);
  if (topic == NULL) /* nobody listens */
    return;
  post = (WherryPost){
    .message = will,
    .kind = wherry_message_get_kind (will),
    .sender = self->key,
  };
  /* one that came back has no port before it has a connection */
  wherry_topic_publish_post (topic->topic,
                             self->port != NULL ? wherry_member_port_get_set (self->port) : NULL,
                             &post, NULL, &published);
}
