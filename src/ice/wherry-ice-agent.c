/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <ifaddrs.h>
#include <string.h>
#include <sys/socket.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-candidates.h"

/* The kernel's default (about 200 KiB) holds some 90 packets, because it counts 2.3 KiB for each: a
 * window's burst from a fast sender is more. Costs nothing while empty; the system may give less.
 */
#define SOCKET_BUFFER ((int) WHERRY_MIB)

static gboolean
add_address (NiceAgent *agent, NiceAddress *address)
{
  return nice_address_is_valid (address) && nice_agent_add_local_address (agent, address);
}

static gboolean
add_addresses (NiceAgent *agent, const WherryIceConfig *config, GError **error)
{
  for (guint i = 0; i < config->bind_addresses->len; i++)
    {
      const char *text = g_ptr_array_index (config->bind_addresses, i);
      NiceAddress address;

      nice_address_init (&address);
      if (!nice_address_set_from_string (&address, text) || !add_address (agent, &address))
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                       "ICE cannot use the bind address “%s”", text);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
add_interface (NiceAgent *agent, const char *name, const struct ifaddrs *all, gboolean link_local)
{
  gboolean found = FALSE;

  for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
    {
      NiceAddress address;

      if (strcmp (i->ifa_name, name) != 0 || i->ifa_addr == NULL
          || (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
        continue;
      nice_address_init (&address);
      nice_address_set_from_sockaddr (&address, i->ifa_addr);
      nice_address_set_port (&address, 0);
      if (link_local || !wherry_ice_address_is_link_local (&address))
        found |= add_address (agent, &address);
    }
  return found;
}

static gboolean
add_interfaces (NiceAgent *agent, const WherryIceConfig *config, GError **error)
{
  struct ifaddrs *all = NULL;
  const char *missing = NULL;

  if (config->interfaces->len == 0)
    return TRUE;
  if (getifaddrs (&all) != 0)
    all = NULL;
  for (guint i = 0; i < config->interfaces->len && missing == NULL; i++)
    if (!add_interface (agent, g_ptr_array_index (config->interfaces, i), all, config->link_local))
      missing = g_ptr_array_index (config->interfaces, i);
  if (all != NULL)
    freeifaddrs (all);
  if (missing == NULL)
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES,
               "the interface “%s” is not there or has no address", missing);
  return FALSE;
}

NiceAgent *
wherry_ice_agent_new (const WherryIceConfig *config, GMainContext *context, guint *stream,
                      GError **error)
{
  g_autoptr (NiceAgent) agent
      = nice_agent_new_full (context, NICE_COMPATIBILITY_RFC5245,
                             NICE_AGENT_OPTION_ICE_TRICKLE | NICE_AGENT_OPTION_CONSENT_FRESHNESS);

  g_object_set (agent, "upnp", FALSE, "ice-tcp", config->ice_tcp, "ice-udp",
                !config->no_udp || !config->ice_tcp, "force-relay", config->relay_only, NULL);
  wherry_ice_agent_update_role (agent, config);
  if (!add_addresses (agent, config, error) || !add_interfaces (agent, config, error))
    return NULL;
  *stream = nice_agent_add_stream (agent, WHERRY_ICE_COMPONENT);
  if (*stream == 0)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES, "ICE gave no stream");
      return NULL;
    }
  if (config->port_max > 0)
    nice_agent_set_port_range (agent, *stream, WHERRY_ICE_COMPONENT, config->port_min,
                               config->port_max);
  return g_steal_pointer (&agent);
}

void
wherry_ice_agent_update_role (NiceAgent *agent, const WherryIceConfig *config)
{
  /* RFC 8445 section 6.1.1: a full agent controls a lite one, whoever offered. */
  g_object_set (agent, "controlling-mode", config->controlling || config->remote_lite, NULL);
}

static void
enlarge_buffers (NiceAgent *agent, guint stream)
{
  g_autoptr (GPtrArray) sockets = nice_agent_get_sockets (agent, stream, WHERRY_ICE_COMPONENT);

  for (guint i = 0; sockets != NULL && i < sockets->len; i++)
    {
      GSocket *socket = g_ptr_array_index (sockets, i);

      if (g_socket_get_socket_type (socket) != G_SOCKET_TYPE_DATAGRAM)
        continue;
      g_socket_set_option (socket, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER, NULL);
      g_socket_set_option (socket, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER, NULL);
    }
}

gboolean
wherry_ice_agent_gather (NiceAgent *agent, guint stream, GMainContext *context,
                         const WherryIceConfig *config, GError **error)
{
  g_autoptr (GString) addresses = NULL;
  gboolean ok;

  /* Names of servers are resolved with callbacks on the thread's default context. */
  g_main_context_push_thread_default (context);
  ok = nice_agent_gather_candidates (agent, stream);
  g_main_context_pop_thread_default (context);
  if (ok)
    {
      enlarge_buffers (agent, stream);
      return TRUE;
    }
  addresses = g_string_new (NULL);
  for (guint i = 0; i < config->bind_addresses->len; i++)
    g_string_append_printf (addresses, " %s",
                            (const char *) g_ptr_array_index (config->bind_addresses, i));
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES,
               "ICE could open no port in the range %u-%u on the addresses:%s", config->port_min,
               config->port_max, addresses->len > 0 ? addresses->str : " all");
  return FALSE;
}

gboolean
wherry_ice_agent_get_pair (NiceAgent *agent, guint stream, WherryIcePair *pair)
{
  NiceCandidate *local = NULL;
  NiceCandidate *remote = NULL;

  if (!nice_agent_get_selected_pair (agent, stream, WHERRY_ICE_COMPONENT, &local, &remote))
    return FALSE;
  pair->local_type = wherry_ice_candidate_type (local->type);
  pair->remote_type = wherry_ice_candidate_type (remote->type);
  pair->protocol = local->transport == NICE_CANDIDATE_TRANSPORT_UDP ? "udp" : "tcp";
  wherry_ice_address_to_string (&local->addr, pair->local_address, sizeof pair->local_address);
  wherry_ice_address_to_string (&remote->addr, pair->remote_address, sizeof pair->remote_address);
  return TRUE;
}

gboolean
wherry_ice_agent_get_base (NiceAgent *agent, guint stream, char text[NICE_ADDRESS_STRING_LEN])
{
  NiceCandidate *local = NULL;
  NiceCandidate *remote = NULL;

  if (!nice_agent_get_selected_pair (agent, stream, WHERRY_ICE_COMPONENT, &local, &remote))
    return FALSE;
  nice_address_to_string (&local->base_addr, text);
  return TRUE;
}

void
wherry_ice_agent_log_pair (NiceAgent *agent, guint stream, const WherryLogContext *log)
{
  WherryIcePair pair;

  if (wherry_ice_agent_get_pair (agent, stream, &pair))
    wherry_debug (log, "ICE connected: %s %s to %s %s over %s",
                  wherry_candidate_type_to_string (pair.local_type), pair.local_address,
                  wherry_candidate_type_to_string (pair.remote_type), pair.remote_address,
                  pair.protocol);
}
