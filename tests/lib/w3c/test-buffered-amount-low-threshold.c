/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-wait.h"
#include "lib/w3c/channel-pair.h"

/* What RTCDataChannel-bufferedAmountLowThreshold.html sees, on our channels: a small and a large
 * message, thresholds of half of it, all of it and twice as much. */

typedef struct
{
  gsize length;
  guint64 threshold;
  guint n_messages;
} Sizes;

static void
test_default (gconstpointer data)
{
  gsize length = GPOINTER_TO_SIZE (data);
  ChannelPair *f = channel_pair_new (FALSE);
  g_autoptr (GBytes) bytes = filled_bytes (length);

  g_assert_cmpuint (wherry_data_channel_get_buffered_amount_low_threshold (f->a->channel), ==, 0);
  g_assert_true (wherry_data_channel_send_bytes (f->a->channel, bytes, NULL));
  WHERRY_WAIT_UNTIL (NULL, f->a->n_low == 1);
  g_assert_cmpuint (wherry_data_channel_get_buffered_amount (f->a->channel), ==, 0);
  channel_pair_free (f);
}

/* Told when it falls from above to the threshold: what never was above is not told. */
static void
test_custom (gconstpointer data)
{
  const Sizes *sizes = data;
  gboolean is_above = sizes->n_messages * sizes->length > sizes->threshold;
  ChannelPair *f = channel_pair_new (FALSE);
  g_autoptr (GBytes) bytes = filled_bytes (sizes->length);

  wherry_data_channel_set_buffered_amount_low_threshold (f->a->channel, sizes->threshold);
  g_assert_cmpuint (wherry_data_channel_get_buffered_amount_low_threshold (f->a->channel), ==,
                    sizes->threshold);
  for (guint i = 0; i < sizes->n_messages; i++)
    g_assert_true (wherry_data_channel_send_bytes (f->a->channel, bytes, NULL));
  if (is_above)
    {
      WHERRY_WAIT_UNTIL (NULL, f->a->n_low == 1);
      g_assert_cmpuint (wherry_data_channel_get_buffered_amount (f->a->channel), <=,
                        sizes->threshold);
    }
  wait_messages (f->b, sizes->n_messages);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_buffered_amount (f->a->channel) == 0);
  g_assert_cmpuint (f->a->n_low, ==, is_above ? 1 : 0);
  channel_pair_free (f);
}

static void
test_other_channel_is_quiet (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (FALSE);
  g_autoptr (GBytes) bytes = filled_bytes (GPOINTER_TO_SIZE (data));
  g_autoptr (WherryDataChannel) channel = make_channel (&f->pair->a, "other", NULL);
  g_autoptr (ChannelEnd) other = channel_end_new (channel, TRUE);

  g_clear_object (&channel);
  WHERRY_WAIT_UNTIL (NULL, other->n_open == 1);
  g_assert_true (wherry_data_channel_send_bytes (f->a->channel, bytes, NULL));
  WHERRY_WAIT_UNTIL (NULL, f->a->n_low == 1);
  wait_messages (f->b, 1);
  g_assert_cmpuint (other->n_low, ==, 0);
  g_clear_pointer (&other, channel_end_free);
  channel_pair_free (f);
}

int
main (int argc, char **argv)
{
  static const gsize lengths[] = { 4, 65536 };
  static const guint counts[] = { 1, 10 };
  static const struct
  {
    const char *name;
    guint halves;
  } thresholds[] = { { "half", 1 }, { "same", 2 }, { "twice", 4 } };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      const char *size = i == 0 ? "small" : "large";
      g_autofree char *plain = g_strdup_printf ("/low-threshold/%s/default", size);
      g_autofree char *quiet = g_strdup_printf ("/low-threshold/%s/other-channel-is-quiet", size);

      g_test_add_data_func (plain, GSIZE_TO_POINTER (lengths[i]), test_default);
      g_test_add_data_func (quiet, GSIZE_TO_POINTER (lengths[i]), test_other_channel_is_quiet);
      for (guint j = 0; j < G_N_ELEMENTS (counts) * G_N_ELEMENTS (thresholds); j++)
        {
          guint k = j % G_N_ELEMENTS (thresholds);
          g_autofree Sizes *sizes = g_new0 (Sizes, 1);
          g_autofree char *name = NULL;

          sizes->length = lengths[i];
          sizes->threshold = lengths[i] * thresholds[k].halves / 2;
          sizes->n_messages = counts[j / G_N_ELEMENTS (thresholds)];
          name = g_strdup_printf ("/low-threshold/%s/%s-x%u", size, thresholds[k].name,
                                  sizes->n_messages);
          g_test_add_data_func_full (name, g_steal_pointer (&sizes), test_custom, g_free);
        }
    }
  return g_test_run ();
}
