/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-limits.h"
#include "base/wherry-share.h"

#include "sctp-pair.h"

#define BULK_STREAM 0
#define SMALL_STREAM 2
#define BULK_LENGTH (4u * WHERRY_MIB)
#define SMALL_LENGTH 100u
#define BESIDE_LENGTH 60000u

static const WherrySendOptions low
    = { .ordered = TRUE, .reliability = WHERRY_RELIABLE, .priority = WHERRY_PRIORITY_LOW };
static const WherrySendOptions high
    = { .ordered = TRUE, .reliability = WHERRY_RELIABLE, .priority = WHERRY_PRIORITY_HIGH };

static const WherrySctpConfig with = { .max_message_size = 16u * WHERRY_MIB };
static const WherrySctpConfig without
    = { .max_message_size = 16u * WHERRY_MIB, .no_interleaving = TRUE };

static gboolean
is_interleaving (Side *side)
{
  return wherry_stream_transport_is_interleaving (side->transport);
}

static void
pair_init_two (Pair *pair, const WherryFakeLinkOptions *options, const WherrySctpConfig *config_a,
               const WherrySctpConfig *config_b)
{
  WherryFakeLink *a;
  WherryFakeLink *b;

  pair->context = g_main_context_ref (g_main_context_default ());
  wherry_fake_link_new_pair (options, pair->context, pair->context, &a, &b);
  side_init (&pair->a, a, pair->context, config_a);
  side_init (&pair->b, b, pair->context, config_b);
  pair_wait_connected (pair);
}

/* Only if both have it, and each knows. */
static void
test_negotiation (void)
{
  for (guint i = 0; i < 4; i++)
    {
      Pair pair;

      pair_init_two (&pair, NULL, (i & 1) != 0 ? &with : &without, (i & 2) != 0 ? &with : &without);
      g_assert_cmpint (is_interleaving (&pair.a), ==, i == 3);
      g_assert_cmpint (is_interleaving (&pair.b), ==, i == 3);
      send_made (&pair, &pair.a, 1, &high, WHERRY_MESSAGE_BINARY, 300000, i);
      send_made (&pair, &pair.b, 1, &low, WHERRY_MESSAGE_BINARY, 300000, i);
      WHERRY_WAIT_UNTIL (pair.context, pair.a.n_received == 1 && pair.b.n_received == 1);
      assert_message (side_nth (&pair.b, 0)->message, WHERRY_MESSAGE_BINARY, 300000, i);
      pair_clear (&pair);
    }
}

/* ---- a small message behind a large one ---- */

typedef struct
{
  guint bulk_packets; /* with a piece of the large message, since the small one was to be sent */
  gboolean waits;
  gboolean gone;
} Overtaking;

static gboolean
note_packets (const guint8 *data, gsize length, gpointer user_data)
{
  Overtaking *self = user_data;
  guint stream;

  if (length < 24 || (data[12] != 0 && data[12] != 64))
    return TRUE;
  stream = ((guint) data[20] << 8) | data[21];
  if (stream == SMALL_STREAM)
    self->gone = TRUE;
  else if (self->waits && !self->gone)
    self->bulk_packets++;
  return TRUE;
}

static guint
overtake (const WherrySctpConfig *config, const WherrySendOptions *options, gsize length)
{
  Overtaking packets = { 0 };
  Pair pair;

  pair_init_two (&pair, NULL, config, config);
  wherry_fake_link_set_filter (pair.a.link, note_packets, &packets);
  send_made (&pair, &pair.a, BULK_STREAM, &low, WHERRY_MESSAGE_BINARY, BULK_LENGTH, 1);
  /* it is under way */
  WHERRY_WAIT_UNTIL (pair.context, wherry_fake_link_get_packets_sent (pair.a.link) > 200);
  packets.waits = TRUE;
  send_made (&pair, &pair.a, SMALL_STREAM, options, WHERRY_MESSAGE_BINARY, length, 2);
  WHERRY_WAIT_UNTIL (pair.context, pair.b.n_received == 2);
  for (guint i = 0; i < 2; i++)
    {
      Received *received = side_nth (&pair.b, i);

      if (received->stream == BULK_STREAM)
        assert_message (received->message, WHERRY_MESSAGE_BINARY, BULK_LENGTH, 1);
      else
        assert_message (received->message, WHERRY_MESSAGE_BINARY, length, 2);
    }
  pair_clear (&pair);
  return packets.bulk_packets;
}

/* The numbers of packets are fixed by cwnd and buffer, not by time. */
static void
test_overtake (void)
{
  guint behind = overtake (&without, &high, SMALL_LENGTH);
  guint past = overtake (&with, &high, SMALL_LENGTH);
  guint past_low = overtake (&with, &low, SMALL_LENGTH);

  g_test_message ("packets of the large message before the small one: %u without I-DATA, %u with, "
                  "%u with and of the same priority",
                  behind, past, past_low);
  g_assert_cmpuint (behind, >, 2000);
  g_assert_cmpuint (past, <, 70); /* less than what usrsctp holds */
  g_assert_cmpuint (past_low, <, 70);
}

static void
test_overtake_large (void)
{
  guint behind = overtake (&without, &high, BESIDE_LENGTH);
  guint past = overtake (&with, &high, BESIDE_LENGTH);
  guint equal = overtake (&with, &low, BESIDE_LENGTH);
  guint too_large = overtake (&with, &high, 200000);

  g_test_message ("packets of the low one before the high one: %u without I-DATA, %u with, "
                  "%u with and of the same priority",
                  behind, past, equal);
  g_assert_cmpuint (behind, >, 2000);
  g_assert_cmpuint (equal, >, 2000); /* one at a time of each priority */
  g_assert_cmpuint (past, <, 70);
  g_assert_cmpuint (too_large, >, 2000); /* WHERRY_SCTP_BESIDE_MAX */
}

/* ---- several at once ---- */

static const guint16 priorities[] = { WHERRY_PRIORITY_VERY_LOW, WHERRY_PRIORITY_LOW,
                                      WHERRY_PRIORITY_MEDIUM, WHERRY_PRIORITY_HIGH };

static void
check_nested (const WherryFakeLinkOptions *options, gsize length, guint n_small, gboolean ordered)
{
  Pair pair;
  guint n = 0;

  pair_init_two (&pair, NULL, &with, &with);
  if (options != NULL)
    {
      g_test_message ("seed %u", options->seed);
      wherry_fake_link_set_options (pair.a.link, options);
    }
  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      WherrySendOptions of = { .ordered = ordered, .priority = priorities[i] };
      g_autoptr (WherryMessage) message
          = make_message (WHERRY_MESSAGE_BINARY, i == 0 ? length : BESIDE_LENGTH, i);

      g_assert_cmpint (wherry_stream_transport_send (pair.a.transport, (guint16) i, &of, message),
                       ==, WHERRY_SEND_OK);
      /* one of the same priority waits */
      g_assert_cmpint (wherry_stream_transport_send (pair.a.transport, 9, &of, message), ==,
                       WHERRY_SEND_BLOCKED);
    }
  for (; n < n_small; n++)
    send_made (&pair, &pair.a, (guint16) (10 + n % 7), &low, WHERRY_MESSAGE_TEXT, 1 + n * 13 % 5000,
               n);
  WHERRY_WAIT_UNTIL (pair.context, pair.b.n_received == G_N_ELEMENTS (priorities) + n_small);
  for (guint i = 0; i < pair.b.received->len; i++)
    if (side_nth (&pair.b, i)->stream < G_N_ELEMENTS (priorities))
      assert_message (side_nth (&pair.b, i)->message, WHERRY_MESSAGE_BINARY,
                      side_nth (&pair.b, i)->stream == 0 ? length : BESIDE_LENGTH,
                      side_nth (&pair.b, i)->stream);
  WHERRY_WAIT_UNTIL (pair.context, wherry_stream_transport_get_buffered (pair.a.transport) == 0);
  pair_clear (&pair);
}

static void
test_nested (void)
{
  check_nested (NULL, WHERRY_MIB, 300, TRUE);
  check_nested (NULL, WHERRY_MIB, 300, FALSE);
}

static void
test_nested_loss (void)
{
  WherryFakeLinkOptions options
      = { .seed = 4711, .loss = 0.02, .duplicate = 0.02, .reorder = 0.05 };

  check_nested (&options, 200000, 60, TRUE);
  options.seed++;
  check_nested (&options, 200000, 60, FALSE);
}

/* ---- shares ---- */

typedef struct
{
  Side *side;
  guint64 small_bytes; /* received */
  guint64 bulk_bytes;  /* on the wire */
  WherrySendOptions options;
  WherryMessage *message;
} Shares;

static gboolean
note_bulk (const guint8 *data, gsize length, gpointer user_data)
{
  Shares *shares = user_data;

  if (length > 32 && data[12] == 64 && data[20] == 0 && data[21] == BULK_STREAM)
    shares->bulk_bytes += length - 32;
  return TRUE;
}

static void
note_small (Side *side, guint16 stream, WherryMessage *message)
{
  Shares *shares = side->data;

  if (stream == SMALL_STREAM)
    shares->small_bytes += wherry_message_get_length (message);
}

/* As long as there is room, and in the event: whoever comes later finds it taken. */
static void
send_small (Side *side)
{
  Shares *shares = side->data;

  while (wherry_stream_transport_send (side->transport, SMALL_STREAM, &shares->options,
                                       shares->message)
         == WHERRY_SEND_OK)
    ;
}

/* Whoever never stops sending still leaves a large message its share, and gets its own. */
static double
get_ratio (guint16 priority)
{
  g_autoptr (WherryMessage) message = make_message (WHERRY_MESSAGE_BINARY, 8000, 1);
  Shares shares = { .options = { .ordered = TRUE, .priority = priority }, .message = message };
  Pair pair;

  pair_init_two (&pair, NULL, &with, &with);
  pair.b.data = &shares;
  pair.b.on_message = note_small;
  pair.b.keep = FALSE;
  send_made (&pair, &pair.a, BULK_STREAM, &low, WHERRY_MESSAGE_BINARY, 3 * WHERRY_MIB, 1);
  wherry_fake_link_set_filter (pair.a.link, note_bulk, &shares);
  pair.a.data = &shares;
  pair.a.on_writable = send_small;
  send_small (&pair.a);
  WHERRY_WAIT_UNTIL (pair.context, shares.bulk_bytes > 2 * WHERRY_MIB);
  pair.a.on_writable = NULL;
  pair_clear (&pair);
  return (double) shares.small_bytes / (double) shares.bulk_bytes;
}

static void
test_shares (void)
{
  double more = get_ratio (WHERRY_PRIORITY_HIGH);
  double same = get_ratio (WHERRY_PRIORITY_LOW);
  double less = get_ratio (WHERRY_PRIORITY_VERY_LOW);

  g_test_message ("bytes per byte of the large message: %.2f at four times its weight, %.2f at the "
                  "same, %.2f at half",
                  more, same, less);
  g_assert_cmpfloat (more, >, 3);
  g_assert_cmpfloat (more, <, 5);
  g_assert_cmpfloat (same, >, 0.75);
  g_assert_cmpfloat (same, <, 1.33);
  g_assert_cmpfloat (less, >, 0.35);
  g_assert_cmpfloat (less, <, 0.7);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/interleave/negotiation", test_negotiation);
  g_test_add_func ("/sctp/interleave/overtake", test_overtake);
  g_test_add_func ("/sctp/interleave/overtake-large", test_overtake_large);
  g_test_add_func ("/sctp/interleave/nested", test_nested);
  g_test_add_func ("/sctp/interleave/nested-loss", test_nested_loss);
  g_test_add_func ("/sctp/interleave/shares", test_shares);
  return run_and_shut_down ();
}
