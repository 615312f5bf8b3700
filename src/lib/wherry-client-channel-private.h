/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a client's channel is: wherry-client-channel.c (what its carrier and its session do),
 * wherry-client-channel-send.c (what it sends). */

#include "lib/wherry-client-session-private.h"

G_BEGIN_DECLS

typedef struct
{
  GBytes *payload;
  gboolean is_text;
  guint64 recipient; /* 0: everybody */
} WherryClientWaiting;

struct _WherryClientChannel
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  char *topic;
  gboolean mirrored;
  WherryDataChannelInit *init; /* (nullable) */

  /* the client's thread only */
  WherryClientSession *session; /* borrowed; NULL: it is closed for good */
  WherryDataChannelState state;
  WherryDataChannel *carrier; /* NULL: nothing carries it */
  gboolean is_own;            /* the carrier was made here */
  GPtrArray *adopted; /* of WherryDataChannel: mirrors that began before the relay knew of it */
  GQueue waiting;     /* of WherryClientWaiting */
  gsize waiting_bytes;
  gboolean refused; /* somebody waits for room */
};

/* ---- Thread: the client's ---- */

void wherry_client_channel_waiting_free (gpointer data);
gboolean wherry_client_channel_is_framed (WherryDataChannel *carrier);
/* The relay takes numbers in order: who may overtake or be lost has none. */
gboolean wherry_client_channel_is_numbered (WherryDataChannel *carrier);
/* (transfer none): of one that is not closed */
WherryClientTopic *wherry_client_channel_get_memory (WherryClientChannel *self);
void wherry_client_channel_set_state (WherryClientChannel *self, WherryDataChannelState state);
void wherry_client_channel_emit_drained (WherryClientChannel *self);

G_END_DECLS
