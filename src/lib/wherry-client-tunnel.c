/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-client-negotiation-private.h"

#include "base/wherry-limits.h"
#include "lib/wherry-peer-connection-private.h"

/* Where UDP is blocked the signaling socket carries the channels of the connection, which goes on
 * looking for its own way, and takes them over when it has found one: channels stay open. */

static WherryConnection *
get_connection (WherryClientLink *self)
{
  return self->connection != NULL ? wherry_peer_connection_get_connection (self->connection) : NULL;
}

static void
set_detour (WherryClientLink *self, gint64 after_us, GSourceFunc func)
{
  wherry_clock_clear_source (&self->detour);
  self->detour = wherry_clock_add (self->clock, self->context, after_us, func, self);
}

static gboolean
on_fallback (gpointer data)
{
  WherryClientLink *self = data;

  wherry_clock_clear_source (&self->detour);
  wherry_client_link_ask_tunnel (self);
  return G_SOURCE_REMOVE;
}

void
wherry_client_link_arm_tunnel (WherryClientLink *self, const WherrySignal *joined)
{
  self->has_tunnel = joined->features != NULL
                     && g_strv_contains ((const char *const *) joined->features, "tunnel");
  if (self->has_tunnel)
    set_detour (self, WHERRY_TUNNEL_AFTER_US, on_fallback);
}

gboolean
wherry_client_link_ask_tunnel (WherryClientLink *self)
{
  if (!self->has_tunnel || self->connected || self->signaling == NULL)
    return FALSE;
  if (!self->asked_tunnel)
    self->asked_tunnel
        = wherry_signaling_client_send (self->signaling, wherry_signal_write_tunnel (NULL));
  return self->asked_tunnel;
}

/* ---- what the connection says ---- */

static void
on_output (gpointer user_data, GBytes *frames)
{
  WherryClientLink *self = user_data;

  if (self->signaling != NULL)
    wherry_signaling_client_send_binary (self->signaling, frames);
}

static void
on_moved (gpointer user_data, gboolean tunneled)
{
  WherryClientLink *self = user_data;

  self->tunneled = tunneled;
  if (!tunneled)
    wherry_clock_clear_source (&self->detour);
  if (self->events != NULL && self->connected)
    self->events->moved (self->user_data, tunneled);
}

static const WherryConnectionCarrier carrier = {
  .output = on_output,
  .moved = on_moved,
};

/* ---- back to WebRTC ---- */

static gboolean
on_return (gpointer data)
{
  WherryClientLink *self = data;

  self->detour_us = MIN (2 * self->detour_us, WHERRY_TUNNEL_RETURN_LONGEST_US);
  set_detour (self, self->detour_us, on_return);
  /* what is asked of it meanwhile, by a change of the network or the relay, it does by itself */
  if (self->connection != NULL && self->left == NULL
      && wherry_peer_connection_get_signaling_state (self->connection)
             == WHERRY_SIGNALING_STATE_STABLE)
    wherry_peer_connection_restart_ice (self->connection);
  return G_SOURCE_REMOVE;
}

void
wherry_client_link_settle_tunnel (WherryClientLink *self)
{
  wherry_clock_clear_source (&self->detour);
  if (self->events != NULL)
    self->events->moved (self->user_data, self->tunneled);
  if (!self->tunneled)
    return;
  self->detour_us = WHERRY_TUNNEL_RETURN_US;
  set_detour (self, self->detour_us, on_return);
}

/* ---- what the server says ---- */

void
wherry_client_link_take_tunnel (WherryClientLink *self)
{
  WherryConnection *connection = get_connection (self);

  if (connection != NULL && self->asked_tunnel && !self->connected)
    wherry_connection_set_carrier (connection, &carrier, self);
}

void
wherry_client_link_take_frames (gpointer self, GBytes *frames)
{
  WherryConnection *connection = get_connection (self);

  /* what breaks the rules of the tunnel ends the connection by itself */
  if (connection != NULL)
    wherry_peer_post_tunnel_input (connection->peer, frames);
}

gboolean
wherry_client_link_lose_tunnel (WherryClientLink *self)
{
  WherryConnection *connection = get_connection (self);

  if (connection != NULL && self->asked_tunnel)
    wherry_peer_post_tunnel_lost (connection->peer);
  return self->tunneled;
}

void
wherry_client_link_drop_tunnel (WherryClientLink *self)
{
  WherryConnection *connection = get_connection (self);

  wherry_clock_clear_source (&self->detour);
  if (connection != NULL)
    wherry_connection_set_carrier (connection, NULL, NULL);
}
