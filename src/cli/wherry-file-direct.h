/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/wherry.h"

/*
 * A connection between the two ends of a transfer, without the relay: data/docs/files.md, section
 * 6. Its descriptions, with all candidates in them, are carried by its owner. Main thread only.
 */
typedef struct _WherryFileDirect WherryFileDirect;

typedef struct
{
  /* our description is there, for the other side */
  void (*described) (const char *sdp, gpointer user_data);
  /* messages can be sent */
  void (*opened) (gpointer user_data);
  void (*message) (GBytes *message, gpointer user_data);
  /* it is over, or there is no way; called once */
  void (*closed) (const GError *error, gpointer user_data);
} WherryFileDirectHooks;

/*
 * (transfer full): @offer: (nullable): the other side's description; NULL: this side offers. It
 * belongs to the other side's words, so whatever is in it is tried and no more.
 */
WherryFileDirect *wherry_file_direct_new (WherryConfiguration *configuration, const char *offer,
                                          const WherryFileDirectHooks *hooks, gpointer user_data);
/* Ends the connection. Not from within a hook. */
void wherry_file_direct_free (WherryFileDirect *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryFileDirect, wherry_file_direct_free)

/* What the other side answered. */
void wherry_file_direct_answer (WherryFileDirect *self, const char *sdp);
gboolean wherry_file_direct_is_open (WherryFileDirect *self);
/* FALSE: it is not open. */
gboolean wherry_file_direct_send (WherryFileDirect *self, GBytes *message);
/* Closes the channel behind what was sent; closed() follows. */
void wherry_file_direct_close (WherryFileDirect *self);
/* For counters: (transfer none) */
WherryPeerConnection *wherry_file_direct_get_connection (WherryFileDirect *self);
