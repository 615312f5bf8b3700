/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "ice/fake-stun.h"

/* RFC 8489 section 14.2: family, port and address, the latter two masked by the magic cookie. */
static gsize
write_mapped (guint8 *out, const guint8 *cookie, guint16 port, const guint8 *address)
{
  static const guint8 head[] = { 0x00, 0x20, 0x00, 0x08, 0x00, 0x01 };

  memcpy (out, head, sizeof head);
  out[6] = (guint8) (port >> 8) ^ cookie[0];
  out[7] = (guint8) port ^ cookie[1];
  for (guint i = 0; i < 4; i++)
    out[8 + i] = address[i] ^ cookie[i];
  return 12;
}

static gsize
write_error (guint8 *out, guint code)
{
  const guint8 error[] = { 0x00, 0x09, 0x00, 0x04, 0x00, 0x00, code / 100, code % 100 };

  memcpy (out, error, sizeof error);
  return sizeof error;
}

static gboolean
on_request (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  FakeStun *self = user_data;
  g_autoptr (GSocketAddress) from = NULL;
  guint8 request[1500];
  guint8 response[64] = { 0x01, 0x01 };
  gsize length;
  gssize n = g_socket_receive_from (socket, &from, (char *) request, sizeof request, NULL, NULL);

  if (n < 20 || request[0] != 0 || request[1] != 1)
    return G_SOURCE_CONTINUE;
  self->requests++;
  if (self->requests <= self->silent)
    return G_SOURCE_CONTINUE;
  memcpy (response + 4, request + 4, 16);
  if (self->error_code != 0)
    response[1] = 0x11;
  length = self->error_code != 0
               ? write_error (response + 20, self->error_code)
               : write_mapped (response + 20, request + 4,
                               g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (from)),
                               self->mapped);
  response[3] = (guint8) length;
  g_socket_send_to (socket, from, (const char *) response, 20 + length, NULL, NULL);
  return G_SOURCE_CONTINUE;
}

void
fake_stun_start (FakeStun *self, const char *mapped)
{
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (mapped);
  g_autoptr (GSocketAddress) bound = NULL;

  memset (self, 0, sizeof *self);
  memcpy (self->mapped, g_inet_address_to_bytes (address), 4);
  self->socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_assert_true (g_socket_bind (self->socket, wanted, FALSE, NULL));
  bound = g_socket_get_local_address (self->socket, NULL);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_request), self, NULL);
  g_source_attach (self->source, NULL);
}

void
fake_stun_stop (FakeStun *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_object_unref (self->socket);
}
