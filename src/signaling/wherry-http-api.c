/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "signaling/wherry-client-origin.h"
#include "signaling/wherry-http-api-private.h"
#include "signaling/wherry-http-join.h"
#include "signaling/wherry-http-request.h"
#include "signaling/wherry-http-rooms.h"
#include "signaling/wherry-ice-server-list.h"

/* 128 bits that nobody guesses (data/docs/protocol.md section 2). */
#define SECRET_BYTES 16u

static void
entry_free (gpointer data)
{
  WherryHttpEntry *entry = data;

  wherry_http_member_free (entry->member);
  g_bytes_unref (entry->key);
  g_free (entry);
}

void
wherry_http_request_free (gpointer data)
{
  WherryHttpRequest *request = data;

  wherry_http_route_free (request->route);
  g_clear_pointer (&request->key, g_bytes_unref);
  g_clear_pointer (&request->grant, wherry_grant_unref);
  g_free (request->location);
  g_free (request);
}

GBytes *
wherry_http_api_hash (const char *secret)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;

  g_checksum_update (sum, (const guchar *) secret, -1);
  g_checksum_get_digest (sum, digest, &length);
  return g_bytes_new (digest, length);
}

/* (transfer full) (nullable): the system gives none */
static char *
make_secret (void)
{
  guint8 bytes[SECRET_BYTES];
  GString *text;

  if (getentropy (bytes, sizeof bytes) != 0)
    return NULL;
  text = g_string_sized_new (2 * sizeof bytes);
  for (gsize i = 0; i < sizeof bytes; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  return g_string_free (text, FALSE);
}

/* ---- answers that have to wait ---- */

static void
on_finished (SoupServerMessage *message, gpointer user_data)
{
  WherryHttpRequest *request = user_data;

  request->is_gone = TRUE;
}

static void
begin_waiting (WherryHttpRequest *request)
{
  wherry_http_listener_set_phase (request->api->config.listener,
                                  wherry_http_get_stream (request->message), WHERRY_HTTP_WAITING);
  g_hash_table_add (request->api->waiting, request);
  g_signal_connect (g_object_ref (request->message), "finished", G_CALLBACK (on_finished), request);
  soup_server_message_pause (request->message);
}

/* Its answer is set. request is gone when the message is. */
static void
end_waiting (WherryHttpRequest *request)
{
  g_autoptr (SoupServerMessage) message = request->message; /* begin_waiting()'s reference */

  g_hash_table_remove (request->api->waiting, request);
  g_signal_handlers_disconnect_by_data (message, request);
  if (!request->is_gone)
    soup_server_message_unpause (message);
}

static void
set_body (SoupServerMessage *message, guint status, const char *type, const char *text)
{
  soup_server_message_set_response (message, type, SOUP_MEMORY_COPY, text, strlen (text));
  soup_server_message_set_status (message, status, NULL);
}

static void
append_links (WherryHttpApi *self, SoupMessageHeaders *response, WherryHttpMember *member)
{
  g_auto (WherryIceServerList) list = { 0 };
  g_autoptr (GPtrArray) links = NULL;

  wherry_ice_server_list_init (&list, wherry_relay_hub_get_config (self->config.relay),
                               wherry_http_member_get_member (member));
  links = wherry_ice_server_list_to_links (&list);
  for (guint i = 0; i < links->len; i++)
    soup_message_headers_append (response, "Link", links->pdata[i]);
}

static void
on_joined (gpointer data, WherrySignalError code, const char *text)
{
  WherryHttpRequest *request = data;
  SoupMessageHeaders *response = soup_server_message_get_response_headers (request->message);
  WherryHttpEntry *entry = g_hash_table_lookup (request->api->entries, request->key);

  if (code == WHERRY_SIGNAL_ERROR_NONE)
    {
      soup_message_headers_replace (response, "Location", request->location);
      soup_message_headers_replace (response, "ETag", wherry_http_member_get_etag (entry->member));
      soup_message_headers_replace (response, "Wherry-Member",
                                    wherry_http_member_get_id (entry->member));
      append_links (request->api, response, entry->member);
      set_body (request->message, SOUP_STATUS_CREATED, WHERRY_SDP_TYPE, text);
    }
  else
    wherry_http_refuse (request->message, code, text);
  end_waiting (request);
}

static void
on_restarted (gpointer data, WherrySignalError code, const char *text)
{
  WherryHttpRequest *request = data;
  SoupMessageHeaders *response = soup_server_message_get_response_headers (request->message);
  WherryHttpEntry *entry = g_hash_table_lookup (request->api->entries, request->key);

  if (code == WHERRY_SIGNAL_ERROR_NONE)
    {
      soup_message_headers_replace (response, "ETag", wherry_http_member_get_etag (entry->member));
      set_body (request->message, SOUP_STATUS_OK, WHERRY_SDPFRAG_TYPE, text);
    }
  else
    wherry_http_refuse (request->message, code, text);
  end_waiting (request);
}

/* ---- requests ---- */

static void
on_gone (WherryHttpMember *member, gpointer user_data)
{
  WherryHttpEntry *entry = user_data;

  g_hash_table_remove (entry->api->entries, entry->key);
}

/* (transfer full) (nullable) */
static WherryMessage *
make_will (WherryHttpApi *self, const WherrySignal *signal)
{
  if (signal->will == NULL)
    return NULL;
  return wherry_message_new_bytes (signal->will->is_text ? WHERRY_MESSAGE_TEXT
                                                         : WHERRY_MESSAGE_BINARY,
                                   signal->will->data,
                                   wherry_relay_hub_get_budget (self->config.relay));
}

/* NULL: it was refused. */
static WherryHttpEntry *
add_entry (WherryHttpApi *self, WherryHttpRequest *request, const WherryHttpJoin *wish)
{
  g_autofree char *secret = make_secret ();
  g_autofree char *room = g_uri_escape_string (request->route->room, NULL, FALSE);
  WherrySignalError code = WHERRY_SIGNAL_ERROR_INTERNAL;
  g_autoptr (GError) error = NULL;
  WherryHttpEntry *entry = g_new0 (WherryHttpEntry, 1);
  g_autoptr (WherryMessage) will = make_will (self, wish->join);
  WherryJoin join = {
    .room = request->route->room,
    .name = wish->join->name,
    .mirror = wish->join->mirror,
    .history = wish->join->history,
    .attributes = wish->join->attributes,
    .will = will,
    .will_topic = will != NULL ? wish->join->will->topic : NULL,
    .address = wherry_client_origin_get (request->message, NULL)->address,
    .grant = request->grant,
  };

  entry->api = self;
  if (secret != NULL)
    entry->member = wherry_http_member_new (self->config.relay, &join, self->config.clock, on_gone,
                                            entry, &code, &error);
  if (entry->member == NULL)
    {
      wherry_http_refuse (request->message, code, error != NULL ? error->message : "No entropy");
      g_free (entry);
      return NULL;
    }
  entry->key = wherry_http_api_hash (secret);
  request->key = g_bytes_ref (entry->key);
  request->location = g_strdup_printf ("/rooms/%s/members/%s", room, secret);
  g_hash_table_insert (self->entries, entry->key, entry);
  return entry;
}

static void
handle_offer (WherryHttpApi *self, WherryHttpRequest *request, GHashTable *query)
{
  SoupServerMessage *message = request->message;
  const char *address = wherry_client_origin_get (message, NULL)->address;
  g_autoptr (WherryHttpJoin) wish = NULL;
  g_autoptr (GError) error = NULL;
  WherrySignalError code = WHERRY_SIGNAL_ERROR_BAD_SDP;
  WherryHttpEntry *entry;

  if (!wherry_join_limit_take (self->config.joins, address,
                               wherry_clock_now_us (self->config.clock)))
    {
      wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_RATE_LIMITED,
                          "Too many joins from your address: try again in a second");
      return;
    }
  wish = wherry_http_join_parse (message, request->route->room, query,
                                 wherry_relay_hub_get_config (self->config.relay), &code, &error);
  if (wish == NULL)
    {
      wherry_http_refuse (message, code, error->message);
      return;
    }
  entry = add_entry (self, request, wish);
  if (entry == NULL)
    return;

  if (wherry_http_member_offer (entry->member, g_steal_pointer (&wish->offer),
                                (const WherryChannelInit *) (gpointer) wish->channels->data,
                                wish->channels->len, on_joined, request, &code, &error))
    {
      begin_waiting (request);
      return;
    }
  wherry_http_refuse (message, code, error != NULL ? error->message : "Could not take the offer");
  wherry_http_member_leave (entry->member); /* nobody was told of it */
}

static void
handle_patch (WherryHttpApi *self, WherryHttpRequest *request, WherryHttpEntry *entry)
{
  g_autoptr (GBytes) body
      = soup_message_body_flatten (soup_server_message_get_request_body (request->message));
  gsize length = g_bytes_get_size (body);
  g_autoptr (WherrySdpFrag) fragment = NULL;
  g_autoptr (GError) error = NULL;
  WherrySignalError code = WHERRY_SIGNAL_ERROR_BAD_SDP;

  if (!wherry_http_member_charge (entry->member, length))
    {
      wherry_http_refuse (request->message, WHERRY_SIGNAL_ERROR_RATE_LIMITED,
                          "Too many fragments: slow down and send it again");
      return;
    }
  fragment = wherry_sdpfrag_parse (length > 0 ? g_bytes_get_data (body, NULL) : "", length, &error);
  if (fragment == NULL)
    {
      wherry_http_refuse (request->message, WHERRY_SIGNAL_ERROR_BAD_SDP, error->message);
      return;
    }
  switch (wherry_http_member_patch (entry->member, fragment, on_restarted, request, &code, &error))
    {
    case WHERRY_HTTP_RESTARTING:
      begin_waiting (request);
      break;
    case WHERRY_HTTP_TRICKLED:
      soup_server_message_set_status (request->message, SOUP_STATUS_NO_CONTENT, NULL);
      break;
    case WHERRY_HTTP_REFUSED:
    default:
      wherry_http_refuse (request->message, code,
                          error != NULL ? error->message : "Could not restart ICE");
      break;
    }
}

static void
handle_session (WherryHttpApi *self, WherryHttpRequest *request)
{
  WherryHttpEntry *entry = g_hash_table_lookup (self->entries, request->key);

  if (entry == NULL) /* it left while the body came */
    wherry_http_refuse (request->message, WHERRY_SIGNAL_ERROR_NO_SUCH_MEMBER, "No such member");
  else if (g_str_equal (soup_server_message_get_method (request->message), "PATCH"))
    handle_patch (self, request, entry);
  else
    {
      wherry_http_member_leave (entry->member);
      wherry_http_answer (request->message, SOUP_STATUS_OK, "left");
    }
}

void
wherry_http_api_handle (WherryHttpApi *self, SoupServerMessage *message, GHashTable *query)
{
  WherryHttpRequest *request = g_object_get_data (G_OBJECT (message), "wherry-request");
  WherryRelayHub *relay = self->config.relay;

  if (wherry_http_is_too_large (message))
    {
      wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_TOO_LARGE, "The body is too large");
      return;
    }
  switch (request->route->resource)
    {
    case WHERRY_HTTP_ROOMS:
      wherry_http_rooms_list (relay, message);
      break;
    case WHERRY_HTTP_ROOM:
      wherry_http_rooms_show (relay, message, request->route->room);
      break;
    case WHERRY_HTTP_MEMBERS:
      handle_offer (self, request, query);
      break;
    case WHERRY_HTTP_MEMBER:
      wherry_http_rooms_kick (relay, message, request->route, query);
      break;
    case WHERRY_HTTP_SESSION:
      handle_session (self, request);
      break;
    case WHERRY_HTTP_TOPIC:
      wherry_http_rooms_publish (relay, message, request->route);
      break;
    case WHERRY_HTTP_NOWHERE:
    case WHERRY_HTTP_MALFORMED:
    default:
      wherry_bug ("A request that was to be refused came through");
      soup_server_message_set_status (message, SOUP_STATUS_INTERNAL_SERVER_ERROR, NULL);
      break;
    }
}

/* ---- life ---- */

WherryHttpApi *
wherry_http_api_new (const WherryHttpApiConfig *config)
{
  WherryHttpApi *self = g_new0 (WherryHttpApi, 1);

  self->config = *config;
  self->guesses = wherry_join_limit_new (WHERRY_HTTP_GUESSES);
  self->entries = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, NULL, entry_free);
  self->waiting = g_hash_table_new (NULL, NULL);
  return self;
}

void
wherry_http_api_free (WherryHttpApi *self)
{
  g_autoptr (GList) waiting = g_hash_table_get_keys (self->waiting);

  for (GList *l = waiting; l != NULL; l = l->next)
    {
      WherryHttpRequest *request = l->data;

      wherry_http_refuse (request->message, WHERRY_SIGNAL_ERROR_SHUTTING_DOWN, "Shutting down");
      end_waiting (request);
    }
  g_hash_table_unref (self->entries);
  g_hash_table_unref (self->waiting);
  wherry_join_limit_free (self->guesses);
  g_free (self);
}

void
wherry_http_api_drain (WherryHttpApi *self)
{
  self->draining = TRUE;
}

guint
wherry_http_api_get_n_members (WherryHttpApi *self)
{
  return g_hash_table_size (self->entries);
}
