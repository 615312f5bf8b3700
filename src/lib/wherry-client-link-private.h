/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One connection of a client to its relay: a signaling socket, a peer connection, and what ends
 * them. On the thread-default context of whoever makes it. Thread: creator */

#include "base/wherry-clock.h"
#include "lib/wherry-peer-connection.h"
#include "wire/wherry-signal.h"

G_BEGIN_DECLS

typedef struct _WherryClientLink WherryClientLink;

typedef struct
{
  /* (transfer full): the frame that asks to be let in */
  char *(*join) (gpointer user_data);
  void (*joined) (gpointer user_data, const WherrySignal *joined);
  /* Channels that are made now are in the offer. */
  void (*prepare) (gpointer user_data, WherryPeerConnection *connection);
  void (*channel) (gpointer user_data, WherryDataChannel *channel);
  /* Messages pass. */
  void (*connected) (gpointer user_data);
  /* They go through the signaling socket, or no longer; before connected, and when it changes. */
  void (*moved) (gpointer user_data, gboolean tunneled);
  /* The path is lost, may come back; it came back. */
  void (*wavering) (gpointer user_data, gboolean yes);
  /* It will not come back: its channels are closing. What the server says of it may follow. */
  void (*lost) (gpointer user_data);
  /* Before ended. connection: (transfer full): who takes it closes it. */
  void (*retire) (gpointer user_data, WherryPeerConnection *connection);
  /* What is not the link's own business. */
  void (*signal) (gpointer user_data, const WherrySignal *signal);
  /* The last call, but for the one of leave(). is_final: trying again would get the same answer. */
  void (*ended) (gpointer user_data, const GError *error, gboolean is_final);
} WherryClientLinkEvents;

typedef struct
{
  const char *uri;
  WherryConfiguration *configuration; /* (nullable) */
  WherryClock *clock;
} WherryClientLinkOptions;

/* options: copied. WHERRY_ERROR_INVALID_ARGUMENT. No event comes from inside the call. */
WherryClientLink *wherry_client_link_new (const WherryClientLinkOptions *options,
                                          const WherryClientLinkEvents *events, gpointer user_data,
                                          GError **error);
/* Ends it, and no event is called any more. */
void wherry_client_link_free (WherryClientLink *self);
WherryPeerConnection *wherry_client_link_get_connection (WherryClientLink *self); /* (nullable) */
/* text: (transfer full): a frame. WHERRY_ERROR_CLOSED when the socket is not open. */
gboolean wherry_client_link_send (WherryClientLink *self, char *text, GError **error);
/* Channels are closed behind what was sent on them, then the server is told; done is called when it
 * has answered, at the latest in some seconds, and no other event is. */
void wherry_client_link_leave (WherryClientLink *self, void (*done) (gpointer user_data),
                               gpointer user_data);

G_END_DECLS
