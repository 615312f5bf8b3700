/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "base/wherry-clock.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-candidates.h"
#include "ice/wherry-ice-gatherer-private.h"

WherryIceGatherer *
wherry_ice_gatherer_ref (WherryIceGatherer *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

void
wherry_ice_gatherer_announce (WherryIceGatherer *self, const NiceCandidate *nice)
{
  g_autoptr (WherryCandidate) candidate = wherry_ice_candidate_announce (nice, self->config);
  g_autofree char *line = NULL;

  if (candidate == NULL || self->agent == NULL)
    return;
  self->n_candidates++;
  line = wherry_candidate_to_string (candidate);
  self->events->candidate (self->user_data, line);
}

gboolean
wherry_ice_gatherer_is_new_reflexive (WherryIceGatherer *self, const NiceCandidate *candidate)
{
  char mapped[NICE_ADDRESS_STRING_LEN + 8];
  char base[NICE_ADDRESS_STRING_LEN + 8];

  /* RFC 8445 section 5.1.3: redundant */
  if (nice_address_equal (&candidate->addr, &candidate->base_addr))
    return FALSE;
  wherry_ice_address_to_string (&candidate->addr, mapped, sizeof mapped);
  wherry_ice_address_to_string (&candidate->base_addr, base, sizeof base);
  if (!g_hash_table_add (self->announced,
                         g_strdup_printf ("%d %s %s", candidate->transport, mapped, base)))
    return FALSE;
  g_array_append_val (self->reflexive, candidate->addr);
  return TRUE;
}

void
wherry_ice_gatherer_tell_error (WherryIceGatherer *self, WherryIceQuery *server,
                                const NiceCandidate *base, guint code, const char *text)
{
  char address[NICE_ADDRESS_STRING_LEN];
  WherryIceCandidateError error = { .url = server->url, .code = code, .text = text };

  server->told = TRUE;
  if (base != NULL)
    {
      nice_address_to_string (&base->addr, address);
      error.address = address;
      error.port = (guint16) nice_address_get_port (&base->addr);
    }
  if (self->agent != NULL)
    self->events->error (self->user_data, &error);
}

/* libnice keeps one relayed candidate of a relay's address and drops the others, in silence: a
 * second way to a host that has answered is no error. */
static gboolean
has_answered (WherryIceGatherer *self, const WherryIceQuery *server)
{
  for (guint i = 0; i < self->servers->len; i++)
    {
      const WherryIceQuery *other = g_ptr_array_index (self->servers, i);

      if (other->answered
          && (other == server
              || (other->turn != NULL && wherry_ice_query_is_same_host (server, other))))
        return TRUE;
    }
  return FALSE;
}

static void
finish (WherryIceGatherer *self)
{
  self->done = TRUE;
  wherry_clock_clear_source (&self->deadline);
  for (guint i = 0; i < self->servers->len && self->agent != NULL; i++)
    {
      WherryIceQuery *server = g_ptr_array_index (self->servers, i);

      /* libnice knows why, and tells nobody. */
      if (!server->told && !has_answered (self, server))
        wherry_ice_gatherer_tell_error (self, server, NULL, WHERRY_ICE_UNREACHABLE,
                                        server->turn != NULL
                                            ? "the TURN server does not answer, or refuses the user"
                                            : "the STUN server does not answer");
    }
  if (self->agent != NULL)
    self->events->done (self->user_data);
}

/* libnice has gathered, or waits only for servers of which we know that they give nothing (it does
 * not notice that a connection was closed). */
static gboolean
is_agent_done (WherryIceGatherer *self)
{
  gboolean waits = FALSE;

  for (guint i = 0; i < self->servers->len; i++)
    {
      const WherryIceQuery *server = g_ptr_array_index (self->servers, i);

      waits |= server->turn != NULL && !server->told;
    }
  return self->agent_done || (self->asked && !waits);
}

void
wherry_ice_gatherer_check_done (WherryIceGatherer *self)
{
  if (self->agent == NULL || self->done || self->pending > 0 || !is_agent_done (self)
      || (self->stun != NULL && !wherry_ice_stun_is_idle (self->stun)))
    return;
  finish (self);
}

static gboolean
on_deadline (gpointer user_data)
{
  g_autoptr (WherryIceGatherer) self = wherry_ice_gatherer_ref (user_data);

  wherry_clock_clear_source (&self->deadline);
  g_clear_pointer (&self->lookups, wherry_ice_lookups_free);
  g_clear_pointer (&self->stun, wherry_ice_stun_free);
  finish (self);
  return G_SOURCE_REMOVE;
}

WherryIceGatherer *
wherry_ice_gatherer_new (const WherryIceConfig *config, NiceAgent *agent, guint stream,
                         GMainContext *context, WherryIceClosing *closing)
{
  WherryIceGatherer *self = g_new0 (WherryIceGatherer, 1);

  g_ref_count_init (&self->ref_count);
  self->config = wherry_ice_config_copy (config); /* it may outlive its generation */
  self->agent = agent;
  self->stream = stream;
  self->context = g_main_context_ref (context);
  self->closing = wherry_ice_closing_ref (closing);
  self->servers = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_ice_query_free);
  self->announced = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->reflexive = g_array_new (FALSE, FALSE, sizeof (NiceAddress));
  return self;
}

void
wherry_ice_gatherer_set_events (WherryIceGatherer *self, const WherryIceGathererEvents *events,
                                gpointer user_data)
{
  self->events = events;
  self->user_data = user_data;
}

gboolean
wherry_ice_gatherer_start (WherryIceGatherer *self, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGatherer) alive = wherry_ice_gatherer_ref (self);
  /* A candidate event may close everything while libnice is still gathering. */
  g_autoptr (NiceAgent) agent = g_object_ref (self->agent);

  if (!wherry_ice_gatherer_add_servers (self, error)
      || !wherry_ice_agent_gather (agent, self->stream, self->context, self->config, error))
    return FALSE;
  if (self->agent == NULL || self->servers->len == 0)
    return TRUE;
  self->deadline = g_timeout_source_new (WHERRY_GATHER_LIMIT_US / 1000);
  g_source_set_callback (self->deadline, on_deadline, self, NULL);
  g_source_attach (self->deadline, self->context);
  self->lookups = wherry_ice_lookups_new (self->config->resolver, self->context, self->closing);
  wherry_ice_gatherer_ask_servers (self);
  return TRUE;
}

gboolean
wherry_ice_gatherer_is_done (WherryIceGatherer *self)
{
  return self->done;
}

guint
wherry_ice_gatherer_get_n_candidates (WherryIceGatherer *self)
{
  return self->n_candidates;
}

static WherryIceQuery *
find_relay (WherryIceGatherer *self, const NiceCandidate *candidate)
{
  for (guint i = 0; i < self->servers->len; i++)
    if (wherry_ice_query_gave (g_ptr_array_index (self->servers, i), candidate))
      return g_ptr_array_index (self->servers, i);
  return NULL;
}

void
wherry_ice_gatherer_take_candidate (WherryIceGatherer *self, const NiceCandidate *candidate)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGatherer) alive = wherry_ice_gatherer_ref (self);
  WherryIceQuery *server = find_relay (self, candidate);

  if (server != NULL)
    server->answered = TRUE;
  if (candidate->type != NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE
      || wherry_ice_gatherer_is_new_reflexive (self, candidate))
    wherry_ice_gatherer_announce (self, candidate);
}

void
wherry_ice_gatherer_agent_done (WherryIceGatherer *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGatherer) alive = wherry_ice_gatherer_ref (self);

  self->agent_done = TRUE;
  wherry_ice_gatherer_check_done (self);
}

gboolean
wherry_ice_gatherer_is_reflexive (WherryIceGatherer *self, const NiceAddress *address)
{
  for (guint i = 0; i < self->reflexive->len; i++)
    if (nice_address_equal (&g_array_index (self->reflexive, NiceAddress, i), address))
      return TRUE;
  return FALSE;
}

const char *
wherry_ice_gatherer_relay_url (WherryIceGatherer *self, const NiceCandidate *candidate)
{
  const WherryIceQuery *server = find_relay (self, candidate);

  return server != NULL ? server->url : NULL;
}

void
wherry_ice_gatherer_stop (WherryIceGatherer *self)
{
  self->agent = NULL;
  wherry_clock_clear_source (&self->deadline);
  g_clear_pointer (&self->lookups, wherry_ice_lookups_free);
  g_clear_pointer (&self->stun, wherry_ice_stun_free);
}

void
wherry_ice_gatherer_unref (WherryIceGatherer *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  wherry_ice_gatherer_stop (self);
  g_ptr_array_unref (self->servers);
  g_hash_table_unref (self->announced);
  g_array_unref (self->reflexive);
  wherry_ice_closing_unref (self->closing);
  g_main_context_unref (self->context);
  wherry_ice_config_free (self->config);
  g_free (self);
}
