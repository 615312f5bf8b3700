/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A conversation with one STUN or TURN server, or one ICE agent, from a socket of its own: one
 * question at a time, asked again over UDP (RFC 8489 section 6.2.1) and framed over TCP (RFC 4571)
 * where ICE has it so (RFC 6544 section 10.1). On the thread-default main context. */

#include "cli/doctor/wherry-stun-message.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_STUN_TRANSPORT_UDP,
  WHERRY_STUN_TRANSPORT_TCP,
  WHERRY_STUN_TRANSPORT_TLS,
  WHERRY_STUN_TRANSPORT_ICE_TCP,
} WherryStunTransport;

typedef struct _WherryStunSocket WherryStunSocket;

/* Never called from inside new() or ask(). Either may free the socket, or ask the next. */
typedef struct
{
  /* message: borrowed, with the id that was asked with; its integrity is not checked */
  void (*answered) (gpointer user_data, const WherryStunMessage *message, gint64 round_trip_us);
  /* G_IO_ERROR_TIMED_OUT: silence; G_IO_ERROR of what the system or an ICMP message said;
   * G_TLS_ERROR; WHERRY_ERROR_PROTOCOL for a stream of something else. The socket is of no use
   * any more. */
  void (*failed) (gpointer user_data, const GError *error);
} WherryStunSocketEvents;

/* local: (nullable): the address to ask from. tls_name: (nullable): whose certificate it must be.
 * It connects when it is asked to ask. Thread: creator's, as all of this */
WherryStunSocket *wherry_stun_socket_new (WherryStunTransport transport, GInetSocketAddress *remote,
                                          GInetAddress *local, const char *tls_name,
                                          const WherryStunSocketEvents *events, gpointer user_data);
/* request: (transfer full) */
void wherry_stun_socket_ask (WherryStunSocket *self, GByteArray *request);
/* (nullable): "address:port" as soon as it is known. */
const char *wherry_stun_socket_get_local (WherryStunSocket *self);
/* How often the question was sent. */
guint wherry_stun_socket_get_tries (WherryStunSocket *self);
void wherry_stun_socket_free (WherryStunSocket *self);

/* (transfer full): "192.0.2.1:3478" or "[2001:db8::1]:3478" */
char *wherry_stun_address_text (GSocketAddress *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryStunSocket, wherry_stun_socket_free)

G_END_DECLS
