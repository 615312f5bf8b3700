/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "signaling/wherry-http-request.h"

/* How long a browser may remember what OPTIONS said, in seconds: longer than a call, shorter than
 * an administrator's patience. */
#define PREFLIGHT_MAX_AGE "600"
/* What scripts of other origins may see of an answer, and send. */
#define EXPOSED_HEADERS                                                                            \
  "Location, ETag, Link, Retry-After, WWW-Authenticate, Wherry-Error, Wherry-Member"
#define ALLOWED_HEADERS "Authorization, Content-Type, If-Match, Wherry-Channels"

WherryCountedStream *
wherry_http_get_stream (SoupServerMessage *message)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (message);

  return remote != NULL ? g_object_get_data (G_OBJECT (remote), "wherry-stream") : NULL;
}

void
wherry_http_answer (SoupServerMessage *message, guint status, const char *text)
{
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  soup_server_message_set_response (message, "text/plain; charset=utf-8", SOUP_MEMORY_COPY, line,
                                    strlen (line));
  soup_server_message_set_status (message, status, NULL);
}

static guint
status_of (WherrySignalError code)
{
  switch (code)
    {
    case WHERRY_SIGNAL_ERROR_BAD_MESSAGE:
    case WHERRY_SIGNAL_ERROR_UNKNOWN_TYPE:
    case WHERRY_SIGNAL_ERROR_BAD_ROOM:
    case WHERRY_SIGNAL_ERROR_BAD_SDP:
    case WHERRY_SIGNAL_ERROR_BAD_CANDIDATE:
      return SOUP_STATUS_BAD_REQUEST;
    case WHERRY_SIGNAL_ERROR_UNAUTHORIZED:
      return SOUP_STATUS_UNAUTHORIZED;
    case WHERRY_SIGNAL_ERROR_FORBIDDEN:
      return SOUP_STATUS_FORBIDDEN;
    case WHERRY_SIGNAL_ERROR_NOT_JOINED:
    case WHERRY_SIGNAL_ERROR_NO_SUCH_MEMBER:
      return SOUP_STATUS_NOT_FOUND;
    case WHERRY_SIGNAL_ERROR_ROOM_FULL:
    case WHERRY_SIGNAL_ERROR_ALREADY_JOINED:
    case WHERRY_SIGNAL_ERROR_RESUME_REFUSED:
      return SOUP_STATUS_CONFLICT;
    case WHERRY_SIGNAL_ERROR_TOO_LARGE:
      return SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE;
    case WHERRY_SIGNAL_ERROR_RATE_LIMITED:
      return 429; /* Too Many Requests, RFC 6585 section 4 */
    case WHERRY_SIGNAL_ERROR_SERVER_FULL:
    case WHERRY_SIGNAL_ERROR_SHUTTING_DOWN:
      return SOUP_STATUS_SERVICE_UNAVAILABLE;
    case WHERRY_SIGNAL_ERROR_NONE:
    case WHERRY_SIGNAL_ERROR_INTERNAL:
    default:
      return SOUP_STATUS_INTERNAL_SERVER_ERROR;
    }
}

void
wherry_http_refuse (SoupServerMessage *message, WherrySignalError code, const char *text)
{
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);
  guint status = status_of (code);

  if (status == SOUP_STATUS_BAD_REQUEST || status == SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE)
    wherry_counter_inc (WHERRY_COUNTER_BAD_MESSAGES);
  if (code == WHERRY_SIGNAL_ERROR_RATE_LIMITED)
    wherry_counter_inc (WHERRY_COUNTER_RATE_LIMITED);
  if (code == WHERRY_SIGNAL_ERROR_RATE_LIMITED || status == SOUP_STATUS_SERVICE_UNAVAILABLE)
    soup_message_headers_replace (response, "Retry-After", "1");
  if (code == WHERRY_SIGNAL_ERROR_UNAUTHORIZED)
    soup_message_headers_replace (response, "WWW-Authenticate", "Bearer");
  if (code == WHERRY_SIGNAL_ERROR_FORBIDDEN) /* RFC 6750 section 3.1 */
    soup_message_headers_replace (response, "WWW-Authenticate",
                                  "Bearer error=\"insufficient_scope\"");
  soup_message_headers_replace (response, "Wherry-Error", wherry_signal_error_to_string (code));
  wherry_http_answer (message, status, text);
}

/* ---- who asks ---- */

gboolean
wherry_http_check_origin (SoupServerMessage *message, const WherryOriginPolicy *hosts,
                          const WherryOriginPolicy *origins)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  /* _list: a header that came twice must not match by one of its values */
  const char *host = soup_message_headers_get_list (headers, "Host");
  const char *origin = soup_message_headers_get_list (headers, "Origin");
  /* a request line with a whole URI counts more than Host (RFC 9112 section 3.2.2) */
  const char *uri_host = g_uri_get_host (soup_server_message_get_uri (message));
  gboolean is_ipv6 = uri_host != NULL && strchr (uri_host, ':') != NULL;
  g_autofree char *asked = g_strconcat (is_ipv6 ? "[" : "", uri_host != NULL ? uri_host : "",
                                        is_ipv6 ? "]" : "", NULL);
  GSocketAddress *local = soup_server_message_get_local_address (message);

  if (!wherry_origin_policy_check_host (hosts, host, local)
      || !wherry_origin_policy_check_host (hosts, asked, local))
    {
      wherry_counter_inc (WHERRY_COUNTER_BAD_ORIGIN);
      wherry_http_answer (message, SOUP_STATUS_FORBIDDEN,
                          "This server is not known by that name (see allowed-host)");
      return FALSE;
    }
  if (!wherry_origin_policy_check_origin (origins, origin, host))
    {
      wherry_counter_inc (WHERRY_COUNTER_BAD_ORIGIN);
      wherry_http_answer (message, SOUP_STATUS_FORBIDDEN,
                          "Pages of that origin may not talk to this server (see allowed-origin)");
      return FALSE;
    }
  return TRUE;
}

void
wherry_http_allow_origin (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);
  const char *origin = soup_message_headers_get_list (headers, "Origin");

  soup_message_headers_replace (response, "Vary", "Origin");
  if (origin == NULL)
    return;
  soup_message_headers_replace (response, "Access-Control-Allow-Origin", origin);
  soup_message_headers_replace (response, "Access-Control-Expose-Headers", EXPOSED_HEADERS);
}

void
wherry_http_answer_options (SoupServerMessage *message, const char *methods)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);

  soup_message_headers_replace (response, "Allow", methods);
  if (soup_message_headers_get_list (headers, "Access-Control-Request-Method") != NULL)
    {
      soup_message_headers_replace (response, "Access-Control-Allow-Methods", methods);
      soup_message_headers_replace (response, "Access-Control-Allow-Headers", ALLOWED_HEADERS);
      soup_message_headers_replace (response, "Access-Control-Max-Age", PREFLIGHT_MAX_AGE);
    }
  /* a public page that asks a machine of the local network (Private Network Access) */
  if (soup_message_headers_get_list (headers, "Access-Control-Request-Private-Network") != NULL)
    soup_message_headers_replace (response, "Access-Control-Allow-Private-Network", "true");
  soup_server_message_set_status (message, SOUP_STATUS_NO_CONTENT, NULL);
}

/* ---- bodies ---- */

gboolean
wherry_http_check_length (SoupServerMessage *message, gsize most, gboolean may_be_chunked)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  SoupEncoding encoding = soup_message_headers_get_encoding (headers);
  WherryCountedStream *stream = wherry_http_get_stream (message);

  if (encoding == SOUP_ENCODING_NONE || (may_be_chunked && encoding == SOUP_ENCODING_CHUNKED)
      || (encoding == SOUP_ENCODING_CONTENT_LENGTH
          && soup_message_headers_get_content_length (headers) <= (goffset) most))
    return TRUE;

  wherry_counted_stream_write_last (stream, "HTTP/1.1 413 Content Too Large\r\n"
                                            "Content-Length: 0\r\nConnection: close\r\n\r\n");
  wherry_counted_stream_abort (stream);
  return FALSE;
}

typedef struct
{
  gsize most;
  gsize length;
  gsize charged;
  WherryBudget *budget; /* NULL: none */
} BodyBound;

static void
body_bound_free (gpointer data)
{
  BodyBound *bound = data;

  if (bound->budget != NULL)
    wherry_budget_release (bound->budget, bound->charged);
  g_clear_pointer (&bound->budget, wherry_budget_unref);
  g_free (bound);
}

static void
on_chunk (SoupServerMessage *message, GBytes *chunk, gpointer user_data)
{
  BodyBound *bound = user_data;
  SoupMessageBody *body = soup_server_message_get_request_body (message);

  bound->length += g_bytes_get_size (chunk);
  if (bound->length <= bound->most)
    {
      if (bound->budget != NULL && soup_message_body_get_accumulate (body))
        {
          bound->charged += g_bytes_get_size (chunk);
          wherry_budget_charge (bound->budget, g_bytes_get_size (chunk));
        }
      return;
    }
  soup_message_body_set_accumulate (body, FALSE);
  soup_message_body_truncate (body);
}

void
wherry_http_bound_body (SoupServerMessage *message, gsize most, WherryBudget *budget)
{
  BodyBound *bound = g_new0 (BodyBound, 1);

  bound->most = most;
  bound->budget = budget != NULL ? wherry_budget_ref (budget) : NULL;
  g_object_set_data_full (G_OBJECT (message), "wherry-body", bound, body_bound_free);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_chunk), bound);
  if (most == 0)
    soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  /* twice: chunks of one byte take six */
  wherry_counted_stream_set_read_limit (wherry_http_get_stream (message),
                                        2 * most + WHERRY_HTTP_DISCARD_MAX);
}

gboolean
wherry_http_is_too_large (SoupServerMessage *message)
{
  const BodyBound *bound = g_object_get_data (G_OBJECT (message), "wherry-body");

  return bound != NULL && bound->length > bound->most;
}
