/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-session-private.h"

static void
on_received (gpointer user_data, WherryIceGeneration *generation, const guint8 *data, gsize length)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) self = g_object_ref (user_data);

  wherry_ice_session_count_received (self, length);
  wherry_packet_sink_packet (&self->sink, data, length);
}

static void
on_pair (gpointer user_data, WherryIceGeneration *generation)
{
  WherryIceSession *self = user_data;

  if (generation == self->current)
    wherry_ice_session_count_pair (self);
}

static void
on_candidate (gpointer user_data, const char *line)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) self = g_object_ref (user_data);

  if (self->events != NULL && self->events->candidate != NULL)
    self->events->candidate (self->events_data, line);
}

static void
on_gathering_done (gpointer user_data)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) self = g_object_ref (user_data);

  if (self->events != NULL && self->events->gathering_done != NULL)
    self->events->gathering_done (self->events_data);
}

static void
on_candidate_error (gpointer user_data, const WherryIceCandidateError *error)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) self = g_object_ref (user_data);

  wherry_info (&self->log, "%s: %s (%u)", error->url, error->text, error->code);
  if (self->events != NULL && self->events->candidate_error != NULL)
    self->events->candidate_error (self->events_data, error);
}

static const WherryIceGathererEvents gatherer_events = {
  .candidate = on_candidate,
  .error = on_candidate_error,
  .done = on_gathering_done,
};

static const WherryIceGenerationEvents generation_events = {
  .connected = wherry_ice_session_on_connected,
  .failed = wherry_ice_session_on_failed,
  .pair = on_pair,
  .received = on_received,
};

WherryIceGeneration *
wherry_ice_session_newest (WherryIceSession *self)
{
  return self->next != NULL ? self->next : self->current;
}

WherryIceGeneration *
wherry_ice_session_make_generation (WherryIceSession *self, WherryIceCredentials *local,
                                    GError **error)
{
  WherryIceGeneration *generation
      = wherry_ice_generation_new (wherry_ice_config_copy (self->config), self->context, &self->log,
                                   local, self->closing, error);

  if (generation == NULL)
    return NULL;
  wherry_ice_generation_set_events (generation, &generation_events, self);
  wherry_ice_gatherer_set_events (generation->gatherer, &gatherer_events, self);
  return generation;
}

void
wherry_ice_session_set_session_events (WherryIceSession *self, const WherryIceSessionEvents *events,
                                       gpointer user_data)
{
  WHERRY_ASSERT_OWNER (self);

  if (self->current == NULL)
    return;
  self->events = events;
  self->events_data = user_data;
}

const char *
wherry_ice_session_get_local_ufrag (WherryIceSession *self)
{
  return self->current != NULL ? wherry_ice_session_newest (self)->local.ufrag : NULL;
}

const char *
wherry_ice_session_get_local_pwd (WherryIceSession *self)
{
  return self->current != NULL ? wherry_ice_session_newest (self)->local.pwd : NULL;
}

gboolean
wherry_ice_session_gather (WherryIceSession *self, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) alive = g_object_ref (self);

  WHERRY_ASSERT_OWNER (self);

  if (!wherry_ice_session_check_open (self, error))
    return FALSE;
  if (self->state == WHERRY_TRANSPORT_NEW)
    wherry_ice_session_begin_connecting (self);
  return wherry_ice_session_check_open (self, error) && wherry_ice_session_reconfigure (self, error)
         && wherry_ice_generation_gather (wherry_ice_session_newest (self), error);
}

gboolean
wherry_ice_session_is_gathering_done (WherryIceSession *self)
{
  return self->current != NULL
         && wherry_ice_gatherer_is_done (wherry_ice_session_newest (self)->gatherer);
}
