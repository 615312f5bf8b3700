/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "sctp/wherry-sctp-turns.h"

#define LARGE 60000u
#define SMALL 1000u

static WherrySctpOutgoing
make (guint16 stream, guint16 priority, gsize length)
{
  WherrySctpOutgoing outgoing = { .stream = stream, .options = { .priority = priority } };
  g_autofree guint8 *data = g_malloc0 (length);

  outgoing.message = wherry_message_new (WHERRY_MESSAGE_BINARY, data, length, NULL);
  return outgoing;
}

static void
open (WherrySctpTurns *turns, guint16 stream, guint16 priority)
{
  WherrySctpOutgoing outgoing = make (stream, priority, LARGE);

  wherry_sctp_turns_open (turns, &outgoing);
  g_assert_null (outgoing.message);
}

static WherrySctpTurn
ask (WherrySctpTurns *turns, guint16 stream, guint16 priority, gboolean small)
{
  return wherry_sctp_turns_ask (turns, TRUE, stream, priority, small ? SMALL : LARGE, small);
}

static void
test_rules (void)
{
  WherrySctpTurns turns;

  wherry_sctp_turns_init (&turns);
  g_assert_cmpint (ask (&turns, 0, 0, FALSE), ==, WHERRY_SCTP_TURN_NOW);
  open (&turns, 0, WHERRY_PRIORITY_LOW);
  g_assert_true (wherry_sctp_turns_is_open (&turns, 0));
  g_assert_false (wherry_sctp_turns_is_open (&turns, 1));
  g_assert_cmpuint (wherry_sctp_turns_get_left (&turns), ==, LARGE);
  /* nothing passes where messages do not interleave */
  g_assert_cmpint (wherry_sctp_turns_ask (&turns, FALSE, 1, WHERRY_PRIORITY_HIGH, SMALL, TRUE), ==,
                   WHERRY_SCTP_TURN_NEVER);
  /* nor on the same stream */
  g_assert_cmpint (ask (&turns, 0, WHERRY_PRIORITY_HIGH, TRUE), ==, WHERRY_SCTP_TURN_NEVER);
  g_assert_cmpint (ask (&turns, 1, WHERRY_PRIORITY_VERY_LOW, TRUE), ==, WHERRY_SCTP_TURN_NOW);
  g_assert_cmpint (ask (&turns, 1, WHERRY_PRIORITY_LOW, FALSE), ==, WHERRY_SCTP_TURN_NEVER);
  g_assert_cmpint (ask (&turns, 1, WHERRY_PRIORITY_MEDIUM, FALSE), ==, WHERRY_SCTP_TURN_NOW);
  open (&turns, 1, WHERRY_PRIORITY_HIGH);
  /* as many at once as there are weights, each above all others */
  g_assert_cmpint (ask (&turns, 2, WHERRY_PRIORITY_MEDIUM, FALSE), ==, WHERRY_SCTP_TURN_NEVER);
  g_assert_cmpint (ask (&turns, 2, WHERRY_PRIORITY_HIGH, FALSE), ==, WHERRY_SCTP_TURN_NEVER);
  wherry_sctp_turns_clear (&turns);
}

/* Two that are open are fed by weight. */
static void
test_fed_by_weight (void)
{
  WherrySctpTurns turns;
  gsize fed[2] = { 0 };

  wherry_sctp_turns_init (&turns);
  open (&turns, 0, WHERRY_PRIORITY_VERY_LOW);
  wherry_sctp_turns_fed (&turns, wherry_sctp_turns_peek (&turns), 50000);
  open (&turns, 1, WHERRY_PRIORITY_HIGH);
  for (guint i = 0; i < 450; i++)
    {
      WherrySctpOutgoing *next = wherry_sctp_turns_peek (&turns);

      fed[next->stream] += SMALL;
      wherry_sctp_turns_fed (&turns, next, SMALL);
    }
  g_assert_cmpuint (fed[0], >=, 49 * SMALL);
  g_assert_cmpuint (fed[0], <=, 51 * SMALL);
  wherry_sctp_turns_clear (&turns);
}

static void
test_waits (void)
{
  WherrySctpTurns turns;
  guint n = 0;

  wherry_sctp_turns_init (&turns);
  open (&turns, 0, WHERRY_PRIORITY_LOW);
  while (ask (&turns, 1, WHERRY_PRIORITY_LOW, TRUE) == WHERRY_SCTP_TURN_NOW)
    {
      wherry_sctp_turns_passed (&turns, 1, WHERRY_PRIORITY_LOW, SMALL);
      g_assert_cmpuint (++n, <, 100);
    }
  g_assert_cmpuint (n, >, 10); /* a burst of a quiet one */
  g_assert_cmpint (ask (&turns, 1, WHERRY_PRIORITY_LOW, TRUE), ==, WHERRY_SCTP_TURN_LATER);
  g_assert_false (wherry_sctp_turns_is_waiting_next (&turns));
  /* another stream has its own share */
  g_assert_cmpint (ask (&turns, 2, WHERRY_PRIORITY_LOW, TRUE), ==, WHERRY_SCTP_TURN_NOW);
  wherry_sctp_turns_fed (&turns, wherry_sctp_turns_peek (&turns), 2 * SMALL);
  g_assert_true (wherry_sctp_turns_is_waiting_next (&turns));
  g_assert_cmpint (ask (&turns, 1, WHERRY_PRIORITY_LOW, TRUE), ==, WHERRY_SCTP_TURN_NOW);
  wherry_sctp_turns_close (&turns, wherry_sctp_turns_peek (&turns));
  g_assert_false (wherry_sctp_turns_is_waiting_next (&turns));
  g_assert_cmpuint (turns.n_open, ==, 0);
  wherry_sctp_turns_clear (&turns);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/turns/rules", test_rules);
  g_test_add_func ("/sctp/turns/fed-by-weight", test_fed_by_weight);
  g_test_add_func ("/sctp/turns/waits", test_waits);
  return g_test_run ();
}
