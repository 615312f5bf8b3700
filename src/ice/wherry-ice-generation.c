/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "base/wherry-limits.h"
#include "base/wherry-worker.h"
#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-generation.h"
#include "ice/wherry-ice-move.h"

/* How long libnice goes on looking every 20 ms for something to check when a pair is nominated and
 * no check is under way: no more than it must (it says 5 s, for who waits for a nomination). */
#define SETTLED_MS 50u

WherryIceGeneration *
wherry_ice_generation_ref (WherryIceGeneration *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

static void
on_new_candidate (NiceAgent *agent, NiceCandidate *candidate, WherryIceGeneration *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = wherry_ice_generation_ref (self);

  WHERRY_ASSERT_OWNER (self);
  wherry_ice_gatherer_take_candidate (self->gatherer, candidate);
}

static void
on_gathering_done (NiceAgent *agent, guint stream, WherryIceGeneration *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = wherry_ice_generation_ref (self);

  WHERRY_ASSERT_OWNER (self);
  wherry_ice_gatherer_agent_done (self->gatherer);
}

static gboolean
is_allowed (WherryIceGeneration *self)
{
  WherryIcePair pair;

  return self->config->remote_types == WHERRY_ICE_TYPES_ALL
         || (wherry_ice_generation_get_pair (self, &pair)
             && (self->config->remote_types & 1u << pair.remote_type) != 0);
}

void
wherry_ice_generation_reconsider (WherryIceGeneration *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = wherry_ice_generation_ref (self);

  if (self->agent == NULL || !self->nice_connected || self->connected)
    return;
  if (!is_allowed (self))
    {
      wherry_debug (self->log, "ICE found a pair with a type that the configuration excludes");
      return;
    }
  self->connected = TRUE;
  self->checks_failed = FALSE;
  self->events->connected (self->user_data, self);
}

/* A peer-reflexive candidate becomes another one. */
static gboolean
may_change_types (WherryIceGeneration *self)
{
  return self->config->remote_types == WHERRY_ICE_TYPES_ALL;
}

/* Nothing is sent before a check is answered again, which libnice tells only where it selects a
 * pair. If it cannot be made to, only a restart helps. */
static void
lose_pair (WherryIceGeneration *self)
{
  self->lost = TRUE;
  wherry_ice_output_stop (&self->output);
  if (!may_change_types (self))
    return;
  self->losing = TRUE;
  if (!wherry_ice_move_lose (self->agent, self->stream, ++self->losses))
    wherry_debug (self->log, "ICE does not look for another pair");
  self->losing = FALSE;
}

static void
on_failed (WherryIceGeneration *self)
{
  gboolean had_pair = self->nice_connected;

  self->nice_connected = FALSE;
  self->connected = FALSE;
  self->checks_failed = TRUE;
  wherry_ice_output_clear (&self->output);
  self->events->failed (self->user_data, self);
  if (had_pair && self->agent != NULL)
    lose_pair (self);
}

static void
on_state_changed (NiceAgent *agent, guint stream, guint component, guint state,
                  WherryIceGeneration *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = wherry_ice_generation_ref (self);

  WHERRY_ASSERT_OWNER (self);
  if (self->losing)
    return;
  wherry_debug (self->log, "libnice: %s%s", nice_component_state_to_string (state),
                self->lost ? " (consent has ended)" : "");
  if (self->lost)
    return;
  if (state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY)
    {
      if (state == NICE_COMPONENT_STATE_READY)
        g_object_set (self->agent, "idle-timeout", SETTLED_MS, NULL);
      self->nice_connected = TRUE;
      wherry_ice_output_set_pair (&self->output, self->agent, self->stream);
      wherry_ice_generation_reconsider (self);
    }
  else if (state == NICE_COMPONENT_STATE_FAILED)
    on_failed (self);
}

static void
on_new_remote (NiceAgent *agent, NiceCandidate *candidate, WherryIceGeneration *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = wherry_ice_generation_ref (self);

  WHERRY_ASSERT_OWNER (self);
  if (self->connected && !self->losing && may_change_types (self))
    wherry_ice_move_prefer (self->agent, self->stream, candidate);
}

static void
on_new_pair (NiceAgent *agent, guint stream, guint component, NiceCandidate *local,
             NiceCandidate *remote, WherryIceGeneration *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = wherry_ice_generation_ref (self);

  WHERRY_ASSERT_OWNER (self);
  if (self->losing)
    return;
  if (self->lost)
    self->nice_connected = TRUE;
  self->lost = FALSE;
  wherry_ice_output_set_pair (&self->output, self->agent, self->stream);
  self->events->pair (self->user_data, self);
  wherry_ice_generation_reconsider (self);
}

static void on_received (NiceAgent *agent, guint stream, guint component, guint length, char *data,
                         gpointer user_data);

static void
read_on (gpointer user_data)
{
  WherryIceGeneration *self = user_data;

  nice_agent_attach_recv (self->agent, self->stream, WHERRY_ICE_COMPONENT, self->context,
                          on_received, self);
}

/* libnice reads a socket until it is empty, which one that fills faster than we take from it never
 * is, and stops only when there is nobody to give it to. So there is not for the rest of this turn,
 * in which the others on this thread have theirs. */
static void
count_in_turn (WherryIceGeneration *self)
{
  guint64 turn = wherry_worker_get_turn ();

  if (turn != self->turn)
    self->n_received = 0;
  self->turn = turn;
  if (turn == 0 || ++self->n_received != WHERRY_DISPATCH_BATCH)
    return;
  if (self->end == NULL)
    self->end = wherry_loop_end_new (self->context, read_on, self);
  nice_agent_attach_recv (self->agent, self->stream, WHERRY_ICE_COMPONENT, self->context, NULL,
                          NULL);
  wherry_loop_end_request (self->end);
}

/* While a source that may not recurse is dispatched GLib keeps its descriptors out of poll(), and
 * wakes the context for taking them out and again for putting them back: with two calls of write()
 * for each time that packets come, and one more turn of the loop. Nobody runs a loop in a loop. */
static void
let_source_recurse (void)
{
  GSource *source = g_main_current_source ();

  if (source != NULL && !g_source_get_can_recurse (source))
    g_source_set_can_recurse (source, TRUE);
}

static void
on_received (NiceAgent *agent, guint stream, guint component, guint length, char *data,
             gpointer user_data)
{
  WherryIceGeneration *self = user_data;
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = wherry_ice_generation_ref (self);

  WHERRY_ASSERT_OWNER (self);
  count_in_turn (self);
  let_source_recurse ();
  if (self->connected || self->config->remote_types == WHERRY_ICE_TYPES_ALL)
    self->events->received (self->user_data, self, (const guint8 *) data, length);
}

gboolean
wherry_ice_generation_get_pair (WherryIceGeneration *self, WherryIcePair *pair)
{
  NiceCandidate *local = NULL;
  NiceCandidate *remote = NULL;

  if (self->agent == NULL || !wherry_ice_agent_get_pair (self->agent, self->stream, pair)
      || !nice_agent_get_selected_pair (self->agent, self->stream, WHERRY_ICE_COMPONENT, &local,
                                        &remote))
    return FALSE;
  if (pair->local_type == WHERRY_CANDIDATE_TYPE_PRFLX
      && wherry_ice_gatherer_is_reflexive (self->gatherer, &local->addr))
    pair->local_type = WHERRY_CANDIDATE_TYPE_SRFLX;
  return TRUE;
}

static gpointer
owner_ref (gpointer owner)
{
  return wherry_ice_generation_ref (owner);
}

static void
owner_unref (gpointer owner)
{
  wherry_ice_generation_unref (owner);
}

/* What was peer-reflexive may be of a type now that is allowed. */
static void
on_remote_added (gpointer owner)
{
  wherry_ice_generation_reconsider (owner);
}

static const WherryIceRemoteOwner remote_owner
    = { .ref = owner_ref, .unref = owner_unref, .added = on_remote_added };

WherryIceGeneration *
wherry_ice_generation_new (WherryIceConfig *config, GMainContext *context,
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
  wherry_ice_remote_init (&self->remote, &remote_owner, self, config);
  self->agent = wherry_ice_agent_new (config, context, &self->stream, error);
  if (self->agent == NULL)
    return NULL;
  nice_agent_set_local_credentials (self->agent, self->stream, self->local.ufrag, self->local.pwd);
  wherry_ice_remote_start (&self->remote, self->agent, self->stream, context, closing);
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
  g_signal_connect (self->agent, "new-remote-candidate-full", G_CALLBACK (on_new_remote), self);
  g_signal_connect (self->agent, "new-selected-pair-full", G_CALLBACK (on_new_pair), self);
  nice_agent_attach_recv (self->agent, self->stream, WHERRY_ICE_COMPONENT, self->context,
                          on_received, self);
}

gboolean
wherry_ice_generation_gather (WherryIceGeneration *self, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGeneration) alive = wherry_ice_generation_ref (self);

  if (!self->gathered)
    self->gathered = wherry_ice_gatherer_start (self->gatherer, error);
  return self->gathered;
}

void
wherry_ice_generation_close (WherryIceGeneration *self, WherryIceClosing *closing)
{
  if (self->agent == NULL)
    return;
  g_clear_pointer (&self->end, wherry_loop_end_free);
  wherry_ice_output_clear (&self->output);
  wherry_ice_gatherer_stop (self->gatherer);
  wherry_ice_remote_stop (&self->remote);
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
  g_clear_pointer (&self->end, wherry_loop_end_free);
  g_clear_pointer (&self->gatherer, wherry_ice_gatherer_unref);
  g_clear_object (&self->agent);
  wherry_ice_output_clear (&self->output);
  wherry_ice_credentials_clear (&self->local);
  wherry_ice_remote_clear (&self->remote);
  g_main_context_unref (self->context);
  wherry_ice_config_free (self->config);
  g_free (self);
}
