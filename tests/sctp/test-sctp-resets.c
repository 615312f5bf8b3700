/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "sctp-pair.h"

/* A stream is reset while what was sent before is missing, and other streams go on. */

#define CLOSING 7
#define MISSING 8
#define OTHER 9
#define LARGE 5000u

typedef struct
{
  guint drops; /* so many packets with data go */
} Dropper;

static gboolean
drop_data (const guint8 *data, gsize length, gpointer user_data)
{
  Dropper *self = user_data;

  if (self->drops == 0 || length < 13 || (data[12] != 0 && data[12] != 64))
    return TRUE;
  self->drops--;
  return FALSE;
}

static guint
count_on (Side *side, guint16 stream)
{
  guint n = 0;

  for (guint i = 0; i < side->received->len; i++)
    n += side_nth (side, i)->stream == stream;
  return n;
}

static void
check (gboolean interleaving, gboolean ordered, WherryReliability reliability)
{
  const WherrySctpConfig config = { .no_interleaving = !interleaving };
  const WherrySendOptions missing = { .ordered = TRUE, .reliability = reliability };
  const WherrySendOptions other = { .ordered = ordered };
  Dropper dropper = { .drops = 0 };
  guint lost = reliability == WHERRY_RELIABLE ? 0 : 1;
  Pair pair;

  pair_init (&pair, NULL, &config);
  pair_wait_connected (&pair);
  wherry_fake_link_set_filter (pair.a.link, drop_data, &dropper);
  for (guint round = 1; round <= 2; round++)
    {
      send_made (&pair, &pair.a, CLOSING, &send_reliable, WHERRY_MESSAGE_TEXT, 10, round);
      WHERRY_WAIT_UNTIL (pair.context,
                         wherry_stream_transport_get_buffered (pair.a.transport) == 0);
      dropper.drops = 1;
      send_made (&pair, &pair.a, MISSING, &missing, WHERRY_MESSAGE_TEXT, 10, round);
      wherry_stream_transport_reset_stream (pair.a.transport, CLOSING);
      for (guint i = 0; i < 6; i++)
        send_made (&pair, &pair.a, OTHER, &other, WHERRY_MESSAGE_BINARY, i % 2 == 0 ? 10 : LARGE,
                   i);
      WHERRY_WAIT_UNTIL (pair.context, pair.b.state != WHERRY_TRANSPORT_CONNECTED
                                           || (pair.b.incoming_resets->len == round
                                               && pair.a.outgoing_resets->len == round
                                               && count_on (&pair.b, OTHER) == 6 * round));
      g_assert_no_error (pair.b.error);
      g_assert_cmpuint (count_on (&pair.b, MISSING), ==, round * (1 - lost));
    }
  pair_clear (&pair);
}

static void
test_reliable (void)
{
  for (guint i = 0; i < 4; i++)
    check ((i & 1) != 0, (i & 2) != 0, WHERRY_RELIABLE);
}

/* What is missing was given up, and comes no more. */
static void
test_given_up (void)
{
  for (guint i = 0; i < 4; i++)
    check ((i & 1) != 0, (i & 2) != 0, WHERRY_MAX_RETRANSMITS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/resets/reliable", test_reliable);
  g_test_add_func ("/sctp/resets/given-up", test_given_up);
  return run_and_shut_down ();
}
