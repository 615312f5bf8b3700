/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-budget.h"
#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#include "sctp-hostile.h"

#define N_STREAMS 256u
#define PIECE 1000u
#define MAX_SIZE (64u * WHERRY_KIB)

/* One of the kind that was not negotiated ends it, is counted, and is not delivered. */
static void
test_wrong_kind (void)
{
  static const guint8 types[] = { 0, 64, 192, 194 };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (types); i++)
    {
      WherrySctpConfig config = { .no_interleaving = i % 2 == 0 };
      guint8 type = types[i / 2];
      gboolean wrong
          = config.no_interleaving ? type == 64 || type == 194 : type == 0 || type == 192;
      guint64 before = wherry_counter_get (WHERRY_COUNTER_SCTP_BAD_PACKETS);
      Hostile hostile;
      Pair pair;

      hostile_start (&pair, &hostile, &config);
      hostile_inject (&pair, &hostile, type, 3, 5, 0, 0, 10);
      g_assert_cmpint (pair.b.state, ==,
                       wrong ? WHERRY_TRANSPORT_FAILED : WHERRY_TRANSPORT_CONNECTED);
      g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SCTP_BAD_PACKETS) - before, ==,
                        wrong ? 1 : 0);
      if (wrong)
        g_assert_error (pair.b.error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
      if (type == 0 || type == 64)
        g_assert_cmpuint (pair.b.n_received, ==, wrong ? 0 : 1);
      pair_clear (&pair);
    }
}

/* Messages that begin on every stream and never end. */
static void
check_partial (guint rounds, guint8 flags)
{
  g_autoptr (WherryBudget) budget = wherry_budget_new (100u * WHERRY_MIB);
  WherrySctpConfig config
      = { .max_message_size = MAX_SIZE, .budget = budget, .initial_streams = N_STREAMS };
  guint64 before = wherry_counter_get (WHERRY_COUNTER_SCTP_TOO_LARGE);
  gsize most = 0;
  Hostile hostile;
  Pair pair;

  hostile_start (&pair, &hostile, &config);
  for (guint k = 0; k < rounds; k++)
    for (guint i = 0; i < N_STREAMS && pair.b.state == WHERRY_TRANSPORT_CONNECTED; i++)
      {
        hostile_inject (&pair, &hostile, 64, flags | (k == 0 ? 2 : 0), (guint16) i, 0, k, PIECE);
        most = MAX (most, wherry_budget_get_used (budget));
      }
  g_test_message ("%u pieces on %u streams: at most %" G_GSIZE_FORMAT " bytes, %u refused", rounds,
                  N_STREAMS, most,
                  (guint) (wherry_counter_get (WHERRY_COUNTER_SCTP_TOO_LARGE) - before));
  g_assert_cmpuint (most, <=, WHERRY_SCTP_UNFINISHED_BYTES);
  g_assert_cmpuint (pair.b.n_received, ==, 0);
  /* the unordered ones lose pieces to the full receive buffer, and none sends them again */
  if (rounds > 1 && flags == 0)
    g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SCTP_TOO_LARGE), >, before);
  pair_clear (&pair);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 0);
}

static void
test_partial (void)
{
  check_partial (1, 0);
  check_partial (40, 0);
  check_partial (6, 4);
}

/* Many messages at once that do end, more than fit into the receive buffer until the first one
 * does: none waits for another. */
static void
test_many_end (void)
{
  const guint n = 12;
  const guint pieces = 60;
  WherrySctpConfig config = { .max_message_size = MAX_SIZE * 4 };
  Hostile hostile;
  Pair pair;

  hostile_start (&pair, &hostile, &config);
  for (guint k = 0; k < pieces; k++)
    for (guint i = 0; i < n; i++)
      {
        guint8 flags = (guint8) ((k == 0 ? 2 : 0) | (k == pieces - 1 ? 1 : 0));

        hostile_inject (&pair, &hostile, 64, flags, (guint16) i, 0, k, PIECE);
      }
  g_assert_cmpint (pair.b.state, ==, WHERRY_TRANSPORT_CONNECTED);
  g_assert_cmpuint (pair.b.n_received, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (wherry_message_get_length (side_nth (&pair.b, i)->message), ==,
                      pieces * PIECE);
  pair_clear (&pair);
}

/* n messages at once of so many pieces, all of them given up before the last one; those behind them
 * on the same streams arrive if it did not end. */
static void
check_given_up (guint16 n, guint pieces, gboolean ordered, gboolean paused)
{
  guint8 unordered = ordered ? 0 : 4;
  Hostile hostile;
  Pair pair;

  hostile_start (&pair, &hostile, NULL);
  wherry_stream_transport_set_paused (pair.b.transport, paused);
  for (guint k = 0; k < pieces; k++)
    for (guint16 i = 0; i < n; i++)
      hostile_inject (&pair, &hostile, 64, unordered | (k == 0 ? 2 : 0), i, 0, k, PIECE);
  hostile_give_up (&pair, &hostile, n, ordered);
  wherry_stream_transport_set_paused (pair.b.transport, FALSE);
  while (g_main_context_iteration (pair.context, FALSE))
    ;
  g_assert_cmpint (pair.b.state, ==, WHERRY_TRANSPORT_CONNECTED);
  for (guint16 i = 0; i < n; i++)
    {
      hostile_inject (&pair, &hostile, 64, unordered | 2, i, 1, 0, PIECE);
      hostile_inject (&pair, &hostile, 64, unordered | 1, i, 1, 1, PIECE);
    }
  g_assert_cmpuint (pair.b.n_received, ==, n);
  pair_clear (&pair);
}

/* As large as they may be, and as many as a sender like ours has at once. */
static void
test_given_up (void)
{
  for (guint i = 0; i < 4; i++)
    {
      check_given_up (1, 260, (i & 1) == 0, (i & 2) != 0);
      check_given_up (4, 120, (i & 1) == 0, (i & 2) != 0);
      check_given_up (8, 150, (i & 1) == 0, (i & 2) != 0);
    }
}

/* Whatever it is, it ends in a message, an end of the association, or nothing. */
static void
test_garbage (void)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  guint n_ended = 0;

  g_test_message ("seed %u", seed);
  for (guint round = 0; round < 40; round++)
    {
      g_autoptr (WherryBudget) budget = wherry_budget_new (100u * WHERRY_MIB);
      WherrySctpConfig config = { .max_message_size = MAX_SIZE, .budget = budget };
      Hostile hostile;
      Pair pair;

      hostile_start (&pair, &hostile, &config);
      for (guint i = 0; i < 200 && pair.b.state == WHERRY_TRANSPORT_CONNECTED; i++)
        {
          hostile.tsn += (guint32) g_rand_int_range (rand, -1, 3) / 2;
          hostile_inject (&pair, &hostile, 64, (guint8) g_rand_int_range (rand, 0, 16),
                          (guint16) g_rand_int_range (rand, 0, 5),
                          (guint32) g_rand_int_range (rand, 0, 4),
                          (guint32) g_rand_int_range (rand, 0, 6),
                          (gsize) g_rand_int_range (rand, 1, 1100));
        }
      n_ended += pair.b.state != WHERRY_TRANSPORT_CONNECTED;
      pair_clear (&pair);
      g_assert_cmpuint (wherry_budget_get_used (budget), ==, 0);
    }
  g_test_message ("%u of 40 associations were ended", n_ended);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/interleave-abuse/wrong-kind", test_wrong_kind);
  g_test_add_func ("/sctp/interleave-abuse/partial", test_partial);
  g_test_add_func ("/sctp/interleave-abuse/many-end", test_many_end);
  g_test_add_func ("/sctp/interleave-abuse/given-up", test_given_up);
  g_test_add_func ("/sctp/interleave-abuse/garbage", test_garbage);
  return run_and_shut_down ();
}
