/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-server-access-private.h"

#include "base/wherry-limits.h"

static gboolean
fill (WherryServerAccess *self, const char *const *origins, const char *const *hosts,
      const char *const *proxies, const char *const *keys, GError **error)
{
  for (guint i = 0; origins != NULL && origins[i] != NULL; i++)
    if (!wherry_origin_policy_allow_origin (self->origins, origins[i], error))
      return FALSE;
  for (guint i = 0; hosts != NULL && hosts[i] != NULL; i++)
    if (!wherry_origin_policy_allow_host (self->origins, hosts[i], error))
      return FALSE;
  for (guint i = 0; proxies != NULL && proxies[i] != NULL; i++)
    if (!wherry_proxy_policy_trust (self->proxies, proxies[i], error))
      return FALSE;
  for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
    {
      if (self->keys == NULL)
        self->keys = wherry_token_keys_new ();
      if (!wherry_token_keys_add_file (self->keys, keys[i], error))
        return FALSE;
    }
  return TRUE;
}

WherryServerAccess *
wherry_server_access_new (const char *const *origins, const char *const *hosts,
                          const char *const *proxies, const char *const *keys, gboolean is_open,
                          GError **error)
{
  g_autoptr (WherryServerAccess) self = g_new0 (WherryServerAccess, 1);
  WherryAdmissionConfig config = { .skew_us = WHERRY_TOKEN_SKEW_US, .is_open = is_open };

  self->origins = wherry_origin_policy_new ();
  self->proxies = wherry_proxy_policy_new ();
  if (!fill (self, origins, hosts, proxies, keys, error))
    return NULL;
  config.keys = self->keys;
  self->admission = wherry_admission_new (&config);
  return g_steal_pointer (&self);
}

void
wherry_server_access_free (WherryServerAccess *self)
{
  g_clear_pointer (&self->admission, wherry_admission_free);
  g_clear_pointer (&self->keys, wherry_token_keys_free);
  wherry_proxy_policy_free (self->proxies);
  wherry_origin_policy_free (self->origins);
  g_free (self);
}

void
wherry_server_access_apply (WherryServerAccess *self, WherrySignalingConfig *config)
{
  config->origins = self->origins;
  config->proxies = self->proxies;
  config->admission = self->admission;
}
