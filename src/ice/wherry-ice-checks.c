/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <string.h>

#include "base/wherry-clock.h"
#include "base/wherry-error.h"
#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-session-private.h"

void
wherry_ice_session_begin_connecting (WherryIceSession *self)
{
  wherry_ice_session_set_ice_state (self, WHERRY_TRANSPORT_CONNECTING, NULL);
  if (self->current != NULL)
    wherry_ice_session_set_state (self, WHERRY_TRANSPORT_CONNECTING, NULL);
}

void
wherry_ice_session_on_connected (gpointer user_data, WherryIceGeneration *generation)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) self = g_object_ref (user_data);

  if (generation == self->next)
    wherry_ice_session_promote (self);
  else if (generation != self->current)
    return;
  if (self->next == NULL)
    wherry_clock_clear_source (&self->restart_limit);
  if (self->ice_state != WHERRY_TRANSPORT_CONNECTED)
    wherry_ice_agent_log_pair (generation->agent, generation->stream, &self->log);
  wherry_ice_session_set_ice_state (self, WHERRY_TRANSPORT_CONNECTED, NULL);
  if (self->current != NULL)
    wherry_ice_session_set_state (self, WHERRY_TRANSPORT_CONNECTED, NULL);
}

void
wherry_ice_session_consent_ended (WherryIceSession *self)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_TIMEOUT,
                                                  "the other side no longer answers (ICE consent)");

  wherry_info (&self->log, "%s", error->message);
  wherry_ice_session_set_ice_state (self, WHERRY_TRANSPORT_FAILED, error);
  if (self->current != NULL && !self->config->outlives_failure)
    wherry_ice_session_set_state (self, WHERRY_TRANSPORT_FAILED, error);
}

/* Before the first connection the layer above decides how long to wait (see the header). In a
 * restart the other side may not have our description yet, so it gets as long as for a first one.
 */
void
wherry_ice_session_on_failed (gpointer user_data, WherryIceGeneration *generation)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) self = g_object_ref (user_data);

  if (generation != self->current && generation != self->next)
    return;
  if (self->state != WHERRY_TRANSPORT_CONNECTED)
    {
      g_autoptr (GError) error
          = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_TIMEOUT, "every ICE check failed");

      wherry_debug (&self->log, "ICE checks failed; waiting for the other side's");
      if (self->config->outlives_failure)
        wherry_ice_session_set_ice_state (self, WHERRY_TRANSPORT_FAILED, error);
    }
  else if (self->next == NULL)
    wherry_ice_session_consent_ended (self);
  else
    wherry_ice_session_begin_restart_limit (self);
}

void
wherry_ice_session_set_controlling (WherryIceSession *self, gboolean controlling)
{
  WHERRY_ASSERT_OWNER (self);

  self->config->controlling = controlling;
  if (self->current != NULL)
    wherry_ice_agent_update_role (wherry_ice_session_newest (self)->agent, self->config);
}

void
wherry_ice_session_set_remote_lite (WherryIceSession *self, gboolean lite)
{
  WHERRY_ASSERT_OWNER (self);

  self->config->remote_lite = lite;
  if (self->current != NULL)
    wherry_ice_agent_update_role (wherry_ice_session_newest (self)->agent, self->config);
}

gboolean
wherry_ice_session_set_remote_credentials (WherryIceSession *self, const char *ufrag,
                                           const char *pwd, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) alive = g_object_ref (self);
  g_autoptr (WherryIceGeneration) newest = NULL;

  WHERRY_ASSERT_OWNER (self);

  if (!wherry_ice_session_check_open (self, error))
    return FALSE;
  newest = wherry_ice_generation_ref (wherry_ice_session_newest (self));
  if (!wherry_ice_remote_set_credentials (&newest->remote, ufrag, pwd, error))
    return FALSE;
  if (self->state == WHERRY_TRANSPORT_NEW)
    wherry_ice_session_begin_connecting (self);
  return TRUE;
}

/* During a restart what names the old credentials still belongs to the old generation, which may be
 * what a rollback returns to. */
static WherryIceGeneration *
generation_of (WherryIceSession *self, const WherryCandidate *candidate)
{
  if (candidate->ufrag != NULL && self->current->remote.ufrag != NULL
      && strcmp (candidate->ufrag, self->current->remote.ufrag) == 0)
    return self->current;
  return wherry_ice_session_newest (self);
}

gboolean
wherry_ice_session_add_remote_candidate (WherryIceSession *self, const char *line, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) alive = g_object_ref (self);
  g_autoptr (WherryCandidate) candidate = NULL;
  g_autoptr (WherryIceGeneration) generation = NULL;

  WHERRY_ASSERT_OWNER (self);

  if (!wherry_ice_session_check_open (self, error)
      || !wherry_ice_remote_count (&wherry_ice_session_newest (self)->remote, error)
      || !wherry_ice_remote_parse (line, &candidate, error))
    return FALSE;
  if (candidate == NULL)
    return TRUE;
  generation = wherry_ice_generation_ref (generation_of (self, candidate));
  wherry_ice_remote_add (&generation->remote, g_steal_pointer (&candidate));
  return TRUE;
}

void
wherry_ice_session_end_of_remote_candidates (WherryIceSession *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) alive = g_object_ref (self);
  g_autoptr (WherryIceGeneration) newest = NULL;

  WHERRY_ASSERT_OWNER (self);

  if (self->current == NULL)
    return;
  newest = wherry_ice_generation_ref (wherry_ice_session_newest (self));
  wherry_ice_remote_end (&newest->remote);
}

gboolean
wherry_ice_session_get_checks_failed (WherryIceSession *self)
{
  return self->current != NULL && wherry_ice_session_newest (self)->checks_failed;
}

gboolean
wherry_ice_session_get_consent_lost (WherryIceSession *self)
{
  return self->state == WHERRY_TRANSPORT_CONNECTED && !self->current->connected;
}
