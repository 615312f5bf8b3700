/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-log.h"
#include "relay/wherry-relay-hub-private.h"

/* This machine's addresses come and go. One watch serves all members: each looks on its own thread
 * whether it is concerned, so that an address that others do not use costs them nothing. */

static void
on_changed (gpointer user_data)
{
  WherryRelayHub *self = user_data;
  GHashTableIter iter;
  gpointer value;

  WHERRY_ASSERT_OWNER (self);
  wherry_info (NULL, "this machine's addresses have changed");
  if (self->network_func != NULL)
    self->network_func (self->network_data);
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      WherryRelayMember *member = value;

      if (!wherry_relay_member_is_present (member) || member->peer == NULL
          || member->transport != NULL)
        continue;
      if (self->config->ice != NULL)
        wherry_peer_post_set_ice_config (member->peer, self->config->ice);
      wherry_peer_post_check_address (member->peer, self->network);
    }
}

void
wherry_relay_hub_watch_network (WherryRelayHub *self, const WherryIceNetwork *network,
                                void (*changed) (gpointer user_data), gpointer user_data)
{
  WHERRY_ASSERT_OWNER (self);
  wherry_relay_hub_unwatch_network (self);
  self->network = network;
  self->network_func = changed;
  self->network_data = user_data;
  self->network_watch = network->watch (self->context, on_changed, self);
  if (self->network_watch == NULL)
    wherry_warning (NULL, "the system does not tell when addresses come and go");
}

void
wherry_relay_hub_unwatch_network (WherryRelayHub *self)
{
  if (self->network_watch != NULL)
    self->network->unwatch (self->network_watch);
  self->network_watch = NULL;
}
