/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-session-private.h"

static void
on_new_candidate (NiceAgent *agent, NiceCandidate *candidate, WherryIceSession *self)
{
  WHERRY_ASSERT_OWNER (self);

  g_object_ref (self);
  wherry_ice_announcer_candidate (&self->announcer, candidate);
  g_object_unref (self);
}

static void
on_gathering_done (NiceAgent *agent, guint stream, WherryIceSession *self)
{
  WHERRY_ASSERT_OWNER (self);

  g_object_ref (self);
  if (!self->announcer.done)
    wherry_ice_announcer_done (&self->announcer);
  g_object_unref (self);
}

void
wherry_ice_session_watch_gathering (WherryIceSession *self)
{
  g_signal_connect (self->agent, "new-candidate-full", G_CALLBACK (on_new_candidate), self);
  g_signal_connect (self->agent, "candidate-gathering-done", G_CALLBACK (on_gathering_done), self);
}

void
wherry_ice_session_read_local_credentials (WherryIceSession *self)
{
  g_clear_pointer (&self->local_ufrag, g_free);
  g_clear_pointer (&self->local_pwd, g_free);
  nice_agent_get_local_credentials (self->agent, self->stream, &self->local_ufrag,
                                    &self->local_pwd);
}

void
wherry_ice_session_set_session_events (WherryIceSession *self, const WherryIceSessionEvents *events,
                                       gpointer user_data)
{
  WHERRY_ASSERT_OWNER (self);

  if (self->agent == NULL)
    return;
  self->announcer.events = events;
  self->announcer.user_data = user_data;
}

const char *
wherry_ice_session_get_local_ufrag (WherryIceSession *self)
{
  return self->agent != NULL ? self->local_ufrag : NULL;
}

const char *
wherry_ice_session_get_local_pwd (WherryIceSession *self)
{
  return self->agent != NULL ? self->local_pwd : NULL;
}

gboolean
wherry_ice_session_gather (WherryIceSession *self, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) alive = g_object_ref (self);
  g_autoptr (NiceAgent) agent = NULL;

  WHERRY_ASSERT_OWNER (self);

  if (!wherry_ice_session_check_open (self, error))
    return FALSE;
  /* A candidate event may close the session while libnice is still gathering. */
  agent = g_object_ref (self->agent);
  if (self->gathered)
    {
      wherry_ice_announcer_again (&self->announcer, agent, self->stream);
      return TRUE;
    }
  if (self->state == WHERRY_TRANSPORT_NEW)
    wherry_ice_session_set_state (self, WHERRY_TRANSPORT_CONNECTING, NULL);
  self->gathered
      = wherry_ice_agent_gather (agent, self->stream, self->context, self->config, error);
  return self->gathered;
}

gboolean
wherry_ice_session_is_gathering_done (WherryIceSession *self)
{
  return self->announcer.done;
}
