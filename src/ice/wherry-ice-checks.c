/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "base/wherry-clock.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-session-private.h"

static void
connected (WherryIceSession *self)
{
  self->restarting = FALSE;
  self->checks_failed = FALSE;
  wherry_clock_clear_source (&self->restart_limit);
  if (self->state != WHERRY_TRANSPORT_CONNECTED)
    wherry_ice_agent_log_pair (self->agent, self->stream, &self->log);
  wherry_ice_session_set_state (self, WHERRY_TRANSPORT_CONNECTED, NULL);
}

static void
consent_ended (WherryIceSession *self)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_TIMEOUT,
                                                  "the other side no longer answers (ICE consent)");

  wherry_info (&self->log, "%s", error->message);
  wherry_ice_session_set_state (self, WHERRY_TRANSPORT_FAILED, error);
}

static gboolean
on_restart_limit (gpointer user_data)
{
  WherryIceSession *self = user_data;

  wherry_clock_clear_source (&self->restart_limit);
  consent_ended (self);
  return G_SOURCE_REMOVE;
}

/* Before the first connection the layer above decides how long to wait (see the header). In a
 * restart the other side may not have our description yet, so it gets as long as for a first one.
 */
static void
failed (WherryIceSession *self)
{
  self->checks_failed = TRUE;
  if (self->state != WHERRY_TRANSPORT_CONNECTED)
    wherry_debug (&self->log, "ICE checks failed; waiting for the other side's");
  else if (!self->restarting)
    consent_ended (self);
  else if (self->restart_limit == NULL)
    {
      self->restart_limit = g_timeout_source_new (WHERRY_CONNECT_LIMIT_US / 1000);
      g_source_set_callback (self->restart_limit, on_restart_limit, self, NULL);
      g_source_attach (self->restart_limit, self->context);
    }
}

static void
on_state_changed (NiceAgent *agent, guint stream, guint component, guint state,
                  WherryIceSession *self)
{
  WHERRY_ASSERT_OWNER (self);

  wherry_debug (&self->log, "libnice: %s", nice_component_state_to_string (state));
  if (state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY)
    connected (self);
  else if (state == NICE_COMPONENT_STATE_FAILED)
    failed (self);
}

void
wherry_ice_session_watch_checks (WherryIceSession *self)
{
  g_signal_connect (self->agent, "component-state-changed", G_CALLBACK (on_state_changed), self);
}

void
wherry_ice_session_set_controlling (WherryIceSession *self, gboolean controlling)
{
  WHERRY_ASSERT_OWNER (self);

  self->config->controlling = controlling;
  if (self->agent != NULL)
    wherry_ice_agent_update_role (self->agent, self->config);
}

void
wherry_ice_session_set_remote_lite (WherryIceSession *self, gboolean lite)
{
  WHERRY_ASSERT_OWNER (self);

  self->config->remote_lite = lite;
  if (self->agent != NULL)
    wherry_ice_agent_update_role (self->agent, self->config);
}

gboolean
wherry_ice_session_set_remote_credentials (WherryIceSession *self, const char *ufrag,
                                           const char *pwd, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) alive = g_object_ref (self);
  g_autoptr (NiceAgent) agent = NULL;

  WHERRY_ASSERT_OWNER (self);

  if (!wherry_ice_session_check_open (self, error))
    return FALSE;
  agent = g_object_ref (self->agent);
  if (!wherry_ice_remote_set_credentials (&self->remote, agent, self->stream, ufrag, pwd, error))
    return FALSE;
  if (self->state == WHERRY_TRANSPORT_NEW)
    wherry_ice_session_set_state (self, WHERRY_TRANSPORT_CONNECTING, NULL);
  return TRUE;
}

gboolean
wherry_ice_session_add_remote_candidate (WherryIceSession *self, const char *line, GError **error)
{
  WHERRY_ASSERT_OWNER (self);

  return wherry_ice_session_check_open (self, error)
         && wherry_ice_remote_add (&self->remote, self->agent, self->stream, line, error);
}

void
wherry_ice_session_end_of_remote_candidates (WherryIceSession *self)
{
  WHERRY_ASSERT_OWNER (self);

  if (self->agent != NULL)
    wherry_ice_remote_end (&self->remote, self->agent, self->stream);
}

gboolean
wherry_ice_session_restart (WherryIceSession *self, GError **error)
{
  WHERRY_ASSERT_OWNER (self);

  if (!wherry_ice_session_check_open (self, error))
    return FALSE;
  if (!nice_agent_restart_stream (self->agent, self->stream))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_FAILED, "ICE did not restart");
      return FALSE;
    }
  self->restarting = self->state == WHERRY_TRANSPORT_CONNECTED;
  self->checks_failed = FALSE;
  wherry_ice_remote_reset (&self->remote);
  wherry_ice_session_read_local_credentials (self);
  return TRUE;
}

gboolean
wherry_ice_session_is_restarting (WherryIceSession *self)
{
  return self->restarting;
}

gboolean
wherry_ice_session_get_checks_failed (WherryIceSession *self)
{
  return self->checks_failed;
}
