/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "signaling/wherry-http-api-private.h"
#include "signaling/wherry-client-origin.h"
#include "signaling/wherry-http-request.h"
#include "signaling/wherry-http-rights.h"

/* What is refused when the headers of a request are read, before its body is. */

static const char *
methods_of (WherryHttpResource resource)
{
  switch (resource)
    {
    case WHERRY_HTTP_ROOMS:
    case WHERRY_HTTP_ROOM:
      return "GET, HEAD, OPTIONS";
    case WHERRY_HTTP_MEMBERS:
    case WHERRY_HTTP_TOPIC:
      return "POST, OPTIONS";
    case WHERRY_HTTP_MEMBER:
      return "DELETE, OPTIONS";
    case WHERRY_HTTP_SESSION:
      return "PATCH, DELETE, OPTIONS";
    case WHERRY_HTTP_NOWHERE:
    case WHERRY_HTTP_MALFORMED:
    default:
      return "";
    }
}

static gsize
body_max (WherryHttpApi *self, WherryHttpResource resource)
{
  switch (resource)
    {
    case WHERRY_HTTP_MEMBERS:
    case WHERRY_HTTP_SESSION:
      return WHERRY_SDP_MAX;
    case WHERRY_HTTP_TOPIC:
      return wherry_relay_hub_get_config (self->config.relay)->max_message_size;
    case WHERRY_HTTP_ROOMS:
    case WHERRY_HTTP_ROOM:
    case WHERRY_HTTP_MEMBER:
    case WHERRY_HTTP_NOWHERE:
    case WHERRY_HTTP_MALFORMED:
    default:
      return 0;
    }
}

static gboolean
check_method (SoupServerMessage *message, WherryHttpResource resource)
{
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);
  const char *method = soup_server_message_get_method (message);
  const char *methods = methods_of (resource);
  g_auto (GStrv) known = g_strsplit (methods, ", ", -1);

  if (g_str_equal (method, "OPTIONS"))
    {
      if (resource == WHERRY_HTTP_MEMBERS)
        soup_message_headers_replace (response, "Accept-Post", WHERRY_SDP_TYPE);
      if (resource == WHERRY_HTTP_SESSION)
        soup_message_headers_replace (response, "Accept-Patch", WHERRY_SDPFRAG_TYPE);
      wherry_http_answer_options (message, methods);
      return FALSE;
    }
  if (g_strv_contains ((const char *const *) known, method))
    return TRUE;
  soup_message_headers_replace (response, "Allow", methods);
  wherry_http_answer (message, SOUP_STATUS_METHOD_NOT_ALLOWED, "That is not done here (see Allow)");
  return FALSE;
}

static gboolean
check_type (SoupServerMessage *message, const char *type)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *came = soup_message_headers_get_content_type (headers, NULL);
  g_autofree char *text = NULL;

  if (came != NULL && g_ascii_strcasecmp (came, type) == 0)
    return TRUE;
  wherry_counter_inc (WHERRY_COUNTER_BAD_MESSAGES);
  text = g_strconcat ("The Content-Type here is ", type, NULL);
  wherry_http_answer (message, SOUP_STATUS_UNSUPPORTED_MEDIA_TYPE, text);
  return FALSE;
}

/* RFC 9110 section 13.1.1, RFC 9725 section 4.3: a client says which ICE session it means. */
static gboolean
check_if_match (SoupServerMessage *message, const char *etag)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *list = soup_message_headers_get_list (headers, "If-Match");
  g_auto (GStrv) tags = NULL;

  if (list == NULL)
    {
      wherry_http_answer (message, 428 /* Precondition Required, RFC 6585 section 3 */,
                          "If-Match with the ETag of the last answer is needed");
      return FALSE;
    }
  tags = g_strsplit (list, ",", 16);
  for (guint i = 0; tags[i] != NULL; i++)
    {
      const char *tag = g_strstrip (tags[i]);

      if (g_str_equal (tag, "*") || g_str_equal (tag, etag))
        return TRUE;
    }
  wherry_http_answer (message, SOUP_STATUS_PRECONDITION_FAILED,
                      "That is not the ETag of this member's ICE session");
  return FALSE;
}

/* The member that a secret is of; NULL: it was refused, by the same words whatever was wrong. */
static WherryHttpEntry *
find_entry (WherryHttpApi *self, WherryHttpRequest *request)
{
  g_autoptr (GBytes) key = wherry_http_api_hash (request->route->member);
  WherryHttpEntry *entry = g_hash_table_lookup (self->entries, key);

  if (entry != NULL
      && g_str_equal (wherry_http_member_get_room (entry->member), request->route->room))
    {
      g_clear_pointer (&request->key, g_bytes_unref);
      request->key = g_steal_pointer (&key);
      return entry;
    }
  if (wherry_join_limit_take (self->guesses,
                              wherry_client_origin_get (request->message, NULL)->address,
                              wherry_clock_now_us (self->config.clock)))
    wherry_http_refuse (request->message, WHERRY_SIGNAL_ERROR_NO_SUCH_MEMBER, "No such member");
  else
    wherry_http_refuse (request->message, WHERRY_SIGNAL_ERROR_RATE_LIMITED,
                        "Too many wrong addresses of members: try again in a second");
  return NULL;
}

static gboolean
check_session (WherryHttpApi *self, WherryHttpRequest *request)
{
  WherryHttpEntry *entry = find_entry (self, request);

  if (entry == NULL)
    return FALSE;
  if (!g_str_equal (soup_server_message_get_method (request->message), "PATCH"))
    return TRUE;
  return check_type (request->message, WHERRY_SDPFRAG_TYPE)
         && check_if_match (request->message, wherry_http_member_get_etag (entry->member));
}

static gboolean
check_resource (WherryHttpApi *self, WherryHttpRequest *request)
{
  switch (request->route->resource)
    {
    case WHERRY_HTTP_MEMBERS:
      if (!self->draining)
        return check_type (request->message, WHERRY_SDP_TYPE)
               && wherry_http_rights_admit (self->config.admission, request->message,
                                            &request->grant);
      wherry_http_refuse (request->message, WHERRY_SIGNAL_ERROR_SHUTTING_DOWN, "Shutting down");
      return FALSE;
    case WHERRY_HTTP_SESSION:
      return check_session (self, request);
    case WHERRY_HTTP_ROOMS:
    case WHERRY_HTTP_ROOM:
    case WHERRY_HTTP_MEMBER:
    case WHERRY_HTTP_TOPIC:
      return wherry_http_rights_check (self->config.admission, self->config.relay, request->message,
                                       request->route);
    case WHERRY_HTTP_NOWHERE:
    case WHERRY_HTTP_MALFORMED:
    default:
      return FALSE;
    }
}

static gboolean
check_route (SoupServerMessage *message, const WherryHttpRoute *route)
{
  if (route->resource == WHERRY_HTTP_MALFORMED)
    wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_BAD_MESSAGE,
                        "A percent escape in the path is malformed, or no UTF-8");
  else if (route->resource == WHERRY_HTTP_NOWHERE)
    wherry_http_answer (message, SOUP_STATUS_NOT_FOUND, "There is nothing here");
  else if (route->room != NULL && !wherry_signal_room_is_valid (route->room))
    wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_BAD_ROOM,
                        "A room's name has 1 to 128 bytes of UTF-8 without control characters or "
                        "/");
  else
    return TRUE;
  return FALSE;
}

/* Bodies that come at once are bounded by their number and size, and count where everything does.
 */
static gboolean
check_budget (WherryHttpApi *self, SoupServerMessage *message, gsize most)
{
  WherryBudget *budget = wherry_relay_hub_get_budget (self->config.relay);

  if (most == 0 || budget == NULL || !wherry_budget_is_over (budget))
    return TRUE;
  wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_SERVER_FULL,
                      "The server holds as much as it may: try again");
  return FALSE;
}

static gboolean
check_announced (SoupServerMessage *message, gsize most)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  if (soup_message_headers_get_encoding (headers) != SOUP_ENCODING_CONTENT_LENGTH
      || soup_message_headers_get_content_length (headers) <= (goffset) most)
    return TRUE;
  wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_TOO_LARGE, "The body is too large");
  return FALSE;
}

void
wherry_http_api_check (WherryHttpApi *self, SoupServerMessage *message, const char *path)
{
  WherryHttpRequest *request = g_new0 (WherryHttpRequest, 1);
  gsize most;

  request->api = self;
  request->message = message;
  request->route = wherry_http_route_parse (path);
  g_object_set_data_full (G_OBJECT (message), "wherry-request", request, wherry_http_request_free);
  most = body_max (self, request->route->resource);
  if (!wherry_http_check_length (message, most + WHERRY_HTTP_DISCARD_MAX, TRUE))
    return;
  wherry_http_bound_body (message, most, wherry_relay_hub_get_budget (self->config.relay));
  if (!wherry_http_check_origin (message, self->config.hosts, self->config.origins))
    return;
  wherry_http_allow_origin (message);
  if (!check_route (message, request->route) || !check_method (message, request->route->resource)
      || !check_resource (self, request) || !check_announced (message, most)
      || !check_budget (self, message, most))
    /* what comes is read, so that the sender hears us, and forgotten */
    soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
}
