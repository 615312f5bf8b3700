/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <string.h>

#include "base/wherry-clock.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-candidates.h"
#include "ice/wherry-ice-gatherer.h"
#include "ice/wherry-ice-lookups.h"
#include "ice/wherry-ice-query.h"
#include "ice/wherry-ice-stun.h"

#define UNREACHABLE 701u
/* RFC 8445 section 5.1.2.2, as libnice has it. */
#define TYPE_PREFERENCE_SRFLX 100u

struct _WherryIceGatherer
{
  grefcount ref_count;
  WherryIceConfig *config;
  NiceAgent *agent; /* NULL once stopped */
  guint stream;
  GMainContext *context;
  WherryIceClosing *closing;
  const WherryIceGathererEvents *events;
  gpointer user_data;
  GPtrArray *servers;
  WherryIceLookups *lookups;
  WherryIceStun *stun;
  GHashTable *announced; /* "address base" of the server-reflexive ones */
  GArray *reflexive;     /* of NiceAddress */
  GSource *deadline;
  guint pending; /* servers whose name or turn has not come */
  guint n_candidates;
  guint n_relays; /* that libnice knows */
  gboolean asked; /* every server */
  gboolean agent_done;
  gboolean done;
};

static WherryIceGatherer *
gatherer_ref (WherryIceGatherer *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

static void
announce (WherryIceGatherer *self, const NiceCandidate *nice)
{
  g_autoptr (WherryCandidate) candidate = wherry_ice_candidate_announce (nice, self->config);
  g_autofree char *line = NULL;

  if (candidate == NULL || self->agent == NULL)
    return;
  self->n_candidates++;
  line = wherry_candidate_to_string (candidate);
  self->events->candidate (self->user_data, line);
}

/* A TURN server and several STUN servers tell the same address. */
static gboolean
is_new_reflexive (WherryIceGatherer *self, const NiceCandidate *candidate)
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

static void
tell_error (WherryIceGatherer *self, WherryIceQuery *server, const NiceCandidate *base, guint code,
            const char *text)
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
        tell_error (self, server, NULL, UNREACHABLE,
                    server->turn != NULL ? "the TURN server does not answer, or refuses the user"
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

static void
check_done (WherryIceGatherer *self)
{
  if (self->agent == NULL || self->done || self->pending > 0 || !is_agent_done (self)
      || (self->stun != NULL && !wherry_ice_stun_is_idle (self->stun)))
    return;
  finish (self);
}

static gboolean
on_deadline (gpointer user_data)
{
  g_autoptr (WherryIceGatherer) self = gatherer_ref (user_data);

  wherry_clock_clear_source (&self->deadline);
  g_clear_pointer (&self->lookups, wherry_ice_lookups_free);
  g_clear_pointer (&self->stun, wherry_ice_stun_free);
  finish (self);
  return G_SOURCE_REMOVE;
}

/* Its binding is kept until there is a pair (RFC 8445 section 5.1.1.4): libnice does that with the
 * one server that it knows, and no longer asks it now that it has gathered. */
static void
keep_binding (WherryIceGatherer *self, const WherryIceQuery *server)
{
  char text[NICE_ADDRESS_STRING_LEN];

  if (self->reflexive->len > 1 || server->addresses->len == 0)
    return;
  nice_address_to_string (&g_array_index (server->addresses, NiceAddress, 0), text);
  g_object_set (self->agent, "stun-server", text, "stun-server-port", (guint) server->port, NULL);
}

static void
on_mapped (gpointer user_data, const WherryIceStunAnswer *answer)
{
  g_autoptr (WherryIceGatherer) self = gatherer_ref (user_data);
  WherryIceQuery *server = answer->server;
  NiceCandidate *candidate = nice_candidate_new (NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE);
  guint index = 0;

  server->answered = TRUE;
  candidate->transport = NICE_CANDIDATE_TRANSPORT_UDP;
  candidate->addr = answer->mapped;
  candidate->base_addr = answer->base->addr;
  candidate->component_id = WHERRY_ICE_COMPONENT;
  candidate->priority = TYPE_PREFERENCE_SRFLX << 24 | (answer->base->priority & 0x00ffffff);
  /* RFC 8445 section 5.1.1.3: another for each base and server; libnice's own are numbers. */
  g_ptr_array_find (self->servers, server, &index);
  g_snprintf (candidate->foundation, sizeof candidate->foundation, "s%u/%s", index,
              answer->base->foundation);
  if (is_new_reflexive (self, candidate))
    {
      keep_binding (self, server);
      announce (self, candidate);
    }
  nice_candidate_free (candidate);
}

static void
on_stun_failed (gpointer user_data, const NiceCandidate *base, gpointer server, guint code,
                const char *text)
{
  g_autoptr (WherryIceGatherer) self = gatherer_ref (user_data);

  tell_error (self, server, base, code, text);
}

static void
on_stun_idle (gpointer user_data)
{
  g_autoptr (WherryIceGatherer) self = gatherer_ref (user_data);

  check_done (self);
}

static const WherryIceStunEvents stun_events
    = { .mapped = on_mapped, .failed = on_stun_failed, .idle = on_stun_idle };

static gboolean
use_address (WherryIceGatherer *self, WherryIceQuery *server, GInetAddress *inet)
{
  if (server->turn == NULL)
    {
      wherry_ice_query_add_address (server, inet);
      return wherry_ice_stun_ask (self->stun, inet, server->port, server);
    }
  if (server->turn->tls /* never without */
      || !wherry_ice_query_is_reachable (self->agent, self->stream, inet)
      || !wherry_ice_query_use_turn (server, self->agent, self->stream, self->n_relays, inet,
                                     server->port))
    return FALSE;
  self->n_relays++;
  self->agent_done = FALSE; /* it will say so again */
  return TRUE;
}

static void
on_resolved (gpointer user_data, GList *addresses, const GError *error)
{
  WherryIceQuery *server = user_data;
  g_autoptr (WherryIceGatherer) self = gatherer_ref (server->gatherer);
  gboolean used = FALSE;

  self->pending--;
  if (addresses == NULL)
    tell_error (self, server, NULL, UNREACHABLE,
                error != NULL ? error->message : "the name has no address");
  for (GList *l = addresses; l != NULL && self->agent != NULL; l = l->next)
    used |= use_address (self, server, l->data);
  if (addresses != NULL && !used && self->agent != NULL)
    tell_error (self, server, NULL, UNREACHABLE, "none of our addresses can reach the server");
  check_done (self);
}

/* Everything that has to wait for libnice's sockets. */
static void
ask_servers (WherryIceGatherer *self)
{
  g_autoptr (GError) error
      = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "too many names to resolve");

  self->stun = wherry_ice_stun_new (self->agent, self->stream, self->context, &stun_events, self);
  for (guint i = 0; i < self->servers->len && self->agent != NULL; i++)
    {
      WherryIceQuery *server = g_ptr_array_index (self->servers, i);
      g_autoptr (GInetAddress) literal = g_inet_address_new_from_string (server->host);
      GList only = { .data = literal };

      if (server->addresses->len > 0 || server->told)
        continue;
      if (literal != NULL)
        on_resolved (server, &only, NULL);
      else if (!wherry_ice_lookups_start (self->lookups, server->host, on_resolved, server, NULL))
        on_resolved (server, NULL, error);
    }
  self->asked = TRUE;
}

static void
on_bridge_failed (gpointer user_data, const char *text)
{
  WherryIceQuery *server = user_data;
  g_autoptr (WherryIceGatherer) self = gatherer_ref (server->gatherer);

  if (self->done || server->answered)
    return;
  tell_error (self, server, NULL, UNREACHABLE, text);
  check_done (self);
}

/* Only one of our addresses' families can reach loopback of that family. */
static GSocketFamily
bridge_family (const WherryIceConfig *config)
{
  for (guint i = 0; i < config->bind_addresses->len; i++)
    if (strchr (g_ptr_array_index (config->bind_addresses, i), ':') == NULL)
      return G_SOCKET_FAMILY_IPV4;
  return config->bind_addresses->len > 0 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4;
}

/* What libnice can be told before it gathers, which then comes to an end by itself. */
static gboolean
add_turn (WherryIceGatherer *self, WherryIceQuery *server, GError **error)
{
  GSocketFamily family = bridge_family (self->config);
  g_autoptr (GInetAddress) address = NULL;
  guint16 port = server->port;

  if (server->turn->tls)
    {
      server->bridge = wherry_ice_bridge_new (self->config, server->turn, family, self->context,
                                              self->closing, error);
      if (server->bridge == NULL)
        return FALSE;
      wherry_ice_bridge_set_failed (server->bridge, on_bridge_failed, server);
      address = g_inet_address_new_loopback (family);
      port = wherry_ice_bridge_get_port (server->bridge);
    }
  else
    address = g_inet_address_new_from_string (server->host);
  if (address == NULL
      || !wherry_ice_query_use_turn (server, self->agent, self->stream, self->n_relays, address,
                                     port))
    self->pending++;
  else
    self->n_relays++;
  return TRUE;
}

static gboolean
add_servers (WherryIceGatherer *self, GError **error)
{
  const WherryIceConfig *config = self->config;

  if (!config->relay_only && (config->local_types & WHERRY_ICE_TYPE (SRFLX)) != 0)
    for (guint i = 0; i < config->stun_servers->len; i++)
      {
        g_ptr_array_add (self->servers,
                         wherry_ice_query_new_stun (g_ptr_array_index (config->stun_servers, i)));
        self->pending++;
      }
  if ((config->local_types & WHERRY_ICE_TYPE (RELAY)) != 0)
    for (guint i = 0; i < config->turn_servers->len; i++)
      {
        WherryIceQuery *server
            = wherry_ice_query_new_turn (g_ptr_array_index (config->turn_servers, i));

        g_ptr_array_add (self->servers, server);
        server->gatherer = self;
        if (!add_turn (self, server, error))
          return FALSE;
      }
  for (guint i = 0; i < self->servers->len; i++)
    ((WherryIceQuery *) g_ptr_array_index (self->servers, i))->gatherer = self;
  return TRUE;
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
  G_GNUC_UNUSED g_autoptr (WherryIceGatherer) alive = gatherer_ref (self);
  /* A candidate event may close everything while libnice is still gathering. */
  g_autoptr (NiceAgent) agent = g_object_ref (self->agent);

  if (!add_servers (self, error)
      || !wherry_ice_agent_gather (agent, self->stream, self->context, self->config, error))
    return FALSE;
  if (self->agent == NULL || self->servers->len == 0)
    return TRUE;
  self->deadline = g_timeout_source_new (WHERRY_GATHER_LIMIT_US / 1000);
  g_source_set_callback (self->deadline, on_deadline, self, NULL);
  g_source_attach (self->deadline, self->context);
  self->lookups = wherry_ice_lookups_new (self->config->resolver, self->context, self->closing);
  ask_servers (self);
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
  G_GNUC_UNUSED g_autoptr (WherryIceGatherer) alive = gatherer_ref (self);
  WherryIceQuery *server = find_relay (self, candidate);

  if (server != NULL)
    server->answered = TRUE;
  if (candidate->type != NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE || is_new_reflexive (self, candidate))
    announce (self, candidate);
}

void
wherry_ice_gatherer_agent_done (WherryIceGatherer *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceGatherer) alive = gatherer_ref (self);

  self->agent_done = TRUE;
  check_done (self);
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
