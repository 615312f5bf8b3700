/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <math.h>

#include "integration/lossy/lossy-flow.h"
#include "sctp/wherry-sctp-runtime.h"

#define NEAR_US 10000
#define FAR_US 200000
/* Longer than six timeouts in a row, from before a transfer begins: nothing of it arrives the first
 * time. After five timeouts usrsctp gives up a path, by default, and only an acknowledgement of
 * something that was sent once brings it back: what was not yet sent waited for ever. */
#define OUTAGE_AFTER_US (G_USEC_PER_SEC / 2)
#define TRANSFER_AFTER_US G_USEC_PER_SEC
#define OUTAGE_US (10 * G_USEC_PER_SEC)
#define RECOVERY_US (8 * G_USEC_PER_SEC)
/* Reaching it is a failure: many times as long as the slowest case takes. */
#define LIMIT_US (900 * G_USEC_PER_SEC)

typedef struct
{
  const char *name;
  WherryFakeLinkOptions link;
  guint base;     /* the case that it is compared with */
  guint messages; /* of 8 KiB on average; in the long run SLOW_TIMES as many */
  gboolean outage;
} Case;

#define SLOW_TIMES 8u

static const Case cases[] = {
  { "10 ms", { .delay_us = NEAR_US }, 0, 100, FALSE },
  { "10 ms, 1 % lost", { .loss = 0.01, .delay_us = NEAR_US }, 0, 100, FALSE },
  { "10 ms, 5 % lost", { .loss = 0.05, .delay_us = NEAR_US }, 0, 50, FALSE },
  { "10 ms, 20 % lost", { .loss = 0.2, .delay_us = NEAR_US }, 0, 12, FALSE },
  { "10 ms, 5 % overtaken", { .reorder = 0.05, .delay_us = NEAR_US }, 0, 50, FALSE },
  { "10 ms, 20 % overtaken", { .reorder = 0.2, .delay_us = NEAR_US }, 0, 50, FALSE },
  { "10 ms, 10 % twice", { .duplicate = 0.1, .delay_us = NEAR_US }, 0, 100, FALSE },
  { "10 ms, MTU 1280", { .delay_us = NEAR_US, .mtu = LOSSY_MTU_1280 }, 0, 100, FALSE },
  { "10 ms, 5 % of all that",
    { .loss = 0.05,
      .duplicate = 0.05,
      .reorder = 0.05,
      .delay_us = NEAR_US,
      .jitter_us = NEAR_US,
      .mtu = LOSSY_MTU_1280 },
    0,
    30,
    FALSE },
  { "200 ms", { .delay_us = FAR_US }, 9, 30, FALSE },
  { "200 ms, 1 % lost", { .loss = 0.01, .delay_us = FAR_US }, 9, 20, FALSE },
  { "200 ms, 5 % lost", { .loss = 0.05, .delay_us = FAR_US }, 9, 8, FALSE },
  { "200 ms, 20 % lost", { .loss = 0.2, .delay_us = FAR_US }, 9, 3, FALSE },
  { "10 ms, nothing for 10 s", { .delay_us = NEAR_US }, 0, 100, TRUE },
};

typedef struct
{
  GPtrArray *pairs; /* of LossyPair */
  GPtrArray *flows; /* of LossyFlow */
  gint64 start_us;
} Scene;

static void
scene_init (Scene *self)
{
  self->pairs = g_ptr_array_new_with_free_func ((GDestroyNotify) lossy_pair_free);
  self->flows = g_ptr_array_new_with_free_func ((GDestroyNotify) lossy_flow_free);
  self->start_us = g_get_monotonic_time ();
}

static void
scene_clear (Scene *self)
{
  g_ptr_array_unref (self->flows);
  g_ptr_array_unref (self->pairs);
}

static LossyPair *
add_pair (Scene *self, const Case *item, guint32 seed)
{
  WherryFakeLinkOptions options = item->link;
  LossyPair *pair;

  options.seed = seed;
  pair = lossy_pair_new (item->name, &options);
  g_ptr_array_add (self->pairs, pair);
  return pair;
}

static LossyFlow *
add_flow (Scene *self, LossySide *from, const LossyFlowKind *kind)
{
  LossyFlow *flow = lossy_flow_new (from, kind);

  g_ptr_array_add (self->flows, flow);
  return flow;
}

static void
wait_all (Scene *self)
{
  guint done = 0;

  while (done < self->flows->len)
    {
      LossyFlow *flow = g_ptr_array_index (self->flows, done);
      gint64 next_us = g_get_monotonic_time () + G_USEC_PER_SEC;

      WHERRY_WAIT_UNTIL (NULL, lossy_flow_is_done (flow) || g_get_monotonic_time () > next_us);
      if (lossy_flow_is_done (flow))
        done++;
      else if (g_get_monotonic_time () - self->start_us > LIMIT_US)
        g_error ("%s, seed %u, %s: %u of %u came", flow->from->pair->name,
                 flow->from->pair->options.seed, flow->kind.name, flow->received, flow->sent);
    }
}

static void
each_flow (Scene *self, void (*func) (LossyFlow *flow))
{
  for (guint i = 0; i < self->flows->len; i++)
    func (g_ptr_array_index (self->flows, i));
}

/* ---- reliable ---- */

static gboolean
on_outage (gpointer user_data)
{
  LossyPair *pair = user_data;
  WherryFakeLinkOptions options = pair->options;

  options.loss = 1;
  wherry_fake_link_set_options (pair->a.link, &options);
  wherry_fake_link_set_options (pair->b.link, &options);
  return G_SOURCE_REMOVE;
}

static gboolean
on_outage_over (gpointer user_data)
{
  LossyPair *pair = user_data;

  wherry_fake_link_set_options (pair->a.link, &pair->options);
  wherry_fake_link_set_options (pair->b.link, &pair->options);
  return G_SOURCE_REMOVE;
}

static void
assert_complete (LossyFlow *flow)
{
  g_assert_cmpuint (flow->received, ==, flow->kind.total);
  g_assert_cmpuint (flow->repeated, ==, 0);
  g_assert_cmpuint (flow->misplaced, ==, 0);
}

static double
goodput (LossyFlow *flow)
{
  return (double) flow->bytes / 1024 * G_USEC_PER_SEC / (double) MAX (1, flow->done_us);
}

static void
report_reliable (const Case *item, LossyFlow *flow, LossyFlow *base)
{
  g_test_message ("%-24s seed %u: up in %d ms; %u KiB in %d ms, %.0f KiB/s, %.1f %% of %s; "
                  "longest silence %d ms",
                  item->name, flow->from->pair->options.seed,
                  (int) (lossy_pair_get_up_us (flow->from->pair) / 1000),
                  (guint) (flow->bytes / 1024), (int) (flow->done_us / 1000), goodput (flow),
                  100 * goodput (flow) / goodput (base), base->from->pair->name,
                  (int) (flow->gap_us / 1000));
}

static void
test_reliable (void)
{
  guint32 seed = g_test_rand_int () & 0xffffff;
  GSource *outage[2] = { NULL, NULL };
  LossyFlow *bulks[G_N_ELEMENTS (cases)];
  Scene scene;

  scene_init (&scene);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint times = g_test_slow () && !cases[i].outage ? SLOW_TIMES : 1;
      LossyFlowKind bulk = { .name = "reliable, ordered",
                             .ordered = TRUE,
                             .total = cases[i].messages * times,
                             .size_max = 16 * 1024,
                             .wait_us = cases[i].outage ? TRANSFER_AFTER_US : 0 };
      const LossyFlowKind back = { .name = "reliable, unordered",
                                   .total = cases[i].messages * times / 2,
                                   .size_max = 3000,
                                   .interval_us = 20000 };
      LossyPair *pair = add_pair (&scene, &cases[i], seed + 2 * i);

      bulks[i] = add_flow (&scene, &pair->a, &bulk);
      add_flow (&scene, &pair->b, &back);
      if (!cases[i].outage)
        continue;
      outage[0] = wherry_clock_add (wherry_clock_system (), NULL, OUTAGE_AFTER_US, on_outage, pair);
      outage[1] = wherry_clock_add (wherry_clock_system (), NULL, OUTAGE_AFTER_US + OUTAGE_US,
                                    on_outage_over, pair);
    }
  wait_all (&scene);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      report_reliable (&cases[i], bulks[i], bulks[cases[i].base]);
      if (cases[i].outage)
        g_assert_cmpint (bulks[i]->gap_us, <, OUTAGE_US + RECOVERY_US);
    }
  each_flow (&scene, assert_complete);
  wherry_clock_clear_source (&outage[0]);
  wherry_clock_clear_source (&outage[1]);
  scene_clear (&scene);
}

/* ---- lossy ---- */

/* As a game sends positions. What is far away loses at most one message in a round trip: the
 * receiver is told to skip one gap at a time (RFC 3758 section 3.5, C2). */
#define LOSSY_NEAR_US 20000
#define LOSSY_FAR_US 200000
#define LOSSY_FOR_US (8 * G_USEC_PER_SEC)

static const LossyFlowKind lossy[] = {
  { .name = "retransmits 0, unordered", .reliability = WHERRY_MAX_RETRANSMITS },
  { .name = "retransmits 0, ordered", .ordered = TRUE, .reliability = WHERRY_MAX_RETRANSMITS },
  { .name = "100 ms, unordered", .reliability = WHERRY_MAX_PACKET_LIFE_TIME, .value = 100 },
  { .name = "100 ms, ordered",
    .ordered = TRUE,
    .reliability = WHERRY_MAX_PACKET_LIFE_TIME,
    .value = 100 },
};

static void
report_lossy (LossyFlow *flow)
{
  g_test_message ("%-22s %-24s seed %u: %u of %u came, half within %d ms, 95 %% %d ms, all %d ms; "
                  "longest silence %d ms",
                  flow->from->pair->name, flow->kind.name, flow->from->pair->options.seed,
                  flow->received, flow->sent, (int) (lossy_flow_latency (flow, 0.5) / 1000),
                  (int) (lossy_flow_latency (flow, 0.95) / 1000),
                  (int) (lossy_flow_latency (flow, 1) / 1000), (int) (flow->gap_us / 1000));
}

/* Bounds that a loaded machine keeps too; what blocked would miss them by far: with one message
 * that waits, all behind it do. An ordered one does wait until the receiver was told of a gap
 * before it, which takes a timeout or three acknowledgements, and then again if that is lost. */
#define IN_TURN_US (5 * G_USEC_PER_SEC)

static void
assert_fresh (LossyFlow *flow)
{
  const WherryFakeLinkOptions *link = &flow->from->pair->options;
  double lost = link->loss;

  g_assert_cmpuint (flow->refused, ==, 0);
  g_assert_cmpuint (flow->sent, ==, flow->kind.total);
  g_assert_cmpuint (flow->repeated, ==, 0);
  g_assert_cmpuint (flow->misplaced, ==, 0);
  g_assert_cmpfloat (flow->sent - flow->received, <,
                     2 * lost * flow->sent + 3 * sqrt (lost * flow->sent) + 3);
  /* at one in a hundred, 400 messages all arrive once in 55 runs */
  if (lost * flow->sent > 20 && flow->kind.reliability == WHERRY_MAX_RETRANSMITS)
    g_assert_cmpuint (flow->received, <, flow->sent);
  g_assert_cmpint (lossy_flow_latency (flow, 0.5), <,
                   3 * link->delay_us + (flow->kind.ordered ? IN_TURN_US : G_USEC_PER_SEC));
}

static void
test_lossy (void)
{
  guint32 seed = g_test_rand_int () & 0xffffff;
  Scene scene;

  scene_init (&scene);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint j = 0; j < G_N_ELEMENTS (lossy) && !cases[i].outage; j++)
      {
        LossyFlowKind kind = lossy[j];
        LossyPair *pair = add_pair (&scene, &cases[i], seed + 2 * (i * G_N_ELEMENTS (lossy) + j));

        kind.size_max = 200;
        kind.interval_us = cases[i].link.delay_us == FAR_US ? LOSSY_FAR_US : LOSSY_NEAR_US;
        kind.total = (guint) (LOSSY_FOR_US / kind.interval_us) * (g_test_slow () ? SLOW_TIMES : 1);
        add_flow (&scene, &pair->a, &kind);
      }
  wait_all (&scene);
  each_flow (&scene, report_lossy);
  each_flow (&scene, assert_fresh);
  scene_clear (&scene);
}

int
main (int argc, char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lossy/reliable", test_reliable);
  g_test_add_func ("/lossy/unreliable", test_lossy);
  result = g_test_run ();
  g_assert_true (wherry_sctp_runtime_shutdown ());
  return result;
}
