/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <unistd.h>

#include <glib/gi18n.h>

#include "cli/wherry-commands.h"
#include "cli/join/wherry-join-private.h"
#include "cli/join/wherry-line-editor.h"
#include "cli/wherry-line-reader.h"
#include "cli/wherry-room-session.h"
#include "cli/wherry-terminal.h"

/*
 * wherry join: what is typed is said, what the others say is shown. The channels are opened before
 * it joins, so that nothing is missed, and closed behind what was said before it leaves.
 */

/* ---- leaving ---- */

static void
on_closed (WherryJoin *self)
{
  if (--self->n_open == 0)
    wherry_room_session_leave (self->session, WHERRY_EXIT_OK);
}

/* In order: what waits on a channel goes first, and that may take as long as others block it. */
void
wherry_join_leave (WherryJoin *self)
{
  if (self->is_leaving)
    return;
  self->is_leaving = TRUE;
  g_clear_pointer (&self->editor, wherry_line_editor_free);
  self->n_open = self->channels->len;
  for (guint i = 0; i < self->channels->len; i++)
    {
      WherryClientChannel *channel = g_ptr_array_index (self->channels, i);

      g_signal_connect_swapped (channel, "closed", G_CALLBACK (on_closed), self);
      wherry_client_channel_close (channel);
    }
}

/* Nobody reads what it shows: it ends quietly. */
static void
check_output (WherryJoin *self)
{
  if (self->view.is_broken && !self->is_leaving)
    {
      self->is_leaving = TRUE;
      wherry_room_session_leave (self->session, WHERRY_EXIT_OK);
    }
}

/* ---- what comes from the room ---- */

static void
on_message (WherryClientChannel *channel, GBytes *data, gboolean is_text, const char *sender,
            guint64 sequence, WherryMessageFlags flags, WherryJoin *self)
{
  const WherryJoinMessage message
      = { wherry_client_channel_get_topic (channel), sender, data, is_text, sequence, flags };

  wherry_join_view_message (&self->view, &message);
  check_output (self);
}

/* With --all: a topic that others speak on. What pages measure with is not said to people. */
static void
on_channel (WherryClient *client, WherryClientChannel *channel, WherryJoin *self)
{
  const char *topic = wherry_client_channel_get_topic (channel);

  if (!g_str_has_prefix (topic, "wherry:") && !g_str_has_prefix (topic, "wherry-page:"))
    g_signal_connect (channel, "message", G_CALLBACK (on_message), self);
}

static void
on_member_joined (gpointer user_data, WherryMember *member)
{
  WherryJoin *self = user_data;

  if (wherry_roster_is_known (self->roster))
    wherry_join_view_member (&self->view, "member-joined", member, NULL);
  check_output (self);
}

static void
on_member_left (gpointer user_data, WherryMember *member, const char *reason)
{
  WherryJoin *self = user_data;

  wherry_join_view_member (&self->view, "member-left", member, reason);
  check_output (self);
}

static void
on_member_changed (gpointer user_data, WherryMember *member)
{
  WherryJoin *self = user_data;

  wherry_join_view_member (&self->view, "member-changed", member, NULL);
  check_output (self);
}

static void
on_notice (WherryClient *client, const char *code, const char *text, WherryJoin *self)
{
  wherry_join_view_notice (&self->view, code, text);
  check_output (self);
}

static void
on_resumed (WherryClient *client, WherryJoin *self)
{
  wherry_join_view_state (&self->view, "resumed");
  check_output (self);
}

static void
on_gap (WherryClient *client, const char *const *topics, WherryJoin *self)
{
  wherry_join_view_gap (&self->view, topics);
  check_output (self);
}

static void
on_state (WherryJoin *self)
{
  WherryClientState state
      = wherry_client_get_state (wherry_room_session_get_client (self->session));

  if (self->invocation->json && self->has_joined)
    {
      if (state == WHERRY_CLIENT_STATE_RECONNECTING)
        wherry_join_view_state (&self->view, "reconnecting");
      else if (state == WHERRY_CLIENT_STATE_CONNECTED)
        wherry_join_view_state (&self->view, "connected");
    }
  check_output (self);
}

static void
on_transport (WherryJoin *self)
{
  WherryClient *client = wherry_room_session_get_client (self->session);

  if (wherry_client_get_transport (client) == WHERRY_CLIENT_TRANSPORT_WEBSOCKET)
    wherry_join_view_state (&self->view, "websocket");
  check_output (self);
}

/* ---- what comes from this side ---- */

static void
on_drained (WherryJoin *self)
{
  if (!wherry_join_flush (self) || self->is_leaving)
    return;
  if (self->reader != NULL)
    wherry_line_reader_resume (self->reader);
  if (self->at_end)
    wherry_join_leave (self);
}

static void
on_line (gpointer user_data, const char *line, guint number)
{
  WherryJoin *self = user_data;

  wherry_join_take_line (self, line, number);
  if (self->waiting != NULL)
    wherry_line_reader_pause (self->reader);
  check_output (self);
}

static void
on_too_long (gpointer user_data, guint number)
{
  wherry_join_view_problem (&((WherryJoin *) user_data)->view, number,
                            _ ("the line is too long to be said"));
}

static void
on_end (WherryJoin *self)
{
  self->at_end = TRUE;
  if (self->waiting == NULL && !self->stays)
    wherry_join_leave (self);
}

static void
on_reader_ended (gpointer user_data, const GError *error)
{
  if (error != NULL)
    wherry_complain ("%s", error->message);
  on_end (user_data);
}

static void
on_typed (gpointer user_data, const char *line)
{
  wherry_join_take_typed (user_data, line);
}

static void
on_editor_ended (gpointer user_data)
{
  on_end (user_data);
}

static void
start_input (WherryJoin *self)
{
  static const WherryLineEditorEvents editor_events = { on_typed, on_editor_ended };
  static const WherryLineReaderEvents reader_events = { on_line, on_too_long, on_reader_ended };

  if (!self->invocation->json && wherry_line_editor_is_possible ())
    {
      self->editor = wherry_line_editor_new (&editor_events, self);
      wherry_join_choose_topic (self, self->topic);
      return;
    }
  self->reader = wherry_line_reader_new (STDIN_FILENO, &reader_events, self);
  wherry_line_reader_resume (self->reader);
}

/* It is there for the others once it hears what they say. */
static void
begin_if_open (WherryJoin *self)
{
  if (self->has_joined || !self->may_begin)
    return;
  for (guint i = 0; i < self->channels->len; i++)
    if (wherry_client_channel_get_ready_state (g_ptr_array_index (self->channels, i))
        != WHERRY_DATA_CHANNEL_STATE_OPEN)
      return;
  self->has_joined = TRUE;
  wherry_roster_compare (self->roster);
  wherry_join_view_joined (&self->view);
  if (self->editor == NULL && !self->invocation->json && wherry_line_editor_is_possible ())
    wherry_say (_ ("What you type is said to everybody; /help tells more, Ctrl-D leaves."));
  start_input (self);
  check_output (self);
}

static void
on_joined (gpointer data)
{
  WherryJoin *self = data;

  self->may_begin = TRUE;
  begin_if_open (self);
}

/* The server does not let it on a topic: there is nothing to be here for. */
static void
on_refused (WherryClientChannel *channel, WherryJoin *self)
{
  WherryClient *client = wherry_room_session_get_client (self->session);
  g_autofree char *topic = NULL;

  if (self->is_leaving || g_cancellable_is_cancelled (self->invocation->cancellable)
      || wherry_client_get_state (client) != WHERRY_CLIENT_STATE_CONNECTED)
    return;
  topic = wherry_terminal_safe (wherry_client_channel_get_topic (channel));
  wherry_complain (_ ("wherry join: the server closed the topic “%s”"), topic);
  self->is_leaving = TRUE;
  wherry_room_session_leave (self->session, WHERRY_EXIT_REFUSED);
}

/* ---- life ---- */

static gboolean
open_channels (WherryJoin *self, char **topics, GError **error)
{
  static char *default_topics[] = { (char *) WHERRY_CHAT_TOPIC, NULL };
  WherryClient *client = wherry_room_session_get_client (self->session);

  if (topics == NULL || topics[0] == NULL)
    topics = default_topics;
  for (guint i = 0; topics[i] != NULL; i++)
    {
      WherryClientChannel *channel;

      if (wherry_join_find_channel (self, topics[i]) != NULL)
        continue;
      channel = wherry_client_open_channel (client, topics[i], NULL, error);
      if (channel == NULL)
        return FALSE;
      g_ptr_array_add (self->channels, channel);
      g_signal_connect (channel, "message", G_CALLBACK (on_message), self);
      g_signal_connect_swapped (channel, "drained", G_CALLBACK (on_drained), self);
      g_signal_connect_swapped (channel, "notify::ready-state", G_CALLBACK (begin_if_open), self);
      g_signal_connect (channel, "closed", G_CALLBACK (on_refused), self);
    }
  self->topic = g_strdup (wherry_client_channel_get_topic (g_ptr_array_index (self->channels, 0)));
  return TRUE;
}

static void
watch (WherryJoin *self)
{
  static const WherryRosterEvents events = { on_member_joined, on_member_left, on_member_changed };
  WherryClient *client = wherry_room_session_get_client (self->session);

  self->roster = wherry_roster_new (client, &events, self);
  self->view.client = client;
  self->view.roster = self->roster;
  self->view.json = self->invocation->json;
  g_signal_connect (client, "channel", G_CALLBACK (on_channel), self);
  g_signal_connect (client, "notice", G_CALLBACK (on_notice), self);
  g_signal_connect (client, "resumed", G_CALLBACK (on_resumed), self);
  g_signal_connect (client, "gap", G_CALLBACK (on_gap), self);
  g_signal_connect_swapped (client, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect_swapped (client, "notify::transport", G_CALLBACK (on_transport), self);
}

static void
clear (WherryJoin *self)
{
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (wherry_room_session_get_client (self->session), self);
  for (guint i = 0; i < self->channels->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (self->channels, i), self);
  g_clear_pointer (&self->editor, wherry_line_editor_free);
  g_clear_pointer (&self->reader, wherry_line_reader_free);
  g_clear_pointer (&self->roster, wherry_roster_free);
  g_clear_pointer (&self->waiting, wherry_join_waiting_free);
  g_ptr_array_unref (self->channels);
  g_free (self->topic);
  g_clear_pointer (&self->session, wherry_room_session_free);
}

static int
run (WherryJoin *self, char **topics, gboolean all)
{
  g_autoptr (GError) error = NULL;

  self->session
      = wherry_room_session_new (self->invocation, self->invocation->arguments[0], &error);
  if (self->session == NULL || !open_channels (self, topics, &error))
    return wherry_invocation_fail (self->invocation, error);
  g_object_set (wherry_room_session_get_client (self->session), "mirror", all, NULL);
  self->view.many_topics = all || self->channels->len > 1;
  watch (self);
  wherry_room_session_join (self->session, on_joined, self);
  return wherry_invocation_run (self->invocation);
}

int
wherry_command_join (WherryInvocation *invocation)
{
  WherryJoin self = { .invocation = invocation };
  g_auto (GStrv) topics = NULL;
  gboolean all = FALSE;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
    { "topic", 't', 0, G_OPTION_ARG_STRING_ARRAY, &topics,
      N_ ("Speak and hear on this topic, not “chat”; repeats"), N_ ("TOPIC") },
    { "all", 'a', 0, G_OPTION_ARG_NONE, &all, N_ ("Hear every topic of the room"), NULL },
    { "stay", 0, 0, G_OPTION_ARG_NONE, &self.stays, N_ ("Stay when the input has ended"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  int result;

  if (!wherry_invocation_parse (invocation, entries, 1, 1, &error))
    return wherry_invocation_fail (invocation, error);
  self.channels = g_ptr_array_new_with_free_func (g_object_unref);
  result = run (&self, topics, all);
  clear (&self);
  return result;
}
