/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One end of a pair of real peers that negotiate in single steps: each step is waited for, and its
 * answer kept. Candidates go to the other end by themselves, once it has a remote description. */

#include "peer/peer-traffic.h"

typedef struct _StepEnd StepEnd;

struct _StepEnd
{
  WherryPeer *peer;
  StepEnd *other;
  /* hub */
  guint ticket; /* of the last step asked for */
  guint n_stepped;
  WherryPeerSignaling signaling;
  GError *error; /* the last step's */
  WherrySdp *made;
  WherrySdp *current_local;
  WherrySdp *pending_local;
  WherrySdp *current_remote;
  WherrySdp *pending_remote;
  GPtrArray *candidates; /* of char *: all that were told; NULL at each end of them */
  gboolean withholds;    /* candidates */
  guint n_sent;          /* of them, to the other end */
  guint n_gathered;      /* ends of candidates */
  guint n_early;         /* candidates told with no local description, or one of another ufrag */
  WherryTransportState layers[3];
  GError *layer_errors[3];
  guint n_candidate_errors;
  guint error_code; /* the last one's */
  char *error_url;
  guint n_addresses_changed;
  gboolean lost_address; /* the last time */
  gboolean is_finished;
  WherryPeerEnd end;
  PeerTraffic traffic;
};

/* clock: (nullable). configure: (nullable) changes the configuration that there is */
StepEnd *step_end_new (const char *id, WherryClock *clock,
                       void (*configure) (WherryPeerConfig *config));
void step_end_pair (StepEnd *a, StepEnd *b);
/* Closes it. */
void step_end_free (StepEnd *self);

/* Each waits for the answer; FALSE: self->error says why not. sdp: copied. */
gboolean step_make_offer (StepEnd *self, gboolean ice_restart);
gboolean step_make_answer (StepEnd *self);
gboolean step_set_local (StepEnd *self, const WherrySdp *sdp);
gboolean step_set_remote (StepEnd *self, const WherrySdp *sdp);
gboolean step_rollback (StepEnd *self, gboolean remote);
/* Offer and answer, both set on both sides. */
void step_negotiate (StepEnd *offerer, gboolean ice_restart);
