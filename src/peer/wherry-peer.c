/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-lock.h"
#include "base/wherry-log.h"
#include "peer/wherry-peer-private.h"
#include "peer/wherry-peer-stack.h"

/* The handle: what any thread may touch of a peer. Requests go to the peer thread through one
 * inbox, events to the hub through another; both keep the order of posting. Requests are posted as
 * urgent: signaling rates, channel limits and coalescing bound them before they come here. */

/* ---- events to the hub ---- */

static void
handle_stepped (WherryPeer *self, const WherryPeerEvent *event)
{
  const WherryPeerStep step = {
    .ticket = event->ticket,
    .has_role = event->has_role,
    .is_client = event->is_client,
    .signaling = event->signaling,
    .made = event->sdp[WHERRY_PEER_SDP_MADE],
    .current_local = event->sdp[WHERRY_PEER_SDP_CURRENT_LOCAL],
    .pending_local = event->sdp[WHERRY_PEER_SDP_PENDING_LOCAL],
    .current_remote = event->sdp[WHERRY_PEER_SDP_CURRENT_REMOTE],
    .pending_remote = event->sdp[WHERRY_PEER_SDP_PENDING_REMOTE],
  };

  if (self->events->stepped != NULL)
    self->events->stepped (self->events_data, &step, event->error);
}

static void
handle_candidate_error (WherryPeer *self, const WherryPeerEvent *event)
{
  const WherryPeerCandidateError error = {
    .url = event->url,
    .address = event->address,
    .port = event->port,
    .code = event->code,
    .text = event->text,
  };

  if (self->events->candidate_error != NULL)
    self->events->candidate_error (self->events_data, &error);
}

static void
handle_hub_event (gpointer item, gpointer user_data)
{
  g_autoptr (WherryPeer) self = wherry_peer_ref (user_data);
  WherryPeerEvent *event = item;

  switch (event->type)
    {
    case WHERRY_PEER_EVENT_DESCRIPTION:
      self->events->description (self->events_data, event->sdp_type, event->text);
      break;
    case WHERRY_PEER_EVENT_CANDIDATE:
      self->events->candidate (self->events_data, event->text, event->mid, event->mline_index,
                               event->ufrag);
      break;
    case WHERRY_PEER_EVENT_REFUSED:
      self->events->refused (self->events_data, event->request, event->error);
      break;
    case WHERRY_PEER_EVENT_ANSWERED:
      if (self->events->answered != NULL)
        self->events->answered (self->events_data);
      break;
    case WHERRY_PEER_EVENT_STATE:
      self->events->state (self->events_data, event->state,
                           event->path.protocol != NULL ? &event->path : NULL);
      break;
    case WHERRY_PEER_EVENT_STEPPED:
      handle_stepped (self, event);
      break;
    case WHERRY_PEER_EVENT_LAYER:
      if (self->events->layer != NULL)
        self->events->layer (self->events_data, event->layer, event->layer_state, event->error);
      break;
    case WHERRY_PEER_EVENT_PAIR:
      if (self->events->pair != NULL)
        self->events->pair (self->events_data);
      break;
    case WHERRY_PEER_EVENT_CANDIDATE_ERROR:
      handle_candidate_error (self, event);
      break;
    case WHERRY_PEER_EVENT_ADDRESSES_CHANGED:
      if (self->events->addresses_changed != NULL)
        self->events->addresses_changed (self->events_data, event->lost);
      break;
    case WHERRY_PEER_EVENT_TUNNEL_OUTPUT:
      if (self->events->tunnel_output != NULL)
        self->events->tunnel_output (self->events_data, event->frames);
      break;
    case WHERRY_PEER_EVENT_TUNNEL_MOVED:
      if (self->events->tunnel_moved != NULL)
        self->events->tunnel_moved (self->events_data, event->tunneled);
      break;
    case WHERRY_PEER_EVENT_FINISHED:
      /* The thread posts this last: there is nothing to wait for but its return. */
      if (self->owns_worker)
        wherry_worker_join (self->worker);
      else if (self->threads != NULL)
        {
          wherry_worker_remove_context (self->worker, self->context);
          wherry_peer_threads_release (self->threads, self->worker);
        }
      wherry_inbox_drain (self->hub_inbox); /* steps that came too late were answered behind it */
      wherry_inbox_close (self->hub_inbox);
      self->events->finished (self->events_data, event->end, event->error);
      break;
    default:
      wherry_bug ("unknown event %d", (int) event->type);
      break;
    }
  wherry_peer_event_free (event);
}

void
wherry_peer_take_event (WherryPeer *self, WherryPeerEvent *event)
{
  wherry_inbox_post_urgent (self->hub_inbox, event);
}

/* The core calls this as the last thing it does; the reference that the core had goes with the
 * event. */
void
wherry_peer_take_finished (WherryPeer *self, WherryPeerEvent *event)
{
  /* On a shared worker the hub may let go of self while the post is still returning; one of our
   * own it joins first. */
  WherryInbox *hub_inbox = wherry_inbox_ref (self->hub_inbox);
  WherryWorker *own_worker = self->owns_worker ? self->worker : NULL;

  self->core = NULL;
  wherry_inbox_close (self->inbox);
  event->peer = self;
  wherry_inbox_post_urgent (hub_inbox, event);
  wherry_inbox_unref (hub_inbox);
  if (own_worker != NULL)
    wherry_worker_post_stop (own_worker);
}

/* ---- peer thread ---- */

WherryChannel *
wherry_peer_create_channel (WherryPeer *self, const WherryChannelInit *init, GError **error)
{
  if (self->core == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                   "creating channel “%s”: the peer has ended", init->label);
      return NULL;
    }
  return wherry_peer_core_create_channel (self->core, init, error);
}

void
wherry_peer_set_paused (WherryPeer *self, gboolean paused)
{
  if (self->core != NULL)
    wherry_peer_core_set_paused (self->core, paused);
}

gboolean
wherry_peer_is_connected (WherryPeer *self)
{
  return self->core != NULL && wherry_peer_core_is_connected (self->core);
}

gsize
wherry_peer_get_remote_max_message_size (WherryPeer *self)
{
  return self->core != NULL ? wherry_peer_core_get_remote_max_message_size (self->core)
                            : WHERRY_MAX_MESSAGE_SIZE_ABSENT;
}

void
wherry_peer_cork (WherryPeer *self)
{
  if (self->core != NULL)
    wherry_peer_core_cork (self->core);
}

void
wherry_peer_uncork (WherryPeer *self)
{
  if (self->core != NULL)
    wherry_peer_core_uncork (self->core);
}

/* ---- construction ---- */

static void
settings_init (WherryPeerSettings *settings, const WherryPeerConfig *config,
               const WherryPeerDelegate *delegate, gpointer delegate_data)
{
  settings->id = g_strdup (config->id);
  settings->room = g_strdup (config->room);
  settings->ice
      = config->ice != NULL ? wherry_ice_config_copy (config->ice) : wherry_ice_config_new ();
  settings->clock
      = wherry_clock_ref (config->clock != NULL ? config->clock : wherry_clock_system ());
  settings->budget = config->budget != NULL ? wherry_budget_ref (config->budget) : NULL;
  settings->max_message_size
      = config->max_message_size != 0 ? config->max_message_size : WHERRY_MAX_MESSAGE_SIZE_DEFAULT;
  settings->max_channels
      = config->max_channels != 0 ? config->max_channels : WHERRY_CHANNELS_PER_MEMBER;
  settings->long_names = config->long_names;
  settings->leaves_ids = config->leaves_ids;
  settings->outlives_failure = config->outlives_failure;
  settings->ice_grace_us = config->outlives_failure ? 0 : config->ice_grace_us;
  settings->ice->outlives_failure = config->outlives_failure || config->ice_grace_us > 0;
  settings->certificate
      = config->certificate != NULL ? wherry_dtls_certificate_ref (config->certificate) : NULL;
  settings->shares_certificate = config->shares_certificate;
  settings->setup
      = config->setup != WHERRY_SDP_SETUP_NONE ? config->setup : WHERRY_SDP_SETUP_ACTPASS;
  settings->transport = config->transport;
  settings->transport_data = config->transport_data;
  settings->delegate = delegate;
  settings->delegate_data = delegate_data;
}

static void
settings_clear (WherryPeerSettings *settings)
{
  g_clear_pointer (&settings->id, g_free);
  g_clear_pointer (&settings->room, g_free);
  g_clear_pointer (&settings->ice, wherry_ice_config_free);
  g_clear_pointer (&settings->certificate, wherry_dtls_certificate_unref);
  g_clear_pointer (&settings->clock, wherry_clock_unref);
  g_clear_pointer (&settings->budget, wherry_budget_unref);
}

/* Where it is to run; worker: (transfer full), NULL where the caller brought a context. (transfer
 * full) */
static GMainContext *
get_place (const WherryPeerConfig *config, WherryWorker **worker, GError **error)
{
  g_autofree char *name = NULL;
  GMainContext *context = NULL;

  if (config->context != NULL)
    return g_main_context_ref (config->context);
  if (config->threads != NULL)
    {
      *worker = wherry_peer_threads_acquire (config->threads, error);
      if (*worker != NULL)
        context = wherry_worker_add_context (*worker, error);
      if (context != NULL)
        wherry_worker_ref (*worker);
      else if (*worker != NULL)
        wherry_peer_threads_release (config->threads, *worker);
      return context;
    }
  name = g_strdup_printf ("peer:%s", config->id);
  *worker = config->worker != NULL ? wherry_worker_ref (config->worker)
                                   : wherry_worker_new (name, error);
  return *worker != NULL ? g_main_context_ref (wherry_worker_get_context (*worker)) : NULL;
}

WherryPeer *
wherry_peer_new (const WherryPeerConfig *config, GMainContext *hub_context,
                 const WherryPeerHubEvents *events, gpointer events_data,
                 const WherryPeerDelegate *delegate, gpointer delegate_data, GError **error)
{
  WherryWorker *worker = NULL;
  WherryPeer *self = NULL;
  GMainContext *context;

  wherry_peer_stack_prepare ();
  context = get_place (config, &worker, error);
  if (context == NULL)
    return NULL;

  self = g_new0 (WherryPeer, 1);
  wherry_ref_init (&self->ref_count);
  settings_init (&self->settings, config, delegate, delegate_data);
  self->worker = worker;
  self->owns_worker = worker != NULL && config->threads == NULL && config->worker == NULL;
  self->threads = worker != NULL ? config->threads : NULL;
  self->context = context;
  self->settings.tells_layers = events->layer != NULL;
  self->events = events;
  self->events_data = events_data;
  self->inbox = wherry_inbox_new (self->context, 0, 0, NULL, wherry_peer_handle_request, self,
                                  wherry_peer_request_free);
  self->hub_inbox
      = wherry_inbox_new (hub_context, 0, 0, NULL, handle_hub_event, self, wherry_peer_event_free);

  wherry_peer_ref (self); /* the core's, given back with its finished event */
  wherry_peer_post_start (self);
  return self;
}

WherryPeer *
wherry_peer_ref (WherryPeer *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_peer_unref (WherryPeer *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  wherry_inbox_unref (self->inbox);
  wherry_inbox_unref (self->hub_inbox);
  g_main_context_unref (self->context);
  g_clear_pointer (&self->worker, wherry_worker_unref);
  settings_clear (&self->settings);
  g_free (self);
}

const char *
wherry_peer_get_id (WherryPeer *self)
{
  return self->settings.id;
}

void
wherry_peer_take_n_streams (WherryPeer *self, guint n)
{
  g_atomic_int_set (&self->n_streams, (gint) n);
}

guint
wherry_peer_get_n_streams (WherryPeer *self)
{
  return (guint) g_atomic_int_get (&self->n_streams);
}

WherryClock *
wherry_peer_get_clock (WherryPeer *self)
{
  return self->settings.clock;
}

GMainContext *
wherry_peer_get_context (WherryPeer *self)
{
  return self->context;
}
