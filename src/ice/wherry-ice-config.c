/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <gio/gio.h>

#include "base/wherry-error.h"
#include "ice/wherry-ice-config.h"

static void
stun_server_free (gpointer data)
{
  WherryIceStunServer *server = data;

  g_free (server->host);
  g_free (server);
}

static void
turn_server_free (gpointer data)
{
  WherryIceTurnServer *server = data;

  g_free (server->host);
  g_free (server->user);
  g_free (server->password);
  g_free (server);
}

WherryIceConfig *
wherry_ice_config_new (void)
{
  WherryIceConfig *self = g_new0 (WherryIceConfig, 1);

  self->stun_servers = g_ptr_array_new_with_free_func (stun_server_free);
  self->turn_servers = g_ptr_array_new_with_free_func (turn_server_free);
  self->bind_addresses = g_ptr_array_new_with_free_func (g_free);
  self->interfaces = g_ptr_array_new_with_free_func (g_free);
  self->local_types = WHERRY_ICE_TYPES_ALL;
  self->remote_types = WHERRY_ICE_TYPES_ALL;
  return self;
}

static void
add_turn (WherryIceConfig *self, const WherryIceTurnServer *server)
{
  WherryIceTurnServer *copy = g_new0 (WherryIceTurnServer, 1);

  copy->host = g_strdup (server->host);
  copy->port = server->port;
  copy->user = g_strdup (server->user);
  copy->password = g_strdup (server->password);
  copy->tcp = server->tcp;
  copy->tls = server->tls;
  g_ptr_array_add (self->turn_servers, copy);
}

WherryIceConfig *
wherry_ice_config_copy (const WherryIceConfig *self)
{
  WherryIceConfig *copy = wherry_ice_config_new ();

  for (guint i = 0; i < self->stun_servers->len; i++)
    {
      const WherryIceStunServer *server = g_ptr_array_index (self->stun_servers, i);

      wherry_ice_config_add_stun_server (copy, server->host, server->port);
    }
  for (guint i = 0; i < self->turn_servers->len; i++)
    {
      const WherryIceTurnServer *server = g_ptr_array_index (self->turn_servers, i);

      add_turn (copy, server);
    }
  for (guint i = 0; i < self->bind_addresses->len; i++)
    g_ptr_array_add (copy->bind_addresses, g_strdup (g_ptr_array_index (self->bind_addresses, i)));
  for (guint i = 0; i < self->interfaces->len; i++)
    wherry_ice_config_add_interface (copy, g_ptr_array_index (self->interfaces, i));
  copy->port_min = self->port_min;
  copy->port_max = self->port_max;
  copy->external_address = g_strdup (self->external_address);
  copy->controlling = self->controlling;
  copy->remote_lite = self->remote_lite;
  copy->relay_only = self->relay_only;
  copy->ice_tcp = self->ice_tcp;
  copy->no_udp = self->no_udp;
  copy->local_types = self->local_types;
  copy->remote_types = self->remote_types;
  wherry_ice_config_set_resolver (copy, self->resolver);
  copy->mdns = self->mdns;
  copy->tls_ca_file = g_strdup (self->tls_ca_file);
  copy->network = self->network;
  copy->link_local = self->link_local;
  copy->outlives_failure = self->outlives_failure;
  return copy;
}

void
wherry_ice_config_free (WherryIceConfig *self)
{
  g_ptr_array_unref (self->stun_servers);
  g_ptr_array_unref (self->turn_servers);
  g_ptr_array_unref (self->bind_addresses);
  g_ptr_array_unref (self->interfaces);
  g_clear_object (&self->resolver);
  g_free (self->tls_ca_file);
  g_free (self->external_address);
  g_free (self);
}

static gboolean
same_stun (gconstpointer a, gconstpointer b)
{
  const WherryIceStunServer *of_a = a;
  const WherryIceStunServer *of_b = b;

  return of_a->port == of_b->port && g_strcmp0 (of_a->host, of_b->host) == 0;
}

static gboolean
same_turn (gconstpointer a, gconstpointer b)
{
  const WherryIceTurnServer *of_a = a;
  const WherryIceTurnServer *of_b = b;

  return of_a->port == of_b->port && of_a->tcp == of_b->tcp && of_a->tls == of_b->tls
         && g_strcmp0 (of_a->host, of_b->host) == 0 && g_strcmp0 (of_a->user, of_b->user) == 0
         && g_strcmp0 (of_a->password, of_b->password) == 0;
}

static gboolean
same_all (GPtrArray *a, GPtrArray *b, gboolean (*same) (gconstpointer a, gconstpointer b))
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!same (g_ptr_array_index (a, i), g_ptr_array_index (b, i)))
      return FALSE;
  return TRUE;
}

gboolean
wherry_ice_config_gathers_alike (const WherryIceConfig *a, const WherryIceConfig *b)
{
  return same_all (a->stun_servers, b->stun_servers, same_stun)
         && same_all (a->turn_servers, b->turn_servers, same_turn)
         && same_all (a->bind_addresses, b->bind_addresses, g_str_equal)
         && same_all (a->interfaces, b->interfaces, g_str_equal) && a->port_min == b->port_min
         && a->port_max == b->port_max && g_strcmp0 (a->external_address, b->external_address) == 0
         && a->relay_only == b->relay_only && a->ice_tcp == b->ice_tcp && a->no_udp == b->no_udp
         && a->local_types == b->local_types && a->link_local == b->link_local;
}

void
wherry_ice_config_add_stun_server (WherryIceConfig *self, const char *host, guint16 port)
{
  WherryIceStunServer *server = g_new0 (WherryIceStunServer, 1);

  server->host = g_strdup (host);
  server->port = port;
  g_ptr_array_add (self->stun_servers, server);
}

void
wherry_ice_config_add_turn_server (WherryIceConfig *self, const char *host, guint16 port,
                                   const char *user, const char *password, gboolean tcp)
{
  const WherryIceTurnServer server = { .host = (char *) host,
                                       .port = port,
                                       .user = (char *) user,
                                       .password = (char *) password,
                                       .tcp = tcp };

  add_turn (self, &server);
}

void
wherry_ice_config_add_turns_server (WherryIceConfig *self, const char *host, guint16 port,
                                    const char *user, const char *password)
{
  const WherryIceTurnServer server = { .host = (char *) host,
                                       .port = port,
                                       .user = (char *) user,
                                       .password = (char *) password,
                                       .tls = TRUE };

  add_turn (self, &server);
}

void
wherry_ice_config_add_interface (WherryIceConfig *self, const char *name)
{
  g_ptr_array_add (self->interfaces, g_strdup (name));
}

void
wherry_ice_config_set_resolver (WherryIceConfig *self, GResolver *resolver)
{
  g_set_object (&self->resolver, resolver);
}

void
wherry_ice_config_set_tls_ca_file (WherryIceConfig *self, const char *file)
{
  g_free (self->tls_ca_file);
  self->tls_ca_file = g_strdup (file);
}

static gboolean
check_address (const char *address, const char *what, GError **error)
{
  if (g_hostname_is_ip_address (address))
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
               "%s “%s” is not a literal IPv4 or IPv6 address", what, address);
  return FALSE;
}

gboolean
wherry_ice_config_add_bind_address (WherryIceConfig *self, const char *address, GError **error)
{
  if (!check_address (address, "bind address", error))
    return FALSE;
  g_ptr_array_add (self->bind_addresses, g_strdup (address));
  return TRUE;
}

gboolean
wherry_ice_config_set_external_address (WherryIceConfig *self, const char *address, GError **error)
{
  if (address != NULL && !check_address (address, "external address", error))
    return FALSE;
  g_free (self->external_address);
  self->external_address = g_strdup (address);
  return TRUE;
}

gboolean
wherry_ice_config_set_port_range (WherryIceConfig *self, guint16 min, guint16 max, GError **error)
{
  if (min > max || (min == 0) != (max == 0))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "port range %u-%u: give two ports from 1 to 65535, the lower first", min, max);
      return FALSE;
    }
  self->port_min = min;
  self->port_max = max;
  return TRUE;
}
