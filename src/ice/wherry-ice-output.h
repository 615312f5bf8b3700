/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How packets leave. Where the selected pair is plain UDP, by its socket: runs of equal length in
 * one piece that the kernel or the network card takes apart (UDP_SEGMENT), which costs a quarter of
 * as many datagrams. Else, and where the system does not do that, as libnice or each by itself.
 * Thread: peer */

#include <sys/socket.h>

#include <nice/agent.h>

#include "base/wherry-log.h"

G_BEGIN_DECLS

typedef struct
{
  GSocket *socket; /* (nullable): libnice sends */
  struct sockaddr_storage remote;
  socklen_t remote_length;
  gboolean no_segments; /* the system refused them on this socket */
  gboolean stopped;
} WherryIceOutput;

/* The agent's selected pair has changed, or is in use again. */
void wherry_ice_output_set_pair (WherryIceOutput *self, NiceAgent *agent, guint stream);
/* The same by hand. socket: referenced; a datagram one that does not block. */
void wherry_ice_output_set_socket (WherryIceOutput *self, GSocket *socket,
                                   const struct sockaddr_storage *remote, socklen_t length);
/* There is no pair, or none that may be sent by (RFC 7675 section 5.2). */
void wherry_ice_output_clear (WherryIceOutput *self);
/* All that is sent is lost, until the next set_pair(). */
void wherry_ice_output_stop (WherryIceOutput *self);

typedef struct
{
  guint packets;
  gsize bytes;
} WherryIceLost;

/* Returns what the system did not take: it is lost, as on any network. */
WherryIceLost wherry_ice_output_send (WherryIceOutput *self, NiceAgent *agent, guint stream,
                                      const GOutputVector *packets, guint n,
                                      const WherryLogContext *log);

G_END_DECLS
