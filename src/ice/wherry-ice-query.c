/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <string.h>

#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-query.h"

static WherryIceQuery *
server_new (const char *host, guint16 port, const char *scheme, const char *query)
{
  WherryIceQuery *self = g_new0 (WherryIceQuery, 1);
  gboolean v6 = strchr (host, ':') != NULL;

  self->host = host;
  self->port = port;
  self->addresses = g_array_new (FALSE, FALSE, sizeof (NiceAddress));
  self->url = g_strdup_printf (v6 ? "%s:[%s]:%u%s" : "%s:%s:%u%s", scheme, host, port, query);
  return self;
}

WherryIceQuery *
wherry_ice_query_new_stun (const WherryIceStunServer *stun)
{
  return server_new (stun->host, stun->port, "stun", "");
}

WherryIceQuery *
wherry_ice_query_new_turn (const WherryIceTurnServer *turn)
{
  WherryIceQuery *self = server_new (turn->host, turn->port, turn->tls ? "turns" : "turn",
                                     turn->tls || turn->tcp ? "?transport=tcp" : "?transport=udp");

  self->turn = turn;
  return self;
}

void
wherry_ice_query_free (WherryIceQuery *self)
{
  g_clear_pointer (&self->bridge, wherry_ice_bridge_free);
  g_array_unref (self->addresses);
  g_free (self->url);
  g_free (self);
}

/* libnice shows no more of the server than this: bits 6 to 8 of the local preference (RFC 8445
 * section 5.1.2.1) are the server's number in its list; nice_candidate_relay_address() crashes on
 * the copies that it hands out. */
gboolean
wherry_ice_query_gave (const WherryIceQuery *self, const NiceCandidate *candidate)
{
  return candidate->type == NICE_CANDIDATE_TYPE_RELAYED
         && (self->relays & 1u << (candidate->priority >> 14 & 7)) != 0;
}

gboolean
wherry_ice_query_is_same_host (const WherryIceQuery *self, const WherryIceQuery *other)
{
  if (g_ascii_strcasecmp (self->host, other->host) == 0)
    return TRUE;
  for (guint i = 0; i < self->addresses->len; i++)
    for (guint j = 0; j < other->addresses->len; j++)
      if (nice_address_equal_no_port (&g_array_index (self->addresses, NiceAddress, i),
                                      &g_array_index (other->addresses, NiceAddress, j)))
        return TRUE;
  return FALSE;
}

void
wherry_ice_query_add_address (WherryIceQuery *self, GInetAddress *inet)
{
  g_autofree char *text = g_inet_address_to_string (inet);
  NiceAddress address;

  nice_address_init (&address);
  if (nice_address_set_from_string (&address, text))
    g_array_append_val (self->addresses, address);
}

gboolean
wherry_ice_query_use_turn (WherryIceQuery *self, NiceAgent *agent, guint stream, guint number,
                           GInetAddress *address, guint16 port)
{
  g_autofree char *text = g_inet_address_to_string (address);
  gboolean tcp = self->turn->tcp || self->turn->tls;

  if (number >= NICE_CANDIDATE_MAX_TURN_SERVERS
      || !nice_agent_set_relay_info (agent, stream, WHERRY_ICE_COMPONENT, text, port,
                                     self->turn->user, self->turn->password,
                                     tcp ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_UDP))
    return FALSE;
  wherry_ice_query_add_address (self, address);
  self->relays |= 1u << number;
  return TRUE;
}

gboolean
wherry_ice_query_is_reachable (NiceAgent *agent, guint stream, GInetAddress *address)
{
  /* Not the candidates: under relay_only libnice hides all but the relayed ones. */
  g_autoptr (GPtrArray) sockets = nice_agent_get_sockets (agent, stream, WHERRY_ICE_COMPONENT);
  gboolean found = FALSE;

  for (guint i = 0; sockets != NULL && i < sockets->len; i++)
    found |= g_socket_get_family (g_ptr_array_index (sockets, i))
             == g_inet_address_get_family (address);
  return found;
}
