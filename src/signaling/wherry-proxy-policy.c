/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-proxy-policy.h"

#include <string.h>

#include "base/wherry-error.h"

/* Proxies in a row that are gone through; each adds one element. */
#define HOPS_MAX 16u
/* The longest element of Forwarded that says something: an address, a host, a scheme. */
#define ELEMENT_MAX 512u

struct _WherryProxyPolicy
{
  GPtrArray *masks; /* of GInetAddressMask */
};

WherryProxyPolicy *
wherry_proxy_policy_new (void)
{
  WherryProxyPolicy *self = g_new0 (WherryProxyPolicy, 1);

  self->masks = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

void
wherry_proxy_policy_free (WherryProxyPolicy *self)
{
  g_ptr_array_unref (self->masks);
  g_free (self);
}

gboolean
wherry_proxy_policy_trust (WherryProxyPolicy *self, const char *range, GError **error)
{
  GInetAddressMask *mask = g_inet_address_mask_new_from_string (range, NULL);

  if (mask == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "“%s” is no address nor range: write it as 10.0.0.0/8", range);
      return FALSE;
    }
  g_ptr_array_add (self->masks, mask);
  return TRUE;
}

/* (transfer full): ::ffff:a.b.c.d as a.b.c.d, so that a range of IPv4 has it */
static GInetAddress *
normalize (GInetAddress *address)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6
      || memcmp (bytes, mapped, sizeof mapped) != 0)
    return g_object_ref (address);
  return g_inet_address_new_from_bytes (bytes + sizeof mapped, G_SOCKET_FAMILY_IPV4);
}

static gboolean
is_trusted (const WherryProxyPolicy *self, GInetAddress *address)
{
  for (guint i = 0; i < self->masks->len; i++)
    if (g_inet_address_mask_matches (g_ptr_array_index (self->masks, i), address))
      return TRUE;
  return FALSE;
}

/* An address alone, or with a port: "192.0.2.1:80", "[2001:db8::1]:80". (transfer full) (nullable)
 */
static GInetAddress *
parse_node (const char *text, gsize length)
{
  g_autofree char *node = g_strndup (text, MIN (length, ELEMENT_MAX));
  g_autoptr (GInetAddress) address = NULL;
  char *host = g_strstrip (node);
  char *colon = strchr (host, ':');

  if (host[0] == '[')
    {
      char *end = strchr (host, ']');

      if (end == NULL)
        return NULL;
      *end = '\0';
      host++;
    }
  else if (colon != NULL && strchr (colon + 1, ':') == NULL)
    *colon = '\0';
  address = g_inet_address_new_from_string (host);
  return address != NULL ? normalize (address) : NULL;
}

/* The `for` of an element of Forwarded: for=192.0.2.1, FOR="[2001:db8::1]:80". (transfer full)
 * (nullable) */
static GInetAddress *
parse_element (const char *text, gsize length)
{
  g_autofree char *element = g_strndup (text, MIN (length, ELEMENT_MAX));
  g_auto (GStrv) pairs = g_strsplit (element, ";", 8);

  for (guint i = 0; pairs[i] != NULL; i++)
    {
      char *pair = g_strstrip (pairs[i]);
      char *value = pair + strlen ("for=");
      gsize n;

      if (g_ascii_strncasecmp (pair, "for=", strlen ("for=")) != 0)
        continue;
      n = strlen (value);
      if (n >= 2 && value[0] == '"' && value[n - 1] == '"')
        return parse_node (value + 1, n - 2);
      return parse_node (value, n);
    }
  return NULL;
}

/* From the right, past every trusted one; what is no address ends it at the one who wrote it.
 * (transfer full) */
static GInetAddress *
walk (const WherryProxyPolicy *self, GInetAddress *peer, const char *list,
      GInetAddress *(*parse) (const char *text, gsize length))
{
  g_autoptr (GInetAddress) client = g_object_ref (peer);
  gsize end = strlen (list);

  for (guint i = 0; i < HOPS_MAX && is_trusted (self, client); i++)
    {
      gsize start = end;
      g_autoptr (GInetAddress) next = NULL;

      while (start > 0 && list[start - 1] != ',')
        start--;
      next = parse (list + start, end - start);
      if (next == NULL)
        break;
      g_set_object (&client, next);
      if (start == 0)
        break;
      end = start - 1;
    }
  return g_steal_pointer (&client);
}

char *
wherry_proxy_policy_find_client (const WherryProxyPolicy *self, GInetAddress *peer,
                                 const char *forwarded_for, const char *forwarded)
{
  g_autoptr (GInetAddress) from = normalize (peer);
  g_autoptr (GInetAddress) first = NULL, second = NULL;

  if (self == NULL || !is_trusted (self, from))
    return g_inet_address_to_string (from);
  first = walk (self, from, forwarded_for != NULL ? forwarded_for : "", parse_node);
  second = walk (self, from, forwarded != NULL ? forwarded : "", parse_element);
  if (forwarded_for == NULL)
    return g_inet_address_to_string (second);
  if (forwarded == NULL || g_inet_address_equal (first, second))
    return g_inet_address_to_string (first);
  return g_inet_address_to_string (from);
}
