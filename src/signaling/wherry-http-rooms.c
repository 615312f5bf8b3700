/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "signaling/wherry-http-request.h"
#include "signaling/wherry-http-rooms.h"
#include "wire/wherry-json.h"

/* A year: who is to stay away longer is kept out by a token. */
#define BAN_MAX_S (365 * 24 * 3600)

/* ---- lists ---- */

static void
answer_json (SoupServerMessage *message, WherryJsonWriter *writer)
{
  gsize length;
  char *text = wherry_json_writer_finish (writer, &length);

  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_TAKE, text, length);
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
}

static void
write_room (const WherryRoomView *view, WherryJsonWriter *writer)
{
  wherry_json_writer_string (writer, "room", view->name);
  wherry_json_writer_uint (writer, "members", view->members);
  wherry_json_writer_uint (writer, "connected", view->connected);
  wherry_json_writer_uint (writer, "topics", view->topics);
}

static void
add_room (const WherryRoomView *view, gpointer data)
{
  wherry_json_writer_begin_object (data, NULL);
  write_room (view, data);
  wherry_json_writer_end_object (data);
}

void
wherry_http_rooms_list (WherryRelayHub *relay, SoupServerMessage *message)
{
  WherryJsonWriter *writer = wherry_json_writer_new ();

  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_begin_array (writer, "rooms");
  wherry_relay_hub_foreach_room (relay, add_room, writer);
  wherry_json_writer_end_array (writer);
  wherry_json_writer_begin_object (writer, "counters");
  for (guint i = 0; i < WHERRY_N_COUNTERS; i++)
    wherry_json_writer_uint (writer, wherry_counter_get_name (i), wherry_counter_get (i));
  wherry_json_writer_end_object (writer);
  wherry_json_writer_end_object (writer);
  answer_json (message, writer);
}

/* What waits for a member on a topic, and what that topic's policies did to it. */
static void
add_outbox (WherryJsonWriter *writer, const WherryOutboxStats *stats)
{
  wherry_json_writer_begin_object (writer, NULL);
  if (stats->label != NULL)
    wherry_json_writer_string (writer, "topic", stats->label);
  if (stats->is_open)
    wherry_json_writer_string (writer, "policy", wherry_policy_names[stats->policy]);
  wherry_json_writer_uint (writer, "messages", stats->n_messages);
  wherry_json_writer_uint (writer, "bytes", stats->bytes);
  wherry_json_writer_uint (writer, "pauses", stats->counts.pauses);
  wherry_json_writer_int (writer, "pausedMs", stats->counts.paused_us / 1000);
  wherry_json_writer_begin_object (writer, "dropped");
  for (guint i = 0; i < WHERRY_N_POLICIES; i++)
    if (stats->counts.dropped[i] > 0)
      wherry_json_writer_uint (writer, wherry_policy_names[i], stats->counts.dropped[i]);
  wherry_json_writer_end_object (writer);
  wherry_json_writer_end_object (writer);
}

static void
add_member (WherryRelayMember *member, gpointer data)
{
  const char *name = wherry_relay_member_get_name (member);
  const char *address = wherry_relay_member_get_address (member);
  const char *path = wherry_relay_member_get_path (member);
  const char *attributes = wherry_relay_member_get_attributes (member);
  g_autoptr (GPtrArray) outboxes = wherry_relay_member_get_outboxes (member);

  wherry_json_writer_begin_object (data, NULL);
  wherry_json_writer_string (data, "peer", wherry_relay_member_get_id (member));
  if (name != NULL)
    wherry_json_writer_string (data, "name", name);
  if (address != NULL)
    wherry_json_writer_string (data, "address", address);
  wherry_json_writer_bool (data, "connected", wherry_relay_member_is_connected (member));
  if (path != NULL)
    wherry_json_writer_string (data, "path", path);
  if (attributes != NULL)
    wherry_json_writer_raw (data, "attributes", attributes, strlen (attributes));
  wherry_json_writer_uint (data, "queued", wherry_relay_member_get_queued (member));
  wherry_json_writer_begin_array (data, "topics");
  for (guint i = 0; i < outboxes->len; i++)
    add_outbox (data, g_ptr_array_index (outboxes, i));
  wherry_json_writer_end_array (data);
  wherry_json_writer_end_object (data);
}

static void
add_topic (const WherryTopicView *view, gpointer data)
{
  wherry_json_writer_begin_object (data, NULL);
  wherry_json_writer_string (data, "topic", view->label);
  wherry_json_writer_uint (data, "publishers", view->publishers);
  wherry_json_writer_uint (data, "subscribers", view->subscribers);
  wherry_json_writer_end_object (data);
}

void
wherry_http_rooms_show (WherryRelayHub *relay, SoupServerMessage *message, const char *room)
{
  WherryJsonWriter *writer;
  WherryRoomView view;

  if (!wherry_relay_hub_get_room (relay, room, &view))
    {
      wherry_http_answer (message, SOUP_STATUS_NOT_FOUND, "There is no such room");
      return;
    }
  writer = wherry_json_writer_new ();
  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_string (writer, "room", view.name);
  wherry_json_writer_begin_array (writer, "members");
  wherry_relay_hub_foreach_member (relay, room, add_member, writer);
  wherry_json_writer_end_array (writer);
  wherry_json_writer_begin_array (writer, "topics");
  wherry_relay_hub_foreach_topic (relay, room, add_topic, writer);
  wherry_json_writer_end_array (writer);
  wherry_json_writer_end_object (writer);
  answer_json (message, writer);
}

/* ---- kicks and bans ---- */

void
wherry_http_rooms_kick (WherryRelayHub *relay, SoupServerMessage *message,
                        const WherryHttpRoute *route, GHashTable *query)
{
  WherryRelayMember *member = wherry_relay_hub_lookup (relay, route->member);
  const char *ban = query != NULL ? g_hash_table_lookup (query, "ban") : NULL;
  guint64 seconds = 0;

  if (ban != NULL && !g_ascii_string_to_unsigned (ban, 10, 1, BAN_MAX_S, &seconds, NULL))
    {
      wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_BAD_MESSAGE,
                          "ban is a number of seconds, a year at most");
      return;
    }
  if (member == NULL || strcmp (wherry_relay_member_get_room (member), route->room) != 0)
    {
      wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_NO_SUCH_MEMBER, "No such member");
      return;
    }
  if (ban == NULL)
    {
      wherry_relay_member_leave (member, WHERRY_LEAVE_KICKED);
      wherry_http_answer (message, SOUP_STATUS_OK, "kicked");
    }
  else if (wherry_relay_member_ban (member, (gint64) seconds * G_USEC_PER_SEC))
    wherry_http_answer (message, SOUP_STATUS_OK, "banned");
  else
    wherry_http_answer (message, SOUP_STATUS_OK,
                        "kicked, not banned: it has no address or name to be known by, or too many "
                        "are banned");
}

/* ---- speaking ---- */

static gboolean
is_text (const char *type)
{
  return type != NULL
         && (g_ascii_strncasecmp (type, "text/", 5) == 0
             || g_ascii_strcasecmp (type, "application/json") == 0);
}

void
wherry_http_rooms_publish (WherryRelayHub *relay, SoupServerMessage *message,
                           const WherryHttpRoute *route)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  g_autoptr (GHashTable) params = NULL;
  const char *type = soup_message_headers_get_content_type (headers, &params);
  const char *charset = params != NULL ? g_hash_table_lookup (params, "charset") : NULL;
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  g_autoptr (WherryMessage) said = NULL;
  g_autoptr (GError) error = NULL;
  WherrySignalError code = WHERRY_SIGNAL_ERROR_INTERNAL;
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  if (is_text (type) && charset != NULL && g_ascii_strcasecmp (charset, "utf-8") != 0)
    {
      wherry_http_answer (message, SOUP_STATUS_UNSUPPORTED_MEDIA_TYPE, "Text is UTF-8 here");
      return;
    }
  if (is_text (type) && !g_utf8_validate_len (data != NULL ? data : "", length, NULL))
    {
      wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_BAD_MESSAGE, "The text is not UTF-8");
      return;
    }
  said = wherry_message_new (is_text (type) ? WHERRY_MESSAGE_TEXT : WHERRY_MESSAGE_BINARY,
                             (const guint8 *) data, length, wherry_relay_hub_get_budget (relay));
  if (wherry_relay_hub_publish (relay, route->room, route->topic, said, &code, &error))
    soup_server_message_set_status (message, SOUP_STATUS_ACCEPTED, NULL);
  else
    wherry_http_refuse (message, code, error->message);
}
