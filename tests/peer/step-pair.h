/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two ends that negotiate in steps, on a clock that stands still until the test moves it. */

#include "peer/step-end.h"

typedef struct
{
  StepEnd *a;
  StepEnd *b;
} StepPair;

/* of_a, of_b: see step_end_new(). */
void step_pair_init (StepPair *pair, void (*of_a) (WherryPeerConfig *config),
                     void (*of_b) (WherryPeerConfig *config));
void step_pair_clear (StepPair *pair);
/* For g_test_add(). */
void step_pair_set_up (StepPair *pair, gconstpointer data);
void step_pair_tear_down (StepPair *pair, gconstpointer data);
WherryClock *step_pair_get_clock (void);

/* A channel of a's, open on both sides. */
void step_pair_connect (StepPair *pair);
void step_pair_wait_open (StepPair *pair);
/* A message each way, and no channel was closed so far. */
void step_pair_exchange (StepPair *pair);
void step_end_wait_layer (StepEnd *end, WherryPeerLayer layer, WherryTransportState state);
