/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two connections in one process over loopback, each the other's signaling: what one has to say is
 * carried to the other as it is told. Teardown sees that everything is finalized. */

#include "lib/wherry.h"

typedef struct _ConnectionPair ConnectionPair;

typedef struct
{
  ConnectionPair *pair;
  WherryPeerConnection *connection; /* NULL once it is let go */
  GPtrArray *candidates;            /* of WherryIceCandidate, told and not yet carried */
  GPtrArray *channels;              /* of WherryDataChannel that the other side made */
  guint n_needed;
  guint n_candidates;
  guint n_ends;   /* NULL candidates */
  GString *trail; /* what happened, one letter each: see connection-pair.c */
} PairEnd;

struct _ConnectionPair
{
  PairEnd a;
  PairEnd b;
  gboolean holds_candidates;
};

/* Addresses 127.0.0.1; nothing else. */
WherryConfiguration *pair_configuration_new (void);
/* configuration: (nullable) for both */
ConnectionPair *connection_pair_new (WherryConfiguration *configuration);
/* Closes and lets go; the last one waits until all that was ever watched is finalized. */
void connection_pair_free (ConnectionPair *self);
PairEnd *pair_other (PairEnd *self);

/* Runs the default context until the operation has ended; NULL error: it must not fail. */
WherrySessionDescription *pair_create_offer (PairEnd *self, GError **error);
WherrySessionDescription *pair_create_answer (PairEnd *self, GError **error);
gboolean pair_set_local (PairEnd *self, WherrySessionDescription *description, GError **error);
gboolean pair_set_remote (PairEnd *self, WherrySessionDescription *description, GError **error);
gboolean pair_add_candidate (PairEnd *self, WherryIceCandidate *candidate, GError **error);
/* self offers, the other one answers; candidates are carried. */
void pair_negotiate (PairEnd *self);
/* Candidates that were told are carried once the other side has a description. */
void pair_carry (PairEnd *self);
/* Both connected. */
void pair_wait_connected (ConnectionPair *self);

/* Its finalization is waited for at the end. */
void pair_watch (gpointer object);
void pair_wait_finalized (void);

/* What a channel does. */
typedef struct
{
  WherryDataChannel *channel;
  GPtrArray *messages; /* of GBytes */
  GArray *texts;       /* of gboolean */
  guint n_open;
  guint n_closing;
  guint n_closed;
  guint n_errors;
  guint n_low;
  gsize bytes;
  gboolean counts_only;
} ChannelEnd;

/* Takes a reference to channel and connects handlers; messages: of `message` too. */
ChannelEnd *channel_end_new (WherryDataChannel *channel, gboolean messages);
void channel_end_listen (ChannelEnd *self);
void channel_end_free (ChannelEnd *self);
/* The n-th message as a string. */
const char *channel_end_text (ChannelEnd *self, guint n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelEnd, channel_end_free)
