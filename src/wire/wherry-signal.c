/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-json-span.h"
#include "wire/wherry-signal-private.h"

/* RFC 8839 section 5.4: a ufrag has up to 256 characters; a mid is a token of about as many. */
#define MID_MAX 256u
#define UFRAG_MAX 256u

static const char *const type_names[] = {
  [WHERRY_SIGNAL_JOIN] = "join",
  [WHERRY_SIGNAL_CALL] = "call",
  [WHERRY_SIGNAL_LEAVE] = "leave",
  [WHERRY_SIGNAL_PING] = "ping",
  [WHERRY_SIGNAL_ATTRIBUTES] = "attributes",
  [WHERRY_SIGNAL_OFFER] = "offer",
  [WHERRY_SIGNAL_ANSWER] = "answer",
  [WHERRY_SIGNAL_CANDIDATE] = "candidate",
  [WHERRY_SIGNAL_SIGNAL] = "signal",
  [WHERRY_SIGNAL_MSG] = "msg",
  [WHERRY_SIGNAL_TUNNEL] = "tunnel",
  [WHERRY_SIGNAL_JOINED] = "joined",
  [WHERRY_SIGNAL_MEMBERS] = "members",
  [WHERRY_SIGNAL_MEMBER_JOINED] = "member-joined",
  [WHERRY_SIGNAL_MEMBER_CHANGED] = "member-changed",
  [WHERRY_SIGNAL_MEMBER_LEFT] = "member-left",
  [WHERRY_SIGNAL_MEMBER_AWAY] = "member-away",
  [WHERRY_SIGNAL_MEMBER_BACK] = "member-back",
  [WHERRY_SIGNAL_LEFT] = "left",
  [WHERRY_SIGNAL_RESTART] = "restart",
  [WHERRY_SIGNAL_ACK] = "ack",
  [WHERRY_SIGNAL_PONG] = "pong",
  [WHERRY_SIGNAL_ERROR] = "error",
};

const char *
wherry_signal_type_to_string (WherrySignalType type)
{
  g_return_val_if_fail ((guint) type < G_N_ELEMENTS (type_names), NULL);

  return type_names[type];
}

gboolean
wherry_signal_type_from_string (const char *name, WherrySignalType *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (type_names); i++)
    if (strcmp (type_names[i], name) == 0)
      {
        *type = i;
        return TRUE;
      }
  return FALSE;
}

WherrySignal *
wherry_signal_new (WherrySignalType type)
{
  WherrySignal *self = g_new0 (WherrySignal, 1);

  self->type = type;
  self->mirror = TRUE;
  self->sdp_mline_index = -1;
  return self;
}

void
wherry_signal_free (WherrySignal *self)
{
  if (self == NULL)
    return;

  g_free (self->tid);
  g_free (self->room);
  g_free (self->name);
  g_free (self->token);
  g_free (self->resume);
  g_clear_pointer (&self->places, g_ptr_array_unref);
  g_clear_pointer (&self->will, wherry_signal_will_free);
  g_free (self->attributes);
  g_free (self->sdp);
  g_clear_pointer (&self->channels, g_ptr_array_unref);
  g_free (self->candidate);
  g_free (self->sdp_mid);
  g_free (self->ufrag);
  g_free (self->to);
  g_free (self->from);
  g_free (self->data);
  g_free (self->peer);
  g_clear_pointer (&self->members, g_ptr_array_unref);
  g_clear_pointer (&self->ice_servers, g_ptr_array_unref);
  g_strfreev (self->features);
  g_strfreev (self->opens);
  g_free (self->message);
  g_free (self->ref);
  g_free (self);
}

void
wherry_signal_problem_clear (WherrySignalProblem *problem)
{
  g_clear_pointer (&problem->message, g_free);
  g_clear_pointer (&problem->ref, g_free);
  g_clear_pointer (&problem->tid, g_free);
}

static gboolean
has_control_characters (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return TRUE;
  return FALSE;
}

gboolean
wherry_signal_room_is_valid (const char *room)
{
  return room != NULL && room[0] != '\0' && strlen (room) <= WHERRY_ROOM_NAME_MAX
         && g_utf8_validate (room, -1, NULL) && strchr (room, '/') == NULL
         && !has_control_characters (room);
}

gboolean
wherry_signal_name_is_valid (const char *name)
{
  return name == NULL
         || (strlen (name) <= WHERRY_MEMBER_NAME_MAX && g_utf8_validate (name, -1, NULL)
             && !has_control_characters (name));
}

char *
wherry_signal_dup_raw (const char *data, gsize length, const char *name, gsize *span)
{
  gsize start, n;

  if (!wherry_json_member_span (data, length, name, &start, &n))
    return NULL;
  if (span != NULL)
    *span = n;
  return g_strndup (data + start, n);
}

char *
wherry_signal_dup_string (const char *data, gsize length, const char *name)
{
  gsize start, n;

  if (!wherry_json_member_span (data, length, name, &start, &n))
    return NULL;
  return wherry_json_string_decode (data + start, n);
}

gboolean
wherry_signal_dup_tid (const char *data, gsize length, char **tid, GError **error)
{
  gsize n;
  g_autofree char *raw = wherry_signal_dup_raw (data, length, "tid", &n);

  *tid = NULL;
  if (raw == NULL || strcmp (raw, "null") == 0)
    return TRUE;
  if (n > WHERRY_SIGNAL_TID_MAX || (raw[0] != '"' && raw[0] != '-' && !g_ascii_isdigit (raw[0])))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "tid is not a string or number of at most %u bytes", WHERRY_SIGNAL_TID_MAX);
      return FALSE;
    }
  *tid = g_steal_pointer (&raw);
  return TRUE;
}

gboolean
wherry_signal_read_sdp (WherrySignal *self, WherryJsonObject *object, GError **error)
{
  const char *sdp;

  if (!wherry_json_object_get_string (object, "sdp", WHERRY_SDP_MAX, &sdp, error))
    return FALSE;
  self->sdp = g_strdup (sdp);
  return TRUE;
}

gboolean
wherry_signal_read_candidate (WherrySignal *self, WherryJsonObject *object, GError **error)
{
  const char *candidate, *mid, *ufrag;
  gint64 index;

  if (!wherry_json_object_get_string_or (object, "candidate", WHERRY_CANDIDATE_LINE_MAX, NULL,
                                         &candidate, error)
      || !wherry_json_object_get_string_or (object, "sdpMid", MID_MAX, NULL, &mid, error)
      || !wherry_json_object_get_int_or (object, "sdpMLineIndex", 0, G_MAXUINT16, -1, &index, error)
      || !wherry_json_object_get_string_or (object, "usernameFragment", UFRAG_MAX, NULL, &ufrag,
                                            error))
    return FALSE;

  if (candidate != NULL && candidate[0] != '\0')
    self->candidate = g_strdup (candidate);
  self->sdp_mid = g_strdup (mid);
  self->sdp_mline_index = (int) index;
  self->ufrag = g_strdup (ufrag);
  return TRUE;
}

static void
channel_free (gpointer data)
{
  WherrySignalChannel *channel = data;

  g_free (channel->label);
  g_free (channel->protocol);
  g_free (channel);
}

/* W3C WebRTC section 6.2: both numbers are unsigned short, and having both is a TypeError. */
static gboolean
read_channel (WherrySignalChannel *channel, WherryJsonObject *object, GError **error)
{
  const char *label, *protocol;
  gint64 id, retransmits, life_time;

  if (!wherry_json_object_get_string_or (object, "label", WHERRY_LABEL_MAX, "", &label, error)
      || !wherry_json_object_get_string_or (object, "protocol", WHERRY_CHANNEL_PROTOCOL_MAX, "",
                                            &protocol, error)
      || !wherry_json_object_get_int (object, "id", 0, WHERRY_SCTP_STREAMS_MAX - 1, &id, error)
      || !wherry_json_object_get_bool_or (object, "ordered", TRUE, &channel->ordered, error)
      || !wherry_json_object_get_int_or (object, "maxRetransmits", 0, G_MAXUINT16, -1, &retransmits,
                                         error)
      || !wherry_json_object_get_int_or (object, "maxPacketLifeTime", 0, G_MAXUINT16, -1,
                                         &life_time, error))
    return FALSE;
  if (retransmits >= 0 && life_time >= 0)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "a channel has both maxRetransmits and maxPacketLifeTime");
      return FALSE;
    }

  channel->label = g_strdup (label);
  channel->protocol = g_strdup (protocol);
  channel->id = (guint16) id;
  channel->reliability = retransmits >= 0 ? WHERRY_DCEP_REXMIT
                         : life_time >= 0 ? WHERRY_DCEP_TIMED
                                          : WHERRY_DCEP_RELIABLE;
  channel->value = (guint32) MAX (0, MAX (retransmits, life_time));
  return TRUE;
}

static gboolean
has_channel (GPtrArray *channels, guint16 id)
{
  for (guint i = 0; i < channels->len; i++)
    {
      const WherrySignalChannel *channel = g_ptr_array_index (channels, i);

      if (channel->id == id)
        return TRUE;
    }
  return FALSE;
}

gboolean
wherry_signal_read_channels (WherrySignal *self, WherryJsonObject *object, GError **error)
{
  g_autoptr (WherryJsonArray) array = NULL;
  g_autoptr (GPtrArray) channels = NULL;
  guint n;

  if (!wherry_json_object_get_array_or_null (object, "channels", &array, error))
    return FALSE;
  if (array == NULL)
    return TRUE;
  n = wherry_json_array_get_length (array);
  if (n > WHERRY_SIGNAL_CHANNELS_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                   "channels has %u elements, more than %u", n, WHERRY_SIGNAL_CHANNELS_MAX);
      return FALSE;
    }

  channels = g_ptr_array_new_with_free_func (channel_free);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WherryJsonObject) element = NULL;
      WherrySignalChannel channel = { 0 };

      if (!wherry_json_array_get_object (array, i, &element, error)
          || !read_channel (&channel, element, error))
        return FALSE;
      if (has_channel (channels, channel.id))
        {
          g_free (channel.label);
          g_free (channel.protocol);
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "two channels have the id %u",
                       channel.id);
          return FALSE;
        }
      g_ptr_array_add (channels, g_memdup2 (&channel, sizeof channel));
    }
  self->channels = g_steal_pointer (&channels);
  return TRUE;
}
