/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/join/wherry-chat.h"
#include "cli/wherry-cli-limits.h"
#include "cli/join/wherry-join-view.h"
#include "cli/wherry-json-line.h"
#include "cli/wherry-terminal.h"

/* ---- JSON ---- */

static JsonBuilder *
begin (const char *event)
{
  JsonBuilder *builder = json_builder_new_immutable ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "event");
  json_builder_add_string_value (builder, event);
  json_builder_set_member_name (builder, "time");
  json_builder_add_int_value (builder, g_get_real_time () / 1000);
  return builder;
}

static void
add (JsonBuilder *builder, const char *name, const char *text)
{
  if (text == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, text);
}

static void
add_flag (JsonBuilder *builder, const char *name, gboolean is_set)
{
  if (!is_set)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, TRUE);
}

/* builder: (transfer full) */
static void
end (WherryJoinView *self, JsonBuilder *builder)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *line = NULL;

  json_builder_end_object (builder);
  node = json_builder_get_root (builder);
  line = wherry_json_line_format (node);
  if (!wherry_print ("%s", line))
    self->is_broken = TRUE;
  g_object_unref (builder);
}

static void
add_member (JsonBuilder *builder, WherryMember *member)
{
  const char *attributes = wherry_member_get_attributes (member);
  g_autoptr (JsonObject) object
      = attributes != NULL ? wherry_json_line_parse (attributes, -1, NULL) : NULL;

  add (builder, "id", wherry_member_get_id (member));
  add (builder, "name", wherry_member_get_name (member));
  if (object == NULL)
    return;
  json_builder_set_member_name (builder, "attributes");
  json_builder_add_value (builder, json_node_init_object (json_node_alloc (), object));
}

static void
add_members (WherryJoinView *self, JsonBuilder *builder)
{
  g_autoptr (GPtrArray) list = wherry_roster_list (self->roster);

  json_builder_set_member_name (builder, "members");
  json_builder_begin_array (builder);
  for (guint i = 0; i < list->len; i++)
    {
      json_builder_begin_object (builder);
      add_member (builder, g_ptr_array_index (list, i));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
print_message_json (WherryJoinView *self, const WherryJoinMessage *message, const char *text)
{
  g_autoptr (JsonBuilder) builder = begin ("message");

  add (builder, "topic", message->topic);
  add (builder, "from", message->sender);
  if (message->sender != NULL)
    add (builder, "name", wherry_roster_peek_name (self->roster, message->sender));
  if (text != NULL)
    add (builder, "text", text);
  else
    {
      gsize length;
      const guint8 *data = g_bytes_get_data (message->data, &length);
      g_autofree char *base64 = length > 0 ? g_base64_encode (data, length) : g_strdup ("");

      add (builder, "data", base64);
    }
  add_flag (builder, "direct", message->flags & WHERRY_MESSAGE_FLAGS_DIRECT);
  add_flag (builder, "replayed", message->flags & WHERRY_MESSAGE_FLAGS_REPLAYED);
  if (message->sequence != 0)
    {
      json_builder_set_member_name (builder, "sequence");
      json_builder_add_int_value (builder, (gint64) message->sequence);
    }
  end (self, g_steal_pointer (&builder));
}

/* ---- for people ---- */

/* Each line of text is one of the terminal, behind the first one indented. heading: terminal-safe
 */
static void
print_said (WherryJoinView *self, const char *heading, WherryStyle style, const char *text)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *when = g_date_time_format (now, "%H:%M");
  g_autofree char *expanded = NULL;
  g_auto (GStrv) tabs = g_strsplit (text, "\t", -1);
  g_auto (GStrv) lines = NULL;
  const char *margin = "     ";

  expanded = g_strjoinv ("    ", tabs);
  lines = g_strsplit (expanded, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *safe = wherry_terminal_safe (g_strchomp (lines[i]));
      gboolean done = i > 0 ? wherry_print ("%s   %s", margin, safe)
                            : wherry_print ("%s%s%s %s%s:%s %s",
                                            wherry_terminal_begin (stdout, WHERRY_STYLE_DIM), when,
                                            wherry_terminal_end (stdout, WHERRY_STYLE_DIM),
                                            wherry_terminal_begin (stdout, style), heading,
                                            wherry_terminal_end (stdout, style), safe);

      if (!done)
        self->is_broken = TRUE;
    }
}

/* Said about the talk, not in it: text is terminal-safe */
G_GNUC_PRINTF (1, 2)
static void
note (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  wherry_say ("%s* %s%s", wherry_terminal_begin (stderr, WHERRY_STYLE_DIM), text,
              wherry_terminal_end (stderr, WHERRY_STYLE_DIM));
}

static char *
make_heading (WherryJoinView *self, const WherryJoinMessage *message, const char *said_name)
{
  g_autoptr (GString) heading = g_string_new (NULL);
  g_autofree char *topic = wherry_terminal_safe (message->topic);
  g_autofree char *name = NULL;

  if (message->sender != NULL && wherry_roster_peek_name (self->roster, message->sender) != NULL)
    name = wherry_roster_name (self->roster, message->sender);
  else if (message->sender == NULL && said_name != NULL && *said_name != '\0')
    name = wherry_terminal_safe (said_name);
  else if (message->sender != NULL)
    name = wherry_roster_name (self->roster, message->sender);
  else
    name = g_strdup (_ ("server"));
  g_string_append (heading, name);
  if (message->flags & WHERRY_MESSAGE_FLAGS_DIRECT)
    g_string_append_printf (heading, " %s", _ ("(to you)"));
  if (self->many_topics)
    g_string_append_printf (heading, " [%s]", topic);
  return g_string_free (g_steal_pointer (&heading), FALSE);
}

static void
print_message (WherryJoinView *self, const WherryJoinMessage *message, const char *text,
               const char *said_name)
{
  g_autofree char *heading = make_heading (self, message, said_name);
  g_autofree char *size = NULL;
  g_autofree char *words = NULL;

  if (text != NULL)
    {
      print_said (self, heading, WHERRY_STYLE_BOLD, *text != '\0' ? text : _ ("(nothing)"));
      return;
    }
  size = g_format_size (g_bytes_get_size (message->data));
  words = g_strdup_printf (_ ("(%s, not text)"), size);
  print_said (self, heading, WHERRY_STYLE_BOLD, words);
}

void
wherry_join_view_message (WherryJoinView *self, const WherryJoinMessage *message)
{
  gsize length;
  const char *data = g_bytes_get_data (message->data, &length);
  g_autofree char *text = NULL;
  g_autofree char *said_name = NULL;

  if (message->is_text && g_str_equal (message->topic, WHERRY_CHAT_TOPIC) && length > 0)
    text = wherry_chat_unpack (data, length, &said_name);
  if (text == NULL && message->is_text)
    text = length > 0 ? g_utf8_make_valid (data, (gssize) length) : g_strdup ("");
  if (self->json)
    print_message_json (self, message, text);
  else
    print_message (self, message, text, said_name);
}

void
wherry_join_view_own (WherryJoinView *self, const char *topic, const char *to, const char *text)
{
  g_autofree char *name = to != NULL ? wherry_roster_name (self->roster, to) : NULL;
  g_autofree char *safe_topic = wherry_terminal_safe (topic);
  g_autofree char *heading = NULL;

  if (!wherry_terminal_is (stdout)) /* what was said by others is kept there */
    return;
  if (name != NULL)
    heading = g_strdup_printf (_ ("You (to %s)"), name);
  else if (self->many_topics)
    heading = g_strdup_printf (_ ("You [%s]"), safe_topic);
  else
    heading = g_strdup (_ ("You"));
  print_said (self, heading, WHERRY_STYLE_GOOD, text);
}

/* ---- who is there ---- */

void
wherry_join_view_joined (WherryJoinView *self)
{
  g_autofree char *room = NULL;
  g_autofree char *plain = NULL;
  guint n = wherry_roster_get_size (self->roster);

  g_object_get (self->client, "room", &plain, NULL);
  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = begin ("joined");

      add (builder, "room", plain);
      add (builder, "id", wherry_client_get_id (self->client));
      add_members (self, builder);
      end (self, g_steal_pointer (&builder));
      return;
    }
  room = wherry_terminal_safe (plain);
  if (n == 0)
    note (_ ("Joined “%s”; nobody else is there yet."), room);
  else
    note (g_dngettext (GETTEXT_PACKAGE, "Joined “%s”; %u other is there.",
                       "Joined “%s”; %u others are there.", n),
          room, n);
}

static char *
describe_attributes (WherryMember *member)
{
  const char *attributes = wherry_member_get_attributes (member);
  g_autofree char *valid = g_utf8_make_valid (attributes != NULL ? attributes : "{}", -1);
  g_autofree char *cut
      = g_utf8_substring (valid, 0,
                          MIN (g_utf8_strlen (valid, -1), (glong) WHERRY_CLI_ABOUT_CHARS));

  return wherry_terminal_safe (cut);
}

static const char *
choose_words (const char *event, const char *reason)
{
  if (g_str_equal (event, "member-joined"))
    return _ ("%s came in.");
  if (g_strcmp0 (reason, "failed") == 0 || g_strcmp0 (reason, "timeout") == 0)
    return _ ("%s lost the connection.");
  if (g_strcmp0 (reason, "slow") == 0)
    return _ ("%s was too slow.");
  if (g_strcmp0 (reason, "kicked") == 0 || g_strcmp0 (reason, "banned") == 0)
    return _ ("%s was removed.");
  return _ ("%s left.");
}

void
wherry_join_view_member (WherryJoinView *self, const char *event, WherryMember *member,
                         const char *reason)
{
  g_autofree char *name = NULL;
  g_autofree char *about = NULL;

  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = begin (event);

      add_member (builder, member);
      add (builder, "reason", reason);
      end (self, g_steal_pointer (&builder));
      return;
    }
  name = wherry_roster_name (self->roster, wherry_member_get_id (member));
  if (g_str_equal (event, "member-changed"))
    {
      about = describe_attributes (member);
      note (_ ("%s says about itself: %s"), name, about);
      return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  note (choose_words (event, reason), name);
#pragma GCC diagnostic pop
}

void
wherry_join_view_members (WherryJoinView *self)
{
  g_autoptr (GPtrArray) list = wherry_roster_list (self->roster);

  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = begin ("members");

      add_members (self, builder);
      end (self, g_steal_pointer (&builder));
      return;
    }
  if (list->len == 0)
    note ("%s", _ ("Nobody else is there."));
  for (guint i = 0; i < list->len; i++)
    {
      WherryMember *member = g_ptr_array_index (list, i);
      g_autofree char *name = wherry_roster_name (self->roster, wherry_member_get_id (member));
      g_autofree char *id = wherry_terminal_safe (wherry_member_get_id (member));
      g_autofree char *about = describe_attributes (member);

      note ("%s  %s  %s", id, name, wherry_member_get_attributes (member) != NULL ? about : "");
    }
}

/* ---- how it fares ---- */

void
wherry_join_view_state (WherryJoinView *self, const char *event)
{
  g_autoptr (JsonBuilder) builder = NULL;

  if (self->json)
    {
      builder = begin (event);
      add (builder, "id", wherry_client_get_id (self->client));
      end (self, g_steal_pointer (&builder));
    }
  else if (g_str_equal (event, "resumed"))
    note ("%s", _ ("Nothing was missed."));
  else if (g_str_equal (event, "websocket"))
    note ("%s", _ ("UDP is blocked: messages go over the server's WebSocket."));
}

void
wherry_join_view_gap (WherryJoinView *self, const char *const *topics)
{
  g_autoptr (JsonBuilder) builder = NULL;

  if (!self->json)
    {
      note ("%s", _ ("What was said meanwhile is lost, perhaps some of what you said too."));
      return;
    }
  builder = begin ("gap");
  add (builder, "id", wherry_client_get_id (self->client));
  json_builder_set_member_name (builder, "topics");
  json_builder_begin_array (builder);
  for (guint i = 0; topics[i] != NULL; i++)
    json_builder_add_string_value (builder, topics[i]);
  json_builder_end_array (builder);
  end (self, g_steal_pointer (&builder));
}

void
wherry_join_view_notice (WherryJoinView *self, const char *code, const char *text)
{
  g_autoptr (JsonBuilder) builder = NULL;
  g_autofree char *safe_code = wherry_terminal_safe (code);
  g_autofree char *safe_text = wherry_terminal_safe (text);

  if (!self->json)
    {
      note (_ ("The server says: %s (%s)"), safe_text, safe_code);
      return;
    }
  builder = begin ("notice");
  add (builder, "code", code);
  add (builder, "message", text);
  end (self, g_steal_pointer (&builder));
}

void
wherry_join_view_problem (WherryJoinView *self, guint line, const char *text)
{
  g_autoptr (JsonBuilder) builder = NULL;
  g_autofree char *safe = wherry_terminal_safe (text);

  if (!self->json)
    {
      if (line > 0)
        wherry_complain (_ ("line %u: %s"), line, safe);
      else
        wherry_complain ("%s", safe);
      return;
    }
  builder = begin ("error");
  if (line > 0)
    {
      json_builder_set_member_name (builder, "line");
      json_builder_add_int_value (builder, line);
    }
  add (builder, "message", text);
  end (self, g_steal_pointer (&builder));
}
