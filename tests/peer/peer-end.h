/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One end of a test's pair of real peers over loopback: signaling goes straight to the other end,
 * what happens is counted. Counters are written on the peer thread and read on the test's: atomics.
 */

#include "peer/wherry-peer.h"

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
  /* any thread: atomic */
  int connected;
  int n_open;
  int n_messages;
  int n_closed;
  int n_wrong;
  int n_ended;
  int is_paused;
  /* peer thread only */
  gboolean echo;
  guint n_sent; /* of what peer_end_send() asked for */
  guint n_to_send;
  gsize send_size;
  guint next_expected;    /* messages that carry their number: in order from 0 */
  WherryChannel *channel; /* the one opened last */
};

#define PEER_END_GET(end, counter) g_atomic_int_get (&(end)->counter)

PeerEnd *peer_end_new (const char *id);
/* In place of loopback. */
PeerEnd *peer_end_new_with (const char *id, const WherryIceConfig *ice);
void peer_end_pair (PeerEnd *a, PeerEnd *b);
/* Waits for the finished event, which somebody has to have caused. */
void peer_end_free (PeerEnd *end);

/* A reliable, ordered in-band channel. */
void peer_end_create_channel (PeerEnd *end, const char *label);
/* n numbered binary messages of size bytes (at least 4) on end->channel as room comes. */
void peer_end_send (PeerEnd *end, guint n, gsize size);
void peer_end_set_paused (PeerEnd *end, gboolean paused);
