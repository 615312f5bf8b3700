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
#include "ice/wherry-ice-mdns.h"
#include "ice/wherry-ice-remote.h"

typedef struct
{
  WherryIceRemote *owner;
  WherryCandidate *candidate;
} Name;

void
wherry_ice_remote_init (WherryIceRemote *self, const WherryIceRemoteOwner *owner_funcs,
                        gpointer owner, const WherryIceConfig *config)
{
  memset (self, 0, sizeof *self);
  self->owner_funcs = owner_funcs;
  self->owner = owner;
  self->config = config;
  self->held = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_candidate_free);
}

void
wherry_ice_remote_start (WherryIceRemote *self, NiceAgent *agent, guint stream,
                         GMainContext *context, WherryIceClosing *closing)
{
  self->agent = agent;
  self->stream = stream;
  self->context = g_main_context_ref (context);
  self->closing = wherry_ice_closing_ref (closing);
}

void
wherry_ice_remote_stop (WherryIceRemote *self)
{
  self->agent = NULL;
  g_clear_pointer (&self->lookups, wherry_ice_lookups_free);
}

void
wherry_ice_remote_clear (WherryIceRemote *self)
{
  wherry_ice_remote_stop (self);
  g_clear_pointer (&self->ufrag, g_free);
  g_clear_pointer (&self->pwd, g_free);
  g_clear_pointer (&self->held, g_ptr_array_unref);
  g_clear_pointer (&self->closing, wherry_ice_closing_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
}

static void
hand_over (WherryIceRemote *self, const WherryCandidate *candidate)
{
  g_autoptr (NiceAgent) agent = NULL;
  NiceCandidate *nice;
  GSList *list;

  /* Of another generation (RFC 8838 section 10): not an error, it was under way. */
  if (self->agent == NULL
      || (candidate->ufrag != NULL && strcmp (candidate->ufrag, self->ufrag) != 0))
    return;
  nice = wherry_ice_candidate_to_nice (candidate, self->stream, self->config);
  if (nice == NULL)
    return;
  agent = g_object_ref (self->agent); /* an event may close everything */
  list = g_slist_append (NULL, nice);
  nice_agent_set_remote_candidates (agent, self->stream, WHERRY_ICE_COMPONENT, list);
  g_slist_free_full (list, (GDestroyNotify) nice_candidate_free);
  self->owner_funcs->added (self->owner);
}

static void
check_end (WherryIceRemote *self)
{
  g_autoptr (NiceAgent) agent = NULL;

  if (!self->ended || self->ufrag == NULL || self->pending > 0 || self->agent == NULL)
    return;
  agent = g_object_ref (self->agent);
  nice_agent_peer_candidate_gathering_done (agent, self->stream);
}

gboolean
wherry_ice_remote_set_credentials (WherryIceRemote *self, const char *ufrag, const char *pwd,
                                   GError **error)
{
  g_autoptr (NiceAgent) agent = g_object_ref (self->agent);

  if (!wherry_ice_credentials_check (ufrag, pwd, error))
    return FALSE;
  if (g_strcmp0 (self->ufrag, ufrag) == 0 && g_strcmp0 (self->pwd, pwd) == 0)
    return TRUE;
  if (!nice_agent_set_remote_credentials (agent, self->stream, ufrag, pwd))
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
    hand_over (self, g_ptr_array_index (self->held, i));
  g_ptr_array_set_size (self->held, 0);
  check_end (self);
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

/* RFC 8828 section 3.2.1 and the mDNS draft that it names: what the name stands for takes its
 * place.
 */
static void
on_resolved (gpointer user_data, GList *addresses, const GError *error)
{
  g_autofree Name *name = user_data;
  WherryIceRemote *self = name->owner;
  const WherryIceRemoteOwner *owner_funcs = self->owner_funcs;
  gpointer owner = owner_funcs->ref (self->owner);
  g_autoptr (WherryCandidate) candidate = name->candidate;

  self->pending--;
  if (addresses == NULL)
    wherry_counter_inc (WHERRY_COUNTER_ICE_MDNS_IGNORED);
  else
    {
      g_free (candidate->address);
      candidate->address = g_inet_address_to_string (addresses->data);
      candidate->is_mdns = FALSE;
      wherry_ice_remote_add (self, g_steal_pointer (&candidate));
    }
  check_end (self);
  owner_funcs->unref (owner);
}

static void
on_abandoned (gpointer user_data)
{
  Name *name = user_data;

  wherry_candidate_free (name->candidate);
  g_free (name);
}

/* Where that cannot be done: a browser that hides its addresses still reaches us, and becomes known
 * as a peer-reflexive candidate. */
static void
look_up (WherryIceRemote *self, WherryCandidate *candidate)
{
  g_autoptr (WherryCandidate) owned = candidate;
  Name *name;

  if (!wherry_ice_mdns_is_enabled (self->config) || self->n_names >= WHERRY_MDNS_CANDIDATES_MAX)
    {
      wherry_counter_inc (WHERRY_COUNTER_ICE_MDNS_IGNORED);
      return;
    }
  if (self->lookups == NULL)
    self->lookups = wherry_ice_lookups_new (self->config->resolver, self->context, self->closing);
  name = g_new0 (Name, 1);
  name->owner = self;
  name->candidate = g_steal_pointer (&owned);
  self->n_names++;
  self->pending++;
  if (!wherry_ice_lookups_start (self->lookups, name->candidate->address, on_resolved, name,
                                 on_abandoned))
    on_resolved (name, NULL, NULL);
}

void
wherry_ice_remote_add (WherryIceRemote *self, WherryCandidate *candidate)
{
  g_autoptr (WherryCandidate) owned = candidate;

  if (self->agent == NULL)
    return;
  if (owned->is_mdns)
    look_up (self, g_steal_pointer (&owned));
  else if (self->ufrag == NULL)
    g_ptr_array_add (self->held, g_steal_pointer (&owned));
  else
    hand_over (self, owned);
}

void
wherry_ice_remote_end (WherryIceRemote *self)
{
  if (self->ended)
    return;
  self->ended = TRUE;
  check_end (self);
}
