/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "daemon/wherry-daemon-keys.h"
#include "daemon/wherry-daemon-options.h"

#define GROUP "wherryd"

/* Where values come from, the first one wins. */
typedef struct
{
  GHashTable *flags; /* key name to GPtrArray of values */
  char *config_path;
  gboolean show_version;
  GKeyFile *file; /* (nullable) */
} Sources;

static void
sources_clear (Sources *sources)
{
  g_clear_pointer (&sources->flags, g_hash_table_unref);
  g_clear_pointer (&sources->config_path, g_free);
  g_clear_pointer (&sources->file, g_key_file_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sources, sources_clear)

static gboolean
on_flag (const char *option, const char *value, gpointer data, GError **error)
{
  Sources *sources = data;
  const char *name = option + strspn (option, "-");
  GPtrArray *values = g_hash_table_lookup (sources->flags, name);

  if (values == NULL)
    {
      values = g_ptr_array_new_with_free_func (g_free);
      g_hash_table_insert (sources->flags, g_strdup (name), values);
    }
  g_ptr_array_add (values, g_strdup (value != NULL ? value : "true"));
  return TRUE;
}

static GOptionContext *
make_context (Sources *sources, GArray *entries)
{
  GOptionContext *context = g_option_context_new (NULL);
  GOptionGroup *group = g_option_group_new ("main", NULL, NULL, sources, NULL);
  const GOptionEntry own[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &sources->config_path,
      N_ ("Read what is not given here from a file"), N_ ("FILE") },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &sources->show_version, N_ ("Print the version"),
      NULL },
    G_OPTION_ENTRY_NULL,
  };

  for (guint i = 0; i < wherry_daemon_n_keys; i++)
    {
      const WherryDaemonKey *key = &wherry_daemon_keys[i];
      GOptionEntry entry = { .long_name = key->name,
                             .flags = key->argument == NULL ? G_OPTION_FLAG_NO_ARG : 0,
                             .arg = G_OPTION_ARG_CALLBACK,
                             .arg_data = (gpointer) on_flag,
                             .description = key->help,
                             .arg_description = key->argument };

      g_array_append_val (entries, entry);
    }
  g_option_group_add_entries (group, (GOptionEntry *) (gpointer) entries->data);
  g_option_group_add_entries (group, own);
  g_option_group_set_translation_domain (group, GETTEXT_PACKAGE);
  g_option_context_set_main_group (context, group);
  g_option_context_set_summary (
      context, _ ("Relays data channel messages between the browsers and programs of a room."));
  g_option_context_set_description (
      context, _ ("Every option can also be set as an environment variable (WHERRY_OUTBOX_BYTES) "
                  "or in the file (outbox-bytes).\nSizes may end in K, M or G."));
  return context;
}

static gboolean
parse_flags (Sources *sources, char **argv, GError **error)
{
  g_autoptr (GArray) entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  g_autoptr (GOptionContext) context = make_context (sources, entries);
  g_auto (GStrv) args = g_strdupv (argv);
  g_autoptr (GError) local = NULL;

  if (!g_option_context_parse_strv (context, &args, &local))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, local->message);
      return FALSE;
    }
  if (g_strv_length (args) > 1)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is no option; try --help"), args[1]);
      return FALSE;
    }
  if (sources->config_path == NULL)
    sources->config_path = g_strdup (g_getenv ("WHERRY_CONFIG"));
  return TRUE;
}

/* (transfer full): "WHERRY_OUTBOX_BYTES" */
static char *
variable_of (const WherryDaemonKey *key)
{
  g_autofree char *upper = g_ascii_strup (key->name, -1);

  return g_strconcat ("WHERRY_", g_strdelimit (upper, "-", '_'), NULL);
}

/* Values of the first source that has the key; from: what to call it in an error. (transfer full)
 * (nullable) */
static GStrv
find_values (const Sources *sources, const WherryDaemonKey *key, char **from)
{
  g_autofree char *variable = variable_of (key);
  GPtrArray *values = g_hash_table_lookup (sources->flags, key->name);
  const char *text;

  if (values != NULL)
    {
      GStrvBuilder *builder = g_strv_builder_new ();
      GStrv strv;

      for (guint i = 0; i < values->len; i++)
        g_strv_builder_add (builder, values->pdata[i]);
      strv = g_strv_builder_end (builder);
      g_strv_builder_unref (builder);
      *from = g_strconcat ("--", key->name, NULL);
      return strv;
    }

  text = g_getenv (variable);
  if (text != NULL && *text != '\0')
    {
      *from = g_steal_pointer (&variable);
      return g_strsplit (text, key->repeats ? "," : "\n", -1);
    }

  if (sources->file != NULL && g_key_file_has_key (sources->file, GROUP, key->name, NULL))
    {
      *from = g_strdup_printf ("%s: [" GROUP "] %s", sources->config_path, key->name);
      return g_key_file_get_string_list (sources->file, GROUP, key->name, NULL, NULL);
    }
  return NULL;
}

static gboolean
apply_key (WherryDaemonOptions *self, const Sources *sources, const WherryDaemonKey *key,
           GError **error)
{
  g_autofree char *from = NULL;
  g_auto (GStrv) values = find_values (sources, key, &from);

  if (from == NULL)
    return TRUE;
  if (values == NULL || values[0] == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, _ ("%s: has no value"),
                   from);
      return FALSE;
    }
  if (!key->repeats && values[1] != NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   _ ("%s: takes one value, not several"), from);
      return FALSE;
    }
  for (guint i = 0; values[i] != NULL; i++)
    if (!key->set (self, g_strstrip (values[i]), error))
      {
        g_prefix_error (error, "%s: ", from);
        return FALSE;
      }
  return TRUE;
}

/* The file */

static gboolean
apply_rule_group (WherryDaemonOptions *self, const Sources *sources, const char *group,
                  gboolean is_topic, GError **error)
{
  const char *pattern = strchr (group, ' ') + 1;
  g_auto (GStrv) keys = g_key_file_get_keys (sources->file, group, NULL, NULL);
  WherryRelayRule *rule = wherry_relay_config_add_rule (self->relay, pattern, is_topic);

  for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
    {
      g_autofree char *value = g_key_file_get_string (sources->file, group, keys[i], NULL);

      if (value == NULL)
        value = g_strdup ("");
      if (!wherry_daemon_rule_set (rule, keys[i], g_strstrip (value), error))
        {
          g_prefix_error (error, "%s: [%s] %s: ", sources->config_path, group, keys[i]);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
check_group (const Sources *sources, const char *group, GError **error)
{
  g_auto (GStrv) keys = g_key_file_get_keys (sources->file, group, NULL, NULL);

  for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
    if (wherry_daemon_key_find (keys[i]) == NULL)
      {
        g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                     _ ("%s: [%s] %s: no such key; wherryd --help lists them"),
                     sources->config_path, group, keys[i]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
load_file (WherryDaemonOptions *self, Sources *sources, GError **error)
{
  g_auto (GStrv) groups = NULL;
  g_autoptr (GError) local = NULL;

  sources->file = g_key_file_new ();
  if (!g_key_file_load_from_file (sources->file, sources->config_path, G_KEY_FILE_NONE, &local))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, "%s: %s",
                   sources->config_path, local->message);
      return FALSE;
    }

  groups = g_key_file_get_groups (sources->file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    {
      gboolean is_topic = g_str_has_prefix (groups[i], "topic ");
      gboolean ok;

      if (g_str_equal (groups[i], GROUP))
        ok = check_group (sources, groups[i], error);
      else if (is_topic || g_str_has_prefix (groups[i], "room "))
        ok = apply_rule_group (self, sources, groups[i], is_topic, error);
      else
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                       _ ("%s: [%s]: no such group; there are [wherryd], [room PATTERN] and "
                          "[topic PATTERN]"),
                       sources->config_path, groups[i]);
          ok = FALSE;
        }
      if (!ok)
        return FALSE;
    }
  return TRUE;
}

/* What fits together */

static gboolean
check_open (WherryDaemonOptions *self, GError **error)
{
  gboolean asks = self->insecure_open || self->auth->keys != NULL;

  for (guint i = 0; i < self->listen->len && !asks; i++)
    {
      GInetSocketAddress *address = self->listen->pdata[i];
      GInetAddress *ip = g_inet_socket_address_get_address (address);
      g_autofree char *text = g_inet_address_to_string (ip);

      if (g_inet_address_get_is_loopback (ip))
        continue;
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   _ ("refusing to listen on %s: everybody who reaches that address could join any "
                      "room, for this server asks for no token. Listen on 127.0.0.1, name "
                      "token-keys, or say --insecure-open if that is what you want"),
                   text);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_sizes (WherryDaemonOptions *self, GError **error)
{
  const WherryRelayConfig *relay = self->relay;

  if (relay->memory_budget < relay->member_bytes)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   _ ("memory-budget (%zu bytes) is less than member-bytes (%zu): one slow member "
                      "would take all of it"),
                   relay->memory_budget, relay->member_bytes);
      return FALSE;
    }
  if (relay->outbox.outbox_low > relay->outbox.outbox_high)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   _ ("outbox-low (%zu bytes) is more than outbox-bytes (%zu)"),
                   relay->outbox.outbox_low, relay->outbox.outbox_high);
      return FALSE;
    }
  return TRUE;
}

WherryDaemonOptions *
wherry_daemon_options_new (char **argv, GError **error)
{
  g_autoptr (WherryDaemonOptions) self = g_new0 (WherryDaemonOptions, 1);
  g_auto (Sources) sources = { 0 };

  self->listen = g_ptr_array_new_with_free_func (g_object_unref);
  self->origins = wherry_origin_policy_new ();
  self->auth = wherry_daemon_auth_new ();
  self->joins_per_address = WHERRY_JOINS_PER_ADDRESS;
  self->relay = wherry_relay_config_new ();
  if (self->relay->ice == NULL)
    self->relay->ice = wherry_ice_config_new ();
  sources.flags
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);

  if (!parse_flags (&sources, argv, error))
    return NULL;
  self->show_version = sources.show_version;
  if (self->show_version)
    return g_steal_pointer (&self);
  if (sources.config_path != NULL && !load_file (self, &sources, error))
    return NULL;
  for (guint i = 0; i < wherry_daemon_n_keys; i++)
    if (!apply_key (self, &sources, &wherry_daemon_keys[i], error))
      return NULL;
  if (self->listen->len == 0)
    g_ptr_array_add (self->listen, g_inet_socket_address_new_from_string ("127.0.0.1", 8888));
  if (!check_open (self, error) || !check_sizes (self, error)
      || !wherry_daemon_auth_check_turn (self->relay, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
wherry_daemon_options_free (WherryDaemonOptions *self)
{
  g_clear_pointer (&self->listen, g_ptr_array_unref);
  g_clear_pointer (&self->origins, wherry_origin_policy_free);
  g_clear_pointer (&self->cors_origins, wherry_origin_policy_free);
  g_clear_pointer (&self->auth, wherry_daemon_auth_free);
  g_clear_pointer (&self->relay, wherry_relay_config_free);
  g_free (self);
}
