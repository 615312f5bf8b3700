/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-bind-policy.h"

#include "base/wherry-log.h"

/* The address that packets to destination would leave from. A datagram socket is connected, which
 * asks the routing table and sends nothing. NULL: there is no way there. */
static char *
find_source_address (const char *destination)
{
  g_autoptr (GSocketAddress) remote = g_inet_socket_address_new_from_string (destination, 9);
  g_autoptr (GSocketAddress) local = NULL;
  g_autoptr (GSocket) socket = NULL;
  GInetAddress *address;

  socket = g_socket_new (g_socket_address_get_family (remote), G_SOCKET_TYPE_DATAGRAM,
                         G_SOCKET_PROTOCOL_UDP, NULL);
  if (socket == NULL || !g_socket_connect (socket, remote, NULL, NULL))
    return NULL;
  local = g_socket_get_local_address (socket, NULL);
  if (local == NULL)
    return NULL;

  address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local));
  if (g_inet_address_get_is_loopback (address) || g_inet_address_get_is_link_local (address))
    return NULL;
  return g_inet_address_to_string (address);
}

static void
add_address (WherryIceConfig *ice, const char *address)
{
  g_autoptr (GError) error = NULL;

  if (!wherry_ice_config_add_bind_address (ice, address, &error))
    wherry_warning (NULL, "Left out the address %s: %s", address, error->message);
}

void
wherry_bind_policy_apply (WherryIceConfig *ice, GPtrArray *listen_on)
{
  /* documentation addresses (RFC 5737, RFC 3849): routed as any other, and nobody's */
  static const char *const beyond[] = { "192.0.2.1", "2001:db8::1" };

  if (ice->bind_addresses->len > 0)
    return;
  for (guint i = 0; i < listen_on->len; i++)
    {
      GInetSocketAddress *listen = listen_on->pdata[i];

      if (!g_inet_address_get_is_loopback (g_inet_socket_address_get_address (listen)))
        return;
    }

  for (guint i = 0; i < listen_on->len; i++)
    {
      GInetSocketAddress *listen = listen_on->pdata[i];
      g_autofree char *address
          = g_inet_address_to_string (g_inet_socket_address_get_address (listen));

      if (!g_ptr_array_find_with_equal_func (ice->bind_addresses, address, g_str_equal, NULL))
        add_address (ice, address);
    }
  for (guint i = 0; i < G_N_ELEMENTS (beyond); i++)
    {
      g_autofree char *address = find_source_address (beyond[i]);

      if (address != NULL)
        add_address (ice, address);
    }
}
