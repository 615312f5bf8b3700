/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a link's files share: wherry-client-link.c (its life, its socket, its connection),
 * wherry-client-negotiation.c (descriptions and candidates), wherry-client-tunnel.c (where UDP is
 * blocked). Thread: creator */

#include "lib/wherry-client-link-private.h"
#include "signaling/wherry-signaling-client.h"

G_BEGIN_DECLS

struct _WherryClientLink
{
  guint ref_count; /* the owner's, and one for each operation under way */
  GMainContext *context;
  WherryClock *clock;
  const WherryClientLinkEvents *events; /* NULL: it has ended */
  gpointer user_data;
  WherryConfiguration *configuration;

  WherrySignalingClient *signaling; /* NULL: its socket is closed */
  WherryPeerConnection *connection;
  WherryDataChannel *notices;
  GSource *timer;
  GSource *pause;        /* (nullable): no offer is made before its end */
  gboolean offer_wanted; /* then */
  GPtrArray *ours;       /* of WherryIceCandidate, until the offer is out; NULL afterwards */
  GPtrArray *theirs;     /* of WherryIceCandidate, until the answer is in; NULL afterwards */
  gboolean has_tunnel;   /* the server can carry the channels on the socket */
  gboolean asked_tunnel; /* and was asked to */
  gboolean tunneled;     /* and does */
  GSource *detour;       /* (nullable): when to ask, then when to try WebRTC again */
  gint64 detour_us;      /* how long that was the last time */
  gboolean joined;
  gboolean connected;
  gboolean resumable; /* by a new connection, as the same member */
  gboolean restarting;
  gboolean heard;                    /* from the server by the socket, since then */
  gboolean lost;                     /* the relay may still say why */
  void (*left) (gpointer user_data); /* NULL: it does not leave */
  gpointer left_data;
};

WherryClientLink *wherry_client_link_ref (WherryClientLink *self);
void wherry_client_link_unref (WherryClientLink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryClientLink, wherry_client_link_unref)

void wherry_client_link_end (WherryClientLink *self, const GError *error, gboolean is_final);

/* The socket's address of this machine is gone, and no answer would ever come. is_lost: the
 * connection's too. */
void wherry_client_link_strand (WherryClientLink *self, gboolean is_lost);

/* Offers when the connection asks for it. */
void wherry_client_link_negotiate (WherryClientLink *self);
void wherry_client_link_take_answer (WherryClientLink *self, const WherrySignal *signal);
/* The server did not take our offer, and nothing has changed for it. */
void wherry_client_link_take_refusal (WherryClientLink *self);
void wherry_client_link_take_candidate (WherryClientLink *self, const WherrySignal *signal);

/* The program's own, and where that names none, the servers of the relay. (transfer full) */
WherryConfiguration *wherry_client_link_make_configuration (WherryClientLink *self,
                                                            const WherrySignal *joined);

/* The socket carries the channels if nothing else has before long. */
void wherry_client_link_arm_tunnel (WherryClientLink *self, const WherrySignal *joined);
/* Now. FALSE: it cannot be asked for. */
gboolean wherry_client_link_ask_tunnel (WherryClientLink *self);
void wherry_client_link_take_tunnel (WherryClientLink *self);
/* self: the link, as an event of its signaling client */
void wherry_client_link_take_frames (gpointer self, GBytes *frames);
/* Messages pass. */
void wherry_client_link_settle_tunnel (WherryClientLink *self);
/* The socket is gone. FALSE: it was not needed. */
gboolean wherry_client_link_lose_tunnel (WherryClientLink *self);
void wherry_client_link_drop_tunnel (WherryClientLink *self);

G_END_DECLS
