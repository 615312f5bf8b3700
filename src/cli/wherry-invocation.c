/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gi18n.h>

#include "cli/wherry-invocation.h"
#include "cli/wherry-terminal-log.h"
#include "cli/wherry-terminal-mode.h"
#include "cli/wherry-terminal.h"
#include "lib/wherry.h"

#define DEFAULT_SERVER "http://127.0.0.1:8888/"

WherryInvocation *
wherry_invocation_new (const WherryCommand *command, char **argv)
{
  WherryInvocation *self = g_new0 (WherryInvocation, 1);

  self->command = command;
  self->argv = g_strdupv (argv);
  self->loop = g_main_loop_new (NULL, FALSE);
  self->cancellable = g_cancellable_new ();
  self->result = -1;
  return self;
}

void
wherry_invocation_free (WherryInvocation *self)
{
  g_strfreev (self->argv);
  g_strfreev (self->arguments);
  g_free (self->server);
  g_free (self->token);
  g_free (self->name);
  g_strfreev (self->ice_servers);
  g_strfreev (self->bind_addresses);
  g_main_loop_unref (self->loop);
  g_object_unref (self->cancellable);
  g_free (self);
}

static gboolean
on_signal (gpointer data)
{
  WherryInvocation *self = data;

  if (g_cancellable_is_cancelled (self->cancellable))
    {
      wherry_terminal_mode_end ();
      _exit (WHERRY_EXIT_INTERRUPTED);
    }
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_CONTINUE;
}

/* GLib has its handler restart what it interrupts: a write to a pipe that nobody reads would never
 * end, and the main loop never hear of Ctrl-C. */
static void
watch_signal (WherryInvocation *self, int number)
{
  struct sigaction action;

  g_unix_signal_add (number, on_signal, self);
  if (sigaction (number, NULL, &action) < 0)
    return;
  action.sa_flags &= ~SA_RESTART;
  sigaction (number, &action, NULL);
}

static void
add_entries (WherryInvocation *self, char **token_file, gboolean *help, GOptionContext *context)
{
  const GOptionEntry room[] = {
    { "server", 's', 0, G_OPTION_ARG_STRING, &self->server,
      N_ ("The relay [WHERRY_SERVER; 127.0.0.1:8888]"), N_ ("URL") },
    { "name", 'n', 0, G_OPTION_ARG_STRING, &self->name, N_ ("What the others call you"),
      N_ ("NAME") },
    { "token", 0, 0, G_OPTION_ARG_STRING, &self->token,
      N_ ("Lets you in; shows in ps [WHERRY_TOKEN]"), N_ ("TOKEN") },
    { "token-file", 0, 0, G_OPTION_ARG_FILENAME, token_file,
      N_ ("The file whose first line is the token"), N_ ("FILE") },
    G_OPTION_ENTRY_NULL,
  };
  const GOptionEntry ice[] = {
    { "ice-server", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->ice_servers,
      N_ ("stun:HOST or turn:USER:PASSWORD@HOST, repeats"), N_ ("URL") },
    { "bind-address", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->bind_addresses,
      N_ ("Connect from this address alone, repeats"), N_ ("IP") },
    { "relay-only", 0, 0, G_OPTION_ARG_NONE, &self->relay_only, N_ ("By TURN servers only"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  const GOptionEntry json[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, N_ ("One JSON object a line, for scripts"),
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  const GOptionEntry always[] = {
    { "help", 'h', 0, G_OPTION_ARG_NONE, help, N_ ("Show this"), NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &self->quiet, N_ ("Say only what went wrong"), NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &self->verbose, N_ ("Say what happens underneath"),
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  WherryOptions options = self->command->options;

  if (options & WHERRY_OPTIONS_ROOM)
    g_option_context_add_main_entries (context, room, GETTEXT_PACKAGE);
  if (options & (WHERRY_OPTIONS_ROOM | WHERRY_OPTIONS_ICE))
    g_option_context_add_main_entries (context, ice, GETTEXT_PACKAGE);
  if (options & WHERRY_OPTIONS_JSON)
    g_option_context_add_main_entries (context, json, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, always, GETTEXT_PACKAGE);
}

static gboolean
take_token (WherryInvocation *self, const char *file, GError **error)
{
  if (self->token == NULL && file != NULL)
    {
      g_autofree char *text = NULL;
      char *end;

      if (!g_file_get_contents (file, &text, NULL, error))
        return FALSE;
      end = strpbrk (text, "\r\n");
      if (end != NULL)
        *end = '\0';
      self->token = g_steal_pointer (&text);
    }
  if (self->token == NULL)
    self->token = g_strdup (g_getenv ("WHERRY_TOKEN"));
  return TRUE;
}

static gboolean
take_arguments (WherryInvocation *self, char **args, int min, int max, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean is_behind = FALSE;
  int n;

  /* GLib leaves a "--" in before arguments that look like options; a second one is an argument */
  for (char **arg = args[0] != NULL ? args + 1 : args; *arg != NULL; arg++)
    if (!is_behind && g_str_equal (*arg, "--"))
      is_behind = TRUE;
    else
      g_strv_builder_add (builder, *arg);
  self->arguments = g_strv_builder_end (builder);
  n = (int) g_strv_length (self->arguments);
  if (n < min)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   _ ("something is missing; it goes: wherry %s %s"), self->command->name,
                   _ (self->command->arguments));
      return FALSE;
    }
  if (max >= 0 && n > max)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   _ ("“%s” is one too many; it goes: wherry %s %s"), self->arguments[max],
                   self->command->name, _ (self->command->arguments));
      return FALSE;
    }
  return TRUE;
}

static void
show_help (GOptionContext *context)
{
  g_autofree char *text = g_option_context_get_help (context, TRUE, NULL);

  wherry_print ("%s", g_strchomp (text));
  g_clear_pointer (&text, g_free);
  exit (WHERRY_EXIT_OK);
}

gboolean
wherry_invocation_parse (WherryInvocation *self, const GOptionEntry *entries, int min, int max,
                         GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (_ (self->command->arguments));
  g_autofree char *program = g_strconcat ("wherry ", self->command->name, NULL);
  g_autofree char *example = g_strdup_printf (_ ("Example: %s"), self->command->example);
  g_autofree char *token_file = NULL;
  gboolean help = FALSE;
  g_auto (GStrv) args = g_strdupv (self->argv);

  g_set_prgname (program);
  g_option_context_set_summary (context, _ (self->command->summary));
  g_option_context_set_description (context, example);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  /* GLib's own --help has a heading of its own: help is to fit a screen */
  g_option_context_set_help_enabled (context, FALSE);
  add_entries (self, &token_file, &help, context);
  if (!g_option_context_parse_strv (context, &args, error))
    return FALSE;
  if (help)
    show_help (context);
  if (!take_arguments (self, args, min, max, error) || !take_token (self, token_file, error))
    return FALSE;

  if (self->server == NULL)
    self->server = g_strdup (g_getenv ("WHERRY_SERVER"));
  if (self->server == NULL)
    self->server = g_strdup (DEFAULT_SERVER);
  wherry_terminal_set_quiet (self->quiet);
  wherry_terminal_log_init (self->verbose);
  watch_signal (self, SIGINT);
  watch_signal (self, SIGTERM);
  return TRUE;
}

guint
wherry_invocation_watch (WherryInvocation *self, int priority, GCancellableSourceFunc cancelled,
                         gpointer user_data)
{
  g_autoptr (GSource) source = g_cancellable_source_new (self->cancellable);

  g_source_set_priority (source, priority);
  g_source_set_callback (source, G_SOURCE_FUNC (cancelled), user_data, NULL);
  return g_source_attach (source, NULL);
}

int
wherry_invocation_run (WherryInvocation *self)
{
  if ((int) self->result < 0)
    g_main_loop_run (self->loop);
  return self->result;
}

void
wherry_invocation_end (WherryInvocation *self, WherryExit result)
{
  if ((int) self->result < 0)
    self->result = result;
  g_main_loop_quit (self->loop);
}

int
wherry_invocation_fail (WherryInvocation *self, const GError *error)
{
  WherryExit result = wherry_exit_of_error (error);

  if (error != NULL && result != WHERRY_EXIT_INTERRUPTED)
    wherry_complain ("wherry %s: %s", self->command->name, error->message);
  wherry_invocation_end (self, result);
  return self->result;
}

/* "turn:USER:PASSWORD@HOST:PORT": RFC 7065 has no place for credentials, so they come out */
static WherryIceServer *
parse_ice_server (const char *text, GError **error)
{
  const char *colon = strchr (text, ':');
  const char *at = strrchr (text, '@');
  const char *urls[2] = { text, NULL };
  g_autofree char *url = NULL, *user = NULL, *password = NULL;

  if (colon == NULL || !(g_str_has_prefix (text, "stun") || g_str_has_prefix (text, "turn")))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("“%s” is no ICE server: try stun:HOST or turn:USER:PASSWORD@HOST"), text);
      return NULL;
    }
  if (at != NULL)
    {
      const char *second = memchr (colon + 1, ':', at - colon - 1);

      if (second == NULL)
        {
          /* not repeated: it may have a password in it */
          g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                               _ ("an ICE server has a user without “:PASSWORD”"));
          return NULL;
        }
      user = g_strndup (colon + 1, second - colon - 1);
      password = g_strndup (second + 1, at - second - 1);
      url = g_strdup_printf ("%.*s%s", (int) (colon + 1 - text), text, at + 1);
      urls[0] = url;
    }
  return wherry_ice_server_new (urls, user, password, error);
}

WherryConfiguration *
wherry_invocation_make_configuration (WherryInvocation *self, GError **error)
{
  g_autoptr (WherryConfiguration) configuration = wherry_configuration_new ();

  for (guint i = 0; self->ice_servers != NULL && self->ice_servers[i] != NULL; i++)
    {
      g_autoptr (WherryIceServer) server = parse_ice_server (self->ice_servers[i], error);

      if (server == NULL)
        return NULL;
      wherry_configuration_add_ice_server (configuration, server);
    }
  for (guint i = 0; self->bind_addresses != NULL && self->bind_addresses[i] != NULL; i++)
    if (!g_hostname_is_ip_address (self->bind_addresses[i]))
      {
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                     _ ("--bind-address takes an IP address, not “%s”"), self->bind_addresses[i]);
        return NULL;
      }
  wherry_configuration_set_bind_addresses (configuration,
                                           (const char *const *) self->bind_addresses);
  if (self->relay_only)
    wherry_configuration_set_ice_transport_policy (configuration,
                                                   WHERRY_ICE_TRANSPORT_POLICY_RELAY);
  return g_steal_pointer (&configuration);
}
