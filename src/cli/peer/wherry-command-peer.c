/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "cli/wherry-cli-limits.h"
#include "cli/wherry-commands.h"
#include "cli/peer/wherry-connection-steps.h"
#include "cli/peer/wherry-noises.h"
#include "cli/peer/wherry-paste-sdp.h"
#include "cli/peer/wherry-step-log.h"
#include "cli/wherry-terminal.h"
#include "cli/wherry-typed-lines.h"
#include "lib/wherry.h"

/*
 * wherry peer: a connection whose descriptions a person carries by copy and paste; every step of it
 * is logged. What is for the other side goes to standard output, the log to standard error.
 */

/* What tells the other side has been sent long before; libnice waits 2.5 s for a TURN server. */
#define CLOSE_TIMEOUT_MS 500

typedef struct
{
  WherryInvocation *invocation;
  WherryPeerConnection *connection;
  WherryNoises *noises;
  WherryTypedLines *input; /* (nullable): nothing is read any more */
  WherryIceCandidateTypes types;
  gboolean is_offering;
  gboolean has_remote; /* a description of theirs was taken, or is being set */
  gboolean is_closing;
  gboolean is_printed;
  gboolean has_hidden; /* their addresses are names that may not be found */
  WherryExit result;
  guint end_source; /* ends it, however long closing takes */
} Peer;

static void
ask (const Peer *self)
{
  if (self->is_offering)
    wherry_steps_say (_ ("now paste the other side's answer: one line of JSON"));
  else
    wherry_steps_say (_ ("now paste the other side's offer: one line of JSON"));
}

/* ---- the end ---- */

static gboolean
on_all_closed (gpointer data)
{
  Peer *self = data;

  self->end_source = 0;
  wherry_steps_say (_ ("all closed"));
  wherry_invocation_end (self->invocation, self->result);
  return G_SOURCE_REMOVE;
}

static void
on_connection_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  Peer *self = data;

  wherry_peer_connection_close_finish (WHERRY_PEER_CONNECTION (source), result, NULL);
  if (self->end_source == 0)
    return;
  g_source_remove (self->end_source);
  on_all_closed (self);
}

static void
on_channels_closed (gpointer data)
{
  Peer *self = data;

  self->end_source = g_timeout_add (CLOSE_TIMEOUT_MS, on_all_closed, self);
  wherry_peer_connection_close_async (self->connection, NULL, on_connection_closed, self);
  wherry_connection_steps_say_states (self->connection);
}

static void
finish (Peer *self, WherryExit result)
{
  if (self->is_closing)
    return;
  self->is_closing = TRUE;
  self->result = result;
  g_clear_pointer (&self->input, wherry_typed_lines_free);
  wherry_noises_close (self->noises, on_channels_closed, self);
}

static void
on_cancelled (GCancellable *cancellable, Peer *self)
{
  if (!self->is_closing)
    wherry_steps_say (_ ("interrupted: closing"));
  finish (self, WHERRY_EXIT_INTERRUPTED);
}

static void
fail (Peer *self, const char *what, const GError *error)
{
  g_autofree char *safe = wherry_terminal_safe (error->message);

  wherry_complain ("wherry peer: %s: %s", what, safe);
  finish (self, wherry_exit_of_error (error));
}

/* ---- our description ---- */

static void
on_local_set (GObject *source, GAsyncResult *result, gpointer data)
{
  Peer *self = data;
  g_autoptr (GError) error = NULL;

  if (!wherry_peer_connection_set_local_description_finish (WHERRY_PEER_CONNECTION (source), result,
                                                            &error)
      && !self->is_closing)
    fail (self, _ ("setting our description"), error);
}

static void
on_negotiation_needed (WherryPeerConnection *connection, Peer *self)
{
  wherry_steps_say (_ ("negotiation needed"));
  if (self->is_offering)
    wherry_peer_connection_set_local_description_async (connection, NULL, NULL, on_local_set, self);
  else
    ask (self);
}

/* With every candidate that was found, and the end of them: nothing follows it. */
static void
print_description (Peer *self)
{
  WherrySessionDescription *full = wherry_peer_connection_get_local_description (self->connection);
  g_autofree char *sdp = NULL, *json = NULL;
  g_autoptr (WherrySessionDescription) description = NULL;

  if (full == NULL || self->is_printed)
    return;
  self->is_printed = TRUE;
  sdp = wherry_paste_sdp_filter (wherry_session_description_get_sdp (full), self->types, NULL,
                                 NULL);
  description
      = wherry_session_description_new (wherry_session_description_get_description_type (full),
                                        sdp);
  json = wherry_session_description_to_json (description);
  if (self->is_offering)
    wherry_steps_say (_ ("local description: copy this offer to the other side"));
  else
    wherry_steps_say (_ ("local description: copy this answer to the other side"));
  if (!wherry_print ("%s", json))
    finish (self, WHERRY_EXIT_FAILED);
  else if (self->is_offering)
    ask (self);
}

static void
on_candidate (WherryPeerConnection *connection, WherryIceCandidate *candidate, Peer *self)
{
  g_autofree char *text = NULL;

  if (candidate == NULL)
    {
      print_description (self);
      return;
    }
  if (*wherry_ice_candidate_get_candidate (candidate) == '\0')
    {
      wherry_steps_say (_ ("end of local candidates"));
      return;
    }
  text = wherry_paste_sdp_describe (candidate);
  wherry_steps_say ("local candidate: %s used=%s", text,
                    wherry_paste_sdp_is_used (candidate, self->types) ? "yes" : "no");
}

/* ---- theirs ---- */

static void
on_remote_candidate (WherryIceCandidate *candidate, gboolean is_used, gpointer data)
{
  Peer *self = data;
  const char *address = wherry_ice_candidate_get_address (candidate);
  g_autofree char *text = wherry_paste_sdp_describe (candidate);

  wherry_steps_say ("remote candidate: %s used=%s", text, is_used ? "yes" : "no");
  if (is_used && address != NULL && g_str_has_suffix (address, ".local"))
    self->has_hidden = TRUE;
}

static void
say_wrong (Peer *self, const char *why)
{
  g_autofree char *safe = wherry_terminal_safe (why);

  wherry_steps_say (_ ("that line cannot be used: %s"), safe);
  ask (self);
}

static void
on_remote_set (GObject *source, GAsyncResult *result, gpointer data)
{
  Peer *self = data;
  g_autoptr (GError) error = NULL;

  if (wherry_peer_connection_set_remote_description_finish (WHERRY_PEER_CONNECTION (source), result,
                                                            &error))
    {
      if (self->is_closing)
        return;
      wherry_steps_say (_ ("remote description taken"));
      if (!self->is_offering)
        wherry_peer_connection_set_local_description_async (self->connection, NULL, NULL,
                                                            on_local_set, self);
      return;
    }
  self->has_remote = FALSE;
  if (!self->is_closing)
    say_wrong (self, error->message);
}

static void
take_description (Peer *self, WherrySessionDescription *description)
{
  WherryDescriptionType type = wherry_session_description_get_description_type (description);
  g_autoptr (WherrySessionDescription) filtered = NULL;
  g_autofree char *sdp = NULL;

  if (self->is_offering && type != WHERRY_DESCRIPTION_TYPE_ANSWER)
    {
      say_wrong (self, type == WHERRY_DESCRIPTION_TYPE_OFFER
                           ? _ ("it is an offer; this side offers, and needs the answer to its own")
                           : _ ("it is no answer"));
      return;
    }
  if (!self->is_offering && type != WHERRY_DESCRIPTION_TYPE_OFFER)
    {
      say_wrong (self, type == WHERRY_DESCRIPTION_TYPE_ANSWER
                           ? _ ("it is an answer; this side answers, and needs an offer")
                           : _ ("it is no offer"));
      return;
    }
  self->has_remote = TRUE;
  self->has_hidden = FALSE;
  sdp = wherry_paste_sdp_filter (wherry_session_description_get_sdp (description), self->types,
                                 on_remote_candidate, self);
  if (self->has_hidden)
    wherry_steps_say (
        _ ("addresses that are names (….local) are used where this system finds them; "
           "otherwise their first check tells them"));
  filtered = wherry_session_description_new (type, sdp);
  wherry_peer_connection_set_remote_description_async (self->connection, filtered, NULL,
                                                       on_remote_set, self);
}

static void
on_line (gpointer data, const char *line)
{
  Peer *self = data;
  g_autoptr (WherrySessionDescription) description = NULL;
  g_autoptr (GError) error = NULL;

  if (line[strspn (line, " \t\r")] == '\0')
    return; /* what else a clipboard holds */
  if (self->has_remote)
    {
      wherry_steps_say (_ ("a line was not read: the other side's description is there already"));
      return;
    }
  description = wherry_session_description_new_from_json (line, &error);
  if (description == NULL)
    say_wrong (self, error->message);
  else
    take_description (self, description);
}

static void
on_too_long (gpointer data)
{
  g_autofree char *why = g_strdup_printf (_ ("it has more than %u bytes"), WHERRY_CLI_LINE_BYTES);

  say_wrong (data, why);
}

static void
on_input_ended (gpointer data)
{
  wherry_steps_say (_ ("end of input: closing"));
  finish (data, WHERRY_EXIT_OK);
}

static const WherryTypedLinesEvents input_events = {
  .line = on_line,
  .too_long = on_too_long,
  .ended = on_input_ended,
};

/* ---- the command ---- */

/* Of theirs, an address that was not signaled is used with "prflx", and with "host" too: browsers
 * hide their own addresses behind names (….local), and are known by their checks alone. */
static void
restrict_types (const Peer *self, WherryConfiguration *configuration)
{
  WherryIceCandidateTypes remote = self->types;

  if ((self->types & WHERRY_ICE_CANDIDATE_TYPES_HOST) != 0)
    remote |= WHERRY_ICE_CANDIDATE_TYPES_PRFLX;
  wherry_configuration_set_remote_candidate_types (configuration, remote);
  /* packets may leave by addresses that were not offered, but never past a TURN server */
  if (self->types == WHERRY_ICE_CANDIDATE_TYPES_RELAY)
    wherry_configuration_set_ice_transport_policy (configuration,
                                                   WHERRY_ICE_TRANSPORT_POLICY_RELAY);
}

static gboolean
take_arguments (Peer *self, GError **error)
{
  const char *const *arguments = (const char *const *) self->invocation->arguments;

  self->is_offering = g_str_equal (arguments[0], "1");
  if (!self->is_offering && !g_str_equal (arguments[0], "0"))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("“%s” is no role: 0 answers, 1 offers"), arguments[0]);
      return FALSE;
    }
  return wherry_paste_sdp_parse_types (arguments + 1, &self->types, error);
}

static gboolean
open_connection (Peer *self, GError **error)
{
  g_autoptr (WherryConfiguration) configuration
      = wherry_invocation_make_configuration (self->invocation, error);

  if (configuration == NULL)
    return FALSE;
  restrict_types (self, configuration);
  self->connection = wherry_peer_connection_new (configuration, error);
  if (self->connection == NULL)
    return FALSE;
  wherry_connection_steps_watch (self->connection);
  g_signal_connect (self->connection, "negotiation-needed", G_CALLBACK (on_negotiation_needed),
                    self);
  g_signal_connect (self->connection, "ice-candidate", G_CALLBACK (on_candidate), self);
  self->noises = wherry_noises_new (self->connection, self->is_offering, error);
  return self->noises != NULL;
}

static void
peer_clear (Peer *self)
{
  g_clear_pointer (&self->input, wherry_typed_lines_free);
  g_clear_handle_id (&self->end_source, g_source_remove);
  g_clear_pointer (&self->noises, wherry_noises_free);
  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_object (&self->connection);
}

int
wherry_command_peer (WherryInvocation *invocation)
{
  Peer self = { .invocation = invocation };
  g_autoptr (GError) error = NULL;
  int result;

  wherry_steps_begin ();
  if (!wherry_invocation_parse (invocation, NULL, 1, -1, &error) || !take_arguments (&self, &error)
      || !open_connection (&self, &error))
    {
      peer_clear (&self);
      return wherry_invocation_fail (invocation, error);
    }
  g_signal_connect (invocation->cancellable, "cancelled", G_CALLBACK (on_cancelled), &self);
  self.input = wherry_typed_lines_new (STDIN_FILENO, &input_events, &self);
  result = wherry_invocation_run (invocation);
  g_signal_handlers_disconnect_by_data (invocation->cancellable, &self);
  peer_clear (&self);
  return result;
}
