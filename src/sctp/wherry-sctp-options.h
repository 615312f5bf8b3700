/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every option that we set in usrsctp, with its reason. */

#include <glib.h>

G_BEGIN_DECLS

struct socket;
struct sockaddr_conn;

/* RFC 9260 section 16 recommends 60 s, so that nobody sends much into a path that is down. That is
 * ICE's to find out (RFC 7675 section 5.1); on a path that loses much, each doubling is a silence
 * for no reason. Longer than any round trip that can be used; and where that is known to be short.
 */
#define WHERRY_SCTP_RTO_MAX_MS 2000u
#define WHERRY_SCTP_RTO_MAX_SHORT_MS 1000u

typedef struct
{
  guint streams;
  guint max_incoming_streams;
  gsize send_buffer;
  gsize receive_buffer;
  gboolean interleaving; /* offer I-DATA (RFC 8260) */
} WherrySctpOptions;

/* For the whole process, after usrsctp was initialised. Thread: any */
void wherry_sctp_options_process (void);
/* Before connecting. Thread: peer */
gboolean wherry_sctp_options_socket (struct socket *so, const WherrySctpOptions *options,
                                     GError **error);
/* on: packets wait for more to fill them while others are unacknowledged. Thread: peer */
void wherry_sctp_options_set_bundling (struct socket *so, gboolean on);
/* Once the association is up: whether both sides have I-DATA. Only then may a message begin while
 * another one, on another stream, is not whole yet. Thread: peer */
gboolean wherry_sctp_options_is_interleaving (struct socket *so);
/* How much usrsctp may hold to send. Thread: peer */
void wherry_sctp_options_set_send_buffer (struct socket *so, gsize bytes);
/* Once the association is up. remote: what it was connected to; mtu: of the transport below.
 * Thread: peer */
gboolean wherry_sctp_options_established (struct socket *so, const struct sockaddr_conn *remote,
                                          gsize mtu, GError **error);
/* Once the association is up. Thread: peer */
void wherry_sctp_options_set_rto_max (struct socket *so, guint ms);

G_END_DECLS
