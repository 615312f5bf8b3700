/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/wherry.h"

/*
 * A channel between two members of a room, without the relay: data/docs/files.md, section 6. Its
 * descriptions, with all candidates in them, are carried by its owner. Main thread only.
 */
typedef struct _WherryDirectChannel WherryDirectChannel;

typedef struct
{
  /* our description is there, for the other side */
  void (*described) (const char *sdp, gpointer user_data);
  /* messages can be sent */
  void (*opened) (gpointer user_data);
  void (*message) (GBytes *message, gpointer user_data);
  /* it is over, or there is no way; called once */
  void (*closed) (const GError *error, gpointer user_data);
} WherryDirectChannelHooks;

/*
 * (transfer full): @offer: (nullable): the other side's description; NULL: this side offers. It
 * belongs to the other side's words, so whatever is in it is tried and no more.
 */
WherryDirectChannel *wherry_direct_channel_new (WherryConfiguration *configuration,
                                                const char *offer,
                                                const WherryDirectChannelHooks *hooks,
                                                gpointer user_data);
/* Ends the connection. Not from within a hook. */
void wherry_direct_channel_free (WherryDirectChannel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryDirectChannel, wherry_direct_channel_free)

/* What the other side answered. */
void wherry_direct_channel_answer (WherryDirectChannel *self, const char *sdp);
gboolean wherry_direct_channel_is_open (WherryDirectChannel *self);
/* FALSE: it is not open. */
gboolean wherry_direct_channel_send (WherryDirectChannel *self, GBytes *message);
/* Closes the channel behind what was sent; closed() follows. */
void wherry_direct_channel_close (WherryDirectChannel *self);
/* For counters: (transfer none) */
WherryPeerConnection *wherry_direct_channel_get_connection (WherryDirectChannel *self);
