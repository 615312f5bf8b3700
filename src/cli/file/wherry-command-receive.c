/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "cli/wherry-commands.h"
#include "cli/file/wherry-file-code.h"
#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-receiver.h"
#include "cli/file/wherry-file-report.h"
#include "cli/wherry-terminal.h"
#include "cli/wherry-typed-lines.h"

/* wherry receive: what somebody sends with `wherry send` or from a page, into a folder. */

#define WAIT_MAX_S (7 * 24 * 60 * 60)
/* How often a person may mistype the code. */
#define ATTEMPTS 3

typedef struct
{
  WherryInvocation *invocation;
  WherryFileReport *report;
  WherryFileSink *sink;
  WherryRoomSession *session;   /* (nullable): till the code is known */
  WherryFileLink *link;         /* (nullable): the same */
  WherryFileReceiver *receiver; /* (nullable): the same */
  WherryTypedLines *input;      /* (nullable): while the code is asked for */
  guint64 max_bytes;
  guint attempts;
  guint working, cancelled; /* sources */
  gboolean ended;
} Receiving;

static char *option_code, *option_room, *option_max_size;
static gboolean option_overwrite, option_no_direct;
static int option_wait;

/* What is hidden is in the manual: help is to fit a screen. */
static const GOptionEntry entries[] = {
  { "code", 0, 0, G_OPTION_ARG_STRING, &option_code, N_ ("The code; otherwise it is asked for"),
    N_ ("WORDS") },
  { "room", 0, 0, G_OPTION_ARG_STRING, &option_room, N_ ("The sender's --room"), N_ ("ROOM") },
  { "overwrite", 0, 0, G_OPTION_ARG_NONE, &option_overwrite, N_ ("Replace files that are there"),
    NULL },
  { "max-size", 0, 0, G_OPTION_ARG_STRING, &option_max_size,
    N_ ("Take no more than this, as 500M or 2G"), N_ ("SIZE") },
  { "no-direct", 0, 0, G_OPTION_ARG_NONE, &option_no_direct,
    N_ ("Only through the relay: show nobody the own addresses"), NULL },
  { "wait", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &option_wait,
    N_ ("How long to wait for the sender; 0 is for ever"), N_ ("SECONDS") },
  { NULL },
};

static void
end (Receiving *self, WherryExit result)
{
  self->ended = TRUE;
  g_clear_handle_id (&self->working, g_source_remove);
  if (self->link != NULL)
    wherry_file_link_finish (self->link, result);
  else
    wherry_invocation_end (self->invocation, result);
}

static void
show_progress (Receiving *self)
{
  wherry_file_report_progress (self->report, wherry_file_receiver_get_path (self->receiver),
                               wherry_file_receiver_get_done (self->receiver),
                               wherry_file_receiver_get_total (self->receiver),
                               wherry_file_receiver_get_spared (self->receiver));
}

static gboolean
on_work (gpointer data)
{
  Receiving *self = data;
  const gboolean more = wherry_file_receiver_work (self->receiver);

  if (self->ended || !more)
    self->working = 0;
  return self->working != 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* ---- what the transfer says ---- */

static void
on_send (GBytes *record, gpointer data)
{
  Receiving *self = data;

  wherry_file_link_send (self->link, record);
}

static void
on_begun (guint n, guint64 total, gpointer data)
{
  Receiving *self = data;
  g_autofree char *size = g_format_size (total);

  wherry_say (ngettext ("%u file or folder comes, %s.", "%u files and folders come, %s.", n), n,
              size);
  wherry_file_report_event (self->report, "offer", "#files", (guint64) n, "#bytes", total, NULL);
}

static void
on_verified (const char *path, guint64 size, gpointer data)
{
  Receiving *self = data;

  wherry_file_report_event (self->report, "file", "path", path, "#bytes", size, NULL);
}

static void
on_ended (const GError *error, gboolean remote, gpointer data)
{
  Receiving *self = data;

  if (self->ended)
    return;
  self->ended = TRUE;
  if (error != NULL)
    wherry_file_link_finish (self->link, wherry_file_report_failed (self->report, error, remote));
  else
    wherry_file_report_done (self->report, self->link,
                             wherry_file_receiver_get_entries (self->receiver),
                             wherry_file_receiver_get_total (self->receiver),
                             wherry_file_receiver_get_received (self->receiver));
}

/* ---- what the link says ---- */

static void
on_met (gpointer data)
{
  Receiving *self = data;

  if (self->ended)
    return;
  wherry_file_report_met (self->report, self->link);
  wherry_file_receiver_start (self->receiver);
}

static void
on_record (GBytes *record, gpointer data)
{
  Receiving *self = data;

  if (self->ended)
    return;
  wherry_file_receiver_take (self->receiver, record);
  if (self->ended)
    return;
  show_progress (self);
  if (self->working == 0)
    self->working = g_idle_add (on_work, self);
}

static void
on_lost (gpointer data)
{
  Receiving *self = data;

  if (self->ended)
    return;
  wherry_file_receiver_stop (self->receiver);
  wherry_file_report_lost (self->report);
}

static void
on_failed (const GError *error, gpointer data)
{
  Receiving *self = data;

  if (!self->ended)
    end (self, wherry_file_report_failed (self->report, error, FALSE));
}

/* ---- its life ---- */

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Receiving *self = data;
  g_autoptr (GError) error
      = g_error_new_literal (WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_ENDED, _ ("Ctrl-C"));

  self->cancelled = 0;
  if (self->ended)
    return G_SOURCE_REMOVE;
  self->ended = TRUE;
  if (self->receiver != NULL)
    wherry_file_receiver_abort (self->receiver, error);
  wherry_progress_clear ();
  end (self, WHERRY_EXIT_INTERRUPTED);
  return G_SOURCE_REMOVE;
}

static gboolean
begin (Receiving *self, const char *code, GError **error)
{
  const WherryFileReceiverHooks receiver_hooks = { on_send, on_begun, on_verified, on_ended };
  const WherryFileLinkHooks link_hooks = { on_met, on_record, on_lost, on_failed };
  const WherryFileLinkOptions options
      = { .direct = !option_no_direct, .wait_seconds = (guint) option_wait };
  WherryFileSecret secret;

  if (!wherry_file_secret_derive (&secret, code, error))
    return FALSE;
  self->session = wherry_room_session_new (self->invocation,
                                           option_room != NULL ? option_room : secret.room, error);
  if (self->session == NULL)
    return FALSE;
  self->receiver = wherry_file_receiver_new (self->sink, self->max_bytes, &receiver_hooks, self);
  self->link = wherry_file_link_new (self->invocation, self->session, &secret, &options,
                                     &link_hooks, self, error);
  if (self->link == NULL)
    return FALSE;
  wherry_say (_ ("Waiting for the sender…"));
  wherry_room_session_join (self->session, NULL, NULL);
  return TRUE;
}

/* ---- the code ---- */

static void
complain (Receiving *self, const GError *error)
{
  wherry_complain ("wherry receive: %s", error->message);
}

static void
ask (void)
{
  if (wherry_terminal_is (stdin))
    {
      fputs (_ ("The code: "), stderr);
      fflush (stderr);
    }
}

static void
take_code (Receiving *self, const char *line)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *code = wherry_file_code_parse (line, &error);

  if (code == NULL)
    {
      complain (self, error);
      if (self->input != NULL && wherry_terminal_is (stdin) && ++self->attempts < ATTEMPTS)
        ask ();
      else
        end (self, WHERRY_EXIT_USAGE);
      return;
    }
  g_clear_pointer (&self->input, wherry_typed_lines_free);
  if (!begin (self, code, &error))
    {
      complain (self, error);
      end (self, wherry_file_exit_of_error (error, FALSE));
    }
}

static void
on_line (gpointer data, const char *line)
{
  Receiving *self = data;

  if (!self->ended)
    take_code (self, line);
}

static void
on_no_line (gpointer data)
{
  Receiving *self = data;

  if (self->ended)
    return;
  wherry_complain (_ ("wherry receive: no code was given"));
  end (self, WHERRY_EXIT_USAGE);
}

static void
clear (Receiving *self)
{
  self->ended = TRUE;
  g_clear_handle_id (&self->working, g_source_remove);
  g_clear_handle_id (&self->cancelled, g_source_remove);
  g_clear_pointer (&self->receiver, wherry_file_receiver_free);
  g_clear_pointer (&self->link, wherry_file_link_free);
  g_clear_pointer (&self->session, wherry_room_session_free);
  g_clear_pointer (&self->input, wherry_typed_lines_free);
}

/* "500M": a number and k, M, G or T, powers of 1024; FALSE: it is none */
static gboolean
parse_size (const char *text, guint64 *size)
{
  static const char units[] = "kMGT";
  char *rest;
  const char *unit;

  if (!g_ascii_isdigit (*text))
    return FALSE;
  *size = g_ascii_strtoull (text, &rest, 10);
  if (*rest == '\0')
    return TRUE;
  unit = strchr (units, *rest == 'K' ? 'k' : *rest);
  if (unit == NULL || rest[1] != '\0' || *size > (G_MAXUINT64 >> 40))
    return FALSE;
  *size <<= 10 * (unit - units + 1);
  return TRUE;
}

static gboolean
check_options (Receiving *self, GError **error)
{
  self->max_bytes = G_MAXINT64;
  if (option_max_size != NULL && !parse_size (option_max_size, &self->max_bytes))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 _ ("--max-size %s: a number, and k, M, G or T behind it"), option_max_size);
  else if (option_wait < 0 || option_wait > WAIT_MAX_S)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("--wait is from 0 to 604800 seconds"));
  else
    return TRUE;
  return FALSE;
}

int
wherry_command_receive (WherryInvocation *invocation)
{
  g_autoptr (WherryFileReport) report = wherry_file_report_new (invocation);
  static const WherryTypedLinesEvents events = { on_line, on_no_line, on_no_line };
  g_autoptr (WherryFileSink) sink = NULL;
  g_autoptr (GError) error = NULL;
  Receiving self = { .invocation = invocation, .report = report };
  const char *folder, *code;
  int result;

  if (!wherry_invocation_parse (invocation, entries, 0, 1, &error)
      || !check_options (&self, &error))
    return wherry_invocation_fail (invocation, error);
  folder = invocation->arguments[0] != NULL ? invocation->arguments[0] : ".";
  self.sink = sink = wherry_file_sink_new (folder, option_overwrite, &error);
  if (sink == NULL)
    {
      complain (&self, error);
      return WHERRY_EXIT_USAGE;
    }
  /* before the session leaves the room by itself */
  self.cancelled = wherry_invocation_watch (self.invocation, G_PRIORITY_HIGH, on_cancelled, &self);
  code = option_code != NULL ? option_code : g_getenv ("WHERRY_CODE");
  if (code != NULL)
    take_code (&self, code);
  else
    {
      ask ();
      self.input = wherry_typed_lines_new (STDIN_FILENO, &events, &self);
    }
  result = wherry_invocation_run (invocation);
  clear (&self);
  return result;
}
