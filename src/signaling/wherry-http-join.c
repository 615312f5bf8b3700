/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "signaling/wherry-http-join.h"
#include "signaling/wherry-negotiated-channels.h"
#include "wire/wherry-json.h"

/* A join and a declaration of channels are written as the messages that they are on a socket, and
 * parsed as those: there is one set of rules for what they may hold. */

void
wherry_http_join_free (WherryHttpJoin *self)
{
  g_clear_pointer (&self->offer, wherry_sdp_free);
  g_clear_pointer (&self->join, wherry_signal_free);
  g_clear_pointer (&self->declared, wherry_signal_free);
  g_clear_pointer (&self->channels, g_array_unref);
  g_free (self);
}

static gboolean
fail (WherrySignalError *out, WherrySignalError code, GError **error, const char *text)
{
  *out = code;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, text);
  return FALSE;
}

/* (transfer full) (nullable) */
static WherrySignal *
parse_message (const char *text, gsize length, WherrySignalError *code, GError **error)
{
  g_auto (WherrySignalProblem) problem = { 0 };
  WherrySignal *signal = wherry_signal_parse_client (text, length, &problem);

  if (signal == NULL)
    fail (code, problem.code, error, problem.message);
  return signal;
}

/* A parameter that is JSON goes into the message as it is; by itself first, so that it does not end
 * the message that it is put into. */
static gboolean
add_json (WherryJsonWriter *writer, GHashTable *query, const char *name, WherrySignalError *code,
          GError **error)
{
  const WherryJsonLimits limits
      = { .depth = WHERRY_JSON_DEPTH_MAX, .length = WHERRY_SIGNAL_MESSAGE_MAX };
  const char *json = query != NULL ? g_hash_table_lookup (query, name) : NULL;

  if (json == NULL)
    return TRUE;
  if (!wherry_json_scan (json, strlen (json), &limits, NULL, NULL))
    {
      g_autofree char *text = g_strconcat (name, " is not JSON", NULL);

      return fail (code, WHERRY_SIGNAL_ERROR_BAD_MESSAGE, error, text);
    }
  wherry_json_writer_raw (writer, name, json, strlen (json));
  return TRUE;
}

static gboolean
parse_query (WherryHttpJoin *self, const char *room, GHashTable *query, WherrySignalError *code,
             GError **error)
{
  const char *name = query != NULL ? g_hash_table_lookup (query, "name") : NULL;
  const char *mirror = query != NULL ? g_hash_table_lookup (query, "mirror") : NULL;
  g_autoptr (WherryJsonWriter) writer = NULL;
  g_autofree char *text = NULL;
  gsize length;

  if (name != NULL && !g_utf8_validate (name, -1, NULL))
    return fail (code, WHERRY_SIGNAL_ERROR_BAD_MESSAGE, error, "name is not UTF-8");
  if (mirror != NULL && !g_str_equal (mirror, "true") && !g_str_equal (mirror, "false"))
    return fail (code, WHERRY_SIGNAL_ERROR_BAD_MESSAGE, error, "mirror is true or false");

  writer = wherry_json_writer_new ();
  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_string (writer, "type", "join");
  wherry_json_writer_string (writer, "room", room);
  if (name != NULL)
    wherry_json_writer_string (writer, "name", name);
  wherry_json_writer_bool (writer, "mirror", mirror == NULL || g_str_equal (mirror, "true"));
  if (!add_json (writer, query, "history", code, error)
      || !add_json (writer, query, "attributes", code, error)
      || !add_json (writer, query, "will", code, error))
    return FALSE;
  wherry_json_writer_end_object (writer);
  text = wherry_json_writer_finish (g_steal_pointer (&writer), &length);
  self->join = parse_message (text, length, code, error);
  return self->join != NULL;
}

static gboolean
parse_channels (WherryHttpJoin *self, SoupServerMessage *message, guint most,
                WherrySignalError *code, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *header = soup_message_headers_get_list (headers, "Wherry-Channels");
  WherryJsonLimits limits = { .depth = WHERRY_JSON_DEPTH_MAX, .length = WHERRY_SIGNAL_MESSAGE_MAX };
  g_autofree char *text = NULL;

  if (header == NULL)
    {
      self->channels = g_array_new (FALSE, FALSE, sizeof (WherryChannelInit));
      return TRUE;
    }
  /* by itself first: it must not end the message that it is put into */
  if (!wherry_json_scan (header, strlen (header), &limits, NULL, NULL))
    return fail (code, WHERRY_SIGNAL_ERROR_BAD_MESSAGE, error,
                 "Wherry-Channels is not a JSON array of channels");
  text = g_strconcat ("{\"type\":\"call\",\"channels\":", header, "}", NULL);
  self->declared = parse_message (text, strlen (text), code, error);
  if (self->declared == NULL)
    return FALSE;
  if (self->declared->channels != NULL && self->declared->channels->len > most)
    return fail (code, WHERRY_SIGNAL_ERROR_TOO_LARGE, error, "Too many channels for one member");
  self->channels = self->declared->channels != NULL
                       ? wherry_negotiated_channels_list (self->declared->channels)
                       : g_array_new (FALSE, FALSE, sizeof (WherryChannelInit));
  return TRUE;
}

static gboolean
parse_offer (WherryHttpJoin *self, SoupServerMessage *message, WherrySignalError *code,
             GError **error)
{
  g_autoptr (GBytes) body
      = soup_message_body_flatten (soup_server_message_get_request_body (message));
  gsize length = g_bytes_get_size (body);

  *code = WHERRY_SIGNAL_ERROR_BAD_SDP;
  self->offer = wherry_sdp_parse (WHERRY_SDP_OFFER, length > 0 ? g_bytes_get_data (body, NULL) : "",
                                  length, error);
  if (self->offer == NULL)
    return FALSE;
  if (self->offer->rejected)
    return fail (code, WHERRY_SIGNAL_ERROR_BAD_SDP, error,
                 "description: no data channels are offered");
  return TRUE;
}

WherryHttpJoin *
wherry_http_join_parse (SoupServerMessage *message, const char *room, GHashTable *query,
                        const WherryRelayConfig *config, WherrySignalError *code, GError **error)
{
  g_autoptr (WherryHttpJoin) self = g_new0 (WherryHttpJoin, 1);

  if (!parse_offer (self, message, code, error) || !parse_query (self, room, query, code, error)
      || !parse_channels (self, message, config->channels_per_member, code, error))
    return NULL;
  return g_steal_pointer (&self);
}
