/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

/* What a server says, as a client reads it. */

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-frame.h"
#include "wire/wherry-json-span.h"
#include "wire/wherry-signal-private.h"

/* No string of a frame is longer than the frame. */
#define STRING_MAX WHERRY_SIGNAL_OUT_MAX

static const WherryJsonLimits limits = {
  .length = WHERRY_SIGNAL_OUT_MAX,
  .depth = WHERRY_JSON_DEPTH_MAX,
};

static gboolean
read_string (WherryJsonObject *object, const char *name, char **value, GError **error)
{
  const char *string;

  if (!wherry_json_object_get_string (object, name, STRING_MAX, &string, error))
    return FALSE;
  *value = g_strdup (string);
  return TRUE;
}

static gboolean
read_string_or_null (WherryJsonObject *object, const char *name, char **value, GError **error)
{
  const char *string;

  if (!wherry_json_object_get_string_or (object, name, STRING_MAX, NULL, &string, error))
    return FALSE;
  *value = g_strdup (string);
  return TRUE;
}

static gboolean
check_id (const char *name, const char *id, GError **error)
{
  guint64 number;

  if (wherry_member_id_parse (id, &number))
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "%s is not a member's id", name);
  return FALSE;
}

static gboolean
read_id (WherryJsonObject *object, const char *name, char **value, GError **error)
{
  return read_string (object, name, value, error) && check_id (name, *value, error);
}

static void
member_free (gpointer data)
{
  WherrySignalMember *member = data;

  g_free (member->peer);
  g_free (member->name);
  g_free (member->attributes);
  g_free (member);
}

static void
ice_server_free (gpointer data)
{
  WherrySignalIceServer *server = data;

  g_strfreev (server->urls);
  g_free (server->username);
  g_free (server->credential);
  g_free (server);
}

/* element: of the array members, as it came */
static gboolean
read_member_attributes (WherrySignalMember *member, const char *element, gsize length,
                        GError **error)
{
  member->attributes = wherry_signal_dup_raw (element, length, "attributes", NULL);
  if (g_strcmp0 (member->attributes, "null") == 0)
    g_clear_pointer (&member->attributes, g_free);
  return member->attributes == NULL
         || wherry_signal_attributes_check (member->attributes, strlen (member->attributes), error);
}

static gboolean
read_members (WherrySignal *self, WherryJsonObject *object, const char *data, gsize length,
              GError **error)
{
  g_autoptr (WherryJsonArray) array = NULL;
  gsize list, list_length, start, span;
  gsize offset = 0;

  if (!wherry_json_object_get_array (object, "members", &array, error)
      || !wherry_json_object_get_bool_or (object, "more", FALSE, &self->more, error))
    return FALSE;

  if (!wherry_json_member_span (data, length, "members", &list, &list_length))
    return FALSE;
  self->members = g_ptr_array_new_with_free_func (member_free);
  for (guint i = 0; i < wherry_json_array_get_length (array); i++)
    {
      g_autoptr (WherryJsonObject) element = NULL;
      WherrySignalMember *member = g_new0 (WherrySignalMember, 1);

      g_ptr_array_add (self->members, member);
      if (!wherry_json_array_get_object (array, i, &element, error)
          || !read_id (element, "peer", &member->peer, error)
          || !read_string_or_null (element, "name", &member->name, error)
          || !wherry_json_element_span (data + list, list_length, &offset, &start, &span)
          || !read_member_attributes (member, data + list + start, span, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_strings (WherryJsonArray *array, GStrv *strings, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < wherry_json_array_get_length (array); i++)
    {
      const char *string;

      if (!wherry_json_array_get_string (array, i, STRING_MAX, &string, error))
        return FALSE;
      g_strv_builder_add (builder, string);
    }
  *strings = g_strv_builder_end (builder);
  return TRUE;
}

/* RTCIceServer: urls is one string or an array of them. */
static gboolean
read_ice_server (WherrySignalIceServer *server, WherryJsonObject *object, GError **error)
{
  g_autoptr (WherryJsonArray) urls = NULL;
  const char *url;

  if (wherry_json_object_get_string (object, "urls", STRING_MAX, &url, NULL))
    {
      const char *one[] = { url, NULL };

      server->urls = g_strdupv ((char **) one);
    }
  else if (!wherry_json_object_get_array (object, "urls", &urls, error)
           || !read_strings (urls, &server->urls, error))
    {
      return FALSE;
    }
  return read_string_or_null (object, "username", &server->username, error)
         && read_string_or_null (object, "credential", &server->credential, error);
}

static gboolean
read_joined (WherrySignal *self, WherryJsonObject *object, const char *data, gsize length,
             GError **error)
{
  g_autoptr (WherryJsonArray) servers = NULL;
  g_autoptr (WherryJsonArray) features = NULL;
  gint64 size;

  if (!read_id (object, "peer", &self->peer, error)
      || !read_string (object, "room", &self->room, error)
      || !read_members (self, object, data, length, error)
      || !wherry_json_object_get_array_or_null (object, "iceServers", &servers, error)
      || !wherry_json_object_get_array_or_null (object, "features", &features, error)
      || !wherry_json_object_get_int_or (object, "maxMessageSize", 0, G_MAXINT64,
                                         WHERRY_MAX_MESSAGE_SIZE_DEFAULT, &size, error)
      || !wherry_signal_read_resumed (self, object, error))
    return FALSE;

  self->max_message_size = (guint64) size;
  self->ice_servers = g_ptr_array_new_with_free_func (ice_server_free);
  for (guint i = 0; servers != NULL && i < wherry_json_array_get_length (servers); i++)
    {
      g_autoptr (WherryJsonObject) element = NULL;
      WherrySignalIceServer *server = g_new0 (WherrySignalIceServer, 1);

      g_ptr_array_add (self->ice_servers, server);
      if (!wherry_json_array_get_object (servers, i, &element, error)
          || !read_ice_server (server, element, error))
        return FALSE;
    }
  if (features == NULL)
    {
      self->features = g_new0 (char *, 1);
      return TRUE;
    }
  return read_strings (features, &self->features, error);
}

static gboolean
read_reason (WherrySignal *self, WherryJsonObject *object, GError **error)
{
  const char *reason;

  if (!wherry_json_object_get_string (object, "reason", STRING_MAX, &reason, error))
    return FALSE;
  if (!wherry_leave_reason_from_string (reason, &self->reason))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "reason is none that we know");
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_error (WherrySignal *self, WherryJsonObject *object, GError **error)
{
  const char *code;

  if (!wherry_json_object_get_string (object, "code", STRING_MAX, &code, error)
      || !read_string (object, "message", &self->message, error)
      || !read_string_or_null (object, "ref", &self->ref, error))
    return FALSE;
  if (!wherry_signal_error_from_string (code, &self->code))
    self->code = WHERRY_SIGNAL_ERROR_INTERNAL;
  return TRUE;
}

/* Those that hold bytes to pass on. */
static gboolean
read_raw (WherrySignal *self, const char *data, gsize length, GError **error)
{
  gsize start, span;

  if (self->type == WHERRY_SIGNAL_MSG)
    {
      wherry_json_object_span (data, length, &start, &span);
      self->data = g_strndup (data + start, span);
      self->data_length = span;
    }
  else
    {
      self->data = wherry_signal_dup_raw (data, length, "data", &self->data_length);
    }
  if (self->type == WHERRY_SIGNAL_PONG)
    return TRUE;
  if (self->data == NULL)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "data is missing");
      return FALSE;
    }
  self->from = wherry_signal_dup_string (data, length, "from");
  return check_id ("from", self->from, error);
}

static gboolean
read_member_joined (WherrySignal *self, WherryJsonObject *object, const char *data, gsize length,
                    GError **error)
{
  WherrySignalError code;

  return read_id (object, "peer", &self->peer, error)
         && read_string_or_null (object, "name", &self->name, error)
         && wherry_signal_read_attributes (self, data, length, &code, error);
}

static gboolean
read_by_type (WherrySignal *self, WherryJsonObject *object, const char *data, gsize length,
              GError **error)
{
  switch (self->type)
    {
    case WHERRY_SIGNAL_OFFER:
    case WHERRY_SIGNAL_ANSWER:
      return wherry_signal_read_sdp (self, object, error);
    case WHERRY_SIGNAL_CANDIDATE:
      return wherry_signal_read_candidate (self, object, error);
    case WHERRY_SIGNAL_JOINED:
      return read_joined (self, object, data, length, error);
    case WHERRY_SIGNAL_MEMBERS:
      return read_members (self, object, data, length, error);
    case WHERRY_SIGNAL_MEMBER_JOINED:
    case WHERRY_SIGNAL_MEMBER_CHANGED:
      return read_member_joined (self, object, data, length, error);
    case WHERRY_SIGNAL_MEMBER_LEFT:
      return read_id (object, "peer", &self->peer, error) && read_reason (self, object, error);
    case WHERRY_SIGNAL_MEMBER_AWAY:
    case WHERRY_SIGNAL_MEMBER_BACK:
      return read_id (object, "peer", &self->peer, error);
    case WHERRY_SIGNAL_LEFT:
      return read_reason (self, object, error);
    case WHERRY_SIGNAL_RESTART:
    case WHERRY_SIGNAL_TUNNEL:
      return TRUE;
    case WHERRY_SIGNAL_ACK:
      return wherry_signal_read_ack (self, object, error);
    case WHERRY_SIGNAL_ERROR:
      return read_error (self, object, error);
    case WHERRY_SIGNAL_JOIN:
    case WHERRY_SIGNAL_CALL:
    case WHERRY_SIGNAL_LEAVE:
    case WHERRY_SIGNAL_PING:
    case WHERRY_SIGNAL_ATTRIBUTES:
    case WHERRY_SIGNAL_SIGNAL:
    case WHERRY_SIGNAL_MSG:
    case WHERRY_SIGNAL_PONG:
    default:
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                   "%s is what a client says, not a server",
                   wherry_signal_type_to_string (self->type));
      return FALSE;
    }
}

WherrySignal *
wherry_signal_parse_server (const char *data, gsize length, GError **error)
{
  g_autoptr (WherrySignal) self = NULL;
  g_autoptr (WherryJsonObject) object = NULL;
  g_autofree char *name = NULL;
  WherrySignalType type;

  if (!wherry_json_scan (data, length, &limits, NULL, error))
    return NULL;
  name = wherry_signal_dup_string (data, length, "type");
  if (name == NULL)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "a message is an object with a string member type");
      return NULL;
    }
  if (!wherry_signal_type_from_string (name, &type))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                           "no message that we know has that type");
      return NULL;
    }

  self = wherry_signal_new (type);
  if (!wherry_signal_dup_tid (data, length, &self->tid, error))
    return NULL;
  if (type == WHERRY_SIGNAL_SIGNAL || type == WHERRY_SIGNAL_MSG || type == WHERRY_SIGNAL_PONG)
    return read_raw (self, data, length, error) ? g_steal_pointer (&self) : NULL;
  object = wherry_json_object_parse (data, length, &limits, error);
  if (object == NULL || !read_by_type (self, object, data, length, error))
    return NULL;
  return g_steal_pointer (&self);
}
