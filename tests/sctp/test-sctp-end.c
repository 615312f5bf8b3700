/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#include "sctp-pair.h"

#define LENGTH 1000u
#define STREAM 0

/* The highest cumulative TSN that b acknowledged, and the TSN of every DATA or I-DATA chunk's end
 * of message that a sent, read off the wire. */
typedef struct
{
  guint32 cumulative;
  gboolean any;
  GArray *ends; /* guint32 TSNs with the E bit, in order */
} Wire;

static guint32
get_u32 (const guint8 *data)
{
  return ((guint32) data[0] << 24) | ((guint32) data[1] << 16) | ((guint32) data[2] << 8) | data[3];
}

static void
foreach_chunk (const guint8 *data, gsize length, void (*func) (const guint8 *chunk, Wire *wire),
               Wire *wire)
{
  for (gsize at = 12; at + 4 <= length;)
    {
      gsize size = ((gsize) data[at + 2] << 8) | data[at + 3];

      g_assert_cmpuint (size, >=, 4);
      func (data + at, wire);
      at += (size + 3) & ~(gsize) 3;
    }
}

static void
note_sack (const guint8 *chunk, Wire *wire)
{
  if (chunk[0] != 3)
    return;
  wire->cumulative = get_u32 (chunk + 4);
  wire->any = TRUE;
}

static void
note_data (const guint8 *chunk, Wire *wire)
{
  guint32 tsn = get_u32 (chunk + 4);

  if ((chunk[0] != 0 && chunk[0] != 64) || (chunk[1] & 1) == 0)
    return;
  for (guint i = 0; i < wire->ends->len; i++)
    if (g_array_index (wire->ends, guint32, i) == tsn)
      return;
  g_array_append_val (wire->ends, tsn);
}

static gboolean
filter_sacks (const guint8 *data, gsize length, gpointer user_data)
{
  foreach_chunk (data, length, note_sack, user_data);
  return TRUE;
}

static gboolean
filter_data (const guint8 *data, gsize length, gpointer user_data)
{
  foreach_chunk (data, length, note_data, user_data);
  return TRUE;
}

static guint
count_acknowledged (const Wire *wire)
{
  guint n = 0;

  for (guint i = 0; wire->any && i < wire->ends->len; i++)
    n += (gint32) (wire->cumulative - g_array_index (wire->ends, guint32, i)) >= 0;
  return n;
}

/* Send until there is no room and nothing moves. */
static guint
fill (Pair *pair, gsize length)
{
  guint n = 0;
  guint before;

  do
    {
      before = n;
      for (;;)
        {
          g_autoptr (WherryMessage) message = make_message (WHERRY_MESSAGE_BINARY, length, n);

          if (wherry_stream_transport_send (pair->a.transport, STREAM, &send_reliable, message)
              != WHERRY_SEND_OK)
            break;
          n++;
        }
      for (guint quiet = 0; quiet < 60; quiet++)
        {
          gint64 end_us = g_get_monotonic_time () + 5000;

          WHERRY_WAIT_UNTIL (pair->context, g_get_monotonic_time () >= end_us);
        }
    }
  while (n > before + 10000 / length); /* a closed window still lets probes in, five a second */
  return n;
}

static void
abort_a (Pair *pair)
{
  wherry_stream_transport_close (pair->a.transport);
}

static void
fail_b_lower (Pair *pair)
{
  g_autoptr (GError) error = g_error_new (WHERRY_ERROR, WHERRY_ERROR_TIMEOUT, "gone");

  wherry_fake_link_set_state (pair->b.link, WHERRY_TRANSPORT_FAILED, error);
}

static void
check_drain (gsize length, gboolean paused, void (*end) (Pair *pair), WherryTransportState state,
             int code)
{
  Wire wire = { .ends = g_array_new (FALSE, FALSE, sizeof (guint32)) };
  Pair pair;
  guint sent;
  guint acknowledged;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  wherry_fake_link_set_filter (pair.b.link, filter_sacks, &wire);
  wherry_fake_link_set_filter (pair.a.link, filter_data, &wire);
  wherry_stream_transport_set_paused (pair.b.transport, paused);
  sent = fill (&pair, length);
  end (&pair);
  WHERRY_WAIT_UNTIL (pair.context, pair.b.state == state);
  g_assert_error (pair.b.error, WHERRY_ERROR, code);
  acknowledged = count_acknowledged (&wire);
  g_test_message ("%u sent, %u acknowledged, %" G_GUINT64_FORMAT " delivered", sent, acknowledged,
                  pair.b.n_received);
  g_assert_cmpuint (acknowledged, >, 0);
  g_assert_cmpuint (pair.b.n_received, >=, acknowledged);
  for (guint i = 0; i < pair.b.n_received; i++)
    assert_message (side_nth (&pair.b, i)->message, WHERRY_MESSAGE_BINARY, length, i);
  pair_clear (&pair);
  g_array_unref (wire.ends);
}

static void
test_drain_abort (void)
{
  check_drain (LENGTH, TRUE, abort_a, WHERRY_TRANSPORT_CLOSED, WHERRY_ERROR_CLOSED);
}

static void
test_drain_abort_large (void)
{
  check_drain (60000, TRUE, abort_a, WHERRY_TRANSPORT_CLOSED, WHERRY_ERROR_CLOSED);
}

static void
test_drain_lower_failed (void)
{
  check_drain (LENGTH, TRUE, fail_b_lower, WHERRY_TRANSPORT_FAILED, WHERRY_ERROR_TIMEOUT);
}

/* It ends here: nothing tells of that, and it is the last chance to deliver. */
static void
test_drain_close (void)
{
  for (guint paused = 0; paused < 2; paused++)
    {
      Wire wire = { .ends = g_array_new (FALSE, FALSE, sizeof (guint32)) };
      Pair pair;

      pair_init (&pair, NULL, NULL);
      pair_wait_connected (&pair);
      wherry_fake_link_set_filter (pair.b.link, filter_sacks, &wire);
      wherry_fake_link_set_filter (pair.a.link, filter_data, &wire);
      wherry_stream_transport_set_paused (pair.b.transport, TRUE);
      fill (&pair, LENGTH);
      if (paused == 0)
        wherry_stream_transport_set_paused (pair.b.transport, FALSE);
      g_assert_cmpuint (count_acknowledged (&wire), >, pair.b.n_received);
      wherry_stream_transport_drain (pair.b.transport);
      wherry_stream_transport_close (pair.b.transport);
      g_assert_cmpuint (pair.b.n_received, >=, count_acknowledged (&wire));
      for (guint i = 0; i < pair.b.n_received; i++)
        assert_message (side_nth (&pair.b, i)->message, WHERRY_MESSAGE_BINARY, LENGTH, i);
      pair_clear (&pair);
      g_array_unref (wire.ends);
    }
}

static void
count_only (Side *side, guint16 stream, WherryMessage *message)
{
}

/* The sender aborts with a message half sent: it does not arrive, those before it do. */
static void
test_cut_message (void)
{
  for (guint paused = 0; paused < 2; paused++)
    {
      Pair pair;
      guint before;

      pair_init (&pair, NULL, NULL);
      pair_wait_connected (&pair);
      pair.b.on_message = count_only;
      wherry_stream_transport_set_paused (pair.b.transport, paused == 1);
      send_made (&pair, &pair.a, 0, &send_reliable, WHERRY_MESSAGE_TEXT, 100, 1);
      send_made (&pair, &pair.a, 1, &send_reliable, WHERRY_MESSAGE_BINARY, 262144, 2);
      /* more than half of it is under way, less than all is in */
      before = (guint) wherry_fake_link_get_packets_sent (pair.a.link);
      WHERRY_WAIT_UNTIL (pair.context,
                         wherry_fake_link_get_packets_sent (pair.a.link) > before + 60);
      g_assert_cmpuint (wherry_stream_transport_get_buffered (pair.a.transport), >, 0);
      wherry_stream_transport_close (pair.a.transport);
      WHERRY_WAIT_UNTIL (pair.context, pair.b.state == WHERRY_TRANSPORT_CLOSED);
      g_assert_cmpuint (pair.b.n_received, ==, 1);
      assert_message (side_nth (&pair.b, 0)->message, WHERRY_MESSAGE_TEXT, 100, 1);
      pair_clear (&pair);
    }
}

typedef struct
{
  guint8 tag[4];        /* of packets to b */
  guint8 cumulative[4]; /* what a acknowledged of b's */
} Header;

static gboolean
note_header (const guint8 *data, gsize length, gpointer user_data)
{
  Header *header = user_data;

  memcpy (header->tag, data + 4, 4);
  if (length >= 20 && data[12] == 3)
    memcpy (header->cumulative, data + 16, 4);
  return TRUE;
}

static void
inject_chunk (Pair *pair, const Header *header, guint8 type, const guint8 *value, guint8 length)
{
  guint8 packet[32] = { 0x13, 0x88, 0x13, 0x88 };

  memcpy (packet + 4, header->tag, 4);
  packet[12] = type;
  packet[15] = (guint8) (4 + length);
  if (length > 0)
    memcpy (packet + 16, value, length);
  wherry_fake_link_inject (pair->b.link, packet, 16 + length);
}

/* RFC 9260 section 9.2: a peer that shuts down in order, while we do not read. */
static void
test_shutdown (void)
{
  Header header = { { 0 } };
  Pair pair;

  pair_init (&pair, NULL, NULL);
  wherry_fake_link_set_filter (pair.a.link, note_header, &header);
  pair_wait_connected (&pair);
  send_made (&pair, &pair.b, 0, &send_reliable, WHERRY_MESSAGE_TEXT, 5, 1);
  wherry_stream_transport_set_paused (pair.b.transport, TRUE);
  for (guint i = 0; i < 20; i++)
    send_made (&pair, &pair.a, 0, &send_reliable, WHERRY_MESSAGE_TEXT, 500, i);
  WHERRY_WAIT_UNTIL (pair.context,
                     wherry_stream_transport_get_buffered (pair.a.transport) == 0
                         && wherry_stream_transport_get_buffered (pair.b.transport) == 0);
  inject_chunk (&pair, &header, 7, header.cumulative, 4); /* SHUTDOWN */
  inject_chunk (&pair, &header, 14, NULL, 0);             /* SHUTDOWN COMPLETE */
  WHERRY_WAIT_UNTIL (pair.context, pair.b.state == WHERRY_TRANSPORT_CLOSED);
  g_assert_error (pair.b.error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_assert_cmpuint (pair.b.n_received, ==, 20);
  pair_clear (&pair);
}

static void
close_in_message (Side *side, guint16 stream, WherryMessage *message)
{
  wherry_stream_transport_close (side->transport);
}

static void
test_close_in_message (void)
{
  Pair pair;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  pair.b.on_message = close_in_message;
  for (guint i = 0; i < 10; i++)
    send_made (&pair, &pair.a, 0, &send_reliable, WHERRY_MESSAGE_TEXT, 10, i);
  WHERRY_WAIT_UNTIL (pair.context, pair.a.state == WHERRY_TRANSPORT_CLOSED);
  g_assert_cmpuint (pair.b.n_received, ==, 1);
  g_assert_cmpint (pair.b.state, ==, WHERRY_TRANSPORT_CONNECTED); /* no event follows */
  g_assert_cmpint (wherry_stream_transport_get_state (pair.b.transport), ==,
                   WHERRY_TRANSPORT_CLOSED);
  pair_clear (&pair);
}

static void
close_on_connected (Side *side, WherryTransportState state)
{
  if (state == WHERRY_TRANSPORT_CONNECTED)
    wherry_stream_transport_close (side->transport);
}

static void
test_close_in_state (void)
{
  Pair pair;

  pair_init (&pair, NULL, NULL);
  pair.b.on_state = close_on_connected;
  WHERRY_WAIT_UNTIL (pair.context, pair.a.state == WHERRY_TRANSPORT_CLOSED);
  pair_clear (&pair);
}

/* Closed before the handshake, in it, and never started. */
static void
test_close_early (void)
{
  WherryFakeLinkOptions options
      = { .unconnected = TRUE, .initial_state = WHERRY_TRANSPORT_CONNECTING };
  Pair pair;

  pair_init (&pair, &options, NULL);
  pair_clear (&pair);

  pair_init (&pair, NULL, NULL);
  pair_clear (&pair);

  pair_init (&pair, NULL, NULL);
  WHERRY_WAIT_UNTIL (pair.context, pair.a.state == WHERRY_TRANSPORT_CONNECTING);
  pair_clear (&pair);

  /* the lower transport fails before it was ever there */
  pair_init (&pair, &options, NULL);
  fail_b_lower (&pair);
  WHERRY_WAIT_UNTIL (pair.context, pair.b.state == WHERRY_TRANSPORT_FAILED);
  g_assert_error (pair.b.error, WHERRY_ERROR, WHERRY_ERROR_TIMEOUT);
  pair_clear (&pair);
}

/* One side starts seconds late: the other's INITs are lost and sent again. */
static void
test_late_start (void)
{
  WherryFakeLinkOptions options
      = { .unconnected = TRUE, .initial_state = WHERRY_TRANSPORT_CONNECTING };
  Pair pair;

  pair_init (&pair, &options, NULL);
  wherry_fake_link_set_state (pair.a.link, WHERRY_TRANSPORT_CONNECTED, NULL);
  WHERRY_WAIT_UNTIL (pair.context, wherry_fake_link_get_packets_sent (pair.a.link) >= 2);
  wherry_fake_link_set_state (pair.b.link, WHERRY_TRANSPORT_CONNECTED, NULL);
  pair_wait_connected (&pair);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/end/abort-while-paused-delivers-what-was-acknowledged", test_drain_abort);
  g_test_add_func ("/sctp/end/abort-while-paused-large", test_drain_abort_large);
  g_test_add_func ("/sctp/end/lower-fails-while-paused", test_drain_lower_failed);
  g_test_add_func ("/sctp/end/close-delivers-what-was-acknowledged", test_drain_close);
  g_test_add_func ("/sctp/end/cut-message-is-not-delivered", test_cut_message);
  g_test_add_func ("/sctp/end/shutdown-while-paused", test_shutdown);
  g_test_add_func ("/sctp/end/close-in-message", test_close_in_message);
  g_test_add_func ("/sctp/end/close-in-state", test_close_in_state);
  g_test_add_func ("/sctp/end/close-early", test_close_early);
  g_test_add_func ("/sctp/end/late-start", test_late_start);
  return run_and_shut_down ();
}
