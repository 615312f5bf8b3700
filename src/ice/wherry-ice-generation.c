/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-generation.h"

static WherryIceGeneration *
generation_ref (WherryIceGeneration *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

static void
on_new_candidate (NiceAgent *agent, NiceCandidate *candidate, WherryIceGeneration *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = generation_ref (self);

  WHERRY_ASSERT_OWNER (self);
  wherry_ice_gatherer_take_candidate (self->gatherer, candidate);
}

static void
on_gathering_done (NiceAgent *agent, guint stream, WherryIceGeneration *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = generation_ref (self);

  WHERRY_ASSERT_OWNER (self);
  wherry_ice_gatherer_agent_done (self->gatherer);
}

static void
on_state_changed (NiceAgent *agent, guint stream, guint component, guint state,
                  WherryIceGeneration *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = generation_ref (self);

  WHERRY_ASSERT_OWNER (self);
  wherry_debug (self->log, "libnice: %s", nice_component_state_to_string (state));
  if (state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY)
    {
      self->connected = TRUE;
      self->checks_failed = FALSE;
      self->events->connected (self->user_data, self);
    }
  else if (state == NICE_COMPONENT_STATE_FAILED)
    {
      self->connected = FALSE;
      self->checks_failed = TRUE;
      self->events->failed (self->user_data, self);
    }
}

static void
on_received (NiceAgent *agent, guint stream, guint component, guint length, char *data,
             gpointer user_data)
{
  WherryIceGeneration *self = user_data;
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = generation_ref (self);

  WHERRY_ASSERT_OWNER (self);
  self->events->received (self->user_data, self, (const guint8 *) data, length);
}

WherryIceGeneration *
wherry_ice_generation_new (const WherryIceConfig *config, GMainContext *context,
                           const WherryLogContext *log, WherryIceCredentials *local,
                           WherryIceClosing *closing, GError **error)
{
  g_autoptr (WherryIceGeneration) self = g_new0 (WherryIceGeneration, 1);

  g_ref_count_init (&self->ref_count);
  wherry_owner_init (&self->owner);
  self->config = config;
  self->log = log;
  self->context = g_main_context_ref (context);
  self->local = *local;
  *local = (WherryIceCredentials){ 0 };
  wherry_ice_remote_init (&self->remote, config);
  self->agent = wherry_ice_agent_new (config, context, &self->stream, error);
  if (self->agent == NULL)
    return NULL;
  nice_agent_set_local_credentials (self->agent, self->stream, self->local.ufrag, self->local.pwd);
  self->gatherer = wherry_ice_gatherer_new (config, self->agent, self->stream, context, closing);
  return g_steal_pointer (&self);
}

void
wherry_ice_generation_set_events (WherryIceGeneration *self,
                                  const WherryIceGenerationEvents *events, gpointer user_data)
{
  self->events = events;
  self->user_data = user_data;
  g_signal_connect (self->agent, "new-candidate-full", G_CALLBACK (on_new_candidate), self);
  g_signal_connect (self->agent, "candidate-gathering-done", G_CALLBACK (on_gathering_done), self);
  g_signal_connect (self->agent, "component-state-changed", G_CALLBACK (on_state_changed), self);
  nice_agent_attach_recv (self->agent, self->stream, WHERRY_ICE_COMPONENT, self->context,
                          on_received, self);
}

gboolean
wherry_ice_generation_gather (WherryIceGeneration *self, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = generation_ref (self);

  if (!self->gathered)
    self->gathered = wherry_ice_gatherer_start (self->gatherer, error);
  return self->gathered;
}

void
wherry_ice_generation_close (WherryIceGeneration *self, WherryIceClosing *closing)
{
  if (self->agent == NULL)
    return;
  wherry_ice_gatherer_stop (self->gatherer);
  nice_agent_attach_recv (self->agent, self->stream, WHERRY_ICE_COMPONENT, self->context, NULL,
                          NULL);
  g_signal_handlers_disconnect_by_data (self->agent, self);
  /* A TURN server over TLS still hears that its allocation is no longer needed. */
  wherry_ice_closing_take (closing, g_steal_pointer (&self->agent), self->stream,
                           g_steal_pointer (&self->gatherer),
                           (GDestroyNotify) wherry_ice_gatherer_unref);
}

void
wherry_ice_generation_unref (WherryIceGeneration *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->gatherer, wherry_ice_gatherer_unref);
  g_clear_object (&self->agent);
  wherry_ice_credentials_clear (&self->local);
  wherry_ice_remote_clear (&self->remote);
  g_main_context_unref (self->context);
  g_free (self);
}
