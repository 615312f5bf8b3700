/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-candidates.h"
#include "ice/wherry-ice-credentials.h"
#include "ice/wherry-ice-remote.h"

void
wherry_ice_remote_init (WherryIceRemote *self, const WherryIceConfig *config)
{
  memset (self, 0, sizeof *self);
  self->config = config;
  self->held = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_candidate_free);
}

void
wherry_ice_remote_clear (WherryIceRemote *self)
{
  g_clear_pointer (&self->ufrag, g_free);
  g_clear_pointer (&self->pwd, g_free);
  g_clear_pointer (&self->held, g_ptr_array_unref);
}

static void
hand_over (WherryIceRemote *self, NiceAgent *agent, guint stream, const WherryCandidate *candidate)
{
  NiceCandidate *nice;
  GSList *list;

  /* Of another generation (RFC 8838 section 10): not an error, it was under way. */
  if (candidate->ufrag != NULL && strcmp (candidate->ufrag, self->ufrag) != 0)
    return;
  nice = wherry_ice_candidate_to_nice (candidate, stream, self->config);
  if (nice == NULL)
    return;
  list = g_slist_append (NULL, nice);
  nice_agent_set_remote_candidates (agent, stream, WHERRY_ICE_COMPONENT, list);
  g_slist_free_full (list, (GDestroyNotify) nice_candidate_free);
}

gboolean
wherry_ice_remote_set_credentials (WherryIceRemote *self, NiceAgent *agent, guint stream,
                                   const char *ufrag, const char *pwd, GError **error)
{
  if (!wherry_ice_credentials_check (ufrag, pwd, error))
    return FALSE;
  if (g_strcmp0 (self->ufrag, ufrag) == 0 && g_strcmp0 (self->pwd, pwd) == 0)
    return TRUE;
  if (!nice_agent_set_remote_credentials (agent, stream, ufrag, pwd))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_FAILED,
                           "ICE did not take the remote credentials");
      return FALSE;
    }
  g_free (self->ufrag);
  g_free (self->pwd);
  self->ufrag = g_strdup (ufrag);
  self->pwd = g_strdup (pwd);
  for (guint i = 0; i < self->held->len; i++)
    hand_over (self, agent, stream, g_ptr_array_index (self->held, i));
  g_ptr_array_set_size (self->held, 0);
  if (self->ended)
    nice_agent_peer_candidate_gathering_done (agent, stream);
  return TRUE;
}

gboolean
wherry_ice_remote_count (WherryIceRemote *self, GError **error)
{
  if (self->n_candidates >= WHERRY_CANDIDATES_MAX)
    {
      wherry_counter_inc (WHERRY_COUNTER_ICE_BAD_CANDIDATES);
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, "more than %u remote candidates",
                   WHERRY_CANDIDATES_MAX);
      return FALSE;
    }
  self->n_candidates++;
  return TRUE;
}

gboolean
wherry_ice_remote_parse (const char *line, WherryCandidate **candidate, GError **error)
{
  g_autoptr (GError) local = NULL;

  *candidate = wherry_candidate_parse (line, strlen (line), &local);
  if (*candidate != NULL || g_error_matches (local, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED))
    return TRUE;
  wherry_counter_inc (WHERRY_COUNTER_ICE_BAD_CANDIDATES);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

void
wherry_ice_remote_add (WherryIceRemote *self, NiceAgent *agent, guint stream,
                       WherryCandidate *candidate)
{
  g_autoptr (WherryCandidate) owned = candidate;

  /* No name is looked up: a browser that hides its addresses still reaches us, and becomes known as
   * a peer-reflexive candidate. */
  if (owned->is_mdns)
    wherry_counter_inc (WHERRY_COUNTER_ICE_MDNS_IGNORED);
  else if (self->ufrag == NULL)
    g_ptr_array_add (self->held, g_steal_pointer (&owned));
  else
    hand_over (self, agent, stream, owned);
}

void
wherry_ice_remote_end (WherryIceRemote *self, NiceAgent *agent, guint stream)
{
  if (self->ended)
    return;
  self->ended = TRUE;
  if (self->ufrag != NULL)
    nice_agent_peer_candidate_gathering_done (agent, stream);
}
