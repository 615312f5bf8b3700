/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "sctp-pair.h"

/* Large messages of which the sender gives up the rest (RFC 3758): those behind them arrive. */

#define STREAM 3
#define END_STREAM 4
#define N 10u
#define LENGTH 200000u

static void
note_end (Side *side, guint16 stream, WherryMessage *message)
{
  if (stream == END_STREAM)
    side->data = side;
}

static void
send_some (Pair *pair, const WherrySendOptions *options)
{
  pair->b.data = NULL;
  for (guint i = 0; i < N; i++)
    send_made (pair, &pair->a, STREAM, options, WHERRY_MESSAGE_BINARY, LENGTH, i);
  send_made (pair, &pair->a, END_STREAM, &send_reliable, WHERRY_MESSAGE_TEXT, 10, 1);
}

/* Of those sent, how many arrived; each is one of them, whole. */
static guint
take_received (Pair *pair)
{
  guint n = 0;

  WHERRY_WAIT_UNTIL (pair->context,
                     pair->b.data != NULL
                         && wherry_stream_transport_get_buffered (pair->a.transport) == 0);
  for (guint i = 0; i < pair->b.received->len; i++)
    if (side_nth (&pair->b, i)->stream == STREAM)
      {
        g_assert_cmpuint (wherry_message_get_length (side_nth (&pair->b, i)->message), ==, LENGTH);
        n++;
      }
  side_forget_received (&pair->b);
  return n;
}

static void
check (gboolean interleaving, gboolean ordered)
{
  const WherrySendOptions lossy
      = { .ordered = ordered, .reliability = WHERRY_MAX_RETRANSMITS, .value = 0 };
  const WherrySctpConfig config = { .max_message_size = LENGTH, .no_interleaving = !interleaving };
  WherryFakeLinkOptions options = { .seed = 5 };
  Pair pair;
  guint n;

  pair_init (&pair, &options, &config);
  pair_wait_connected (&pair);
  pair.b.on_message = note_end;
  options.loss = 0.03;
  wherry_fake_link_set_options (pair.a.link, &options);
  send_some (&pair, &lossy);
  n = take_received (&pair);
  g_test_message ("%s, %s: %u of %u arrived with loss (seed %u)", interleaving ? "I-DATA" : "DATA",
                  ordered ? "ordered" : "unordered", n, N, options.seed);
  g_assert_cmpuint (n, <, N);
  options.loss = 0;
  wherry_fake_link_set_options (pair.a.link, &options);
  send_some (&pair, &lossy);
  g_assert_cmpuint (take_received (&pair), ==, N);
  pair_clear (&pair);
}

static void
test_ordered (void)
{
  check (FALSE, TRUE);
  check (TRUE, TRUE);
}

static void
test_unordered (void)
{
  check (FALSE, FALSE);
  check (TRUE, FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/given-up/ordered", test_ordered);
  g_test_add_func ("/sctp/given-up/unordered", test_unordered);
  return run_and_shut_down ();
}
