/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Server-reflexive candidates (RFC 8445 section 5.1.1.2) from any number of STUN servers: libnice
 * asks only one, and never ends gathering when its name does not resolve. The requests leave by the
 * agent's own sockets; their answers are taken out before libnice sees them. Thread: peer */

#include <nice/agent.h>

G_BEGIN_DECLS

/* In place of an error of STUN's: the server could not be reached (W3C, the errorCode of an
 * RTCPeerConnectionIceErrorEvent). */
#define WHERRY_ICE_UNREACHABLE 701u

typedef struct _WherryIceStun WherryIceStun;

typedef struct
{
  const NiceCandidate *base; /* host */
  NiceAddress mapped;
  gpointer server; /* as given to ask() */
} WherryIceStunAnswer;

/* Any of them may free self. */
typedef struct
{
  void (*mapped) (gpointer user_data, const WherryIceStunAnswer *answer);
  /* code: as in WherryIceCandidateError */
  void (*failed) (gpointer user_data, const NiceCandidate *base, gpointer server, guint code,
                  const char *text);
  /* Nothing is under way any more; after each ask(), possibly from inside. */
  void (*idle) (gpointer user_data);
} WherryIceStunEvents;

WherryIceStun *wherry_ice_stun_new (NiceAgent *agent, guint stream, GMainContext *context,
                                    const WherryIceStunEvents *events, gpointer user_data);
/* From every address of ours of its family but link-local ones. server: borrowed, for the events.
 * FALSE: there is none. */
gboolean wherry_ice_stun_ask (WherryIceStun *self, GInetAddress *address, guint16 port,
                              gpointer server);
gboolean wherry_ice_stun_is_idle (WherryIceStun *self);
void wherry_ice_stun_free (WherryIceStun *self);

G_END_DECLS
