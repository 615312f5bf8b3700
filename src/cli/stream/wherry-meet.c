/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/wherry-cli-limits.h"
#include "cli/wherry-json-line.h"
#include "cli/stream/wherry-meet-private.h"
#include "cli/wherry-terminal.h"

static const char *
get_kind_name (const WherryMeet *self)
{
  return self->options.kind == WHERRY_MUX_KIND_PIPE ? "pipe" : "forward";
}

gboolean
wherry_meet_is_busy (WherryMeet *self)
{
  if (self->options.role == WHERRY_MEET_SERVER)
    return g_hash_table_size (self->partners) >= WHERRY_CLI_PARTNERS_MAX;
  return g_hash_table_size (self->partners) > 0;
}

/* So that others know whether it can be met. */
static void
advertise (WherryMeet *self)
{
  gboolean shown
      = self->options.role != WHERRY_MEET_CLIENT && !wherry_meet_is_busy (self) && !self->has_ended;
  g_autoptr (JsonBuilder) builder = json_builder_new_immutable ();
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (shown == self->is_shown)
    return;
  self->is_shown = shown;
  json_builder_begin_object (builder);
  if (shown)
    {
      json_builder_set_member_name (builder, "wherry");
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, get_kind_name (self));
      json_builder_add_string_value (builder, self->topic);
      json_builder_end_object (builder);
    }
  json_builder_end_object (builder);
  node = json_builder_get_root (builder);
  text = wherry_json_line_format (node);
  if (!wherry_client_set_attributes (self->client, text, &error))
    g_info ("Attributes: %s", error->message);
}

/* ---- looking ---- */

gboolean
wherry_meet_is_wanted (WherryMeet *self, WherryMember *member)
{
  const char *id = wherry_member_get_id (member);

  return self->only == NULL || g_str_equal (self->only, id)
         || g_strcmp0 (self->only, wherry_member_get_name (member)) == 0;
}

static gboolean
can_be_met (WherryMeet *self, WherryMember *member)
{
  const char *attributes = wherry_member_get_attributes (member);
  g_autoptr (JsonObject) object
      = attributes != NULL ? wherry_json_line_parse (attributes, -1, NULL) : NULL;
  JsonNode *node = object != NULL ? json_object_get_member (object, "wherry") : NULL;
  const char *topic;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;
  topic = wherry_json_line_get_string (json_node_get_object (node), get_kind_name (self));
  return g_strcmp0 (topic, self->topic) == 0;
}

/* Of two that can both be met, one must invite the other, and never both. */
static gboolean
is_to_invite (WherryMeet *self, WherryMember *member)
{
  const char *own = wherry_client_get_id (self->client);
  const char *id = wherry_member_get_id (member);

  return wherry_meet_is_wanted (self, member) && can_be_met (self, member)
         && !g_hash_table_contains (self->tried, id) && !g_hash_table_contains (self->silent, id)
         && (self->options.role != WHERRY_MEET_PAIR || g_strcmp0 (own, id) < 0);
}

static gboolean
on_patience (gpointer data)
{
  WherryMeet *self = data;

  self->patience = 0;
  g_hash_table_remove_all (self->silent);
  wherry_meet_look_soon (self);
  return G_SOURCE_REMOVE;
}

static gboolean
look (gpointer data)
{
  WherryMeet *self = data;
  g_autoptr (GPtrArray) members = wherry_roster_list (self->roster);

  self->idle = 0;
  if (self->has_ended || !self->has_begun
      || wherry_client_channel_get_ready_state (self->channel) != WHERRY_DATA_CHANNEL_STATE_OPEN
      || wherry_client_get_state (self->client) != WHERRY_CLIENT_STATE_CONNECTED)
    return G_SOURCE_REMOVE;
  if (!self->was_waiting)
    {
      self->was_waiting = TRUE;
      self->hooks->waiting (self->user_data);
    }
  advertise (self);
  if (g_hash_table_size (self->silent) > 0 && self->patience == 0)
    self->patience = g_timeout_add_seconds (WHERRY_CLI_ANSWER_SECONDS, on_patience, self);
  for (guint i = 0; i < members->len && self->options.role != WHERRY_MEET_SERVER; i++)
    if (!wherry_meet_is_busy (self) && is_to_invite (self, g_ptr_array_index (members, i)))
      wherry_meet_invite (self, wherry_member_get_id (g_ptr_array_index (members, i)));
  return G_SOURCE_REMOVE;
}

void
wherry_meet_look_soon (WherryMeet *self)
{
  if (self->idle == 0 && !self->has_ended)
    self->idle = g_idle_add_full (G_PRIORITY_DEFAULT, look, self, NULL);
}

/* ---- who comes and goes ---- */

static void
on_member_joined (gpointer user_data, WherryMember *member)
{
  wherry_meet_look_soon (user_data);
}

static gboolean
on_gone (gpointer data)
{
  WherryPartner *partner = data;
  g_autoptr (GError) error
      = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED, _ ("the other side has left"));

  partner->timer = 0;
  wherry_meet_lose (partner->meet, partner->id, error);
  return G_SOURCE_REMOVE;
}

/* The news of it may be faster than what it sent last. */
static void
on_member_left (gpointer user_data, WherryMember *member, const char *reason)
{
  WherryMeet *self = user_data;
  const char *id = wherry_member_get_id (member);
  WherryPartner *partner = g_hash_table_lookup (self->partners, id);

  g_hash_table_remove (self->tried, id);
  if (partner == NULL || partner->direct != NULL)
    return;
  g_clear_handle_id (&partner->timer, g_source_remove);
  if (partner->state == WHERRY_PARTNER_MET)
    partner->timer = g_timeout_add_seconds (WHERRY_CLI_LAST_WORDS_SECONDS, on_gone, partner);
  else
    wherry_meet_lose (self, id, NULL);
}

static void
on_member_changed (gpointer user_data, WherryMember *member)
{
  WherryMeet *self = user_data;

  g_hash_table_remove (self->tried, wherry_member_get_id (member));
  wherry_meet_look_soon (self);
}

/* ---- what comes ---- */

static void
on_message (WherryClientChannel *channel, GBytes *data, gboolean is_text, const char *sender,
            guint64 sequence, WherryMessageFlags flags, WherryMeet *self)
{
  if (!is_text && sender != NULL && (flags & WHERRY_MESSAGE_FLAGS_DIRECT) != 0)
    wherry_meet_take (self, sender, data);
}

static void
on_drained (WherryMeet *self)
{
  wherry_meet_flush (self);
}

/* ---- its own connection ---- */

static void
on_notice (WherryClient *client, const char *code, const char *text, WherryMeet *self)
{
  g_autofree char *safe_code = wherry_terminal_safe (code);
  g_autofree char *safe_text = wherry_terminal_safe (text);

  wherry_say (_ ("The server says: %s (%s)"), safe_text, safe_code);
}

/* It came back as another member: what was on its way is lost. */
static void
on_gap (WherryClient *client, const char *const *topics, WherryMeet *self)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                                  _ ("the connection was lost for too long"));

  wherry_meet_lose_all (self, error);
}

static void
on_closed (WherryMeet *self)
{
  g_autoptr (GError) error = NULL;

  if (self->has_ended || g_cancellable_is_cancelled (self->invocation->cancellable)
      || wherry_client_get_state (self->client) != WHERRY_CLIENT_STATE_CONNECTED)
    return;
  error = g_error_new (WHERRY_ERROR, WHERRY_ERROR_FORBIDDEN, _ ("the server closed the topic “%s”"),
                       self->topic);
  self->has_ended = TRUE;
  wherry_meet_lose_all (self, error);
  self->hooks->failed (self->user_data, error);
}

/* ---- life ---- */

WherryMeet *
wherry_meet_new (WherryInvocation *invocation, WherryRoomSession *session,
                 const WherryMeetOptions *options, const WherryMeetHooks *hooks, gpointer user_data,
                 GError **error)
{
  static const WherryRosterEvents roster_events
      = { on_member_joined, on_member_left, on_member_changed };
  g_autoptr (WherryMeet) self = g_new0 (WherryMeet, 1);

  self->invocation = invocation;
  self->client = g_object_ref (wherry_room_session_get_client (session));
  self->options = *options;
  self->topic = g_strdup (options->topic);
  self->only = g_strdup (options->only);
  self->hooks = hooks;
  self->user_data = user_data;
  self->partners = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, wherry_partner_free);
  self->silent = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->tried = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->roster = wherry_roster_new (self->client, &roster_events, self);
  g_object_set (self->client, "mirror", FALSE, NULL);
  self->channel = wherry_client_open_channel (self->client, self->topic, NULL, error);
  if (self->channel == NULL)
    return NULL;
  g_signal_connect (self->channel, "message", G_CALLBACK (on_message), self);
  g_signal_connect_swapped (self->channel, "drained", G_CALLBACK (on_drained), self);
  g_signal_connect_swapped (self->channel, "closed", G_CALLBACK (on_closed), self);
  g_signal_connect_swapped (self->channel, "notify::ready-state",
                            G_CALLBACK (wherry_meet_look_soon), self);
  g_signal_connect_swapped (self->client, "notify::state", G_CALLBACK (wherry_meet_look_soon),
                            self);
  g_signal_connect (self->client, "gap", G_CALLBACK (on_gap), self);
  g_signal_connect (self->client, "notice", G_CALLBACK (on_notice), self);
  return g_steal_pointer (&self);
}

void
wherry_meet_free (WherryMeet *self)
{
  self->has_ended = TRUE;
  g_clear_handle_id (&self->cancelled, g_source_remove);
  g_clear_handle_id (&self->idle, g_source_remove);
  g_clear_handle_id (&self->finish_timer, g_source_remove);
  g_signal_handlers_disconnect_by_data (self->client, self);
  if (self->channel != NULL)
    g_signal_handlers_disconnect_by_data (self->channel, self);
  g_hash_table_unref (self->partners);
  g_hash_table_unref (self->tried);
  g_hash_table_unref (self->silent);
  g_clear_handle_id (&self->patience, g_source_remove);
  wherry_roster_free (self->roster);
  g_clear_object (&self->channel);
  g_object_unref (self->client);
  g_free (self->topic);
  g_free (self->only);
  g_free (self);
}

/* Tells those it met that it ends, and meets nobody any more. */
static void
end (WherryMeet *self)
{
  GHashTableIter iter;
  gpointer id;

  if (self->has_ended)
    return;
  self->has_ended = TRUE;
  g_hash_table_iter_init (&iter, self->partners);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    wherry_meet_refuse (self, id, WHERRY_MUX_CODE_LEFT, NULL);
}

/* The other side is told before the room session leaves. */
static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  WherryMeet *self = data;

  self->cancelled = 0;
  end (self);
  return G_SOURCE_REMOVE;
}

static void
on_joined (gpointer data)
{
  WherryMeet *self = data;

  self->has_begun = TRUE;
  wherry_meet_look_soon (self);
}

int
wherry_meet_run (WherryMeet *self, WherryRoomSession *session)
{
  self->cancelled = wherry_invocation_watch (self->invocation, G_PRIORITY_HIGH, on_cancelled, self);
  wherry_room_session_join (session, on_joined, self);
  return wherry_invocation_run (self->invocation);
}

static void
leave (gpointer data)
{
  WherryMeet *self = data;

  g_clear_handle_id (&self->finish_timer, g_source_remove);
  wherry_room_session_leave (self->session, self->result);
}

static gboolean
on_finish_limit (gpointer data)
{
  ((WherryMeet *) data)->finish_timer = 0;
  leave (data);
  return G_SOURCE_REMOVE;
}

void
wherry_meet_finish (WherryMeet *self, WherryRoomSession *session, WherryExit result)
{
  WherryPartner *direct = NULL;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->partners);
  while (direct == NULL && g_hash_table_iter_next (&iter, NULL, &value))
    direct = ((WherryPartner *) value)->direct != NULL ? value : NULL;
  self->session = session;
  self->result = result;
  if (direct == NULL)
    {
      end (self);
      leave (self);
      return;
    }
  if (self->finish_timer != 0)
    return;
  self->has_ended = TRUE;
  self->finish_timer = g_timeout_add_seconds (WHERRY_CLI_LAST_WORDS_SECONDS, on_finish_limit, self);
  wherry_partner_close_direct (direct, leave, self);
}

char *
wherry_meet_name (WherryMeet *self, const char *member)
{
  return wherry_roster_name (self->roster, member);
}

guint
wherry_meet_count (WherryMeet *self)
{
  return g_hash_table_size (self->partners);
}
