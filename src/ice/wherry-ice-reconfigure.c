/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "ice/wherry-ice-session-private.h"

gboolean
wherry_ice_session_set_config (WherryIceSession *self, const WherryIceConfig *config)
{
  WherryIceConfig *next = wherry_ice_config_copy (config);
  gboolean differs = !wherry_ice_config_gathers_alike (self->config, next);

  WHERRY_ASSERT_OWNER (self);

  next->controlling = self->config->controlling;
  next->remote_lite = self->config->remote_lite;
  next->outlives_failure = self->config->outlives_failure;
  next->network = self->config->network;
  wherry_ice_config_free (self->config);
  self->config = next;
  self->reconfigured = TRUE;
  return differs;
}

/* An agent's servers and addresses are given to it when it is made. What names its credentials was
 * perhaps handed out already, so they go to the new one. */
gboolean
wherry_ice_session_reconfigure (WherryIceSession *self, GError **error)
{
  WherryIceCredentials local = { 0 };
  WherryIceGeneration *made = NULL;
  WherryIceGeneration *old = self->current;

  /* One that was told of the other side already is left as it is. */
  if (!self->reconfigured || self->next != NULL || old->gathered || old->remote.ufrag != NULL
      || old->remote.n_candidates > 0)
    return TRUE;
  local.ufrag = g_strdup (old->local.ufrag);
  local.pwd = g_strdup (old->local.pwd);
  made = wherry_ice_session_make_generation (self, &local, error);
  wherry_ice_credentials_clear (&local);
  if (made == NULL)
    return FALSE;
  self->current = made;
  self->reconfigured = FALSE;
  wherry_ice_generation_close (old, self->closing);
  wherry_ice_generation_unref (old);
  return TRUE;
}
