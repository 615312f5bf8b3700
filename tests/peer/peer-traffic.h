/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a test's peer does on its own thread: takes channels and messages, counts them, sends.
 * Counters are written there and read on the test's thread: atomics. */

#include "peer/wherry-peer.h"

typedef struct
{
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
  gint64 takes_us; /* for each message */
  guint n_sent;    /* of what peer_traffic_send() asked for */
  guint n_to_send;
  gsize send_size;
  guint next_expected;    /* messages carry their number: in order from 0 */
  WherryChannel *channel; /* the one opened last */
} PeerTraffic;

/* Of a PeerEnd or a StepEnd. */
#define PEER_END_GET(end, counter) g_atomic_int_get (&(end)->traffic.counter)

/* Its data is a PeerTraffic. */
extern const WherryPeerDelegate peer_traffic_delegate;

/* A reliable, ordered in-band channel. */
void peer_traffic_create_channel (WherryPeer *peer, const char *label);
/* n more binary messages of size bytes on the channel as room comes, with their numbers in front.
 */
void peer_traffic_send (PeerTraffic *self, WherryPeer *peer, guint n, gsize size);
void peer_traffic_set_paused (PeerTraffic *self, WherryPeer *peer, gboolean paused);
