/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/w3c/channel-pair.h"

/* What RTCDataChannel-bufferedAmount.html sees, on our channels. */

#define SHORT "five!"
#define WIDE "Βάρκα" /* ten bytes */

static guint64
buffered (ChannelEnd *end)
{
  return wherry_data_channel_get_buffered_amount (end->channel);
}

static void
text (ChannelEnd *end, const char *string)
{
  g_assert_true (wherry_data_channel_send_text (end->channel, string, NULL));
}

static void
binary (ChannelEnd *end, gsize length)
{
  g_autoptr (GBytes) bytes = filled_bytes (length);

  g_assert_true (wherry_data_channel_send_bytes (end->channel, bytes, NULL));
}

static void
test_initially_zero (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  g_assert_cmpuint (buffered (f->a), ==, 0);
  g_assert_cmpuint (buffered (f->b), ==, 0);
  channel_pair_free (f);
}

static void
test_text_counts_bytes (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  text (f->a, WIDE);
  g_assert_cmpuint (buffered (f->a), ==, 10);
  wait_messages (f->b, 1);
  WHERRY_WAIT_UNTIL (NULL, buffered (f->a) == 0);
  channel_pair_free (f);
}

static void
test_binary_counts_bytes (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  binary (f->a, 5);
  g_assert_cmpuint (buffered (f->a), ==, 5);
  wait_messages (f->b, 1);
  WHERRY_WAIT_UNTIL (NULL, buffered (f->a) == 0);
  channel_pair_free (f);
}

static void
test_adds_up (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  binary (f->a, 5);
  g_assert_cmpuint (buffered (f->a), ==, 5);
  text (f->a, WIDE);
  g_assert_cmpuint (buffered (f->a), ==, 15);
  binary (f->a, 5);
  g_assert_cmpuint (buffered (f->a), ==, 20);
  wait_messages (f->b, 3);
  WHERRY_WAIT_UNTIL (NULL, buffered (f->a) == 0);
  channel_pair_free (f);
}

static void
test_stays_when_closing (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  binary (f->a, 5);
  wherry_data_channel_close (f->a->channel);
  g_assert_cmpuint (buffered (f->a), ==, 5);
  channel_pair_free (f);
}

static void
test_stays_when_connection_closes (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  binary (f->a, 5);
  g_assert_cmpuint (buffered (f->a), ==, 5);
  wherry_peer_connection_close (f->pair->a.connection);
  g_assert_cmpuint (buffered (f->a), ==, 5);
  channel_pair_free (f);
}

static void
test_low_after_send (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  text (f->a, SHORT);
  g_assert_cmpuint (f->a->n_low, ==, 0);
  WHERRY_WAIT_UNTIL (NULL, f->a->n_low == 1);
  g_assert_cmpuint (buffered (f->a), <=,
                    wherry_data_channel_get_buffered_amount_low_threshold (f->a->channel));
  channel_pair_free (f);
}

static void
test_same_when_read_twice (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  text (f->a, SHORT);
  g_assert_cmpuint (buffered (f->a), ==, strlen (SHORT));
  g_assert_cmpuint (buffered (f->a), ==, strlen (SHORT));
  channel_pair_free (f);
}

static void
test_low_once_for_two (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  text (f->a, SHORT);
  text (f->a, SHORT);
  g_assert_cmpuint (buffered (f->a), ==, 2 * strlen (SHORT));
  wait_messages (f->b, 2);
  WHERRY_WAIT_UNTIL (NULL, f->a->n_low > 0 && buffered (f->a) == 0);
  g_assert_cmpuint (f->a->n_low, ==, 1);
  channel_pair_free (f);
}

static void
test_low_after_each (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  for (guint i = 1; i <= 2; i++)
    {
      text (f->a, SHORT);
      g_assert_cmpuint (buffered (f->a), ==, strlen (SHORT));
      WHERRY_WAIT_UNTIL (NULL, f->a->n_low == i);
      wait_messages (f->b, i);
      g_assert_cmpstr (channel_end_text (f->b, i - 1), ==, SHORT);
    }
  channel_pair_free (f);
}

int
main (int argc, char **argv)
{
  static const char prefix[] = "/buffered-amount";

  g_test_init (&argc, &argv, NULL);
  add_both (prefix, "initially-zero", test_initially_zero);
  add_both (prefix, "text-counts-bytes", test_text_counts_bytes);
  add_both (prefix, "binary-counts-bytes", test_binary_counts_bytes);
  add_both (prefix, "adds-up", test_adds_up);
  add_both (prefix, "stays-when-closing", test_stays_when_closing);
  add_both (prefix, "stays-when-connection-closes", test_stays_when_connection_closes);
  add_both (prefix, "low-after-send", test_low_after_send);
  add_both (prefix, "same-when-read-twice", test_same_when_read_twice);
  add_both (prefix, "low-once-for-two", test_low_once_for_two);
  add_both (prefix, "low-after-each", test_low_after_each);
  return g_test_run ();
}
