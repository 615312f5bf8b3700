/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One end of a test's pair of real peers over loopback: signaling goes straight to the other end,
 * what happens is counted. */

#include "peer/peer-traffic.h"

typedef struct _PeerEnd PeerEnd;

struct _PeerEnd
{
  WherryPeer *peer;
  PeerEnd *other;
  /* hub */
  gboolean is_finished;
  WherryPeerEnd end;
  GError *error;
  guint n_refused;
  WherryPeerRequest refused; /* the last */
  guint n_descriptions;
  guint n_candidates_before_description;
  gboolean restarts; /* ICE, when addresses change */
  guint n_addresses_changed;
  guint n_candidate_errors;
  gboolean wrong_fingerprint;        /* what we hand to the other end is falsified */
  gboolean wrong_setup;              /* the same: no role is left to it */
  const WherryChannelInit *declared; /* a negotiated channel that comes with their offer */
  char *last_sdp;
  WherryPeerState state;
  PeerTraffic traffic;
};

PeerEnd *peer_end_new (const char *id);
/* On one of threads (nullable). */
PeerEnd *peer_end_new_on (const char *id, WherryPeerThreads *threads);
/* In place of loopback. */
PeerEnd *peer_end_new_with (const char *id, const WherryIceConfig *ice);
PeerEnd *peer_end_new_of (const WherryPeerConfig *config);
void peer_end_pair (PeerEnd *a, PeerEnd *b);
/* Waits for the finished event, which somebody has to have caused. */
void peer_end_free (PeerEnd *end);
