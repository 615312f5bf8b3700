/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A network address translator on loopback between a client and a server whose address it hides:
 * what the client sends to it goes to the server, from a port of its own that can change, and back.
 */

#include <gio/gio.h>

typedef struct
{
  GSocket *inside;
  GSocket *outside;
  GSource *inside_source;
  GSource *outside_source;
  GSocketAddress *client; /* the last that was heard */
  GSocketAddress *server;
  gboolean silent; /* nothing passes */
} UdpNat;

void udp_nat_init (UdpNat *self);
/* Where the client has to send to. */
guint udp_nat_get_inside_port (UdpNat *self);
/* Where the server sees the client. */
guint udp_nat_get_outside_port (UdpNat *self);
void udp_nat_set_server (UdpNat *self, guint port);
/* The client has another address now. */
void udp_nat_move (UdpNat *self);
void udp_nat_clear (UdpNat *self);
