/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include "daemon/wherry-daemon-auth.h"

#include <string.h>

#include <glib/gi18n.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "daemon/wherry-daemon-values.h"
#include "wire/wherry-ice-url.h"

#define SKEW_MAX_S 3600
/* A day: longer is a password. Shorter than a minute ends before it is used. */
#define TURN_LIFETIME_MIN_S 60
#define TURN_LIFETIME_MAX_S 86400
#define TURN_URIS_MAX 8u

WherryDaemonAuth *
wherry_daemon_auth_new (void)
{
  WherryDaemonAuth *self = g_new0 (WherryDaemonAuth, 1);

  self->skew_us = WHERRY_TOKEN_SKEW_US;
  self->proxies = wherry_proxy_policy_new ();
  return self;
}

void
wherry_daemon_auth_free (WherryDaemonAuth *self)
{
  g_clear_pointer (&self->keys, wherry_token_keys_free);
  wherry_proxy_policy_free (self->proxies);
  g_free (self->audience);
  g_free (self);
}

gboolean
wherry_daemon_auth_add_keys (WherryDaemonAuth *self, const char *path, GError **error)
{
  if (self->keys == NULL)
    self->keys = wherry_token_keys_new ();
  return wherry_token_keys_add_file (self->keys, path, error);
}

gboolean
wherry_daemon_auth_set_skew (WherryDaemonAuth *self, const char *seconds, GError **error)
{
  guint64 number;

  if (!wherry_daemon_value_uint (seconds, 0, SKEW_MAX_S, &number, error))
    return FALSE;
  self->skew_us = (gint64) number * G_USEC_PER_SEC;
  return TRUE;
}

gboolean
wherry_daemon_auth_read_turn_secret (WherryRelayConfig *config, const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) inner = NULL;

  if (!g_file_get_contents (path, &text, NULL, &inner))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, "%s", inner->message);
      return FALSE;
    }
  text[strcspn (text, "\r\n")] = '\0';
  if (text[0] == '\0')
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   _ ("the first line of “%s” is empty: it is to be the secret"), path);
      return FALSE;
    }
  g_free (config->turn_rest_secret);
  config->turn_rest_secret = g_steal_pointer (&text);
  return TRUE;
}

gboolean
wherry_daemon_auth_add_turn_uri (WherryRelayConfig *config, const char *uri, GError **error)
{
  g_autoptr (WherryIceUrl) url = wherry_ice_url_parse (uri, NULL);

  if (url == NULL || !url->is_turn || config->turn_rest_uris->len >= TURN_URIS_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is no TURN URI without a user, as turn:turn.example.org:3478 (or there "
                      "are more than %u)"),
                   uri, TURN_URIS_MAX);
      return FALSE;
    }
  g_ptr_array_add (config->turn_rest_uris, g_strdup (uri));
  return TRUE;
}

gboolean
wherry_daemon_auth_set_turn_lifetime (WherryRelayConfig *config, const char *seconds,
                                      GError **error)
{
  guint64 number;

  if (!wherry_daemon_value_uint (seconds, TURN_LIFETIME_MIN_S, TURN_LIFETIME_MAX_S, &number, error))
    return FALSE;
  config->turn_rest_lifetime_us = (gint64) number * G_USEC_PER_SEC;
  return TRUE;
}

gboolean
wherry_daemon_auth_check_turn (const WherryRelayConfig *config, GError **error)
{
  if ((config->turn_rest_secret != NULL) == (config->turn_rest_uris->len > 0))
    return TRUE;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                       _ ("turn-rest-secret-file and turn-rest-uri go together"));
  return FALSE;
}
