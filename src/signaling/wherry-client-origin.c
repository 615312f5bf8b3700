/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-client-origin.h"

#include "base/wherry-log.h"

#define KEY "wherry-origin"
/* Where somebody is who came through a proxy on this machine that we do not believe: all of them
 * together are one address, and none of this machine's. */
#define BEHIND_A_PROXY "0.0.0.0"

/* What proxies add, whether they are trusted or not: somebody else asked. */
static const char *const forwarding[] = {
  "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Server",
  "X-Real-IP", "X-Client-IP",     "True-Client-IP",   "CF-Connecting-IP",  "Via",
};

static void
origin_free (gpointer data)
{
  WherryOrigin *origin = data;

  g_free ((char *) origin->address);
  g_free (origin);
}

static gboolean
is_forwarded (SoupMessageHeaders *headers)
{
  for (guint i = 0; i < G_N_ELEMENTS (forwarding); i++)
    if (soup_message_headers_get_list (headers, forwarding[i]) != NULL)
      return TRUE;
  return FALSE;
}

/* (transfer full) */
static char *
find_address (SoupMessageHeaders *headers, GInetAddress *peer, const WherryProxyPolicy *proxies,
              gboolean is_local)
{
  static int warned; /* atomic */
  g_autofree char *own = g_inet_address_to_string (peer);
  g_autofree char *found
      = wherry_proxy_policy_find_client (proxies, peer,
                                         soup_message_headers_get_list (headers, "X-Forwarded-For"),
                                         soup_message_headers_get_list (headers, "Forwarded"));

  if (is_local || !g_inet_address_get_is_loopback (peer) || !g_str_equal (found, own))
    return g_steal_pointer (&found);
  if (g_atomic_int_compare_and_exchange (&warned, FALSE, TRUE))
    wherry_message (NULL,
                    "a proxy on this machine is not a trusted-proxy: whom it forwards are one "
                    "address to us");
  return g_strdup (BEHIND_A_PROXY);
}

const WherryOrigin *
wherry_client_origin_get (SoupServerMessage *message, const WherryProxyPolicy *proxies)
{
  WherryOrigin *origin = g_object_get_data (G_OBJECT (message), KEY);
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  GSocketAddress *remote = soup_server_message_get_remote_address (message);
  GInetAddress *peer;

  if (origin != NULL)
    return origin;
  origin = g_new0 (WherryOrigin, 1);
  if (remote != NULL && G_IS_INET_SOCKET_ADDRESS (remote))
    {
      peer = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote));
      origin->is_local = g_inet_address_get_is_loopback (peer) && !is_forwarded (headers);
      origin->address = find_address (headers, peer, proxies, origin->is_local);
    }
  g_object_set_data_full (G_OBJECT (message), KEY, origin, origin_free);
  return origin;
}
