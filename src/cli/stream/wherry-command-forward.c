/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <inttypes.h>
#include <string.h>

#include <glib/gi18n.h>

#include "cli/wherry-cli-limits.h"
#include "cli/wherry-commands.h"
#include "cli/stream/wherry-forward-connection.h"
#include "cli/wherry-json-line.h"
#include "cli/stream/wherry-meet.h"
#include "cli/wherry-open-files.h"
#include "cli/wherry-terminal.h"

/*
 * wherry forward: TCP connections to a port here go to an address at the other side, each by its
 * own stream.
 */

#define FORWARD_TOPIC "forward"

typedef struct
{
  WherryInvocation *invocation;
  WherryRoomSession *session;
  WherryMeet *meet;
  GSocketConnectable *target; /* of the side that connects, or NULL */
  GSocketListener *listener;  /* of the side that listens, or NULL */
  GCancellable *accepting;    /* not NULL: it accepts now */
  WherryMux *mux;             /* of the side that listens, once it has met the other */
  GHashTable *connections;    /* of WherryForwardConnection */
  guint max;
  guint again;         /* a source: nothing was accepted, and it tries again */
  gboolean is_told_so; /* that nothing was accepted */
} Forward;

/* ---- what it says ---- */

static void
tell (Forward *self, const char *event, const char *name, const char *text)
{
  g_autoptr (JsonBuilder) builder = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *line = NULL;

  if (!self->invocation->json)
    return;
  builder = json_builder_new_immutable ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "event");
  json_builder_add_string_value (builder, event);
  json_builder_set_member_name (builder, "time");
  json_builder_add_int_value (builder, g_get_real_time () / 1000);
  if (name != NULL)
    {
      json_builder_set_member_name (builder, name);
      json_builder_add_string_value (builder, text);
    }
  json_builder_set_member_name (builder, "connections");
  json_builder_add_int_value (builder, g_hash_table_size (self->connections));
  json_builder_end_object (builder);
  node = json_builder_get_root (builder);
  line = wherry_json_line_format (node);
  wherry_print ("%s", line);
}

/* ---- connections ---- */

static void accept_more (Forward *self);

static void
on_ended (gpointer user_data, WherryForwardConnection *connection, const GError *error)
{
  Forward *self = user_data;
  WherryPumpCounts counts = wherry_forward_connection_get_counts (connection);

  if (error != NULL)
    wherry_say (_ ("A connection broke: %s"), error->message);
  else
    g_info ("A connection ended: %" PRIu64 " bytes out, %" PRIu64 " bytes in", counts.read,
            counts.written);
  g_hash_table_remove (self->connections, connection);
  tell (self, "closed", error != NULL ? "error" : NULL, error != NULL ? error->message : NULL);
  accept_more (self);
}

static gboolean
on_again (gpointer data)
{
  Forward *self = data;

  self->again = 0;
  accept_more (self);
  return G_SOURCE_REMOVE;
}

/* One connection that failed before it was taken, or no file descriptor for it: those that are
 * there are not ended for that (accept(2), "Error handling"). */
static void
wait_to_accept (Forward *self, const GError *error)
{
  if (!self->is_told_so)
    wherry_complain ("wherry forward: %s", error->message);
  self->is_told_so = TRUE;
  if (self->again == 0)
    self->again = g_timeout_add_seconds (1, on_again, self);
}

static void
on_accepted (GObject *source, GAsyncResult *result, gpointer data)
{
  Forward *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) socket
      = g_socket_listener_accept_finish (G_SOCKET_LISTENER (source), result, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->accepting == NULL)
    return; /* which may come after everything was freed: nothing of it is touched */
  g_clear_object (&self->accepting);
  if (socket == NULL)
    {
      wait_to_accept (self, error);
      return;
    }
  self->is_told_so = FALSE;
  if (self->mux != NULL) /* else it is closed: the other side has gone */
    {
      g_hash_table_add (self->connections,
                        wherry_forward_connection_open (socket, self->mux, on_ended, self));
      tell (self, "opened", NULL, NULL);
    }
  accept_more (self);
}

/* Whoever connects while there are too many, or nobody at the other side, waits in the system's
 * queue. */
static void
accept_more (Forward *self)
{
  if (self->listener == NULL || self->mux == NULL || self->accepting != NULL
      || g_hash_table_size (self->connections) >= self->max)
    return;
  self->accepting = g_cancellable_new ();
  g_socket_listener_accept_async (self->listener, self->accepting, on_accepted, self);
}

static void
stop_accepting (Forward *self)
{
  if (self->accepting != NULL)
    g_cancellable_cancel (self->accepting);
  g_clear_object (&self->accepting);
}

/* ---- the other side ---- */

static void
on_waiting (gpointer user_data)
{
  Forward *self = user_data;

  wherry_say (_ ("Waiting for the other side…"));
  tell (self, "waiting", NULL, NULL);
}

static void
on_met (gpointer user_data, const char *member, WherryMux *mux, gboolean is_inviter)
{
  Forward *self = user_data;
  g_autofree char *name = wherry_meet_name (self->meet, member);

  wherry_say (_ ("Connected with %s."), name);
  tell (self, "met", "id", member);
  if (self->listener == NULL)
    return;
  self->mux = mux;
  accept_more (self);
}

static void
on_opened (gpointer user_data, const char *member, WherryMuxStream *stream)
{
  Forward *self = user_data;

  if (self->target == NULL)
    wherry_mux_stream_reset (stream, WHERRY_MUX_CODE_REFUSED, "it connects to nothing");
  else if (g_hash_table_size (self->connections) >= self->max)
    wherry_mux_stream_reset (stream, WHERRY_MUX_CODE_LIMIT, NULL);
  else
    {
      g_hash_table_add (self->connections,
                        wherry_forward_connection_make (stream, self->target, on_ended, self));
      tell (self, "opened", "id", member);
    }
}

static void
on_lost (gpointer user_data, const char *member, const GError *error)
{
  Forward *self = user_data;
  g_autofree char *name = wherry_meet_name (self->meet, member);

  wherry_say ("%s: %s", name, error->message);
  tell (self, "lost", "id", member);
  if (self->listener == NULL)
    return;
  self->mux = NULL;
  stop_accepting (self);
}

static void
on_failed (gpointer user_data, const GError *error)
{
  Forward *self = user_data;

  wherry_complain ("wherry forward: %s", error->message);
  wherry_room_session_leave (self->session, wherry_exit_of_error (error));
}

/* ---- where it listens ---- */

/* "PORT", "ADDRESS:PORT", "[ADDRESS]:PORT" */
static GSocketAddress *
parse_listen (const char *text, GError **error)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *address
      = colon != NULL ? g_strndup (text, colon - text) : g_strdup ("127.0.0.1");
  gsize length = strlen (address);
  g_autoptr (GSocketAddress) found = NULL;
  guint64 port;

  if (length > 2 && address[0] == '[' && address[length - 1] == ']')
    {
      address[length - 1] = '\0';
      memmove (address, address + 1, length - 1);
    }
  if (g_ascii_string_to_unsigned (colon != NULL ? colon + 1 : text, 10, 0, 65535, &port, NULL))
    found = g_inet_socket_address_new_from_string (g_str_equal (address, "localhost") ? "127.0.0.1"
                                                                                      : address,
                                                   (guint) port);
  if (found == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 _ ("“%s” is nothing to listen at: try 8080 or 192.0.2.1:8080"), text);
  return g_steal_pointer (&found);
}

static gboolean
listen_at (Forward *self, const char *text, GError **error)
{
  g_autoptr (GSocketAddress) address = parse_listen (text, error);
  g_autoptr (GSocketAddress) effective = NULL;
  g_autofree char *words = NULL;

  if (address == NULL)
    return FALSE;
  self->listener = g_socket_listener_new ();
  if (!g_socket_listener_add_address (self->listener, address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_TCP, NULL, &effective, error))
    return FALSE;
  words = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (effective));
  wherry_say (_ ("Listening at %s."), words);
  tell (self, "listening", "address", words);
  return TRUE;
}

static gboolean
prepare (Forward *self, const char *to, GError **error)
{
  const char *at = self->invocation->arguments[1];

  if ((to == NULL) == (at == NULL))
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _ ("one side gets a port to listen at, the other one --to HOST:PORT"));
      return FALSE;
    }
  if (to == NULL)
    return listen_at (self, at, error);
  self->target = g_network_address_parse (to, 0, error);
  if (self->target == NULL)
    return FALSE;
  if (g_network_address_get_port (G_NETWORK_ADDRESS (self->target)) != 0)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("“%s” has no port"), to);
  return FALSE;
}

/* ---- life ---- */

static int
run (Forward *self, WherryMeetOptions *options, const char *to)
{
  static const WherryMeetHooks hooks = { on_waiting, on_met, on_opened, on_lost, on_failed };
  g_autoptr (GError) error = NULL;

  if (!prepare (self, to, &error))
    return wherry_invocation_fail (self->invocation, error);
  options->role = to != NULL ? WHERRY_MEET_SERVER : WHERRY_MEET_CLIENT;
  options->max_streams = to != NULL ? self->max : 0;
  self->session
      = wherry_room_session_new (self->invocation, self->invocation->arguments[0], &error);
  if (self->session != NULL)
    self->meet = wherry_meet_new (self->invocation, self->session, options, &hooks, self, &error);
  if (self->meet == NULL)
    return wherry_invocation_fail (self->invocation, error);
  return wherry_meet_run (self->meet, self->session);
}

static void
clear (Forward *self)
{
  stop_accepting (self);
  g_clear_handle_id (&self->again, g_source_remove);
  g_hash_table_unref (self->connections);
  g_clear_pointer (&self->meet, wherry_meet_free);
  g_clear_pointer (&self->session, wherry_room_session_free);
  g_clear_object (&self->listener);
  g_clear_object (&self->target);
}

int
wherry_command_forward (WherryInvocation *invocation)
{
  Forward self = { .invocation = invocation };
  WherryMeetOptions options
      = { .kind = WHERRY_MUX_KIND_FORWARD, .stream_window = WHERRY_CLI_FORWARD_BYTES };
  g_autofree char *topic = NULL;
  g_autofree char *only = NULL;
  g_autofree char *to = NULL;
  int max = WHERRY_CLI_CONNECTIONS_DEFAULT;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_STRING, &to, N_ ("Connect to this, for the side that listens"),
      N_ ("HOST:PORT") },
    { "topic", 't', 0, G_OPTION_ARG_STRING, &topic, N_ ("Meet on this topic, not on “forward”"),
      N_ ("TOPIC") },
    { "member", 0, 0, G_OPTION_ARG_STRING, &only, N_ ("Meet nobody but this member"),
      N_ ("NAME|ID") },
    { "direct", 'd', 0, G_OPTION_ARG_NONE, &options.direct,
      N_ ("Past the relay, which only introduces the two"), NULL },
    { "peer", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &options.direct, NULL, NULL },
    { "max-connections", 0, 0, G_OPTION_ARG_INT, &max, N_ ("Carry no more at once (256)"),
      N_ ("N") },
    G_OPTION_ENTRY_NULL,
  };
  int result;

  if (!wherry_invocation_parse (invocation, entries, 1, 2, &error))
    return wherry_invocation_fail (invocation, error);
  options.topic = topic != NULL ? topic : FORWARD_TOPIC;
  options.only = only;
  self.max = (guint) CLAMP (max, 1, (int) WHERRY_CLI_CONNECTIONS_MAX);
  self.connections
      = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) wherry_forward_connection_free, NULL);
  wherry_open_files_raise ();
  result = run (&self, &options, to);
  clear (&self);
  return result;
}
