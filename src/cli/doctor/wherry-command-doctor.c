/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "cli/wherry-commands.h"
#include "cli/doctor/wherry-doctor.h"
#include "cli/wherry-terminal.h"
#include "cli/wherry-typed-lines.h"

/*
 * wherry doctor: why does it not connect? Of a server, of a STUN or TURN server, or of a
 * description on standard input.
 */

/* A description is a few kilobytes; the library takes 64 KiB. */
#define DESCRIPTION_MAX (256u * 1024u)
/* For a connection to come up: longer than ICE takes to give up, and the tunnel to help. */
#define TIMEOUT_MS 15000u
#define ROOM_DEFAULT "wherry-doctor"

typedef struct
{
  char *room;
  char *user;
  char *credential;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->room);
  g_free (self->user);
  g_free (self->credential);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static void
doctor_clear (WherryDoctor *self)
{
  g_clear_pointer (&self->report, wherry_doctor_report_free);
  g_clear_pointer (&self->findings, g_ptr_array_unref);
  g_clear_object (&self->configuration);
  g_clear_object (&self->server);
  g_free (self->room);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WherryDoctor, doctor_clear)

static gboolean
is_ice_url (const char *text)
{
  static const char *const schemes[] = { "stun:", "stuns:", "turn:", "turns:" };

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_str_has_prefix (text, schemes[i]))
      return TRUE;
  return FALSE;
}

/* ---- a description ---- */

typedef struct
{
  GString *text;
  gboolean is_whole;
  gboolean is_too_long;
} Pasted;

static void
on_line (gpointer data, const char *line)
{
  Pasted *self = data;

  /* JSON is one line; an SDP ends with the input */
  self->is_whole |= self->text->len == 0 && line[strspn (line, " \t\r")] == '{';
  self->is_too_long |= self->text->len + strlen (line) > DESCRIPTION_MAX;
  if (!self->is_too_long)
    g_string_append_printf (self->text, "%s\r\n", line);
}

static void
on_too_long (gpointer data)
{
  ((Pasted *) data)->is_too_long = TRUE;
}

static void
on_ended (gpointer data)
{
  ((Pasted *) data)->is_whole = TRUE;
}

static gboolean
is_pasted (gpointer data)
{
  return ((Pasted *) data)->is_whole || ((Pasted *) data)->is_too_long;
}

/* (transfer full) (nullable) */
static char *
read_description (WherryDoctor *self, GError **error)
{
  static const WherryTypedLinesEvents events = { on_line, on_too_long, on_ended };
  g_autoptr (GString) text = g_string_new (NULL);
  Pasted pasted = { .text = text };
  g_autoptr (WherryTypedLines) lines = NULL;

  if (wherry_terminal_is (stdin))
    wherry_say (_ ("Paste a description; Ctrl-D ends an SDP."));
  lines = wherry_typed_lines_new (STDIN_FILENO, &events, &pasted);
  wherry_await_until (is_pasted, &pasted, self->cancellable, G_MAXINT);
  if (pasted.is_too_long)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE,
                   _ ("standard input has more than %u KiB: that is no description"),
                   DESCRIPTION_MAX / 1024);
      return NULL;
    }
  return g_utf8_make_valid (text->str, (gssize) text->len);
}

/* ---- the three kinds ---- */

static int
run_description (WherryDoctor *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = read_description (self, &error);

  if (text == NULL)
    return wherry_invocation_fail (self->invocation, error);
  if (!g_cancellable_is_cancelled (self->cancellable))
    wherry_doctor_look_at_description (self, text);
  return -1;
}

/* A TURN server without a password too, which no configuration takes: it says what it wants.
 * "turn:USER:PASSWORD@HOST" is what --ice-server takes. */
static int
run_ice_server (WherryDoctor *self, const char *target, const Options *options)
{
  const char *colon = strchr (target, ':');
  const char *at = strrchr (target, '@');
  g_autofree char *url = NULL, *user = NULL, *credential = NULL;

  if (at != NULL)
    {
      const char *second = memchr (colon + 1, ':', (gsize) (at - colon - 1));
      const char *user_end = second != NULL ? second : at;

      user = g_strndup (colon + 1, (gsize) (user_end - colon - 1));
      credential = g_strndup (second != NULL ? second + 1 : at,
                              (gsize) (second != NULL ? at - second - 1 : 0));
      url = g_strdup_printf ("%.*s%s", (int) (colon + 1 - target), target, at + 1);
    }
  wherry_doctor_look_at_ice_url (self, url != NULL ? url : target,
                                 options->user != NULL ? options->user : user,
                                 options->user != NULL ? options->credential : credential);
  return -1;
}

static int
run_server (WherryDoctor *self, const char *uri)
{
  GListModel *given = wherry_configuration_get_ice_servers (self->configuration);

  if (wherry_doctor_look_at_signaling (self, uri))
    wherry_doctor_look_at_room (self, uri);
  if (!g_cancellable_is_cancelled (self->cancellable))
    wherry_doctor_look_at_ice_servers (self, given, _ ("ICE servers of the command line"),
                                       _ ("the command line"));
  return -1;
}

static const char *
tell_well (const char *target)
{
  if (g_str_equal (target, "-"))
    return _ ("Verdict: the description is good, and who made it can be reached from here.");
  if (is_ice_url (target))
    return _ ("Verdict: all is well with this server.");
  return _ ("Verdict: all is well. Signaling, the room and WebRTC work from here.");
}

static int
examine (WherryInvocation *invocation, const char *target, Options *options)
{
  g_auto (WherryDoctor) self = { .invocation = invocation,
                                 .cancellable = invocation->cancellable,
                                 .timeout_ms = TIMEOUT_MS };
  g_autoptr (GError) error = NULL;
  int result;

  if ((options->user == NULL) != (options->credential == NULL))
    {
      g_set_error_literal (&error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _ ("--user and --credential go together"));
      return wherry_invocation_fail (invocation, error);
    }
  self.configuration = wherry_invocation_make_configuration (invocation, &error);
  if (self.configuration == NULL)
    return wherry_invocation_fail (invocation, error);
  self.report = wherry_doctor_report_new (invocation->json);
  self.findings = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_stun_finding_free);
  self.room = g_strdup (options->room != NULL ? options->room : ROOM_DEFAULT);
  if (g_str_equal (target, "-"))
    result = run_description (&self);
  else if (is_ice_url (target))
    result = run_ice_server (&self, target, options);
  else
    result = run_server (&self, target);
  if (result >= 0)
    return result;
  if (g_cancellable_is_cancelled (invocation->cancellable))
    return WHERRY_EXIT_INTERRUPTED;
  return (int) wherry_doctor_report_end (self.report, tell_well (target));
}

int
wherry_command_doctor (WherryInvocation *invocation)
{
  g_auto (Options) options = { 0 };
  const GOptionEntry entries[] = {
    { "room", 'r', 0, G_OPTION_ARG_STRING, &options.room, N_ ("The room to try"), N_ ("ROOM") },
    { "user", 'u', 0, G_OPTION_ARG_STRING, &options.user, N_ ("Of a TURN server"), N_ ("NAME") },
    { "credential", 0, 0, G_OPTION_ARG_STRING, &options.credential,
      N_ ("Its password; shows in ps"), N_ ("SECRET") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GError) error = NULL;

  if (!wherry_invocation_parse (invocation, entries, 0, 1, &error))
    return wherry_invocation_fail (invocation, error);
  return examine (invocation,
                  invocation->arguments[0] != NULL ? invocation->arguments[0] : invocation->server,
                  &options);
}
