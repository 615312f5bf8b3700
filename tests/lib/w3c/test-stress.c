/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/w3c/channel-pair.h"

/* What RTCDataChannel-send-receive-stress.html sees, with as many channels and fewer messages: of
 * each kind, all at once, both ways, each message once and whole. */

#define N_CHANNELS 90
#define N_MESSAGES 6

static GBytes *
numbered (guint number)
{
  gsize length = 1 + (number + 1) * 9001 % 65536;
  guint8 *data = g_malloc (length);

  memset (data, (int) ('a' + number), length);
  return g_bytes_new_take (data, length);
}

static void
check (ChannelEnd *end)
{
  gboolean seen[N_MESSAGES] = { FALSE };

  for (guint i = 0; i < N_MESSAGES; i++)
    {
      GBytes *message = g_ptr_array_index (end->messages, i);
      guint number = *(const guint8 *) g_bytes_get_data (message, NULL) - (guint) 'a';
      g_autoptr (GBytes) expected = numbered (number);

      g_assert_true (g_bytes_equal (message, expected));
      g_assert_cmpint (g_array_index (end->texts, gboolean, i), ==, number % 3 == 0);
      g_assert_false (seen[number]);
      seen[number] = TRUE;
    }
}

static void
send_all (ChannelEnd *end)
{
  for (guint i = 0; i < N_MESSAGES; i++)
    {
      g_autoptr (GBytes) bytes = numbered (i);
      g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

      g_assert_true (i % 3 == 0 ? wherry_data_channel_send_text (end->channel, text, NULL)
                                : wherry_data_channel_send_bytes (end->channel, bytes, NULL));
    }
}

static void
open_all (ConnectionPair *pair, GPtrArray *ends)
{
  for (int i = 0; i < N_CHANNELS; i++)
    {
      g_autoptr (WherryDataChannelInit) init = channel_init_new (i % 3 > 0, 200 + i);
      g_autoptr (WherryDataChannel) of_a = make_channel (&pair->a, "", init);
      g_autoptr (WherryDataChannel) of_b = NULL;

      g_ptr_array_add (ends, channel_end_new (of_a, TRUE));
      if (!init->negotiated)
        continue;
      init->ordered = i % 3 == 1;
      of_b = make_channel (&pair->b, "", init);
      g_ptr_array_add (ends, channel_end_new (of_b, TRUE));
    }
  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, pair->b.channels->len == N_CHANNELS / 3);
  for (guint i = 0; i < ends->len; i++)
    WHERRY_WAIT_UNTIL (NULL, ((ChannelEnd *) g_ptr_array_index (ends, i))->n_open == 1);
  for (guint i = 0; i < pair->b.channels->len; i++)
    g_ptr_array_add (ends, channel_end_new (g_ptr_array_index (pair->b.channels, i), TRUE));
}

static void
test_all_kinds_at_once (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (GPtrArray) ends = g_ptr_array_new_with_free_func ((GDestroyNotify) channel_end_free);

  open_all (pair, ends);
  g_assert_cmpuint (ends->len, ==, 2 * N_CHANNELS);
  for (guint i = 0; i < ends->len; i++)
    send_all (g_ptr_array_index (ends, i));
  for (guint i = 0; i < ends->len; i++)
    {
      wait_messages (g_ptr_array_index (ends, i), N_MESSAGES);
      check (g_ptr_array_index (ends, i));
    }
  g_ptr_array_set_size (ends, 0);
  connection_pair_free (pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stress/all-kinds-at-once", test_all_kinds_at_once);
  return g_test_run ();
}
