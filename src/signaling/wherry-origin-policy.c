/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "signaling/wherry-origin-policy.h"

struct _WherryOriginPolicy
{
  GHashTable *origins; /* "scheme://authority", lower case, default port removed */
  GHashTable *hosts;   /* lower case, no port, no brackets */
  gboolean any_origin;
};

WherryOriginPolicy *
wherry_origin_policy_new (void)
{
  WherryOriginPolicy *self = g_new0 (WherryOriginPolicy, 1);

  self->origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->hosts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
wherry_origin_policy_free (WherryOriginPolicy *self)
{
  g_hash_table_unref (self->origins);
  g_hash_table_unref (self->hosts);
  g_free (self);
}

/* "name", "name:port", "1.2.3.4:port", "[::1]:port" (RFC 9110 section 7.2): the lower-case host
 * without brackets, and the port or 0. NULL: it is none of them. */
static char *
parse_authority (const char *authority, guint *port)
{
  const char *host = authority;
  const char *end;
  const char *colon;
  guint64 number = 0;

  if (*authority == '[')
    {
      host = authority + 1;
      end = strchr (host, ']');
      if (end == NULL || (end[1] != '\0' && end[1] != ':'))
        return NULL;
      colon = end[1] == ':' ? end + 1 : NULL;
    }
  else
    {
      colon = strchr (host, ':');
      end = colon != NULL ? colon : host + strlen (host);
    }
  if (end == host || end - host > 255)
    return NULL;
  for (const char *c = host; c < end; c++)
    if (!g_ascii_isalnum (*c) && strchr (".-_:", *c) == NULL)
      return NULL;
  if (colon != NULL && !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &number, NULL))
    return NULL;

  *port = (guint) number;
  return g_ascii_strdown (host, end - host);
}

/* scheme and authority of an origin, normal form; NULL: no origin */
static char *
normalize_origin (const char *origin)
{
  static const struct
  {
    const char *scheme;
    guint port;
  } defaults[] = { { "http", 80 }, { "https", 443 } };
  const char *separator = strstr (origin, "://");
  g_autofree char *scheme = NULL;
  g_autofree char *host = NULL;
  guint port;

  if (separator == NULL || separator == origin)
    return NULL;
  scheme = g_ascii_strdown (origin, separator - origin);
  for (const char *c = scheme; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr ("+-.", *c) == NULL)
      return NULL;
  host = parse_authority (separator + 3, &port);
  if (host == NULL)
    return NULL;

  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    if (port == 0 && g_str_equal (scheme, defaults[i].scheme))
      port = defaults[i].port;
  return g_strdup_printf ("%s://%s:%u", scheme, host, port);
}

gboolean
wherry_origin_policy_allow_origin (WherryOriginPolicy *self, const char *origin, GError **error)
{
  char *normal;

  if (g_str_equal (origin, "*"))
    {
      self->any_origin = TRUE;
      return TRUE;
    }
  normal = g_str_equal (origin, "null") ? g_strdup (origin) : normalize_origin (origin);
  if (normal == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "“%s” is no origin: write it as https://chat.example.org, without a path",
                   origin);
      return FALSE;
    }

  g_hash_table_add (self->origins, normal);
  return TRUE;
}

gboolean
wherry_origin_policy_allow_host (WherryOriginPolicy *self, const char *host, GError **error)
{
  g_autofree char *normal = NULL;
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);
  guint port = 0;

  normal = address != NULL ? g_inet_address_to_string (address) : parse_authority (host, &port);
  if (normal == NULL || port != 0)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "“%s” is no host: write a name or an address, without a port", host);
      return FALSE;
    }

  g_hash_table_add (self->hosts, g_steal_pointer (&normal));
  return TRUE;
}

static gboolean
is_own_address (GInetAddress *address, GSocketAddress *local)
{
  if (g_inet_address_get_is_loopback (address))
    return TRUE;
  return local != NULL && G_IS_INET_SOCKET_ADDRESS (local)
         && g_inet_address_equal (address, g_inet_socket_address_get_address (
                                               G_INET_SOCKET_ADDRESS (local)));
}

gboolean
wherry_origin_policy_check_host (const WherryOriginPolicy *self, const char *host,
                                 GSocketAddress *local)
{
  g_autofree char *name = NULL;
  g_autoptr (GInetAddress) address = NULL;
  guint port;

  if (host == NULL)
    return FALSE;
  name = parse_authority (host, &port);
  if (name == NULL)
    return FALSE;

  address = g_inet_address_new_from_string (name);
  if (address != NULL)
    {
      g_autofree char *canonical = g_inet_address_to_string (address);

      return is_own_address (address, local) || g_hash_table_contains (self->hosts, canonical);
    }
  return g_str_equal (name, "localhost") || g_str_has_suffix (name, ".localhost")
         || g_hash_table_contains (self->hosts, name);
}

gboolean
wherry_origin_policy_check_origin (const WherryOriginPolicy *self, const char *origin,
                                   const char *host)
{
  g_autofree char *normal = NULL;

  if (origin == NULL || self->any_origin)
    return TRUE;
  if (g_str_equal (origin, "null"))
    return g_hash_table_contains (self->origins, origin);
  normal = normalize_origin (origin);
  if (normal == NULL)
    return FALSE;
  if (g_hash_table_contains (self->origins, normal))
    return TRUE;

  /* our own: the page came from the same host and port, by HTTP or through a TLS proxy */
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *own = g_strdup_printf ("%s://%s", i == 0 ? "http" : "https", host);
      g_autofree char *own_normal = normalize_origin (own);

      if (g_strcmp0 (own_normal, normal) == 0)
        return TRUE;
    }
  return FALSE;
}
