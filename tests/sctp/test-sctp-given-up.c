/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"

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
  /* reliable: on a busy machine a timeout may come for nothing */
  const WherrySendOptions again = { .ordered = ordered };
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
  send_some (&pair, &again);
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

/* Drops one packet of so many that come. */
typedef struct
{
  guint until;
  guint n;
} Drop;

static gboolean
drop_one (const guint8 *data, gsize length, gpointer user_data)
{
  Drop *self = user_data;

  return ++self->n != self->until;
}

/* With a limit of 16 MiB: one that is many times as large as the receive buffer. */
static void
check_long (gboolean interleaving, gsize length)
{
  const WherrySendOptions lossy
      = { .ordered = TRUE, .reliability = WHERRY_MAX_RETRANSMITS, .value = 0 };
  const WherrySctpConfig config
      = { .max_message_size = 16u * WHERRY_MIB, .no_interleaving = !interleaving };
  Drop drop = { .until = (guint) (length / WHERRY_MTU) };
  Pair pair;

  pair_init (&pair, NULL, &config);
  pair_wait_connected (&pair);
  pair.b.on_message = note_end;
  wherry_fake_link_set_filter (pair.a.link, drop_one, &drop);
  send_made (&pair, &pair.a, STREAM, &lossy, WHERRY_MESSAGE_BINARY, length, 1);
  send_some (&pair, &send_reliable);
  g_assert_cmpuint (take_received (&pair), ==, N);
  g_assert_cmpuint (drop.n, >=, drop.until);
  pair_clear (&pair);
}

static void
test_long (void)
{
  for (guint interleaving = 0; interleaving <= 1; interleaving++)
    {
      check_long (interleaving, 3u * WHERRY_MIB);
      check_long (interleaving, 6u * WHERRY_MIB);
    }
}

static gboolean
drop_first_data (const guint8 *data, gsize length, gpointer user_data)
{
  gboolean *dropped = user_data;

  if (*dropped || length < 13 || (data[12] != 0 && data[12] != 64))
    return TRUE;
  *dropped = TRUE;
  return FALSE;
}

/* What was given up before anybody heard that the association is up. */
static void
test_early (void)
{
  const WherrySendOptions lossy = { .ordered = TRUE, .reliability = WHERRY_MAX_RETRANSMITS };

  for (guint interleaving = 0; interleaving <= 1; interleaving++)
    {
      const WherrySctpConfig config = { .no_interleaving = !interleaving };
      gboolean dropped = FALSE;
      Pair pair;

      pair_init (&pair, NULL, &config);
      side_listen (&pair.b, FALSE);
      WHERRY_WAIT_UNTIL (pair.context, pair.a.state == WHERRY_TRANSPORT_CONNECTED);
      wherry_fake_link_set_filter (pair.a.link, drop_first_data, &dropped);
      for (guint i = 0; i < 3; i++)
        send_made (&pair, &pair.a, STREAM, &lossy, WHERRY_MESSAGE_TEXT, 10, i);
      WHERRY_WAIT_UNTIL (pair.context,
                         wherry_stream_transport_get_buffered (pair.a.transport) == 0);
      side_listen (&pair.b, TRUE);
      WHERRY_WAIT_UNTIL (pair.context, pair.b.n_received == 2);
      assert_message (side_nth (&pair.b, 0)->message, WHERRY_MESSAGE_TEXT, 10, 1);
      g_assert_true (dropped);
      pair_clear (&pair);
    }
}

/* ---- what usrsctp 0.9.5 would go on counting against the window ---- */

typedef struct
{
  gboolean interleaving;
  gsize length;
  double loss;
  guint n;
} Window;

/* Several times the receive buffer of unordered messages that were given up halfway: those behind
 * them come all the same, and each is what was sent. */
static void
check_window (gconstpointer data)
{
  const Window *item = data;
  const WherrySendOptions lossy = { .reliability = WHERRY_MAX_RETRANSMITS };
  const WherrySctpConfig config = { .no_interleaving = !item->interleaving };
  WherryFakeLinkOptions options = { .seed = 2 };
  guint next = 0;
  Pair pair;
  guint n;

  g_test_message ("seed %u", options.seed);
  pair_init (&pair, &options, &config);
  pair_wait_connected (&pair);
  pair.b.on_message = note_end;
  options.loss = item->loss;
  wherry_fake_link_set_options (pair.a.link, &options);
  for (guint i = 0; i < item->n; i++)
    send_made (&pair, &pair.a, STREAM, &lossy, WHERRY_MESSAGE_BINARY, item->length, i);
  send_made (&pair, &pair.a, END_STREAM, &send_reliable, WHERRY_MESSAGE_TEXT, 10, 1);
  WHERRY_WAIT_UNTIL (pair.context, (pair.b.data != NULL
                                    && wherry_stream_transport_get_buffered (pair.a.transport) == 0)
                                       || pair.b.state != WHERRY_TRANSPORT_CONNECTED);
  g_assert_no_error (pair.b.error);
  n = pair.b.received->len - 1;
  g_test_message ("%u of %u arrived", n, item->n);
  g_assert_cmpuint (n, <, item->n);
  g_assert_cmpuint (n, >, item->n / 4);
  for (guint i = 0; i <= n; i++)
    {
      Received *received = side_nth (&pair.b, i);
      g_autoptr (WherryMessage) sent = NULL;

      while (received->stream == STREAM && sent == NULL)
        {
          g_assert_cmpuint (next, <, item->n);
          sent = make_message (WHERRY_MESSAGE_BINARY, item->length, next++);
          if (memcmp (wherry_message_get_data (sent, NULL),
                      wherry_message_get_data (received->message, NULL), 64)
              != 0)
            g_clear_pointer (&sent, wherry_message_unref);
        }
      if (sent != NULL)
        assert_message (received->message, WHERRY_MESSAGE_BINARY, item->length, next - 1);
    }
  pair_clear (&pair);
}

static const Window windows[] = {
  { FALSE, 6000, 0.05, 3000 },
  { TRUE, 6000, 0.05, 3000 },
  { FALSE, 200000, 0.004, 60 },
  { TRUE, 200000, 0.004, 60 },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/given-up/ordered", test_ordered);
  g_test_add_func ("/sctp/given-up/unordered", test_unordered);
  g_test_add_func ("/sctp/given-up/long", test_long);
  g_test_add_func ("/sctp/given-up/early", test_early);
  for (guint i = 0; i < G_N_ELEMENTS (windows); i++)
    {
      g_autofree char *path
          = g_strdup_printf ("/sctp/given-up/%s-%" G_GSIZE_FORMAT,
                             windows[i].interleaving ? "i-data" : "data", windows[i].length);

      g_test_add_data_func (path, &windows[i], check_window);
    }
  return run_and_shut_down ();
}
