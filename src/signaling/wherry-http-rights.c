/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-http-rights.h"

#include <string.h>

#include "signaling/wherry-client-origin.h"
#include "signaling/wherry-http-request.h"

#define SCHEME "Bearer "

/* RFC 6750 section 2.1. What is another scheme is a token that no key has signed. (nullable) */
static const char *
find_token (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *value = soup_message_headers_get_list (headers, "Authorization");

  if (value == NULL || g_ascii_strncasecmp (value, SCHEME, strlen (SCHEME)) != 0)
    return value;
  return value + strlen (SCHEME);
}

gboolean
wherry_http_rights_admit (WherryAdmission *admission, SoupServerMessage *message,
                          WherryGrant **grant)
{
  const char *token = find_token (message);
  WherrySignalError code = WHERRY_SIGNAL_ERROR_UNAUTHORIZED;
  const char *text = "This server has no key to check a token with";

  *grant = NULL;
  if (admission == NULL && token == NULL)
    return TRUE;
  if (admission != NULL
      && wherry_admission_check (admission, wherry_client_origin_get (message, NULL), token, grant,
                                 &code, &text))
    return TRUE;
  wherry_http_refuse (message, code, text);
  return FALSE;
}

static gboolean
check_open (SoupServerMessage *message)
{
  if (find_token (message) != NULL)
    wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_UNAUTHORIZED,
                        "This server has no key to check a token with");
  else if (!wherry_client_origin_get (message, NULL)->is_local)
    wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_FORBIDDEN,
                        "Without tokens that is for programs on the server's own machine");
  else
    return TRUE;
  return FALSE;
}

static gboolean
may_speak (WherryRelayHub *relay, SoupServerMessage *message, WherryGrant *grant,
           const WherryHttpRoute *route)
{
  const WherryBanned who = {
    .subject = wherry_grant_get_subject (grant),
    .address = wherry_client_origin_get (message, NULL)->address,
    .room = route->room,
  };

  return wherry_grant_may_join (grant, route->room)
         && wherry_grant_may_publish (grant, route->topic)
         && !wherry_relay_hub_has_banned (relay, &who);
}

gboolean
wherry_http_rights_check (WherryAdmission *admission, WherryRelayHub *relay,
                          SoupServerMessage *message, const WherryHttpRoute *route)
{
  g_autoptr (WherryGrant) grant = NULL;

  if (admission == NULL || !wherry_admission_has_keys (admission))
    return check_open (message);
  if (!wherry_http_rights_admit (admission, message, &grant))
    return FALSE;
  if (wherry_grant_is_admin (grant)
      || (route->resource == WHERRY_HTTP_TOPIC && may_speak (relay, message, grant, route)))
    return TRUE;
  wherry_http_refuse (message, WHERRY_SIGNAL_ERROR_FORBIDDEN, "Your token does not allow that");
  return FALSE;
}
