/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/wherry-commands.h"
#include "cli/file/wherry-file-code.h"
#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-report.h"
#include "cli/file/wherry-file-sender.h"
#include "cli/wherry-terminal.h"

/* wherry send: files and folders to one receiver, who has been told the code. */

#define WAIT_MAX_S (7 * 24 * 60 * 60)

typedef struct
{
  WherryInvocation *invocation;
  WherryFileReport *report;
  WherryFileLink *link;
  WherryFileSender *sender;
  WherryFileList *list;
  guint working, cancelled; /* sources */
  gboolean ended;
} Sending;

static char *option_code, *option_room, *option_to;
static gboolean option_direct;
static int option_wait;

static const GOptionEntry entries[] = {
  { "code", 0, 0, G_OPTION_ARG_STRING, &option_code, N_ ("The code of before, to go on with it"),
    N_ ("WORDS") },
  { "room", 0, 0, G_OPTION_ARG_STRING, &option_room, N_ ("A room; otherwise one of the code's own"),
    N_ ("ROOM") },
  { "to", 0, 0, G_OPTION_ARG_STRING, &option_to, N_ ("Only this member, by name or id"),
    N_ ("MEMBER") },
  { "direct", 0, 0, G_OPTION_ARG_NONE, &option_direct,
    N_ ("Peer to peer; the relay only introduces"), NULL },
  { "wait", 0, 0, G_OPTION_ARG_INT, &option_wait,
    N_ ("How long to wait for the receiver; 0 is for ever"), N_ ("SECONDS") },
  { NULL },
};

static void
end (Sending *self, WherryExit result)
{
  self->ended = TRUE;
  g_clear_handle_id (&self->working, g_source_remove);
  wherry_file_link_finish (self->link, result);
}

static void
show_progress (Sending *self)
{
  wherry_file_report_progress (self->report, wherry_file_sender_get_path (self->sender),
                               wherry_file_sender_get_done (self->sender),
                               wherry_file_list_get_total (self->list),
                               wherry_file_sender_get_spared (self->sender));
}

/* Lower than what comes from the network, so that it can be heard in between. */
static gboolean
on_work (gpointer data)
{
  Sending *self = data;
  const gboolean more = wherry_file_sender_work (self->sender);

  show_progress (self);
  if (self->ended || !more)
    self->working = 0;
  return self->working != 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
go_on (Sending *self)
{
  if (self->working == 0 && !self->ended)
    self->working = g_idle_add (on_work, self);
}

/* ---- what the transfer says ---- */

static void
on_send (GBytes *record, gpointer data)
{
  Sending *self = data;

  wherry_file_link_send (self->link, record);
}

static void
on_ended (const GError *error, gboolean remote, gpointer data)
{
  Sending *self = data;

  if (self->ended)
    return;
  self->ended = TRUE;
  if (error != NULL)
    wherry_file_link_finish (self->link, wherry_file_report_failed (self->report, error, remote));
  else
    wherry_file_report_done (self->report, self->link, wherry_file_list_get_length (self->list),
                             wherry_file_list_get_total (self->list),
                             wherry_file_sender_get_sent (self->sender));
}

/* ---- what the link says ---- */

static void
on_met (gpointer data)
{
  Sending *self = data;

  if (self->ended)
    return;
  wherry_file_report_met (self->report, self->link);
  wherry_file_sender_start (self->sender);
  go_on (self);
}

static void
on_record (GBytes *record, gpointer data)
{
  Sending *self = data;

  wherry_file_sender_take (self->sender, record);
  go_on (self);
}

static void
on_lost (gpointer data)
{
  Sending *self = data;

  if (self->ended)
    return;
  wherry_file_sender_stop (self->sender);
  wherry_file_report_lost (self->report);
}

static void
on_failed (const GError *error, gpointer data)
{
  Sending *self = data;

  if (!self->ended)
    end (self, wherry_file_report_failed (self->report, error, FALSE));
}

/* ---- its life ---- */

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Sending *self = data;
  g_autoptr (GError) error
      = g_error_new_literal (WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_ENDED, _ ("Ctrl-C"));

  self->cancelled = 0;
  if (self->ended)
    return G_SOURCE_REMOVE;
  self->ended = TRUE;
  wherry_file_sender_abort (self->sender, error);
  wherry_progress_clear ();
  end (self, WHERRY_EXIT_INTERRUPTED);
  return G_SOURCE_REMOVE;
}

static void
on_skipped (const char *path, const char *why, gpointer data)
{
  WherryFileReport *report = data;
  g_autofree char *safe = wherry_terminal_safe (path);

  wherry_complain (_ ("Not sent: %s: %s"), safe, why);
  wherry_file_report_event (report, "skipped", "path", path, "reason", why, NULL);
}

static void
tell_code (Sending *self, const char *code, const char *room)
{
  g_autofree char *size = g_format_size (wherry_file_list_get_total (self->list));
  const guint n = wherry_file_list_get_length (self->list);

  wherry_say (ngettext ("%u file or folder, %s. The code is",
                        "%u files and folders, %s. The code is", n),
              n, size);
  wherry_say ("\n    %s%s%s\n", wherry_terminal_begin (stderr, WHERRY_STYLE_BOLD), code,
              wherry_terminal_end (stderr, WHERRY_STYLE_BOLD));
  wherry_say (_ ("On the other side: wherry receive --server %s%s%s"), self->invocation->server,
              option_room != NULL ? " --room " : "", option_room != NULL ? option_room : "");
  wherry_file_report_event (self->report, "code", "code", code, "room", room, NULL);
}

static int
run (Sending *self, const char *code, GError **error)
{
  const WherryFileSenderHooks sender_hooks = { on_send, on_ended };
  const WherryFileLinkHooks link_hooks = { on_met, on_record, on_lost, on_failed };
  const WherryFileLinkOptions options = { .is_sender = TRUE,
                                          .direct = option_direct,
                                          .only = option_to,
                                          .wait_seconds = (guint) option_wait };
  g_autoptr (WherryFileSource) source
      = wherry_file_source_new (self->invocation->arguments, on_skipped, self->report, error);
  g_autoptr (WherryFileSender) sender = NULL;
  g_autoptr (WherryRoomSession) session = NULL;
  g_autoptr (WherryFileLink) link = NULL;
  WherryFileSecret secret;
  const char *room;
  int result;

  if (source == NULL || !wherry_file_secret_derive (&secret, code, error))
    return -1;
  room = option_room != NULL ? option_room : secret.room;
  session = wherry_room_session_new (self->invocation, room, error);
  link = session != NULL ? wherry_file_link_new (self->invocation, session, &secret, &options,
                                                 &link_hooks, self, error)
                         : NULL;
  if (link == NULL)
    return -1;
  self->list = wherry_file_source_get_list (source);
  self->link = link;
  self->sender = sender = wherry_file_sender_new (source, &sender_hooks, self);
  tell_code (self, code, room);
  /* before the session leaves the room by itself */
  self->cancelled = wherry_invocation_watch (self->invocation, G_PRIORITY_HIGH, on_cancelled, self);
  wherry_room_session_join (session, NULL, NULL);
  result = wherry_invocation_run (self->invocation);
  self->ended = TRUE;
  g_clear_handle_id (&self->working, g_source_remove);
  g_clear_handle_id (&self->cancelled, g_source_remove);
  return result;
}

int
wherry_command_send (WherryInvocation *invocation)
{
  g_autoptr (WherryFileReport) report = wherry_file_report_new (invocation);
  Sending self = { .invocation = invocation, .report = report };
  g_autofree char *code = NULL;
  g_autoptr (GError) error = NULL;
  int result;

  if (!wherry_invocation_parse (invocation, entries, 1, -1, &error))
    return wherry_invocation_fail (invocation, error);
  if (option_wait < 0 || option_wait > WAIT_MAX_S)
    {
      g_set_error_literal (&error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _ ("--wait is from 0 to 604800 seconds"));
      return wherry_invocation_fail (invocation, error);
    }
  code = option_code != NULL ? wherry_file_code_parse (option_code, &error)
                             : wherry_file_code_make (&error);
  if (code == NULL)
    return wherry_invocation_fail (invocation, error);
  result = run (&self, code, &error);
  if (error != NULL)
    {
      wherry_complain ("wherry send: %s", error->message);
      return wherry_file_exit_of_error (error, FALSE);
    }
  return result;
}
