/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "signaling/wherry-ice-server-list.h"
#include "signaling/wherry-turn-rest.h"

static GPtrArray *
list_stun (const WherryIceConfig *ice)
{
  GPtrArray *urls = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; ice != NULL && i < ice->stun_servers->len; i++)
    {
      const WherryIceStunServer *server = ice->stun_servers->pdata[i];
      gboolean is_ipv6 = strchr (server->host, ':') != NULL;

      g_ptr_array_add (urls, g_strdup_printf ("stun:%s%s%s:%u", is_ipv6 ? "[" : "", server->host,
                                              is_ipv6 ? "]" : "", server->port));
    }
  g_ptr_array_add (urls, NULL);
  return urls;
}

void
wherry_ice_server_list_init (WherryIceServerList *self, const WherryRelayConfig *config,
                             WherryRelayMember *member)
{
  WherryGrant *grant = wherry_relay_member_get_grant (member);
  const char *subject = wherry_grant_get_subject (grant);
  const WherryTurnRest turn = { config->turn_rest_secret, config->turn_rest_lifetime_us };

  *self = (WherryIceServerList){ .stun = list_stun (config->ice) };
  if (self->stun->len > 1)
    self->servers[self->n++].urls = (const char *const *) self->stun->pdata;
  if (config->turn_rest_secret == NULL)
    return;
  self->turn = g_ptr_array_new ();
  for (guint i = 0; i < config->turn_rest_uris->len; i++)
    g_ptr_array_add (self->turn, config->turn_rest_uris->pdata[i]);
  g_ptr_array_add (self->turn, NULL);
  wherry_turn_rest_make (&turn, subject != NULL ? subject : wherry_relay_member_get_id (member),
                         g_get_real_time (), wherry_grant_get_expires_us (grant), &self->username,
                         &self->credential);
  self->servers[self->n++] = (WherrySignalIceServerRef){
    .urls = (const char *const *) self->turn->pdata,
    .username = self->username,
    .credential = self->credential,
  };
}

void
wherry_ice_server_list_clear (WherryIceServerList *self)
{
  g_clear_pointer (&self->stun, g_ptr_array_unref);
  g_clear_pointer (&self->turn, g_ptr_array_unref);
  g_clear_pointer (&self->username, g_free);
  g_clear_pointer (&self->credential, g_free);
}

/* What our credentials are made of needs no quoting (RFC 9110 section 5.6.4). */
GPtrArray *
wherry_ice_server_list_to_links (const WherryIceServerList *self)
{
  GPtrArray *links = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->n; i++)
    {
      const WherrySignalIceServerRef *server = &self->servers[i];
      g_autoptr (GString) rest = g_string_new ("; rel=\"ice-server\"");

      if (server->username != NULL)
        g_string_append_printf (
            rest, "; username=\"%s\"; credential=\"%s\"; credential-type=\"password\"",
            server->username, server->credential);
      for (guint j = 0; server->urls[j] != NULL; j++)
        g_ptr_array_add (links, g_strdup_printf ("<%s>%s", server->urls[j], rest->str));
    }
  return links;
}
