/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-virtual-clock.h"
#include "fixtures/wherry-wait.h"
#include "peer/step-pair.h"

static WherryClock *virtual_clock;

WherryClock *
step_pair_get_clock (void)
{
  return virtual_clock;
}

static StepEnd *
new_end (const char *id, void (*configure) (WherryPeerConfig *config))
{
  return step_end_new (id, virtual_clock, configure);
}

void
step_pair_init (StepPair *pair, void (*of_a) (WherryPeerConfig *config),
                void (*of_b) (WherryPeerConfig *config))
{
  virtual_clock = wherry_virtual_clock_new ();
  pair->a = new_end ("00000000000000aa", of_a);
  pair->b = new_end ("00000000000000bb", of_b);
  step_end_pair (pair->a, pair->b);
}

void
step_pair_clear (StepPair *pair)
{
  pair->a->other = NULL;
  pair->b->other = NULL;
  step_end_free (pair->a);
  step_end_free (pair->b);
  g_assert_cmpuint (wherry_virtual_clock_get_n_sources (virtual_clock), ==, 0);
  g_clear_pointer (&virtual_clock, wherry_clock_unref);
}

void
step_pair_set_up (StepPair *pair, gconstpointer data)
{
  step_pair_init (pair, NULL, NULL);
}

void
step_pair_tear_down (StepPair *pair, gconstpointer data)
{
  step_pair_clear (pair);
}

void
step_pair_wait_open (StepPair *pair)
{
  WHERRY_WAIT_UNTIL (NULL,
                     PEER_END_GET (pair->a, n_open) >= 1 && PEER_END_GET (pair->b, n_open) >= 1);
}

void
step_pair_connect (StepPair *pair)
{
  peer_traffic_create_channel (pair->a->peer, "first");
  step_negotiate (pair->a, FALSE);
  step_pair_wait_open (pair);
}

void
step_pair_exchange (StepPair *pair)
{
  int at_a = PEER_END_GET (pair->a, n_messages);
  int at_b = PEER_END_GET (pair->b, n_messages);

  peer_traffic_send (&pair->a->traffic, pair->a->peer, 1, 1000);
  peer_traffic_send (&pair->b->traffic, pair->b->peer, 1, 1000);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (pair->a, n_messages) == at_a + 1
                               && PEER_END_GET (pair->b, n_messages) == at_b + 1);
  g_assert_cmpint (PEER_END_GET (pair->a, n_closed) + PEER_END_GET (pair->b, n_closed), ==, 0);
}

void
step_end_wait_layer (StepEnd *end, WherryPeerLayer layer, WherryTransportState state)
{
  WHERRY_WAIT_UNTIL (NULL, end->layers[layer] == state);
}
