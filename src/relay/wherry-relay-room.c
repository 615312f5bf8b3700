/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <string.h>

#include "relay/wherry-planted.h"
#include "relay/wherry-relay-hub-private.h"
#include "relay/wherry-relay-rules.h"

/* Who is in a room, and who hears of it. Events are told one after the other: what a listener does
 * while it is told (leave, say) is told after, so that everybody hears the same order. */

typedef struct
{
  WherrySignalType type;
  WherryRelayMember *subject;
  WherryLeaveReason reason;
  char *data; /* joined, changed: attributes (nullable); msg: the object */
  gsize length;
  char *tag;            /* changed: for the subject */
  GPtrArray *listeners; /* of WherryRelayMember, each a reference: who was there when it happened */
} RoomEvent;

static void
room_event_free (RoomEvent *event)
{
  wherry_relay_member_unref (event->subject);
  g_ptr_array_unref (event->listeners);
  g_free (event->data);
  g_free (event->tag);
  g_free (event);
}

WherryRelayRoom *
wherry_relay_room_get (WherryRelayHub *relay, const char *name)
{
  WherryRelayRoom *self = g_hash_table_lookup (relay->rooms, name);

  if (self != NULL)
    return wherry_relay_room_ref (self);
  self = g_new0 (WherryRelayRoom, 1);
  self->ref_count = 1;
  self->relay = relay;
  self->name = g_strdup (name);
  self->echo = strcmp (name, WHERRY_ECHO_ROOM) == 0;
  self->members = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_relay_member_unref);
  self->topics = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, wherry_room_topic_free);
  g_queue_init (&self->events);
  g_hash_table_insert (relay->rooms, self->name, self);
  self->kept = wherry_relay_config_keeps_room (relay->config, name) && !self->echo;
  return self->kept ? wherry_relay_room_ref (self) : self;
}

WherryRelayRoom *
wherry_relay_room_ref (WherryRelayRoom *self)
{
  self->ref_count++;
  return self;
}

/* Members refer to their room as long as their peer lives. */
void
wherry_relay_room_unref (WherryRelayRoom *self)
{
  if (--self->ref_count > 0)
    return;
  g_hash_table_remove (self->relay->rooms, self->name);
  g_ptr_array_unref (self->members);
  g_hash_table_unref (self->topics);
  if (self->relay->store != NULL && !self->relay->shutting_down)
    wherry_store_drop_room (self->relay->store, self->name);
  g_free (self->name);
  g_free (self);
}

void
wherry_relay_room_let_go (WherryRelayRoom *self)
{
  if (!self->kept)
    return;
  self->kept = FALSE;
  wherry_relay_room_unref (self);
}

static gsize
size_of_attributes (WherryRelayMember *member)
{
  return member->attributes != NULL ? strlen (member->attributes) : 0;
}

static void
tell_one (RoomEvent *event, WherryRelayMember *to)
{
  gboolean says = event->type == WHERRY_SIGNAL_MSG;
  const WherrySignalNews news = {
    .type = event->type,
    .peer = event->subject->id,
    .name = event->type == WHERRY_SIGNAL_MEMBER_JOINED ? event->subject->name : NULL,
    .attributes = says ? NULL : event->data,
    .tid = to == event->subject ? event->tag : NULL,
    .reason = event->reason,
    .data = says ? event->data : NULL,
    .length = event->length,
  };

  if (to->events == NULL)
    return;
  to->events->news (to->user_data, &news);
  if (WHERRY_PLANT (TOLD_TWICE) && event->type == WHERRY_SIGNAL_MEMBER_LEFT
      && event->reason == WHERRY_LEAVE_FAILED && to->events != NULL)
    to->events->news (to->user_data, &news);
}

static void
tell (WherryRelayRoom *self, WherrySignalType type, WherryRelayMember *subject,
      WherryLeaveReason reason, const char *data, gsize length, const char *tag)
{
  G_GNUC_UNUSED g_autoptr (WherryRelayRoom) keep = wherry_relay_room_ref (self);
  RoomEvent *event = g_new0 (RoomEvent, 1);

  event->type = type;
  event->subject = wherry_relay_member_ref (subject);
  event->reason = reason;
  event->data = data != NULL ? g_strndup (data, length) : NULL;
  event->length = length;
  event->tag = g_strdup (tag);
  event->listeners
      = g_ptr_array_new_full (self->members->len, (GDestroyNotify) wherry_relay_member_unref);
  for (guint i = 0; i < self->members->len; i++)
    {
      WherryRelayMember *member = g_ptr_array_index (self->members, i);

      /* one that is joining, or coming back, gets the list of who is there then */
      if (wherry_relay_member_is_ready (member)
          && (member != subject || type == WHERRY_SIGNAL_MSG
              || type == WHERRY_SIGNAL_MEMBER_CHANGED))
        g_ptr_array_add (event->listeners, wherry_relay_member_ref (member));
    }
  g_queue_push_tail (&self->events, event);

  if (self->telling)
    return;
  self->telling = TRUE;
  while ((event = g_queue_pop_head (&self->events)) != NULL)
    {
      for (guint i = 0; i < event->listeners->len; i++)
        tell_one (event, g_ptr_array_index (event->listeners, i));
      room_event_free (event);
    }
  self->telling = FALSE;
}

void
wherry_relay_room_add (WherryRelayRoom *self, WherryRelayMember *member)
{
  g_ptr_array_add (self->members, wherry_relay_member_ref (member));
  self->attribute_bytes += size_of_attributes (member);
  tell (self, WHERRY_SIGNAL_MEMBER_JOINED, member, WHERRY_LEAVE_LEFT, member->attributes,
        size_of_attributes (member), NULL);
}

void
wherry_relay_room_changed (WherryRelayRoom *self, WherryRelayMember *member, const char *tag)
{
  tell (self, WHERRY_SIGNAL_MEMBER_CHANGED, member, WHERRY_LEAVE_LEFT, member->attributes,
        size_of_attributes (member), tag);
}

void
wherry_relay_room_tell_away (WherryRelayRoom *self, WherryRelayMember *member, gboolean away)
{
  tell (self, away ? WHERRY_SIGNAL_MEMBER_AWAY : WHERRY_SIGNAL_MEMBER_BACK, member,
        WHERRY_LEAVE_LEFT, NULL, 0, NULL);
}

void
wherry_relay_room_remove (WherryRelayRoom *self, WherryRelayMember *member,
                          WherryLeaveReason reason, gboolean told)
{
  self->attribute_bytes -= size_of_attributes (member);
  g_ptr_array_remove (self->members, member);
  wherry_relay_room_leave_topics (self, member);
  if (told)
    tell (self, WHERRY_SIGNAL_MEMBER_LEFT, member, reason, NULL, 0, NULL);
}

void
wherry_relay_room_msg (WherryRelayRoom *self, WherryRelayMember *from, const char *object,
                       gsize length)
{
  tell (self, WHERRY_SIGNAL_MSG, from, WHERRY_LEAVE_LEFT, object, length, NULL);
}

gboolean
wherry_relay_room_signal (WherryRelayRoom *self, WherryRelayMember *from, const char *to,
                          const char *data, gsize length)
{
  const WherrySignalNews news = {
    .type = WHERRY_SIGNAL_SIGNAL,
    .peer = from->id,
    .data = data,
    .length = length,
  };

  for (guint i = 0; i < self->members->len; i++)
    {
      WherryRelayMember *member = g_ptr_array_index (self->members, i);

      if (strcmp (member->id, to) != 0)
        continue;
      if (member->events == NULL) /* its socket is closed */
        return FALSE;
      member->events->news (member->user_data, &news);
      return TRUE;
    }
  return FALSE;
}
