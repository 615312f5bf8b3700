/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "relay/wherry-relay-hub-private.h"
#include "relay/wherry-relay-rules.h"

/* The server as a publisher: it has no channel, and waits at a gate of the topic's as others do. */

static gboolean
refuse (WherrySignalError *out, WherrySignalError code, GError **error, const char *text)
{
  *out = code;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, text);
  return FALSE;
}

static gboolean
may_publish (WherryRelayHub *self, const char *room, const char *topic, gsize length,
             WherrySignalError *code, GError **error)
{
  gsize label_length = strlen (topic);

  if (self->shutting_down)
    return refuse (code, WHERRY_SIGNAL_ERROR_SHUTTING_DOWN, error, "the server is shutting down");
  if (!wherry_signal_room_is_valid (room))
    return refuse (code, WHERRY_SIGNAL_ERROR_BAD_ROOM, error,
                   "a room's name has 1 to 128 bytes of UTF-8 without control characters or /");
  if (label_length == 0 || label_length > WHERRY_LABEL_MAX || !g_utf8_validate (topic, -1, NULL))
    return refuse (code, WHERRY_SIGNAL_ERROR_BAD_MESSAGE, error,
                   "a topic's name has 1 to 1024 bytes of UTF-8");
  if (g_str_has_prefix (topic, WHERRY_LABEL_RESERVED))
    return refuse (code, WHERRY_SIGNAL_ERROR_FORBIDDEN, error,
                   "topics that begin with wherry: are the relay's own");
  if (strcmp (room, WHERRY_ECHO_ROOM) == 0)
    return refuse (code, WHERRY_SIGNAL_ERROR_FORBIDDEN, error,
                   "in the room echo everybody hears but themselves");
  if (length > self->config->max_message_size)
    return refuse (code, WHERRY_SIGNAL_ERROR_TOO_LARGE, error,
                   "the message is larger than the relay takes");
  if (wherry_budget_is_over (self->budget))
    return refuse (code, WHERRY_SIGNAL_ERROR_SERVER_FULL, error,
                   "the relay holds as much as it may: try again");
  return TRUE;
}

/* Who listens without a channel of its own gets one as for any publisher: reliable and ordered. */
static WherryRoomTopic *
ensure_topic (WherryRelayRoom *room, const char *label, WherrySignalError *code, GError **error)
{
  const WherryChannelInit init = {
    .label = label,
    .protocol = "",
    .ordered = TRUE,
    .reliability = WHERRY_RELIABLE,
    .priority = 256,
    .id = WHERRY_CHANNEL_ID_NONE,
  };
  WherryRoomTopic *topic = g_hash_table_lookup (room->topics, label);
  g_autoptr (WherryWaker) waker = NULL;

  if (topic == NULL
      && g_hash_table_size (room->topics)
             >= wherry_relay_config_topics_per_room (room->relay->config, room->name))
    {
      wherry_counter_inc (WHERRY_COUNTER_TOPICS_REFUSED);
      refuse (code, WHERRY_SIGNAL_ERROR_ROOM_FULL, error, "the room has too many topics");
      return NULL;
    }
  if (topic == NULL)
    topic = wherry_room_topic_new (room, label);
  if (topic->gate != NULL)
    return topic;

  waker = wherry_waker_new (); /* nobody waits behind it: who is refused comes again */
  topic->gate = wherry_gate_new (waker);
  if (topic->mirror_init == NULL)
    topic->mirror_init = wherry_port_init_copy (&init);
  wherry_mirror_update (topic);
  return topic;
}

/* A room that is there, or that the configuration keeps whoever comes: it begins now. out: (out)
 * (transfer full): NULL: nobody hears it. FALSE: there are too many. */
static gboolean
find_room (WherryRelayHub *self, const char *name, WherryRelayRoom **out, WherrySignalError *code,
           GError **error)
{
  const WherryJoin join = { .room = name };
  g_autoptr (WherryRelayRoom) room = NULL;
  const char *text = NULL;

  *out = NULL;
  if (!g_hash_table_contains (self->rooms, name)
      && !wherry_relay_config_keeps_room (self->config, name))
    return TRUE;
  if (!wherry_relay_hub_check_limits (self, &join, code, &text))
    return refuse (code, *code, error, text);
  room = wherry_relay_room_get (self, name);
  if (room->members->len > 0 || room->kept)
    *out = g_steal_pointer (&room);
  return TRUE;
}

gboolean
wherry_relay_hub_publish (WherryRelayHub *self, const char *room, const char *topic,
                          WherryMessage *message, WherrySignalError *code, GError **error)
{
  WherryPublished published;
  WherryRoomTopic *found;
  g_autoptr (WherryRelayRoom) place = NULL;

  WHERRY_ASSERT_OWNER (self);
  if (!may_publish (self, room, topic, wherry_message_get_length (message), code, error)
      || !find_room (self, room, &place, code, error))
    return FALSE;
  if (place == NULL)
    return TRUE;
  found = ensure_topic (place, topic, code, error);
  if (found == NULL)
    return FALSE;
  if (wherry_gate_is_shut (found->gate))
    return refuse (code, WHERRY_SIGNAL_ERROR_RATE_LIMITED, error,
                   "a subscriber is behind: try again in a second");
  wherry_topic_publish (found->topic, NULL, message, found->gate, &published);
  return TRUE;
}
