/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-candidates.h"
#include "ice/wherry-ice-remote.h"

/* RFC 8839 section 5.4 */
#define UFRAG_MIN 4u
#define PWD_MIN 22u
#define CREDENTIAL_MAX 256u

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

void
wherry_ice_remote_reset (WherryIceRemote *self)
{
  g_clear_pointer (&self->ufrag, g_free);
  g_clear_pointer (&self->pwd, g_free);
  g_ptr_array_set_size (self->held, 0);
  self->n_candidates = 0;
  self->ended = FALSE;
}

/* ice-char = ALPHA / DIGIT / "+" / "/" */
static gboolean
is_credential (const char *text, gsize min)
{
  gsize length = text != NULL ? strlen (text) : 0;

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  return length >= min && length <= CREDENTIAL_MAX;
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
  if (!is_credential (ufrag, UFRAG_MIN) || !is_credential (pwd, PWD_MIN))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "ice-ufrag must have 4 to 256 ice-chars, ice-pwd 22 to 256");
      return FALSE;
    }
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
wherry_ice_remote_add (WherryIceRemote *self, NiceAgent *agent, guint stream, const char *line,
                       GError **error)
{
  g_autoptr (WherryCandidate) candidate = NULL;
  g_autoptr (GError) local = NULL;

  if (self->n_candidates >= WHERRY_CANDIDATES_MAX)
    {
      wherry_counter_inc (WHERRY_COUNTER_ICE_BAD_CANDIDATES);
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, "more than %u remote candidates",
                   WHERRY_CANDIDATES_MAX);
      return FALSE;
    }
  self->n_candidates++;
  candidate = wherry_candidate_parse (line, strlen (line), &local);
  if (candidate == NULL)
    {
      if (g_error_matches (local, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED))
        return TRUE;
      wherry_counter_inc (WHERRY_COUNTER_ICE_BAD_CANDIDATES);
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  /* No name is looked up: a browser that hides its addresses still reaches us, and becomes known as
   * a peer-reflexive candidate. */
  if (candidate->is_mdns)
    wherry_counter_inc (WHERRY_COUNTER_ICE_MDNS_IGNORED);
  else if (self->ufrag == NULL)
    g_ptr_array_add (self->held, g_steal_pointer (&candidate));
  else
    hand_over (self, agent, stream, candidate);
  return TRUE;
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
