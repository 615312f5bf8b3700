/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "base/wherry-log.h"
#include "peer/wherry-peer-private.h"

typedef enum
{
  REQUEST_START,
  REQUEST_OFFER,
  REQUEST_DESCRIPTION,
  REQUEST_CANDIDATE,
  REQUEST_STEP,
  REQUEST_ICE_CONFIG,
  REQUEST_CHECK_ADDRESS,
  REQUEST_CALL,
  REQUEST_CLOSE,
  REQUEST_WAKE,
} RequestType;

typedef struct
{
  RequestType type;
  WherryPeer *peer; /* (transfer none): whose */
  gboolean ice_restart;
  GPtrArray *channels; /* of OwnedInit, or NULL */
  WherrySdp *sdp;
  WherryCandidate *candidate;
  WherryIceConfig *ice;
  const WherryIceNetwork *network;
  WherryPeerStepRequest step;
  gboolean step_due; /* not answered yet */
  void (*func) (WherryPeer *peer, gpointer data);
  gpointer data;
  GDestroyNotify destroy;
} Request;

void
wherry_peer_request_free (gpointer item)
{
  Request *request = item;

  if (request->step_due)
    wherry_peer_take_event (request->peer, wherry_peer_event_new_closed (request->step.ticket));
  g_clear_pointer (&request->step.sdp, wherry_sdp_free);
  g_clear_pointer (&request->channels, g_ptr_array_unref);
  g_clear_pointer (&request->sdp, wherry_sdp_free);
  g_clear_pointer (&request->candidate, wherry_candidate_free);
  g_clear_pointer (&request->ice, wherry_ice_config_free);
  if (request->destroy != NULL)
    request->destroy (request->data);
  g_free (request);
}

static void
init_free (gpointer data)
{
  WherryChannelInit *init = data;

  g_free ((char *) init->label);
  g_free ((char *) init->protocol);
  g_free (init);
}

static GPtrArray *
copy_inits (const WherryChannelInit *channels, guint n)
{
  GPtrArray *copy = NULL;

  if (n == 0)
    return NULL;
  copy = g_ptr_array_new_with_free_func (init_free);
  for (guint i = 0; i < n; i++)
    {
      WherryChannelInit *init = g_memdup2 (&channels[i], sizeof channels[i]);

      init->label = g_strdup (channels[i].label != NULL ? channels[i].label : "");
      init->protocol = g_strdup (channels[i].protocol != NULL ? channels[i].protocol : "");
      g_ptr_array_add (copy, init);
    }
  return copy;
}

void
wherry_peer_handle_request (gpointer item, gpointer user_data)
{
  WherryPeer *self = user_data;
  Request *request = item;

  /* The start is the first request of all: without a core the peer has ended. */
  if (request->type == REQUEST_START)
    {
      self->core = wherry_peer_core_new (self, &self->settings);
      wherry_peer_core_start (self->core, self->context);
    }
  else if (self->core != NULL)
    switch (request->type)
      {
      case REQUEST_OFFER:
        wherry_peer_core_create_offer (self->core, request->ice_restart, request->channels);
        break;
      case REQUEST_DESCRIPTION:
        wherry_peer_core_set_remote_description (self->core, g_steal_pointer (&request->sdp),
                                                 request->channels);
        break;
      case REQUEST_CANDIDATE:
        wherry_peer_core_add_remote_candidate (self->core, request->candidate);
        break;
      case REQUEST_STEP:
        request->step_due = FALSE;
        wherry_peer_core_step (self->core, &request->step);
        break;
      case REQUEST_ICE_CONFIG:
        wherry_peer_core_set_ice_config (self->core, request->ice);
        break;
      case REQUEST_CHECK_ADDRESS:
        wherry_peer_core_check_address (self->core, request->network);
        break;
      case REQUEST_CALL:
        request->func (self, request->data);
        break;
      case REQUEST_CLOSE:
        wherry_peer_core_end (self->core, WHERRY_PEER_END_LOCAL, NULL);
        break;
      case REQUEST_WAKE:
        g_atomic_int_set (&self->wake_pending, 0);
        wherry_peer_core_wake (self->core);
        break;
      case REQUEST_START:
      default:
        wherry_bug ("request %d in the wrong place", (int) request->type);
        break;
      }
  wherry_peer_request_free (request);
}

static Request *
request_new (RequestType type)
{
  Request *request = g_new0 (Request, 1);

  request->type = type;
  return request;
}

static void
post (WherryPeer *self, Request *request)
{
  wherry_inbox_post_urgent (self->inbox, request);
}

void
wherry_peer_post_start (WherryPeer *self)
{
  post (self, request_new (REQUEST_START));
}

void
wherry_peer_post_create_offer (WherryPeer *self, gboolean ice_restart,
                               const WherryChannelInit *channels, guint n)
{
  Request *request = request_new (REQUEST_OFFER);

  request->ice_restart = ice_restart;
  request->channels = copy_inits (channels, n);
  post (self, request);
}

void
wherry_peer_post_remote_description (WherryPeer *self, WherrySdp *sdp,
                                     const WherryChannelInit *channels, guint n)
{
  Request *request = request_new (REQUEST_DESCRIPTION);

  request->sdp = sdp;
  request->channels = copy_inits (channels, n);
  post (self, request);
}

void
wherry_peer_post_remote_candidate (WherryPeer *self, WherryCandidate *candidate)
{
  Request *request = request_new (REQUEST_CANDIDATE);

  request->candidate = candidate;
  post (self, request);
}

static void
post_step (WherryPeer *self, const WherryPeerStepRequest *step)
{
  Request *request = request_new (REQUEST_STEP);

  request->peer = self;
  request->step = *step;
  request->step_due = TRUE;
  post (self, request);
}

void
wherry_peer_post_make_offer (WherryPeer *self, guint ticket, gboolean ice_restart)
{
  post_step (self, &(WherryPeerStepRequest){ .step = WHERRY_PEER_MAKE_OFFER,
                                             .ticket = ticket,
                                             .ice_restart = ice_restart });
}

void
wherry_peer_post_make_answer (WherryPeer *self, guint ticket)
{
  post_step (self, &(WherryPeerStepRequest){ .step = WHERRY_PEER_MAKE_ANSWER, .ticket = ticket });
}

void
wherry_peer_post_set_local (WherryPeer *self, guint ticket, WherrySdp *sdp)
{
  post_step (self, &(WherryPeerStepRequest){
                       .step = WHERRY_PEER_SET_LOCAL, .ticket = ticket, .sdp = sdp });
}

void
wherry_peer_post_set_remote (WherryPeer *self, guint ticket, WherrySdp *sdp)
{
  post_step (self, &(WherryPeerStepRequest){
                       .step = WHERRY_PEER_SET_REMOTE, .ticket = ticket, .sdp = sdp });
}

void
wherry_peer_post_rollback (WherryPeer *self, guint ticket, gboolean remote)
{
  post_step (self, &(WherryPeerStepRequest){
                       .step = WHERRY_PEER_ROLLBACK, .ticket = ticket, .remote = remote });
}

void
wherry_peer_post_set_ice_config (WherryPeer *self, const WherryIceConfig *config)
{
  Request *request = request_new (REQUEST_ICE_CONFIG);

  request->ice = wherry_ice_config_copy (config);
  post (self, request);
}

void
wherry_peer_post_check_address (WherryPeer *self, const WherryIceNetwork *network)
{
  Request *request = request_new (REQUEST_CHECK_ADDRESS);

  request->network = network;
  post (self, request);
}

void
wherry_peer_post_call (WherryPeer *self, void (*func) (WherryPeer *peer, gpointer data),
                       gpointer data, GDestroyNotify destroy)
{
  Request *request = request_new (REQUEST_CALL);

  request->func = func;
  request->data = data;
  request->destroy = destroy;
  post (self, request);
}

void
wherry_peer_post_wake (WherryPeer *self)
{
  if (g_atomic_int_compare_and_exchange (&self->wake_pending, 0, 1))
    post (self, request_new (REQUEST_WAKE));
}

void
wherry_peer_post_close (WherryPeer *self)
{
  post (self, request_new (REQUEST_CLOSE));
}
