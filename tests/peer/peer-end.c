/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "peer/peer-end.h"

#include "fixtures/wherry-wait.h"

/* ---- hub ---- */

static void
on_description (gpointer user_data, WherrySdpType type, const char *sdp)
{
  PeerEnd *self = user_data;
  g_autoptr (GError) error = NULL;
  WherrySdp *parsed = wherry_sdp_parse (type, sdp, strlen (sdp), &error);

  g_assert_no_error (error);
  self->n_descriptions++;
  g_free (self->last_sdp);
  self->last_sdp = g_strdup (sdp);
  if (self->wrong_fingerprint)
    g_array_index (parsed->fingerprints, WherryFingerprint, 0).bytes[7] ^= 1;
  if (self->wrong_setup)
    parsed->setup = WHERRY_SDP_SETUP_HOLDCONN;
  wherry_peer_post_remote_description (self->other->peer, parsed, self->other->declared,
                                       self->other->declared != NULL ? 1 : 0);
}

static void
on_candidate (gpointer user_data, const char *candidate, const char *mid, guint mline_index,
              const char *ufrag)
{
  PeerEnd *self = user_data;
  g_autoptr (GError) error = NULL;
  WherryCandidate *parsed = NULL;

  if (self->n_descriptions == 0)
    self->n_candidates_before_description++;
  if (candidate != NULL)
    {
      parsed = wherry_candidate_parse (candidate, strlen (candidate), &error);
      g_assert_no_error (error);
    }
  wherry_peer_post_remote_candidate (self->other->peer, parsed);
}

static void
on_refused (gpointer user_data, WherryPeerRequest request, const GError *error)
{
  PeerEnd *self = user_data;

  self->n_refused++;
  self->refused = request;
}

static void
on_state (gpointer user_data, WherryPeerState state, const WherryPeerPath *path)
{
  PeerEnd *self = user_data;

  self->state = state;
  g_assert_cmpint (path != NULL, ==, state == WHERRY_PEER_CONNECTED);
  if (path != NULL)
    g_assert_cmpstr (path->protocol, ==, "udp");
}

static void
on_finished (gpointer user_data, WherryPeerEnd end, const GError *error)
{
  PeerEnd *self = user_data;

  g_assert_false (self->is_finished);
  self->is_finished = TRUE;
  self->end = end;
  self->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
on_addresses_changed (gpointer user_data, gboolean lost)
{
  PeerEnd *self = user_data;

  self->n_addresses_changed++;
  if (self->restarts)
    wherry_peer_post_create_offer (self->peer, TRUE, NULL, 0);
}

static void
on_candidate_error (gpointer user_data, const WherryPeerCandidateError *error)
{
  PeerEnd *self = user_data;

  g_assert_cmpuint (error->code, ==, 701);
  g_assert_nonnull (error->url);
  g_assert_nonnull (error->text);
  self->n_candidate_errors++;
}

static const WherryPeerHubEvents hub_events = {
  .description = on_description,
  .candidate = on_candidate,
  .refused = on_refused,
  .state = on_state,
  .finished = on_finished,
  .addresses_changed = on_addresses_changed,
  .candidate_error = on_candidate_error,
};

/* ---- */

PeerEnd *
peer_end_new_of (const WherryPeerConfig *config)
{
  PeerEnd *self = g_new0 (PeerEnd, 1);
  g_autoptr (GError) error = NULL;

  self->peer = wherry_peer_new (config, NULL, &hub_events, self, &peer_traffic_delegate,
                                &self->traffic, &error);
  g_assert_no_error (error);
  return self;
}

PeerEnd *
peer_end_new (const char *id)
{
  return peer_end_new_on (id, NULL);
}

PeerEnd *
peer_end_new_on (const char *id, WherryPeerThreads *threads)
{
  g_autoptr (WherryIceConfig) ice = wherry_ice_config_new ();
  g_autoptr (GError) error = NULL;

  wherry_ice_config_add_bind_address (ice, "127.0.0.1", &error);
  g_assert_no_error (error);
  return peer_end_new_of (&(WherryPeerConfig){ .id = id, .ice = ice, .threads = threads });
}

PeerEnd *
peer_end_new_with (const char *id, const WherryIceConfig *ice)
{
  return peer_end_new_of (&(WherryPeerConfig){ .id = id, .ice = ice });
}

void
peer_end_pair (PeerEnd *a, PeerEnd *b)
{
  a->other = b;
  b->other = a;
}

void
peer_end_free (PeerEnd *self)
{
  WHERRY_WAIT_UNTIL (NULL, self->is_finished);
  g_assert_cmpint (PEER_END_GET (self, n_ended), ==, 1);
  g_clear_pointer (&self->peer, wherry_peer_unref);
  g_clear_error (&self->error);
  g_free (self->last_sdp);
  g_free (self);
}
