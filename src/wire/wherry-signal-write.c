/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <string.h>

#include "wire/wherry-json.h"
#include "wire/wherry-signal.h"
#include "wire/wherry-signal-private.h"

static WherryJsonWriter *
begin (WherrySignalType type)
{
  WherryJsonWriter *writer = wherry_json_writer_new ();

  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_string (writer, "type", wherry_signal_type_to_string (type));
  return writer;
}

static void
add_string (WherryJsonWriter *writer, const char *name, const char *value)
{
  if (value != NULL)
    wherry_json_writer_string (writer, name, value);
}

static void
add_raw (WherryJsonWriter *writer, const char *name, const char *json, gsize length)
{
  if (json != NULL && length > 0)
    wherry_json_writer_raw (writer, name, json, length);
}

static char *
end (WherryJsonWriter *writer, const char *tid)
{
  if (tid != NULL)
    add_raw (writer, "tid", tid, strlen (tid));
  wherry_json_writer_end_object (writer);
  return wherry_json_writer_finish (writer, NULL);
}

static void
add_attributes (WherryJsonWriter *writer, const char *attributes)
{
  if (attributes != NULL)
    add_raw (writer, "attributes", attributes, strlen (attributes));
}

static void
add_members (WherryJsonWriter *writer, const WherrySignalMemberRef *members, guint n, gboolean more)
{
  wherry_json_writer_begin_array (writer, "members");
  for (guint i = 0; i < n; i++)
    {
      wherry_json_writer_begin_object (writer, NULL);
      wherry_json_writer_string (writer, "peer", members[i].peer);
      add_string (writer, "name", members[i].name);
      add_attributes (writer, members[i].attributes);
      if (members[i].away)
        wherry_json_writer_bool (writer, "away", TRUE);
      wherry_json_writer_end_object (writer);
    }
  wherry_json_writer_end_array (writer);
  wherry_json_writer_bool (writer, "more", more);
}

static void
add_strings (WherryJsonWriter *writer, const char *name, const char *const *strings)
{
  wherry_json_writer_begin_array (writer, name);
  for (guint i = 0; strings != NULL && strings[i] != NULL; i++)
    wherry_json_writer_string (writer, NULL, strings[i]);
  wherry_json_writer_end_array (writer);
}

char *
wherry_signal_write_joined (const WherrySignalJoined *joined)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_JOINED);

  wherry_json_writer_string (writer, "peer", joined->peer);
  wherry_json_writer_string (writer, "room", joined->room);
  add_members (writer, joined->members, joined->n_members, joined->more);
  wherry_json_writer_begin_array (writer, "iceServers");
  for (guint i = 0; i < joined->n_ice_servers; i++)
    {
      wherry_json_writer_begin_object (writer, NULL);
      add_strings (writer, "urls", joined->ice_servers[i].urls);
      add_string (writer, "username", joined->ice_servers[i].username);
      add_string (writer, "credential", joined->ice_servers[i].credential);
      wherry_json_writer_end_object (writer);
    }
  wherry_json_writer_end_array (writer);
  wherry_json_writer_uint (writer, "maxMessageSize", joined->max_message_size);
  add_strings (writer, "features", joined->features);
  wherry_signal_add_resumed (writer, joined->resume, joined->resumed, joined->places);
  return end (writer, joined->tid);
}

char *
wherry_signal_write_members (const WherrySignalMemberRef *members, guint n, gboolean more)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_MEMBERS);

  add_members (writer, members, n, more);
  return end (writer, NULL);
}

char *
wherry_signal_write_description (WherrySignalType type, const char *sdp, const char *tid)
{
  WherryJsonWriter *writer = begin (type);

  wherry_json_writer_string (writer, "sdp", sdp);
  return end (writer, tid);
}

char *
wherry_signal_write_candidate (const char *candidate, const char *mid, int mline_index,
                               const char *ufrag)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_CANDIDATE);

  /* RTCIceCandidate.toJSON() gives an empty string at the end of candidates; a client can hand the
   * whole object to addIceCandidate(). */
  wherry_json_writer_string (writer, "candidate", candidate != NULL ? candidate : "");
  add_string (writer, "sdpMid", mid);
  if (mline_index >= 0)
    wherry_json_writer_int (writer, "sdpMLineIndex", mline_index);
  add_string (writer, "usernameFragment", ufrag);
  return end (writer, NULL);
}

/* Behind the last member, of which there is one at least, type: of two members with one name most
 * parsers take the last, although a message with a from of its own was refused before. */
static char *
write_msg (const char *from, const char *object, gsize length)
{
  GString *text;

  g_return_val_if_fail (length >= 2 && object[length - 1] == '}', NULL);
  text = g_string_sized_new (length + 32);
  g_string_append_len (text, object, (gssize) (length - 1));
  g_string_append_printf (text, ",\"from\":\"%s\"}", from);
  return g_string_free (text, FALSE);
}

char *
wherry_signal_write_news (const WherrySignalNews *news)
{
  WherryJsonWriter *writer;

  if (news->type == WHERRY_SIGNAL_MSG)
    return write_msg (news->peer, news->data, news->length);
  writer = begin (news->type);
  wherry_json_writer_string (writer, news->type == WHERRY_SIGNAL_SIGNAL ? "from" : "peer",
                             news->peer);
  add_string (writer, "name", news->name);
  add_attributes (writer, news->attributes);
  if (news->type == WHERRY_SIGNAL_SIGNAL)
    add_raw (writer, "data", news->data, news->length);
  if (news->type == WHERRY_SIGNAL_MEMBER_LEFT)
    wherry_json_writer_string (writer, "reason", wherry_leave_reason_to_string (news->reason));
  return end (writer, news->tid);
}

char *
wherry_signal_write_left (WherryLeaveReason reason, const char *tid)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_LEFT);

  wherry_json_writer_string (writer, "reason", wherry_leave_reason_to_string (reason));
  return end (writer, tid);
}

char *
wherry_signal_write_restart (void)
{
  return end (begin (WHERRY_SIGNAL_RESTART), NULL);
}

char *
wherry_signal_write_tunnel (const char *tid)
{
  return end (begin (WHERRY_SIGNAL_TUNNEL), tid);
}

char *
wherry_signal_write_pong (const char *data, gsize length, const char *tid)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_PONG);

  add_raw (writer, "data", data, length);
  return end (writer, tid);
}

char *
wherry_signal_write_error (WherrySignalError code, const char *message, const char *ref,
                           const char *tid)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_ERROR);

  wherry_json_writer_string (writer, "code", wherry_signal_error_to_string (code));
  wherry_json_writer_string (writer, "message", message);
  add_string (writer, "ref", ref);
  return end (writer, tid);
}

char *
wherry_signal_write_problem (const WherrySignalProblem *problem)
{
  return wherry_signal_write_error (problem->code, problem->message, problem->ref, problem->tid);
}

char *
wherry_signal_write_notice (WherrySignalError code, const char *message, const char *topic,
                            const char *peer)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_ERROR);

  wherry_json_writer_string (writer, "code", wherry_signal_error_to_string (code));
  wherry_json_writer_string (writer, "message", message);
  add_string (writer, "topic", topic);
  add_string (writer, "peer", peer);
  return end (writer, NULL);
}

char *
wherry_signal_write_ack (const char *topic, guint64 own, guint64 sequence)
{
  WherryJsonWriter *writer = wherry_json_writer_new ();

  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_string (writer, "type", "ack");
  wherry_json_writer_string (writer, "topic", topic);
  wherry_json_writer_uint (writer, "own", own);
  wherry_json_writer_uint (writer, "sequence", sequence);
  return end (writer, NULL);
}

/* ---- Client to server */

static void
add_will (WherryJsonWriter *writer, const WherrySignalWill *will)
{
  const char *data;
  gsize length;

  if (will == NULL)
    return;
  data = g_bytes_get_data (will->data, &length);
  wherry_json_writer_begin_object (writer, "will");
  wherry_json_writer_string (writer, "topic", will->topic);
  if (will->is_text)
    {
      g_autofree char *text = g_strndup (data, length);

      wherry_json_writer_string (writer, "text", text);
    }
  else
    {
      g_autofree char *encoded = g_base64_encode ((const guchar *) data, length);

      wherry_json_writer_string (writer, "data", encoded);
    }
  wherry_json_writer_end_object (writer);
}

char *
wherry_signal_write_join (const WherrySignalJoin *join)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_JOIN);

  wherry_json_writer_string (writer, "room", join->room);
  add_string (writer, "name", join->name);
  add_string (writer, "token", join->token);
  if (join->no_mirror)
    wherry_json_writer_bool (writer, "mirror", FALSE);
  add_attributes (writer, join->attributes);
  add_will (writer, join->will);
  if (join->history > 0)
    wherry_json_writer_uint (writer, "history", join->history);
  if (join->resumable || join->resume != NULL)
    wherry_signal_add_resume (writer, join->resume, join->places);
  if (join->addressed)
    wherry_json_writer_bool (writer, "addressed", TRUE);
  if (join->opens != NULL && join->opens[0] != NULL)
    {
      wherry_json_writer_begin_array (writer, "opens");
      for (guint i = 0; join->opens[i] != NULL; i++)
        wherry_json_writer_string (writer, NULL, join->opens[i]);
      wherry_json_writer_end_array (writer);
    }
  return end (writer, join->tid);
}

char *
wherry_signal_write_attributes (const char *attributes, const char *tid)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_ATTRIBUTES);

  add_attributes (writer, attributes);
  return end (writer, tid);
}

static void
add_channels (WherryJsonWriter *writer, const WherrySignalChannel *channels, guint n)
{
  if (channels == NULL)
    return;
  wherry_json_writer_begin_array (writer, "channels");
  for (guint i = 0; i < n; i++)
    {
      wherry_json_writer_begin_object (writer, NULL);
      wherry_json_writer_string (writer, "label", channels[i].label);
      wherry_json_writer_int (writer, "id", channels[i].id);
      wherry_json_writer_bool (writer, "ordered", channels[i].ordered);
      if (channels[i].reliability == WHERRY_DCEP_REXMIT)
        wherry_json_writer_uint (writer, "maxRetransmits", channels[i].value);
      if (channels[i].reliability == WHERRY_DCEP_TIMED)
        wherry_json_writer_uint (writer, "maxPacketLifeTime", channels[i].value);
      add_string (writer, "protocol", channels[i].protocol);
      wherry_json_writer_end_object (writer);
    }
  wherry_json_writer_end_array (writer);
}

char *
wherry_signal_write_offer (const char *sdp, const WherrySignalChannel *channels, guint n,
                           const char *tid)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_OFFER);

  wherry_json_writer_string (writer, "sdp", sdp);
  add_channels (writer, channels, n);
  return end (writer, tid);
}

char *
wherry_signal_write_call (const WherrySignalChannel *channels, guint n, const char *tid)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_CALL);

  add_channels (writer, channels, n);
  return end (writer, tid);
}

char *
wherry_signal_write_signal_to (const char *to, const char *data, gsize length, const char *tid)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_SIGNAL);

  wherry_json_writer_string (writer, "to", to);
  add_raw (writer, "data", data, length);
  return end (writer, tid);
}

char *
wherry_signal_write_leave (const char *tid)
{
  return end (begin (WHERRY_SIGNAL_LEAVE), tid);
}

char *
wherry_signal_write_ping (const char *data, gsize length, const char *tid)
{
  WherryJsonWriter *writer = begin (WHERRY_SIGNAL_PING);

  add_raw (writer, "data", data, length);
  return end (writer, tid);
}
