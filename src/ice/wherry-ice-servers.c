/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <string.h>

#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-gatherer-private.h"

/* RFC 8445 section 5.1.2.2, as libnice has it. */
#define TYPE_PREFERENCE_SRFLX 100u

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
  g_autoptr (WherryIceGatherer) self = wherry_ice_gatherer_ref (user_data);
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
  if (wherry_ice_gatherer_is_new_reflexive (self, candidate))
    {
      keep_binding (self, server);
      wherry_ice_gatherer_announce (self, candidate);
    }
  nice_candidate_free (candidate);
}

static void
on_stun_failed (gpointer user_data, const NiceCandidate *base, gpointer server, guint code,
                const char *text)
{
  g_autoptr (WherryIceGatherer) self = wherry_ice_gatherer_ref (user_data);

  wherry_ice_gatherer_tell_error (self, server, base, code, text);
}

static void
on_stun_idle (gpointer user_data)
{
  g_autoptr (WherryIceGatherer) self = wherry_ice_gatherer_ref (user_data);

  wherry_ice_gatherer_check_done (self);
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
  g_autoptr (WherryIceGatherer) self = wherry_ice_gatherer_ref (server->gatherer);
  gboolean used = FALSE;

  self->pending--;
  if (addresses == NULL)
    wherry_ice_gatherer_tell_error (self, server, NULL, WHERRY_ICE_UNREACHABLE,
                                    error != NULL ? error->message : "the name has no address");
  for (GList *l = addresses; l != NULL && self->agent != NULL; l = l->next)
    used |= use_address (self, server, l->data);
  if (addresses != NULL && !used && self->agent != NULL)
    wherry_ice_gatherer_tell_error (self, server, NULL, WHERRY_ICE_UNREACHABLE,
                                    "none of our addresses can reach the server");
  wherry_ice_gatherer_check_done (self);
}

void
wherry_ice_gatherer_ask_servers (WherryIceGatherer *self)
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
  g_autoptr (WherryIceGatherer) self = wherry_ice_gatherer_ref (server->gatherer);

  if (self->done || server->answered)
    return;
  wherry_ice_gatherer_tell_error (self, server, NULL, WHERRY_ICE_UNREACHABLE, text);
  wherry_ice_gatherer_check_done (self);
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

gboolean
wherry_ice_gatherer_add_servers (WherryIceGatherer *self, GError **error)
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
