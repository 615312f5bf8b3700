/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

/* What a client says: read as from an enemy. */

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-frame.h"
#include "wire/wherry-json-span.h"
#include "wire/wherry-signal-private.h"

static const WherryJsonLimits limits = {
  .length = WHERRY_SIGNAL_MESSAGE_MAX,
  .depth = WHERRY_JSON_DEPTH_MAX,
};

static gboolean
read_opens (WherrySignal *self, WherryJsonObject *object, GError **error)
{
  g_autoptr (WherryJsonArray) opens = NULL;
  guint n;

  if (!wherry_json_object_get_array_or_null (object, "opens", &opens, error))
    return FALSE;
  if (opens == NULL)
    return TRUE;
  n = wherry_json_array_get_length (opens);
  if (n > WHERRY_SIGNAL_CHANNELS_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, "opens has more than %u topics",
                   WHERRY_SIGNAL_CHANNELS_MAX);
      return FALSE;
    }
  self->opens = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    {
      const char *label;

      if (!wherry_json_array_get_string (opens, i, WHERRY_LABEL_MAX, &label, error))
        return FALSE;
      self->opens[i] = g_strdup (label);
    }
  return TRUE;
}

static gboolean
read_join (WherrySignal *self, WherryJsonObject *object, const char *data, gsize length,
           WherrySignalError *code, GError **error)
{
  const char *room, *name, *token;
  gint64 history;

  *code = WHERRY_SIGNAL_ERROR_BAD_ROOM;
  if (!wherry_json_object_get_string (object, "room", WHERRY_ROOM_NAME_MAX, &room, error))
    return FALSE;
  if (!wherry_signal_room_is_valid (room))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "room is not 1 to %u bytes without control characters or '/'",
                   WHERRY_ROOM_NAME_MAX);
      return FALSE;
    }

  *code = WHERRY_SIGNAL_ERROR_BAD_MESSAGE;
  if (!wherry_json_object_get_string_or (object, "name", WHERRY_MEMBER_NAME_MAX, NULL, &name, error)
      || !wherry_json_object_get_string_or (object, "token", WHERRY_TOKEN_MAX, NULL, &token, error)
      || !wherry_json_object_get_bool_or (object, "mirror", TRUE, &self->mirror, error)
      || !wherry_json_object_get_int_or (object, "history", 0, G_MAXINT32, 0, &history, error)
      || !wherry_signal_read_resume (self, object, error)
      || !wherry_json_object_get_bool_or (object, "addressed", self->resumable, &self->addressed,
                                          error)
      || !read_opens (self, object, error)
      || !wherry_signal_read_attributes (self, data, length, code, error)
      || !wherry_signal_read_will (self, object, code, error))
    return FALSE;
  if (!wherry_signal_name_is_valid (name))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "name holds a control character");
      return FALSE;
    }

  self->room = g_strdup (room);
  self->name = name != NULL && name[0] != '\0' ? g_strdup (name) : NULL;
  self->token = g_strdup (token);
  self->history = (guint) history;
  return TRUE;
}

static gboolean
read_signal (WherrySignal *self, const char *data, gsize length, GError **error)
{
  guint64 id;

  self->to = wherry_signal_dup_string (data, length, "to");
  if (!wherry_member_id_parse (self->to, &id))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "to is not a member's id of 16 lowercase hexadecimal digits");
      return FALSE;
    }
  self->data = wherry_signal_dup_raw (data, length, "data", &self->data_length);
  if (self->data == NULL)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "data is missing");
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_attributes (WherrySignal *self, const char *data, gsize length, WherrySignalError *code,
                 GError **error)
{
  if (!wherry_signal_read_attributes (self, data, length, code, error))
    return FALSE;
  if (self->attributes != NULL)
    return TRUE;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                       "attributes is missing: {} is none");
  return FALSE;
}

static gboolean
read_msg (WherrySignal *self, const char *data, gsize length, GError **error)
{
  gsize start, span;

  /* Who said it is ours to tell: nobody shall find another "from" in what we pass on. */
  if (wherry_json_member_span (data, length, "from", &start, &span))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "a msg has no member from of its own: the server adds it");
      return FALSE;
    }
  wherry_json_object_span (data, length, &start, &span);
  self->data = g_strndup (data + start, span);
  self->data_length = span;
  return TRUE;
}

static gboolean
read_members (WherrySignal *self, const char *data, gsize length, WherrySignalError *code,
              GError **error)
{
  g_autoptr (WherryJsonObject) object = wherry_json_object_parse (data, length, &limits, error);
  g_autoptr (GError) inner = NULL;

  if (object == NULL)
    return FALSE;
  if (self->type == WHERRY_SIGNAL_JOIN)
    return read_join (self, object, data, length, code, error);
  if (self->type == WHERRY_SIGNAL_CANDIDATE)
    {
      *code = WHERRY_SIGNAL_ERROR_BAD_CANDIDATE;
      return wherry_signal_read_candidate (self, object, error);
    }
  if (self->type != WHERRY_SIGNAL_CALL && !wherry_signal_read_sdp (self, object, error))
    return FALSE;
  if (self->type == WHERRY_SIGNAL_ANSWER)
    return TRUE;
  if (wherry_signal_read_channels (self, object, &inner))
    return TRUE;
  if (g_error_matches (inner, WHERRY_ERROR, WHERRY_ERROR_LIMIT))
    *code = WHERRY_SIGNAL_ERROR_TOO_LARGE;
  g_propagate_error (error, g_steal_pointer (&inner));
  return FALSE;
}

/* code: what it is when FALSE comes back; set to bad-message before */
static gboolean
read_by_type (WherrySignal *self, const char *data, gsize length, WherrySignalError *code,
              GError **error)
{
  switch (self->type)
    {
    case WHERRY_SIGNAL_JOIN:
    case WHERRY_SIGNAL_CALL:
    case WHERRY_SIGNAL_OFFER:
    case WHERRY_SIGNAL_ANSWER:
    case WHERRY_SIGNAL_CANDIDATE:
      return read_members (self, data, length, code, error);
    case WHERRY_SIGNAL_LEAVE:
    case WHERRY_SIGNAL_TUNNEL:
      return TRUE;
    case WHERRY_SIGNAL_ATTRIBUTES:
      return read_attributes (self, data, length, code, error);
    case WHERRY_SIGNAL_PING:
      self->data = wherry_signal_dup_raw (data, length, "data", &self->data_length);
      return TRUE;
    /* What is passed on is not parsed at all: numbers that we could not keep may pass. */
    case WHERRY_SIGNAL_SIGNAL:
      return read_signal (self, data, length, error);
    case WHERRY_SIGNAL_MSG:
      return read_msg (self, data, length, error);
    case WHERRY_SIGNAL_JOINED:
    case WHERRY_SIGNAL_MEMBERS:
    case WHERRY_SIGNAL_MEMBER_JOINED:
    case WHERRY_SIGNAL_MEMBER_CHANGED:
    case WHERRY_SIGNAL_MEMBER_LEFT:
    case WHERRY_SIGNAL_MEMBER_AWAY:
    case WHERRY_SIGNAL_MEMBER_BACK:
    case WHERRY_SIGNAL_LEFT:
    case WHERRY_SIGNAL_RESTART:
    case WHERRY_SIGNAL_ACK:
    case WHERRY_SIGNAL_PONG:
    case WHERRY_SIGNAL_ERROR:
    default:
      *code = WHERRY_SIGNAL_ERROR_UNKNOWN_TYPE;
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                   "%s is what a server says, not a client",
                   wherry_signal_type_to_string (self->type));
      return FALSE;
    }
}

/* Scan, tid and type. */
static WherrySignal *
begin (const char *data, gsize length, WherrySignalProblem *problem, GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) inner = NULL;
  WherrySignalType type;

  if (!wherry_json_scan (data, length, &limits, NULL, &inner))
    {
      if (g_error_matches (inner, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE))
        problem->code = WHERRY_SIGNAL_ERROR_TOO_LARGE;
      g_propagate_error (error, g_steal_pointer (&inner));
      return NULL;
    }
  if (!wherry_signal_dup_tid (data, length, &problem->tid, error))
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
      problem->code = WHERRY_SIGNAL_ERROR_UNKNOWN_TYPE;
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                           "no message has that type");
      return NULL;
    }
  problem->ref = g_strdup (wherry_signal_type_to_string (type));
  return wherry_signal_new (type);
}

WherrySignal *
wherry_signal_parse_client (const char *data, gsize length, WherrySignalProblem *problem)
{
  g_autoptr (WherrySignal) self = NULL;
  g_autoptr (GError) error = NULL;

  *problem = (WherrySignalProblem){ .code = WHERRY_SIGNAL_ERROR_BAD_MESSAGE };
  self = begin (data, length, problem, &error);
  if (self != NULL && read_by_type (self, data, length, &problem->code, &error))
    {
      self->tid = g_steal_pointer (&problem->tid);
      wherry_signal_problem_clear (problem);
      problem->code = WHERRY_SIGNAL_ERROR_NONE;
      return g_steal_pointer (&self);
    }
  problem->message = g_strdup (error->message);
  return NULL;
}
