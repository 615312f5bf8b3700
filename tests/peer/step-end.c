/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-wait.h"
#include "peer/step-end.h"

/* ---- hub ---- */

static void
on_description (gpointer user_data, WherrySdpType type, const char *sdp)
{
  g_assert_not_reached ();
}

static void
on_refused (gpointer user_data, WherryPeerRequest request, const GError *error)
{
  g_assert_not_reached ();
}

static void
send_candidates (StepEnd *self)
{
  if (self->other == NULL || self->withholds
      || (self->other->current_remote == NULL && self->other->pending_remote == NULL))
    return;
  for (; self->n_sent < self->candidates->len; self->n_sent++)
    {
      const char *line = g_ptr_array_index (self->candidates, self->n_sent);

      wherry_peer_post_remote_candidate (self->other->peer,
                                         line != NULL
                                             ? wherry_candidate_parse (line, strlen (line), NULL)
                                             : NULL);
    }
}

static void
on_candidate (gpointer user_data, const char *candidate, const char *mid, guint mline_index,
              const char *ufrag)
{
  StepEnd *self = user_data;
  const WherrySdp *local = self->pending_local != NULL ? self->pending_local : self->current_local;

  if (local == NULL || strcmp (local->ice_ufrag, ufrag) != 0)
    self->n_early++;
  if (candidate == NULL)
    self->n_gathered++;
  g_ptr_array_add (self->candidates, g_strdup (candidate));
  send_candidates (self);
}

static void
on_state (gpointer user_data, WherryPeerState state, const WherryPeerPath *path)
{
}

static void
on_finished (gpointer user_data, WherryPeerEnd end, const GError *error)
{
  StepEnd *self = user_data;

  self->is_finished = TRUE;
  self->end = end;
}

static void
take_copy (WherrySdp **where, const WherrySdp *sdp)
{
  g_clear_pointer (where, wherry_sdp_free);
  *where = sdp != NULL ? wherry_sdp_copy (sdp) : NULL;
}

static void
on_stepped (gpointer user_data, const WherryPeerStep *step, const GError *error)
{
  StepEnd *self = user_data;

  g_assert_cmpuint (step->ticket, ==, self->ticket);
  self->n_stepped++;
  self->signaling = step->signaling;
  g_clear_error (&self->error);
  self->error = error != NULL ? g_error_copy (error) : NULL;
  take_copy (&self->made, step->made);
  take_copy (&self->current_local, step->current_local);
  take_copy (&self->pending_local, step->pending_local);
  take_copy (&self->current_remote, step->current_remote);
  take_copy (&self->pending_remote, step->pending_remote);
}

static void
on_layer (gpointer user_data, WherryPeerLayer layer, WherryTransportState state,
          const GError *error)
{
  StepEnd *self = user_data;

  g_assert_cmpint (self->layers[layer], !=, state);
  self->layers[layer] = state;
  g_clear_error (&self->layer_errors[layer]);
  self->layer_errors[layer] = error != NULL ? g_error_copy (error) : NULL;
}

static void
on_candidate_error (gpointer user_data, const WherryPeerCandidateError *error)
{
  StepEnd *self = user_data;

  g_test_message ("%s: %u %s", error->url, error->code, error->text);
  self->n_candidate_errors++;
  self->error_code = error->code;
  g_free (self->error_url);
  self->error_url = g_strdup (error->url);
}

static void
on_addresses_changed (gpointer user_data, gboolean lost)
{
  ((StepEnd *) user_data)->n_addresses_changed++;
  ((StepEnd *) user_data)->lost_address = lost;
}

static const WherryPeerHubEvents hub_events = {
  .description = on_description,
  .candidate = on_candidate,
  .refused = on_refused,
  .state = on_state,
  .finished = on_finished,
  .stepped = on_stepped,
  .layer = on_layer,
  .candidate_error = on_candidate_error,
  .addresses_changed = on_addresses_changed,
};

/* ---- */

StepEnd *
step_end_new (const char *id, WherryClock *clock, void (*configure) (WherryPeerConfig *config))
{
  StepEnd *self = g_new0 (StepEnd, 1);
  g_autoptr (WherryIceConfig) ice = wherry_ice_config_new ();
  g_autoptr (GError) error = NULL;
  WherryPeerConfig config = { .id = id, .ice = ice, .clock = clock, .outlives_failure = TRUE };

  wherry_ice_config_add_bind_address (ice, "127.0.0.1", &error);
  g_assert_no_error (error);
  if (configure != NULL)
    configure (&config);
  self->candidates = g_ptr_array_new_with_free_func (g_free);
  self->peer = wherry_peer_new (&config, NULL, &hub_events, self, &peer_traffic_delegate,
                                &self->traffic, &error);
  g_assert_no_error (error);
  return self;
}

void
step_end_pair (StepEnd *a, StepEnd *b)
{
  a->other = b;
  b->other = a;
}

void
step_end_free (StepEnd *self)
{
  wherry_peer_post_close (self->peer);
  WHERRY_WAIT_UNTIL (NULL, self->is_finished);
  g_assert_cmpuint (self->n_early, ==, 0);
  g_clear_pointer (&self->peer, wherry_peer_unref);
  g_clear_error (&self->error);
  for (guint i = 0; i < G_N_ELEMENTS (self->layer_errors); i++)
    g_clear_error (&self->layer_errors[i]);
  take_copy (&self->made, NULL);
  take_copy (&self->current_local, NULL);
  take_copy (&self->pending_local, NULL);
  take_copy (&self->current_remote, NULL);
  take_copy (&self->pending_remote, NULL);
  g_free (self->error_url);
  g_ptr_array_unref (self->candidates);
  g_free (self);
}

static gboolean
wait_for_step (StepEnd *self)
{
  guint n = self->n_stepped;

  WHERRY_WAIT_UNTIL (NULL, self->n_stepped > n);
  if (self->other != NULL)
    send_candidates (self->other);
  return self->error == NULL;
}

gboolean
step_make_offer (StepEnd *self, gboolean ice_restart)
{
  wherry_peer_post_make_offer (self->peer, ++self->ticket, ice_restart);
  return wait_for_step (self);
}

gboolean
step_make_answer (StepEnd *self)
{
  wherry_peer_post_make_answer (self->peer, ++self->ticket);
  return wait_for_step (self);
}

gboolean
step_set_local (StepEnd *self, const WherrySdp *sdp)
{
  wherry_peer_post_set_local (self->peer, ++self->ticket,
                              sdp != NULL ? wherry_sdp_copy (sdp) : NULL);
  return wait_for_step (self);
}

gboolean
step_set_remote (StepEnd *self, const WherrySdp *sdp)
{
  wherry_peer_post_set_remote (self->peer, ++self->ticket, wherry_sdp_copy (sdp));
  return wait_for_step (self);
}

gboolean
step_rollback (StepEnd *self, gboolean remote)
{
  wherry_peer_post_rollback (self->peer, ++self->ticket, remote);
  return wait_for_step (self);
}

void
step_negotiate (StepEnd *offerer, gboolean ice_restart)
{
  StepEnd *answerer = offerer->other;

  g_assert_true (step_make_offer (offerer, ice_restart));
  g_assert_true (step_set_local (offerer, NULL));
  g_assert_true (step_set_remote (answerer, offerer->pending_local));
  g_assert_true (step_set_local (answerer, NULL));
  g_assert_true (step_set_remote (offerer, answerer->current_local));
}
