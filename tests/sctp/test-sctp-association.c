/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#include "sctp-pair.h"

static void
test_handshake (void)
{
  Pair pair;

  pair_init (&pair, NULL, NULL);
  g_assert_cmpint (wherry_stream_transport_get_state (pair.a.transport), ==, WHERRY_TRANSPORT_NEW);
  pair_wait_connected (&pair);
  g_assert_cmpuint (wherry_stream_transport_get_n_streams (pair.a.transport), ==,
                    WHERRY_SCTP_STREAMS_INITIAL);
  g_assert_cmpuint (wherry_stream_transport_get_n_streams (pair.b.transport), ==,
                    WHERRY_SCTP_STREAMS_INITIAL);
  pair_clear (&pair);
}

static void
test_echo (void)
{
  Pair pair;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  send_made (&pair, &pair.a, 0, &send_reliable, WHERRY_MESSAGE_TEXT, 12, 1);
  WHERRY_WAIT_UNTIL (pair.context, pair.b.n_received == 1);
  assert_message (side_nth (&pair.b, 0)->message, WHERRY_MESSAGE_TEXT, 12, 1);
  send_all (&pair, &pair.b, 0, &send_reliable, side_nth (&pair.b, 0)->message);
  WHERRY_WAIT_UNTIL (pair.context, pair.a.n_received == 1);
  assert_message (side_nth (&pair.a, 0)->message, WHERRY_MESSAGE_TEXT, 12, 1);
  pair_clear (&pair);
}

/* Streams may overtake each other; on each one the order is kept. */
static void
assert_sizes (Side *side, const gsize *sizes, guint n_sizes, guint32 seed)
{
  guint next[5] = { 0, 1, 2, 3, 4 };
  WherryMessageKind kind[5] = { WHERRY_MESSAGE_TEXT };

  for (guint i = 0; i < side->received->len; i++)
    {
      Received *received = side_nth (side, i);
      guint16 stream = received->stream;

      g_assert_cmpuint (stream, <, 5);
      g_assert_cmpuint (next[stream], <, n_sizes);
      assert_message (received->message, kind[stream], sizes[next[stream]],
                      seed + next[stream] * 2 + (guint) kind[stream]);
      if (kind[stream] == WHERRY_MESSAGE_BINARY)
        next[stream] += 5;
      kind[stream]
          = kind[stream] == WHERRY_MESSAGE_TEXT ? WHERRY_MESSAGE_BINARY : WHERRY_MESSAGE_TEXT;
    }
}

static void
test_sizes (void)
{
  static const gsize sizes[] = { 0,    1,     2,     1000,  1100,  1150,   1151,   1200,
                                 4096, 16384, 65535, 65536, 65537, 131072, 200000, 262144 };
  Pair pair;
  guint n = 0;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (WherryMessageKind kind = WHERRY_MESSAGE_TEXT; kind <= WHERRY_MESSAGE_BINARY; kind++, n++)
      {
        guint16 stream = (guint16) (i % 5);

        send_made (&pair, &pair.a, stream, &send_reliable, kind, sizes[i], n);
        send_made (&pair, &pair.b, stream, &send_reliable, kind, sizes[i], n + 1000);
      }
  WHERRY_WAIT_UNTIL (pair.context, pair.a.n_received == n && pair.b.n_received == n);
  assert_sizes (&pair.b, sizes, G_N_ELEMENTS (sizes), 0);
  assert_sizes (&pair.a, sizes, G_N_ELEMENTS (sizes), 1000);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/association/handshake/both-sides-connect", test_handshake);
  g_test_add_func ("/sctp/association/echo", test_echo);
  g_test_add_func ("/sctp/association/sizes", test_sizes);
  return run_and_shut_down ();
}
