/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "ice/wherry-ice-network.h"
#include "lib/wherry-configuration-private.h"
#include "wire/wherry-ice-url.h"

G_STATIC_ASSERT (WHERRY_ICE_CANDIDATE_TYPES_HOST == WHERRY_ICE_TYPE (HOST));
G_STATIC_ASSERT (WHERRY_ICE_CANDIDATE_TYPES_SRFLX == WHERRY_ICE_TYPE (SRFLX));
G_STATIC_ASSERT (WHERRY_ICE_CANDIDATE_TYPES_PRFLX == WHERRY_ICE_TYPE (PRFLX));
G_STATIC_ASSERT (WHERRY_ICE_CANDIDATE_TYPES_RELAY == WHERRY_ICE_TYPE (RELAY));

static void
add_url (WherryIceConfig *ice, WherryIceServer *server, const char *text)
{
  g_autoptr (WherryIceUrl) url = wherry_ice_url_parse (text, NULL); /* the server checked it */

  if (url->is_turn && url->tls)
    wherry_ice_config_add_turns_server (ice, url->host, url->port,
                                        wherry_ice_server_get_username (server),
                                        wherry_ice_server_get_credential (server));
  else if (url->is_turn)
    wherry_ice_config_add_turn_server (ice, url->host, url->port,
                                       wherry_ice_server_get_username (server),
                                       wherry_ice_server_get_credential (server), url->tcp);
  else
    wherry_ice_config_add_stun_server (ice, url->host, url->port);
}

WherryIceConfig *
wherry_configuration_to_ice (WherryConfiguration *self, GError **error)
{
  g_autoptr (WherryIceConfig) ice = wherry_ice_config_new ();
  GListModel *servers = wherry_configuration_get_ice_servers (self);
  const char *const *addresses = wherry_configuration_get_bind_addresses (self);
  guint n = g_list_model_get_n_items (servers);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WherryIceServer) server = g_list_model_get_item (servers, i);
      const char *const *urls = wherry_ice_server_get_urls (server);

      for (guint j = 0; urls[j] != NULL; j++)
        add_url (ice, server, urls[j]);
    }
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    if (!wherry_ice_config_add_bind_address (ice, addresses[i], error))
      return NULL;
  if (!wherry_ice_config_set_port_range (ice,
                                         (guint16) wherry_configuration_get_port_range_begin (self),
                                         (guint16) wherry_configuration_get_port_range_end (self),
                                         error))
    return NULL;
  ice->relay_only
      = wherry_configuration_get_ice_transport_policy (self) == WHERRY_ICE_TRANSPORT_POLICY_RELAY;
  ice->ice_tcp = wherry_configuration_get_ice_tcp (self);
  ice->local_types = wherry_configuration_get_candidate_types (self);
  ice->remote_types = ice->local_types & wherry_configuration_get_remote_candidate_types (self);
  if (wherry_configuration_get_restart_on_network_change (self))
    ice->network = wherry_ice_network_get_system ();
  return g_steal_pointer (&ice);
}
