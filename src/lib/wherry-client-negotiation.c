/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-client-negotiation-private.h"

#include "base/wherry-limits.h"
#include "lib/wherry-peer-connection-private.h"

/* The offer, and what is said with it. */

/* After one that was refused: a server whose network is about to change has no address to answer
 * with. */
#define OFFER_PAUSE_US (1 * G_USEC_PER_SEC)

static void
send_candidate (WherryClientLink *self, WherryIceCandidate *candidate)
{
  const char *line = wherry_ice_candidate_get_candidate (candidate);

  if (self->signaling != NULL)
    wherry_signaling_client_send (
        self->signaling,
        wherry_signal_write_candidate (line != NULL && *line != '\0' ? line : NULL,
                                       wherry_ice_candidate_get_sdp_mid (candidate),
                                       wherry_ice_candidate_get_sdp_mline_index (candidate),
                                       wherry_ice_candidate_get_username_fragment (candidate)));
}

/* A candidate must not overtake the offer that it belongs to. */
static void
on_ice_candidate (WherryPeerConnection *connection, WherryIceCandidate *candidate,
                  gpointer user_data)
{
  WherryClientLink *self = user_data;

  if (candidate == NULL)
    return;
  if (self->ours != NULL)
    g_ptr_array_add (self->ours, g_object_ref (candidate));
  else
    send_candidate (self, candidate);
}

static void
on_offer_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (WherryClientLink) self = user_data;
  WherryPeerConnection *connection = WHERRY_PEER_CONNECTION (source);
  g_autoptr (GPtrArray) ours = NULL;
  g_autoptr (GError) error = NULL;
  WherrySessionDescription *description;

  if (!wherry_peer_connection_set_local_description_finish (connection, result, &error))
    {
      wherry_client_link_end (self, error, FALSE);
      return;
    }
  description = wherry_peer_connection_get_local_description (connection);
  if (self->signaling == NULL || description == NULL)
    return;
  wherry_signaling_client_send (
      self->signaling,
      wherry_signal_write_offer (wherry_session_description_get_sdp (description), NULL, 0, NULL));
  ours = g_steal_pointer (&self->ours);
  for (guint i = 0; ours != NULL && i < ours->len; i++)
    send_candidate (self, g_ptr_array_index (ours, i));
}

static void
offer (WherryClientLink *self)
{
  if (self->ours == NULL)
    self->ours = g_ptr_array_new_with_free_func (g_object_unref);
  if (self->theirs == NULL)
    self->theirs = g_ptr_array_new_with_free_func (g_object_unref);
  wherry_peer_connection_set_local_description_async (self->connection, NULL, NULL, on_offer_set,
                                                      wherry_client_link_ref (self));
}

static void
on_negotiation_needed (WherryPeerConnection *connection, gpointer user_data)
{
  WherryClientLink *self = user_data;

  if (self->pause != NULL)
    self->offer_wanted = TRUE;
  else if (self->signaling != NULL && wherry_signaling_client_has_lost_address (self->signaling))
    wherry_client_link_strand (self,
                               wherry_peer_connection_get_connection (connection)->lost_address);
  else if (self->signaling != NULL)
    offer (self);
}

static gboolean
on_pause_over (gpointer data)
{
  WherryClientLink *self = data;

  wherry_clock_clear_source (&self->pause);
  if (self->offer_wanted && self->signaling != NULL)
    offer (self);
  self->offer_wanted = FALSE;
  return G_SOURCE_REMOVE;
}

static void
on_rolled_back (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (WherryClientLink) self = user_data;

  wherry_peer_connection_set_local_description_finish (WHERRY_PEER_CONNECTION (source), result,
                                                       NULL);
}

/* Rolled back, the connection says at once that it still needs what the offer was for. */
void
wherry_client_link_take_refusal (WherryClientLink *self)
{
  g_autoptr (WherrySessionDescription) rollback
      = wherry_session_description_new (WHERRY_DESCRIPTION_TYPE_ROLLBACK, NULL);

  g_clear_pointer (&self->theirs, g_ptr_array_unref);
  if (self->pause == NULL)
    self->pause
        = wherry_clock_add (self->clock, self->context, OFFER_PAUSE_US, on_pause_over, self);
  wherry_peer_connection_set_local_description_async (self->connection, rollback, NULL,
                                                      on_rolled_back,
                                                      wherry_client_link_ref (self));
}

/* One that is of no use is no failure: others may be. */
static void
on_candidate_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (WherryClientLink) self = user_data;

  wherry_peer_connection_add_ice_candidate_finish (WHERRY_PEER_CONNECTION (source), result, NULL);
}

static void
add_candidate (WherryClientLink *self, WherryIceCandidate *candidate)
{
  wherry_peer_connection_add_ice_candidate_async (self->connection, candidate, NULL,
                                                  on_candidate_added,
                                                  wherry_client_link_ref (self));
}

static void
on_answer_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (WherryClientLink) self = user_data;
  g_autoptr (GPtrArray) theirs = NULL;
  g_autoptr (GError) error = NULL;

  if (!wherry_peer_connection_set_remote_description_finish (WHERRY_PEER_CONNECTION (source),
                                                             result, &error))
    {
      wherry_client_link_end (self, error, FALSE);
      return;
    }
  theirs = g_steal_pointer (&self->theirs);
  for (guint i = 0; self->connection != NULL && theirs != NULL && i < theirs->len; i++)
    add_candidate (self, g_ptr_array_index (theirs, i));
}

void
wherry_client_link_take_answer (WherryClientLink *self, const WherrySignal *signal)
{
  g_autoptr (WherrySessionDescription) answer
      = wherry_session_description_new (WHERRY_DESCRIPTION_TYPE_ANSWER, signal->sdp);

  if (self->connection != NULL)
    wherry_peer_connection_set_remote_description_async (self->connection, answer, NULL,
                                                         on_answer_set,
                                                         wherry_client_link_ref (self));
}

void
wherry_client_link_take_candidate (WherryClientLink *self, const WherrySignal *signal)
{
  g_autoptr (WherryIceCandidate) candidate
      = wherry_ice_candidate_new (signal->candidate, signal->sdp_mid,
                                  signal->sdp_mid == NULL && signal->sdp_mline_index < 0
                                      ? 0
                                      : signal->sdp_mline_index,
                                  signal->ufrag);

  if (self->connection == NULL)
    return;
  if (self->theirs == NULL)
    add_candidate (self, candidate);
  else if (self->theirs->len < WHERRY_CANDIDATES_MAX)
    g_ptr_array_add (self->theirs, g_steal_pointer (&candidate));
}

void
wherry_client_link_negotiate (WherryClientLink *self)
{
  self->ours = g_ptr_array_new_with_free_func (g_object_unref);
  self->theirs = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (self->connection, "negotiation-needed", G_CALLBACK (on_negotiation_needed),
                    self);
  g_signal_connect (self->connection, "ice-candidate", G_CALLBACK (on_ice_candidate), self);
}

static void
add_server (WherryConfiguration *configuration, const WherrySignalIceServer *server)
{
  g_autoptr (WherryIceServer) made
      = wherry_ice_server_new ((const char *const *) server->urls, server->username,
                               server->credential, NULL);

  /* what the server offers and we cannot use is no reason not to try without */
  if (made != NULL)
    wherry_configuration_add_ice_server (configuration, made);
}

WherryConfiguration *
wherry_client_link_make_configuration (WherryClientLink *self, const WherrySignal *joined)
{
  WherryConfiguration *made = self->configuration != NULL
                                  ? wherry_configuration_copy (self->configuration)
                                  : wherry_configuration_new ();
  GListModel *servers = wherry_configuration_get_ice_servers (made);

  /* signaling is here to tell of it */
  wherry_configuration_set_restart_on_network_change (made, TRUE);
  if (g_list_model_get_n_items (servers) == 0 && joined->ice_servers != NULL)
    for (guint i = 0; i < joined->ice_servers->len; i++)
      add_server (made, g_ptr_array_index (joined->ice_servers, i));
  return made;
}
