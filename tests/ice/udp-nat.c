/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include "ice/udp-nat.h"

static GSocketAddress *
loopback (guint port)
{
  return g_inet_socket_address_new_from_string ("127.0.0.1", port);
}

static guint
port_of (GSocket *socket)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, &error);

  g_assert_no_error (error);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

static GSocket *
open_socket (GSource **source, GSocketSourceFunc func, UdpNat *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = loopback (0);
  GSocket *socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);

  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  g_socket_bind (socket, address, FALSE, &error);
  g_assert_no_error (error);
  *source = g_socket_create_source (socket, G_IO_IN, NULL);
  g_source_set_callback (*source, G_SOURCE_FUNC (func), self, NULL);
  g_source_attach (*source, NULL);
  return socket;
}

static void
close_socket (GSocket **socket, GSource **source)
{
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
  g_clear_object (socket);
}

/* from: (out) (transfer full). */
static void
pass (UdpNat *self, GSocket *in, GSocketAddress **from, GSocket *out, GSocketAddress *to)
{
  char data[2048];
  gssize size = g_socket_receive_from (in, from, data, sizeof data, NULL, NULL);

  if (size > 0 && to != NULL && !self->silent)
    g_socket_send_to (out, to, data, (gsize) size, NULL, NULL);
}

static gboolean
on_inside (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  UdpNat *self = user_data;

  g_clear_object (&self->client);
  pass (self, socket, &self->client, self->outside, self->server);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_outside (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  UdpNat *self = user_data;
  g_autoptr (GSocketAddress) from = NULL;

  pass (self, socket, &from, self->inside, self->client);
  return G_SOURCE_CONTINUE;
}

void
udp_nat_init (UdpNat *self)
{
  *self = (UdpNat){ 0 };
  self->inside = open_socket (&self->inside_source, on_inside, self);
  self->outside = open_socket (&self->outside_source, on_outside, self);
}

guint
udp_nat_get_inside_port (UdpNat *self)
{
  return port_of (self->inside);
}

guint
udp_nat_get_outside_port (UdpNat *self)
{
  return port_of (self->outside);
}

void
udp_nat_set_server (UdpNat *self, guint port)
{
  g_clear_object (&self->server);
  self->server = loopback (port);
}

void
udp_nat_move (UdpNat *self)
{
  GSocket *old = self->outside;
  GSource *old_source = self->outside_source;

  /* before the old one is closed, or it may get the same port */
  self->outside = open_socket (&self->outside_source, on_outside, self);
  close_socket (&old, &old_source);
}

void
udp_nat_clear (UdpNat *self)
{
  close_socket (&self->inside, &self->inside_source);
  close_socket (&self->outside, &self->outside_source);
  g_clear_object (&self->client);
  g_clear_object (&self->server);
}
