/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-session-private.h"

void
wherry_ice_session_count_sent (WherryIceSession *self, guint64 packets, guint64 bytes)
{
  gint64 now = g_get_monotonic_time ();
  WherryIceTraffic *traffic[] = { &self->traffic, &self->pair_traffic };

  for (guint i = 0; i < G_N_ELEMENTS (traffic); i++)
    {
      traffic[i]->packets_sent += packets;
      traffic[i]->bytes_sent += bytes;
      traffic[i]->last_sent_us = now;
    }
}

void
wherry_ice_session_count_received (WherryIceSession *self, gsize bytes)
{
  gint64 now = g_get_monotonic_time ();
  WherryIceTraffic *traffic[] = { &self->traffic, &self->pair_traffic };

  for (guint i = 0; i < G_N_ELEMENTS (traffic); i++)
    {
      traffic[i]->packets_received++;
      traffic[i]->bytes_received += bytes;
      traffic[i]->last_received_us = now;
    }
}

void
wherry_ice_session_count_pair (WherryIceSession *self)
{
  self->pair_changes++;
  self->pair_traffic = (WherryIceTraffic){ 0 };
  if (self->events != NULL && self->events->pair != NULL)
    self->events->pair (self->events_data);
}

static void
describe_pair (WherryIceGeneration *current, WherryIceStats *stats)
{
  NiceCandidate *local = NULL;
  NiceCandidate *remote = NULL;
  const char *url = NULL;

  if (!nice_agent_get_selected_pair (current->agent, current->stream, WHERRY_ICE_COMPONENT, &local,
                                     &remote))
    return;
  stats->local_priority = local->priority;
  stats->remote_priority = remote->priority;
  url = wherry_ice_gatherer_relay_url (current->gatherer, local);
  g_strlcpy (stats->relay_url, url != NULL ? url : "", sizeof stats->relay_url);
}

void
wherry_ice_session_get_stats (WherryIceSession *self, WherryIceStats *stats)
{
  WHERRY_ASSERT_OWNER (self);

  *stats = (WherryIceStats){ .state = self->ice_state,
                             .traffic = self->traffic,
                             .pair_traffic = self->pair_traffic,
                             .packets_dropped = self->send_dropped,
                             .pair_changes = self->pair_changes,
                             .restarts = self->restarts };
  if (self->current == NULL)
    return;
  g_object_get (self->current->agent, "controlling-mode", &stats->controlling, NULL);
  stats->local_candidates
      = wherry_ice_gatherer_get_n_candidates (wherry_ice_session_newest (self)->gatherer);
  stats->remote_candidates = wherry_ice_session_newest (self)->remote.n_candidates;
  stats->has_pair = wherry_ice_session_get_selected_pair (self, &stats->pair);
  if (stats->has_pair)
    describe_pair (self->current, stats);
}
