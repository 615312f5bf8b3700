/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <inttypes.h>

#include <glib/gi18n.h>

#include "cli/wherry-cli-limits.h"
#include "cli/wherry-commands.h"
#include "cli/stream/wherry-meet.h"
#include "cli/stream/wherry-pump.h"
#include "cli/stream/wherry-stdio.h"
#include "cli/wherry-terminal.h"

/*
 * wherry pipe: standard input goes to the standard output of another `wherry pipe` in the room, and
 * back. Nothing is read before that one is there, and neither ends before the other has written
 * all.
 */

#define PIPE_TOPIC "pipe"

typedef struct
{
  WherryInvocation *invocation;
  WherryRoomSession *session;
  WherryMeet *meet;
  WherryPump *pump; /* NULL: nobody was met */
  GOutputStream *output;
  guint wait_timer;
} Pipe;

static void
end (Pipe *self, WherryExit result)
{
  wherry_meet_finish (self->meet, self->session, result);
}

/* ---- the pump ---- */

static void
on_end_output (gpointer user_data)
{
  wherry_stdio_close_output (((Pipe *) user_data)->output);
}

static void
on_finished (gpointer user_data, const GError *error, gboolean local)
{
  Pipe *self = user_data;
  WherryPumpCounts counts = wherry_pump_get_counts (self->pump);
  WherryExit result = WHERRY_EXIT_OK;

  if (g_cancellable_is_cancelled (self->invocation->cancellable))
    return;
  if (error != NULL && local)
    {
      result = WHERRY_EXIT_FAILED;
      /* a reader that has enough is no matter for words */
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE))
        wherry_complain ("wherry pipe: %s", error->message);
    }
  else if (error != NULL)
    {
      result = WHERRY_EXIT_LEFT;
      wherry_complain (_ ("wherry pipe: %s, before its end: %" PRIu64 " bytes of it were written"),
                       error->message, counts.written);
    }
  else
    g_info ("%" PRIu64 " bytes out, %" PRIu64 " bytes in", counts.read, counts.written);
  end (self, result);
}

static void
start (Pipe *self)
{
  static const WherryPumpEvents events = { on_end_output, on_finished };
  g_autoptr (GInputStream) input = wherry_stdio_open_input ();
  gsize largest;

  self->output = wherry_stdio_open_output (&largest);
  self->pump = wherry_pump_new (&events, self);
  wherry_pump_set_largest_write (self->pump, largest);
  wherry_pump_attach (self->pump, input, self->output);
}

/* ---- the other side ---- */

static void
on_waiting (gpointer user_data)
{
  wherry_say (_ ("Waiting for the other side…"));
}

static void
on_met (gpointer user_data, const char *member, WherryMux *mux, gboolean is_inviter)
{
  Pipe *self = user_data;
  g_autofree char *name = wherry_meet_name (self->meet, member);

  if (self->pump != NULL) /* it was met once, and has ended */
    return;
  g_clear_handle_id (&self->wait_timer, g_source_remove);
  wherry_say (_ ("Connected with %s."), name);
  start (self);
  if (is_inviter)
    wherry_pump_open (self->pump, mux);
}

static void
on_opened (gpointer user_data, const char *member, WherryMuxStream *stream)
{
  Pipe *self = user_data;

  if (self->pump != NULL && !wherry_pump_has_stream (self->pump))
    wherry_pump_take (self->pump, stream);
}

static void
on_lost (gpointer user_data, const char *member, const GError *error)
{
  Pipe *self = user_data;
  g_autofree char *words = NULL;

  /* of one that had no stream yet, the pump does not hear */
  if (self->pump == NULL || wherry_pump_has_stream (self->pump)
      || g_cancellable_is_cancelled (self->invocation->cancellable))
    return;
  wherry_complain ("wherry pipe: %s", error->message);
  end (self, WHERRY_EXIT_LEFT);
}

static void
on_failed (gpointer user_data, const GError *error)
{
  Pipe *self = user_data;

  wherry_complain ("wherry pipe: %s", error->message);
  end (self, wherry_exit_of_error (error));
}

static gboolean
on_wait_limit (gpointer data)
{
  Pipe *self = data;

  self->wait_timer = 0;
  wherry_complain (_ ("wherry pipe: nobody came to the other side in time"));
  end (self, WHERRY_EXIT_NOT_REACHED);
  return G_SOURCE_REMOVE;
}

/* ---- life ---- */

static int
run (Pipe *self, const WherryMeetOptions *options, int wait_seconds)
{
  static const WherryMeetHooks hooks = { on_waiting, on_met, on_opened, on_lost, on_failed };
  g_autoptr (GError) error = NULL;

  self->session
      = wherry_room_session_new (self->invocation, self->invocation->arguments[0], &error);
  if (self->session != NULL)
    self->meet = wherry_meet_new (self->invocation, self->session, options, &hooks, self, &error);
  if (self->meet == NULL)
    return wherry_invocation_fail (self->invocation, error);
  if (wait_seconds > 0)
    self->wait_timer = g_timeout_add_seconds ((guint) wait_seconds, on_wait_limit, self);
  return wherry_meet_run (self->meet, self->session);
}

static void
clear (Pipe *self)
{
  g_clear_handle_id (&self->wait_timer, g_source_remove);
  g_clear_pointer (&self->pump, wherry_pump_free);
  g_clear_object (&self->output);
  g_clear_pointer (&self->meet, wherry_meet_free);
  g_clear_pointer (&self->session, wherry_room_session_free);
}

int
wherry_command_pipe (WherryInvocation *invocation)
{
  Pipe self = { .invocation = invocation };
  WherryMeetOptions options = {
    .kind = WHERRY_MUX_KIND_PIPE,
    .role = WHERRY_MEET_PAIR,
    .stream_window = WHERRY_CLI_PIPE_BYTES,
    .max_streams = 1,
  };
  g_autofree char *topic = NULL;
  g_autofree char *only = NULL;
  int wait_seconds = 0;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
    { "topic", 't', 0, G_OPTION_ARG_STRING, &topic, N_ ("Meet on this topic, not on “pipe”"),
      N_ ("TOPIC") },
    { "to", 0, 0, G_OPTION_ARG_STRING, &only, N_ ("Meet nobody but this member"), N_ ("NAME|ID") },
    { "direct", 'd', 0, G_OPTION_ARG_NONE, &options.direct,
      N_ ("Past the relay, which only introduces the two"), NULL },
    { "peer", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &options.direct, NULL, NULL },
    { "wait", 0, 0, G_OPTION_ARG_INT, &wait_seconds, N_ ("Wait no longer for the other side"),
      N_ ("SECONDS") },
    G_OPTION_ENTRY_NULL,
  };
  int result;

  if (!wherry_invocation_parse (invocation, entries, 1, 1, &error))
    return wherry_invocation_fail (invocation, error);
  options.topic = topic != NULL ? topic : PIPE_TOPIC;
  options.only = only;
  result = run (&self, &options, wait_seconds);
  clear (&self);
  return result;
}
