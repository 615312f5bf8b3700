/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/w3c/channel-pair.h"

/* What RTCDataChannel-send.html, -send-receive.html, -send-blob-order.html and the -send-close
 * files see, on our channels: each in band, negotiated, and negotiated with one end unordered. */

#define WIDE "Βάρκα"

static ChannelPair *
open_kind (gconstpointer data)
{
  int kind = GPOINTER_TO_INT (data);
  g_autoptr (WherryDataChannelInit) in_a = channel_init_new (kind > 0, 42);
  g_autoptr (WherryDataChannelInit) in_b = channel_init_new (kind > 0, 42);

  in_b->ordered = kind < 2;
  return channel_pair_new_full ("╰(°▽°)╯", in_a, in_b);
}

static void
test_before_open (gconstpointer data)
{
  int kind = GPOINTER_TO_INT (data);
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (kind > 0, 42);
  g_autoptr (WherryDataChannel) channel = make_channel (&pair->a, "early", init);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_CONNECTING);
  g_assert_false (wherry_data_channel_send_text (channel, "x", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
send_text_and_see (ChannelEnd *from, ChannelEnd *to, const char *text)
{
  g_assert_true (wherry_data_channel_send_text (from->channel, text, NULL));
  wait_messages (to, 1);
  g_assert_true (g_array_index (to->texts, gboolean, 0));
  g_assert_cmpstr (channel_end_text (to, 0), ==, text);
}

static void
test_text (gconstpointer data)
{
  ChannelPair *f = open_kind (data);

  send_text_and_see (f->a, f->b, "plain");
  channel_pair_free (f);
}

static void
test_text_back (gconstpointer data)
{
  ChannelPair *f = open_kind (data);

  send_text_and_see (f->b, f->a, "plain");
  channel_pair_free (f);
}

static void
test_wide_text (gconstpointer data)
{
  ChannelPair *f = open_kind (data);

  send_text_and_see (f->a, f->b, WIDE);
  channel_pair_free (f);
}

static void
test_empty_text (gconstpointer data)
{
  ChannelPair *f = open_kind (data);

  send_text_and_see (f->a, f->b, "");
  channel_pair_free (f);
}

static void
send_binary_and_see (ChannelPair *f, gsize length)
{
  g_autoptr (GBytes) bytes = filled_bytes (length);

  g_assert_true (wherry_data_channel_send_bytes (f->a->channel, bytes, NULL));
  wait_messages (f->b, 1);
  g_assert_false (g_array_index (f->b->texts, gboolean, 0));
  g_assert_true (g_bytes_equal (g_ptr_array_index (f->b->messages, 0), bytes));
}

static void
test_binary (gconstpointer data)
{
  ChannelPair *f = open_kind (data);

  send_binary_and_see (f, 5);
  channel_pair_free (f);
}

static void
test_empty_binary (gconstpointer data)
{
  ChannelPair *f = open_kind (data);

  send_binary_and_see (f, 0);
  channel_pair_free (f);
}

static void
test_mixed (gconstpointer data)
{
  ChannelPair *f = open_kind (data);
  g_autoptr (GBytes) bytes = filled_bytes (5);
  static const gboolean texts[] = { FALSE, TRUE, FALSE, FALSE };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_true (texts[i] ? wherry_data_channel_send_text (f->a->channel, WIDE, NULL)
                            : wherry_data_channel_send_bytes (f->a->channel, bytes, NULL));
  wait_messages (f->b, G_N_ELEMENTS (texts));
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_assert_cmpint (g_array_index (f->b->texts, gboolean, i), ==, texts[i]);
      if (texts[i])
        g_assert_cmpstr (channel_end_text (f->b, i), ==, WIDE);
      else
        g_assert_true (g_bytes_equal (g_ptr_array_index (f->b->messages, i), bytes));
    }
  channel_pair_free (f);
}

static void
test_order_of_calls (gconstpointer data)
{
  ChannelPair *f = open_kind (data);
  g_autoptr (GBytes) first = filled_bytes (4);
  g_autoptr (GBytes) second = filled_bytes (8);

  g_assert_true (wherry_data_channel_send_bytes (f->a->channel, first, NULL));
  g_assert_true (wherry_data_channel_send_bytes (f->a->channel, second, NULL));
  wait_messages (f->b, 2);
  g_assert_cmpuint (g_bytes_get_size (g_ptr_array_index (f->b->messages, 0)), ==, 4);
  g_assert_cmpuint (g_bytes_get_size (g_ptr_array_index (f->b->messages, 1)), ==, 8);
  channel_pair_free (f);
}

/* Every size up to what the other side takes, doubling; one byte more is refused, and harms
 * nothing. */
static void
test_sizes (gconstpointer data)
{
  ChannelPair *f = open_kind (data);
  guint64 max = wherry_sctp_transport_get_max_message_size (
      wherry_peer_connection_get_sctp (f->pair->a.connection));
  guint n = 0;

  g_assert_cmpuint (max, >=, 65536);
  for (gsize size = 1024; size <= max; size *= 2)
    {
      g_autoptr (GBytes) bytes = filled_bytes (size);

      g_assert_true (wherry_data_channel_send_bytes (f->a->channel, bytes, NULL));
      wait_messages (f->b, ++n);
      g_assert_true (g_bytes_equal (g_ptr_array_index (f->b->messages, n - 1), bytes));
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GBytes) bytes = filled_bytes ((i == 0 ? max : 16 * 1024 * 1024) + 1);
      g_autoptr (GError) error = NULL;

      g_assert_false (wherry_data_channel_send_bytes (f->a->channel, bytes, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE);
    }
  g_assert_true (wherry_data_channel_send_text (f->a->channel, "lives", NULL));
  wait_messages (f->b, n + 1);
  g_assert_cmpuint (f->a->n_closed + f->b->n_closed, ==, 0);
  channel_pair_free (f);
}

/* The other side's answer names a lower limit. */
static void
test_lowered_limit (gconstpointer data)
{
  int kind = GPOINTER_TO_INT (data);
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (kind > 0, 42);
  g_autoptr (WherryDataChannel) channel = make_channel (&pair->a, "low", init);
  g_autoptr (WherrySessionDescription) offer = pair_create_offer (&pair->a, NULL);
  g_autoptr (WherrySessionDescription) answer = NULL;
  g_autoptr (WherrySessionDescription) lowered = NULL;
  g_autoptr (GBytes) most = filled_bytes (1024);
  g_autoptr (GBytes) more = filled_bytes (1025);
  g_autoptr (GError) error = NULL;

  pair_set_local (&pair->a, offer, NULL);
  pair_set_remote (&pair->b, offer, NULL);
  answer = pair_create_answer (&pair->b, NULL);
  pair_set_local (&pair->b, answer, NULL);
  lowered = with_attribute (answer, "max-message-size", "1024");
  pair_set_remote (&pair->a, lowered, NULL);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (channel)
                               == WHERRY_DATA_CHANNEL_STATE_OPEN);
  g_assert_false (wherry_data_channel_send_bytes (channel, more, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE);
  g_assert_true (wherry_data_channel_send_bytes (channel, most, NULL));
  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_OPEN);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

/* As much as the buffer takes at once, then closed by the sender: all of it arrives before. */
static void
test_close_after_sending (gconstpointer data)
{
  ChannelPair *f = open_kind (data);
  g_autoptr (GBytes) bytes = filled_bytes (65536);

  for (guint i = 0; i < 16; i++)
    g_assert_true (wherry_data_channel_send_bytes (f->a->channel, bytes, NULL));
  wherry_data_channel_close (f->a->channel);
  WHERRY_WAIT_UNTIL (NULL, f->b->n_closed == 1);
  g_assert_cmpuint (f->b->messages->len, ==, 16);
  for (guint i = 0; i < 16; i++)
    g_assert_true (g_bytes_equal (g_ptr_array_index (f->b->messages, i), bytes));
  channel_pair_free (f);
}

/* The same with texts, until there is no more room; nothing is told to be wrong. */
static void
test_close_after_texts (gconstpointer data)
{
  ChannelPair *f = open_kind (data);
  g_autofree char *text = g_strnfill (65536, 'x');
  g_autoptr (GError) error = NULL;
  guint n = 0;

  while (wherry_data_channel_send_text (f->a->channel, text, &error))
    n++;
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (n, >=, 16);
  wherry_data_channel_close (f->a->channel);
  WHERRY_WAIT_UNTIL (NULL, f->b->n_closed == 1 && f->a->n_closed == 1);
  g_assert_cmpuint (f->b->messages->len, ==, n);
  g_assert_cmpuint (f->b->bytes, ==, n * 65536);
  g_assert_cmpuint (f->a->n_errors + f->b->n_errors, ==, 0);
  channel_pair_free (f);
}

/* Closed here while the other side sends: what comes now is dropped (webrtc-pc section 6.2,
 * receiving a message, step 3). */
static void
test_discards_after_own_close (gconstpointer data)
{
  ChannelPair *f = open_kind (data);
  g_autoptr (GBytes) bytes = filled_bytes (65536);

  for (guint i = 0; i < 16; i++)
    g_assert_true (wherry_data_channel_send_bytes (f->b->channel, bytes, NULL));
  wherry_data_channel_close (f->a->channel);
  WHERRY_WAIT_UNTIL (NULL, f->a->n_closed == 1 && f->b->n_closed == 1);
  g_assert_cmpuint (f->a->messages->len, ==, 0);
  channel_pair_free (f);
}

static void
add_kinds (const char *name, GTestDataFunc function)
{
  static const char *const kinds[] = { "in-band", "negotiated", "asymmetric" };

  for (int i = 0; i < (int) G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = g_strdup_printf ("/send/%s/%s", kinds[i], name);

      g_test_add_data_func (path, GINT_TO_POINTER (i), function);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_kinds ("before-open", test_before_open);
  add_kinds ("text", test_text);
  add_kinds ("text-back", test_text_back);
  add_kinds ("wide-text", test_wide_text);
  add_kinds ("empty-text", test_empty_text);
  add_kinds ("binary", test_binary);
  add_kinds ("empty-binary", test_empty_binary);
  add_kinds ("mixed", test_mixed);
  add_kinds ("order-of-calls", test_order_of_calls);
  add_kinds ("sizes", test_sizes);
  add_kinds ("lowered-limit", test_lowered_limit);
  add_kinds ("close-after-sending", test_close_after_sending);
  add_kinds ("close-after-texts", test_close_after_texts);
  add_kinds ("discards-after-own-close", test_discards_after_own_close);
  return g_test_run ();
}
