/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/join/wherry-join-private.h"
#include "cli/wherry-json-line.h"
#include "cli/wherry-terminal.h"

void
wherry_join_waiting_free (WherryJoinWaiting *waiting)
{
  g_object_unref (waiting->channel);
  g_bytes_unref (waiting->payload);
  g_free (waiting->to);
  g_free (waiting);
}

WherryClientChannel *
wherry_join_find_channel (WherryJoin *self, const char *topic)
{
  for (guint i = 0; i < self->channels->len; i++)
    {
      WherryClientChannel *channel = g_ptr_array_index (self->channels, i);

      if (g_str_equal (wherry_client_channel_get_topic (channel), topic))
        return channel;
    }
  return NULL;
}

/* ---- sending ---- */

static gboolean
send (const WherryJoinWaiting *item, GError **error)
{
  gsize length;
  const char *data = g_bytes_get_data (item->payload, &length);
  g_autofree char *text = NULL;

  if (!item->is_text)
    return wherry_client_channel_send_bytes (item->channel, item->payload, item->to, error);
  text = g_strndup (data != NULL ? data : "", length);
  return wherry_client_channel_send_text (item->channel, text, item->to, error);
}

gboolean
wherry_join_flush (WherryJoin *self)
{
  g_autoptr (GError) error = NULL;

  if (self->waiting == NULL)
    return TRUE;
  if (!send (self->waiting, &error))
    {
      if (g_error_matches (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK))
        return FALSE;
      wherry_join_view_problem (&self->view, 0, error->message);
    }
  g_clear_pointer (&self->waiting, wherry_join_waiting_free);
  return TRUE;
}

/* payload: (transfer full). FALSE: it was not taken, and will not be. */
static gboolean
say (WherryJoin *self, WherryClientChannel *channel, GBytes *payload, gboolean is_text,
     const char *to, GError **error)
{
  WherryJoinWaiting *item = g_new0 (WherryJoinWaiting, 1);
  g_autoptr (GError) local = NULL;

  item->channel = g_object_ref (channel);
  item->payload = payload;
  item->is_text = is_text;
  item->to = g_strdup (to);
  if (self->waiting == NULL && send (item, &local))
    {
      wherry_join_waiting_free (item);
      return TRUE;
    }
  if (self->waiting == NULL && g_error_matches (local, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK))
    {
      self->waiting = item;
      return TRUE;
    }
  wherry_join_waiting_free (item);
  if (local == NULL) /* only a person is faster than what waits: lines of a file are not read */
    g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK,
                         _ ("too much waits to be said already; try again"));
  else
    g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
say_text (WherryJoin *self, WherryClientChannel *channel, const char *text, const char *to,
          GError **error)
{
  WherryClient *client = wherry_room_session_get_client (self->session);
  g_autofree char *packed = NULL;

  if (g_str_equal (wherry_client_channel_get_topic (channel), WHERRY_CHAT_TOPIC))
    {
      packed = wherry_chat_pack (wherry_client_get_id (client), self->invocation->name, text);
      text = packed;
    }
  return say (self, channel, g_bytes_new (text, strlen (text)), TRUE, to, error);
}

/* ---- lines of a program ---- */

/* (transfer none) (nullable): the channel on which an order is to be said; to: (out) (nullable) */
static WherryClientChannel *
choose (WherryJoin *self, JsonObject *order, const char **to, GError **error)
{
  const char *topic = wherry_json_line_get_string (order, "topic");
  const char *who = wherry_json_line_get_string (order, "to");
  WherryClientChannel *channel
      = wherry_join_find_channel (self, topic != NULL ? topic : self->topic);
  WherryMember *member;

  *to = NULL;
  if (channel == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_NOT_FOUND,
                   _ ("“%s” is none of its topics: name it with --topic"), topic);
      return NULL;
    }
  if (who == NULL)
    return channel;
  member = wherry_roster_find (self->roster, who, error);
  if (member == NULL)
    return NULL;
  *to = wherry_member_get_id (member);
  return channel;
}

static gboolean
take_attributes (WherryJoin *self, JsonNode *node, GError **error)
{
  g_autofree char *text = JSON_NODE_HOLDS_OBJECT (node) ? wherry_json_line_format (node) : NULL;

  return wherry_client_set_attributes (wherry_room_session_get_client (self->session), text, error);
}

static gboolean
take_order (WherryJoin *self, JsonObject *order, GError **error)
{
  const char *text = wherry_json_line_get_string (order, "text");
  const char *data = wherry_json_line_get_string (order, "data");
  const char *to;
  WherryClientChannel *channel;
  guchar *bytes;
  gsize length;

  if (json_object_has_member (order, "attributes"))
    return take_attributes (self, json_object_get_member (order, "attributes"), error);
  if (json_object_has_member (order, "members"))
    {
      wherry_join_view_members (&self->view);
      return TRUE;
    }
  channel = choose (self, order, &to, error);
  if (channel == NULL)
    return FALSE;
  if (text != NULL)
    return say_text (self, channel, text, to, error);
  if (data == NULL)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                           _ ("it has no “text” and no “data”"));
      return FALSE;
    }
  bytes = g_base64_decode (data, &length);
  return say (self, channel, g_bytes_new_take (bytes, length), FALSE, to, error);
}

void
wherry_join_take_line (WherryJoin *self, const char *line, guint number)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) order = NULL;
  gboolean done;

  if (!self->invocation->json)
    done = say_text (self, wherry_join_find_channel (self, self->topic), line, NULL, &error);
  else
    {
      order = wherry_json_line_parse (line, -1, &error);
      done = order != NULL && take_order (self, order, &error);
    }
  if (!done)
    wherry_join_view_problem (&self->view, number, error->message);
}

/* ---- lines of a person ---- */

static void
say_typed (WherryJoin *self, const char *text, const char *to)
{
  g_autoptr (GError) error = NULL;

  if (say_text (self, wherry_join_find_channel (self, self->topic), text, to, &error))
    wherry_join_view_own (&self->view, self->topic, to, text);
  else
    wherry_join_view_problem (&self->view, 0, error->message);
}

void
wherry_join_choose_topic (WherryJoin *self, const char *topic)
{
  g_autofree char *chosen = g_strdup (topic);

  if (wherry_join_find_channel (self, chosen) == NULL)
    {
      wherry_join_view_problem (&self->view, 0, _ ("that is none of the topics: see --topic"));
      return;
    }
  g_free (self->topic);
  self->topic = g_steal_pointer (&chosen);
  if (self->editor != NULL)
    wherry_line_editor_set_label (self->editor, self->channels->len > 1 ? self->topic : "");
}

static void
say_to (WherryJoin *self, const char *rest)
{
  const char *space = strchr (rest, ' ');
  g_autofree char *who = space != NULL ? g_strndup (rest, space - rest) : NULL;
  g_autoptr (GError) error = NULL;
  WherryMember *member;

  if (who == NULL)
    {
      wherry_join_view_problem (&self->view, 0, _ ("it goes: /to NAME TEXT"));
      return;
    }
  member = wherry_roster_find (self->roster, who, &error);
  if (member == NULL)
    wherry_join_view_problem (&self->view, 0, error->message);
  else
    say_typed (self, space + 1, wherry_member_get_id (member));
}

static void
take_command (WherryJoin *self, const char *command, const char *rest)
{
  if (g_str_equal (command, "quit"))
    wherry_join_leave (self);
  else if (g_str_equal (command, "members"))
    wherry_join_view_members (&self->view);
  else if (g_str_equal (command, "topic"))
    wherry_join_choose_topic (self, rest);
  else if (g_str_equal (command, "to"))
    say_to (self, rest);
  else
    {
      wherry_say (_ ("/members        who is there"));
      wherry_say (_ ("/to NAME TEXT   says it to one member alone"));
      wherry_say (_ ("/topic TOPIC    what you type goes there from now on"));
      wherry_say (_ ("/quit           leaves, as Ctrl-D does"));
      wherry_say (_ ("//TEXT          says a line that begins with a slash"));
    }
}

void
wherry_join_take_typed (WherryJoin *self, const char *line)
{
  const char *space;
  g_autofree char *command = NULL;
  g_autofree char *rest = NULL;

  if (*line == '\0')
    return;
  if (line[0] != '/' || line[1] == '/')
    {
      say_typed (self, line[0] == '/' ? line + 1 : line, NULL);
      return;
    }
  space = strchr (line, ' ');
  command = space != NULL ? g_strndup (line + 1, space - line - 1) : g_strdup (line + 1);
  rest = g_strstrip (g_strdup (space != NULL ? space + 1 : ""));
  take_command (self, command, rest);
}
