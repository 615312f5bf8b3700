/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <string.h>

#include <gio/gio.h>

#include "ice/wherry-ice-candidates.h"

/* RFC 6544 section 4.5: what an active candidate, which has no port, shows. */
#define DISCARD_PORT 9

WherryCandidateType
wherry_ice_candidate_type (NiceCandidateType type)
{
  switch (type)
    {
    case NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE:
      return WHERRY_CANDIDATE_TYPE_SRFLX;
    case NICE_CANDIDATE_TYPE_PEER_REFLEXIVE:
      return WHERRY_CANDIDATE_TYPE_PRFLX;
    case NICE_CANDIDATE_TYPE_RELAYED:
      return WHERRY_CANDIDATE_TYPE_RELAY;
    case NICE_CANDIDATE_TYPE_HOST:
    default:
      return WHERRY_CANDIDATE_TYPE_HOST;
    }
}

static NiceCandidateType
to_nice_type (WherryCandidateType type)
{
  switch (type)
    {
    case WHERRY_CANDIDATE_TYPE_SRFLX:
      return NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE;
    case WHERRY_CANDIDATE_TYPE_PRFLX:
      return NICE_CANDIDATE_TYPE_PEER_REFLEXIVE;
    case WHERRY_CANDIDATE_TYPE_RELAY:
      return NICE_CANDIDATE_TYPE_RELAYED;
    case WHERRY_CANDIDATE_TYPE_HOST:
    default:
      return NICE_CANDIDATE_TYPE_HOST;
    }
}

static WherryCandidateTcpType
tcp_type_of (NiceCandidateTransport transport)
{
  switch (transport)
    {
    case NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE:
      return WHERRY_CANDIDATE_TCP_ACTIVE;
    case NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE:
      return WHERRY_CANDIDATE_TCP_PASSIVE;
    case NICE_CANDIDATE_TRANSPORT_TCP_SO:
      return WHERRY_CANDIDATE_TCP_SO;
    case NICE_CANDIDATE_TRANSPORT_UDP:
    default:
      return WHERRY_CANDIDATE_TCP_NONE;
    }
}

static NiceCandidateTransport
to_nice_transport (const WherryCandidate *candidate)
{
  switch (candidate->tcp_type)
    {
    case WHERRY_CANDIDATE_TCP_ACTIVE:
      return NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE;
    case WHERRY_CANDIDATE_TCP_PASSIVE:
      return NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE;
    case WHERRY_CANDIDATE_TCP_SO:
      return NICE_CANDIDATE_TRANSPORT_TCP_SO;
    case WHERRY_CANDIDATE_TCP_NONE:
    default:
      return NICE_CANDIDATE_TRANSPORT_UDP;
    }
}

static gboolean
is_loopback (const char *address)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);

  return inet != NULL && g_inet_address_get_is_loopback (inet);
}

static gboolean
is_link_local (const char *address)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);

  return inet != NULL && g_inet_address_get_is_link_local (inet);
}

static gboolean
is_announced (const NiceCandidate *candidate, const WherryIceConfig *config, const char *address)
{
  if (config->relay_only && candidate->type != NICE_CANDIDATE_TYPE_RELAYED)
    return FALSE;
  if ((config->local_types & 1u << wherry_ice_candidate_type (candidate->type)) == 0)
    return FALSE;
  if (!config->ice_tcp && candidate->transport != NICE_CANDIDATE_TRANSPORT_UDP)
    return FALSE;
  return config->link_local || !is_link_local (address);
}

/* 1:1 NAT: the public address stands for the host's own of the same family, port unchanged. libnice
 * keeps the true base; nothing on the wire but the description says the address. */
static const char *
announced_address (const NiceCandidate *candidate, const WherryIceConfig *config,
                   const char *address)
{
  gboolean v6;

  if (config->external_address == NULL || candidate->type != NICE_CANDIDATE_TYPE_HOST
      || is_loopback (address))
    return address;
  v6 = strchr (config->external_address, ':') != NULL;
  if (v6 != (nice_address_ip_version (&candidate->addr) == 6))
    return address;
  return config->external_address;
}

WherryCandidate *
wherry_ice_candidate_announce (const NiceCandidate *candidate, const WherryIceConfig *config)
{
  char address[NICE_ADDRESS_STRING_LEN];
  WherryCandidateTcpType tcp_type = tcp_type_of (candidate->transport);
  guint port = nice_address_get_port (&candidate->addr);
  WherryCandidate *out;

  nice_address_to_string (&candidate->addr, address);
  if (!is_announced (candidate, config, address))
    return NULL;
  if (tcp_type == WHERRY_CANDIDATE_TCP_ACTIVE)
    port = DISCARD_PORT;
  out = wherry_candidate_new (candidate->foundation,
                              tcp_type == WHERRY_CANDIDATE_TCP_NONE
                                  ? WHERRY_CANDIDATE_TRANSPORT_UDP
                                  : WHERRY_CANDIDATE_TRANSPORT_TCP,
                              candidate->priority, announced_address (candidate, config, address),
                              (guint16) port, wherry_ice_candidate_type (candidate->type),
                              tcp_type);
  /* raddr is for diagnosis only (RFC 8839 section 5.1); it would tell the address that a policy
   * hides. */
  if (candidate->type != NICE_CANDIDATE_TYPE_HOST)
    {
      const gboolean hidden
          = config->relay_only || (config->local_types & WHERRY_ICE_TYPE (HOST)) == 0;
      char base[NICE_ADDRESS_STRING_LEN] = "0.0.0.0";

      if (!hidden)
        nice_address_to_string (&candidate->base_addr, base);
      g_free (out->related_address);
      out->related_address = g_strdup (base);
      out->related_port
          = hidden ? DISCARD_PORT : (guint16) nice_address_get_port (&candidate->base_addr);
    }
  return out;
}

static gboolean
is_usable (const WherryCandidate *candidate, const WherryIceConfig *config)
{
  g_autoptr (GInetAddress) inet = NULL;

  if (candidate->is_mdns || (config->remote_types & 1u << candidate->type) == 0)
    return FALSE;
  if (candidate->transport == WHERRY_CANDIDATE_TRANSPORT_TCP && !config->ice_tcp)
    return FALSE;
  if (candidate->port == 0)
    return FALSE;
  inet = g_inet_address_new_from_string (candidate->address);
  return inet != NULL && !g_inet_address_get_is_any (inet)
         && !g_inet_address_get_is_multicast (inet)
         && strcmp (candidate->address, "255.255.255.255") != 0;
}

NiceCandidate *
wherry_ice_candidate_to_nice (const WherryCandidate *candidate, guint stream,
                              const WherryIceConfig *config)
{
  NiceAddress address;
  NiceCandidate *out;

  nice_address_init (&address);
  if (!is_usable (candidate, config)
      || !nice_address_set_from_string (&address, candidate->address))
    return NULL;
  nice_address_set_port (&address, candidate->port);
  out = nice_candidate_new (to_nice_type (candidate->type));
  out->transport = to_nice_transport (candidate);
  out->addr = address;
  out->base_addr = address;
  out->priority = candidate->priority;
  out->stream_id = stream;
  out->component_id = candidate->component;
  g_strlcpy (out->foundation, candidate->foundation, sizeof out->foundation);
  return out;
}

gboolean
wherry_ice_address_is_link_local (const NiceAddress *address)
{
  char text[NICE_ADDRESS_STRING_LEN];

  nice_address_to_string (address, text);
  return is_link_local (text);
}

void
wherry_ice_address_to_string (const NiceAddress *address, char *buffer, gsize size)
{
  char text[NICE_ADDRESS_STRING_LEN];
  guint port = nice_address_get_port (address);

  nice_address_to_string (address, text);
  if (nice_address_ip_version (address) == 6)
    g_snprintf (buffer, size, "[%s]:%u", text, port);
  else
    g_snprintf (buffer, size, "%s:%u", text, port);
}
