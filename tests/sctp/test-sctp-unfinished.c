/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <errno.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "sctp-pair.h"
#include "sctp/wherry-sctp-association-private.h"
#include "wire/wherry-message.h"

/* Members that begin messages and do not end them, and what they may take together. */

#define N_PAIRS 3
#define PIECE 1000u
#define SHARE 20000u

typedef struct
{
  WherryBudget *budget;
  Pair pairs[N_PAIRS];
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  WherrySctpConfig config = { .max_message_size = 10000 };

  f->budget = wherry_budget_new (SHARE * WHERRY_UNFINISHED_SHARE);
  config.budget = f->budget;
  for (guint i = 0; i < N_PAIRS; i++)
    {
      pair_init (&f->pairs[i], NULL, &config);
      pair_wait_connected (&f->pairs[i]);
    }
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < N_PAIRS; i++)
    {
      Pair *pair = &f->pairs[i];

      side_clear (&pair->a, pair->context);
      side_clear (&pair->b, pair->context);
      g_main_context_unref (pair->context);
    }
  g_assert_cmpuint (wherry_budget_get_held (f->budget), ==, 0);
  g_assert_cmpuint (wherry_budget_get_used (f->budget), ==, 0);
  wherry_budget_unref (f->budget);
}

/* RFC 8831 section 6.6: a piece of a message whose end is still to come, or its end. */
static void
send_piece (Pair *pair, guint16 stream, gboolean end)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (pair->a.transport);
  guint32 ppid = end ? WHERRY_PPID_BINARY : WHERRY_PPID_BINARY_PARTIAL;
  struct sctp_sndinfo info
      = { .snd_sid = stream, .snd_flags = SCTP_EOR, .snd_ppid = g_htonl (ppid) };
  guint8 data[PIECE] = { 0 };
  gssize sent;

  wherry_sctp_association_cork (self);
  WHERRY_SCTP_CALL (self, sent = usrsctp_sendv (self->so, data, sizeof data, NULL, 0, &info,
                                                sizeof info, SCTP_SENDV_SNDINFO, 0));
  wherry_sctp_association_uncork (self);
  g_assert_cmpint (sent, ==, PIECE);
}

static void
send_pieces (Pair *pair, guint16 stream, guint n)
{
  for (guint i = 0; i < n; i++)
    send_piece (pair, stream, FALSE);
}

static void
wait_held (Fixture *f, guint pieces)
{
  WHERRY_WAIT_UNTIL (NULL, wherry_budget_get_held (f->budget) == pieces * PIECE);
}

/* The one that holds most goes, not the one that came last; the others' messages come to an end. */
static void
test_largest_goes (Fixture *f, gconstpointer data)
{
  guint64 before = wherry_counter_get (WHERRY_COUNTER_SCTP_UNFINISHED);
  Pair *innocent = &f->pairs[0];
  Pair *greedy = &f->pairs[1];
  Pair *other = &f->pairs[2];

  send_pieces (innocent, 0, 2);
  send_pieces (greedy, 0, 9);
  send_pieces (greedy, 1, 2);
  send_pieces (other, 0, 7);
  wait_held (f, 20);
  g_assert_cmpint (greedy->b.state, ==, WHERRY_TRANSPORT_CONNECTED);

  send_piece (innocent, 0, FALSE);
  WHERRY_WAIT_UNTIL (NULL, greedy->b.state == WHERRY_TRANSPORT_FAILED);
  g_assert_error (greedy->b.error, WHERRY_ERROR, WHERRY_ERROR_LIMIT);
  WHERRY_WAIT_UNTIL (NULL, greedy->a.state == WHERRY_TRANSPORT_CLOSED);
  wait_held (f, 10);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SCTP_UNFINISHED), ==, before + 1);

  send_piece (innocent, 0, TRUE);
  send_piece (other, 0, TRUE);
  WHERRY_WAIT_UNTIL (NULL, innocent->b.n_received == 1 && other->b.n_received == 1);
  g_assert_cmpuint (innocent->b.bytes_received, ==, 4 * PIECE);
  g_assert_cmpuint (other->b.bytes_received, ==, 8 * PIECE);
  wait_held (f, 0);
}

/* It does not read, because its subscribers are slow: it goes all the same. */
static void
test_paused (Fixture *f, gconstpointer data)
{
  send_pieces (&f->pairs[1], 0, 9);
  send_pieces (&f->pairs[1], 1, 2);
  wait_held (f, 11);
  wherry_stream_transport_set_paused (f->pairs[1].b.transport, TRUE);
  send_pieces (&f->pairs[2], 0, 9);
  send_piece (&f->pairs[0], 0, FALSE);
  WHERRY_WAIT_UNTIL (NULL, f->pairs[1].b.state == WHERRY_TRANSPORT_FAILED);
  wait_held (f, 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/sctp/unfinished/largest-goes", test_largest_goes);
  ADD ("/sctp/unfinished/paused", test_paused);
  return run_and_shut_down ();
}
