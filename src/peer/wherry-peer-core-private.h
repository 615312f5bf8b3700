/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of a core, each in its own file: core (life, channels), core-steps (what the hub asks
 * for), core-events (what the hub is told). Thread: peer */

#include "base/wherry-owner.h"
#include "channel/wherry-channel-set.h"
#include "peer/wherry-peer-core.h"
#include "peer/wherry-peer-negotiation.h"
#include "peer/wherry-peer-stack.h"
#include "transport/wherry-switch-stream.h"

G_BEGIN_DECLS

struct _WherryPeerCore
{
  /* peer thread only */
  WherryOwner owner;
  WherryPeer *peer; /* our reference goes with the finished event */
  const WherryPeerSettings *settings;
  WherryPeerStack *stack; /* NULL when it could not be made */
  WherryPeerNegotiation negotiation;
  WherryChannelSet *set;
  WherrySwitchStream *ways;  /* NULL: no tunnel was asked for */
  gboolean ways_client;      /* and our role in it */
  gboolean holds_candidates; /* their description goes out first */
  gboolean told_connecting;
  gboolean connected;
  WherryTransportState layers[WHERRY_PEER_N_LAYERS];
  GSource *grace; /* NULL: ICE has not failed */
  GError *grace_error;
  gboolean ending;
  WherryPeerEnd end;
  GError *end_error;
};

/* The association is not wanted or has ended: channels are closed, and so is the peer, unless it
 * outlives that. */
void wherry_peer_core_end_channels (WherryPeerCore *self, WherryTransportState state,
                                    WherryPeerEnd end, const GError *error);

/* tunnel */
/* (transfer none) (nullable): what the channels go through */
WherryStreamTransport *wherry_peer_core_get_transport (WherryPeerCore *self);
gboolean wherry_peer_core_is_tunneled (WherryPeerCore *self);
/* TRUE: the association is an addition to the tunnel. */
gboolean wherry_peer_core_offer_direct (WherryPeerCore *self, WherryStreamTransport *association,
                                        gboolean is_client);
void wherry_peer_core_close_tunnel (WherryPeerCore *self);

/* events */
void wherry_peer_core_tell (WherryPeerCore *self, WherryPeerEventType type);
void wherry_peer_core_tell_state (WherryPeerCore *self, WherryPeerState state);
void wherry_peer_core_tell_layer (WherryPeerCore *self, WherryPeerLayer layer,
                                  WherryTransportState state, const GError *error);
void wherry_peer_core_tell_addresses_changed (WherryPeerCore *self, gboolean lost);
void wherry_peer_core_tell_candidate_error (WherryPeerCore *self,
                                            const WherryIceCandidateError *error);
/* Takes error. */
void wherry_peer_core_tell_refused (WherryPeerCore *self, WherryPeerRequest request, GError *error);
/* The local one. */
void wherry_peer_core_tell_description (WherryPeerCore *self);
/* made: (nullable); takes error (nullable) */
void wherry_peer_core_tell_stepped (WherryPeerCore *self, guint ticket, const WherrySdp *made,
                                    GError *error);
/* Those of ours that were not told with the local description in force. */
void wherry_peer_core_tell_candidates (WherryPeerCore *self);

G_END_DECLS
