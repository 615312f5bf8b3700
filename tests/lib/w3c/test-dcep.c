/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "lib/w3c/channel-pair.h"

/* What RTCDataChannel-dcep.html sees, on our channels: each kind of RFC 8832 section 5.1 arrives
 * as it was sent. */

typedef struct
{
  gboolean ordered;
  gboolean timed;
  int limit;
} Kind;

static void
test_kind (gconstpointer data)
{
  const Kind *kind = data;
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  ChannelPair *f = NULL;

  init->ordered = kind->ordered;
  if (kind->timed)
    init->max_packet_life_time = kind->limit;
  else
    init->max_retransmits = kind->limit;
  f = channel_pair_new_full ("", init, NULL);
  for (guint i = 0; i < 2; i++)
    {
      WherryDataChannel *channel = i == 0 ? f->a->channel : f->b->channel;

      g_assert_cmpint (wherry_data_channel_get_ordered (channel), ==, kind->ordered);
      g_assert_cmpint (wherry_data_channel_get_max_packet_life_time (channel), ==,
                       init->max_packet_life_time);
      g_assert_cmpint (wherry_data_channel_get_max_retransmits (channel), ==,
                       init->max_retransmits);
    }
  channel_pair_free (f);
}

static void
test_priority (void)
{
  for (int i = WHERRY_PRIORITY_VERY_LOW; i <= WHERRY_PRIORITY_HIGH; i++)
    {
      g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
      ChannelPair *f = NULL;

      init->priority = (WherryPriority) i;
      f = channel_pair_new_full ("", init, NULL);
      g_assert_cmpint (wherry_data_channel_get_priority (f->a->channel), ==, i);
      g_assert_cmpint (wherry_data_channel_get_priority (f->b->channel), ==, i);
      channel_pair_free (f);
    }
}

static void
test_same_id (void)
{
  ChannelPair *f = channel_pair_new (FALSE);
  int id = wherry_data_channel_get_id (f->a->channel);

  g_assert_cmpint (id, >=, 0);
  g_assert_cmpint (id, <, 65535);
  g_assert_cmpint (wherry_data_channel_get_id (f->b->channel), ==, id);
  channel_pair_free (f);
}

static void
test_empty_names (void)
{
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  ChannelPair *f = NULL;

  wherry_data_channel_init_set_protocol (init, "");
  f = channel_pair_new_full ("", init, NULL);
  g_assert_cmpstr (wherry_data_channel_get_label (f->b->channel), ==, "");
  g_assert_cmpstr (wherry_data_channel_get_protocol (f->b->channel), ==, "");
  channel_pair_free (f);
}

/* data: a character that fits 65535 bytes evenly */
static void
test_longest_names (gconstpointer data)
{
  const char *character = data;
  g_autoptr (GString) name = g_string_new (NULL);
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  ChannelPair *f = NULL;

  while (name->len < 65535)
    g_string_append (name, character);
  g_assert_cmpuint (name->len, ==, 65535);
  wherry_data_channel_init_set_protocol (init, name->str);
  f = channel_pair_new_full (name->str, init, NULL);
  g_assert_cmpstr (wherry_data_channel_get_label (f->b->channel), ==, name->str);
  g_assert_cmpstr (wherry_data_channel_get_protocol (f->b->channel), ==, name->str);
  g_assert_true (wherry_data_channel_send_text (f->b->channel, "and back", NULL));
  wait_messages (f->a, 1);
  channel_pair_free (f);
}

int
main (int argc, char **argv)
{
  static const int limits[] = { -1, 0, 65535 };
  static const char *const names[] = { "none", "0", "65535" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < 4 * G_N_ELEMENTS (limits); i++)
    {
      g_autofree Kind *kind = g_new0 (Kind, 1);
      g_autofree char *name = NULL;

      kind->ordered = i % 2 == 0;
      kind->timed = i % 4 >= 2;
      kind->limit = limits[i / 4];
      name = g_strdup_printf ("/dcep/%s-%s-%s", kind->ordered ? "ordered" : "unordered",
                              kind->timed ? "lifetime" : "retransmits", names[i / 4]);
      g_test_add_data_func_full (name, g_steal_pointer (&kind), test_kind, g_free);
    }
  g_test_add_func ("/dcep/priority", test_priority);
  g_test_add_func ("/dcep/same-id", test_same_id);
  g_test_add_func ("/dcep/empty-names", test_empty_names);
  g_test_add_data_func ("/dcep/longest-names/ascii", "x", test_longest_names);
  g_test_add_data_func ("/dcep/longest-names/three-bytes", "€", test_longest_names);
  return g_test_run ();
}
