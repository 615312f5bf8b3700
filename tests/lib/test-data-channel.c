/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>
#include <sys/resource.h>

#include "fixtures/wherry-wait.h"
#include "lib/connection-pair.h"

/* A connected pair with a channel that a has made. */
typedef struct
{
  ConnectionPair *pair;
  ChannelEnd *a;
  ChannelEnd *b;
} Fixture;

static WherryDataChannel *
create (PairEnd *end, const char *label, WherryDataChannelInit *init)
{
  g_autoptr (GError) error = NULL;
  WherryDataChannel *channel
      = wherry_peer_connection_create_data_channel (end->connection, label, init, &error);

  g_assert_no_error (error);
  pair_watch (channel);
  return channel;
}

static void
set_up_with (Fixture *self, WherryConfiguration *configuration, WherryDataChannelInit *init,
             gboolean b_listens)
{
  g_autoptr (WherryDataChannel) channel = NULL;

  self->pair = connection_pair_new (configuration);
  channel = create (&self->pair->a, "x", init);
  self->a = channel_end_new (channel, TRUE);
  pair_negotiate (&self->pair->a);
  WHERRY_WAIT_UNTIL (NULL, self->a->n_open == 1 && self->pair->b.channels->len == 1);
  self->b = channel_end_new (g_ptr_array_index (self->pair->b.channels, 0), b_listens);
}

static void
tear_down (Fixture *self)
{
  channel_end_free (self->a);
  channel_end_free (self->b);
  connection_pair_free (self->pair);
}

static void
test_attributes (void)
{
  Fixture f;
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();

  init->ordered = FALSE;
  init->max_retransmits = 3;
  init->priority = WHERRY_PRIORITY_HIGH;
  wherry_data_channel_init_set_protocol (init, "chat");
  set_up_with (&f, NULL, init, TRUE);
  for (guint i = 0; i < 2; i++)
    {
      WherryDataChannel *channel = i == 0 ? f.a->channel : f.b->channel;

      g_assert_cmpstr (wherry_data_channel_get_label (channel), ==, "x");
      g_assert_cmpstr (wherry_data_channel_get_protocol (channel), ==, "chat");
      g_assert_false (wherry_data_channel_get_ordered (channel));
      g_assert_false (wherry_data_channel_get_negotiated (channel));
      g_assert_cmpint (wherry_data_channel_get_max_retransmits (channel), ==, 3);
      g_assert_cmpint (wherry_data_channel_get_max_packet_life_time (channel), ==, -1);
      g_assert_cmpint (wherry_data_channel_get_priority (channel), ==, WHERRY_PRIORITY_HIGH);
      g_assert_cmpint (wherry_data_channel_get_id (channel), >=, 0);
      g_assert_cmpuint (wherry_data_channel_get_buffered_amount (channel), ==, 0);
    }
  tear_down (&f);
}

static void
test_kinds_of_messages (void)
{
  Fixture f;
  g_autoptr (GBytes) empty = g_bytes_new_static (NULL, 0);
  g_autoptr (GBytes) binary = g_bytes_new_static ("\0\xff", 2);

  set_up_with (&f, NULL, NULL, TRUE);
  g_assert_true (wherry_data_channel_send_text (f.a->channel, "Grüße", NULL));
  g_assert_true (wherry_data_channel_send_bytes (f.a->channel, binary, NULL));
  g_assert_true (wherry_data_channel_send_text (f.a->channel, "", NULL));
  g_assert_true (wherry_data_channel_send_bytes (f.a->channel, empty, NULL));
  WHERRY_WAIT_UNTIL (NULL, f.b->messages->len == 4);
  g_assert_cmpstr (channel_end_text (f.b, 0), ==, "Grüße");
  g_assert_true (g_array_index (f.b->texts, gboolean, 0));
  g_assert_true (g_bytes_equal (g_ptr_array_index (f.b->messages, 1), binary));
  g_assert_false (g_array_index (f.b->texts, gboolean, 1));
  g_assert_cmpuint (g_bytes_get_size (g_ptr_array_index (f.b->messages, 2)), ==, 0);
  g_assert_true (g_array_index (f.b->texts, gboolean, 2));
  g_assert_cmpuint (g_bytes_get_size (g_ptr_array_index (f.b->messages, 3)), ==, 0);
  g_assert_false (g_array_index (f.b->texts, gboolean, 3));
  tear_down (&f);
}

static void
test_messages_wait_for_a_handler (void)
{
  Fixture f;
  g_autoptr (WherryDataChannel) second = NULL;

  set_up_with (&f, NULL, NULL, FALSE);
  g_assert_true (wherry_data_channel_send_text (f.a->channel, "one", NULL));
  g_assert_true (wherry_data_channel_send_text (f.a->channel, "two", NULL));
  /* another channel's coming shows that they have come */
  second = create (&f.pair->a, "y", NULL);
  WHERRY_WAIT_UNTIL (NULL, f.pair->b.channels->len == 2);
  g_assert_cmpuint (f.b->messages->len, ==, 0);
  channel_end_listen (f.b);
  g_assert_cmpuint (f.b->messages->len, ==, 0); /* from the main loop */
  WHERRY_WAIT_UNTIL (NULL, f.b->messages->len == 2);
  g_assert_cmpstr (channel_end_text (f.b, 0), ==, "one");
  g_assert_cmpstr (channel_end_text (f.b, 1), ==, "two");
  g_assert_true (wherry_data_channel_send_text (f.a->channel, "three", NULL));
  WHERRY_WAIT_UNTIL (NULL, f.b->messages->len == 3);
  g_clear_object (&second);
  tear_down (&f);
}

static gboolean
elapsed (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Nobody listens: what is held is bounded, and the sender comes to a stop. */
static void
test_unheard_messages_stop_the_sender (void)
{
  Fixture f;
  g_autoptr (GBytes) payload = g_bytes_new_take (g_malloc0 (16384), 16384);
  guint64 before = G_MAXUINT64;
  guint n_sent = 0;
  guint n_same = 0;

  set_up_with (&f, NULL, NULL, FALSE);
  /* nothing moves any more: a receiver that is only late is no failure of this test */
  while (n_same < 3)
    {
      gboolean is_over = FALSE;
      guint64 now;

      while (wherry_data_channel_send_bytes (f.a->channel, payload, NULL))
        n_sent++;
      g_timeout_add (50, elapsed, &is_over);
      WHERRY_WAIT_UNTIL (NULL, is_over);
      now = wherry_data_channel_get_buffered_amount (f.a->channel);
      n_same = now == before ? n_same + 1 : 0;
      before = now;
    }
  g_test_message ("%u messages of 16 KiB until it stopped", n_sent);
  g_assert_cmpuint (n_sent, <, 4 * 64 * 4); /* 4 MiB all in all would be far too many */
  f.b->counts_only = TRUE;
  channel_end_listen (f.b);
  WHERRY_WAIT_UNTIL (NULL, f.b->bytes == (gsize) n_sent * 16384);
  g_assert_cmpuint (wherry_data_channel_get_buffered_amount (f.a->channel), ==, 0);
  tear_down (&f);
}

static void
test_send_errors (void)
{
  Fixture f;
  g_autoptr (WherryConfiguration) configuration = pair_configuration_new ();
  g_autoptr (WherryDataChannel) early = NULL;
  g_autoptr (GBytes) largest = g_bytes_new_take (g_malloc0 (1000), 1000);
  g_autoptr (GBytes) too_large = g_bytes_new_take (g_malloc0 (1001), 1001);
  g_autoptr (GError) error = NULL;
  guint n = 0;

  wherry_configuration_set_max_message_size (configuration, 1000);
  wherry_configuration_set_send_buffer_limit (configuration, 5000);
  set_up_with (&f, configuration, NULL, TRUE);

  early = create (&f.pair->a, "early", NULL);
  g_assert_false (wherry_data_channel_send_text (early, "x", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (wherry_data_channel_send_bytes (f.a->channel, too_large, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE);
  g_clear_error (&error);
  while (wherry_data_channel_send_bytes (f.a->channel, largest, &error))
    n++;
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK);
  g_clear_error (&error);
  g_assert_cmpuint (n, ==, 5);
  g_assert_cmpuint (wherry_data_channel_get_buffered_amount (f.a->channel), ==, 5000);
  WHERRY_WAIT_UNTIL (NULL, f.b->messages->len == n);

  wherry_data_channel_close (f.a->channel);
  g_assert_false (wherry_data_channel_send_bytes (f.a->channel, largest, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_clear_object (&early);
  tear_down (&f);
}

static GBytes *
numbered (guint number, gsize length)
{
  guint8 *data = g_malloc0 (length);

  memcpy (data, &number, sizeof number);
  return g_bytes_new_take (data, length);
}

/* No two of its pieces are alike. */
static GBytes *
mixed (gsize length)
{
  guint32 *words = g_malloc (length);

  for (gsize i = 0; i < length / sizeof *words; i++)
    words[i] = (guint32) (i * 2654435761u);
  return g_bytes_new_take (words, length);
}

/* What rawrtc demonstrates with a peer of its own: one message of 16 MiB; both ways at once. An
 * empty buffer takes one of any size. */
static void
test_large_messages (void)
{
  Fixture f;
  gsize length = 1 << 24;
  g_autoptr (WherryConfiguration) configuration = pair_configuration_new ();
  g_autoptr (GBytes) bytes = mixed (length);
  g_autofree char *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  struct rusage before;
  struct rusage after;

  wherry_configuration_set_max_message_size (configuration, (guint) length);
  set_up_with (&f, configuration, NULL, TRUE);
  getrusage (RUSAGE_SELF, &before);
  g_assert_true (wherry_data_channel_send_bytes (f.a->channel, bytes, NULL));
  g_assert_true (wherry_data_channel_send_bytes (f.b->channel, bytes, NULL));
  WHERRY_WAIT_UNTIL (NULL, f.a->messages->len == 1 && f.b->messages->len == 1);
  getrusage (RUSAGE_SELF, &after);
  g_test_message ("16 MiB both ways at once: from %ld to at most %ld KiB resident",
                  before.ru_maxrss, after.ru_maxrss);
  for (guint i = 0; i < 2; i++)
    {
      GBytes *got = g_ptr_array_index ((i == 0 ? f.a : f.b)->messages, 0);
      g_autofree char *got_sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, got);

      g_assert_cmpuint (g_bytes_get_size (got), ==, length);
      g_assert_cmpstr (got_sum, ==, sum);
    }
  tear_down (&f);
}

static void
test_buffered_amount_low (void)
{
  Fixture f;
  g_autoptr (GBytes) payload = g_bytes_new_take (g_malloc0 (60000), 60000);

  set_up_with (&f, NULL, NULL, TRUE);
  f.b->counts_only = TRUE;
  wherry_data_channel_set_buffered_amount_low_threshold (f.a->channel, 100000);
  g_assert_true (wherry_data_channel_send_bytes (f.a->channel, payload, NULL));
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_buffered_amount (f.a->channel) == 0);
  g_assert_cmpuint (f.a->n_low, ==, 0); /* it never was above */
  for (guint i = 0; i < 10; i++)
    g_assert_true (wherry_data_channel_send_bytes (f.a->channel, payload, NULL));
  g_assert_cmpuint (wherry_data_channel_get_buffered_amount (f.a->channel), ==, 600000);
  WHERRY_WAIT_UNTIL (NULL, f.a->n_low == 1);
  g_assert_cmpuint (wherry_data_channel_get_buffered_amount (f.a->channel), <=, 100000);
  WHERRY_WAIT_UNTIL (NULL, f.b->bytes == 11 * 60000);
  g_assert_cmpuint (f.a->n_low, ==, 1);
  tear_down (&f);
}

typedef struct
{
  guint n_done;
  guint n_cancelled;
  guint n_closed;
} Sends;

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  Sends *sends = data;
  g_autoptr (GError) error = NULL;

  if (wherry_data_channel_send_bytes_finish (WHERRY_DATA_CHANNEL (source), result, &error))
    sends->n_done++;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    sends->n_cancelled++;
  else
    {
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
      sends->n_closed++;
    }
}

static void
test_async_sends_in_order (void)
{
  Fixture f;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Sends sends = { 0 };
  guint expected = 0;

  set_up_with (&f, NULL, NULL, TRUE);
  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (GBytes) bytes = numbered (i, 100000);

      wherry_data_channel_send_bytes_async (f.a->channel, bytes, i == 30 ? cancellable : NULL,
                                            on_sent, &sends);
    }
  g_assert_cmpuint (wherry_data_channel_get_buffered_amount (f.a->channel), <=, 1 << 20);
  g_assert_false (wherry_data_channel_send_text (f.a->channel, "overtakes", &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK);
  g_cancellable_cancel (cancellable);
  WHERRY_WAIT_UNTIL (NULL, sends.n_done == 39 && sends.n_cancelled == 1);
  WHERRY_WAIT_UNTIL (NULL, f.b->messages->len == 39);
  for (guint i = 0; i < 39; i++, expected++)
    {
      guint number = 0;

      if (expected == 30)
        expected++;
      memcpy (&number, g_bytes_get_data (g_ptr_array_index (f.b->messages, i), NULL),
              sizeof number);
      g_assert_cmpuint (number, ==, expected);
    }
  tear_down (&f);
}

/* What was taken goes out before the stream is reset; what waited for room does not. */
static void
test_close_delivers_what_was_taken (void)
{
  Fixture f;
  Sends sends = { 0 };
  guint n_taken;

  set_up_with (&f, NULL, NULL, TRUE);
  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (GBytes) bytes = numbered (i, 100000);

      wherry_data_channel_send_bytes_async (f.a->channel, bytes, NULL, on_sent, &sends);
    }
  n_taken = (guint) (wherry_data_channel_get_buffered_amount (f.a->channel) / 100000);
  wherry_data_channel_close (f.a->channel);
  g_assert_cmpint (wherry_data_channel_get_ready_state (f.a->channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_CLOSING);
  WHERRY_WAIT_UNTIL (NULL, f.a->n_closed == 1 && f.b->n_closed == 1);
  g_assert_cmpuint (f.b->messages->len, ==, n_taken);
  g_assert_cmpuint (f.b->n_closing, ==, 1);
  g_assert_cmpuint (f.a->n_closing, ==, 0);
  g_assert_cmpuint (f.a->n_errors + f.b->n_errors, ==, 0);
  WHERRY_WAIT_UNTIL (NULL, sends.n_done == n_taken && sends.n_closed == 40 - n_taken);
  g_assert_cmpuint (g_list_model_get_n_items (
                        wherry_peer_connection_get_channels (f.pair->a.connection)),
                    ==, 0);
  tear_down (&f);
}

static void
test_negotiated (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  g_autoptr (WherryDataChannel) channel_a = NULL;
  g_autoptr (WherryDataChannel) channel_b = NULL;
  g_autoptr (GError) error = NULL;
  ChannelEnd *a;
  ChannelEnd *b;

  init->negotiated = TRUE;
  init->id = 7;
  channel_a = create (&pair->a, "a's name", init);
  channel_b = create (&pair->b, "b's name", init);
  a = channel_end_new (channel_a, TRUE);
  b = channel_end_new (channel_b, TRUE);
  g_assert_cmpint (wherry_data_channel_get_id (channel_a), ==, 7);
  g_assert_null (
      wherry_peer_connection_create_data_channel (pair->a.connection, "again", init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  pair_negotiate (&pair->b);
  WHERRY_WAIT_UNTIL (NULL, a->n_open == 1 && b->n_open == 1);
  g_assert_true (wherry_data_channel_send_text (channel_a, "hi", NULL));
  WHERRY_WAIT_UNTIL (NULL, b->messages->len == 1);
  g_assert_cmpuint (pair->a.channels->len + pair->b.channels->len, ==, 0);
  channel_end_free (a);
  channel_end_free (b);
  g_clear_object (&channel_a);
  g_clear_object (&channel_b);
  connection_pair_free (pair);
}

static void
test_bad_init (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
      g_autoptr (GError) error = NULL;

      init->max_packet_life_time = i == 0 ? 5 : -1;
      init->max_retransmits = i == 0 ? 5 : i == 1 ? 65536 : -1;
      init->negotiated = i >= 2;
      init->id = i == 2 ? -1 : 65535;
      g_assert_null (
          wherry_peer_connection_create_data_channel (pair->a.connection, "x", init, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
    }
  connection_pair_free (pair);
}

static void
test_list_of_channels (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  GListModel *model = wherry_peer_connection_get_channels (pair->a.connection);
  g_autoptr (WherryDataChannel) first = create (&pair->a, "first", NULL);
  g_autoptr (WherryDataChannel) second = create (&pair->a, "second", NULL);
  g_autoptr (WherryDataChannel) found = NULL;

  g_assert_cmpuint (g_list_model_get_n_items (model), ==, 2);
  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, pair->b.channels->len == 2);
  g_assert_cmpuint (g_list_model_get_n_items (
                        wherry_peer_connection_get_channels (pair->b.connection)),
                    ==, 2);
  wherry_data_channel_close (first);
  WHERRY_WAIT_UNTIL (NULL, g_list_model_get_n_items (model) == 1);
  found = g_list_model_get_item (model, 0);
  g_assert_true (found == second);
  wherry_peer_connection_close (pair->a.connection);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, 0);
  g_clear_object (&first);
  g_clear_object (&second);
  g_clear_object (&found);
  connection_pair_free (pair);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data-channel/attributes", test_attributes);
  g_test_add_func ("/data-channel/kinds-of-messages", test_kinds_of_messages);
  g_test_add_func ("/data-channel/messages-wait-for-a-handler", test_messages_wait_for_a_handler);
  g_test_add_func ("/data-channel/unheard-messages-stop-the-sender",
                   test_unheard_messages_stop_the_sender);
  g_test_add_func ("/data-channel/send-errors", test_send_errors);
  g_test_add_func ("/data-channel/large-messages", test_large_messages);
  g_test_add_func ("/data-channel/buffered-amount-low", test_buffered_amount_low);
  g_test_add_func ("/data-channel/async-sends-in-order", test_async_sends_in_order);
  g_test_add_func ("/data-channel/close-delivers-what-was-taken",
                   test_close_delivers_what_was_taken);
  g_test_add_func ("/data-channel/negotiated", test_negotiated);
  g_test_add_func ("/data-channel/bad-init", test_bad_init);
  g_test_add_func ("/data-channel/list-of-channels", test_list_of_channels);
  return g_test_run ();
}
